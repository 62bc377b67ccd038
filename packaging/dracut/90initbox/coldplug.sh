#!/bin/sh
# SPDX-License-Identifier: MIT
# coldplug.sh - dracut's pre-udev hook: modules for all devices that are there, so that udev finds them at work
mdev-lite --coldplug

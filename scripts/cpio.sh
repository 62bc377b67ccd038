#!/bin/sh
# SPDX-License-Identifier: MIT
# cpio.sh FOLDER - write FOLDER as a newc archive to stdout: sorted, root's, fixed times; the same tree, the same bytes
#
# FOLDER's times are set (SOURCE_DATE_EPOCH, or 0). Archives may be concatenated: the kernel unpacks one after another.
set -eu

cd "$1"
find . -mindepth 1 -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
find . -mindepth 1 -print0 | LC_ALL=C sort -z |
	cpio --null --create --format=newc --quiet --reproducible --owner=0:0

#!/bin/sh
# SPDX-License-Identifier: MIT
# page.t - docs/debian.md, followed from a fresh copy of the source exactly as it is written
. tests/docs.sh
page debian
like "$(cat "$log")" '^build/deb/initbox-sysv_.*\.deb$' "the packages are there"
done_testing

# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# treetool.sh - builds tests/treetool.c, static, so that it runs in a guest as well; sets $treetool to its path
#
# need_treetool skips all where there is no compiler; in a bench it ends that.

need_treetool() {
	treetool=$PWD/${O:-.}/obj/tests/treetool
	case ${O:-.} in /*) treetool=$O/obj/tests/treetool ;; esac
	[ ! -e "$treetool" ] || [ "$(find tests/treetool.c -newer "$treetool")" ] || return 0
	scripts/need musl-gcc:musl-tools >&2 || skip_all "no musl-gcc"
	mkdir -p "${treetool%/*}"
	# Tests that run at once may both make it: each puts it there whole.
	musl-gcc -Os -static -o "$treetool.$$" tests/treetool.c && mv "$treetool.$$" "$treetool"
}

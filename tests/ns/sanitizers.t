#!/bin/sh
# SPDX-License-Identifier: MIT
# sanitizers.t - the unit and ns tests again, with programs that notice bad memory accesses and undefined behaviour
#
# AddressSanitizer wants glibc, dynamic libraries and /proc, so it gets the unit tests and those whose programs start
# where these are. The others get a build that is static musl like the real one: undefined behaviour traps without a runtime.
. tests/tap.sh
tmpdir
out=$(mkdir -p "${O:-.}/build/sanitize" && cd "${O:-.}/build/sanitize" && pwd)
make=${MAKE:-make}
export ASAN_OPTIONS=detect_leaks=0	# what ends soon need not free

build() {	# NAME MAKE-ARGUMENT...
	name=$1; shift
	log=$(env -u MAKEFLAGS -u MAKELEVEL "$make" -s O="$out/$name" CACHE="${CACHE:-build/cache}" "$@" all unit 2>&1) && return
	fail "the $name build" "$log"
	return 1
}

passes() {	# NAME TEST
	# SANITIZED: sizes in memory say nothing then
	if log=$(SANITIZED=$1 INITBOX=$out/$1/initbox timeout 300 "$2" 2>&1); then
		case $log in
		1..0*) skip "${log#*SKIP }" "${2##*/} with the $1 sanitizer" ;;
		*) pass "${2##*/} with the $1 sanitizer ($(echo "$log" | grep -c '^ok') claims)" ;;
		esac
	else
		fail "${2##*/} with the $1 sanitizer" "$(echo "$log" | grep -v '^ok' | head -n 40)"
	fi
}

programs() { find "$out/$1/obj/tests/unit" -type f -perm -100; }

scripts/need gcc:gcc pkg-config:pkgconf /usr/include/libkmod.h:libkmod-dev >&2
mkdir -p "$out/address"
[ -e "$out/address/.config" ] || echo '# CONFIG_STATIC is not set' >"$out/address/.config"
with_libraries='tests/ns/halt.t tests/ns/mdev-lite.t tests/ns/mdev-signatures.t tests/ns/sbx-init.t tests/ns/sbx.t'
flags='-fsanitize=address,undefined -fno-sanitize-recover=all'
if build address CC=gcc CFLAGS="-O1 -g $flags" LDFLAGS="$flags"; then
	for test in $(programs address) $with_libraries; do passes address "$test"; done
fi
if build undefined CFLAGS='-Os -g -fsanitize=undefined -fsanitize-undefined-trap-on-error'; then
	for test in $(programs undefined) tests/ns/*.t; do
		case " $with_libraries tests/ns/sanitizers.t " in *" $test "*) ;; *) passes undefined "$test" ;; esac
	done
fi
done_testing

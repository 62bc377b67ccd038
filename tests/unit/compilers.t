#!/bin/sh
# SPDX-License-Identifier: MIT
# compilers.t - gcc and clang, musl and glibc, static and dynamic, all applets and none: each builds without a warning
# shellcheck disable=SC1091,SC2154 # build.sh
set -eu
cd "$(dirname "$0")/../.."
. tests/unit/build.sh
copy_tree "$tmp/all"
small_tree "$tmp/small"
cd "$tmp"

# builds TEXT TREE O MAKE-ARGUMENT... - and says nothing but what it does
builds() {
	text=$1 tree=$2 out=$tmp/$3; shift 3
	said=$(mk -C "$tree" O="$out" WERROR=1 "$@" || echo "exit $?")
	is "$(echo "$said" | grep -v '^  [A-Z]* ')" "" "$text"
}
linked() { readelf -ld "$tmp/$1/initbox" 2>/dev/null | sed -n 's/.*interpreter: \(.*\)]/\1/p; s/.*NEEDED.*\[\(.*\)]/\1/p'; }
runs() { is "$("$tmp/$1/initbox" --version)" "initbox $(sed -n 's/^VERSION := //p' "$source_tree/Makefile")" "... and runs"; }

## All applets, and none

mk -C all O="$tmp/yes" allyesconfig >/dev/null
builds "allyesconfig builds without a warning" all yes
runs yes
mk -C all O="$tmp/no" allnoconfig >/dev/null
builds "allnoconfig builds without a warning" all no CFLAGS=-O1
is "$(no/initbox --list)" "" "... and holds no applet"

## Compilers

builds "CC=gcc" small gcc CC=gcc
is "$(linked gcc)" "" "... is static"
runs gcc
if command -v clang >/dev/null; then
	builds "CC=clang" small clang CC=clang
	is "$(linked clang)" "" "... is static"
	runs clang
	mk -C all O="$tmp/clang-all" allyesconfig >/dev/null
	set_option "$tmp/clang-all" LTO n	# clang's plugin for it is a package of its own
	builds "CC=clang, all applets" all clang-all CC=clang
else skip "no clang" "CC=clang"; fi

## The system's libraries

scripts=$source_tree/scripts
if "$scripts/need" pkgconf:pkgconf /usr/include/libkmod.h:libkmod-dev 2>/dev/null; then
	mkdir dynamic
	printf 'CONFIG_STATIC=n\nCONFIG_DEMO_KMOD=y\n' >dynamic/.config
	builds "CONFIG_STATIC=n with the system's libkmod" small dynamic
	like "$(linked dynamic)" "^libkmod" "... links it dynamically"
	ok "... and runs" dynamic/initbox demo-x
	like "$(mk -C small O="$tmp/dynamic" PKG_CONFIG=false || :)" "^no libkmod for false" "a missing library is one line"
else skip "no libkmod-dev or pkgconf" "CONFIG_STATIC=n"; fi

done_testing

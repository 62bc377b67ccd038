#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.t - each fuzz target for FUZZ_SECONDS (1) from its seeds and what earlier runs found; FUZZ= names some
#
# make check runs it short, `make fuzz FUZZ_SECONDS=1800` long. What a run learns stays in O/build/fuzz/corpus; what it
# finds is in O/build/fuzz/found, and belongs into tests/fuzz/NAME/ once it is fixed: each run begins with these.
. tests/tap.sh
seconds=${FUZZ_SECONDS:-1}
out=$(mkdir -p "${O:-.}/build/fuzz" && cd "${O:-.}/build/fuzz" && pwd)
make=${MAKE:-make}
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1

scripts/need clang:clang gcc:gcc pkg-config:pkgconf /usr/include/libkmod.h:libkmod-dev >&2 || skip_all "no clang"
scripts/need "$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer-$(uname -m).a:libclang-rt-dev" >&2 || skip_all "no libFuzzer"

mkdir -p "$out/corpus" "$out/found"
[ -e "$out/.config" ] || echo '# CONFIG_STATIC is not set' >"$out/.config"
flags='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
log=$(env -u MAKEFLAGS -u MAKELEVEL "$make" -s O="$out" CACHE="${CACHE:-build/cache}" CC=clang CFLAGS="-O1 -g $flags" fuzz-bins 2>&1) ||
	{ fail "the build" "$log"; done_testing; }

[ "${FUZZ:-}" ] || FUZZ=$(for file in tests/fuzz/*.c; do basename "$file" .c; done)
for name in $FUZZ; do
	mkdir -p "$out/corpus/$name"
	set -- "$out/corpus/$name"
	[ ! -d "tests/fuzz/$name" ] || set -- "$@" "tests/fuzz/$name"
	dict=''
	[ ! -e "tests/fuzz/$name.dict" ] || dict=-dict=tests/fuzz/$name.dict
	# shellcheck disable=SC2086
	if "$out/obj/tests/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$out/found/$name-" \
		-print_final_stats=1 $dict ${FUZZ_OPTIONS:-} "$@" >"$out/$name.log" 2>&1; then
		executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$name.log")
		covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$out/$name.log" | tail -n 1)
		pass "$name: $executed inputs in $seconds s, $covered edges, $(find "$out/corpus/$name" -type f | wc -l) in the corpus"
	else
		fail "$name" "$(grep -v '^#[0-9]' "$out/$name.log" | tail -n 50)"
	fi
done
done_testing

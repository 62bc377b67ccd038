#!/bin/sh
# SPDX-License-Identifier: MIT
# analyse.t - what three analysers have against the code: cppcheck, gcc -fanalyzer, clang-tidy
#
# make check runs the first two; `make analyse` all three (clang-tidy takes a minute). What they are told to leave out is in
# tests/analyse/cppcheck.suppress, tests/analyse/gcc.known and .clang-tidy, each with its reason; nothing is left out by
# folder. ANALYSERS= names some.
. tests/tap.sh
tmpdir
out=$(mkdir -p "${O:-.}/build/analyse" && cd "${O:-.}/build/analyse" && pwd)
make=${MAKE:-make}
scripts/need gcc:gcc pkg-config:pkgconf /usr/include/libkmod.h:libkmod-dev >&2 || skip_all "no gcc"

run_make() { env -u MAKEFLAGS -u MAKELEVEL "$make" -s O="$out" CACHE="${CACHE:-build/cache}" CC=gcc CFLAGS="-O1 -g" WERROR= "$@"; }
[ -e "$out/.config" ] || echo '# CONFIG_STATIC is not set' >"$out/.config"

# The binary's sources, as make has them: one a line.
sources() { sed -n 's/.*"file":"\([^"]*\)".*/\1/p' compile_commands.json; }

cppcheck_claims() {
	scripts/need cppcheck:cppcheck >&2 || { skip "no cppcheck" "cppcheck"; return; }
	sed '/^#/d; /^$/d' tests/analyse/cppcheck.suppress >"$tmp/suppress"
	# shellcheck disable=SC2046
	cppcheck --enable=warning,style,performance,portability --std=c11 --quiet --inline-suppr -j 2 --error-exitcode=1 \
		--suppressions-list="$tmp/suppress" -D_GNU_SOURCE --include="$out/obj/config.h" -Ilibcommon -I"$out/obj" \
		--template='{file}:{line}: {id}: {message}' $(sources) >"$tmp/cppcheck" 2>&1 && found='' || found=y
	if [ "$found" ]; then fail "cppcheck" "$(cat "$tmp/cppcheck")"; else pass "cppcheck: $(sources | wc -l) files"; fi
}

# From nothing, since a file that is up to date says nothing.
gcc_claims() {
	rm -rf "$out/obj/applets" "$out/obj/libcommon"
	run_make -j"$(nproc)" CFLAGS="-O1 -g -fanalyzer" objects >"$tmp/gcc" 2>&1 || { fail "gcc -fanalyzer" "$(cat "$tmp/gcc")"; return; }
	sed -n 's/^\([^ :]*\):[0-9:]* warning: .*\[-Wanalyzer-\(.*\)\]$/\1 \2/p' "$tmp/gcc" | sort -u >"$tmp/said"
	sed '/^#/d; /^$/d' tests/analyse/gcc.known | sort -u >"$tmp/known"
	new=$(comm -23 "$tmp/said" "$tmp/known") gone=$(comm -13 "$tmp/said" "$tmp/known")
	if [ "$new" ]; then fail "gcc -fanalyzer finds nothing" "$new
$(echo "$new" | while read -r file check; do grep -A 40 "^$file:.*Wanalyzer-$check" "$tmp/gcc" | head -n 60; done)"
	else pass "gcc -fanalyzer: $(sources | wc -l) files"; fi
	is "$gone" "" "and what it is known to say wrongly, it says"
}

tidy_claims() {
	scripts/need clang-tidy:clang-tidy >&2 || { skip "no clang-tidy" "clang-tidy"; return; }
	sources | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p . >"$tmp/tidy" 2>&1 && found='' || found=y
	if [ "$found" ]; then fail "clang-tidy" "$(grep -E -A 4 '(error|warning):' "$tmp/tidy" | head -n 150)"; else pass "clang-tidy: $(sources | wc -l) files"; fi
}

log=$(run_make compile_commands.json 2>&1) || { fail "the list of sources" "$log"; done_testing; }
for analyser in ${ANALYSERS:-cppcheck gcc}; do
	case $analyser in
	cppcheck) cppcheck_claims ;;
	gcc) gcc_claims ;;
	clang-tidy) tidy_claims ;;
	*) fail "what is $analyser?" ;;
	esac
done
done_testing

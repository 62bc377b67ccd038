#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh [NAME...] - run benches (default: all) and report: ratios first; Markdown, JSON and SVG in $O/build/bench
#
# BENCH_STRICT=1: exit 1 where a target is missed. A bench that breaks is an error at any rate.
# -r NAME... only reports what the last run of each left.
set -eu

out=${O:-.}/build/bench
report_only=''
if [ "${1:-}" = -r ]; then report_only=y; shift; fi
if [ $# = 0 ]; then
	for file in tests/bench/*.sh; do
		name=${file##*/}; name=${name%.sh}
		case $name in lib | measure | run) ;; *) set -- "$@" "$name" ;; esac
	done
fi
mkdir -p "$out"
broken=''
for name; do
	[ -e "tests/bench/$name.sh" ] || { echo "bench: no tests/bench/$name.sh" >&2; exit 2; }
	[ ! "$report_only" ] || continue
	echo "bench $name ..." >&2
	: >"$out/$name.raw"
	started=$(date +%s)
	# Only what the library wrote counts, whatever else finds its way to descriptor 3.
	BENCH=$name sh "tests/bench/$name.sh" 3>>"$out/$name.raw" >"$out/$name.log" 2>&1 || {
		broken="$broken $name"
		printf 'bench\tbroken\t%s\n' "$(tail -n 1 "$out/$name.log")" >>"$out/$name.raw"
		tail -n 20 "$out/$name.log" | sed 's/^/  | /' >&2
	}
	sed -n "s/^bench	/$name	/p" "$out/$name.raw" >"$out/$name.tsv"
	rm "$out/$name.raw"
	echo "bench $name: $(($(date +%s) - started)) s" >&2
done

for name; do cat "$out/$name.tsv" 2>/dev/null || :; done >"$out/results"
machine="$(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)"
status=0
for form in text markdown json svg; do
	case $form in text) file=/dev/stdout ;; markdown) file=$out/bench.md ;; *) file=$out/bench.$form ;; esac
	"${AWK:-awk}" -f tests/bench/report.awk form=$form command="make bench BENCH='$*'" date="$(date -u +%Y-%m-%d)" \
		machine="$machine" "$out/results" >"$file" || status=$?
done
echo "bench: $out/bench.md, bench.json, bench.svg" >&2
[ ! "$broken" ] || { echo "bench: broken:$broken" >&2; exit 1; }
[ "$status" = 0 ] || [ ! "${BENCH_STRICT:-}" ] || exit 1

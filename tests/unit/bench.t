#!/bin/sh
# SPDX-License-Identifier: MIT
# bench.t - the benches' report: ratios, targets met and missed, slopes, all four forms; and the timer
. tests/tap.sh
tmpdir
awk=${AWK:-awk}

report() { "$awk" -f tests/bench/report.awk form="$1" command='make bench' date=2024-01-01 machine=here "$tmp/results" >"$tmp/$1" 2>"$tmp/err"; }

tr ' _' '\t ' >"$tmp/results" <<'END'
b result copy_<1> initbox 2000000 ns 10 1.5
b result copy_<1> busybox 8000000 ns 10 3.0
b target copy_<1> busybox 0.3
b result lone initbox 46504 bytes 1 0
b limit lone 49152
b point files initbox 10 1000 ns
b point files initbox 100 10000 ns
b point files busybox 10 1000 ns
b point files busybox 100 100000 ns
b slope files 1.1
b skip crun no_such_package
b peer busybox-static 1:1.35
END
ok "where all targets are met the report succeeds" report text
like "$(cat "$tmp/text")" '^ +0\.25  copy <1> +2\.00 ms  busybox +8\.00 ms +3 %  <= 0\.3: met$' "ratio, figures, the larger spread, the target"
like "$(cat "$tmp/text")" 'lone +46,504 B .*<= 49,152 B: met' "a figure of ours alone, against its limit"
like "$(cat "$tmp/text")" 'initbox +10: 1\.00 us, 100: 10\.0 us; slope 1\.00, one more 100 ns <= 1\.1: met' "a linear series has slope 1"
like "$(cat "$tmp/text")" 'busybox .*slope 2\.00' "a quadratic one 2"
like "$(cat "$tmp/text")" 'b: crun: no such package' "what was skipped, and why"
report markdown
like "$(cat "$tmp/markdown")" '^\| 0\.25 \| b \| copy <1> \| 2\.00 ms \| busybox \| 8\.00 ms \| 3 % \| <= 0\.3: met \|$' "as a Markdown table"
report json
scripts/need python3:python3 >&2
ok "as JSON" python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
assert r["missed"] == 0 and r["results"][1]["ratio"] == 0.25 and r["results"][1]["target"] == 0.3, r
assert r["growth"][1]["slope"] == 2 and r["growth"][0]["points"] == [[10, 1000], [100, 10000]], r' "$tmp/json"
report svg
ok "as an SVG that parses" python3 -c 'import sys, xml.etree.ElementTree as x; x.parse(sys.argv[1])' "$tmp/svg"

missed() {	# LINE WHAT
	cp "$tmp/results" "$tmp/kept"
	echo "$1" | tr ' _' '\t ' >>"$tmp/results"
	report text && got=met || got=missed
	is "$got" missed "$2"
	mv "$tmp/kept" "$tmp/results"
}
missed 'b target copy_<1> busybox 0.2' "a ratio above its target"
missed 'b limit lone 46503' "a figure above its limit"
missed 'b slope files 0.9' "a slope above its limit"
missed 'b target copy_<1> runit 2' "a target against a peer without a figure"

timer=${O:-.}/obj/tests/bench/timer
if [ ! -x "$timer" ]; then
	skip "not built (make check builds it)" "the timer"
else
	"$timer" -n 3 a 'sleep 0.02' b 'sleep 0.2 && true' >"$tmp/timed"
	ok "the timer's medians are those of its commands" "$awk" -F '	' '
		$1 == "a" { a = $2 } $1 == "b" { b = $2 } { n += $3 }
		END { print a, b; exit !(a >= 2e7 && a < b && b >= 2e8 && n == 6) }' "$tmp/timed"
	like "$("$timer" a true b false 2>&1)" '^timer: false: exit code 1$' "a command that fails is an error"
	like "$("$timer" -t 1 -n 1 -w 0 a 'sleep 9' 2>&1)" '^timer: sleep 9: ended by signal 9$' "one that hangs too"
fi
done_testing

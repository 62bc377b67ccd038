#!/bin/sh
# SPDX-License-Identifier: MIT
# report.sh FOLDER - a table of lines reached per applet, and the lines that are not, from FOLDER/obj's counters
set -eu
out=$1
rm -rf "$out/gcov"
mkdir -p "$out/gcov"
find "$out/obj/applets" "$out/obj/libcommon" "$out/obj/libsbx" -name '*.gcno' | while read -r note; do
	folder=$(basename "$(dirname "$note")")
	gcov -t -r -o "$note" "$(basename "$note" .gcno).c" >"$out/gcov/$folder:$(basename "$note" .gcno)" 2>/dev/null || :
done
cd "$out/gcov"
# A header's inline lines are counted with each file that has them: only the .c files count.
: >"$out/lines"
for file in *:*; do
	awk -F: -v folder="${file%%:*}" -v OFS='	' '
		/^ *-: *0:Source:/ { name = $0; sub(/.*Source:/, "", name) }
		{ count = $1; gsub(/ /, "", count); gsub(/\*$/, "", count); line = $2 + 0 }
		line && count != "-" {
			text = $0; sub(/^[^:]*:[^:]*:[ \t]*/, "", text)
			print folder, name, line, count ~ /^[#=]/ ? 0 : 1, text
		}' "$file"
done | grep -v '	[^	]*\.h	' | sort -u >"$out/lines"
awk -F '	' -v least="${COVERAGE_LEAST:-0}" '
	{ all[$1]++; hit[$1] += $4; total++; reached += $4 }
	END {
		print "| applet | lines | reached | % |"
		print "| --- | ---: | ---: | ---: |"
		for (f in all) {
			printf "| %s | %d | %d | %.1f |\n", f, all[f], hit[f], 100 * hit[f] / all[f] | "sort"
			if (100 * hit[f] / all[f] < least) bad = 1
		}
		close("sort")
		printf "| all | %d | %d | %.1f |\n", total, reached, total ? 100 * reached / total : 0
		exit bad
	}' "$out/lines" >"$out/table.md" && status=0 || status=1
awk -F '	' '$4 == 0 { print $2 ":" $3 ": " $5 }' "$out/lines" | sort -t : -k 1,1 -k 2,2n >"$out/missed.txt"
cat "$out/table.md"
echo "coverage: $out/table.md, missed.txt" >&2
exit $status

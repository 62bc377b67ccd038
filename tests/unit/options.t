#!/bin/sh
# SPDX-License-Identifier: MIT
# options.t - each option says in its help what it is for and what it costs; each preset says for whom it is
. tests/tap.sh
for file in Config.in applets/*/Config.in; do
	is "$(awk '
		function finish() { if (name != "" && asked && !said) print name; name = "" }
		/^(config|menuconfig) / { finish(); name = $2; asked = said = 0 }
		/^(if|endif|menu|endmenu|choice|endchoice|comment)/ { finish() }
		/^\t(bool|int|string)/ { asked = $0 ~ /"/ }
		/^\tbool/ { yes_or_no = 1 } /^\t(int|string)/ { yes_or_no = 0 }
		/^\thelp/ && !yes_or_no { said = 1 }
		/^\t  (Costs about [0-9,]+|Saves about [0-9,]+|Costs no) bytes/ { said = 1 }
		END { finish() }' "$file" | tr '\n' ' ')" "" "$file: each option has a help, and bool ones say what they cost (make option-cost)"
done
for file in configs/*defconfig; do
	like "$(head -n 1 "$file")" '^# For .*\.$' "$file says for whom it is"
	name=$(basename "$file")
	like "$(grep -F "| \`$name\` |" README.md)" '\| [0-9,]+ \|$' "and README.md has its size (make sizes)"
done
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# manual.t - each applet has a man page that lint accepts, and options stand in it and in --help alike
. tests/tap.sh
scripts/need mandoc:mandoc >&2
backspace=$(printf '\b')	# mandoc overstrikes for bold and underline

for folder in applets/*/; do
	name=$(basename "$folder")
	page=$folder$name.8
	if [ ! -e "$page" ]; then fail "$name has a man page"; continue; fi
	is "$(mandoc -Tlint -Wwarning "$page" 2>&1)" "" "$page has no faults"
	"$INITBOX" --list | grep -q "/$name\$" || continue
	text=$(mandoc -Tascii "$page" | sed "s/.$backspace//g")
	missing=$("$INITBOX" "$name" --help | grep -oE '(^|[ ,[|])--?[a-zA-Z][a-z-]*' | tr -d ' ,[|' | sort -u |
		while read -r option; do
			printf '%s\n' "$text" | grep -qE -e "(^|[^a-z-])$option([^a-z-]|\$)" || echo "$option"
		done)
	is "$missing" "" "$page has the options of $name --help"
	missing=$(printf '%s\n' "$text" | sed -n 's/^ *\(--\{0,1\}[a-zA-Z][a-z-]*\).*/\1/p' | sort -u |
		while read -r option; do
			"$INITBOX" "$name" --help | grep -qE -e "(^|[^a-z-])$option([^a-z-]|\$)" || echo "$option"
		done)
	is "$missing" "" "$name --help has the options of $page"
done
for page in applets/*/*.[57]; do
	is "$(mandoc -Tlint -Wwarning "$page" 2>&1)" "" "$page has no faults"
done
done_testing

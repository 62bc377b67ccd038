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
for page in applets/*/*.[57] docs/man/*.[1-8]; do
	is "$(mandoc -Tlint -Wwarning "$page" 2>&1)" "" "$page has no faults"
done

## The suite's own pages

plain() { mandoc -Tascii "$1" | sed "s/.$backspace//g"; }
text=$(plain docs/man/initbox.1)
missing=$("$INITBOX" --help | grep -oE -e '--[a-z]+' | sort -u | while read -r option; do
	printf '%s\n' "$text" | grep -qe "$option" || echo "$option"
done)
is "$missing" "" "initbox.1 has the options of initbox --help"
missing=$(for folder in applets/*/; do
	name=$(basename "$folder")
	printf '%s\n' "$text" | grep -qF "$name(8)" || echo "$name"
done)
is "$missing" "" "initbox.1 has all applets"

text=$(plain docs/man/initbox.7)
# Each word that the sources ask the kernel command line for, and each variable of ours in the environment.
missing=$({
	grep -rhoE 'cmdline_get\("[^"]+"' applets libcommon | cut -d '"' -f 2
	grep -rhoE '"INITBOX_[A-Z]+' applets libcommon | tr -d '"'
} | sort -u | while read -r word; do
	printf '%s\n' "$text" | grep -qF -- "$word" || echo "$word"
done)
is "$missing" "" "initbox.7 has the words of the kernel command line that the sources ask for"
missing=$(sed -n 's/^\.It Cm \([a-z-]*\.[a-z_-]*\) Ns.*/\1/p; s/^\.It Cm \(modules-load\) .*/\1/p' docs/man/initbox.7 | while read -r word; do
	grep -rqF -- "$word" applets libcommon || [ "$word" = modprobe.blacklist ] || echo "$word"
done)
is "$missing" "" "and none that they do not (modprobe.blacklist is libkmod's)"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# kconfig.t - scripts/kconfig.awk gives what Kconfiglib gives, under every awk here, and says what it cannot read
# shellcheck disable=SC2016,SC1003,SC2012,SC1091,SC2154 # $ and \ are for make and Kconfig to read; tap.sh sets tmp
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."
. tests/tap.sh
tmpdir

seed=${SEED:-1} trees=30 own=60
evaluator=$PWD/scripts/kconfig.awk

## The same as Kconfiglib

# Debian's own python3 has Debian's packages, whatever comes first in PATH.
find_python() {
	for python in python3 /usr/bin/python3; do
		if $python -c 'import kconfiglib' 2>/dev/null; then echo $python; return; fi
	done
}

# CASE.MODE for each case: the full .config, and one of the other modes in turn
answers() {	# AWK OUTDIR INPUT...
	awk=$1 out=$2 auto=$2.auto-${3##*/} count=0; shift 2
	mkdir -p "$auto/config"
	for input; do
		count=$((count + 1))
		read -r kconfigs <"${input%.input}.kconfigs"
		answer=$out/${input##*/}; answer=${answer%.input}
		evaluate config -- "$input" >"$answer.config"
		case $((count % 4)) in
		0) evaluate savedefconfig -- "$input" >"$answer.savedefconfig" ;;
		1) evaluate allnoconfig >"$answer.allnoconfig" ;;
		2) evaluate allyesconfig >"$answer.allyesconfig" ;;
		3) evaluate "auto $auto" -- "$input"; cp "$auto/config.h" "$answer.config.h" ;;
		esac
	done
}
evaluate() {	# MODE [-- INPUT]
	mode=$1; shift
	# shellcheck disable=SC2086 # lists
	$awk -f "$evaluator" $mode $kconfigs "$@" 2>/dev/null
}

# The answers in OUTDIR that are not Kconfiglib's
differing() {	# OUTDIR PREFIX
	(cd "$1" && cksum "$2"*) | sort >"$1.got"
	(cd "$tmp/random" && cksum "$2"*.*) | sort | comm -23 "$1.got" -
}

python=$(find_python)
[ "$python" ] || scripts/need /usr/lib/python3/dist-packages/kconfiglib.py:python3-kconfiglib 2>/dev/null || :
python=$(find_python)
if [ "$python" ]; then
	diag "seed $seed (SEED=N for another)"
	$python tests/unit/kconfig.py "$tmp/random" "$seed" $trees $own
	for awk in mawk gawk original-awk 'busybox awk'; do
		command -v "${awk%% *}" >/dev/null || continue
		out=$tmp/${awk%% *}
		mkdir "$out"
		answers "$awk" "$out" "$tmp"/random/tree-*.input &
		answers "$awk" "$out" "$tmp"/random/own-*.input
		wait
		is "$(differing "$out" tree-)" "" "$awk: $trees random trees, four configurations each, as Kconfiglib"
		is "$(differing "$out" own-)" "" "$awk: $own configurations of our own tree, as Kconfiglib"
	done
else
	skip "no Kconfiglib (python3-kconfiglib)" "the same as Kconfiglib"
fi

## The presets

run() { awk -f "$evaluator" "$@"; }
for preset in configs/*defconfig; do
	like "$(head -n 1 "$preset")" "^# For " "$preset says for whom it is"
	# An applet's folder may be gone.
	is "$(run config Config.in applets/*/Config.in -- "$preset" 2>&1 >/dev/null | grep -v 'no such option')" "" "... and has good values"
done

## What make and C get

cd "$tmp"
mkdir -p auto/config
cat >Config.in <<'END'
config A
	bool "a"
	default y
config B
	bool "b"
	depends on A
config N
	int "n"
	default 3
	range 1 9
config S
	string "s"
	default "x"
END

printf '%s\n' 'CONFIG_S="-DX=\"$y\" #z\\"' >input
run auto auto Config.in -- input
is "$(cat auto/config.h)" '#define CONFIG_A 1
#define CONFIG_B 0
#define CONFIG_N 3
#define CONFIG_S "-DX=\"$y\" #z\\"' "config.h has every symbol"
printf 'include auto/auto.conf\n$(info $(CONFIG_A),$(CONFIG_B),$(CONFIG_N),$(CONFIG_S))\nall: ;\n' >Makefile
is "$(make -s -f Makefile)" 'y,,3,-DX="$y" #z\' "make reads the same text from auto.conf, quotes, # and \$ included"

is "$(ls auto/config | tr '\n' ' ')" "CONFIG_A CONFIG_B CONFIG_N CONFIG_S " "at first all options are new"
rm auto/config/*
run auto auto Config.in -- input
is "$(ls auto/config)" "" "the same again touches none"
echo CONFIG_B=y >input
run auto auto Config.in -- input
is "$(ls auto/config | tr '\n' ' ')" "CONFIG_B CONFIG_S " "what has changed is touched, and only that"
rm auto/config/*
sed -i '/config N/,/range/d' Config.in
run auto auto Config.in -- input
is "$(ls auto/config)" "CONFIG_N" "an option that is gone is touched"

## What a .config can have wrong: one line each, and the default

cat >Config.in <<'END'
config A
	bool "a"
config N
	int "n"
	default 3
	range 1 9
config S
	string "s"
	default "x"
END
wrong() {	# ASSIGNMENT WARNING
	echo "$1" >input
	is "$(run config Config.in -- input 2>&1 >/dev/null)" "input:1: $2" "one line for $1"
	is "$(run config Config.in -- input 2>/dev/null)" '# CONFIG_A is not set
CONFIG_N=3
CONFIG_S="x"' "... and the default stays"
}
wrong 'CONFIG_A=maybe' 'CONFIG_A=maybe: not a value of type bool, ignored'
wrong 'CONFIG_N=ten' 'CONFIG_N=ten: not a value of type int, ignored'
wrong 'CONFIG_N=10' 'CONFIG_N=10: not between 1 and 9, ignored'
wrong 'CONFIG_S=bare' 'CONFIG_S=bare: not a value of type string, ignored'
wrong 'CONFIG_NONE=y' 'CONFIG_NONE: no such option'
wrong '# CONFIG_NONE is not set' 'CONFIG_NONE: no such option'
wrong 'A=y' 'ignored: A=y'

printf 'CONFIG_N=4\n' >one; printf 'CONFIG_N=5\n' >two
like "$(run config Config.in -- one two)" '^CONFIG_N=5$' "of two files the last one wins"

## What Kconfig can have and this evaluator does not know is an error with file and line

refused() {	# MESSAGE LINE...
	message=$1; shift
	printf '%s\n' "$@" >bad
	is "$(run config bad 2>&1 || echo "exit $?")" "bad:$message
exit 1" "refused: $*"
}
refused "2: unsupported 'tristate'" 'config A' ' tristate "a"'
refused "1: unsupported 'modules'" 'modules'
refused "1: no quoted text but 'A'" 'menu A'
refused "3: unsupported 'option'" 'config A' ' bool' ' option env="X"'
refused "2: unsupported in a menu: 'visible'" 'menu "m"' 'visible if A' 'endmenu'
refused "2: unsupported in a choice: 'optional'" 'choice' ' optional' 'endchoice'
refused "3: m is unsupported: symbols are y or n" 'config A' ' bool' ' default m'
refused "3: variables and macros are unsupported" 'config A' ' string' ' default "$(shell,id)"'
refused "3: unsupported: \$(X)" 'config A' ' bool' ' default $(X)'
refused "3: a string without end" 'config A' ' string' ' default "x'
refused "3: the line ends too early" 'config A' ' bool' ' depends on (B && C'
refused "3: unexpected '||'" 'config A' ' bool' ' depends on B && || C'
refused "3: unexpected 'C'" 'config A' ' bool' ' depends on B C'
refused "3: the line ends too early" 'config A' ' bool' ' depends on'
refused "3: depends without on" 'config A' ' bool' ' depends B'
refused "1: A has no type" 'config A'
refused "1: A has a range but is bool" 'config A' ' bool' ' range 1 2'
refused "3: A is bool already" 'config A' ' bool' ' int'
refused "3: a second prompt" 'config A' ' bool "a"' ' prompt "b"'
refused "1: A: a default can only be one value" 'config A' ' int' ' default 1 || 2'
refused "1: menu without endmenu" 'menu "m"'
refused "1: endif without if" 'endif'
refused "2: endmenu without menu" 'if A' 'endmenu'
refused "1: no file to source" 'source "none/*.in"'
refused "3: A is selected and not bool" 'config B' ' bool' ' select A' 'config A' ' int'
refused "2: menu inside a choice" 'choice' 'menu "m"'
refused "4: A is in a choice: the default stands there" 'choice' ' prompt "c"' '' 'config A' ' bool "a"' ' default y' 'endchoice'
refused "1: the default B is not in the choice" 'choice' ' prompt "c"' ' default B' 'endchoice'
refused "1: A depends on itself" 'config A' ' bool "a"' ' depends on B' 'config B' ' bool "b"' ' depends on A'
is "$(run config none 2>&1 || echo "exit $?")" "none:0: cannot be read
exit 1" "a missing file is an error"

done_testing

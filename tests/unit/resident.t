#!/bin/sh
# SPDX-License-Identifier: MIT
# resident.t - what libcommon/resident.c takes for granted: where the linker puts the variables of applets, libcommon and libraries
. tests/tap.sh
O=${O:-.} map=$O/obj/initbox.map
[ -e "$map" ] || skip_all "no map of the linker: $map"
grep -q 'CONFIG_STATIC *= *y' "$O/obj/auto.conf" || skip_all "not a static build"
! grep -q 'CONFIG_LTO *= *y' "$O/obj/auto.conf" || skip_all "link-time optimisation has an order of its own"

# address size object, of each variable without a value
awk '/^\.bss /{on = 1; next} on && /^[^ ]/{exit} on && NF == 1 {next} on && NF >= 3 && $(NF - 2) ~ /^0x/ {print $(NF - 2), $(NF - 1), $NF}' "$map" >"${TMPDIR:-/tmp}/resident.$$"
begins=$(awk '$2 == "libcommon_begins" {print $1}' "$map")
# below PATTERN, above PATTERN: the objects among these that have variables there
side() {
	while read -r address _ object; do
		# shellcheck disable=SC2254 # a pattern
		case $object in $1) if [ $((address)) -lt $((begins)) ]; then echo "below $object"; else echo "above $object"; fi ;; esac
	done <"${TMPDIR:-/tmp}/resident.$$" | sort -u
}
below() { side "$1" | sed -n 's/^below //p'; }
above() { side "$1" | sed -n 's/^above //p'; }
all=$(wc -l <"${TMPDIR:-/tmp}/resident.$$")
ok "the map has variables ($all), and libcommon_begins ($begins)" test "$all" -gt 50 -a -n "$begins"
is "$(above '*/applets/*')" '' "those of applets are before it"
is "$(below '*/libcommon/*')" '' "those of libcommon are not"
is "$(below '*.a?*')" '' "nor those of libraries"
rm "${TMPDIR:-/tmp}/resident.$$"

# STACK of resident.c is for 200 folders in each other: what calls itself for each of them may take 600 bytes.
for compiler in gcc clang; do
	if ! command -v $compiler >/dev/null; then skip "no $compiler" "stack of copyroot"; continue; fi
	is "$($compiler -D_GNU_SOURCE -I"$O/obj" -Ilibcommon -include "$O/obj/config.h" -std=gnu11 -Os -fstack-usage -c -o "${TMPDIR:-/tmp}/resident.$$.o" \
		applets/copyroot/move.c 2>&1; awk -F '[:\t]' '$(NF - 2) == "move_below" {print $(NF - 1) < 600 ? "little" : $(NF - 1)}' "${TMPDIR:-/tmp}/resident.$$.su")" \
		little "$compiler: copyroot takes little of the stack for each folder"
	rm -f "${TMPDIR:-/tmp}/resident.$$".*
done
done_testing

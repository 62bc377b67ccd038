# SPDX-License-Identifier: MIT
# size.awk - bytes per applet, libcommon and each library, from the linker's map; the largest first
#
# usage: awk -f size.awk obj=OBJDIR file=BYTES MAP    (BYTES: the size of the stripped binary)
#
# Only what is in the binary counts: sections that the linker left out are not in this part of the map. A string
# that several parts share counts for the first of them. With LTO code has no file it comes from: `lto`.

/^Linker script and memory map/ { in_map = 1 }
!in_map || /size before relaxing/ { next }

# " .text.name 0xADDRESS 0xSIZE FILE"; a long name has a line of its own. What is not loaded has address 0.
/^\.[a-z]/ || /^[A-Z]/ { output = $1 }
/^ [.*A-Z][^ ]*$/ { section = $1; next }
/^ [.*A-Z][^ ]* +0x/ { section = $1; count($2, $3, $4) ; next }
/^ +0x[0-9a-f]+ +0x[0-9a-f]+ / { count($1, $2, $3) }

function count(address, bytes, from) {
	if (address ~ /^0x0+$/ || output ~ /^\.(debug|comment)/) return
	part = part_of(section == "*fill*" ? "" : from)
	parts[part]
	if (output ~ /bss/) bss[part] += number(bytes)
	else data[part] += number(bytes)
}

function part_of(from,   n, path) {
	if (from == "") return "padding"
	if (index(from, obj "/") == 1) {
		n = split(substr(from, length(obj) + 2), path, "/")
		return path[1] == "applets" ? path[1] "/" path[2] : path[1]
	}
	if (from ~ /ltrans/) return "lto"
	if (match(from, /lib[^\/]*\.(a|so[.0-9]*)(\(|$)/)) { from = substr(from, RSTART); sub(/\.(a|so).*/, "", from); return from }
	return "start-up"
}

function number(hex,   n) {
	for (hex = substr(hex, 3); hex != ""; hex = substr(hex, 2)) n = n * 16 + index("0123456789abcdef", substr(hex, 1, 1)) - 1
	return n
}

function line(text_data, bss, what) { printf "%9d %9d  %s\n", text_data, bss, what }

END {
	printf "%9s %9s  %s\n", "text+data", "bss", "part"
	for (part in parts) left++
	for (; left; left--) {
		most = ""
		for (part in parts) if (most == "" || data[part] > data[most] || (data[part] == data[most] && part < most)) most = part
		line(data[most], bss[most], most)
		total += data[most]; total_bss += bss[most]
		delete parts[most]
	}
	line(total, total_bss, "total")
	printf "%9d %9s  the stripped file\n", file, ""
}

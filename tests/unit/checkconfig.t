#!/bin/sh
# SPDX-License-Identifier: MIT
# checkconfig.t - checkconfig on Debian's kernel configuration, as it is and doctored, plain and compressed
. tests/tap.sh
"$INITBOX" --list | grep -q /checkconfig$ || skip_all "this build has no checkconfig"
scripts/kernel >/dev/null 2>&1 || skip_all "no Debian kernel to be had"
tmpdir
for deb in "${CACHE:-build/cache}"/deb/linux-image-6*-cloud-*/*.deb; do
	dpkg --fsys-tarfile "$deb" | tar -xO --wildcards './boot/config-*' >"$tmp/config" 2>/dev/null
	break
done
[ -s "$tmp/config" ] || skip_all "no kernel package in the cache"
checkconfig() { "$INITBOX" checkconfig "$@"; }
boot='init rc.init rc.shutdown copyroot mdev-lite'
# shellcheck disable=SC2086 # words
check() { checkconfig -c "$tmp/config" "$@" $boot 2>&1 || echo "exit $?"; }

like "$(check)" "^$tmp/config: [0-9]+ options, missing: 0 required, [0-9]+ optional$" "Debian's kernel has what is required"
unlike "$(check)" 'exit|MISSING' "which is exit code 0"
like "$(check --strict)" '^exit 1$' "--strict: what is optional counts"
sed 's/^CONFIG_DEVTMPFS=y/CONFIG_DEVTMPFS=m/' "$tmp/config" >"$tmp/doctored"
like "$(checkconfig -c "$tmp/doctored" rc.init)" '^missing  optional  CONFIG_DEVTMPFS .*a module comes too late' \
	"a module that has to be built in is told apart"
like "$(check -a)" '^there  +required  CONFIG_PROC_FS ' "--all names what is there"
is "$(check -q)" "" "--quiet says nothing"
is "$(check -a | grep -c CONFIG_)" "$(checkconfig --list $boot | wc -l)" "each entry of the table is looked at once"

# Each option that this kernel has is taken away in turn: the checker must miss just that.
for option in $(checkconfig --list $boot | cut -f 2 | sort -u); do
	names=${option#CONFIG_}
	grep -qE "^CONFIG_($names)=[ym]" "$tmp/config" || continue
	sed -E "s/^(CONFIG_($names))=.*/# \1 is not set/" "$tmp/config" >"$tmp/doctored"
	after=$(checkconfig -c "$tmp/doctored" $boot)
	code=$?
	wanted=0
	if printf '%s\n' "$after" | grep "$option" | grep -q required; then wanted=1; fi
	if printf '%s\n' "$after" | grep -qF "$option" && [ $code = $wanted ]; then missed="$missed."; else fail "without $names" "$after"; fi
done
like "$missed" '^\.{30,}$' "${#missed} options taken away one by one are all missed, with the right exit code"

sed 's/^CONFIG_TMPFS=y/# CONFIG_TMPFS is not set/' "$tmp/config" >"$tmp/doctored"
is "$(checkconfig -q -c "$tmp/doctored" rc.init || echo $?)" 1 "rc.init misses TMPFS"
is "$(checkconfig -q -c "$tmp/doctored" init copyroot || echo $?)" "" "init and copyroot do not require it"
sed -E 's/^(# Linux\S*) \S+ /\1 4.9.0 /; /CONFIG_(MODULE_DECOMPRESS|MEMCG_V1)/d' "$tmp/config" >"$tmp/old"
like "$(checkconfig -c "$tmp/old" mdev-lite)" 'MODULE_DECOMPRESS.*only since Linux 5.17' "an old kernel: what came later is said to"
unlike "$(checkconfig -c "$tmp/old" rc.init)" 'MEMCG_V1' "and what was no option of its own then is not missed"

## Where it is found

gzip -9 <"$tmp/config" >"$tmp/config.gz"
is "$(checkconfig -c "$tmp/config.gz" $boot | sed 's/config.gz/config/')" "$(check)" "gzip is the same as plain"
is "$(checkconfig -c - $boot <"$tmp/config" | sed "s|^-:|$tmp/config:|")" "$(check)" "so is standard input"
head -c 20000 "$tmp/config.gz" >"$tmp/cut.gz"
is "$(checkconfig -c "$tmp/cut.gz" 2>&1 || echo $?)" "checkconfig: $tmp/cut.gz: compressed, and damaged
3" "a compressed file that ends early"
(head -c 15000 "$tmp/config.gz"; head -c 100 /dev/zero; tail -c +15101 "$tmp/config.gz") >"$tmp/bad.gz"
is "$(checkconfig -c "$tmp/bad.gz" 2>&1 || echo $?)" "checkconfig: $tmp/bad.gz: compressed, and damaged
3" "one that is damaged"
is "$(checkconfig -c /etc/passwd 2>&1 || echo $?)" "checkconfig: /etc/passwd: this is no kernel configuration
3" "something else: exit 3 and one line"
is "$(checkconfig -c "$tmp/none" 2>&1 || echo $?)" "checkconfig: $tmp/none: No such file or directory
3" "no file"
like "$(checkconfig -k 0.0-none 2>&1 || echo $?)" 'no configuration of Linux 0.0-none' "a release that is not here"
if unshare -m true 2>/dev/null; then
	inside() {
		unshare -m sh -c 'mount -t tmpfs none /boot && mount -t tmpfs none "$2" && eval "$1"' sh "$1" "$2" "$INITBOX" "$tmp" 2>&1
	}
	like "$(inside 'cp "$4/config" "/boot/config-$(uname -r)"; mount -t tmpfs none /proc; "$3" checkconfig' /mnt)" \
		"^/boot/config-$(uname -r): .* 0 required" "/boot/config-RELEASE is found"
	like "$(inside 'cp "$4/config.gz" /mnt; cp "$4/config.gz" "$2/"; "$3" checkconfig' /proc)" '^/proc/config.gz: .* 0 required' \
		"/proc/config.gz is found first"
	like "$(inside 'cp "$4/config" /boot/config-9.9; "$3" checkconfig -k 9.9' /proc)" '^/boot/config-9.9: ' "-k names a release"
else skip "no namespaces" "/boot and /proc"; fi

## Words for others

is "$(checkconfig --fragment init | grep ^CONFIG_ | sort | tr '\n' ' ')" \
	"CONFIG_BINFMT_ELF=y CONFIG_BINFMT_SCRIPT=y CONFIG_PROC_FS=y CONFIG_SIGNALFD=y " "--fragment: what init requires"
checkconfig --fragment -s $boot >"$tmp/fragment"
is "$(grep ^CONFIG_ "$tmp/fragment" | sort | uniq -d)" "" "an option that several applets need is there once"
is "$(checkconfig -s -c "$tmp/fragment" $boot)" "$tmp/fragment: $(checkconfig --list $boot | wc -l) options, missing: 0 required, 0 optional" \
	"a kernel that has the fragment misses nothing"
is "$(checkconfig nosuch 2>&1 || echo $?)" "checkconfig: nosuch: no such applet (see checkconfig --help)
2" "a slip of the pen"
is "$(checkconfig --list mdev | wc -l)" "$(checkconfig --list mdev-lite | wc -l)" "an alias is its applet"
for name in $(sed -n 's/^	{ "\([a-z.,-]*\)", .*/\1/p' applets/checkconfig/needs.c | tr ',' '\n' | sort -u); do
	if [ -d "applets/$name" ]; then pass "$name of the table is an applet"; else skip "not in this source tree" "$name of the table is an applet"; fi
done
done_testing

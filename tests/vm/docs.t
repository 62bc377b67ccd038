#!/bin/sh
# SPDX-License-Identifier: MIT
# docs.t - the pages of docs/, followed from a fresh copy of the source exactly as they are written
. tests/docs.sh

page initramfs
like "$console" 'copyroot: [a-z]+: ' "initramfs: /init is copyroot"
like "$console" '^rc.init: boot [0-9.]+ s: ' "the boot tells where its time went"
like "$console" 'init: powering off' "poweroff in the shell leaves"
lines=$(commands initramfs | grep -cv '^$')
ok "and it is $lines lines, as the page says: not more than twenty" test "$lines" -le 20

page linuxkit
like "$console" '^rc.init: boot [0-9.]+ s: ' "linuxkit: the merged root boots"
like "$console" 'init: powering off' "and powers off"

page microvm
like "$console" '^rc.init: boot [0-9.]+ s: ' "microvm: QEMU's microvm machine boots it"
unlike "$console" 'built without' "without a complaint about what is left out"
like "$console" 'init: rebooting' "and it ends when it restarts"
like "$(cat "$log")" '^CONFIG_DEVTMPFS=y|^CONFIG_TMPFS=y' "the kernel's fragment is printed"

page container
like "$(cat "$log")" '^started' "container: init runs its entries"
ok "its binary is about 120 kB, as the page says" test "$(stat -c %s "$clone/build/container/initbox")" -le 122880
ok "and has sbx-init" test -L "$clone/build/container/root/bin/sbx-init" -o -L "$clone/build/container/root/sbin/sbx-init"

page sandbox
said=$(cat "$log")
like "$said" '^42$' "sandbox: what was built in one runs in another"
like "$said" '"status": "normal", "exit-code": 0' "the judge tells how it ended"
like "$said" '"status": "time-limit"' "and ends what does not"
like "$said" '^first$' "a server takes jobs"
like "$said" '^exit code 3$' "with their exit codes"
left=$(for folder in /proc/[0-9]*; do [ "$(readlink "$folder/cwd")" != "$clone" ] || tr '\0' ' ' <"$folder/cmdline"; done)
is "$left" "" "and ends when it is told to"

# README's sizes are those of this source, within three per cent (another compiler, a line more).
for name in defconfig linuxkit_defconfig microvm_defconfig container_defconfig; do
	built=$clone/build/${name%_defconfig}/initbox
	[ "$name" != defconfig ] || built=$clone/initbox
	bytes=$(stat -c %s "$built")
	said=$(sed -n "s/^| \`$name\` |.*| \([0-9,]*\) |\$/\1/p" README.md | tr -d ,)
	ok "README.md: $name has $said bytes (here $bytes)" test $((bytes * 100)) -ge $((said * 97)) -a $((bytes * 100)) -le $((said * 103))
done

# No page is forgotten: what has commands is followed here or in make check-packaging.
for file in docs/*.md; do
	name=$(basename "$file" .md)
	grep -q '^```sh$' "$file" || continue
	ok "docs/$name.md is followed by a test" grep -rqE "^page $name\$" tests/vm tests/packaging
done
done_testing

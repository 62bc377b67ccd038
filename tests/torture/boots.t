#!/bin/sh
# SPDX-License-Identifier: MIT
# boots.t - BOOTS (200) boots and power-offs in a row with one disk that is written to until the end, checked after each
. tests/torture/lib.sh
needed=$(scripts/need mkfs.ext4:e2fsprogs 2>&1) || skip_all "$needed"
PATH=$PATH:/sbin:/usr/sbin
BOOTS=${BOOTS:-200}

truncate -s 64M "$tmp/disk"
mkfs.ext4 -q -F "$tmp/disk"
machine
modules virtio_pci virtio_blk ext4
guest <<'END'
modprobe -a virtio_pci virtio_blk ext4
mkdir /tmp/data
ok "the disk" mount -t ext4 /dev/vda /tmp/data
cd /tmp/data
count=$(cat count 2>/dev/null || echo 0)
is "$(ls | grep -c '^boot')" "$count" "all that earlier boots wrote is there"
echo $((count + 1)) >count
echo "$count" >boot$count
# Writers until the very end, one of which takes no notice of TERM.
(while :; do echo x >>log; done) &
(trap '' TERM; while :; do echo y >log2; sync; done) &
sleep 0.2
END
pack
n=0 unclean='' wrong='' worst=0 total=0
while [ $n -lt "$BOOTS" ]; do
	n=$((n + 1))
	run -n -t 120 -- -drive "if=none,id=data,format=raw,file=$tmp/disk" -device virtio-blk-pci,drive=data
	how=$(how_ended)
	if [ "$how" != poweroff ] || [ ! "$done" ] || [ "$broken" ]; then
		wrong="$wrong $n"
		diag "boot $n: $how $broken $(tail -n 5 "$vm/console")"
	fi
	if dumpe2fs -h "$tmp/disk" 2>/dev/null | grep -q needs_recovery || ! e2fsck -fn "$tmp/disk" >"$tmp/fsck" 2>&1; then
		unclean="$unclean $n"
		diag "boot $n: $(cat "$tmp/fsck")"
	fi
	[ "$vm_seconds" -le $worst ] || worst=$vm_seconds
	total=$((total + vm_seconds))
done
row boots ended-otherwise unclean seconds-mean seconds-worst
row "$n" "${wrong:-0}" "${unclean:-0}" $((total / n)) "$worst"
is "$wrong" '' "each of $n boots runs its script and powers off"
is "$unclean" '' "after each the file system is clean: no journal to replay, nothing for fsck"
done_testing

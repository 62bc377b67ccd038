#!/bin/sh
# SPDX-License-Identifier: MIT
# rc.init.t - rc.init's steps that only a machine of its own can show: the clock, cgroups, huge pages, the hotplug helper;
# and every call of rc.init and rc.shutdown failing in turn, many times in one guest
. tests/vm/lib.sh
zic=$(scripts/need zic:libc-bin 2>&1) || skip_all "$zic"
needed=$(scripts/need mkfs.ext4:e2fsprogs 2>&1) || skip_all "$needed"
PATH=$PATH:/sbin:/usr/sbin

## A hardware clock that was never set; an option that the kernel does not know
machine
modules none
guest <<'END'
year=$(date +%Y)
ok "time begins when this program was built ($(date))" test "$year" -ge 2024 -a "$(date +%s)" -le "$(cat /test/now)"
info=$(cat /proc/self/mountinfo)
like "$info" ' /sys/fs/cgroup rw,[^ ]* .* - cgroup2 cgroup2 rw,nsdelegate$' "an unknown cgroup2 option is left out, the others are kept"
like "$info" ' /dev/hugepages rw,nosuid,nodev,relatime .* - hugetlbfs ' "hugetlbfs"

# The clock again, in local time: two hours ahead of UTC, which the kernel is told too.
printf '%s\n' '0.0 0 0.0' 0 LOCAL >/tmp/adjtime
mount --bind /tmp/adjtime /etc/adjtime
mount --bind /test/zone /etc/localtime
date -u -s '2035-06-01 12:00:00' >/dev/null
hwclock -w -u
rc.init clock
is "$(date -u +%Y-%m-%dT%H)" "2035-06-01T10" "/etc/adjtime LOCAL: the hardware clock is two hours ahead"
umount /etc/adjtime
rc.init clock
is "$(date -u +%Y-%m-%dT%H)" "2035-06-01T12" "without it the hardware clock is UTC"
trace=$(cat /run/initbox/trace)
like "$trace" ' rc.init clock settime ' "the clock is set in this process"
is "$(echo "$trace" | awk '$4 == "rc.init" && $6 == "spawn" { print $7 }' | sort -u | tr '\n' ' ')" "mdev-lite " "and nothing is started but mdev-lite"
ok "this kernel has no uevent helper" test ! -e /proc/sys/kernel/hotplug
END
: >"$root/etc/adjtime"
echo $(($(date +%s) + 300)) | put /test/now
: >"$root/etc/localtime"
echo 'Zone Two 2:00 - TWO' | zic -d "$root/test/zones" - && cp "$root/test/zones/Two" "$root/test/zone"
boot -n -a "INITBOX_FAULT=mount@/sys/fs/cgroup#1=22" -- -rtc base=1990-01-01T00:00:00
console_has '^rc.init: clock: the hardware clock is not set; starting at the time this program was built' "a clock that was never set is said"
console_lacks 'rc.init: (write|mount|hotplug).*' "no line about a missing uevent helper, nor about a refused option"
ended poweroff "it powers off"

## Every call fails once: the steps that namespaces cannot do, and a shutdown with disk, loop device and swap
machine
modules virtio_pci virtio_blk ext4 loop
truncate -s 32M "$tmp/disk"
mkfs.ext4 -q -F "$tmp/disk"
guest <<'END'
modprobe -a virtio_pci virtio_blk ext4 loop
mdev-lite -s
mkdir /tmp/data /tmp/root
boot() {	# FAULT STEP: in a root of its own, with its own mounts
	unshare -m sh -c "mount -t tmpfs r /tmp/root; mkdir /tmp/root/bin; cp /bin/initbox /tmp/root/bin; cp /bin/busybox /tmp/root/bin/sh
		mkdir /tmp/root/proc /tmp/root/dev /tmp/root/sys; mount -t proc p /tmp/root/proc; mount -t sysfs s /tmp/root/sys
		[ $2 = dev ] || mount -t devtmpfs d /tmp/root/dev
		INITBOX_FAULT=$1 chroot /tmp/root /bin/initbox rc.init $2; " >/tmp/said 2>&1
}
for step in dev cgroups clock; do
	n=1 wrong=''
	date -s '2030-01-01' >/dev/null	# so that there is something to set
	while boot $n $step; code=$?; [ "$(grep -c 'I/O error' /tmp/said)" != 0 ]; do
		[ "$code" = 1 ] || wrong="$wrong $n: exit $code"
		[ "$(grep -c . /tmp/said)" -le 3 ] || wrong="$wrong $n: $(cat /tmp/said)"
		n=$((n + 1))
		date -s '2030-01-01' >/dev/null
	done
	is "$wrong" "" "step $step: each of its $((n - 1)) calls fails, is said, and the step goes on"
	ok "step $step has calls" test "$n" -gt 1
done
boot spawn hotplug
is "$?$(cat /tmp/said)" "1rc.init: spawn mdev-lite: I/O error" "step hotplug goes on without mdev-lite"

# The whole way down but for the last call, again and again: this script is an ancestor, so it stays.
set_up() {
	mount -t ext4 /dev/vda /tmp/data && mkdir -p "/tmp/data/in side" || return
	[ -e /tmp/data/image ] || { dd if=/dev/zero of=/tmp/data/image bs=1M count=4 2>/dev/null; mke2fs -F /tmp/data/image >/dev/null; }
	[ -e /tmp/data/swap ] || { dd if=/dev/zero of=/tmp/data/swap bs=1M count=1 2>/dev/null; mkswap /tmp/data/swap >/dev/null; }
	[ -e /sys/block/loop0/loop ] || losetup /dev/loop0 /tmp/data/image
	mount -t ext2 /dev/loop0 "/tmp/data/in side" && swapon /tmp/data/swap
	(cd "/tmp/data/in side"; exec sleep 1000) &
}
n=1 quiet=0 wrong=''
while [ $quiet -lt 8 ] && [ $n -lt 60 ]; do
	set_up || wrong="$wrong $n: cannot set up"
	INITBOX_FAULT=$n rc.shutdown --timeout=1 noop >/tmp/said 2>&1
	case $? in 0 | 1) ;; *) wrong="$wrong $n: exit $?" ;; esac
	if grep -q 'I/O error' /tmp/said; then quiet=0; else quiet=$((quiet + 1)); fi
	# Unmounted, or read-only where just that call failed.
	writable=$(sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \(\/tmp\/data[^ ]*\) .* - ext[24] [^ ]* \(rw.*\)/\1 \2/p' /proc/self/mountinfo)
	[ ! "$writable" ] || wrong="$wrong $n: $writable: $(cat /tmp/said)"
	umount "/tmp/data/in side" 2>/dev/null
	swapoff -a 2>/dev/null
	losetup -d /dev/loop0 2>/dev/null
	umount /tmp/data 2>/dev/null
	n=$((n + 1))
done
is "$wrong" "" "rc.shutdown: each of its $((n - 1)) calls fails, and nothing stays writable"
ok "rc.shutdown has calls" test "$n" -gt 15
END
boot -n -t 180 -- -drive "if=none,id=disk,format=raw,file=$tmp/disk" -device virtio-blk-pci,drive=disk
ended poweroff "it powers off"
ok "the disk is clean" e2fsck -fn "$tmp/disk"
done_testing

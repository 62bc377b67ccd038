#!/bin/sh
# SPDX-License-Identifier: MIT
# shutdown.t - power-off with disks: file systems clean whatever stands on them, stragglers, holders, and how long it takes
. tests/vm/lib.sh
needed=$(scripts/need mkfs.ext4:e2fsprogs mkfs.vfat:dosfstools 2>&1) || skip_all "$needed"
PATH=$PATH:/sbin:/usr/sbin

disk() {	# NAME FILE-SYSTEM
	truncate -s 64M "$tmp/$1"
	case $2 in ext4) mkfs.ext4 -q -F "$tmp/$1" ;; vfat) mkfs.vfat "$tmp/$1" >/dev/null ;; esac
	disks="$disks -drive if=none,id=$1,format=raw,file=$tmp/$1 -device virtio-blk-pci,drive=$1,serial=$1"
}
clean() {	# NAME TEXT: the journal needs no recovery, and nothing is wrong
	ok "$2" sh -c "dumpe2fs -h $tmp/$1 2>/dev/null | grep -q '^Filesystem state: *clean' &&
		! dumpe2fs -h $tmp/$1 2>/dev/null | grep needs_recovery && e2fsck -fn $tmp/$1"
}
quick() {	# TEXT: from the word "now" and the kernel's time to power-down
	from=$(sed -n 's/^now \([0-9.]*\) .*/\1/p' "$vm/console")
	to=$(sed -n 's/^\[ *\([0-9.]*\)\] reboot: Power down.*/\1/p' "$vm/console")
	diag "power-off took $(echo "$from $to" | awk '{ print ($2 - $1) * 1000 }') ms"
	ok "$1" awk -v from="$from" -v to="$to" 'BEGIN { exit !(from && to && to - from < 1) }'
}
disk_modules='virtio_pci virtio_blk ext4 loop overlay vfat nls_cp437 nls_ascii'

## Idle
machine
modules none
guest <<'END'
pass "up"
echo "now $(cat /proc/uptime)" >/dev/console
END
boot -n
quick "an idle machine powers off within a second"
ended poweroff "idle: it powers off"
console_lacks '^(init|rc.shutdown): [^p]' "idle: without a complaint"

## Everything at once
disks=''
disk data ext4
disk other vfat
machine
modules $disk_modules
put /etc/shutdown.d/10-first 755 <<'END'
#!/bin/sh
echo "a shutdown script speaks"
END
guest <<'END'
modprobe -a virtio_pci virtio_blk ext4 loop overlay vfat nls_cp437 nls_ascii
mdev-lite -s
data="/tmp/with blank"
mkdir "$data" /tmp/other /tmp/merged /tmp/bind
ok "a disk" mount -t ext4 $(disk data) "$data"
ok "another" mount -t vfat $(disk other) /tmp/other
mkdir "$data/inner" "$data/image" "$data/upper" "$data/work" "$data/proc"
ok "a tmpfs on it" mount -t tmpfs inner "$data/inner"
ok "a proc on it" mount -t proc proc "$data/proc"
ok "a bind mount" mount --bind "$data" /tmp/bind
ok "an overlay" mount -t overlay -o "lowerdir=/etc,upperdir=/tmp/bind/upper,workdir=/tmp/bind/work" overlay /tmp/merged
dd if=/dev/zero of="$data/file" bs=1M count=8 2>/dev/null
ok "a file system in it" mke2fs -F "$data/file"
[ -e /dev/loop0 ] || mknod /dev/loop0 b 7 0
ok "as a loop device" losetup /dev/loop0 "$data/file"
ok "mounted from it" mount -t ext2 /dev/loop0 "$data/image"
dd if=/dev/zero of="$data/swap" bs=1M count=4 2>/dev/null
ok "a swap file" sh -c "mkswap '$data/swap' && swapon '$data/swap'"
for file in "$data/kept" /tmp/other/kept "$data/image/kept" /tmp/merged/kept; do
	echo "some data" >"$file"
done
(cd "$data/inner"; exec 5>>"$data/open"; while :; do echo x >&5; sleep 0.1; done) &
(exec setsid sleep 1000 <"$data/image/kept") &
sleep 0.3
echo "now $(cat /proc/uptime)" >/dev/console
END
boot -n -- $disks
ended poweroff "disks: it powers off"
quick "disks: within a second"
console_has '^a shutdown script speaks' "a script of /etc/shutdown.d speaks"
console_lacks 'stays mounted' "everything is unmounted"
console_lacks '^(init|rc.shutdown): [^p]' "without a complaint"
clean data "ext4 is clean"
ok "vfat is clean" fsck.vfat -n "$tmp/other"
ok "what was written is there" sh -c "debugfs -R 'cat kept' $tmp/data 2>/dev/null | grep 'some data'"
ok "in the overlay too" sh -c "debugfs -R 'cat upper/kept' $tmp/data 2>/dev/null | grep 'some data'"
debugfs -R "dump file $tmp/inner" "$tmp/data" 2>/dev/null
clean inner "the file system in a file on it is clean"

## Those that will not go
disks=''
disk data ext4
disk hidden ext4
machine
modules $disk_modules
guest <<'END'
modprobe -a virtio_pci virtio_blk ext4
mdev-lite -s
# Where a tmpfs is mounted over it, swap cannot be switched off by its path.
mkdir /run/hidden
mount $(disk hidden) /run/hidden
dd if=/dev/zero of=/run/hidden/swap bs=1M count=4 2>/dev/null
ok "a swap file that will be hidden" sh -c 'mkswap /run/hidden/swap >/dev/null && swapon /run/hidden/swap'
mount -t tmpfs cover /run
mkdir /tmp/data
mount $(disk data) /tmp/data
echo "some data" >/tmp/data/kept
mkdir -p /tmp/data/below
(cd /tmp/data/below; exec 5</tmp/data/kept; exec setsid /bin/busybox sh -c 'while :; do sleep 1; done') &
(trap "" TERM HUP; cd /; while :; do sleep 1; done) &
END
# It stays, as its argv[0] begins with @.
mkdir "$root/@keeper"
ln -s /bin/busybox "$root/@keeper/sh"
put /etc/shutdown.d/10-keeper 755 <<'END'
#!/bin/sh
cd /
mkfifo /run/never
@keeper/sh -c 'cd /tmp/data/below; exec 5</tmp/data/kept 6<>/run/never; : >/run/keeping; read x <&6' &
while [ ! -e /run/keeping ]; do sleep 0.1; done	# until then it has another name
END
boot -n -- $disks
ended poweroff "stubborn: it powers off"
console_has 'rc.shutdown: did not end after SIGTERM, killed: sh \([0-9]+\)' "one that ignores TERM is named, and killed"
console_has 'rc.shutdown: /tmp/data stays mounted, read-only: held by sh \([0-9]+\)' "who holds a file system is named"
clean data "which is clean all the same"
console_lacks '/run/hidden stays mounted' "a file system below another mount is unmounted, swap and all"
clean hidden "and clean"

## A script that hangs
machine
modules none
put /etc/shutdown.d/10-hang 755 <<'END'
#!/bin/sh
sleep 1000
END
guest <<'END'
pass "up"
END
sed -i 's|rc.shutdown noop|rc.shutdown --script-timeout=1 noop|' "$root/etc/inittab"
boot -n
ended poweroff "a hanging script: it powers off"
console_has '/etc/shutdown.d/10-hang: not done after 1 s, ended' "which is named"

## By hand, and from ctrlaltdel
for how in 'rc.shutdown poweroff' 'rc.shutdown reboot' 'kill -INT 1' 'reboot' 'poweroff -f'; do
	disks=''
	disk data ext4
	machine
	modules $disk_modules
	guest <<END
modprobe -a virtio_pci virtio_blk ext4
mdev-lite -s
mkdir /tmp/data
mount \$(disk data) /tmp/data
echo x >/tmp/data/kept
echo end >&3
$how
sleep 30
END
	echo 'null::respawn:/bin/sh -c "cd /tmp; exec sleep 1000"' >>"$root/etc/inittab"
	boot -n -- $disks
	case $how in
	*reboot* | *INT*) ended reboot "$how: the machine restarts" ;;
	*) ended poweroff "$how: it powers off" ;;
	esac
	[ "$how" = 'poweroff -f' ] || clean data "$how: the disk is clean"
done
done_testing

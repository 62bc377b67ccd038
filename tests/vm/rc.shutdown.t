#!/bin/sh
# SPDX-License-Identifier: MIT
# rc.shutdown.t - every kind of file system, stacked in every way, is clean after power-off: fsck on this machine, and the
# kernel's own words when it mounts them again; a slow disk, a disk that does not answer, the random seed
. tests/vm/lib.sh
needed=$(scripts/need mkfs.ext4:e2fsprogs mkfs.vfat:dosfstools mkfs.xfs:xfsprogs mkfs.btrfs:btrfs-progs 2>&1) || skip_all "$needed"
PATH=$PATH:/sbin:/usr/sbin

disks=''
disk() {	# NAME MB [THROTTLE]
	truncate -s "$2M" "$tmp/$1"
	disks="$disks -drive if=none,id=$1,format=raw,file=$tmp/$1${3:+,$3} -device virtio-blk-pci,drive=$1,serial=$1"
}
disk ext4 64; disk xfs 300; disk btrfs 128; disk vfat 16; disk crashed 64; disk slow 32 throttling.bps-write=2000000
mkfs.ext4 -q -F "$tmp/ext4"
mkfs.xfs -q "$tmp/xfs"
mkfs.btrfs -q "$tmp/btrfs" >/dev/null
mkfs.vfat "$tmp/vfat" >/dev/null
mkfs.ext4 -q -F "$tmp/slow"

# dmsetup and mdadm with Debian's libraries
tools() {
	[ -e "$tmp/tools" ] || sh scripts/unpack-deb "$tmp/tools" dmsetup libdevmapper1.02.1 mdadm libudev1 libselinux1 \
		libpcre2-8-0 libc6 >&2
	(cd "$tmp/tools" && find . -name dmsetup -o -name mdadm | grep sbin/ | cpio -pdm --quiet "$root"
	find . -name 'lib*.so*' | grep -E '/lib(c|m|devmapper|udev|selinux|pcre2-8)[.]so' | cpio -pdm --quiet "$root")
	mkdir -p "$root/lib64"
	cp -L "$tmp"/tools/lib/*/ld-linux*.so.2 "$root/lib64/"
}
drivers='virtio_pci virtio_blk ext4 xfs btrfs vfat nls_cp437 nls_ascii loop overlay dm-mod md-mod raid1'

## First boot: everything stands on something else, and is written to
machine
modules $drivers
tools
mkdir "$root/keep"
sed -i 's|rc.shutdown noop|rc.shutdown --io-timeout=1 noop|' "$root/etc/inittab"
put /test/stack <<END
modprobe -a $drivers
mdev-lite -s
mkdir -p "/tmp/a b" /tmp/xfs /tmp/btrfs /tmp/vfat /tmp/merged /tmp/slow /tmp/crashed
ok "ext4" mount -t ext4 \$(disk ext4) "/tmp/a b"
ok "xfs" mount -t xfs \$(disk xfs) /tmp/xfs
ok "btrfs" mount -t btrfs \$(disk btrfs) /tmp/btrfs
ok "vfat" mount -t vfat \$(disk vfat) /tmp/vfat
ok "a slow disk" mount -t ext4 \$(disk slow) /tmp/slow
END
guest <<'END'
. /test/stack
mount --bind "/tmp/a b" /keep
mkdir "/tmp/a b/inner" /tmp/btrfs/deep "/tmp/a b/nested"
zero() { dd if=/dev/zero of="$1" bs=1M count=$2 2>/dev/null; }
# ext4 on dm on md on loop on xfs, mounted on btrfs; an overlay on that
zero /tmp/xfs/member 24
ok "a loop device" losetup /dev/loop1 /tmp/xfs/member
ok "an array on it" sh -c 'mdadm --create /dev/md0 --level=1 --raid-devices=2 --metadata=1.2 --assume-clean --run --force /dev/loop1 missing 2>&1'
ok "a dm device on that" sh -c 'DM_DISABLE_UDEV=1 dmsetup create box --table "0 $(cat /sys/block/md0/size) linear 9:0 0"'
mke2fs -F /dev/mapper/box >/dev/null
ok "a file system on that" mount -t ext4 /dev/mapper/box /tmp/btrfs/deep
mkdir /tmp/btrfs/deep/upper /tmp/btrfs/deep/work
ok "an overlay on that" mount -t overlay -o lowerdir=/etc,upperdir=/tmp/btrfs/deep/upper,workdir=/tmp/btrfs/deep/work overlay /tmp/merged
# an image in a file on ext4, mounted below it; swap; a bind mount
zero "/tmp/a b/image" 8
mke2fs -F "/tmp/a b/image" >/dev/null
losetup /dev/loop2 "/tmp/a b/image"
ok "an image" mount -t ext4 /dev/loop2 "/tmp/a b/inner"
ok "a bind mount" mount --bind /tmp/btrfs/deep "/tmp/a b/nested"
zero "/tmp/a b/swap" 4
ok "swap" sh -c 'mkswap "/tmp/a b/swap" >/dev/null && swapon "/tmp/a b/swap"'
for folder in "/tmp/a b" /tmp/xfs /tmp/btrfs /tmp/vfat /tmp/btrfs/deep /tmp/merged "/tmp/a b/inner"; do
	echo "some data" >"$folder/kept"
	(cd "$folder"; i=0; while :; do echo $i >>busy; i=$((i + 1)); done) &
done
# What a power cut would leave, to see that the second boot would tell.
sync
dd if=$(disk ext4) of=$(disk crashed) bs=1M 2>/dev/null
zero /tmp/slow/file 6
echo "written $(cut -d ' ' -f 1 /proc/uptime)" >/dev/console
END
boot -n -t 120 -a initbox.seed=/keep/random-seed -- $disks
ended poweroff "everything at once: it powers off"
console_lacks '^(init|rc.shutdown): [^p]' "without a complaint"
ok "fsck: ext4" e2fsck -fn "$tmp/ext4"
ok "fsck: xfs" xfs_repair -n "$tmp/xfs"
ok "fsck: btrfs" btrfs check "$tmp/btrfs"
ok "fsck: vfat" fsck.vfat -n "$tmp/vfat"
ok "fsck: the slow disk" e2fsck -fn "$tmp/slow"

## Second boot: what the kernel finds
machine
modules $drivers
tools
mkdir "$root/keep"
put /test/stack <"$tmp/1/root/test/stack"
guest <<'END'
. /test/stack
bad='((EXT4-fs|XFS|BTRFS|FAT-fs|md).*([Rr]ecover|replay|not properly unmounted|unclean|[Ee]rror))'
unlike "$(dmesg)" "$bad" "no file system needs recovery"
mount -t ext4 $(disk crashed) /tmp/crashed
crashed=$(disk crashed) crashed=${crashed#/dev/}
like "$(dmesg)" "$crashed.*recovery complete" "one that was cut off would say so"
for folder in "/tmp/a b" /tmp/xfs /tmp/btrfs /tmp/vfat; do
	is "$(cat "$folder/kept")" "some data" "$folder has what was written"
done
is "$(stat -c %s /tmp/slow/file)" $((6 << 20)) "the slow disk has all of it"
losetup /dev/loop1 /tmp/xfs/member
like "$(mdadm --examine /dev/loop1)" 'State : clean' "the array was stopped"
mdadm --assemble --run /dev/md0 /dev/loop1 2>/dev/null
DM_DISABLE_UDEV=1 dmsetup create box --table "0 $(cat /sys/block/md0/size) linear 9:0 0"
mkdir /tmp/deep /tmp/image
mount -t ext4 /dev/mapper/box /tmp/deep
mount -t ext4 -o loop "/tmp/a b/image" /tmp/image
is "$(cat /tmp/deep/kept) $(cat /tmp/deep/upper/kept) $(cat /tmp/image/kept)" "some data some data some data" "dm, overlay and loop device too"
unlike "$(dmesg | grep -v $crashed)" "$bad" "and none of them needs recovery"

mount --bind "/tmp/a b" /keep
is "$(stat -c '%a %s' /keep/random-seed)" "400 64" "rc.shutdown has kept a random seed"
before=$(od -An -tx1 /keep/random-seed)
ok "rc.init takes it" rc.init seed
like "$(dmesg)" 'crng init done' "and the kernel has enough"
ok "and writes another" test "$(od -An -tx1 /keep/random-seed)" != "$before"

# What stays mounted keeps its options: XFS takes inode32 away from whoever does not name it.
mount -o remount,inode32 /tmp/xfs
unlike "$(rc.shutdown --dry-run noop)" '^kill -[0-9]* 2$' "kernel threads are not told"
mkfifo /run/never
exec 6<>/run/never
cd /
@keeper/sh -c 'cd /tmp/xfs; : >/run/keeping; read x <&6' &
while [ ! -e /run/keeping ]; do usleep 10000; done
rc.shutdown noop
like "$(cat /proc/self/mountinfo)" ' /tmp/xfs ro,.* - xfs [^ ]* ro,(.*,)?inode32' "what stays mounted is read-only, with its options"
END
mkdir "$root/@keeper"
ln -s /bin/busybox "$root/@keeper/sh"
boot -n -t 120 -a initbox.seed=/keep/random-seed -- $disks
ended poweroff "second boot: it powers off"

## A disk that does not answer
machine
modules virtio_pci virtio_blk ext4 dm-mod
tools
sed -i 's|rc.shutdown noop|rc.shutdown --timeout=1 --io-timeout=1 noop|' "$root/etc/inittab"
guest <<'END'
modprobe -a virtio_pci virtio_blk ext4 dm-mod
mdev-lite -s
mkdir /tmp/hung /tmp/good
slow=$(disk slow)
DM_DISABLE_UDEV=1 dmsetup create hung --table "0 $(cat /sys/block/${slow#/dev/}/size) linear $slow 0"
ok "a disk that will hang" mount -t ext4 /dev/mapper/hung /tmp/hung
ok "a good one" mount -t ext4 $(disk ext4) /tmp/good
echo x >/tmp/hung/file
dmsetup suspend --noflush --nolockfs hung
echo x >/tmp/good/late
echo "now $(cut -d ' ' -f 1 /proc/uptime)" >/dev/console
echo end >&3
/sbin/poweroff	# busybox's own would sync first, and hang
sleep 60
END
boot -n -t 120 -- $disks
ended poweroff "a disk that does not answer: it powers off"
console_has '^rc.shutdown: umount /tmp/hung: not done after 1 s' "and is named"
ok "the other disk is clean" e2fsck -fn "$tmp/ext4"
ok "with what was written" sh -c "debugfs -R 'cat late' $tmp/ext4 2>/dev/null | grep x"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# mdev-udev.t - beside systemd-udevd, on Debian's generic kernel with its full module tree: the same modules are loaded,
# and the same links in /dev/disk are made (docs/mdev-lite.md explains the differences that are left)
. tests/vm/lib.sh
INITBOX=${INITBOX:-${O:-.}/initbox}
"$INITBOX" --list | grep -qx /sbin/mdev-lite || skip_all "built without mdev-lite"
with_kernel generic || skip_all "no generic kernel: $(tail -n 1 "$tmp/why")"
udev=${CACHE:-build/cache}/udev
if [ ! -e "$udev/bin/udevadm" ]; then
	scripts/unpack-deb "$udev" udev libudev1 libacl1 libblkid1 libc6 libcap2 libkmod2 libselinux1 libpcre2-8-0 \
		liblzma5 libzstd1 libssl3 2>"$tmp/why" || skip_all "no udev: $(tail -n 1 "$tmp/why")"
fi

with_both() {
	machine busybox
	put /bin/initbox 755 <"$INITBOX"
	ln -s ../bin/initbox "$root/sbin/mdev-lite"
	(cd "$udev" && tar cf - bin lib lib64 usr/lib etc) | (cd "$root" && tar xf - --skip-old-files)
	printf 'root:x:0:0::/:/bin/sh\n' | put /etc/passwd
	printf 'root:x:0:\ntty:x:5:\ndisk:x:6:\nkvm:x:105:\n' | put /etc/group
	put /test/common <<-'END'
	mkdir -p /run
	loaded() { sed 's/ .*//' /proc/modules | sort; }
	links() { find /dev/disk -type l 2>/dev/null | sort | while read -r link; do echo "$link $(readlink -f "$link")"; done; }
	udev_coldplug() {
		/lib/systemd/systemd-udevd --daemon
		udevadm trigger --type=subsystems --action=add
		udevadm trigger --type=devices --action=add
		udevadm settle
	}
	missing() { grep -vxFf "$2" "$1" | tr '\n' ' '; }
	END
}

disk_image() { truncate -s "${2:-8M}" "$vm/$1"; mkfs.ext4 -q -L "label of $1" "$vm/$1"; }

devices() {
	for disk in vd sd ide nvme usb; do disk_image $disk; done
	printf 'label: gpt\nsize=2MiB, name="part one"\nsize=2MiB, name=two\n' | sfdisk -q "$vm/vd"
	printf 'label: dos\nsize=1MiB, type=83\nsize=5MiB, type=5\nstart=5MiB, size=1MiB, type=83\n' | sfdisk -q "$vm/sd"
	mkdir -p "$vm/empty"
	genisoimage -quiet -V CDVOL -o "$vm/cd" "$vm/empty"
	qemu="-device virtio-scsi-pci -drive if=none,id=sd,format=raw,file=$vm/sd -device scsi-hd,drive=sd,serial=SCSI1
		-drive if=none,id=vd,format=raw,file=$vm/vd -device virtio-blk-pci,drive=vd,serial=VIRT1
		-drive if=none,id=ide,format=raw,file=$vm/ide -device ide-hd,bus=ide.0,drive=ide,serial=ATA1,wwn=0x5000c50012345678
		-drive if=none,id=cd,format=raw,media=cdrom,file=$vm/cd -device ide-cd,bus=ide.1,drive=cd
		-drive if=none,id=no-cd,media=cdrom -device ide-cd,bus=ide.2,drive=no-cd
		-drive if=none,id=nvme,format=raw,file=$vm/nvme -device nvme,drive=nvme,serial=NVME1
		-device qemu-xhci -drive if=none,id=usb,format=raw,file=$vm/usb -device usb-storage,drive=usb,serial=USB1 -device usb-kbd
		-device intel-hda -device hda-duplex -device e1000,netdev=n2 -netdev user,id=n2"
}
scripts/need mkfs.ext4:e2fsprogs sfdisk:fdisk genisoimage:genisoimage >&2 || skip_all "no tools to make disks with"
PATH=$PATH:/usr/sbin:/sbin

## mdev-lite first; then udev finds nothing that is left to do
with_both
guest <<'END'
. /test/common
is "$(mdev-lite -s 2>&1)" "" "coldplug with all modules"
ok "waits for USB storage" test -b /dev/sdc
ok "an empty CD drive is there" test -b /dev/sr1
is "$(dmesg | grep -E 'I/O error|critical medium')" "" "and is not read, nor is anything else that cannot be"
loaded >/tmp/ours
links >/tmp/our-links
echo "# modules $(tr '\n' ' ' </tmp/ours)" >&3
mdev-lite -d --pid-file=/tmp/pid
for file in /sys/bus/*/devices/*/uevent; do echo add >"$file"; done 2>/dev/null
sleep 2
rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(cat /tmp/pid)/status")
ok "a daemon that has looked all this up has a resident size of $rss kB, not above 1 MB" test "$rss" -le 1024
kill "$(cat /tmp/pid)"
udev_coldplug
loaded >/tmp/udevs
is "$(missing /tmp/udevs /tmp/ours)" "sg " "udev loads nothing more but sg, by a rule"
udevadm info --export-db | sed -n 's/^N: /N /p; s/^S: disk/S disk/p' |
	while read -r what name; do case $what in N) node=$name ;; S) echo "/dev/$name /dev/$node" ;; esac; done | sort |
	grep -v by-diskseq >/tmp/udev-links
is "$(cat /tmp/our-links)" "$(cat /tmp/udev-links)" "and makes the same links in /dev/disk, but for by-diskseq"
is "$(cut -d / -f 4 /tmp/our-links | sort | uniq -c | awk '{ printf "%s ", $2 }')" \
	"by-id by-label by-partlabel by-partuuid by-path by-uuid " "which are of all kinds"
END
devices
# shellcheck disable=SC2086 # words
boot -t 150 -m 1400 -- $qemu
ours=$(sed -n 's/^# modules //p' "$vm/results")

## udev first; the modules are the same
with_both
echo "$ours" | put /test/ours
guest <<'END'
. /test/common
udev_coldplug
n=0
until test -b /dev/sdc || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done
udevadm settle
loaded | grep -vx sg | tr '\n' ' ' >/tmp/udevs
is "$(cat /test/ours)" "$(cat /tmp/udevs)" "udev alone loads the same modules, and sg"
END
devices
# shellcheck disable=SC2086
boot -t 150 -m 1400 -- $qemu
done_testing

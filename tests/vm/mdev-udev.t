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

with_both
guest <<'END'
. /test/common
s=$(date +%s); mdev-lite -s; diag "$(($(date +%s) - s)) s"
loaded >/tmp/ours
links >/tmp/our-links
s=$(date +%s); udev_coldplug; diag "$(($(date +%s) - s)) s"
loaded >/tmp/udevs
udevadm info --export-db | sed -n 's/^N: /N /p; s/^S: disk/S disk/p' |
	while read -r what name; do case $what in N) node=$name ;; S) echo "/dev/$name /dev/$node" ;; esac; done | sort >/tmp/udev-links
diag "modules only udev: $(missing /tmp/udevs /tmp/ours)"
diag "links only udev: $(missing /tmp/udev-links /tmp/our-links)"
diag "links only ours: $(missing /tmp/our-links /tmp/udev-links)"
diag "$(cat /tmp/our-links)"
END
dev() { truncate -s "${2:-16M}" "$vm/$1"; mkfs.ext4 -q -L "label-$1" "$vm/$1"; }
for d in vd sd ide nvme usb; do dev $d; done
sfdisk -q "$vm/vd" <<X
label: gpt
size=4MiB, name="part one"
size=4MiB, name=two
X
sfdisk -q "$vm/sd" <<X
label: dos
size=4MiB, type=83
size=10MiB, type=5
start=7MiB, size=2MiB, type=83
X
mkdir "$vm/d"; genisoimage -quiet -V CDVOL -o "$vm/cd" "$vm/d"
QDEV="-device virtio-scsi-pci -drive if=none,id=sd,format=raw,file=$vm/sd -device scsi-hd,drive=sd,serial=SCSI1
 -drive if=none,id=vd,format=raw,file=$vm/vd -device virtio-blk-pci,drive=vd,serial=VIRT1
 -drive if=none,id=ide,format=raw,file=$vm/ide -device ide-hd,bus=ide.0,drive=ide,serial=ATA1,wwn=0x5000c50012345678
 -drive if=none,id=cd,format=raw,media=cdrom,file=$vm/cd -device ide-cd,bus=ide.1,drive=cd
 -drive if=none,id=nvme,format=raw,file=$vm/nvme -device nvme,drive=nvme,serial=NVME1
 -device qemu-xhci -drive if=none,id=usb,format=raw,file=$vm/usb -device usb-storage,drive=usb,serial=USB1 -device usb-kbd
 -device intel-hda -device hda-duplex -device e1000,netdev=n2 -netdev user,id=n2"
boot -t 150 -m 1600 -- $QDEV
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# initramfs-tools.t - a Debian initramfs with our hook boots a Debian kernel: beside udev, in udev's place, as a system
. tests/packaging/lib.sh
debian initramfs-tools initramfs-tools kmod busybox zstd cpio
hooks=$chroot/etc/initramfs-tools
sed -i 's/^MODULES=.*/MODULES=list/' "$hooks/initramfs.conf"	# a small image boots sooner
cat >"$hooks/hooks/test" <<'END'
#!/bin/sh
[ "$1" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules virtio_pci virtio_blk ext4
mkdir -p "$DESTDIR/etc/initbox"
cp /etc/initbox/check "$DESTDIR/etc/initbox/check"
END
chmod 755 "$hooks/hooks/test"
mkdir -p "$hooks/scripts/init-premount"
cat >"$hooks/scripts/init-premount/test" <<'END'
#!/bin/sh
[ "$1" != prereqs ] || exit 0
echo "RESULT daemons in the image: $(pidof mdev-lite >/dev/null && echo mdev-lite) $(pidof systemd-udevd >/dev/null && echo udev)" >/dev/console
END
chmod 755 "$hooks/scripts/init-premount/test"
system_check
root_disk
contents() { inside "lsinitramfs -l $1" | grep -E "$2"; }	# IMAGE ERE

ok "mkinitramfs takes the hook" inside "mkinitramfs -o /tmp/beside $version"
like "$(contents /tmp/beside "bin/mdev-lite( |\$)")" . "mdev-lite is in the image"
like "$(contents /tmp/beside "bin/copyroot( |\$)")" . "so is copyroot"
like "$(contents /tmp/beside "bin/udevadm( |\$)")" . "and udev"
unlike "$(contents /tmp/beside "sbin/init( |\$)")" initbox "init is not"
boot_image "$chroot/tmp/beside" 'root=/dev/vda ro' 90
said 'daemons in the image:  udev' "beside udev: udev stays the daemon"
said 'root: /dev/vda / ext4' "the root on the disk is reached"
powered_off "and runs"

printf 'INITBOX_UDEV=no\nINITBOX_SYSTEM=y\n' >"$hooks/initbox.conf"
ok "mkinitramfs takes the configuration" inside "mkinitramfs -o /tmp/instead $version"
is "$(contents /tmp/instead 'udevd|udevadm|udev/')" "" "INITBOX_UDEV=no: no udev in the image"
like "$(contents /tmp/instead "sbin/init( |\$)")" initbox "INITBOX_SYSTEM=y: init is"
diag "bytes of the image: $(stat -c %s "$chroot/tmp/beside") with udev, $(stat -c %s "$chroot/tmp/instead") without"
boot_image "$chroot/tmp/instead" 'root=/dev/vda ro' 90
said 'daemons in the image: mdev-lite $' "in udev's place: mdev-lite is the daemon"
said 'root: /dev/vda / ext4' "the root on the disk is reached"
said 'disk: b.* 254,' "with its device node"
said 'modules: .*virtio_blk' "by modules that mdev-lite loaded"
said 'daemons: 0' "no daemon of the image is left"
powered_off "and runs"

boot_image "$chroot/tmp/instead" 'rdinit=/sbin/init' 90
said 'first: /sbin/init' "rdinit=/sbin/init: the image is the system"
like "$console" '^rc.init: boot ' "which rc.init boots"
said 'pivot_root works' "its root is one that pivot_root can leave"
said 'modules: .*virtio_blk' "modules are loaded"
powered_off "and it powers off"
done_testing

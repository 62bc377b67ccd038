#!/bin/sh
# SPDX-License-Identifier: MIT
# dracut.t - an initramfs by dracut with our module boots a Debian kernel: before udev, and as a system in memory
. tests/packaging/lib.sh
debian dracut dracut kmod busybox zstd cpio
cat >"$chroot/etc/dracut.conf.d/test.conf" <<'END'
hostonly=no
dracutmodules+=" base rootfs-block udev-rules kernel-modules fs-lib initbox "
drivers+=" virtio_pci virtio_blk ext4 "
filesystems+=" ext4 "
initbox_system=y
install_items+=" /etc/initbox/check /lib/dracut/hooks/pre-udev/30-test.sh /bin/unshare /bin/mkdir /bin/tr /bin/cut /bin/mount /sbin/pivot_root "
END
mkdir -p "$chroot/lib/dracut/hooks/pre-udev"
echo 'echo "RESULT before udev: $(cut -d " " -f 1 /proc/modules | tr "\n" " ")" >/dev/console' \
	>"$chroot/lib/dracut/hooks/pre-udev/30-test.sh"
system_check
root_disk

ok "dracut takes the module" inside "dracut --force --kver $version /tmp/initrd"
contents=$(inside 'lsinitrd /tmp/initrd 2>/dev/null')
like "$contents" 'bin/mdev-lite ' "mdev-lite is in the image"
like "$contents" 'bin/copyroot ' "so is copyroot"
like "$contents" 'hooks/pre-udev/20-coldplug.sh' "and the hook"
boot_image "$chroot/tmp/initrd" 'root=/dev/vda ro' 120
said 'before udev: .*virtio_blk' "mdev-lite has loaded the modules before udev starts"
said 'root: /dev/vda / ext4' "the root on the disk is reached"
powered_off "and runs"

boot_image "$chroot/tmp/initrd" 'rdinit=/sbin/init' 90
said 'first: /sbin/init' "rdinit=/sbin/init: the image is the system"
said 'pivot_root works' "its root is one that pivot_root can leave"
powered_off "and it powers off"
done_testing

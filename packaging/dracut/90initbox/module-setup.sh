#!/bin/bash
# SPDX-License-Identifier: MIT
# module-setup.sh - dracut module: puts initbox and the names of its applets into the initramfs
#
# mdev-lite loads the modules of all devices in one process before udev starts. With initbox_system=y in dracut's
# configuration the image can also be a whole system in memory: rdinit=/sbin/init on the kernel command line.

# Only where it is asked for: --add initbox, or add_dracutmodules.
check() {
	require_binaries initbox || return 1
	return 255
}

depends() { echo base; }

# Names that dracut's own image has stay its own, and so does /init.
install() {
	local path
	inst_binary initbox /bin/initbox
	for path in $(initbox --list); do
		case ${path##*/} in
		init | halt | poweroff | reboot) [[ ${initbox_system:-n} == y ]] || continue ;;
		esac
		[[ $path != /init ]] || continue
		if [[ $path != /sbin/init ]] && { [[ -e $initdir$path ]] || [[ -e $initdir/usr$path ]]; }; then continue; fi
		mkdir -p "$initdir${path%/*}"
		ln -sf /bin/initbox "$initdir$path"
	done
	inst_hook pre-udev 20 "$moddir/coldplug.sh"
	inst_simple /etc/mdev.conf 2>/dev/null
	if [[ ${initbox_system:-n} == y && -e /etc/initbox/inittab ]]; then
		inst_simple /etc/initbox/inittab /etc/inittab
	fi
	return 0
}

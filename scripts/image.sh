#!/bin/sh
# SPDX-License-Identifier: MIT
# image.sh OUTDIR - make a bootable image: OUTDIR/root (initbox, busybox, /etc) and OUTDIR/initrd (that, and the modules)
#
# initbox comes by "$MAKE install", so the links are make's. busybox gives the shell and the everyday commands, under
# names that initbox leaves free. Environment: MAKE, O, CACHE, KERNEL (see scripts/kernel).
set -eu

[ $# = 1 ] || { echo "usage: image.sh OUTDIR" >&2; exit 2; }
top=$(cd "$(dirname "$0")/.." && pwd)
export CACHE="${CACHE:-$top/build/cache}"
mkdir -p "$1"
out=$(cd "$1" && pwd)
root=$out/root

folders() {
	rm -rf "$root"
	mkdir -p "$root"
	(cd "$root" && umask 022 && mkdir -p bin sbin lib usr/bin usr/sbin etc/init.d etc/shutdown.d \
		dev proc sys run tmp var mnt home && mkdir -m 700 root && chmod 1777 tmp)
}

install_initbox() {
	if "${MAKE:-make}" -s --no-print-directory -C "$top" ${O:+O="$O"} install DESTDIR="$root" >"$out/log" 2>&1; then return; fi
	tail -n 20 "$out/log" >&2
	echo "image: make install failed" >&2
	exit 1
}

# taken NAME - does initbox (or what stands there already) answer to it, in whichever folder?
taken() {
	for folder in '' bin sbin usr/bin usr/sbin; do
		if [ -e "$root/$folder/$1" ] || [ -L "$root/$folder/$1" ]; then return; fi
	done
	return 1
}

install_busybox() {
	[ -e "$CACHE/busybox/bin/busybox" ] || "$top/scripts/unpack-deb" "$CACHE/busybox" busybox-static
	cp "$CACHE/busybox/bin/busybox" "$root/bin/busybox"
	for path in $("$root/bin/busybox" --list-full); do
		# PID 1 is initbox's job, and its absence must show.
		case ${path##*/} in init | linuxrc | busybox) continue ;; esac
		if ! taken "${path##*/}"; then ln -s /bin/busybox "$root/$path"; fi
	done
}

configure() {
	cd "$root/etc"
	cat >inittab <<-'END'
	::sysinit:/bin/rc.init
	ttyS0::respawn:-/bin/sh
	::ctrlaltdel:/bin/rc.shutdown reboot
	::shutdown:/bin/rc.shutdown noop
	END
	cat >passwd <<-'END'
	root:x:0:0:root:/root:/bin/sh
	daemon:x:1:1:daemon:/:/bin/false
	nobody:x:65534:65534:nobody:/:/bin/false
	END
	cat >group <<-'END'
	root:x:0:
	daemon:x:1:
	tty:x:5:
	disk:x:6:
	kmem:x:15:
	dialout:x:20:
	audio:x:29:
	video:x:44:
	input:x:104:
	kvm:x:105:
	render:x:106:
	nogroup:x:65534:
	END
	cat >profile <<-'END'
	export PATH=/sbin:/bin:/usr/sbin:/usr/bin HOME=/root TERM="${TERM:-vt100}"
	PS1='initbox:\w# '
	cd
	echo "This is initbox's shell. To leave: poweroff"
	END
	echo initbox >hostname
	echo '127.0.0.1 localhost initbox' >hosts
	ln -s /run/resolv.conf resolv.conf
	: >fstab
	cd "$top"
}

"$top/scripts/need" cpio:cpio
kernel=$("$top/scripts/kernel")
folders
install_initbox
install_busybox
configure
"$top/scripts/cpio.sh" "$root" >"$out/initrd.new"
cat "$kernel/modules.cpio" >>"$out/initrd.new"
mv "$out/initrd.new" "$out/initrd"
rm -f "$out/log"

# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# packaging/lib.sh - for the tests of packages: the .deb files of this source tree, and a Debian to install them in
#
#   debs                    sets $debs, a folder with the three packages, built once for all tests of a run
#   debian NAME PACKAGE...  sets $chroot, a copy of such a Debian with the packages of ours, Debian's kernel modules and
#                           its configuration; $version is the kernel's
#   inside COMMAND          runs a shell command in it
#   root_disk               makes $tmp/disk, an ext4 file system whose init tells on the console what it finds
#   boot_image INITRD APPEND SECONDS   boots it with that disk; the console is $tmp/console, and after a failure is shown

. tests/tap.sh
tmpdir
export CACHE="${CACHE:-$PWD/build/cache}"
needed=$(scripts/need dpkg-buildpackage:dpkg-dev dh:debhelper pkg-config:pkgconf /usr/include/libkmod.h:libkmod-dev \
	/usr/include/zlib.h:zlib1g-dev /usr/include/seccomp.h:libseccomp-dev fakeroot:fakeroot 2>&1) || skip_all "$needed"

# The tree as git has it, and what is new in it.
sources() { git ls-files -co --exclude-standard 2>/dev/null || find . -type f ! -path './build/*' ! -path './obj/*'; }

debs() {
	debs=$PWD/${O:-.}/build/debs
	mkdir -p "$debs"
	exec 5>"$debs/lock"
	flock 5
	sum=$(sources | sort | tr '\n' '\0' | xargs -0 cat 2>/dev/null | cksum)
	if [ "$(cat "$debs/sum" 2>/dev/null)" != "$sum" ]; then
		rm -rf "$debs/initbox" "$debs"/*.deb
		mkdir "$debs/initbox"
		sources | while read -r file; do [ ! -e "$file" ] || echo "$file"; done | tar cf - -T - | tar xf - -C "$debs/initbox"
		cp -r packaging/debian "$debs/initbox/debian"
		if ! (cd "$debs/initbox" && env -i PATH="$PATH" HOME=/ dpkg-buildpackage -us -uc -b) >"$debs/log" 2>&1; then
			diag "$(tail -n 20 "$debs/log")"
			fail "the Debian packages are built"
			done_testing
		fi
		rm -rf "$debs/initbox"
		echo "$sum" >"$debs/sum"
	fi
	exec 5>&-
}

inside() { unshare -m sh -c 'mount -t proc proc "$1/proc" && exec env -i PATH=/usr/sbin:/usr/bin chroot "$1" sh -c "$2"' sh "$chroot" "$1"; }

debian() {
	if [ "$(id -u)" != 0 ]; then skip_all "not root"; fi
	base=$(scripts/debian-tree "$@" 2>"$tmp/why") || skip_all "$(tail -n 1 "$tmp/why")"
	kernel=$(scripts/kernel 2>"$tmp/why") || skip_all "no kernel: $(tail -n 1 "$tmp/why")"
	version=$(cat "$kernel/version")
	debs
	chroot=$tmp/chroot
	cp -a "$base" "$chroot"
	mkdir -p "$chroot/lib/modules"
	cp -a "$kernel/root/lib/modules/$version" "$chroot/lib/modules/"
	dpkg --fsys-tarfile "$CACHE/deb/linux-image-$version"/*.deb | tar -x -C "$chroot" "./boot/config-$version"
	cp "$debs"/initbox_*.deb "$debs"/initbox-initramfs_*.deb "$chroot/tmp/"
	ok "the packages install" inside 'dpkg -i /tmp/*.deb'
}

# What the image runs if it is the whole system; it tells over the console, too.
system_check() {
	mkdir -p "$chroot/etc/initbox"
	cat >"$chroot/etc/initbox/check" <<-'END'
	#!/bin/sh
	exec >/dev/console 2>&1
	echo "RESULT first: $(tr '\0' ' ' </proc/1/cmdline)"
	mkdir -p /run/new && mount -t tmpfs new /run/new && mkdir /run/new/old
	cd /run/new
	unshare -m sh -c 'pivot_root . old && echo RESULT pivot_root works' || echo "RESULT pivot_root does not"
	echo "RESULT modules: $(cut -d ' ' -f 1 /proc/modules | tr '\n' ' ')"
	/sbin/poweroff
	END
	printf '::sysinit:/bin/rc.init\n::once:/bin/sh /etc/initbox/check\n::shutdown:/bin/rc.shutdown noop\n' \
		>"$chroot/etc/initbox/inittab"
}

root_disk() {
	scripts/need mke2fs:e2fsprogs >&2
	[ -e "$CACHE/busybox/bin/busybox" ] || scripts/unpack-deb "$CACHE/busybox" busybox-static
	mkdir -p "$tmp/root/bin" "$tmp/root/sbin" "$tmp/root/dev" "$tmp/root/proc" "$tmp/root/sys" "$tmp/root/run"
	cp "$CACHE/busybox/bin/busybox" "$tmp/root/bin/"
	ln -s busybox "$tmp/root/bin/sh"
	cat >"$tmp/root/sbin/init" <<-'END'
	#!/bin/sh
	exec >/dev/console 2>&1
	b=/bin/busybox
	[ -e /proc/mounts ] || $b mount -t proc proc /proc
	echo "RESULT root: $($b grep ' / ' /proc/mounts)"
	echo "RESULT disk: $($b ls -l /dev/vda)"
	echo "RESULT modules: $($b cut -d ' ' -f 1 /proc/modules | $b tr '\n' ' ')"
	echo "RESULT daemons: $($b ps -o args | $b grep -c '[m]dev-lite\|[u]devd')"
	$b poweroff -f
	END
	chmod 755 "$tmp/root/sbin/init"
	truncate -s 32M "$tmp/disk"
	PATH=$PATH:/sbin:/usr/sbin mke2fs -q -t ext4 -d "$tmp/root" "$tmp/disk"
}

boot_image() {
	scripts/vm.sh -t "$3" -d "$tmp/disk" -a "$2" "$1" </dev/null 2>&1 | tr -d '\r' >"$tmp/console"
	console=$(cat "$tmp/console")
	booted_failures=${failures:?}
}

# The results on the console, and that the machine went down in good order.
said() {
	like "$console" "^RESULT $1" "$2"
}

powered_off() {
	like "$console" 'reboot: Power down' "$1"
	if [ "$failures" != "$booted_failures" ]; then diag "--- console ---"; sed 's/^/# | /' "$tmp/console"; fi
}

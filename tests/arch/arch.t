#!/bin/sh
# SPDX-License-Identifier: MIT
# arch.t - static builds for x86_64, aarch64 and riscv64 by Debian's cross compilers, each booted to power-off; sizes as a table
#
# musl, busybox and the kernel are Debian's packages of that architecture, unpacked aside (scripts/foreign-deb). riscv64 is in
# Debian since 13. ARCHS= names some. The table: O/build/arch/sizes.md
. tests/tap.sh
tmpdir
out=$(mkdir -p "${O:-.}/build/arch" && cd "${O:-.}/build/arch" && pwd)
make=${MAKE:-make}
cache=${CACHE:-$PWD/build/cache}
run_make() { env -u MAKEFLAGS -u MAKELEVEL "$make" -s -j"$(nproc)" CACHE="$cache" "$@"; }
printf '| architecture | configuration | static binary, bytes | compiler |\n| --- | --- | ---: | --- |\n' >"$out/sizes.md"

# foreign DEBIAN-ARCH SUITE... - from the first of these that can be had
foreign() {
	debian=$1 there=$cache/arch/$1; shift
	[ ! -e "$there/ready" ] || return 0
	for suite; do
		image=linux-image-cloud-$debian
		[ "$debian" != riscv64 ] || image=linux-image-riscv64
		if scripts/foreign-deb "$debian" "$suite" "$there" musl musl-dev busybox-static linux-libc-dev "$image" 2>"$tmp/why"; then
			echo "$suite" >"$there/ready"
			return 0
		fi
		sed 's|//[^/ ]*/|//.../|g' "$tmp/why" | tail -n 3 >"$tmp/why.$suite"
	done
	return 1
}

# compiler MACHINE DEBIAN-ARCH - a cross gcc around that musl: Debian's own specs with other folders
compiler() {
	specs=$there/musl-gcc.specs
	sed "s|/usr/|$there/usr/|g; s|x86_64|$1|g" /usr/lib/x86_64-linux-musl/musl-gcc.specs >"$specs"
	echo "$1-linux-gnu-gcc -specs=$specs"
}

build() {	# MACHINE CONFIGURATION CC - the binary at $out/MACHINE-CONFIGURATION/initbox
	folder=$out/$1-$2
	mkdir -p "$folder"
	if [ "$1" = x86_64 ]; then cross=''; else cross=$1-linux-gnu-; fi
	if [ "$1" = riscv64 ]; then libc=glibc; else libc=musl; fi
	log=$(run_make O="$folder" "$2" 2>&1 && run_make O="$folder" CROSS_COMPILE="$cross" ${3:+CC="$3"} ${3:+lib-cc="${cross}gcc"} all 2>&1) || { fail "$1: $2 builds" "$(echo "$log" | tail -n 20)"; return 1; }
	pass "$1: $2 builds, $(wc -c <"$folder/initbox") bytes"
	echo "| $1 | $2 | $(wc -c <"$folder/initbox") | ${cross}gcc $(${cross}gcc -dumpversion), $libc |" >>"$out/sizes.md"
}

image() {	# MACHINE BUSYBOX
	root=$tmp/root-$1
	mkdir -p "$root/bin" "$root/sbin" "$root/etc" "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" "$root/var"
	if [ "$1" = x86_64 ]; then cross=''; else cross=$1-linux-gnu-; fi
	run_make O="$out/$1-defconfig" CROSS_COMPILE="$cross" ${3:+CC="$3"} ${3:+lib-cc="${cross}gcc"} install DESTDIR="$root" >/dev/null || return
	cp "$2" "$root/bin/busybox" || return
	for name in sh echo uname cat test; do ln -sf busybox "$root/bin/$name"; done
	cat >"$root/etc/inittab" <<-'END'
	::sysinit:/bin/rc.init
	::wait:/bin/sh -c 'echo "up: $(uname -m) $(cat /proc/1/comm)" >/dev/console'
	::once:/sbin/poweroff
	::shutdown:/bin/rc.shutdown noop
	END
	scripts/cpio.sh "$root" >"$tmp/initrd-$1"
}

boots() {	# MACHINE KERNEL QEMU...
	machine=$1 vmlinuz=$2; shift 2
	timeout -k 2 240 "$@" -m 512 -display none -no-reboot -nodefaults -serial stdio -kernel "$vmlinuz" \
		-initrd "$tmp/initrd-$machine" </dev/null 2>"$tmp/qemu" | tr -d '\r' >"$tmp/console"
	if grep -q "up: $machine init" "$tmp/console" && grep -aq 'reboot: Power down' "$tmp/console"; then
		pass "$machine: boots to power-off ($(sed -n 's/.*rc.init: boot \([0-9.]* s\).*/\1/p' "$tmp/console" | head -n 1) to the end of rc.init)"
	else
		fail "$machine: boots to power-off" "$(tail -n 25 "$tmp/console"; cat "$tmp/qemu")"
	fi
}

one() {	# MACHINE DEBIAN-ARCH SUITES QEMU-PACKAGE COMMAND CONSOLE
	machine=$1
	problem=$(scripts/need "$machine-linux-gnu-gcc:gcc-$(echo "$machine" | tr _ -)-linux-gnu" "/usr/$machine-linux-gnu/include/stdio.h:libc6-dev-$2-cross" "$5:$4" musl-gcc:musl-tools 2>&1) ||
		{ skip "$(echo "$problem" | head -n 1)" "$machine"; return; }
	# shellcheck disable=SC2086
	foreign "$2" $3 || { skip "no packages for it: $(cat "$tmp"/why.* | head -n 2 | tr '\n' ' ')" "$machine"; return; }
	diag "$machine: packages of Debian's $(cat "$there/ready")"
	# Debian 12's ld for riscv64 crashes on the musl of a newer Debian, and 12 has none of its own: there it is glibc.
	if [ "$machine" = riscv64 ]; then cc=''; else cc=$(compiler "$machine" "$2"); fi
	build "$machine" defconfig "$cc" || return
	build "$machine" container_defconfig "$cc"
	kernel=$(find "$there/boot" "$there/usr/lib/modules" "$there/usr/lib/linux"* -name 'vmlinu[xz]*' 2>/dev/null | head -n 1)
	[ "$kernel" ] || { skip "no kernel in its packages" "$machine boots"; return; }
	busybox=$(find "$there/bin" "$there/usr/bin" -name busybox -type f 2>/dev/null | head -n 1)
	image "$machine" "$busybox" "$cc" || { fail "$machine: an image"; return; }
	boots "$machine" "$kernel" "$5" -M virt $7 -append "console=$6 panic=-1 quiet"
}

for arch in ${ARCHS:-x86_64 aarch64 riscv64}; do
	case $arch in
	x86_64)
		build x86_64 defconfig '' && build x86_64 container_defconfig ''
		scripts/need qemu-system-x86_64:qemu-system-x86 >&2
		[ -e "$cache/busybox/bin/busybox" ] || scripts/unpack-deb "$cache/busybox" busybox-static
		image x86_64 "$cache/busybox/bin/busybox" ''
		boots x86_64 "$(scripts/kernel)/vmlinuz" qemu-system-x86_64 -M q35 -append 'console=ttyS0 panic=-1 quiet' ;;
	aarch64) one aarch64 arm64 bookworm qemu-system-arm qemu-system-aarch64 ttyAMA0 '-cpu cortex-a57' ;;
	riscv64) one riscv64 riscv64 'trixie forky sid' qemu-system-misc qemu-system-riscv64 ttyS0 '' ;;
	esac
done
diag "$(cat "$out/sizes.md")"
done_testing

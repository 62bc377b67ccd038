#!/bin/sh
# SPDX-License-Identifier: MIT
# vm.sh [OPTION...] INITRD|FOLDER [QEMU OPTION...] - boot an initrd in QEMU, its serial console on stdin and stdout
#
#   -m MB      memory (512)              -a WORDS  more for the kernel command line
#   -t SECONDS kill it after that (120; on a terminal never)
#   -d FILE    the virtio disk (an empty one of 64 MB, gone afterwards)
#   -n         none of the devices that are there by default: virtio NIC (user network), disk, rng
#   -p         only print kvm or tcg, whichever works here
#
# KVM is used only where it boots the kernel; ACCEL=tcg or kvm settles it without a probe. KERNEL: see scripts/kernel.
# Exit: QEMU's status (0 however the guest ended: its console tells), 124 after -t SECONDS.
set -eu

probe_seconds=5
top=$(cd "$(dirname "$0")/.." && pwd)
export CACHE="${CACHE:-$top/build/cache}"

usage() { sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

fail() {
	echo "vm: $*" >&2
	exit 1
}

# A /dev/kvm that opens may still hang or abort, so boot with it: with no root to mount the kernel panics and QEMU ends.
# Polled, never waited for: a process stuck inside the kernel's KVM code cannot even be killed.
kvm_boots() {
	[ -w /dev/kvm ] || return 1
	seen=$(mktemp)
	timeout -k 1 "$probe_seconds" qemu-system-x86_64 -M q35 -accel kvm -m 256 -display none -no-reboot -nodefaults \
		-serial stdio -kernel "$kernel/vmlinuz" -append 'console=ttyS0 panic=-1' </dev/null >"$seen" 2>/dev/null &
	pid=$! left=$(((probe_seconds + 2) * 5))
	while [ $left -gt 0 ] && kill -0 $pid 2>/dev/null && ! grep -q 'Kernel panic' "$seen"; do
		sleep 0.2
		left=$((left - 1))
	done
	kill $pid 2>/dev/null || :
	works=1
	if grep -q 'Kernel panic' "$seen"; then works=0; fi
	rm -f "$seen"
	return $works
}

# The probe's answer holds until this machine boots again.
accelerator() {
	if [ "${ACCEL:-}" ]; then echo "$ACCEL"; return; fi
	boot=$(cat /proc/sys/kernel/random/boot_id)
	answer=$(sed -n "s/^$boot //p" "$CACHE/accel" 2>/dev/null) || :
	if [ ! "$answer" ]; then
		if kvm_boots; then answer=kvm; else answer=tcg; fi
		echo "$boot $answer" >"$CACHE/accel.$$"
		mv "$CACHE/accel.$$" "$CACHE/accel"
	fi
	echo "$answer"
}

memory=512 append='' seconds='' disk='' devices=y probe=''
while getopts m:a:t:d:np option; do
	case $option in
	m) memory=$OPTARG ;;
	a) append=$OPTARG ;;
	t) seconds=$OPTARG ;;
	d) disk=$OPTARG ;;
	n) devices='' ;;
	p) probe=y ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))

"$top/scripts/need" qemu-system-x86_64:qemu-system-x86 cpio:cpio
kernel=$("$top/scripts/kernel")
accel=$(accelerator)
if [ "$probe" ]; then echo "$accel"; exit; fi
[ $# -ge 1 ] || usage
initrd=$1; shift

# Temporary files are opened and unlinked: nothing is left behind, however QEMU ends.
if [ -d "$initrd" ]; then
	file=$(mktemp)
	exec 8<>"$file"
	rm "$file"
	"$top/scripts/cpio.sh" "$initrd" >&8
	initrd=/dev/fd/8
fi
[ -e "$initrd" ] || fail "no $initrd"
if [ "$devices" ]; then
	if [ ! "$disk" ]; then
		file=$(mktemp)
		truncate -s 64M "$file"
		exec 9<>"$file"
		rm "$file"
		disk=/dev/fd/9
	fi
	set -- -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= \
		-drive "if=none,id=disk,format=raw,file=$disk" -device virtio-blk-pci,drive=disk \
		-device virtio-rng-pci "$@"
fi
if [ "$accel" = kvm ]; then set -- -cpu host "$@"; fi
serial=stdio
if [ -t 0 ]; then
	serial=mon:stdio	# Ctrl-A x leaves; Ctrl-C goes to the guest
	seconds=${seconds:-0}
fi

# --foreground: the terminal stays ours, and QEMU is timeout's only child anyway
exec timeout --foreground -k 2 "${seconds:-120}" qemu-system-x86_64 -M q35 -accel "$accel" -m "$memory" \
	-display none -no-reboot -nodefaults -serial "$serial" -kernel "$kernel/vmlinuz" -initrd "$initrd" \
	-append "console=ttyS0 panic=-1 quiet $append" "$@"

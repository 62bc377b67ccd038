#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh - what "make run" calls: an image with initbox, booted in QEMU with a virtio NIC, disk and rng
#
# On a terminal: a shell on the serial console. Otherwise: boot, print the console with rc.init's boot report, wait for
# the shell, power off by it; exit 0 if all that happened within $RUN_TIMEOUT seconds (180), else 1.
# Environment: MAKE, O, CACHE, KERNEL, ACCEL, MEMORY (MB), APPEND (kernel command line).
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
export CACHE="${CACHE:-$top/build/cache}"
seconds=${RUN_TIMEOUT:-180}
out=$(cd "$top" && mkdir -p "${O:-.}/build/run" && cd "${O:-.}/build/run" && pwd)

vm() { "$top/scripts/vm.sh" -m "${MEMORY:-512}" -a "${APPEND:-}" "$@"; }

"$top/scripts/need" qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod
"$top/scripts/image.sh" "$out"

if [ -t 0 ]; then
	echo "run: initbox in QEMU ($("$top/scripts/vm.sh" -p)). To leave: poweroff, or Ctrl-A x" >&2
	vm "$out/initrd"
	exit
fi

## Without a terminal

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
console=$work/console

# What the console says goes through as it comes, less its carriage returns.
show() {
	if command -v stdbuf >/dev/null; then stdbuf -o0 tr -d '\r'; else cat; fi
}

said() { grep -aq "$1" "$console"; }

running() { [ ! -e "$work/ended" ]; }

fail() {
	echo "run: $*" >&2
	exit 1
}

mkfifo "$work/keyboard"
: >"$console"
exec 3<>"$work/keyboard"
echo "run: booting ($("$top/scripts/vm.sh" -p))" >&2
{ vm -t "$seconds" "$out/initrd" <&3 3>&- || echo "$?" >"$work/status"; echo >"$work/ended"; } | tee "$console" | show &

# The shell comes after rc.init's report, if there is one: its prompt means that the boot is over.
until said '^initbox:.*# '; do
	running || break
	sleep 0.2
done
if running; then echo poweroff >&3; fi
wait

# The prompt's line may be the last one: begin a new one.
echo
if said 'Kernel panic'; then fail "the kernel panicked"; fi
if [ "$(cat "$work/status" 2>/dev/null)" = 124 ]; then fail "no shell or no power-off within $seconds s"; fi
said '^rc.init: boot ' || fail "the boot went without rc.init's boot report"
said 'reboot: Power down' || fail "the guest ended, but not by power-off"
[ ! -e "$work/status" ] || fail "QEMU ended with status $(cat "$work/status")"
echo "run: booted and powered off" >&2

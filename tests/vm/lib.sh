# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# vm/lib.sh - tests that boot a virtual machine; a test sources it from the repository's root and adds to tests/tap.sh's:
#
#   machine [busybox]       begin a guest: initbox's image, or a bare busybox whose /init only runs the guest script;
#                           its tree is $root, free to be changed until boot
#   with_kernel FLAVOUR     use another of scripts/kernel's from here on; fails where it cannot be had (see $tmp/why)
#   modules NAME...|none    give the guest these modules and what they need (default: all; each boot is 2 s faster without)
#   put PATH [MODE]         a file of the guest, from stdin
#   guest                   the script that checks things inside the guest, from stdin; powers off when it ends
#   boot [OPTION...]        start it and wait; options as scripts/vm.sh's: -m MB, -a APPEND, -t SECONDS (60), -n, -- QEMU's;
#                           what comes from the other end of the console's line is in the file $input, if that is set
#
#   console_has ERE TEXT    console_lacks ERE TEXT     did the serial console show that?
#   ended HOW TEXT          poweroff, reboot, panic, timeout or died
#   ended_within SECONDS TEXT                          from QEMU's start to its end
#
# In the guest script: ok TEXT COMMAND..., is GOT WANTED TEXT, like, unlike, pass, fail, skip, diag as in tap.sh;
# disk SERIAL is that virtio disk's device, for they are found in any order.
# Its results come over the second serial port, where no kernel message disturbs them; here they are numbered among the
# host's. A guest script that does not reach its end is a failure, and after any failure the console follows as comments.
#
# Environment: INITBOX (the binary under test; O/initbox), IMAGE (a folder made by scripts/image.sh; made here if not
# set), O, MAKE, CACHE, KERNEL, ACCEL.

# shellcheck source=tests/tap.sh
. tests/tap.sh
tmpdir
tmp=${tmp:?} machines=0

vm_ready=$(scripts/need qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod 2>&1) || skip_all "no QEMU: $vm_ready"
kernel=$(scripts/kernel 2>"$tmp/why") || skip_all "no kernel: $(tail -n 1 "$tmp/why")"

## Describing a guest

bare_tree() {
	if [ ! -e "${CACHE:-build/cache}/busybox/bin/busybox" ]; then
		scripts/unpack-deb "${CACHE:-build/cache}/busybox" busybox-static || return
	fi
	mkdir -p "$root/bin" "$root/sbin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/etc"
	cp "${CACHE:-build/cache}/busybox/bin/busybox" "$root/bin/busybox"
	for name in $("$root/bin/busybox" --list); do
		[ "$name" = busybox ] || ln -s busybox "$root/bin/$name"
	done
	put /init 755 <<-'END'
	#!/bin/sh
	mount -t devtmpfs dev /dev
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	[ ! -e /test/run ] || sh /test/run
	poweroff -f
	sleep 60
	END
}

# Tests that run at once share one image: the first makes it, the others wait for it.
shared_image() {
	IMAGE=${O:-.}/build/image
	mkdir -p "$IMAGE"
	exec 6>"$IMAGE/lock"
	if command -v flock >/dev/null; then flock 6; fi
	if newer "$IMAGE/initrd" "$INITBOX" && newer "$IMAGE/initrd" scripts/image.sh; then return; fi
	image_log=$(scripts/image.sh "$IMAGE" 6>&- 2>&1) || { diag "$image_log"; return 1; }
}

newer() { [ -e "$1" ] && [ ! "$(find "$2" -newer "$1" 2>&1)" ]; }

image_tree() {
	INITBOX=${INITBOX:-${O:-.}/initbox}
	if [ ! "${IMAGE:-}" ]; then shared_image || return; fi
	cp -a "$IMAGE/root" "$root" || return
	exec 6>&-
	cp "$INITBOX" "$root/bin/initbox"
}

machine() {
	at_end
	machines=$((machines + 1)) failures_before=${failures:?} scripted='' booted=''
	vm=$tmp/$machines root=$tmp/$machines/root module_set=all
	mkdir -p "$vm"
	if [ "${1:-}" = busybox ]; then bare_tree; else image_tree; fi || { diag "no tree for the guest"; exit 1; }
}

modules() { module_set=$*; }

with_kernel() {
	export KERNEL_FLAVOUR="$1"
	kernel=$(scripts/kernel 2>"$tmp/why")
}

put() {
	mkdir -p "$root$(dirname "$1")"
	rm -f "$root$1"
	cat >"$root$1"
	chmod "${2:-644}" "$root$1"
}

# The guest's side of TAP: no numbers, on a serial port of its own, which stays open to the end.
guest() {
	scripted=y
	put /test/script
	put /test/tap.sh <tests/tap.sh
	guest_claims
	put /test/run 755 <<-'END'
	#!/bin/sh
	[ -c /dev/ttyS1 ] || mknod /dev/ttyS1 c 4 65
	exec 3>/dev/ttyS1
	. /test/tap.sh
	. /test/claims.sh
	diag() { printf '%s\n' "$*" | sed 's/^/# /' >&3; }
	cd /
	(. /test/script; echo end >&3)
	exec 3>&-
	poweroff
	END
	[ ! -e "$root/etc/inittab" ] || guest_inittab
}

# What a claim says over the serial port.
guest_claims() {
	put /test/claims.sh <<-'END'
	pass() { echo "ok - $1" >&3; }
	fail() { echo "not ok - $1" >&3; [ $# -lt 2 ] || diag "$2" >&3; }
	skip() { echo "ok - $2 # SKIP $1" >&3; }
	disk() { for d in /sys/block/vd*; do [ "$(cat "$d/serial")" != "$1" ] || echo "/dev/${d##*/}"; done; }
	END
}

# In initbox's image the script takes the place of the shell. A test may put an inittab of its own afterwards.
guest_inittab() {
	sed '/:respawn:/d; /:askfirst:/d' "$root/etc/inittab" >"$vm/inittab"
	echo '::once:/bin/sh /test/run' >>"$vm/inittab"
	put /etc/inittab <"$vm/inittab"
}

# The chosen modules with their dependencies, and indexes that know these only.
some_modules() {
	version=$(cat "$kernel/version")
	from=$kernel/root/lib/modules/$version to=$root/lib/modules/$version
	mkdir -p "$to"
	cp "$from"/modules.order "$from"/modules.builtin* "$to"
	for module_name in $module_set; do
		PATH=$PATH:/sbin:/usr/sbin modprobe -C /dev/null -d "$kernel/root" -S "$version" --show-depends "$module_name" ||
			{ diag "no module $module_name"; return 1; }
	done | sed -n "s|^insmod .*/lib/modules/$version/\([^ ]*\).*|\1|p" | sort -u >"$vm/modules"
	while read -r file; do
		mkdir -p "$to/${file%/*}"
		cp "$from/$file" "$to/$file"
	done <"$vm/modules"
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$root" "$version"
}

## Booting it

# pack - the guest described so far as one initrd
pack() {
	case $module_set in all | none | '') ;; *) some_modules || exit 1 ;; esac
	scripts/cpio.sh "$root" >"$vm/initrd" || exit 1
	[ "$module_set" != all ] || cat "$kernel/modules.cpio" >>"$vm/initrd"
}

# start SECONDS [OPTION...] - a machine with what was packed, for so long if -t does not say otherwise; waits for its end
start() {
	options='' append='' deadline=$1; shift
	while [ $# -gt 0 ]; do
		case $1 in
		-a) append=$2; shift ;;
		-t) deadline=$2; shift ;;
		-m) options="$options -m $2"; shift ;;
		-n) options="$options -n" ;;
		--) shift; break ;;
		*) diag "boot: what is $1?"; exit 1 ;;
		esac
		shift
	done
	: >"$vm/results.raw"
	vm_started=$(date +%s)
	# shellcheck disable=SC2086 # words
	scripts/vm.sh $options -t "$deadline" -a "$append" "$vm/initrd" -serial "file:$vm/results.raw" "$@" \
		<"${input:-/dev/null}" >"$vm/console.raw" 2>"$vm/qemu" && vm_status=0 || vm_status=$?
	vm_seconds=$(($(date +%s) - vm_started))
	tr -d '\r' <"$vm/console.raw" >"$vm/console"
	tr -d '\r' <"$vm/results.raw" >"$vm/results"
}

boot() {
	pack
	start 60 "$@"
	rm "$vm/initrd"
	booted=y
	[ ! "$scripted" ] || guest_results
}

# The guest's lines become ours, with our numbers; what is no such line is a comment.
guest_results() {
	finished=''
	while IFS= read -r line; do
		case $line in
		'ok - '*' # SKIP '*) text=${line#ok - }; skip "${text##* # SKIP }" "${text%% # SKIP *}" ;;
		'ok - '*) pass "${line#ok - }" ;;
		'not ok - '*) fail "${line#not ok - }" ;;
		end) finished=y ;;
		'#'*) echo "$line" ;;
		*) diag "$line" ;;
		esac
	done <"$vm/results"
	if [ "$finished" ]; then
		pass "the guest script reached its end"
	else
		fail "the guest script reached its end" "it did not; the machine: $(how_ended), $vm_seconds s"
	fi
}

how_ended() {
	if grep -aq 'Kernel panic' "$vm/console"; then echo panic
	elif [ "$vm_status" = 124 ] || [ "$vm_status" = 137 ]; then echo timeout
	elif [ "$vm_status" != 0 ]; then echo died
	elif grep -aq 'reboot: Power down' "$vm/console"; then echo poweroff
	elif grep -aq 'reboot: Restarting system' "$vm/console"; then echo reboot
	else echo died
	fi
}

## Looking at it from outside

console_has() {
	if grep -aEqe "$1" "$vm/console"; then pass "$2"; else fail "$2" "the console does not show /$1/"; fi
}

console_lacks() {
	if grep -aEqe "$1" "$vm/console"; then
		fail "$2" "the console shows: $(grep -aEe "$1" "$vm/console" | head -n 3)"
	else
		pass "$2"
	fi
}

ended() { is "$(how_ended)" "$1" "$2"; }

ended_within() {
	if [ "$vm_seconds" -le "$1" ]; then pass "$2"; else fail "$2" "took $vm_seconds s, more than $1"; fi
}

# After a guest with failures: what it and QEMU said.
at_end() {
	if [ "$machines" = 0 ] || [ ! "$booted" ] || [ "$failures" = "$failures_before" ]; then return; fi
	diag "--- console of guest $machines ---"
	sed 's/^/# | /' "$vm/console"
	[ ! -s "$vm/qemu" ] || sed 's/^/# QEMU: /' "$vm/qemu"
	diag "--- end of console ---"
}

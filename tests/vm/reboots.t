#!/bin/sh
# SPDX-License-Identifier: MIT
# reboots.t - one machine that restarts again and again: no journal ever needs recovery; the same with each call of every
# program failing in turn, from /init to reboot(2): the boot ends at a shell, the shutdown at the next boot
#
# Environment: REBOOTS (2): how many; FAULTS (two): "1-150" or numbers, INITBOX_FAULT of one boot after another.
# The long runs: REBOOTS=100 FAULTS=1-150 make check TESTS=tests/vm/reboots.t
. tests/vm/lib.sh
needed=$(scripts/need mkfs.ext4:e2fsprogs 2>&1) || skip_all "$needed"
PATH=$PATH:/sbin:/usr/sbin
REBOOTS=${REBOOTS:-2} FAULTS=${FAULTS:-15 33}
case $FAULTS in *-*) FAULTS=$(seq "${FAULTS%-*}" "${FAULTS#*-}" | tr '\n' ' ') ;; esac

# The list of faults is on a disk: PID 1 takes its first number, the last program of a boot removes it. An empty list is
# the end. vda has the journal that must stay clean.
again() {	# TEXT NUMBERS
	truncate -s 32M "$tmp/data"
	truncate -s 64k "$tmp/list"
	mkfs.ext4 -q -F "$tmp/data"
	printf '%s\n' $2 | dd of="$tmp/list" conv=notrunc 2>/dev/null
	machine
	modules virtio_pci virtio_blk ext4
	put /first 755 <<-'END'
	#!/bin/sh
	mount -t proc proc /proc
	mount -t devtmpfs dev /dev
	modprobe -a virtio_pci virtio_blk
	read n rest </dev/vdb
	umount /dev /proc
	case $n in fault*) export INITBOX_FAULT=${n#fault} ;; esac
	exec -a /init /bin/initbox
	END
	guest <<-'END'
	[ -b /dev/vda ] || mount -t devtmpfs dev /dev	# what did it may have failed
	modprobe -a virtio_pci virtio_blk ext4
	list=$(tr -d '\0' </dev/vdb)
	set -- $list
	mkdir -p /tmp/data
	mount -t ext4 /dev/vda /tmp/data || fail "$1: no disk"
	if dmesg | grep -E 'EXT4-fs.*(recover|error|warning)' >/tmp/found; then fail "before $1: $(cat /tmp/found)"; fi
	if [ $# = 0 ]; then
		is "$(wc -l </tmp/data/done)" "$(cat /test/count)" "as many boots as there were to be"
		return
	fi
	echo "$1" >>/tmp/data/done
	shift
	printf '%s\n' "$@" | dd of=/dev/vdb bs=64k conv=sync 2>/dev/null
	for i in 1 2; do
		(cd /tmp/data; while :; do echo x >>busy.$i; rm -f gone.$i; : >gone.$i; done) &
	done
	usleep 100000
	env -u INITBOX_FAULT /sbin/reboot
	sleep 100
	/bin/busybox reboot -f
	END
	set -- "$1" $2
	echo $(($# - 1)) | put /test/count
	grep -v '^::once' "$root/etc/inittab" >"$vm/inittab"
	echo 'ttyS0::respawn:/bin/sh /test/run' >>"$vm/inittab"
	put /etc/inittab <"$vm/inittab"
	boot -n -t $((60 + $# * 40)) -a rdinit=/first -- -action reboot=reset \
		-drive "if=none,id=data,format=raw,file=$tmp/data" -device virtio-blk-pci,drive=data \
		-drive "if=none,id=list,format=raw,file=$tmp/list" -device virtio-blk-pci,drive=list
	ended poweroff "$1, $(($# - 1)) boots: and then it powers off"
	ok "$1: the file system is clean" e2fsck -fn "$tmp/data"
	diag "$1: $(($# - 1)) boots in $vm_seconds s"
}

again restarting "$(seq "$REBOOTS")"
# shellcheck disable=SC2086 # words
again "every call fails once" "$(printf 'fault%s\n' $FAULTS)"
done_testing

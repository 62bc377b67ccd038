#!/bin/sh
# SPDX-License-Identifier: MIT
# rc.shutdown.sh - an idle machine is switched off: init with rc.shutdown against busybox init; and rc.shutdown's own work
#
# By the guest's clock, from the command to the kernel's "Power down": a nanosecond an instruction, and time that is slept
# away counts in full.
. tests/bench/lib.sh
with_vm
unset CC	# the image is built as ever

# LEVEL 1, so that the kernel prints it, with its time to the microsecond.
mark='echo "<1>bench: now" >/dev/kmsg'
seconds() {
	from=$(sed -n 's/^\[ *\([0-9.]*\)\] bench: now.*/\1/p' "$vm/console")
	to=$(sed -n 's/^\[ *\([0-9.]*\)\] reboot: Power down.*/\1/p' "$vm/console")
	[ "$from" ] && [ "$to" ] || { fail "$1 powers off" "$(tail -n 5 "$vm/console")"; return 1; }
	result 'idle power-off' "$1" "$(echo "$from $to" | awk '{ printf "%d", ($2 - $1) * 1e9 }')" ns
}

machine
modules none
guest <<END
. /test/measure.sh
compare -n 5 -t 600 'idle rc.shutdown noop' initbox '/bin/rc.shutdown noop'
$mark
END
icount_boot -n -m 256 -t 300
seconds initbox

machine busybox
modules none
put /init 755 <<'END'
#!/bin/sh
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
exec /bin/busybox init
END
put /etc/inittab <<'END'
::once:/bin/sh /test/run
::shutdown:/bin/umount -a -r
::shutdown:/sbin/swapoff -a
END
guest <<END
$mark
END
echo '::once:/bin/sh /test/run' >"$vm/once"
grep -q once "$root/etc/inittab" || put /etc/inittab <"$vm/once"
icount_boot -n -m 256 -t 300
seconds 'busybox init'
limit 'idle power-off' 100000000
target 'idle power-off' 'busybox init' 0.1
finish

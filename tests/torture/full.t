#!/bin/sh
# SPDX-License-Identifier: MIT
# full.t - a console that nobody reads while services write to it without end, and every writable file system full
. tests/torture/lib.sh
machine
modules none
cat >"$tmp/inittab" <<'END'
::sysinit:/bin/rc.init
::respawn:/bin/yes a line for a console that nobody reads
::respawn:/bin/sleep 100001
::once:/bin/sh /test/run
::shutdown:/bin/rc.shutdown noop
END
guest <<'END'
alive() { ps | grep -c '[s]leep 100001'; }
comes_back() {
	kill -9 $(pidof sleep)
	left=50
	while [ $left -gt 0 ]; do
		[ "$(alive)" = 1 ] && return
		usleep 100000; left=$((left - 1))
	done
	return 1
}
ok "a killed service comes back while the console is full" comes_back
for folder in /tmp /run /var /dev/shm; do
	mount -o remount,size=4m $folder	# all of them as they are would be more than the memory
	dd if=/dev/zero of=$folder/fill bs=64k 2>/dev/null
done
ok "/run is full" sh -c '! echo more >/run/more 2>/dev/null'
usleep 2000000
ok "and while nothing can be written" comes_back
is "$(cat /proc/1/comm)" init "PID 1 is init"
END
put /etc/inittab <"$tmp/inittab"
pack
# With panic=0 a machine that panics does not end.
# The console's reader takes nothing: QEMU's serial port stays full until the machine is gone.
mkfifo "$tmp/console"
exec 5<>"$tmp/console"
: >"$vm/results.raw"
started=$(date +%s)
scripts/vm.sh -n -m 256 -t 180 -a panic=0 "$vm/initrd" -serial "file:$vm/results.raw" </dev/null >"$tmp/console" 2>"$vm/qemu" && status=0 || status=$?
took=$(($(date +%s) - started))
tr -d '\r' <"$vm/results.raw" >"$vm/results"
scripted=y vm_status=$status vm_seconds=$took
: >"$vm/console"
guest_results
is "$status" 0 "the machine powers off with its console full and its file systems too"
row seconds "$took" status "$status"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# memory.t - boots with less and less memory, and a running machine whose memory is eaten: PID 1 never dies of it
. tests/torture/lib.sh

machine
modules none
guest <<'END'
is "$(cat /proc/1/comm)" init "PID 1 is init"
END
pack
row MB ended script note
bad='' least=''
for size in ${SIZES:-256 128 112 96 88 80 76 72 68 64 60 56 52 48 44 40}; do
	run -n -m "$size" -t 60 -a 'loglevel=7'
	how=$(how_ended) note=''
	if ! grep -aq 'Run /init as init process' "$vm/console"; then
		note="the kernel itself did not get to /init"
	elif grep -aq 'System is deadlocked on memory' "$vm/console"; then
		note="nothing left that the kernel could end but PID 1"
	elif [ "$how" = poweroff ]; then
		least=$size
		[ "$done" ] || note="the kernel ended the guest's script"
	else
		bad="$bad $size"
		diag "$(tail -n 15 "$vm/console")"
	fi
	row "$size" "$how" "${done:-no}" "$note"
done
is "$bad" '' "whatever memory a kernel starts with, PID 1 lives and the machine powers off"
ok "the least with which all works ($least MB) is known" test "$least"

machine
modules none
put /etc/inittab <<'END'
::sysinit:/bin/rc.init
::respawn:/bin/sleep 100000
::respawn:/bin/sleep 100001
::once:/bin/sh /test/run
::shutdown:/bin/rc.shutdown noop
END
cp "$root/etc/inittab" "$tmp/inittab"
guest <<'END'
echo -900 >/proc/$$/oom_score_adj
alive() { ps | grep -c '[s]leep 10000[01]'; }
is "$(alive)" 2 "two services run"
for round in 1 2 3; do
	for hog in 1 2 3; do (echo 1000 >/proc/self/oom_score_adj; exec tail /dev/zero) & done
	wait
	is "$(cat /proc/1/comm)" init "round $round: PID 1 lives"
done
ok "the kernel did end what ate the memory" sh -c 'dmesg | grep -qi "out of memory: killed process"'
# Memory that nobody can be killed for: files.
# Each tmpfs may take half of the memory, so all of them at once
# would leave the kernel nothing but PID 1 to end: 12 MB stay free.
available() { sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo; }
i=0
while [ "$(available)" -gt 12000 ] && [ $i -lt 400 ]; do
	i=$((i + 1))
	head -c 1000000 /dev/zero >/tmp/fill$i 2>/dev/null || head -c 1000000 /dev/zero >/dev/shm/fill$i
done
ok "$(available) kB are left" test "$(available)" -lt 16000
kill -9 $(pidof sleep)
left=100
while [ $left -gt 0 ] && [ "$(alive)" -lt 2 ]; do sleep 0.1; left=$((left - 1)); done
is "$(alive)" 2 "with so little left both services come back"
END
put /etc/inittab <"$tmp/inittab"
boot -n -m 128 -t 120
ended poweroff "and the machine powers off"
console_lacks 'Kernel panic' "without a panic"
done_testing

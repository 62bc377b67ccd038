#!/bin/sh
# SPDX-License-Identifier: MIT
# clock.t - the wall clock jumps by decades, forth and back, while services end and start and while the machine powers off
. tests/torture/lib.sh
machine
modules none
cat >"$tmp/inittab" <<'END'
::sysinit:/bin/rc.init
::respawn:/bin/sleep 100001
::respawn:/bin/sleep 0.3
::once:/bin/sh /test/run
::shutdown:/bin/sh -c 'date -s 1975-01-01; rc.shutdown --timeout=3 noop & sleep 0.2; date -s 2037-01-01; wait'
END
guest <<'END'
alive() { ps | grep -c '[s]leep 100001'; }
jumps=0
for round in 1 2 3 4 5 6; do
	for year in 2037 1971 2030 2000; do
		date -s $year-06-01 >/dev/null
		jumps=$((jumps + 1))
		kill -9 $(pgrep -f 'sleep 100001')
		left=150
		while [ $left -gt 0 ] && [ "$(alive)" -lt 1 ]; do usleep 100000; left=$((left - 1)); done
		ok "jump $jumps, to $year: a service is back" test "$(alive)" -ge 1
	done
done
(trap '' TERM; exec sleep 100009) &
END
put /etc/inittab <"$tmp/inittab"
boot -n -t 240
ended poweroff "the machine powers off"
row jumps 24 seconds "$vm_seconds"
done_testing

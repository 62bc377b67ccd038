#!/bin/sh
# SPDX-License-Identifier: MIT
# fault-boots.t - whole boots and power-offs in which the Nth call of each process fails, N from 1 to FAULTS (the longest's calls)
#
# The kernel hands INITBOX_FAULT to PID 1, and that to all it starts: copyroot's, init's, rc.init's, mdev-lite's and
# rc.shutdown's Nth calls fail in one boot. It has to end by power-off: by the guest's script, or by ours through a shell.
. tests/torture/lib.sh
machine
modules none
guest <<'END'
like "$(cat /proc/1/comm)" init "PID 1 is init"
# Where poweroff's own call is the one that fails, it says so; the signal can be sent by anyone.
(sleep 10; kill -USR2 1) 3>&- &
END
pack
run -n
is "$done$(how_ended)" ypoweroff "without a fault it boots and powers off" || exit 1
FAULTS=${FAULTS:-120}
row N ended script seconds said
n=0 bad=''
while [ $n -lt "$FAULTS" ]; do
	n=$((n + 1))
	run -n -t 60 -a "INITBOX_FAULT=$n"
	how=$(how_ended)
	said=$(grep -aE 'I/O error|Input/output error' "$vm/console" | tr '\n' ';' | cut -c 1-200)
	row "$n" "$how" "${done:-no}" "$vm_seconds" "$said"
	if [ "$how" != poweroff ] || [ ! "$done" ]; then
		bad="$bad $n"
		diag "$(tail -n 12 "$vm/console")"
	fi
	[ "$said" ] || quiet=$((${quiet:-0} + 1))
done
is "$bad" '' "each of $n boots ends by power-off, the guest's script having run"
done_testing

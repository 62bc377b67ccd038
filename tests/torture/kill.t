#!/bin/sh
# SPDX-License-Identifier: MIT
# kill.t - SIGKILL and SIGSTOP at random for TORTURE_SECONDS (60): services come back, no zombie stays, and power-off works
. tests/torture/lib.sh
machine
modules none
put /test/seconds <<END
$(seconds 60)
END
put /bin/noisy 755 <<'END'
#!/bin/sh
# makes orphans that end at once
while :; do (sh -c 'sleep 0.05 &' &); sleep 0.1; done
END
guest <<'END'
END
cat >"$tmp/inittab" <<'END'
::sysinit:/bin/rc.init
::respawn:/bin/sleep 100001
::respawn:/bin/sleep 100002
::respawn:/bin/sleep 100003
::respawn:/bin/noisy
::once:/bin/sh /test/run
::shutdown:/bin/rc.shutdown noop
END
guest <<'END'
end=$(($(date +%s) + $(cat /test/seconds))) killed=0 stopped=0
seed=4711
while [ "$(date +%s)" -lt $end ]; do
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		# Not PID 1, not this script and its child, not the kernel's own.
		[ "$pid" = 1 ] || [ "$pid" = $$ ] || [ ! -s $dir/cmdline ] && [ ! "$(cat $dir/cmdline 2>/dev/null)" ] && continue
		case $(tr '\0' ' ' <$dir/cmdline 2>/dev/null) in '' | *init* | */test/run*) continue ;; esac
		seed=$(((seed * 1103515245 + 12345) % 2147483648))
		case $((seed / 65536 % 8)) in
		0) kill -9 $pid 2>/dev/null && killed=$((killed + 1)) ;;
		1) kill -STOP $pid 2>/dev/null && stopped=$((stopped + 1)) ;;
		2) kill -CONT $pid 2>/dev/null ;;
		esac
	done
	sleep 0.5
	kill -0 1 || fail "PID 1 is gone"
done
diag "killed $killed, stopped $stopped"
ok "processes were killed and stopped" test $killed -gt 0 -a $stopped -gt 0
is "$(cat /proc/1/comm)" init "PID 1 is init"
# A stopped service is no dead one: end it, so that it comes back.
kill -9 $(pidof sleep) 2>/dev/null
left=600
services() { for n in 1 2 3; do ps | grep -q "[s]leep 10000$n" && echo $n; done | wc -l; }
while [ $left -gt 0 ] && [ "$(services)" -lt 3 ]; do sleep 0.1; left=$((left - 1)); done
is "$(services)" 3 "all three services are back"
zombies() { ps -o stat,ppid 2>/dev/null | awk '$1 ~ /^Z/ && $2 == 1' | wc -l; }
sleep 1
is "$(zombies)" 0 "no child of PID 1 is left a zombie"
for pid in $(pidof sleep noisy); do kill -STOP $pid; done
END
put /etc/inittab <"$tmp/inittab"
boot -n -t $(($(seconds 60) + 180))
ended poweroff "with everything stopped it powers off"
console_lacks 'Kernel panic' "without a panic"
row seconds "$(seconds 60)" "$(grep '^# killed' "$vm/results")"
done_testing

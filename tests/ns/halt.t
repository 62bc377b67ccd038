#!/bin/sh
# SPDX-License-Identifier: MIT
# halt.t - halt, poweroff and reboot: which signal, which call, in a namespace where both are harmless
. tests/tap.sh
tmpdir
for name in halt poweroff reboot; do ln -s "$INITBOX" "$tmp/$name"; done
plan_of() { "$tmp/$1" --dry-run $2; }

is "$(plan_of halt)" "kill -10 1" "halt sends USR1"
is "$(plan_of poweroff)" "kill -12 1" "poweroff sends USR2"
is "$(plan_of reboot)" "kill -15 1" "reboot sends TERM"
is "$(plan_of halt -p)" "kill -12 1" "halt -p is poweroff"
is "$(plan_of halt -f)" "sync
halt -f" "halt -f"
is "$(plan_of poweroff -nf)" "poweroff -f" "poweroff -n -f does not sync"
is "$(plan_of reboot '--force --no-sync')" "reboot -f" "reboot by long options"
is "$(plan_of reboot -w)" "" "-w does nothing"
is "$(plan_of reboot '-d 0')" "kill -15 1" "-d takes seconds"
for bad in '-d x' '-d' '-d -1' now -x --what; do
	"$tmp/poweroff" --dry-run $bad >"$tmp/out" 2>"$tmp/error" && code=0 || code=$?
	is "$code $(wc -l <"$tmp/error") $(cat "$tmp/out")" "2 1 " "poweroff $bad: usage, in one line, and nothing is done"
done

if [ "$(id -u)" != 0 ]; then
	done_testing
elif ! unshare -mpf --kill-child true 2>/dev/null; then
	skip "no namespaces here" "in a namespace"
	done_testing
fi
# PID 1 there is this shell. A trap makes a signal visible.
cat >"$tmp/pid1" <<'END'
[ $$ = 1 ] && mount -t proc proc /proc || exit 99
trap 'echo told; exit 0' USR1 USR2 TERM
[ "$2" = -f ] && exec 2>&1
$1 $2 &
wait $! || { echo "exit $?"; exit 1; }
sleep 2 &
wait
END
signalled() { timeout -k 1 20 unshare -mpf --kill-child=KILL sh "$tmp/pid1" "$tmp/$1" "${2:-}" 2>&1; }
for name in halt poweroff reboot; do
	is "$(signalled $name)" told "$name: PID 1 gets it"
done
for row in 'halt 130' 'poweroff 130' 'reboot 129'; do
	set -- $row
	signalled "$1" -f >/dev/null && code=0 || code=$?
	is "$code" "$2" "$1 -f: the kernel does it"
done
started=$(date +%s)
is "$(signalled poweroff -d1)" told "-d: told after a while"
ok "of a second" test $(($(date +%s) - started)) -ge 1

if setpriv --reuid 54321 --regid 54321 --clear-groups true 2>/dev/null; then
	chmod 755 "$tmp"
	cp "$INITBOX" "$tmp/initbox" && rm "$tmp/poweroff" && ln -s initbox "$tmp/poweroff"
	cat >"$tmp/user" <<-'END'
	[ $$ = 1 ] && mount -t proc proc /proc || exit 99
	setpriv --reuid 54321 --regid 54321 --clear-groups "$1" $2
	echo "exit $?"
	END
	for option in '' -f; do
		text=$(timeout -k 1 20 unshare -mpf --kill-child=KILL sh "$tmp/user" "$tmp/poweroff" $option 2>&1)
		like "$text" '^poweroff: .*Operation not permitted' "a user who may not is told so ($option)"
		like "$text" '^exit 1' "exit code 1"
	done
fi
done_testing

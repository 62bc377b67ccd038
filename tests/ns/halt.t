#!/bin/sh
# SPDX-License-Identifier: MIT
# halt.t - halt, poweroff and reboot: which signal, which call, in a namespace where both are harmless
. tests/tap.sh
tmpdir
for name in halt poweroff reboot; do ln -s "$INITBOX" "$tmp/$name"; done
plan_of() { "$tmp/$1" --dry-run $2 2>&1 | grep -v '^: shutdown >>/var/log/wtmp$'; }	# which this machine may keep

is "$(plan_of halt)" "kill -10 1" "halt sends USR1"
is "$(plan_of poweroff)" "kill -12 1" "poweroff sends USR2"
is "$(plan_of reboot)" "kill -15 1" "reboot sends TERM"
is "$(plan_of halt -p)" "kill -12 1" "halt -p is poweroff"
is "$(plan_of halt -f)" "sync
halt -f" "halt -f"
is "$(plan_of poweroff -nf)" "poweroff -f" "poweroff -n -f does not sync"
is "$(plan_of reboot '--force --no-sync')" "reboot -f" "reboot by long options"
is "$(plan_of reboot -w)" "" "-w tells nobody"
is "$(plan_of reboot '-d 0')" "kill -15 1" "-d takes seconds"
for bad in '-d x' '-d' '-d -1' now -x --what; do
	"$tmp/poweroff" --dry-run $bad >"$tmp/out" 2>"$tmp/error" && code=0 || code=$?
	is "$code $(wc -l <"$tmp/error") $(cat "$tmp/out")" "2 1 " "poweroff $bad: usage, in one line, and nothing is done"
done

loaded=$(cat /sys/kernel/kexec_loaded 2>/dev/null) || loaded=0
if [ "$loaded" = 0 ]; then
	is "$(plan_of reboot kexec)" "reboot: kexec: no kernel is loaded" "reboot kexec: nothing, where no kernel is loaded"
	ok "exit code 1" sh -c '"$1" kexec >/dev/null 2>&1; [ $? = 1 ]' sh "$tmp/reboot"
fi
is "$(plan_of reboot 'kexec now')" "reboot: now: too many arguments (see reboot --help)" "reboot takes no other word"
is "$(plan_of halt kexec)" "halt: kexec: too many arguments (see halt --help)" "nor halt this one"

if [ "$(id -u)" != 0 ]; then
	done_testing
elif ! unshare -mpf --kill-child true 2>/dev/null; then
	skip "no namespaces here" "in a namespace"
	done_testing
fi
is "$(unshare -m sh -c 'mount -t tmpfs none /sys/kernel && echo 1 >/sys/kernel/kexec_loaded && "$1" --dry-run -nf kexec' sh "$tmp/reboot" \
	2>&1 | grep -v wtmp)" "kexec -e" "reboot -f kexec starts the kernel that is loaded"

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

# The record of a shutdown, as GNU libc has it, in a /var/log of its own.
wtmp() { unshare -m sh -c 'mount -t tmpfs log /var/log && { [ ! "$2" ] || : >/var/log/wtmp; } && "$1" $3; echo $?
	cat /var/log/wtmp 2>/dev/null' sh "$tmp/$1" "$2" "$3" >"$tmp/wtmp" 2>"$tmp/error"; }
wtmp halt y -w
is "$(head -n 1 "$tmp/wtmp")$(cat "$tmp/error")" 0 "-w, with a wtmp"
sed 1d "$tmp/wtmp" >"$tmp/record"
case $(uname -m) in
x86_64 | ppc64* | s390x | i?86) is "$(wc -c <"$tmp/record")" 384 "one record" ;;
aarch64 | riscv64) is "$(wc -c <"$tmp/record")" 400 "one record" ;;
esac
if command -v last >/dev/null; then
	like "$(last -x -f "$tmp/record")" "^shutdown +system down +$(uname -r | cut -c 1-8)" "which last(1) shows as a shutdown"
	like "$(last -x -F -f "$tmp/record")" "$(date +%Y)" "of now"
else
	skip "no last here" "which last(1) shows as a shutdown"
fi
wtmp halt '' -w
is "$(cat "$tmp/wtmp" "$tmp/error")" 0 "without a wtmp none is made"
is "$(unshare -m sh -c 'mount -t tmpfs log /var/log; mkdir /var/log/wtmp; "$1" -w; echo $?' sh "$tmp/halt" 2>&1)" \
	"halt: wtmp /var/log/wtmp: Is a directory
1" "one that cannot be written is one line"

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

#!/bin/sh
# SPDX-License-Identifier: MIT
# faults.t - each call of the door fails once, for every applet that changes the machine; a table of how many, and what came of it
#
# copyroot, rc.init, rc.shutdown and the sandbox are tried by their own tests (tests/ns), whose claims are taken over; init and
# mdev-lite here.
. tests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "needs root for its namespaces"
unshare -mpfiun --kill-child true 2>/dev/null || skip_all "no namespaces here"
scripts/need busybox:busybox-static >&2 || skip_all "no busybox"
tmpdir
table=$(mkdir -p "${O:-.}/build/torture" && cd "${O:-.}/build/torture" && pwd)/faults.tsv
: >"$table"
row() { (IFS='	'; printf '%s\n' "$*" >>"$table"; diag "$*"); }
row applet calls outcome

## init, as PID 1 of a namespace
mkdir -p "$tmp/root/bin" "$tmp/root/sbin" "$tmp/root/etc" "$tmp/root/dev" "$tmp/root/proc" "$tmp/root/out"
cp "$(command -v busybox)" "$tmp/root/bin/busybox"
for name in sh sleep echo true mount; do ln -s busybox "$tmp/root/bin/$name"; done
cp "$INITBOX" "$tmp/root/bin/initbox"
for name in init poweroff; do ln -s ../bin/initbox "$tmp/root/sbin/$name"; done
ln -s initbox "$tmp/root/bin/rc.shutdown"
cat >"$tmp/root/etc/inittab" <<'END'
::sysinit:/bin/sh -c 'echo sysinit >>/out/log'
::wait:/bin/sh -c 'echo wait >>/out/log'
::once:/bin/sh -c 'echo once >>/out/log; sleep 0.2; poweroff'
::respawn:/bin/sleep 1000
::shutdown:/bin/sh -c 'echo shutdown >>/out/log'
END

# init COUNT: 130 is the namespace's power-off (SIGINT). The calls of its children have numbers of their own and fail alike.
try_init() {
	rm -f "$tmp/root/out/log"
	# shellcheck disable=SC2016 # for the inner shell
	INITBOX_FAULT=$1 timeout -s KILL 30 unshare -mpfiun --kill-child sh -c '
		mount -t tmpfs dev "$0/dev" && mknod "$0/dev/null" c 1 3 && mknod "$0/dev/console" c 1 3 && mount -t proc proc "$0/proc" &&
		exec chroot "$0" /sbin/init' "$tmp/root" </dev/null >"$tmp/output" 2>&1
}
try_init 99999	# 0 would be each
is "$?" 130 "init ends by power-off where no call fails"
is "$(tr '\n' ' ' <"$tmp/root/out/log")" "sysinit wait once shutdown " "having run all of its entries"
n=0 bad='' quiet=0
while [ $quiet -lt 4 ] && [ $n -lt 200 ]; do	# some errors are allowed, and not said
	n=$((n + 1))
	try_init $n && code=0 || code=$?
	# Where the call was reboot(2) itself, PID 1 of a namespace takes it for a container's, and exits.
	if [ $code != 130 ] && ! { [ $code = 0 ] && grep -q 'powering off' "$tmp/output"; }; then
		bad="$bad $n"
		diag "init, call $n: exit code $code; $(tail -n 3 "$tmp/output")"
	fi
	if grep -Eq 'I/O error|Input/output error' "$tmp/output"; then quiet=0; else quiet=$((quiet + 1)); fi
done
is "$bad" '' "init: whichever of $((n - quiet)) calls fails, PID 1 goes on and the machine powers off"
row init $((n - quiet)) "power-off each time${bad:+, but for$bad}"

## mdev-lite against a made-up /sys
cat >"$tmp/mdev" <<'END'
r=$1; table=$2
mount -t tmpfs -o mode=755 test "$r" && mkdir "$r/dev" "$r/sys" "$r/etc" || exit 1
. tests/ns/sysfs.sh
device class/block pci/sda MAJOR=8 MINOR=0 DEVNAME=sda DEVTYPE=disk
device class/block pci/sda1 MAJOR=8 MINOR=1 DEVNAME=sda1 DEVTYPE=partition
device class/mem virtual/null MAJOR=1 MINOR=3 DEVNAME=null
device class/mem virtual/random MAJOR=1 MINOR=8 DEVNAME=random
device class/sound pci/controlC0 MAJOR=116 MINOR=7 DEVNAME=snd/controlC0
device class/input pci/event0 MAJOR=13 MINOR=64 DEVNAME=input/event0
device class/tty virtual/ttyS9 MAJOR=4 MINOR=73 DEVNAME=ttyS9
echo 'root:x:0:' >"$r/etc/group"; echo 'disk:x:6:' >>"$r/etc/group"
cat >"$r/etc/mdev.conf" <<'CONF'
sda([0-9]) root:disk 640 =disk/part%1
random root:root 666 >hw/random
ttyS.* root:disk 620
CONF
nodes() { (cd "$r/dev" && find . -type b -o -type c | wc -l); }
try() { rm -rf "$r/dev"; mkdir "$r/dev"; INITBOX_FAULT=$1 timeout 30 "$INITBOX" mdev-lite --root="$r" -s 2>"$r/err"; }
try 99999
echo "$? $(nodes)"
n=0 bad='' quiet=0
while [ $quiet -lt 4 ] && [ $n -lt 200 ]; do
	n=$((n + 1))
	try $n && code=0 || code=$?
	lines=$(grep -Ec 'I/O error|Input/output error' "$r/err")
	# One node at most is missing (its folder holds one), and one line says so.
	if [ $code -gt 1 ] || [ "$(nodes)" -lt 6 ] || [ "$lines" -gt 1 ]; then
		bad="$bad $n"
		echo "call $n: exit code $code, $(nodes) nodes, $(cat "$r/err")" >&2
	fi
	if [ "$lines" = 0 ]; then quiet=$((quiet + 1)); else quiet=0; fi
done
echo "$((n - quiet)) bad$bad"
umount "$r"
END
mkdir "$tmp/r"
if "$INITBOX" --list | grep -qx /sbin/mdev-lite; then
	unshare -m --propagation private sh "$tmp/mdev" "$tmp/r" >"$tmp/mdev.out" 2>"$tmp/mdev.err" || diag "$(cat "$tmp/mdev.err")"
	is "$(head -n 1 "$tmp/mdev.out")" "0 7" "mdev-lite makes seven nodes where no call fails"
	calls=$(sed -n '2s/ .*//p' "$tmp/mdev.out")
	is "$(sed -n '2s/^[0-9]* //p' "$tmp/mdev.out")" bad "mdev-lite: whichever of $calls calls fails, the other nodes are there, and one line says which is not" ||
		diag "$(cat "$tmp/mdev.err")"
	[ ! -s "$tmp/mdev.err" ] || diag "$(grep '^call' "$tmp/mdev.err")"
	row mdev-lite "$calls" "all nodes but one, one line"
fi

## What the applets' own tests say. sbx makes no call of the door's: sbx-init makes them for it.
for test in copyroot rc.init rc.shutdown sbx-init; do
	[ -e "tests/ns/$test.t" ] || { skip "no tests/ns/$test.t" "$test"; continue; }
	sh "tests/ns/$test.t" >"$tmp/own" 2>&1 || diag "$(grep '^not ok' "$tmp/own")"
	grep -E '^(not )?ok .*([0-9]+ calls|for ever:|every system call|each call|a failed call)' "$tmp/own" >"$tmp/claims"
	while IFS= read -r claim; do
		text=${claim#*- }
		case $claim in
		ok*) pass "$test: $text" ;;
		*) fail "$test: $text" ;;
		esac
		row "$test" "$(echo "$text" | sed -n 's/.*[^0-9]\([0-9][0-9]*\) calls.*/\1/p')" "${claim%% [0-9]*}: $text"
	done <"$tmp/claims"
	[ -s "$tmp/claims" ] || fail "$test: its test says what becomes of failing calls"
done
done_testing

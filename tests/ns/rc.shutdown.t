#!/bin/sh
# SPDX-License-Identifier: MIT
# rc.shutdown.t - rc.shutdown in namespaces of its own: who is told to end, who is spared, what is unmounted, every call failing
. tests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "needs root for its namespaces"
unshare -mpfiun --kill-child true 2>/dev/null || skip_all "no namespaces here"
# A mount namespace and a tmpfs: no disk of the host is to be seen where rc.shutdown unmounts.
[ "${in_namespace:-}" ] || in_namespace=y exec unshare -m sh "$0"
tmpdir
at_end() { umount -l "$tmp"; }
mount -t tmpfs test "$tmp" || skip_all "no tmpfs here"
scripts/need busybox:busybox-static >&2

## A root on a tmpfs; the script runs as PID 1 there, so that only this namespace is shut down
template=$tmp/template
mkdir -p "$template/bin" "$template/etc/shutdown.d" "$template/dev" "$template/proc" "$template/sys" "$template/out" \
	"$template/@keeper" "$template/a b" "$template/disk" "$tmp/out" "$tmp/mnt"
cp "$(command -v busybox)" "$template/bin/busybox"
for name in sh cat ls ln sleep kill ps echo grep sed tr date usleep mount umount mkdir mkfifo setsid true readlink; do
	ln -s busybox "$template/bin/$name"
done
ln -s ../bin/busybox "$template/@keeper/sh"
cp "$INITBOX" "$template/bin/initbox"
ln -s initbox "$template/bin/rc.shutdown"
cat >"$tmp/enter" <<'END'
[ $$ = 1 ] || exit 99
mount --make-rprivate /
mount -t tmpfs root "$1/mnt"
cp -a "$1/template/." "$1/mnt"
mount -t tmpfs dev "$1/mnt/dev"
mount -t proc proc "$1/mnt/proc"
: >"$1/mnt/dev/null"
mount --bind /dev/null "$1/mnt/dev/null"
mount --bind "$1/out" "$1/mnt/out"
# The host's own mounts leave this namespace, so that none of them can be unmounted or made read-only.
cd "$1/mnt" && mkdir old && pivot_root . old || exit 99
exec /bin/busybox env -i PATH=/bin /bin/sh -c 'umount -l /old; . /out/script' >/out/log 2>&1 </dev/null
END
terminal=''	# a command that gives it a terminal
inside() {	# script from stdin; sets $log, $code and $took
	rm -rf "$tmp/out/"*
	cat >"$tmp/out/script"
	began=$(date +%s%N)
	set -- timeout -k 1 60 unshare -mpfiun --kill-child=KILL sh "$tmp/enter" "$tmp"
	if [ "$terminal" ]; then set -- $terminal "$*" /dev/null; fi
	"$@" >"$tmp/outer" 2>&1 </dev/null && code=0 || code=$?
	took=$((($(date +%s%N) - began) / 1000000))
	log=$(cat "$tmp/out/log" "$tmp/outer")
}
out() { cat "$tmp/out/$1" 2>/dev/null; }

## Who ends, and who is spared
inside <<'END'
mkfifo /never
exec 6<>/never
sh -c 'trap "echo term >>/out/told; exit" TERM; echo $$ >/out/child; while :; do read -t 100 x <&6; done' &
sh -c 'kill -STOP $$; echo continued >/out/continued' &
@keeper/sh -c 'echo $$ >/out/keeper; read x <&6' &
until [ -s /out/child ] && [ -s /out/keeper ]; do usleep 1000; done
sh -c 'rc.shutdown noop; echo $? >/out/code; echo alive >/out/ancestor' &
wait $!
kill -0 $(cat /out/keeper) && echo alive >/out/kept
kill -0 $(cat /out/child) 2>/dev/null || echo gone >/out/gone
END
is "$(out told)" term "a process gets SIGTERM"
is "$(out gone)" gone "and is gone"
is "$(out kept)" alive "one whose argv[0] begins with @ stays"
is "$(out ancestor)" alive "and so do rc.shutdown's ancestors"
ok "it goes on as soon as the last one is gone ($took ms)" test "$took" -le 1500

inside <<'END'
sh -c 'kill -STOP $$; sleep 100' &
usleep 100000
rc.shutdown noop
END
ok "a stopped process is continued, and ends ($took ms)" test "$took" -le 1500

inside <<'END'
sh -c 'trap "" TERM; while :; do sleep 0.1; done' &
usleep 100000
rc.shutdown --timeout=1 noop
echo $? >/out/code
END
like "$log" '^rc.shutdown: did not end after SIGTERM, killed: .*sh \([0-9]+\)' "one that ignores SIGTERM is named"
ok "and killed after the time that is given ($took ms)" test "$took" -ge 1000 -a "$took" -le 2500
is "$(out code)" 0 "which is no failure"

# Those that fork and end all the time: whoever is looked at is gone.
cat >"$tmp/comet.c" <<'END'
#include <signal.h>
#include <unistd.h>
int main(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		if (fork() > 0)
			_exit(0);
		usleep(1000);
	}
}
END
if $(command -v musl-gcc || echo gcc) -static -o "$template/bin/comet" "$tmp/comet.c" 2>"$tmp/why"; then
	inside <<-'END'
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do comet; done
	rc.shutdown --timeout=1 noop
	echo $? >/out/left
	ps >>/out/left
	END
	is "$(grep -E '^0$|comet' "$tmp/out/left")" 0 "those that fork and end all the time are killed"
else
	skip "no static C library: $(cat "$tmp/why")" "those that fork and end all the time are killed"
fi

inside <<'END'
sh -c 'trap "" TERM; : >/out/stubborn; while :; do sleep 0.1; done' &
until [ -e /out/stubborn ]; do usleep 1000; done
mkdir /run
rc.shutdown --timeout=1 noop & down=$!
until [ -e /run/rc.shutdown.lock ]; do usleep 1000; done
for signal in HUP INT QUIT TERM PIPE TSTP TTIN TTOU; do kill -$signal $down; done
wait $down
echo $? >/out/code
END
is "$(out code)" 0 "rc.shutdown is not ended half-way by a signal"

if [ "$(setpriv --reuid 54321 true 2>&1)" = "" ]; then
	cp "$(command -v setpriv)" "$template/bin/setpriv"
	cp -L --parents $(ldd "$(command -v setpriv)" | grep -o '/[^ ]*') "$template"
	inside <<-'END'
	mkfifo /never
	exec 6<>/never
	/bin/setpriv --reuid 54321 @keeper/sh -c 'read x <&6' & keeper=$!
	for i in 1 2 3 4 5 6 7 8 9; do ! grep ^@ /proc/$keeper/cmdline || break; usleep 100000; done >/out/kept
	rc.shutdown noop
	grep -s '^State:.[^Z]' /proc/$keeper/status >>/out/kept
	END
	is "$(tr '\0' ' ' <"$tmp/out/kept")" "@keeper/sh -c read x <&6 " "an @ is for root's processes only"
else
	skip "no setpriv here" "an @ is for root's processes only"
fi

## Terminals
scripts/need script:bsdutils >&2
terminal='script -qec'
inside <<'END'
told='trap "echo HUP >>/out/$0" HUP; trap "echo TERM >>/out/$0" TERM; : >/out/$0; while :; do sleep 0.05; done'
sh -c "$told" with </dev/null & setsid sh -c "$told" without </dev/null &
until [ -e /out/with ] && [ -e /out/without ]; do usleep 1000; done
rc.shutdown --timeout=1 noop
END
terminal=''
is "$(out with | sort -u | tr '\n' ' ')" "HUP TERM " "a process with a terminal gets SIGHUP too"
is "$(out without | sort -u)" TERM "one without does not"

## Two of them
inside <<'END'
mkdir /run
sh -c 'trap "" TERM; : >/out/stubborn; while :; do sleep 0.05; done' &
until [ -e /out/stubborn ]; do usleep 1000; done
rc.shutdown --timeout=1 noop & first=$!
until [ -e /run/rc.shutdown.lock ]; do usleep 1000; done
rc.shutdown --timeout=7 noop; echo $? >/out/second
wait $first; echo $? >/out/first
END
like "$log" '^rc.shutdown: another one is at work already' "a second rc.shutdown waits for the first"
is "$(out first) $(out second)" "0 0" "both end well"
ok "and neither waits for the other to end ($took ms)" test "$took" -le 2500

## Network file systems: lazily, whoever is in them and whether or not the server answers
inside <<'END'
mkdir /fuse /plain
busybox mknod /dev/fuse c 10 229
exec 7<>/dev/fuse && mount -t fuse.sshfs -o fd=7,rootmode=40000,user_id=0,group_id=0 far:/ /fuse && echo yes >/out/fuse || exit
@keeper/sh -c ': >/out/keeping; read x <&6' 7<&7 6<>/never &
rc.shutdown -n noop >/out/plan
rc.shutdown noop
echo $? >/out/code
cat /proc/self/mountinfo >/out/mountinfo
END
if [ "$(out fuse)" ]; then
	like "$(out plan)" '^umount -l /fuse$' "a network file system is unmounted lazily"
	unlike "$(out mountinfo)" ' /fuse ' "and gone"
	is "$(out code)$log" "0" "without a word"
	ok "at once, although its server is dead ($took ms)" test "$took" -le 1500
else
	skip "no FUSE here" "a network file system is unmounted lazily"
fi

## Scripts
inside <<'END'
for name in 20-second 10-first; do
	printf '#!/bin/sh\necho %s; ps >/out/%s\n' $name $name >/etc/shutdown.d/$name
done
printf '#!/bin/sh\necho $INITBOX >/out/initbox\nexit 7\n' >/etc/shutdown.d/30-fails
printf '#!/bin/sh\nsleep 1000\n' >/etc/shutdown.d/40-hangs
printf '#!/bin/sh\nfor i; do :; done; echo last\n' >/etc/shutdown.d/50-last
/bin/busybox chmod 755 /etc/shutdown.d/*
sleep 1001 &
rc.shutdown --script-timeout=1 noop
END
is "$(echo "$log" | grep -E '^(10-first|20-second|last)' | tr '\n' ' ')" "10-first 20-second last " "scripts of /etc/shutdown.d run in name order"
like "$(out 20-second)" 'sleep 1001' "before anything is ended"
like "$log" '30-fails: exit code 7' "a failing one is reported"
is "$(out initbox)" shutdown "they have INITBOX=shutdown"
like "$log" '40-hangs: not done after 1 s, ended' "a hanging one is ended"

## Mounts. A namespace may have no disks: overlayfs counts as one, for it holds data.
overlays='layer() { mkdir -p /layers/$1/upper /layers/$1/work "$2" && mount -t overlay -o lowerdir=/etc,upperdir=/layers/$1/upper,workdir=/layers/$1/work layer "$2"; }'
inside <<END
$overlays
layer 1 /disk && echo yes >/out/overlay
END
if [ "$(out overlay)" = yes ]; then
	inside <<END
$overlays
layer 1 /disk
layer 2 "/disk/in side"
layer 3 "/disk/in side/deeper"
mkdir /disk/proc /disk/tmp
mount -t proc proc /disk/proc
mount -t tmpfs tmp /disk/tmp
layer 4 /disk/tmp/x
mkdir /bound
mount --bind /disk /bound
mount --bind "/disk/in side" "/disk/in side/deeper"
rc.shutdown --dry-run noop >/out/plan
rc.shutdown noop
echo \$? >/out/code
cat /proc/self/mountinfo >/out/mountinfo
END
	is "$(out plan | grep ^umount | head -n 8)" "umount '/disk/in side/deeper'
umount /bound
umount /disk/tmp/x
umount /disk/tmp
umount /disk/proc
umount '/disk/in side/deeper'
umount '/disk/in side'
umount /disk" "the plan unmounts what holds data and what stands on it, innermost first, blanks decoded"
	unlike "$(out mountinfo)" ' (/disk|/bound)' "and so it is"
	like "$(out mountinfo)" ' /proc .* proc ' "API file systems stay"
	unlike "$log" 'stays mounted' "nothing stays"
	inside <<END
$overlays
layer 1 /disk
mkdir /disk/folder
mkfifo /never
exec 6<>/never
@keeper/sh -c 'cd /disk/folder; echo \$\$ >/out/keeper; read x <&6' &
usleep 200000
rc.shutdown noop
echo \$? >/out/code
cat /proc/self/mountinfo >/out/mountinfo
END
	like "$log" "^rc.shutdown: /disk stays mounted, read-only: held by sh \\($(out keeper)\\)" "who holds a mount is named"
	like "$(out mountinfo)" ' / /disk ro' "and it is read-only"
	is "$(out code)" 0 "which will do"

	cp "$(command -v sleep)" "$template/@keeper/sleep"
	cp -L --parents $(ldd "$template/@keeper/sleep" | grep -o '/[^ ]*') "$template"
	inside <<END
$overlays
layer 1 /disk
cp $(ldd "$template/@keeper/sleep" | grep -o '/[^ ]*libc[.]so[^ ]*') /disk
LD_LIBRARY_PATH=/disk @keeper/sleep 1000 & keeper=\$!
for i in 1 2 3 4 5 6 7 8 9; do ! grep -q /disk/ /proc/\$keeper/maps || break; usleep 100000; done
rc.shutdown noop
END
	like "$log" "^rc.shutdown: /disk stays mounted, read-only: held by sleep" "and so is one that has a file mapped"
	inside <<END
$overlays
layer 1 /disk
layer 2 /other
sh -c 'exec rc.shutdown noop >/disk/log 2>&1 9>/other/file'
cat /proc/self/mountinfo >/out/mountinfo
END
	unlike "$(out mountinfo)" ' - overlay ' "what rc.shutdown itself has open holds nothing"

	# What is mounted over a mount, or over a folder on its way, hides it from umount(2).
	inside <<END
$overlays
mkdir -p /run /kept /a/x
mount -t tmpfs run /run
layer 1 /run/disk
mount -t tmpfs cover /run
layer 2 /run/disk
layer 3 /a/x/disk
mount -t tmpfs cover /a
mkdir /a/x
mount -t tmpfs cover /a/x
mount -t tmpfs kept /kept
layer 4 "/kept one"
mkfifo /never
exec 6<>/never
@keeper/sh -c 'cd /a/x; : >/out/keeper; read x <&6' &
until [ -e /out/keeper ]; do usleep 1000; done
rc.shutdown --dry-run noop >/out/plan
rc.shutdown noop
echo \$? >/out/code
cat /proc/self/mountinfo >/out/mountinfo
END
	like "$(out plan)" '^umount -l /a$' "the plan takes away what hides a disk"
	unlike "$(out mountinfo)" ' - overlay ' "what is hidden is unmounted"
	is "$(out code)$log" 0 "without a word, whoever is in what hid it"
	like "$(out mountinfo)" ' /kept rw' "what hides nothing stays"
	inside <<END
$overlays
mkdir /kept
mount -t tmpfs kept /kept
layer 1 /a/disk
layer 2 /a
mkfifo /never
exec 6<>/never
ln -s /kept /a/disk
@keeper/sh -c 'cd /a; : >/out/keeper; read x <&6' &
until [ -e /out/keeper ]; do usleep 1000; done
rc.shutdown noop
echo \$? >/out/code
cat /proc/self/mountinfo >/out/mountinfo
END
	like "$log" '^rc.shutdown: /a/disk stays mounted, and can still be written to: another mount hides it' \
		"a disk below one that stays is named"
	is "$(out code)" 1 "which is a failure"
	like "$(out mountinfo)" ' /kept rw' "a link in the place of a mount point is not followed"
else
	skip "no overlayfs here" "mounts are unmounted innermost first"
fi

## The whole plan changes nothing
inside <<'END'
sleep 1000 &
echo $! >/out/sleep
cat /proc/self/mountinfo >/out/before
rc.shutdown -n reboot >/out/plan
cat /proc/self/mountinfo >/out/after
kill -0 $(cat /out/sleep) && echo alive >/out/alive
END
is "$(out alive)" alive "a dry run ends nobody"
is "$(out after)" "$(out before)" "and unmounts nothing"
is "$(out plan | sed "s/ $(out sleep)\$/ PID/" | grep -v umount)" "# scripts: run /etc/shutdown.d
# hold: init starts nothing more
kill -20 1
# terminate: TERM, CONT, and HUP for those with a terminal
kill -15 PID
kill -18 PID
# kill: KILL what is left
# seed: keep a random seed for the next boot
# sync: write to the disks what is in memory
sync
# swap: swap off
# unmount: unmount and detach, innermost first, until nothing changes
# readonly: what is left, and the root
# sync: once more
sync
reboot -f
kill -18 1" "it prints the whole plan"

## Actions
# Without a loaded kernel, or in a namespace, kexec is a restart.
for row in 'poweroff 130' 'halt 130' 'reboot 129' 'kexec 129'; do
	set -- $row
	inside <<END
rc.shutdown $1
sleep 5
END
	is "$code" "$2" "rc.shutdown $1 asks the kernel for that"
done
# With init: it starts nothing meanwhile; and where the kernel refuses, it is told.
ln -s initbox "$template/bin/init"
printf '%s\n' '::respawn:/bin/sh -c "echo x >>/out/starts; exec sleep 1000"' '::once:/bin/sh /out/once' >"$template/etc/inittab"
inside <<'END'
cat >/out/once <<'ONCE'
starts() { n=0; while read -r x; do n=$((n + 1)); done </out/starts; echo $n; }
until [ -s /out/starts ]; do usleep 1000; done
mkfifo /never
exec 6<>/never
sh -c 'trap "" TERM; : >/out/stubborn; while :; do read -t 9 x <&6; done' &
until [ -e /out/stubborn ]; do usleep 1000; done
rc.shutdown --timeout=2 noop & down=$!
read -t 1 x <&6
starts >/out/held
wait $down
until [ "$(starts)" = 2 ]; do usleep 1000; done
INITBOX_FAULT=reboot@poweroff=1 rc.shutdown poweroff
ONCE
exec /bin/init
END
is "$(out held)" 1 "init starts nothing meanwhile"
like "$log" '^init: powering off' "a container that may not call reboot(2) ends with its init"
unlike "$log" 'reboot poweroff: Op' "without a word about it"
is "$code" 130 "by its power-off"

inside <<'END'
rc.shutdown dance; echo $? >/out/code
rc.shutdown --timeout=x; echo $? >>/out/code
rc.shutdown noop noop; echo $? >>/out/code
rc.shutdown --what; echo $? >>/out/code
rc.shutdown --io-timeout=-1; echo $? >>/out/code
END
is "$(out code | tr '\n' ' ')" "2 2 2 2 2 " "wrong arguments change nothing"
like "$log" '^rc.shutdown: dance: no such action' "and are named"

## Every single call fails once
n=1 failed=0
while [ $n -le 40 ]; do
	inside <<END
sleep 1000 &
sleep 1000 &
printf '#!/bin/sh\n' >/etc/shutdown.d/script
INITBOX_FAULT=$n rc.shutdown --timeout=1 poweroff
sleep 5
END
	[ "$code" = 130 ] || { failed=$((failed + 1)); diag "call $n: exit code $code: $log"; }
	[ "$(echo "$log" | grep -Ec 'I/O error|Input/output error')" -ge 1 ] || calls_over=$((${calls_over:-0} + 1))
	[ "${calls_over:-0}" -lt 8 ] || break	# some errors are allowed and not said
	n=$((n + 1))
done
is "$failed" 0 "whichever of $n calls fails, it ends by power-off"
done_testing

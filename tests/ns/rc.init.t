#!/bin/sh
# SPDX-License-Identifier: MIT
# rc.init.t - rc.init in namespaces of its own: a bare root, odd roots, a container, and every call made to fail
. tests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "needs root for its namespaces"
unshare -mpfiun true 2>/dev/null || skip_all "no namespaces here"
tmpdir
scripts/need busybox:busybox-static >&2

# The host's clock, devtmpfs, devices and cgroups are not ours to change: the vm floor does those steps.
safe=--skip=dev,hotplug,clock,cgroups

## A root: busybox, initbox, /etc; `inside` runs a script in a fresh copy of it on a tmpfs
template=$tmp/template
mkdir -p "$template/bin" "$template/etc/init.d" "$template/dev" "$template/out" "$tmp/out" "$tmp/mnt"
cp "$(command -v busybox)" "$template/bin/busybox"
for name in sh cat ls stat mount umount mkdir chmod hostname ulimit ip sleep setsid readlink touch echo grep env head sysctl; do
	ln -s busybox "$template/bin/$name"
done
cp "$INITBOX" "$template/bin/initbox"
ln -s initbox "$template/bin/rc.init"

cat >"$tmp/enter" <<'END'
mount --make-rprivate /
mount -t tmpfs root "$1/mnt"
cp -a "$1/template/." "$1/mnt"
mount -t tmpfs dev "$1/mnt/dev"
mount --bind "$1/out" "$1/mnt/out"
eval "$3"
umask 077
exec chroot "$1/mnt" /bin/sh -c "PATH=/bin:/sbin; $2"
END
# inside SCRIPT [PREPARATION]: the second runs before the chroot, with the root at $1/mnt
# $tracer may be a command that watches it all.
inside() { rm -rf "$tmp/out/"*; ${tracer:-} timeout -s KILL 60 unshare -mpfiun --kill-child sh "$tmp/enter" "$tmp" "$1" "${2:-}" >"$tmp/output" 2>&1 </dev/null; }

## A boot
echo nsbox >"$template/etc/hostname"
ln -s ../run/net/resolv.conf "$template/etc/resolv.conf"
cat >"$template/etc/init.d/20-second" <<'END'
#!/bin/sh
echo second >>/out/order
exit 3
END
cat >"$template/etc/init.d/10-first" <<'END'
#!/bin/sh
echo first >>/out/order
echo "first speaks"
exec 4>&1; readlink /proc/$$/fd/4 >/out/stdout
ulimit -n >/out/nofile
umask >/out/umask
env >/out/environment
END
cat >"$template/etc/init.d/30-no-interpreter-line" <<'END'
echo third >>/out/order
END
chmod 755 "$template/etc/init.d/"*
mkdir "$template/etc/init.d/40-folder"
echo >"$template/etc/init.d/50-not-executable"

inside "INITBOX_BOOT=1 INITBOX_COPYROOT='bind 1 2' rc.init $safe"'
echo "exit $?" >/out/exit
cat /proc/self/mountinfo >/out/mountinfo
stat -c "%n %a %F %t:%T" /var/* /dev/console /dev/tty1 /dev/tty /dev/null /dev/kmsg /tmp /run >/out/stat
for l in fd stdin stdout stderr kcore; do echo "$l $(readlink /dev/$l)"; done >/out/links
hostname >/out/hostname
ip addr show lo >/out/lo
ls -l /run/net/resolv.conf >/out/resolv
touch /probe 2>/out/readonly
cat /run/initbox/trace >/out/trace
rc.init --timing >/out/timing'
log=$(cat "$tmp/output")

is "$(cat "$tmp/out/exit")" "exit 0" "rc.init ends well although a script failed"
mounted() {	# TARGET TYPE OPTIONS SUPER-OPTIONS(ERE)
	like "$(cat "$tmp/out/mountinfo")" "^[0-9]+ [0-9]+ [0-9:]+ / $1 $3 (shared:[0-9]+ )?- $2 [^ ]+ $4" "$1 is $2 with $3 $4"
}
mounted /proc proc rw,nosuid,nodev,noexec,relatime rw
mounted /run tmpfs rw,nosuid,nodev,noexec,relatime 'rw,size=[0-9]+k,nr_inodes=819200,mode=755'
mounted /tmp tmpfs rw,nosuid,nodev,noexec,relatime 'rw,size=[0-9]+k'
mounted /var tmpfs rw,nosuid,nodev,noexec,relatime 'rw,size=[0-9]+k,mode=755'
mounted /dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime rw
mounted /dev/shm tmpfs rw,nosuid,nodev,noexec rw
mounted /dev/pts devpts rw,nosuid,noexec,relatime 'rw,gid=5,mode=620'
mounted /sys sysfs rw,nosuid,nodev,noexec,relatime rw
like "$(cat "$tmp/out/mountinfo")" ' / / r[ow],relatime shared:' "/ is shared"
like "$(cat "$tmp/out/readonly")" 'Read-only file system' "/ is read-only"

is "$(cat "$tmp/out/stat")" "$(cat <<'END'
/var/cache 755 directory 0:0
/var/empty 555 directory 0:0
/var/lib 755 directory 0:0
/var/local 755 directory 0:0
/var/lock 755 directory 0:0
/var/log 755 directory 0:0
/var/opt 755 directory 0:0
/var/run 777 symbolic link 0:0
/var/spool 755 directory 0:0
/var/tmp 1777 directory 0:0
/dev/console 600 character special file 5:1
/dev/tty1 620 character special file 4:1
/dev/tty 666 character special file 5:0
/dev/null 666 character special file 1:3
/dev/kmsg 660 character special file 1:b
/tmp 1777 directory 0:0
/run 755 directory 0:0
END
)" "folders and nodes have the table's exact modes under umask 077"
is "$(cat "$tmp/out/links")" "fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
kcore /proc/kcore" "links of /dev"
is "$(cat "$tmp/out/hostname")" nsbox "host name from /etc/hostname"
like "$(cat "$tmp/out/lo")" 'UP' "lo is up"
like "$(cat "$tmp/out/lo")" 'inet 127.0.0.1/8 scope host lo' "with 127.0.0.1/8"
like "$(cat "$tmp/out/lo")" 'inet6 ::1/128' "and ::1"
like "$(cat "$tmp/out/resolv")" '^-rw-r--r--.* 0 .*/run/net/resolv.conf' "a relative /etc/resolv.conf link is resolved from /etc"
is "$(tr '\n' ' ' <"$tmp/out/order")" "first second third " "scripts run in name order, one without #! by the shell"
like "$log" '^first speaks' "their output is on the console"
like "$log" 'rc.init: /etc/init.d/20-second: exit code 3' "a failing script is reported with its code"
like "$log" '/etc/init.d/50-not-executable: Permission denied' "one that cannot be run as well"
if (ulimit -n 1048576) 2>/dev/null; then
	is "$(cat "$tmp/out/nofile")" 1048576 "scripts have the raised limit of open files"
else
	skip "this root may not raise limits (the vm floor does)" "scripts have the raised limit of open files"
fi
is "$(cat "$tmp/out/umask")" 0022 "and a sane umask"
like "$(cat "$tmp/out/environment")" '^INITBOX=boot$' "and INITBOX=boot"
unlike "$(cat "$tmp/out/environment")" '^INITBOX_' "and nothing that is meant for rc.init"
is "$(awk '$6 == "spawn" { print $7 }' "$tmp/out/trace" | grep -v '^/etc/init.d/' | tr '\n' ' ')" "mdev-lite " \
	"no process is started but mdev-lite, for modules, and the scripts"
is "$(grep -vE '^[0-9]+ [0-9]+ [0-9]+ [a-z.-]+ [a-z-]+ [a-z-]+ .* [0-9]+$' "$tmp/out/trace")" "" \
	"each line of the trace has start, duration, process, step, call, object and errno"
like "$log" '^rc.init: boot [0-9.]+ s: .*proc 0.0.*, scripts [0-9.]+$' "one line tells how long each step took"
like "$(cat "$tmp/out/timing")" ' proc$' "rc.init --timing has the first step"
like "$(cat "$tmp/out/timing")" ' scripts$' "and the last"
unlike "$log" '(proc|run|dev|sys|tmp|var).*(No such|failed|Invalid)' "nothing else is complained about"

## A console that nobody reads
inside ': >/dev/kmsg; cd /; busybox mkfifo full; exec 5<>full
	busybox timeout 1 busybox dd if=/bin/busybox of=full bs=4k; INITBOX_BOOT=1 rc.init '"$safe"' >full 2>&1'
is "$(tr '\n' ' ' <"$tmp/out/order")" "first second third " "scripts speak to a console that nobody reads, and go on"
is "$(cat "$tmp/out/stdout")" /dev/kmsg "the kernel log has their words"

## Loopback: until it is up
inside 'INITBOX_FAULT=link-up@lo#1 rc.init loopback; echo $? >/out/exit; ip addr show lo >/out/lo'
like "$(cat "$tmp/out/lo")" 'UP.*' "lo is asked for until it is up"
like "$(cat "$tmp/out/lo")" 'inet 127.0.0.1/8 scope host lo' "and then has its address"
is "$(cat "$tmp/out/exit")$(cat "$tmp/output")" "0" "without a word"

## Random seed: used once, and only what was secret counts
random='busybox mknod /dev/urandom c 1 9; mkdir -p /proc /run /var/lib; mount -t proc proc /proc; mount -t tmpfs run /run
old() { head -c 64 /dev/urandom >/var/lib/random-seed; chmod 600 /var/lib/random-seed; }; old;'
inside "$random"'
INITBOX_FAULT=save-seed rc.init seed; ls /var/lib >/out/once
old; rc.init seed; echo $? >/out/exit; grep -c . /var/lib/random-seed >/out/after
stat -c "%a %s %u" /var/lib/random-seed >/out/stat; ls /var/lib >/out/ls
rm /var/lib/random-seed; rc.init seed; echo $? >>/out/exit; ls /var/lib >/out/none'
is "$(cat "$tmp/out/once")" "" "a random seed is gone before it is used"
is "$(cat "$tmp/out/stat" "$tmp/out/ls")" "400 64 0
random-seed" "and a new one takes its place"
is "$(tr '\n' ' ' <"$tmp/out/exit")$(grep -v save-seed "$tmp/output")$(cat "$tmp/out/none")" "0 0 " "no seed is no error, and makes none"
scripts/need strace:strace >&2
if strace -o /dev/null true 2>/dev/null; then
	tracer="strace -f -qq -e trace=ioctl,fsync,unlinkat -o $tmp/ioctls"
	credited() { inside "$random $1"; is "$(sed -n 's/.*RNDADDENTROPY, {entropy_count=\([0-9]*\),.*/\1/p' "$tmp/ioctls")" "$2" "$3"; }
	credited 'rc.init seed' 256 "a seed counts as 256 bits"
	is "$(sed -n '1,/RNDADD/ { s/^[0-9]* *//; /random-seed\|fsync\|RND/ s/(.*//p; }' "$tmp/ioctls" | tail -n 3 | tr '\n' ' ')" \
		"unlinkat fsync ioctl " "after it is gone for good"
	credited 'chmod 644 /var/lib/random-seed; rc.init seed' 0 "one that others can read counts for nothing"
	credited 'busybox chown 1 /var/lib/random-seed; rc.init seed' 0 "nor does one that is another user's"
	credited 'mount -o remount,ro /; rc.init seed' 0 "nor does one that cannot be removed"
	credited 'echo short >/var/lib/random-seed; rc.init seed' '' "a short one is not used"
	like "$(cat "$tmp/output")" '^rc.init: /var/lib/random-seed: no random seed, not used' "and named"
	tracer=''
else
	skip "no ptrace here" "a seed counts as 256 bits"
fi

## sysctl.d
inside 'mkdir -p /proc /etc/sysctl.d /usr/lib/sysctl.d; mount -t proc proc /proc
cat >/etc/sysctl.d/10-a.conf <<X
# a comment
; another
kernel.msgmax = 12345
net.ipv4.conf.*.rp_filter = 2
-net.ipv4.conf.all.rp_filter
  kernel/shm_rmid_forced  =  1
kernel.domainname = two words
X
echo "kernel.sem = 1 2 3 4" >/usr/lib/sysctl.d/10-a.conf
echo "kernel.msgmnb = 11111" >/usr/lib/sysctl.d/20-b.conf
echo "kernel.msgmnb = 22222" >/etc/sysctl.d/30-c.conf
echo "kernel.msgmni = 333" >/etc/sysctl.d/README
printf "kernel.shmmni = 1111\0kernel.shmmni = 2222\nkernel.shmmni = 3333" >/etc/sysctl.d/40-nul.conf
printf "%s\n" "-kernel.no_such = 1" "no sense" "kernel.no_such_either = 1" "net/../../../out/escaped = 1" >/etc/sysctl.conf
sysctl -n kernel.sem kernel.msgmni net.ipv4.conf.all.rp_filter >/out/before
rc.init sysctl
sysctl -n kernel.sem kernel.msgmni net.ipv4.conf.all.rp_filter >/out/kept
for key in kernel.msgmax net.ipv4.conf.lo.rp_filter net.ipv4.conf.default.rp_filter kernel.shm_rmid_forced kernel.domainname kernel.msgmnb kernel.shmmni; do
	echo "$key=$(sysctl -n $key)"
done >/out/after'
is "$(cat "$tmp/out/after")" "kernel.msgmax=12345
net.ipv4.conf.lo.rp_filter=2
net.ipv4.conf.default.rp_filter=2
kernel.shm_rmid_forced=1
kernel.domainname=two words
kernel.msgmnb=22222
kernel.shmmni=3333" "sysctl.d: keys with . and /, patterns, the last file by name wins"
is "$(cat "$tmp/out/kept")" "$(cat "$tmp/out/before")" "hidden files, other names and what a pattern is told to leave out are left alone"
is "$(cat "$tmp/output")" "rc.init: /etc/sysctl.d/40-nul.conf:1: has a NUL byte, left out
rc.init: /etc/sysctl.conf:2: neither KEY = VALUE nor -KEY, left out
rc.init: /etc/sysctl.conf:4: neither KEY = VALUE nor -KEY, left out
rc.init: write /proc/sys/kernel/no_such_either: No such file or directory" "what is wrong is one line, and - keeps it quiet"

## machine-id
inside 'mkdir -p /proc /run; mount -t proc proc /proc; mount -t tmpfs run /run; : >/etc/machine-id
rc.init machine-id; cat /etc/machine-id >/out/first; rc.init machine-id; cat /etc/machine-id >/out/second
echo uninitialized >/etc/machine-id; rc.init machine-id; cat /etc/machine-id >/out/third
echo garbage >/etc/machine-id; rc.init machine-id; cat /etc/machine-id >/out/garbage
: >/etc/machine-id; mount -o remount,ro /; rc.init machine-id; cat /etc/machine-id >/out/covered'
for id in first third covered; do
	like "$(cat "$tmp/out/$id")" '^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$' "machine-id: $id"
done
is "$(cat "$tmp/out/second")" "$(cat "$tmp/out/first")" "one that is there stays"
is "$(cat "$tmp/output" "$tmp/out/garbage")" "rc.init: /etc/machine-id: garbage is no machine id, left as it is
garbage" "what is none is named and stays"
inside 'mkdir -p /proc /run; mount -t proc proc /proc; mount -t tmpfs run /run; mount -o remount,ro /; rc.init machine-id; ls /etc /run >/out/ls'
unlike "$(cat "$tmp/out/ls")" 'machine-id' "a read-only root without the file wants none"
inside 'mkdir /run; ln -s link /etc/machine-id; ln -s ../run/a/id /etc/link
rc.init machine-id; echo $? >/out/exit; cat /run/a/id >/out/id
ln -sf /run/1 /etc/resolv.conf; ln -s b/2 /run/1; ln -s /run/b/c/3 /run/2; mkdir /run/b; ln -s ../b/c/3 /run/b/2
rc.init resolvconf; echo $? >>/out/exit; ls /run/b/c >/out/resolv'
like "$(cat "$tmp/out/id")" '^[0-9a-f]{32}$' "links to where there is nothing yet are followed: machine-id"
is "$(cat "$tmp/out/resolv" "$tmp/out/exit" "$tmp/output")" "3
0
0" "and resolv.conf"

## What is there already stays
rm -f "$template/etc/init.d/"*0-second "$template/etc/init.d/50-not-executable" "$template/etc/init.d/10-first"
inside 'mkdir -p /proc /run /var/log /lib; mount -t proc proc /proc; mount -t tmpfs -o size=1m keep /run
mount -t ramfs disk /var; echo "another type" >/var/file
echo kept >/run/file; mkdir /run/net; echo "nameserver 127.0.0.1" >/run/net/resolv.conf
rc.init --system '"$safe"'; cat /run/file /run/net/resolv.conf /var/file >/out/kept; grep -c " /run \| /var " /proc/self/mountinfo >/out/count
ls -d /var/log >>/out/kept'
is "$(cat "$tmp/out/kept")" "kept
nameserver 127.0.0.1
another type
/var/log" "what is mounted already is left as it is, whatever its type, and a resolv.conf is never emptied"
is "$(cat "$tmp/out/count")" 2 "and not mounted twice"

## Odd roots: one line each, and the scripts run at the end
ran() { is "$(cat "$tmp/out/order" 2>/dev/null)" third "$1: the boot gets to the scripts"; }
inside "rc.init $safe" 'mount -o remount,ro "$1/mnt"'
ran "a root that cannot be written"
like "$(cat "$tmp/output")" '^rc.init: mkdir /proc: Read-only file system' "a root that cannot be written: says so for a missing folder"
is "$(grep -c 'mkdir /run' "$tmp/output")" 1 "a root that cannot be written: one line for each"

inside "umount /dev; rm -rf /dev; ln -s /nowhere /dev; rc.init $safe"
ran "/dev is a link to nowhere"
inside "mount -t tmpfs x /etc; mkdir /etc/init.d; rc.init $safe; echo third >/out/order"
ran "an empty /etc"

inside 'printf "\r\n# a comment\r\n\nfound\r\nlater\n" >/etc/hostname; rc.init hostname; hostname >/out/hostname'
is "$(cat "$tmp/out/hostname")" found "the host name is the first line that is neither empty nor a comment, whatever its end"
inside 'printf "\n#\n" >/etc/hostname; hostname before; rc.init hostname; hostname >/out/hostname'
is "$(cat "$tmp/out/hostname")" before "and never empty"

: >"$template/etc/hostname"
for bad in 'two words' "$(printf '%065d' 0)" 'a/b'; do
	inside "echo '$bad' >/etc/hostname; hostname before; rc.init $safe; hostname >/out/hostname"
	like "$(cat "$tmp/output")" '^rc.init: /etc/hostname: .*not used' "host name '$bad' is refused in one line"
	is "$(cat "$tmp/out/hostname")" before "and the old one stays"
done

## A script that hangs
cat >"$template/etc/init.d/00-hang" <<'END'
#!/bin/sh
sh -c 'trap "" TERM; sleep 1000; sleep 1000' &
setsid sleep 1000 &
(setsid sh -c 'trap "" TERM; sleep 1000' & sleep 1000) &
sleep 1000
END
chmod 755 "$template/etc/init.d/00-hang"
started=$(date +%s)
inside "rc.init $safe --script-timeout=1; grep -l sleep /proc/[0-9]*/comm >/out/left"
ran "a hanging script"
like "$(cat "$tmp/output")" '^rc.init: /etc/init.d/00-hang: not done after 1 s, ended' "a hanging script is named"
is "$(cat "$tmp/out/left")" "" "and ended with all it started"
ok "in little more than its time" test $(($(date +%s) - started)) -le 7
rm "$template/etc/init.d/00-hang"

## In a container
cat >"$template/etc/init.d/30-no-interpreter-line" <<'END'
while read -r key value; do [ $key != PPid: ] || init=$value; done </proc/$PPID/status
(sleep 1; cat /proc/$init/stat >/out/stat; echo late >/out/late) &
for i in 1 2 3 4 5 6 7 8 9; do (true &); done
for i in 1 2 3 4 5 6 7 8 9; do	# gone within a second, while this script runs
	grep -l '^State:.Z' /proc/[0-9]*/status >/out/zombies || break
	sleep 0.1
done
(sleep 0.1; kill -9 $(sh -c 'echo $PPID')) &
echo "third $INITBOX" >/out/order
END
inside 'mkdir /proc; mount -t proc proc /proc; echo "initbox.skip=hostname,scripts" >/cmdline; mount --bind /cmdline /proc/cmdline
echo inner >/etc/hostname; rc.init; echo $? >/out/exit; cat /out/late >/out/when; hostname >/out/hostname
cat /proc/self/mountinfo >/out/mountinfo' 'mknod -m 666 "$1/mnt/dev/null" c 1 3'
is "$(cat "$tmp/out/when")" late "in a container rc.init stays until the last child is gone"
is "$(cat "$tmp/out/exit")" 0 "and ends well"
is "$(awk '{ print $2, ($14 + $15 <= 2 ? "idle" : $14 + $15) }' "$tmp/out/stat")" "(rc.init) idle" "and takes no processor time meanwhile"
is "$(cat "$tmp/out/order")" "third container" "scripts have INITBOX=container"
is "$(cat "$tmp/out/zombies")" "" "orphans are reaped while a script runs"
is "$(cat "$tmp/out/hostname")" inner "the kernel command line is the host's: not obeyed"
unlike "$(cat "$tmp/out/mountinfo")" ' (/run|/sys) ' "and mounts nothing"
unlike "$(cat "$tmp/output")" 'boot [0-9]' "and prints no boot report"

## Every single call fails once
mkdir "$template/etc/sysctl.d"
echo 'kernel.msgmax = 12345' >"$template/etc/sysctl.d/one.conf"
: >"$template/etc/machine-id"
cat >"$template/etc/init.d/30-no-interpreter-line" <<'END'
echo third >/out/order
END
inside "rc.init $safe; grep -vc ' step ' /run/initbox/trace >/out/calls"
calls=$(cat "$tmp/out/calls") failed=0
n=1
while [ $n -le "$calls" ]; do
	inside "INITBOX_FAULT=$n rc.init $safe"
	reported=$(grep -Ec 'I/O error|Input/output error' "$tmp/output")
	# The script's own start is one of the calls.
	if ! [ -e "$tmp/out/order" ] && ! grep -q 'spawn /etc/init.d' "$tmp/output"; then
		failed=$((failed + 1)); diag "call $n: no scripts: $(tail -n 3 "$tmp/output")"
	elif [ "$reported" -gt 1 ]; then
		failed=$((failed + 1)); diag "call $n: $reported lines: $(cat "$tmp/output")"
	fi
	n=$((n + 1))
done
ok "there are calls to fail ($calls)" test "$calls" -gt 30
is "$failed" 0 "with any one of $calls calls failing, the boot gets to the scripts and says one line"
done_testing

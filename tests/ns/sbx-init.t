#!/bin/sh
# SPDX-License-Identifier: MIT
# sbx-init.t - containers: operations, parameters, commands, exit codes, and each way out that must be shut
#
# Everything is done as root and as an unprivileged user. SBX_LONG=1: the long forms of the leak and kill tests.
# shellcheck disable=SC2086 # $as and $base are lists of words
. tests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "needs root, to be an unprivileged user too"
unshare -Urmpf true 2>/dev/null || skip_all "no user namespaces here"
"$INITBOX" --list | grep -q /sbx-init || skip_all "no sbx-init in this build"
tmpdir
chmod 755 "$tmp"
scripts/need gcc:gcc /usr/include/stdio.h:libc6-dev setpriv:util-linux setcap:libcap2-bin script:bsdutils /usr/bin/python3:python3-minimal >&2
mkdir -m 755 "$tmp/bin"
cp "$INITBOX" "$tmp/bin/sbx-init"
cp "$INITBOX" "$tmp/bin/initbox"; INITBOX=$tmp/bin/initbox
cp -r docs/examples "$tmp/examples"
gcc -O1 -g -Wall -Ilibsbx -Ilibcommon -o "$tmp/bin/drive" tests/ns/sbx-drive.c libsbx/*.c libcommon/sbx_wire.c \
	libcommon/sbx_proto.c -D_GNU_SOURCE 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
gcc -O1 -static -o "$tmp/bin/probe" tests/ns/sbx-probe.c 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
gcc -O1 -Wall -Ilibsbx -Ilibcommon -o "$tmp/bin/client" docs/examples/sbx-client.c libsbx/*.c libcommon/sbx_wire.c libcommon/sbx_proto.c \
	-D_GNU_SOURCE 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
export SBX_INIT="$tmp/bin/sbx-init"
base="op:bind / / ; op:proc /proc ; op:dev /dev ; op:tmpfs:mode=1777 /tmp ; op:bind $tmp/bin/probe /tmp/probe ;"
probe=/tmp/probe

drive() { timeout "${SBX_LONG:+9}60" $as "$tmp/bin/drive" "$@"; }
# once WORD... -- ARGV: one command; its output and, at the end, the exit code
once() { drive $spaces once "$@" 2>&1; echo "exit $?"; }
# serve WORD... -- ACTION -- ACTION...
serve() { drive $spaces "$@" 2>&1; }
say() { once $base -- /bin/sh -c "$1"; }

run_all() {	# WHO
	who=$1
	out=$tmp/out.$who
	mkdir -p "$out"
	[ "$who" = root ] || chown 65534:65534 "$out"
	spaces="all uid=1000 gid=100"

	## How it ends

	is "$(say 'exit 3')" "exit 3" "$who: exit 3"
	is "$(say 'kill -TERM $$')" "exit 143" "$who: 128 + the signal"
	is "$(say 'exit 0')" "exit 0" "$who: exit 0"
	like "$(once $base -- /nonexistent)" 'execute /nonexistent: No such file' "$who: a command that is not there is a failed set-up"
	like "$(once $base -- /nonexistent)" 'exit 125' "$who: and the launcher can tell"
	like "$(once $base -- /etc/passwd)" 'execute /etc/passwd: Permission denied' "$who: one that cannot be executed"
	is "$(once $base -- sh -c 'exit 4')" "exit 4" "$who: a name is looked up in PATH"
	printf 'echo from a script; exit 5\n' >"$out/script"; chmod 755 "$out/script"
	is "$(once $base op:bind $out/script /tmp/script ';' -- /tmp/script)" "from a script
exit 5" "$who: a script without #! is the shell's"

	## Parameters

	is "$(say 'id -u; id -g; echo $$; ls /proc | grep -c "^[0-9]"')" "1000
100
2
4
exit 0" "$who: user, group, and a pid namespace of its own"
	is "$(once hostname=box domainname=dom $base -- /bin/sh -c 'uname -n; cat /proc/sys/kernel/domainname')" "box
dom
exit 0" "$who: host name and domain name"
	is "$(once $base env=A='b c' dir=/usr/lib -- /bin/sh -c 'echo "$A"; pwd; env | wc -l')" "b c
/usr/lib
3
exit 0" "$who: environment and working directory, and nothing else of ours"
	like "$(once $base dir=/nope -- /bin/true)" 'chdir /nope: No such file' "$who: a working directory that is not there"
	is "$(once $base umask=027 -- /bin/sh -c umask)" "0027
exit 0" "$who: umask"
	is "$(umask 077; say umask)" "0077
exit 0" "$who: or the launcher's"
	is "$(once $base rlimit=nofile:77:99 -- /bin/sh -c 'ulimit -Sn; ulimit -Hn')" "77
99
exit 0" "$who: rlimits"
	is "$(once $base -- /bin/cat </etc/hostname)" "$(cat /etc/hostname)
exit 0" "$who: standard input is ours"
	is "$(once $base path=/bin/sh -- other-name -c 'echo $0')" "other-name
exit 0" "$who: a file and another argv[0]"
	is "$(once session $base -- /bin/sh -c 'ps -o sid= $$ | tr -d " "')" "0
exit 0" "$who: the session is kept if wanted"
	is "$(once $base -- /bin/sh -c 'ps -o sid= $$ | tr -d " "')" "1
exit 0" "$who: and a new one otherwise"
	is "$(say "ip link show lo 2>/dev/null | grep -o 'LOOPBACK,UP' || grep -c lo /proc/net/dev")" "LOOPBACK,UP
exit 0" "$who: loopback is up"
	is "$($as unshare -Ur /bin/sh -c 'echo 0 >/proc/sys/user/max_net_namespaces; "$@"' - "$tmp/bin/drive" $spaces once $base -- /bin/echo ran 2>&1)" \
		"sbx-drive: make network namespace: No space left on device" "$who: and where there is none, nothing runs"
	like "$(once initcmd='echo from init; id -u' $base -- /bin/echo then)" '^from init' "$who: the init command runs first"
	like "$(once initcmd='exit 1' $base -- /bin/echo then)" 'init command did not exit with 0: /bin/sh: Operation canceled' "$who: and must exit with 0"
	unlike "$(once initcmd='exit 1' $base -- /bin/echo then)" '^then' "$who: or nothing runs"
	like "$(once readonly op:bind /usr /usr ';' op:bind /lib64 /lib64 ';' op:bind /lib /lib ';' -- /usr/bin/touch /x)" 'Read-only file system' "$who: a read-only root"
	is "$(once nouserns $base -- /bin/sh -c 'unshare -U true 2>&1')" "unshare: unshare failed: No space left on device
exit 1" "$who: user namespaces can be forbidden"
	is "$(once privileged $base -- /bin/sh -c 'grep Cap /proc/self/status | cut -f 2 | sort -u')" "0000000000200000
exit 0" "$who: privileged keeps CAP_SYS_ADMIN and no other"
	is "$(once caps=2001 $base -- /bin/sh -c 'grep Cap /proc/self/status | cut -f 2 | sort -u')" "0000000000002001
exit 0" "$who: or what is asked for"

	## Operations

	like "$(once $base op:bind /nope /tmp/x ';' -- /bin/true)" 'bind /tmp/x: open /nope: No such file' "$who: a source that is not there"
	is "$(once $base op:bind:optional /nope /tmp/x ';' -- /bin/echo fine)" "fine
exit 0" "$who: unless it is optional"
	is "$(once $base op:bind:ensure,writable $out/made/deep /tmp/x ';' -- /bin/touch /tmp/x/file) $(ls $out/made/deep) $(stat -c %a $out/made)" "exit 0 file 700" "$who: a source that is made, writable"
	like "$(once $base op:bind $out /tmp/x ';' -- /bin/touch /tmp/x/file)" 'Read-only' "$who: read-only otherwise"
	ln -sf /usr/bin "$out/link"
	is "$(once $base op:bind $out/link /tmp/x ';' -- /bin/sh -c 'ls /tmp/x | grep -cx env')" "1
exit 0" "$who: links of a source are followed on the host"
	is "$(once op:tmpfs /a ';' op:symlink /a /b ';' op:bind / /root ';' op:bind /usr /b/usr ';' op:bind /lib64 /lib64 ';' op:bind /lib /lib ';' -- /a/usr/bin/ls /a)" "usr
exit 0" "$who: links of a target inside the container"
	is "$(once $base op:tmpfs:mode=711:size=65536 /tmp/t ';' -- /bin/sh -c 'stat -c %a /tmp/t; df -k /tmp/t | tail -1 | tr -s " " | cut -d " " -f 2')" "711
64
exit 0" "$who: tmpfs with mode and size"
	like "$(once $base op:tmpfs:readonly /tmp/t ';' -- /bin/touch /tmp/t/x)" 'Read-only' "$who: tmpfs, read-only"
	is "$(once $base op:mkdir:mode=750 /tmp/a/b ';' -- /bin/stat -c %a /tmp/a /tmp/a/b)" "755
750
exit 0" "$who: mkdir with parents"
	is "$(once parentperm=700 $base op:mkdir:mode=750 /tmp/a/b ';' -- /bin/stat -c %a /tmp/a /tmp/a/b)" "700
750
exit 0" "$who: whose mode can be said"
	is "$(once $base op:symlink some/where /tmp/l/k ';' -- /bin/readlink /tmp/l/k)" "some/where
exit 0" "$who: symlink"
	is "$(once $base op:symlink:dereference $out/link /tmp/k ';' -- /bin/readlink /tmp/k)" "/usr/bin
exit 0" "$who: symlink, as one of the host says"
	like "$(once $base op:symlink a /tmp/k ';' op:symlink b /tmp/k ';' -- /bin/true)" 'symlink /tmp/k: symlink /tmp/k: File exists' "$who: symlink that is there"
	is "$(once $base op:symlink a /tmp/k ';' op:symlink:replace a /tmp/k ';' -- /bin/readlink /tmp/k)" "a
exit 0" "$who: the same link again, if that is fine"
	is "$(once $base op:place:data=hello /tmp/p ';' -- /bin/sh -c 'cat /tmp/p; echo; stat -c %a /tmp/p; (echo x >/tmp/p) 2>/dev/null || echo no')" "hello
444
no
exit 0" "$who: place: a read-only file"
	is "$(once $base op:place:writable:mode=640:data=hello /tmp/p ';' -- /bin/sh -c 'echo x >/tmp/p; cat /tmp/p; stat -c %a /tmp/p; rm /tmp/p 2>/dev/null || echo a mount')" "x
640
a mount
exit 0" "$who: place: writable"
	is "$(once $base op:place:copy:mode=600:data=hello /tmp/p ';' -- /bin/sh -c 'cat /tmp/p; rm /tmp/p && echo gone')" "hellogone
exit 0" "$who: place: a file of its own"
	is "$(once $base op:mkdir /tmp/d ';' op:chmod:mode=1731 /tmp/d ';' -- /bin/stat -c %a /tmp/d)" "1731
exit 0" "$who: chmod"
	like "$(once $base op:tmpfs /tmp/t ';' op:remount:readonly,noexec /tmp/t ';' -- /bin/grep ' /tmp/t ' /proc/self/mountinfo)" ' ro,nosuid,nodev,noexec' "$who: remount"
	like "$(once $base op:remount:readonly /usr/bin ';' -- /bin/true)" 'remount /usr/bin: mount_setattr /usr/bin: Invalid argument' "$who: remount of what is no mount"
	like "$(once $base op:mqueue /tmp/q ';' -- /bin/grep ' /tmp/q ' /proc/self/mountinfo)" 'nosuid,nodev,noexec.* mqueue' "$who: mqueue"
	is "$(once op:bind /usr /usr ';' op:bind /lib64 /lib64 ';' op:bind /lib /lib ';' op:autoetc ';' -- /usr/bin/readlink /etc/hostname /etc/mtab /etc/passwd)" ".host/hostname
/proc/mounts
exit 1" "$who: auto-etc: links, without passwd"
	is "$(once op:autoroot / ';' -- /bin/sh -c 'for i in /usr /etc /tmp /proc; do [ ! -e $i ] || echo $i; done; touch /usr/x 2>&1 | grep -o Read-only')" "/usr
Read-only
exit 0" "$who: auto-root: all but proc dev tmp mnt etc"
	like "$(once op:autoroot / ';' op:autoroot / ';' -- /bin/true)" 'auto-root /: only once: File exists' "$who: auto-root once"
	is "$(once $base -- /bin/sh -c 'cd /dev; ls -1 | tr "\n" " "; readlink fd ptmx core; echo x >null; head -c 3 zero | wc -c; touch /dev/x 2>/dev/null || echo read-only; touch shm/x && echo shm')" "core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero /proc/self/fd
pts/ptmx
/proc/kcore
3
read-only
shm
exit 0" "$who: dev"
	is "$(once $base op:dev:writable,mqueue:mode=711 /tmp/dev ';' -- /bin/sh -c 'stat -c %a /tmp/dev; touch /tmp/dev/x && ls -d /tmp/dev/mqueue')" "711
/tmp/dev/mqueue
exit 0" "$who: dev, writable, with mqueue"
	is "$(once $base -- /usr/bin/script -qc tty /dev/null | tr -d '\r')" "/dev/pts/0
exit 0" "$who: a terminal of its own"
	mkdir -p "$out/l1" "$out/l2" "$out/up" "$out/work"
	echo 1 >"$out/l1/a"; echo 2 >"$out/l2/a"; echo 2 >"$out/l2/b:,\\"
	[ "$who" = root ] || chown -R 65534:65534 "$out"
	is "$(once $base op:overlay /tmp/o '' '' $out/l1 $out/l2 ';' -- /bin/sh -c 'cat /tmp/o/a /tmp/o/b*; touch /tmp/o/x 2>/dev/null || echo ro')" "1
2
ro
exit 0" "$who: overlay, read-only"
	is "$(once $base op:overlay:writable /tmp/o '' '' $out/l1 ';' -- /bin/sh -c 'echo 9 >/tmp/o/a; cat /tmp/o/a')$(cat $out/l1/a)" "9
exit 01" "$who: overlay whose changes are lost"
	is "$(once $base op:overlay /tmp/o $out/up $out/work $out/l1 ';' -- /bin/sh -c 'echo 8 >/tmp/o/a')$(cat $out/l1/a $out/up/a)" "exit 01
8" "$who: overlay whose changes are kept"
	is "$(once $base mask=/etc/hostname mask=/usr/share mask=/nope -- /bin/sh -c 'cat /etc/hostname; ls /usr/share; touch /usr/share/x 2>/dev/null || echo masked')" "masked
exit 0" "$who: masks"
	is "$(once $base op:daemon /tmp/ready /bin/sh sh -c 'sleep 0.1; trap "echo told; exit" TERM; touch /tmp/ready; while :; do sleep 0.05; done' ';' -- /bin/sh -c 'ls /tmp/ready')" "/tmp/ready
told
exit 0" "$who: a daemon is ready before, and told to end after"
	like "$(once $base op:daemon /tmp/ready /bin/sh sh -c 'exit 1' ';' -- /bin/echo ran)" 'daemon /bin/sh: ended before there was /tmp/ready: No child' "$who: a daemon that ends early is fatal"

	## Serving

	is "$(serve $base -- ping -- exec /bin/sh -c 'exit 3' -- exec /bin/sh -c 'kill -11 $$' -- exec /nope -- exec /bin/true |
		sed 's/ cpu=.*//')" "pong
nonzero 3
signalled 11
error execute /nope: No such file or directory
normal 0" "$who: serve: many commands"
	is "$(serve $base -- exec /bin/sh -c 'sleep 1000 & setsid sleep 1000 & exit 0' -- stat | sed 's/ cpu=.*//; s/ resident.*//')" "normal 0
stat executed=1 processes=1" "$who: serve: what a command leaves is killed"
	is "$(serve $base rlimit=cpu:1:1 -- exec $probe spin -- exec /bin/true | sed 's/ cpu=.*//')" "time-limit 9
normal 0" "$who: serve: CPU time limit"
	is "$(serve $base wall=200 -- exec /bin/sleep 10 -- exec /bin/true | sed 's/ cpu=.*//')" "time-limit 9
normal 0" "$who: serve: wall time limit"
	is "$(serve $base rlimit=fsize:1000:1000 -- exec /bin/dd if=/dev/zero of=/tmp/x bs=100k count=1 2>&1 | sed 's/ cpu=.*//')" "output-limit 25" "$who: serve: output limit"
	is "$(serve $base memory=20000000 -- exec $probe allocate 30 -- exec $probe allocate 1 | sed 's/ cpu=.*//')" "memory-limit 0
normal 0" "$who: serve: memory limit"
	is "$(serve $base -- exec $probe badcall | sed 's/ cpu=.*//')" "disallowed 31" "$who: serve: disallowed system call"
	is "$(serve $base -- killafter 100 /bin/sleep 10 -- exec /bin/true | sed 's/ cpu=.*//')" "killed 9
normal 0" "$who: serve: killed on demand"
	is "$(serve xflags=3 $base -- exec /bin/true | sed 's/ cpu=.*//')" "sync sbx-init
normal 0" "$who: serve: stopped before execve, pid known"
	is "$(serve xflags=5 $base -- exec /bin/sleep 0.3 | sed 's/ cpu=.*//')" "sync sleep
normal 0" "$who: serve: told after execve"
	is "$(serve xflags=1073741826 $base -- exec /bin/echo ran -- ping | sed 's/ cpu=.*//')" "sync sbx-init
error told not to execute: Operation canceled
pong" "$who: serve: the launcher says no"
	is "$(serve $base -- silent /bin/sh -c 'echo hi >/tmp/f; mkfifo /tmp/p' -- open 0 0 /tmp/f -- open 0101 600 /tmp/new/x -- silent /bin/cat /tmp/new/x \
		-- open 0 0 /dev/null -- open 0 0 /tmp -- open 0 0 /tmp/p -- open 0 0 /proc/self/exe -- open 0 0 /proc/1/environ -- open 0 0 /nope | sed s/EACCES/EPERM/)" "open ok hi
open ok 
written
open EINVAL
open EISDIR
open EINVAL
open ELOOP
open EPERM
open ENOENT" "$who: serve: open regular files, and no other"
	is "$(serve $base -- symlink /tmp/s/l target -- symlink /tmp/s/l target -- silent /bin/readlink /tmp/s/l -- delete /tmp/s -- delete /tmp/s -- silent /bin/ls -A /tmp)" "symlink ok
symlink EEXIST
target
deleted
error delete /tmp/s: No such file or directory
probe" "$who: serve: symlink, delete"
	is "$(serve $base -- silent $probe deep /tmp 3000 -- silent /bin/sh -c 'mkdir -p /dev/shm/x; chmod 0 /dev/shm/x; touch /tmp/f' -- reset -- exec /bin/ls -A /tmp /dev/shm | sed 's/ cpu=.*//')" "reset
/dev/shm:

/tmp:
probe
normal 0" "$who: serve: reset, whatever was made"
	is "$(serve $base xflags=1 file=0:1 file=2:7 -- exec $probe descriptors 0>"$out/fds" 2>/dev/null | sed 's/ cpu=.*//'; cat "$out/fds")" "normal 0
1 7 " "$who: serve: the descriptors that are declared, and no other"
	is "$(serve $base -- silent $probe orphans 300 -- exec $probe zombies | sed 's/ cpu=.*//')" "zombies 0
normal 0" "$who: serve: orphans are reaped"
}


# What cannot be made is said: which operation, on what, why. Nothing runs then.
run_refusals() {
	mkdir -p "$out/ref"
	echo placed >"$out/ref/file"
	while IFS='|' read -r why words; do
		[ "$why" ] || continue
		like "$(once $words -- /bin/echo ran)" "^sbx-drive: $why
exit 125\$" "$who: refused: $words"
	done <<-END
	symlink /tmp/k: readlink /etc/passwd: No such file or directory|$base op:symlink:dereference /etc/passwd /tmp/k ;
	place /dev/null: no file, but something else is null: File exists|$base op:place:copy:data=x /dev/null ;
	overlay /tmp/o: open /nope: No such file or directory|$base op:overlay /tmp/o /nope /nope /usr ;
	auto-root /nope: open /nope: No such file or directory|op:autoroot /nope ;
	daemon /bin/true: too many: .*|$base $(for n in 1 2 3 4 5 6 7 8 9 10 11; do echo 'op:daemon / /bin/true true ; op:daemon / /bin/true true ; op:daemon / /bin/true true ;'; done | tr '\n' ' ')
	END
	like "$(once $base op:overlay /tmp/o '' '' /usr /nope ';' -- /bin/echo ran)" '^sbx-drive: overlay /tmp/o: open /nope: No such file' "$who: refused: a layer that is not there"
	exec 5<"$out/ref/file"
	rm "$out/ref/file"
	like "$(once $base op:bind:fd=5 /tmp/x ';' -- /bin/echo ran)" "^sbx-drive: bind /tmp/x: open $out/ref/file \(deleted\): No such file" "$who: refused: a descriptor of what is not there any more"
	exec 5<&-
	echo placed >"$out/ref/file"
	like "$(drive user pid mnt uid=1000 gid=100 once hostname=x $base -- /bin/echo ran 2>&1)" '^sbx-drive: a host name needs a UTS namespace: ' "$who: refused: a host name without a namespace for it"
	like "$(drive user pid uid=1000 gid=100 once -- /bin/echo ran 2>&1)" '^sbx-drive: needs a mount namespace' "$who: refused: no mount namespace"
	[ "$who" != root ] || like "$(drive pid mnt once nouserns $base -- /bin/echo ran 2>&1)" '^sbx-drive: forbidding user namespaces needs one around' "$who: refused: no user namespaces without one"
	like "$(serve $base $(n=0; while [ $n -lt 64 ]; do n=$((n + 1)); echo "op:tmpfs /tmp/t$n ;"; done) -- ping)" 'tmpfs /tmp/t[0-9]+: too many tmpfs to reset' "$who: refused: more tmpfs than can be reset"
	exec 5<"$out/ref/file"
	is "$(once $base op:place:fd=5 /tmp/p ';' -- /bin/cat /tmp/p)" "placed
exit 0" "$who: place: what a descriptor has"
	exec 5<&-
	is "$(serve $base -- delete / -- delete /nope/x -- delete /tmp/.. -- open 0101 600 /etc/passwd/x/y -- symlink /etc/passwd/x/y z)" "error delete /: Invalid argument
error delete /nope/x: No such file or directory
error delete /tmp/..: Invalid argument
open ENOTDIR
symlink ENOTDIR" "$who: serve: what cannot be deleted, opened or linked"
	# The protocol's own form of serving: another channel, which comes with the configuration
	is "$(timeout 20 $as /usr/bin/python3 - "$tmp/bin/sbx-init" 2>&1 <<-'END'
	import os, socket, struct, sys
	socket.setdefaulttimeout(5)	# which makes both ends O_NONBLOCK
	def field(key, value): return struct.pack("=HHI", key, 0, len(value)) + value + bytes(-len(value) % 8)
	def send(to, kind, body=b"", fds=[]):
	    packet = struct.pack("=IHHII", 0x01786273, kind, len(fds), len(body), 0) + body
	    socket.send_fds(to, [packet], fds) if fds else to.send(packet)
	def answer(of):
	    got = of.recv(40000)
	    return "end" if not got else "%d%s" % (struct.unpack_from("=IH", got)[1], " failed" if struct.pack("=HHI", 128, 0, 4) in got else "")
	def start():
	    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	    pid = os.fork()
	    if not pid:
	        os.dup2(b.fileno(), 3)
	        os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
	        os.execvp("unshare", ["unshare", "-Urpf", "--kill-child", sys.argv[1], "3"])
	    b.close()
	    return a
	CONF = field(1, struct.pack("=I", 1 << 10 | 1 << 6 | 1 << 2)) + field(2, struct.pack("=I", 0x30000000))	# host's root, survive, mapped; user, pid
	a = start(); send(a, 1); print("ping", answer(a)); send(a, 6); print("reset", answer(a))
	a = start(); send(a, 2, field(255, b"")); print("a field that is none", answer(a))
	a = start(); c, d = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	send(a, 2, CONF + field(20, struct.pack("=I", 0)), [d.fileno()]); d.close()
	print("serve", answer(a)); send(c, 1); print("ping", answer(c))
	send(c, 7, field(65, b"/bin/true\0")); print("execve", answer(c))
	send(c, 7, field(65, b"/bin/sleep\0" b"50\0") ); send(c, 1); print("no kill", answer(c), answer(c))
	END
	)" "ping 32
reset 32 failed
a field that is none 32 failed
serve 32
ping 32
execve 32
no kill 32 failed end" "$who: protocol: before the configuration, and on the channel that comes with it"
}

# What needs somebody beside it: descriptors, terminals, other namespaces, id ranges, a launcher that dies
run_beside() {
	cp "$tmp/bin/probe" "$out/gone"
	exec 5<"$out/gone"; rm "$out/gone"
	is "$(once $base execfd=5 -- probe descriptors)" "0 1 2 
exit 0" "$who: a file is executed by its descriptor, which the command does not have"
	exec 5</bin/sh
	is "$(serve $base execfd=5 -- exec other -c 'echo $0' | sed 's/ cpu=.*//')" "other
normal 0" "$who: serve: the same"
	exec 5<&-

	is "$(terminal tty=5 file=5:0 file=5:1 file=5:2)" "hello from a leader" "$who: a terminal becomes the controlling one"
	like "$(terminal file=5:0 file=5:1 file=5:2)" '/dev/tty: .*(No such device|cannot)' "$who: and is not without being asked for"

	$as unshare -Urpf --kill-child /bin/sleep 60 & holder=$!
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		child=$(cat "/proc/$holder/task/$holder/children" 2>/dev/null); child=${child% }
		[ "$child" ] && [ "$(cat "/proc/$child/comm" 2>/dev/null)" = sleep ] && break
		sleep 0.05
	done
	exec 5<"/proc/$child/ns/user" 6<"/proc/$child/ns/pid"
	is "$(drive userns=5 pidns=6 mnt direct op:bind / / ';' op:proc /proc ';' -- /bin/sh -c 'readlink /proc/self/ns/user /proc/self/ns/pid; cat /proc/1/comm; cd /proc; set -- [0-9]*; echo $#' 2>&1)" \
		"$(readlink "/proc/$child/ns/user" "/proc/$child/ns/pid")
sleep
2" "$who: a user and a pid namespace are joined, and /proc is theirs"
	exec 5<&- 6<&-
	kill -9 "$holder"; wait "$holder" 2>/dev/null

	if [ "$who" = root ]; then	# others ask newuidmap(1): sbx.t
		mkdir -m 777 "$out/mapped"
		is "$(spaces="user pid mnt" once map=0,100000,1000 uid=5 gid=6 $base op:bind:writable $out/mapped /tmp/m ';' -- /bin/sh -c 'id -u; id -g; : >/tmp/m/f; cat /proc/self/uid_map' | tr -s ' ') $(stat -c '%u %g' $out/mapped/f)" "5
6
 0 100000 1000
exit 0 100005 100006" "$who: a range of ids is mapped by the launcher"
	fi

	is "$(once parentperm=711 $base op:bind:ensure,writable $out/ens/deep /tmp/p/q ';' -- /bin/stat -c %a /tmp/p /tmp/p/q) $(stat -c %a $out/ens $out/ens/deep | tr '\n' ' ')" "711
700
exit 0 700 700 " "$who: a source that is made is its owner's only, whatever the folders of the target are"

	$as "$tmp/bin/drive" $spaces survive once $base -- /bin/sh -c 'exec sleep 66.77' & launcher=$!
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do pgrep -fx 'sleep 66.77' >/dev/null && break; sleep 0.05; done
	kill -9 $launcher; wait $launcher 2>/dev/null; sleep 0.2
	is "$(pgrep -fxc 'sleep 66.77')" 1 "$who: what shall survive its launcher does"
	kill -9 "$(pgrep -fx 'sleep 66.77')"

	is "$(propagated)" "late
/tmp/p/sub:" "$who: a mount of the host shows up below a slave bind, and below no other"
	is "$(propagated_root)" "none
late" "$who: the same where the root is the host's"
}

# terminal WORD...: what comes out of a new pseudo-terminal when a command has its end as descriptor 5
terminal() {
	$as /usr/bin/python3 - "$tmp/bin/drive" $spaces $base "$@" -- exec /bin/sh -c 'echo hello from a leader >/dev/tty' <<-'END'
	import os, select, subprocess, sys
	master, slave = os.openpty()
	os.dup2(slave, 5)
	subprocess.run(sys.argv[1:], pass_fds=[5], stdout=subprocess.DEVNULL, start_new_session=True, timeout=20)
	print(os.read(master, 4096).decode().strip() if select.select([master], [], [], 0)[0] else "nothing")
	END
}

propagated() {
	export as spaces base tmp out SBX_INIT
	unshare -m sh -c '. "$0"; mkdir -p "$out/prop"; mount -t tmpfs x "$out/prop"; mount --make-shared "$out/prop"; mkdir -m 755 "$out/prop/sub"; chmod 755 "$out/prop"
		(n=0; while [ ! -e "$out/prop/up" ] && [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done
		 mount -t tmpfs -o mode=755 y "$out/prop/sub"; : >"$out/prop/sub/late"; : >"$out/prop/go") &
		chmod 777 "$out/prop"
		drive $spaces once $base op:bind:slave,writable "$out/prop" /tmp/s ";" op:bind "$out/prop" /tmp/p ";" -- /bin/sh -c ": >/tmp/s/up; n=0; while [ ! -e /tmp/s/go ] && [ \$n -lt 100 ]; do sleep 0.05; n=\$((n + 1)); done; ls /tmp/s/sub; ls -d /tmp/p/sub/* 2>/dev/null || echo /tmp/p/sub:" 2>&1; wait' "$tmp/functions"
}

# The root itself: private first, then as a slave
propagated_root() {
	export as spaces tmp out SBX_INIT
	unshare -m sh -c '. "$0"; mkdir -p "$out/w"; mount -t tmpfs -o mode=777 x "$out/w"; mount --make-rshared /; mkdir -m 755 "$out/w/sub"
		for kind in "" :slave; do
			rm -f "$out/w/up" "$out/w/go"
			(n=0; while [ ! -e "$out/w/up" ] && [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done
			 mount -t tmpfs -o mode=755 y "$out/w/sub"; : >"$out/w/sub/late"; : >"$out/w/go") &
			drive $spaces once op:bind$kind / / ";" op:bind:writable "$out/w" /mnt ";" -- /bin/sh -c ": >/mnt/up; n=0
				while [ ! -e /mnt/go ] && [ \$n -lt 100 ]; do sleep 0.05; n=\$((n + 1)); done
				ls $out/w/sub | grep . || echo none" 2>&1
			wait
			umount "$out/w/sub"
		done' "$tmp/functions"
}

# Each lesson of the specification's table that is sbx-init's
run_security() {	# WHO
	## CVE-2019-5736: the file that is executed
	sum=$(sha256sum <"$SBX_INIT"; stat -c '%a %u' "$SBX_INIT")
	printf '#!/proc/self/exe\n' >"$out/exe"; chmod 755 "$out/exe"
	is "$(once $base op:bind $out/exe /tmp/exe ';' -- $probe overwrite)" "tried
exit 0" "$who: CVE-2019-5736: /proc/1/exe is out of reach"
	is "$(once $base op:bind $out/exe /tmp/exe ';' -- $probe hunt /tmp/exe 2>/dev/null)" "hunted
exit 0" "$who: CVE-2019-5736: nor is it to be had through an interpreter line"
	is "$(sha256sum <"$SBX_INIT"; stat -c '%a %u' "$SBX_INIT")" "$sum" "$who: CVE-2019-5736: the file is what it was"

	## CVE-2024-21626: descriptors of the launcher
	is "$(once $base -- $probe descriptors 5</etc 6</dev/null 7>"$out/x")" "0 1 2 
exit 0" "$who: CVE-2024-21626: no descriptor of the launcher's is open"
	for dir in /proc/self/fd/5 /proc/1/fd/5 /proc/self/root/proc/self/fd/5 /proc/self/cwd; do
		like "$(once $base dir=$dir -- /bin/pwd 5</)" '^sbx-drive: chdir .*
exit 125|exit 125' "$who: CVE-2024-21626: no working directory by way of $dir"
	done
	like "$(serve $base op:bind $out /tmp/o ';' dir=/proc/self/fd/5 -- exec /bin/pwd 5</)" 'error chdir' "$who: CVE-2024-21626: nor when serving"

	## CVE-2016-9962, CVE-2016-8659: PID 1
	is "$(SECRET=x once $base -- $probe peek 1)" "peeked
exit 0" "$who: CVE-2016-9962, CVE-2016-8659: nothing of PID 1 can be read, traced or taken"
	is "$(serve xflags=1 $base -- silent $probe peek 1)" "peeked" "$who: CVE-2016-9962: nor when serving"

	## CVE-2020-5291
	cp "$tmp/bin/drive" "$tmp/bin/setuid"; chmod 4755 "$tmp/bin/setuid"
	cp "$SBX_INIT" "$tmp/bin/sbx-init-setuid"
	if [ "$as" ]; then
		like "$($as $tmp/bin/setuid $spaces once $base -- /bin/true 2>&1)" 'refuses to run setuid' "$who: CVE-2020-5291: no setuid launcher"
		cp "$tmp/bin/drive" "$tmp/bin/capped"; setcap cap_net_raw=ep "$tmp/bin/capped"
		is "$($as $tmp/bin/capped $spaces once $base -- /bin/echo ran 2>&1; echo $?)" "sbx-drive: refuses to run setuid, setgid or with file capabilities
125" "$who: CVE-2020-5291: nor one with file capabilities"
	fi

	## CVE-2022-29162 and no_new_privs
	is "$(once $base -- /bin/grep -E '^(Cap|NoNew|Dump)' /proc/self/status)" "CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapBnd:	0000000000000000
CapAmb:	0000000000000000
NoNewPrivs:	1
exit 0" "$who: CVE-2022-29162: five empty capability sets, no_new_privs"
	is "$(drive all uid=0 gid=0 $base -- silent /bin/sh -c 'grep -hE "^Cap" /proc/self/status /proc/1/status | cut -f 2 | sort -u' 2>/dev/null)" "0000000000000000" "$who: for user 0, and for PID 1 too"

	## CVE-2025-31133, CVE-2025-52565: devices that are none. The host's /dev is made up in a mount namespace of its own
	like "$(fake /dev/null -- once $base -- /bin/echo ran)" 'not the device it should be: /dev/null: No such device' "$who: CVE-2025-31133: a false /dev/null"
	is "$(fake /dev/null -- once op:bind / / ';' op:proc /proc ';' mask=/etc/hostname -- /bin/cat /etc/hostname)" "exit 0" "$who: CVE-2025-31133: masks do not need it"
	like "$(fake /dev/urandom -- once $base -- /bin/echo ran)" 'not the device it should be' "$who: CVE-2025-31133: a false /dev/urandom"

	# CVE-2025-52565: with the session, standard output's terminal becomes the console: what is at its path must be it
	is "$(console :)" "console" "$who: the console is the terminal of standard output"
	like "$(console 'mount --bind "$tmp/false"')" 'not our terminal: /dev/pts/[0-9]+: No such device' "$who: CVE-2025-52565: a file in place of the terminal"
	like "$(console 'mount --bind /dev/null')" 'not our terminal: /dev/pts/[0-9]+: No such device' "$who: CVE-2025-52565: another device"

	## Setuid files, and mounts that a nested user namespace would like to take off
	cp /bin/id "$tmp/bin/setuid-id"; chmod 4755 "$tmp/bin/setuid-id"
	is "$(once $base op:bind "$tmp/bin" /tmp/bin ';' -- /tmp/bin/setuid-id -u)" "1000
exit 0" "$who: setuid bits do nothing"
	is "$(once $base op:bind "$out" /tmp/o ';' mask=/tmp/o op:place:data=x /tmp/placed ';' -- /bin/sh -c "unshare -Um sh -c 'echo inside
		for m in /tmp/o /tmp/placed /proc/sys /proc /dev/null /dev / ; do umount \$m && echo umounted; umount -l \$m && echo detached; done
		mount -o remount,bind,rw / && echo writable; mount -t tmpfs x /tmp/o && echo covered' 2>/dev/null; ls /tmp/o")" "inside
exit 0" "$who: nothing can be taken off or made writable from a user namespace inside"

	is "$(once op:bind / / ';' op:proc /proc ';' op:dev /dev ';' op:tmpfs:mode=1777 /tmp ';' -- /bin/sh -c "unshare -Um sh -c 'echo inside
		for m in /tmp /proc/sys /proc /dev/null /dev / ; do umount \$m && echo umounted; umount -l \$m && echo detached; done
		mount -o remount,bind,rw / && echo writable' 2>/dev/null; stat -c %T /dev/full")" "inside
7
exit 0" "$who: nor where the root is the host's"

	## Recursive read-only
	is "$(recursive_source)" "0" "$who: recursive read-only: each mount below a read-only bind is ro,nosuid,nodev"
	## PID 1
	is "$(once $base -- /bin/sh -c 'kill -9 1; kill -TERM 1; kill -STOP 1; echo alive')" "alive
exit 0" "$who: PID 1: kill -9 1 does nothing"
	is "$(once adopt=300 $base -- /bin/sh -c "setsid sleep 77654 & echo started") $(pgrep -f 'sleep 77654')" "started
sbx-init: timeout exceeded waiting for lingering processes
exit 0 " "$who: PID 1: what is left after the wait ends with it, though it has called setsid"
	is "$(once $base -- $probe orphans "${SBX_LONG:+10}500")" "exit 0" "$who: PID 1: ${SBX_LONG:+10,}500 orphans are reaped"
}

# Each call of the set-up that changes something is made to fail, one after another: the command must never run. One
# container has every operation, so this goes through all of them.
run_faults() {	# WHO
	mkdir -p "$out/f/upper" "$out/f/work" "$out/mark"; chmod 777 "$out/mark"
	[ "$who" = root ] || chown -R 65534:65534 "$out/f"
	every="$base op:bind:writable $out/mark /tmp/mark ; op:bind:optional /nope /tmp/n ; op:place:data=x /tmp/p1 ; op:place:copy:data=x /tmp/p2 ;
		op:overlay /tmp/o $out/f/upper $out/f/work /usr/bin ; op:overlay:writable /tmp/o2 '' '' /usr/bin ; op:symlink a /tmp/k ; op:mkdir /tmp/a/b ;
		op:chmod:mode=700 /tmp/a ; op:mqueue /tmp/q ; op:remount:readonly /tmp/q ; op:dev:writable,mqueue /tmp/dev ;
		op:daemon /tmp/ready /bin/touch touch /tmp/ready ; hostname=h domainname=d mask=/etc/hostname readonly nouserns presets=15 scopetry=3
		landlock=fff:/ initcmd=true rlimit=nofile:50:50 dir=/tmp"
	every=$(echo "$every" | sed "s/''/%/g")	# words only; the empty ones are put back below
	set --
	for word in $every; do [ "$word" = % ] && set -- "$@" '' || set -- "$@" "$word"; done
	each_fails 'a container with everything' 100 "$@"
	# This one stays on the host's root (root.c)
	each_fails 'a container in place' 50 op:bind / / ';' op:proc /proc ';' op:dev /dev ';' op:tmpfs /tmp ';' op:bind:writable $out/mark /tmp/mark ';' readonly
	# One that happens in the child of a server: it is said, and the next command runs
	for call in execve setrlimit; do
		like "$(INITBOX_FAULT=$call#1 serve $base rlimit=core:0:0 -- exec /bin/echo ran -- exec /bin/echo fine | sed 's/ cpu=.*//' | tr '\n' ' ')" \
			'^error .*: Input/output error fine normal 0 $' "$who: serve: a failed $call"
	done
}

each_fails() {	# TEXT LEAST WORD...
	what=$1 least=$2 step=1; shift 2
	[ ! "${SANITIZED:-}" ] || step=7	# what a sanitizer has seen of one failure it has seen of most
	ran=0 silent=0 n=0 harmless=0 row=0
	rm -f "$out/mark/ran"
	is "$(once "$@" -- /bin/touch /tmp/mark/ran) $(ls $out/mark)" "exit 0 ran" "$who: $what"
	while n=$((n + step)); do
		rm -f "$out/mark/ran"
		said=$(INITBOX_FAULT=$n once "$@" -- /bin/touch /tmp/mark/ran)
		case $said in
		"exit 0")	# two in a row: there are no more calls
			row=$((row + 1)) harmless=$((harmless + 1))
			[ $row -lt 2 ] || break
			continue ;;
		*Input/output\ error*"exit 125") ;;
		*) silent=$((silent + 1)); diag "call $n: $said" ;;
		esac
		row=0
		[ ! -e "$out/mark/ran" ] || { ran=$((ran + 1)); diag "call $n: it ran"; }
		[ $n -lt 400 ] || break
	done
	is "$ran" 0 "$who: $what: fail closed: no command runs after a failed call"
	is "$silent" 0 "$who: and each failure is named"
	[ $step -gt 1 ] || is "$harmless" 3 "$who: but for the loopback interface"
	ok "$who: that was so for each of $n calls (one in $step), which are more than $least" [ $n -gt $least ]
}

# Whatever ends the launcher ends the container, at whatever moment.
run_kills() {
	left=0
	cat >"$tmp/kills" <<-'END'
	. "$tmp/functions"
	n=$1
	while [ $n -gt 0 ]; do
		n=$((n - 1))
		$as "$tmp/bin/drive" $spaces once $base -- $probe spin_marked 2>/dev/null &
		sleep "0.0$(od -An -N1 -tu1 /dev/urandom | tr -d ' ')"
		kill -9 $!
		wait $! 2>/dev/null
	done
	END
	sh "$tmp/kills" "$([ "${SBX_LONG:-}" ] && echo 1000 || echo 60)" 2>/dev/null
	for try in 1 2 3 4 5 6 7 8 9 10; do left=$(pgrep -fc spin_marked); [ "$left" = 0 ] && break; sleep 0.1; done
	is "$left" 0 "$who: pdeathsig race: nothing runs on after its launcher was killed, at any moment"
}

# By the thousand, by one launcher: nothing is left of them, in it or elsewhere.
run_leaks() {
	count=$([ "${SBX_LONG:-}" ] && echo 10000 || echo 300)
	before=$(wc -l </proc/self/mountinfo)
	like "$(SBX_TIMES=$count once $base -- /bin/true)" "^once $count us=[0-9]+ fds=0 bytes=0\$" "$who: $count containers: no descriptor and no memory is lost"
	is "$(wc -l </proc/self/mountinfo)" "$before" "$who: no mount"
	once adopt=0 $base -- /bin/sh -c "setsid sleep 9$$1 & exit 0" >/dev/null
	is "$(pgrep -fc "sleep 9$$1\$")" 0 "$who: no process"
	like "$(serve $base -- times "$count" /bin/true -- silent /bin/sh -c 'ls /proc/1/fd 2>/dev/null | wc -l' -- stat)" "executed=$((count + 1)) processes=1 " "$who: $count commands in one"
}

# A sender that does not keep to the protocol
run_protocol() {
	while read -r bad why words; do
		is "$($as "$tmp/bin/sbx-init" $words 2>&1 </dev/null; echo "$?")" "sbx-init: $bad: $(echo "$why" | tr _ ' ') (see sbx-init --help)
2" "$who: arguments: $words"
	done <<-END
	x not_a_descriptor x
	-1 not_a_descriptor 3 -1
	5 unexpected_argument 3 4 5
	END
	ping=736278010100000000000000$(printf %08d 0)
	is "$(serve $base -- raw $ping)" "raw 0 " "$who: protocol: a ping by hand"
	while read -r what bytes; do
		like "$(serve $base -- raw "$bytes" -- ping)" '^raw 74 .*
error (send ping: Broken pipe|sbx-init has ended|receive: Connection reset.*)$' "$who: protocol: $what ends the container"
	done <<-END
	no-magic 000000000100000000000000$(printf %08d 0)
	another-version 736278020100000000000000$(printf %08d 0)
	a-header-that-is-cut 7362780101000000
	a-body-that-is-cut 736278010100000010000000$(printf %08d 0)0000
	bytes-too-many 736278010100000000000000$(printf %08d 0)00
	no-such-type 736278016300000000000000$(printf %08d 0)
	no-such-field 736278010700000008000000$(printf %08d 0)ff00000000000000
	a-second-configuration 736278010200000000000000$(printf %08d 0)
	descriptors-that-did-not-come 736278010100010000000000$(printf %08d 0)
	a-body-of-4-GiB 7362780107000000ffffffff$(printf %08d 0)
	an-execve-without-arguments 736278010700000000000000$(printf %08d 0)
	END
	is "$(serve $base -- raw "$(printf '0%.0s' $(seq 1 65600))" -- ping | head -1)" "raw 74 receive" "$who: protocol: a packet that is too long"
	is "$($as /usr/bin/python3 - "$tmp/bin/sbx-init" <<-'END'
	import os, socket, struct, sys
	# More descriptors than are allowed, and a launcher that just goes
	for what in "fds", "gone", "half":
	    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	    pid = os.fork()
	    if not pid:
	        end = os.dup(b.fileno()); a.close(); b.close(); os.dup2(end, 3)
	        os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
	        os.execv(sys.argv[1], ["sbx-init", "3"])
	    b.close()
	    header = struct.pack("=IHHII", 0x01786273, 1, 253, 0, 0)
	    if what == "fds":
	        socket.send_fds(a, [header], [0] * 253)
	        print(struct.unpack_from("=IH", a.recv(4096))[1])
	    if what == "half":
	        a.send(struct.pack("=IHHII", 0x01786273, 2, 0, 1000000, 0) + bytes(32752))
	    a.close()
	    print(what, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	)" "32
fds 1
gone 1
half 1" "$who: protocol: too many descriptors, no launcher, half a message"
}

# CVE-2021-30465, CVE-2024-42472: folders that change while they are mounted
run_race() {
	mkdir -p "$out/race/dir/sub" "$out/race/in/place"
	ln -sfn / "$out/race/link"; ln -sfn / "$out/race/in/link"; rm -f "$out/race/dir/sub/escaped"
	chmod -R 777 "$out/race"
	$as "$tmp/bin/probe" swap "$out/race/dir" "$out/race/link" & swapper=$!
	$as "$tmp/bin/probe" swap "$out/race/in/place" "$out/race/in/link" & swapper2=$!
	count=$([ "${SBX_LONG:-}" ] && echo 1000 || echo 100)
	before=$(wc -l </proc/self/mountinfo)
	outside=$(n=$count; while [ $n -gt 0 ]; do n=$((n - 1))
		drive $spaces once $base op:bind:writable "$out/race/in" /tmp/in ';' op:bind:optional "$out/race/dir/sub" /tmp/in/place/sub ';' \
			op:tmpfs /tmp/in/place/made ';' op:place:copy:data=x /tmp/in/place/escaped ';' -- /bin/true 2>/dev/null
	done; ls -d /sub /made /escaped 2>/dev/null)
	kill -9 $swapper $swapper2; wait $swapper $swapper2 2>/dev/null
	is "$outside" "" "$who: CVE-2021-30465: nothing is made or mounted outside, $count times"
	is "$(wc -l </proc/self/mountinfo)" "$before" "$who: CVE-2024-42472: nor in our own namespace"
}

run_more() {
	## CVE-2025-52881: a false /proc
	like "$(false_proc once $base -- /bin/echo ran)" "not a procfs: /proc/self/(uid_map|setgroups)|open /proc/self/uid_map" "$who: CVE-2025-52881: what is written to must be a procfs"

	## Signals
	is "$(forwarded TERM)" "got TERM
exit 7" "$who: SIGTERM goes on to the command"
	is "$(forwarded QUIT)" "got QUIT
exit 7" "$who: SIGQUIT too"
	is "$(forwarded USR2 forward)" "got INT
exit 7" "$who: a cancel is SIGINT, if so configured"
	is "$(forwarded USR2)" "exit 137" "$who: or ends it, and is no success"
	is "$(ignored='trap "" TERM INT PIPE USR1'; $ignored; once $base -- /bin/grep Sig[BI] /proc/self/status | tr '\t' ' ')" "SigBlk: 0000000000000000
SigIgn: 0000000000000000
exit 0" "$who: no ignored or blocked signal of the launcher goes on"

	## Landlock
	if "$tmp/bin/probe" landlock 6; then
		rm -f "$tmp/listening"
		$as "$tmp/bin/probe" listen "sbx-test-$$" >"$tmp/listening" & listener=$!
		while [ ! -s "$tmp/listening" ]; do sleep 0.02; done
		hostnet="user pid mnt ipc uts cgroup uid=1000 gid=100"
		is "$(drive $hostnet once $base -- $probe connect "sbx-test-$$")" "connect ok" "$who: without a scope an abstract socket of the host can be reached"
		is "$(drive $hostnet once scope=1 $base -- $probe connect "sbx-test-$$")" "connect EPERM" "$who: with it, not"
		kill $listener
		is "$(drive user mnt ipc direct uid=1000 gid=100 scope=2 $base -- $probe signal $$ 0)" "kill EPERM" "$who: and no signal leaves, where the pid namespace is shared"
	else
		skip "Landlock scopes need Linux 6.12" "$who: scopes"
	fi
	like "$(once landlock=c:/usr landlock=c:/lib64 landlock=d:/usr landlock=5:/lib landlock=c:/tmp landlock=f:/dev $base -- /bin/cat /etc/hostname)" 'Permission denied' "$who: Landlock rules"

	## Without a new root, without sbx-init staying
	is "$(drive user direct host uid=1000 gid=100 -- /bin/sh -c 'id -u; exit 9'; echo $?)" "1000
9" "$who: direct, on the host's root"
	like "$(drive user host once uid=1000 -- /bin/true 2>&1)" 'needs a pid namespace' "$who: a reaper needs a pid namespace"
	is "$(once direct $base -- /bin/sh -c 'echo $$; exit 5')" "1
exit 5" "$who: direct: the command is pid 1"

	## Inside each other
	is "$(once op:bind / / ';' op:proc:writable /proc ';' op:dev /dev ';' op:tmpfs:mode=1777 /tmp ';' op:bind "$tmp/bin" /tmp/bin ';' env=SBX_INIT=/tmp/bin/sbx-init -- /tmp/bin/drive all uid=5 gid=5 once op:bind / / ';' op:proc /proc ';' op:dev /dev ';' -- /bin/sh -c 'id -u; exit 3')" "5
exit 3" "$who: a container in a container"
	like "$(once nouserns op:bind / / ';' op:proc /proc ';' op:tmpfs:mode=1777 /tmp ';' op:bind "$tmp/bin" /tmp/bin ';' env=SBX_INIT=/tmp/bin/sbx-init -- /tmp/bin/drive all once op:bind / / ';' -- /bin/true)" 'too many namespaces' "$who: where there are no user namespaces, that is said"
	like "$(once presets=2 op:bind / / ';' op:proc /proc ';' op:tmpfs:mode=1777 /tmp ';' op:bind "$tmp/bin" /tmp/bin ';' env=SBX_INIT=/tmp/bin/sbx-init -- /tmp/bin/drive all once op:bind / / ';' -- /bin/true)" 'no user namespaces for us here' "$who: or where a filter forbids them"
}

# console COMMAND: in a terminal of its own, after COMMAND has been done to the path of it
console() {
	export as spaces base tmp SBX_INIT
	: >"$tmp/false"
	cat >"$tmp/console" <<-'END'
	. "$tmp/functions"
	eval "$what" '"$(tty)"'
	drive $spaces session once $base -- /bin/sh -c 'cd /dev; ls console'
	END
	what=$1 unshare -m script -qec "sh $tmp/console" /dev/null </dev/null 2>&1 | tr -d '\r'
}

forwarded() {	# SIGNAL [WORD]
	rm -rf "$out/sig"; mkdir "$out/sig"; chmod 777 "$out/sig"
	{ once ${2:-} $base op:bind:writable "$out/sig" /tmp/s ';' -- /bin/sh -c 'for i in TERM QUIT INT; do trap "echo got $i; exit 7" $i; done; touch /tmp/s/up; while :; do sleep 0.02; done'; } &
	while [ ! -e "$out/sig/up" ]; do sleep 0.02; done
	kill "-$1" "$(pgrep -P "$(pgrep -P "$(pgrep -P $!)")")"	# timeout, drive, sbx-init
	wait $!
}

false_proc() {
	export as spaces tmp SBX_INIT
	unshare -m sh -c 'mount -t tmpfs x /proc; mkdir -p /proc/self/fd; : >/proc/self/uid_map; : >/proc/self/setgroups; : >/proc/self/gid_map; chmod -R 777 /proc; . "$0"; "$@"' "$tmp/functions" "$@"
}

# fake PATH -- COMMAND: with a regular file in place of a device
fake() {
	fake_path=$1; shift 2
	: >"$tmp/false"
	export as spaces tmp SBX_INIT
	unshare -m sh -c 'mount --bind "$1" "$2"; shift 2; export LC_ALL=C; . "$0"; "$@"' "$tmp/functions" "$tmp/false" "$fake_path" "$@"
}

# How many mounts below a read-only bind are not ro,nosuid,nodev: siblings that share a prefix, nested tmpfs
recursive_source() {
	export as spaces base tmp SBX_INIT
	unshare -m sh -c '. "$0"; mkdir -p "$tmp/rec"; mount -t tmpfs x "$tmp/rec"; mkdir "$tmp/rec/cpu" "$tmp/rec/cpuacct" "$tmp/rec/a b"
		for i in cpu cpuacct "a b"; do mount -t tmpfs x "$tmp/rec/$i"; mkdir "$tmp/rec/$i/in"; mount -t tmpfs x "$tmp/rec/$i/in"; done
		chmod -R 777 "$tmp/rec"
		once $base op:bind "$tmp/rec" /tmp/rec ";" -- /bin/sh -c "grep /tmp/rec /proc/self/mountinfo >/tmp/m; [ \$(wc -l </tmp/m) = 7 ] || echo count; grep -vc \" ro,nosuid,nodev\" /tmp/m; touch /tmp/rec/cpuacct/x /tmp/rec/cpu/in/x 2>/dev/null && echo written" | sed "/^exit 1/d; /^exit 0/d"' "$tmp/functions"
}

cat >"$tmp/functions" <<'END'
drive() { timeout "${SBX_LONG:+9}60" $as "$tmp/bin/drive" "$@"; }
once() { drive $spaces once "$@" 2>&1; echo "exit $?"; }
END

# The examples are programs that somebody will start from.
run_examples() {
	printf '#!/bin/sh\nread a; echo "$a on $(uname -n)"; [ "$a" != two ] || exit 2\n[ "$a" != slow ] || while :; do :; done\n' >"$tmp/program"
	chmod 755 "$tmp/program"
	for i in one two slow; do echo "$i" >"$tmp/in.$i"; done
	is "$($as "$tmp/bin/client" "$tmp/program" "$tmp/in.one" "$tmp/in.two" "$tmp/in.slow" | sed "s|^$tmp/||; s/, [0-9.]* s.*//")" "in.one: ok
one on judge
in.two: failed
two on judge
in.slow: too slow
slow on judge" "$who: the example in C"
	is "$($as /usr/bin/python3 "$tmp/examples/sbx_client.py" - /bin/sh -c 'id -u; exit 4' 2>&1 | sed 's/, .*//'; $as /usr/bin/python3 "$tmp/examples/sbx_client.py" - /bin/sh -c 'kill -9 $$' 2>/dev/null; echo $?)" "1000
nonzero 4
137" "$who: the example in Python"
	"$INITBOX" --list | grep -q /sbx\$ || { skip "no sbx in this build" "$who: the example in Python, by sbx --serve"; return; }
	rm -f "$out/socket"
	$as "$INITBOX" sbx --serve "$out/socket" --unshare-all --ro-bind / / --proc /proc --dev /dev & server=$!
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -S "$out/socket" ] && break; sleep 0.1; done
	is "$(for i in 1 2; do $as /usr/bin/python3 "$tmp/examples/sbx_client.py" "$out/socket" /bin/sh -c 'echo $$; exit 5' 2>/dev/null; echo $?; done)" "2
5
3
5" "$who: the example in Python, by sbx --serve"
	kill $server; wait $server
}

rest() { run_refusals; run_examples; run_beside; run_security; run_more; run_protocol; run_faults; run_kills; run_leaks; run_race; }
export probe base
as=
run_all root
rest
as="setpriv --reuid=65534 --regid=65534 --clear-groups"
run_all nobody
rest
# The user's own copy: what such a user could write to is protected in another way.
own=$tmp/own; mkdir "$own"; cp "$INITBOX" "$own/sbx-init"; chown -R 65534:65534 "$own"
SBX_INIT=$own/sbx-init; who="nobody's own file"; run_security
done_testing

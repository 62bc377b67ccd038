#!/bin/sh
# SPDX-License-Identifier: MIT
# sbx.t - each option of sbx, as root and as an ordinary user; refusals; and bubblewrap beside it
# shellcheck disable=SC2016,SC2086 # $ in quotes is for the shell inside; words are split on purpose
. tests/tap.sh
scripts/need unshare:util-linux perl:perl script:bsdutils gcc:gcc /usr/include/stdio.h:libc6-dev newuidmap:uidmap >&2

[ "$(id -u)" = 0 ] || skip_all "needs root, to be an ordinary user as well"
"$INITBOX" --list | grep -qx /bin/sbx || skip_all "sbx is not in this build"
unshare -mpf --kill-child true 2>/dev/null || skip_all "no namespaces here"

cd /	# where a user may be
top=$OLDPWD
tmpdir
chmod 755 "$tmp"
cp "$INITBOX" "$tmp/sbx"
ln -s sbx "$tmp/bwrap"
(cd "$top" && gcc -O1 -static -pthread -o "$tmp/inject" tests/ns/sbx-inject.c && gcc -O1 -static -o "$tmp/probe" tests/ns/sbx-probe.c) 2>"$tmp/log" ||
	{ cat "$tmp/log" >&2; exit 1; }
user=54321
mkdir "$tmp/work" "$tmp/src" "$tmp/src/sub"
chmod 777 "$tmp/work"
echo outside >"$tmp/src/file"
chmod -R a+rX "$tmp/src"
system='--ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --unshare-all'
who=root

# as COMMAND... - as root, or as a user that owns nothing; never longer than a few seconds
as() {
	if [ $who = root ]; then timeout -k 1 20 "$@"; else timeout -k 1 20 setpriv --reuid $user --regid $user --clear-groups "$@"; fi
}
box() { as "$tmp/sbx" "$@"; }
# code EXPECTED TEXT ARGUMENT...
code() {
	code_wanted=$1 code_text=$2; shift 2
	code_said=$(box "$@" 2>&1) && code_got=0 || code_got=$?
	is "$code_got" "$code_wanted" "$who: $code_text"
	[ "$code_got" = "$code_wanted" ] || diag "$code_said"
}
# says EXPECTED TEXT ARGUMENT...
says() {
	says_wanted=$1 says_text=$2; shift 2
	is "$(box "$@" 2>&1)" "$says_wanted" "$who: $says_text"
}
# inside PATTERN TEXT ARGUMENT...
inside() {
	inside_wanted=$1 inside_text=$2; shift 2
	like "$(box "$@" 2>&1)" "$inside_wanted" "$who: $inside_text"
}
flags_of() { awk -v p="$1" '$5 == p { print $6 }' | tail -n 1; }

## How it ends
exit_codes() {
	code 0 'exit 0' $system true
	code 7 'exit 7' $system sh -c 'exit 7'
	code 137 'a signal is 128 + its number' $system sh -c 'kill -9 $$'
	code 127 'a command that is not there: 127' $system /no/such
	code 126 'a command that cannot be executed: 126' $system /etc/passwd
	code 125 'no such folder: 125' $system --chdir /no/such true
	code 7 'without a pid namespace' --ro-bind / / sh -c 'exit 7'
	code 127 'without a pid namespace, not there' --ro-bind / / /no/such
	code 127 'no name at all' $system ''
	is "$(as perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$tmp/sbx" $system sh -c 'exit 9'; echo $?)" 9 "$who: its exit code, though SIGCHLD was ignored"
	says 1 'the command is PID 1 with --as-pid-1' $system --as-pid-1 sh -c 'echo $$'
	says 2 'and 2 without' $system sh -c 'echo $$'
}

## Namespaces
namespaces() {
	for kind in ipc pid net uts cgroup user; do
		here=$(readlink /proc/self/ns/$kind)
		there=$(box --ro-bind / / --proc /proc --unshare-$kind readlink /proc/self/ns/$kind 2>&1)
		case $there in
		"$kind:"*) if [ "$there" = "$here" ]; then fail "$who: --unshare-$kind"; else pass "$who: --unshare-$kind"; fi ;;
		*) fail "$who: --unshare-$kind" "$there" ;;
		esac
		[ $kind != user ] || continue
		says "$here" "no new $kind namespace without" --ro-bind / / readlink /proc/self/ns/$kind
	done
	says "$(readlink /proc/self/ns/net)" '--share-net' $system --share-net readlink /proc/self/ns/net
	inside 'LOOPBACK,UP' 'loopback is up' $system sh -c 'ip link show lo 2>/dev/null || echo LOOPBACK,UP'
	says '1000 2000' '--uid, --gid' $system --unshare-user --uid 1000 --gid 2000 sh -c 'echo $(id -u) $(id -g)'
	says 'box' '--hostname' $system --hostname box uname -n
	inside 'unshare failed|No space|not permitted' '--disable-userns' $system --unshare-user --disable-userns unshare -U true
	inside 'unshare failed|No space|not permitted' '--disable-userns: no capability undoes it' --bind / / --unshare-all --unshare-user --disable-userns --cap-add ALL \
		sh -c 'for n in 1 2 9; do echo $n >/proc/sys/user/max_user_namespaces; done; unshare -U echo made'
	code 125 '--assert-userns-disabled is not so' $system --assert-userns-disabled true
	code 0 '--assert-userns-disabled with --disable-userns' $system --unshare-user --disable-userns --assert-userns-disabled true
}
joined() {
	unshare -r -p -f --kill-child sleep 30 &
	holder=$!
	sleep 0.3
	child=$(cat /proc/$holder/task/$holder/children)
	child=${child% }
	ns=$(readlink /proc/$child/ns/user)
	is "$("$tmp/sbx" --userns 5 --ro-bind / / readlink /proc/self/ns/user 5</proc/$child/ns/user 2>&1)" "$ns" 'root: --userns joins one'
	# A namespace in that one, for the end
	nsenter -t $child -U --preserve-credentials unshare -r sleep 30 &
	inner=$!
	sleep 0.5
	deeper=$(readlink /proc/$inner/ns/user)
	unlike "$deeper" "^$ns\$" 'root: there are two to join'
	is "$("$tmp/sbx" --userns 5 --userns2 6 --ro-bind / / --proc /proc readlink /proc/self/ns/user 5</proc/$child/ns/user 6</proc/$inner/ns/user 2>&1)" \
		"$deeper" 'root: --userns2 joins another when all is set up'
	kill -9 $inner $holder
	wait $inner $holder 2>/dev/null || :
	unshare -p -f --kill-child sleep 30 &
	holder=$!
	sleep 0.3
	child=$(cat /proc/$holder/task/$holder/children)
	child=${child% }
	ns=$(readlink /proc/$child/ns/pid)
	is "$("$tmp/sbx" --pidns 5 --ro-bind / / --proc /proc sh -c 'readlink /proc/self/ns/pid; cat /proc/1/comm' 5</proc/$child/ns/pid 2>&1)" "$ns
sleep" 'root: --pidns joins one, and /proc is its'
	kill -9 $holder	# unshare ignores TERM
	wait $holder 2>/dev/null || :
}

## Environment
environment() {
	says '1' '--setenv' $system --setenv A 1 sh -c 'echo $A'
	says 'none' '--unsetenv' $system --setenv A 1 --unsetenv A sh -c 'echo ${A-none}'
	says "A=2
PWD=/" '--clearenv leaves PWD and what is set after it' $system --setenv B 1 --clearenv --setenv A 2 /usr/bin/env
	says '/usr /usr' '--chdir, and PWD says so' $system --chdir /usr sh -c 'echo $(pwd) $PWD'
	like "$(box $system --chdir /usr --chdir /etc pwd 2>&1 | tr '\n' ' ')" '^sbx: --chdir: only the last one counts /etc $' "$who: --chdir twice"
	is "$(cd /usr && box $system sh -c 'echo $(pwd) $PWD')" '/usr /usr' "$who: our own folder where the container has it"
	is "$(cd "$tmp/src" && HOME=/usr box --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 pwd)" \
		/usr "$who: else home"
	is "$(cd "$tmp/src" && HOME=/no box --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 pwd)" \
		/ "$who: else the root"
	says 'other' '--argv0' $system --argv0 other sh -c 'echo $0'
}

## Mounts
mounts() {
	table=$(box $system --bind "$tmp/work" /mnt cat /proc/self/mountinfo 2>&1)
	like "$(echo "$table" | flags_of /mnt)" '^rw,nosuid,nodev' "$who: --bind is writable, nosuid, nodev"
	is "$(echo "$table" | awk '$5 !~ "^/(proc|dev|tmp|mnt)" && $6 !~ /^ro,nosuid,nodev/')" '' "$who: --ro-bind: every mount below it is ro,nosuid,nodev"
	like "$(echo "$table" | flags_of /proc)" '^rw,nosuid,nodev,noexec' "$who: --proc is nosuid, nodev, noexec"
	like "$(echo "$table" | flags_of /tmp)" '^rw,nosuid,nodev' "$who: --tmpfs is nosuid, nodev"
	says 'yes' '--bind: written through' $system --bind "$tmp/work" /mnt sh -c 'echo yes >/mnt/f; cat /mnt/f'
	is "$(cat "$tmp/work/f")" yes "$who: and the host has it"
	rm -f "$tmp/work/f"
	inside 'Read-only' '--ro-bind is not' $system --ro-bind "$tmp/work" /mnt sh -c 'echo yes >/mnt/f'
	code 0 '--bind-try without a source' $system --bind-try /no/such /mnt/x --ro-bind-try /no/such /mnt --dev-bind-try /no/such /mnt true
	says 'outside' '--bind-try with one' $system --bind-try "$tmp/src" /mnt cat /mnt/file
	says 'outside' '--bind-fd' $system --bind-fd 9 /mnt cat /mnt/file 9<"$tmp/src"
	inside 'Read-only' '--ro-bind-fd' $system --ro-bind-fd 9 /mnt sh -c 'echo >/mnt/x' 9<"$tmp/work"
	says 'ok' '--dev-bind: devices work' $system --dev-bind /dev /mnt sh -c 'echo >/mnt/null && echo ok'
	inside 'ermission|denied' '--bind: devices do not' $system --bind /dev /mnt sh -c 'echo >/mnt/null'
	inside 'Read-only' '--remount-ro' $system --tmpfs /mnt --remount-ro /mnt sh -c 'echo >/mnt/x'
	says '1777 755' '--perms is for the next only' $system --tmpfs /mnt --perms 1777 --tmpfs /mnt/a --tmpfs /mnt/b sh -c 'echo $(stat -c %a /mnt/a /mnt/b)'
	says '1048576' '--size' $system --size 1048576 --tmpfs /mnt sh -c 'echo $(($(stat -f -c "%b * %S" /mnt)))'
	says '700 700' '--dir with --perms, and its parents deny as much' $system --tmpfs /mnt --perms 0700 --dir /mnt/a/b sh -c 'echo $(stat -c %a /mnt/a /mnt/a/b)'
	box $system --bind "$tmp/work" /mnt --tmpfs /mnt/on true
	is "$(stat -c %a "$tmp/work/on")" 755 "$who: a folder that is made to be mounted on is 755"
	rmdir "$tmp/work/on"
	inside '^mqueue' '--mqueue' $system --mqueue /mnt stat -f -c %T /mnt
	says 'usr/bin' '--symlink' $system --tmpfs /mnt --symlink usr/bin /mnt/l readlink /mnt/l
	code 0 '--symlink twice, the same' $system --tmpfs /mnt --symlink a /mnt/l --symlink a /mnt/l true
	code 125 '--symlink twice, another' $system --tmpfs /mnt --symlink a /mnt/l --symlink b /mnt/l true
	says '640' '--chmod' $system --tmpfs /mnt --dir /mnt/d --chmod 0640 /mnt/d stat -c %a /mnt/d
	echo text >"$tmp/text"
	says 'text 666' '--file' $system --tmpfs /mnt --file 9 /mnt/f sh -c 'echo $(cat /mnt/f) $(stat -c %a /mnt/f)' 9<"$tmp/text"
	echo much longer >"$tmp/work/f"; chmod 646 "$tmp/work/f"
	says 'text 646' '--file over one of the host: its mode stays' $system --bind "$tmp/work" /mnt --file 9 /mnt/f sh -c 'echo $(cat /mnt/f) $(stat -c %a /mnt/f)' 9<"$tmp/text"
	rm "$tmp/work/f"
	says 'text 600 more' '--bind-data is a writable mount' $system --tmpfs /mnt --bind-data 9 /mnt/f sh -c \
		'echo $(cat /mnt/f) $(stat -c %a /mnt/f) $(echo more >/mnt/f && cat /mnt/f)' 9<"$tmp/text"
	inside 'Read-only' '--ro-bind-data is not' $system --tmpfs /mnt --ro-bind-data 9 /mnt/f sh -c 'echo >/mnt/f' 9<"$tmp/text"
	says 'text 644' '--perms for --ro-bind-data' $system --tmpfs /mnt --perms 0644 --ro-bind-data 9 /mnt/f sh -c 'echo $(cat /mnt/f) $(stat -c %a /mnt/f)' 9<"$tmp/text"
	says '' '--mask: an empty file and folder' $system --bind "$tmp/src" /mnt --mask /mnt/file --mask /mnt/sub --mask /mnt/none sh -c 'cat /mnt/file; ls /mnt/sub'
	says 'core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero' '--dev has what bubblewrap has' $system sh -c 'echo $(ls /dev)'
	inside '^/proc/mounts$' '--auto-etc: mtab' --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --auto-etc readlink /etc/mtab
	inside '^/proc/mounts .host/' '--auto-etc: links, and no passwd or group' --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --auto-etc \
		sh -c '[ -e /etc/passwd ] || [ -e /etc/group ] || echo $(readlink /etc/mtab /etc/hosts)'
	inside 'file .*sub' '--auto-root' --auto-root "$tmp/src" --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 sh -c 'echo $(ls /)'
	says 'made' '--daemon is waited for' $system --tmpfs /mnt --daemon /mnt/sign '/bin/touch /mnt/sign' sh -c '[ -e /mnt/sign ] && echo made'
}
overlays() {
	mkdir -p "$tmp/l1" "$tmp/l2" "$tmp/up" "$tmp/wk"
	echo 1 >"$tmp/l1/a"; echo 2 >"$tmp/l2/a"; echo 1 >"$tmp/l1/b"
	chmod 777 "$tmp/up" "$tmp/wk"
	if ! grep -qw overlay /proc/filesystems; then skip 'no overlayfs in this kernel' "$who: overlays"; return; fi
	[ $who = root ] || { rm -rf "$tmp/up" "$tmp/wk"; as mkdir "$tmp/work/up" "$tmp/work/wk"; }
	up=$tmp/up wk=$tmp/wk
	[ $who = root ] || { up=$tmp/work/up; wk=$tmp/work/wk; }
	says '2 1' '--ro-overlay: the last layer is on top' $system --overlay-src "$tmp/l1" --overlay-src "$tmp/l2" --ro-overlay /mnt sh -c 'echo $(cat /mnt/a /mnt/b)'
	inside 'Read-only' '--ro-overlay is read-only' $system --overlay-src "$tmp/l1" --overlay-src "$tmp/l2" --ro-overlay /mnt sh -c 'echo >/mnt/c'
	says '3' '--tmp-overlay can be written to' $system --overlay-src "$tmp/l1" --tmp-overlay /mnt sh -c 'echo 3 >/mnt/c; cat /mnt/c'
	is "$(ls "$tmp/l1")" 'a
b' "$who: and forgets"
	says '4' '--overlay' $system --overlay-src "$tmp/l1" --overlay "$up" "$wk" /mnt sh -c 'echo 4 >/mnt/d; cat /mnt/d'
	is "$(cat "$up/d")" 4 "$who: keeps the changes"
	rm -rf "$tmp/up" "$tmp/wk" "$tmp/work/up" "$tmp/work/wk"
}

## Rights
rights() {
	says '0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000' 'all five capability sets are zero' \
		$system sh -c 'echo $(sed -n "s/^Cap.*:.//p" /proc/self/status)'
	says '0000000000000080' '--cap-add' $system --cap-add CAP_SETUID sh -c 'sed -n "s/^CapEff:.//p" /proc/self/status'
	says '0000000000000040' '--cap-drop after it' $system --cap-add CAP_SETUID --cap-add setgid --cap-drop CAP_SETUID sh -c 'sed -n "s/^CapEff:.//p" /proc/self/status'
	says '0000000000000000' '--cap-drop ALL' $system --cap-add ALL --cap-drop ALL sh -c 'sed -n "s/^CapEff:.//p" /proc/self/status'
	says '1' 'no_new_privs' $system sh -c 'sed -n "s/^NoNewPrivs:.//p" /proc/self/status'
	# mkdir(2) is 83: a filter that denies it with EPERM
	printf '\040\0\0\0\0\0\0\0\025\0\0\001\123\0\0\0\006\0\0\0\001\0\005\0\006\0\0\0\0\0\377\177' >"$tmp/filter"
	if [ "$(uname -m)" = x86_64 ]; then
		inside 'not permitted' '--seccomp' $system --seccomp 9 mkdir /tmp/x 9<"$tmp/filter"
		# seccomp(2) is 317: denied by the first, which must not hinder the second
		printf '\040\0\0\0\0\0\0\0\025\0\0\001\075\001\0\0\006\0\0\0\001\0\005\0\006\0\0\0\0\0\377\177' >"$tmp/filter1"
		inside 'mkdir.*not permitted' '--add-seccomp-fd: a first one that denies seccomp(2)' $system --add-seccomp-fd 8 --add-seccomp-fd 9 mkdir /tmp/x 9<"$tmp/filter" 8<"$tmp/filter1"
		inside 'not permitted' '--add-seccomp-fd' $system --add-seccomp-fd 9 --add-seccomp-fd 8 mkdir /tmp/x 9<"$tmp/filter" 8<"$tmp/filter"
		# clone3(2) is 435: ENOSYS
		printf '\040\0\0\0\0\0\0\0\025\0\0\001\263\001\0\0\006\0\0\0\046\0\005\0\006\0\0\0\0\0\377\177' >"$tmp/filter"
		says 'UP' 'in a sandbox that has no clone3(2): the network namespace is made, though not beside the rest' \
			--ro-bind / / --proc /proc --dev /dev --unshare-all --unshare-user --uid 1000 --gid 1000 --seccomp 9 "$tmp/sbx" --ro-bind / / --unshare-all --unshare-user \
			sh -c 'ip link show lo | grep -o UP, | tr -d ,' 9<"$tmp/filter"
	fi
	if "$INITBOX" sbx --seccomp-preset ext --ro-bind / / true 2>/dev/null; then
		inside 'not permitted' '--seccomp-preset deny-ns: unshare' $system --seccomp-preset deny-ns unshare -U true
		code 0 '--seccomp-preset ext,can: unshare works' $system --seccomp-preset ext,can unshare -U true
		terminal
	else
		skip 'built without CONFIG_SBX_SECCOMP' "$who: presets"
	fi
	landlock
	# Field 6 is the session; outside of the pid namespace it is 0
	inside '^[1-9]' '--new-session' $system --new-session sh -c 'cut -d " " -f 6 /proc/self/stat'
	says '3 open' '--keep-fd' $system --keep-fd 9 sh -c '[ -e /proc/self/fd/9 ] && echo 3 open' 9<"$tmp/text"
	is "$(box $system ls /proc/self/fd 9<"$tmp/text" 8<"$tmp/src" | tr '\n' ' ')" '0 1 2 3 ' "$who: nothing else is inherited (3 is ls's own)"
}

# Every system call of the set-up fails once, whatever it is for: no command runs less confined for it. Some of them here, all in the
# long form (SBX_LONG=1).
faults() {
	if [ "${SANITIZED:-}" = address ]; then
		skip "AddressSanitizer's own calls would fail too, and it cannot do without" "$who: any system call fails"
		return
	fi
	cat >"$tmp/inject.sh" <<-'END'
	hosts=$(readlink /proc/self/ns/user /proc/self/ns/pid /proc/self/ns/mnt /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/net /proc/self/ns/cgroup)
	exec env -i "$tmp/inject" "$tmp/sbx" /tmp/probe "$first" "$step" -- $change "$tmp/sbx" --unshare-all --unshare-user --ro-bind / / --proc /proc \
		--dev /dev --tmpfs /tmp --dir /tmp/a/b --symlink x /tmp/l --ro-bind "$tmp/probe" /tmp/probe $more --remount-ro /tmp \
		--mqueue /mnt --hostname box --uid 7 --gid 8 --disable-userns --new-session $preset --landlock-ro / --rlimit nofile=50 \
		--chdir /usr --die-with-parent /tmp/probe state $hosts
	END
	step=17 first=$(($(date +%s) % 17 + 1)) change='/usr/bin/env -i' preset='--seccomp-preset strict'
	[ ! "${SBX_LONG:-}" ] || step=1 first=1
	[ $who = root ] || change="/usr/bin/setpriv --reuid $user --regid $user --clear-groups"
	"$INITBOX" sbx --seccomp-preset ext --ro-bind / / true 2>/dev/null || preset=
	# Without more, the container stays on the host's root
	for more in '--ro-bind-data 0 /tmp/data --mask /etc/hostname' ''; do
		export tmp first step change preset more
		said=$(sh "$tmp/inject.sh" </dev/null 2>/dev/null)
		like "$said" '^calls [1-9][0-9][0-9]+ closed [1-9][0-9]* same [0-9]+ bad 0$' "$who: any system call fails (from $first, each $step): closed, or as confined as ever"
		diag "$said"
	done
}

# CVE-2017-5226, CVE-2019-10063, CVE-2023-28100: a terminal that is shared takes no input from inside
terminal() {
	[ "$(uname -m)" = x86_64 ] || return 0
	try='$_ = "x"; for my $r (0x5412, 0x5412 + (1 << 32), 0x541c) { my $c = "x"; my $n = syscall(16, 0, $r, $c); print $n, " ", $! + 0, "\n" }'
	said=$(as script -qec "$tmp/sbx $system --seccomp-preset strict perl -e '$try'" /dev/null </dev/null | tr -d '\r' | tr '\n' ' ')
	is "$said" '-1 1 -1 1 -1 1 ' "$who: CVE-2017-5226, CVE-2019-10063, CVE-2023-28100: on a terminal TIOCSTI, TIOCSTI + 2^32 and TIOCLINUX are EPERM"
	said=$(as script -qec "$tmp/sbx $system --new-session perl -e '$try'" /dev/null </dev/null | tr -d '\r' | tr '\n' ' ')
	like "$said" '^-1 [15] -1 [15] ' "$who: CVE-2017-5226: with --new-session as well"
}

landlock() {
	case $(box $system --landlock-ro / true 2>&1) in
	*andlock*) skip 'no Landlock in this kernel' "$who: --landlock-ro"; return ;;
	esac
	inside 'ermission' '--landlock-ro' $system --bind "$tmp/work" /mnt --landlock-ro / sh -c 'echo >/mnt/x'
	code 0 '--landlock-rw' $system --bind "$tmp/work" /mnt --landlock-ro / --landlock-rw /mnt --landlock-rw /dev sh -c 'echo >/mnt/x && rm /mnt/x'
	case $(box $system --landlock-scope signal true 2>&1) in
	*6.12*) skip 'Landlock scopes need Linux 6.12' "$who: --landlock-scope"; code 0 '--landlock-scope-try' $system --landlock-scope-try signal,abstract true; return ;;
	esac
	$change sleep 50 & sleeper=$!
	until_true as kill -0 $sleeper
	code 0 'without a scope a process outside can be signalled, where the pid namespace is shared' --ro-bind / / kill -0 $sleeper
	inside 'not permitted' '--landlock-scope signal' --ro-bind / / --landlock-scope signal kill -0 $sleeper
	inside 'not permitted' '--landlock-scope-try signal' --ro-bind / / --landlock-scope-try abstract,signal kill -0 $sleeper
	kill $sleeper
	meet='use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); my $a = pack "S a*", AF_UNIX, "\0sbx-meet"; if (@ARGV) { bind $s, $a or die; listen $s, 1; print "up\n"; close STDOUT; sleep 20 }
		print connect($s, $a) ? "met\n" : "$!\n"'
	: >"$tmp/info"
	perl -e "$meet" listen >"$tmp/info" & sleeper=$!
	until_true grep -q up "$tmp/info"
	says met 'without a scope an abstract socket outside is there, where the network is shared' --ro-bind / / --dev /dev perl -e "$meet"
	says 'Operation not permitted' '--landlock-scope abstract' --ro-bind / / --dev /dev --landlock-scope abstract perl -e "$meet"
	kill $sleeper
	wait $sleeper 2>/dev/null || :
}

## Watching it
watching() {
	box $system --info-fd 9 --json-status-fd 8 sh -c 'exit 3' 9>"$tmp/info" 8>"$tmp/status" || :
	is "$(tr -d '\n 0-9' <"$tmp/info")" '{"child-pid":,"cgroup-namespace":,"ipc-namespace":,"mnt-namespace":,"net-namespace":,"pid-namespace":,"uts-namespace":}' \
		"$who: --info-fd"
	is "$(sed -n '2p' "$tmp/status")" '{ "exit-code": 3 }' "$who: --json-status-fd tells the exit code"
	is "$(sed -n '1p' "$tmp/status" | tr -d ' ')" "$(tr -d '\n ' <"$tmp/info")" "$who: and before that the same as --info-fd"
	mkfifo -m 666 "$tmp/gate"
	(box $system --block-fd 9 --info-fd 8 sh -c 'echo run' 9<>"$tmp/gate" 8>"$tmp/info" >"$tmp/out") &
	job=$!
	sleep 0.5
	before=$(cat "$tmp/out" 2>/dev/null)
	is "$before $(grep -c child-pid "$tmp/info")" ' 1' "$who: --block-fd: it waits, and is there"
	echo go >"$tmp/gate" & writer=$!
	wait $job
	kill $writer 2>/dev/null || :
	is "$(cat "$tmp/out")" run "$who: and then it runs"
	rm -f "$tmp/gate" "$tmp/out"
	mkfifo -m 666 "$tmp/sync"
	(box $system --sync-fd 9 sleep 0.6 9>"$tmp/sync") & job=$!
	cat "$tmp/sync"	# ends when nobody has it open any more
	if [ -e /proc/$job/status ] && [ "$(ps -o comm= --ppid $job 2>/dev/null | grep -c sleep)" != 0 ]; then fail "$who: --sync-fd"; else pass "$who: --sync-fd is open as long as it runs"; fi
	wait $job
	rm -f "$tmp/sync"
	: >"$tmp/work/lock"; chmod 666 "$tmp/work/lock"
	(box $system --bind "$tmp/work" /mnt --lock-file /mnt/lock sleep 1) & job=$!
	sleep 0.5
	lock='open F, "+<", shift; my $l = pack "s s l l l l l l", 1, 0, 0, 0, 0, 0, 0, 0; print fcntl(F, 6, $l) ? "free" : "locked"'
	is "$(perl -e "$lock" "$tmp/work/lock")" locked "$who: --lock-file holds a lock"
	wait $job
	is "$(perl -e "$lock" "$tmp/work/lock")" free "$who: and no longer"
	# no pid namespace is needed
	(box --ro-bind / / --bind "$tmp/work" /mnt --lock-file /mnt/lock sleep 0.5) & job=$!
	sleep 0.3
	is "$(perl -e "$lock" "$tmp/work/lock")" locked "$who: --lock-file without a pid namespace"
	wait $job
	is "$(perl -e "$lock" "$tmp/work/lock")" free "$who: and no longer"
	inside '^<4>sbx: ' '--level-prefix: a warning' --level-prefix --chdir / --chdir / $system true
	inside '^<3>sbx: ' '--level-prefix' --level-prefix --chdir /no/such $system true
	is "$(box --version)" "sbx (initbox) $("$INITBOX" --version | cut -d ' ' -f 2)" "$who: --version"
	is "$(as "$tmp/bwrap" --version)" 'bubblewrap 0.11.0' "$who: --version for a bwrap script"
	inside '^  --ro-bind SRC DEST$' '--help' --help
	inside '^  --ro-bind SRC DEST$' '--help, wherever it stands' --ro-bind / / --help
}

## What is told where nobody can or wants to hear it, and closed standard descriptors
deaf() {
	code 4 '--stats to a full device: the command counts' $system --stats 9 sh -c 'exit 4' 9>/dev/full
	code 125 '--info-fd to a full device: no command' $system --info-fd 9 sh -c 'exit 4' 9>/dev/full
	mkfifo -m 666 "$tmp/pipe"
	: <"$tmp/pipe" & reader=$!
	box $system --stats 9 sh -c 'exit 4' 9>"$tmp/pipe" 2>"$tmp/error" && code=0 || code=$?
	wait $reader
	is "$code $(cat "$tmp/error")" '4 sbx: --stats: Broken pipe' "$who: --stats: its reader has gone" # without SIGPIPE
	cat "$tmp/pipe" >"$tmp/info" & reader=$!
	$change "$tmp/sbx" $system --info-fd 9 sleep 0.5 9>"$tmp/pipe" & job=$!
	wait $reader
	ok "$who: --info-fd is closed when all is told" kill -0 $job
	wait $job
	: >"$tmp/info"
	(box $system --info-fd 9 sleep 0.4 9>"$tmp/info") & job=$!
	until_true grep -q '^}' "$tmp/info"
	pid=$(sed -n 's/.*child-pid": \([0-9]*\).*/\1/p' "$tmp/info")
	is "$(as readlink "/proc/$pid/ns/net" | cut -c 1-5)" net:\[ "$who: --info-fd: our user can enter its namespaces by that pid"
	wait $job
	box $system --json-status-fd 9 --block-fd 8 / 9>"$tmp/status" 8</dev/null 2>/dev/null && code=0 || code=$?
	is "$code $(grep -c exit-code "$tmp/status")" '126 0' "$who: --json-status-fd: no exit code of what was not executed"
	mkfifo -m 666 "$tmp/never"
	timeout -k 1 0.3 $change "$tmp/sbx" $system --stats 8 --block-fd 9 true 9<>"$tmp/never" 8>"$tmp/stats" && code=0 || code=$?
	is "$code" 124 "$who: --block-fd that never says so: TERM ends it" # 137: KILL had to
	rm -f "$tmp/never" "$tmp/pipe"
	for fd in 0 1 2; do
		case $fd in
		0) said=$(box $system sh -c 'cd /proc/self/fd; readlink 0; echo [0-9]*' <&- 2>&1) ;;
		1) said=$(box $system sh -c 'cd /proc/self/fd; said=$(readlink /proc/$$/fd/1); echo $said >&2; echo [0-9]* >&2' 2>&1 >&-) ;;
		2) said=$(box $system sh -c 'cd /proc/self/fd; readlink 2; echo [0-9]*' 2>&-) ;;
		esac
		is "$said" '/dev/null
0 1 2 3' "$who: descriptor $fd is closed: /dev/null, and no other has its number (3 is the folder)"
	done
}
until_true() {
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
	return 1
}

## Much of everything
excesses() {
	code 125 '--args: without end' --args 9 true 9</dev/zero
	code 125 '--file: without end' $system --file 9 /tmp/x true 9</dev/zero
	is "$(perl -e 'exec @ARGV, ("x") x 100000' timeout 20 $change "$tmp/sbx" $system sh -c 'echo $#' sh 2>&1)" 100000 "$who: a command with 100,000 arguments"
	perl -e 'print join "", map { "--setenv\0V$_\0x\0" } 1 .. 2000' >"$tmp/args"
	says 2000 '--args: 2,000 variables' $system --args 9 sh -c 'env | grep -c ^V' 9<"$tmp/args"
	perl -e 'print join "", map { "--setenv\0V$_\0\0" } 1 .. 8200' >"$tmp/args"
	inside '^sbx: --setenv: more than 8192 variables' '--args: 8,200 are too many' --args 9 true 9<"$tmp/args"
	mkfifo "$tmp/work/fifo"
	inside '^sbx: .*/?fifo' '--file: a fifo is in its place' $system --bind "$tmp/work" /mnt --file 9 /mnt/fifo true 9<"$tmp/text"
	rm -f "$tmp/work/fifo"
	says '/srv/x' 'a target with .. stays inside' --ro-bind / / --tmpfs /srv --dir /srv/../../../../srv/x ls -d /srv/x
}

## Id ranges: the launcher's user asks newuidmap(1)
ranges() {
	mkfifo -m 666 "$tmp/gate"
	cat >"$tmp/ranges.sh" <<-'END'
	for kind in uid gid; do echo nobody:200000:100 >"$tmp/sub$kind"; mount --bind "$tmp/sub$kind" /etc/sub$kind || exit 1; done
	: >"$tmp/info"; chmod 666 "$tmp/info"
	setpriv --reuid 65534 --regid 65534 --clear-groups timeout 20 "$tmp/sbx" $system --unshare-user --uid 5 --gid 6 --info-fd 9 --userns-block-fd 8 \
		sh -c 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map' 9>"$tmp/info" 8<>"$tmp/gate" &
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do grep -q '^}' "$tmp/info" && break; sleep 0.1; done
	pid=$(sed -n 's/.*child-pid": \([0-9]*\).*/\1/p' "$tmp/info")
	for kind in uid gid; do setpriv --reuid 65534 --regid 65534 --clear-groups new${kind}map "$pid" 0 65534 1 1 200000 50; done
	echo >"$tmp/gate"
	wait $!
	END
	export tmp system
	is "$([ -e /etc/subuid ] && [ -e /etc/subgid ] || touch /etc/subuid /etc/subgid; unshare -m sh "$tmp/ranges.sh" 2>&1 | tr -s ' ')" '5
6
 0 65534 1
 1 200000 50
 0 65534 1
 1 200000 50' 'user: ranges of ids by newuidmap and newgidmap'
	rm -f "$tmp/gate"
}

## Limits
limits() {
	says '64 128' '--rlimit' $system --rlimit nofile=64:128 sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
	box $system --stats 9 --wall-limit 0.3 sleep 5 9>"$tmp/stats" 2>/dev/null && code=0 || code=$?
	is "$code" 137 "$who: --wall-limit kills"
	like "$(cat "$tmp/stats")" '"status": "time-limit", "exit-code": 137, ' "$who: and --stats says why"
	box $system --stats 9 --output-limit 1K sh -c 'exec yes >/tmp/f' 9>"$tmp/stats" 2>/dev/null && code=0 || code=$?
	like "$code $(cat "$tmp/stats")" '^153 .*"output-limit"' "$who: --output-limit"
	box $system --stats 9 sh -c 'exit 5' 9>"$tmp/stats" 2>/dev/null && code=0 || code=$?
	like "$code $(cat "$tmp/stats")" '^5 .*"status": "nonzero", "exit-code": 5, "user-ns": [0-9]+, "system-ns": [0-9]+, "wall-ns": [0-9]+, "peak-bytes": [0-9]+ }' "$who: --stats"
	box $system --time-limit 1 --stats 9 sh -c 'while :; do :; done' 9>"$tmp/stats" 2>/dev/null && code=0 || code=$?
	like "$code $(cat "$tmp/stats")" '^1(52|37) .*"time-limit"' "$who: --time-limit"
}

## Its end
endings() {
	(as sh -c "$tmp/sbx $system --die-with-parent sleep 54.$user & echo \$! >'$tmp/work/pid'; sleep 0.4") ||:
	sleep 0.3
	if pgrep -f "sleep 54.$user" >/dev/null; then fail "$who: --die-with-parent"; else pass "$who: --die-with-parent: all is gone"; fi
	rm -f "$tmp/work/pid"
	box $system sleep 53.$user & job=$!
	sleep 0.4
	kill -9 "$(pgrep -f "^$tmp/sbx.*sleep 53.$user" | head -n 1)"
	wait $job 2>/dev/null || :
	sleep 0.2
	if pgrep -f "sleep 53.$user" >/dev/null; then fail "$who: killed, nothing is left"; else pass "$who: killed, nothing is left"; fi
	said=$(as sh -c "'$tmp/sbx' $system sh -c 'trap \"echo term; exit 9\" TERM; while :; do sleep 0.1; done' & sleep 0.5; kill -TERM \$!; wait \$!; echo \$?")
	is "$said" 'term
9' "$who: TERM is passed on"
	says 'x' 'what a command leaves behind ends with it' $system sh -c 'setsid sleep 52 & echo x'
}

## Jobs
serving() {
	if [ "$(uname -m)" = x86_64 ]; then	# denies mkdir(2)
		printf '\040\0\0\0\0\0\0\0\025\0\0\001\123\0\0\0\006\0\0\0\001\0\005\0\006\0\0\0\0\0\377\177' >"$tmp/filter"
		$change "$tmp/sbx" $system --serve "$tmp/work/socket" --seccomp 9 9<"$tmp/filter" & server=$!
		until_true [ -S "$tmp/work/socket" ]
		is "$(for n in 1 2; do box --job "$tmp/work/socket" mkdir /tmp/x 2>&1 | grep -o 'not permitted'; done)" 'not permitted
not permitted' "$who: --serve --seccomp: the filter is there for each command"
		kill $server
		wait $server || :
	fi
	box $system --bind "$tmp/work" /mnt --serve "$tmp/work/socket" & server=$!
	for i in 1 2 3 4 5 6 7 8 9 10; do [ -S "$tmp/work/socket" ] && break; sleep 0.1; done
	is "$(stat -c %a "$tmp/work/socket")" 600 "$who: --serve: the socket is its owner's"
	says 'one' '--job: a command' --job "$tmp/work/socket" echo one
	code 4 '--job: its exit code' --job "$tmp/work/socket" sh -c 'exit 4'
	says 'kept' '--job: in the same container' --job "$tmp/work/socket" sh -c 'echo kept >/tmp/f'\;'cat /tmp/f'
	says 'kept' '--job: the next one' --job "$tmp/work/socket" cat /tmp/f
	says 'in' '--job: with our descriptors' --job "$tmp/work/socket" cat <<-'END'
	in
	END
	code 127 '--job: not found' --job "$tmp/work/socket" /no/such
	as timeout 0.5 "$tmp/sbx" --job "$tmp/work/socket" sleep 51.$user || :
	sleep 0.2
	if pgrep -f "^sleep 51.$user" >/dev/null; then fail "$who: --job: it ends with its client"; else pass "$who: --job: it ends with its client"; fi
	says 'after' '--job: and the container stays' --job "$tmp/work/socket" echo after
	is "$(as perl -e "$bad_clients" "$tmp/work/socket" 2>&1)" 'no magic: 74
cut: 74
a configuration: 74
a field that is none: 74
half and gone: -
does not read: -
an empty packet: -
a kill and a go: -' "$who: --serve: clients that are none are told so, or just go"
	says 'alive' '--job: and the container serves on' --job "$tmp/work/socket" echo alive
	# a body whose last packet is shorter than a header
	is "$(as perl -e "$short_end" "$tmp/work/socket")" 'ran' "$who: --serve: a message whose last packet is short"
	pkill -TERM -P $server -f -- --serve 2>/dev/null || kill $server
	wait $server 2>/dev/null || :
	if [ -e "$tmp/work/socket" ]; then fail "$who: --serve: the socket goes with it"; rm -f "$tmp/work/socket"; else pass "$who: --serve: the socket goes with it"; fi
}

# Each client says something that is no message, and prints the errno that it gets, or - for nothing
bad_clients='use Socket; my ($path) = @ARGV;
sub client { my ($name, $wait, @packets) = @_; socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0); connect($s, sockaddr_un($path)) or die "connect: $!";
	send($s, $_, MSG_NOSIGNAL) for @packets; my $r = "";
	if ($wait) { my $v = ""; vec($v, fileno($s), 1) = 1; select($v, undef, undef, 5); recv($s, $r, 40000, 0) }
	print "$name: ", (length $r >= 28 ? unpack("L", substr($r, 24, 4)) : "-"), "\n"; close $s }
my $head = sub { pack "LSSLL", 0x01786273, @_, 0 };
client("no magic", 1, pack "LSSLL", 0, 1, 0, 0, 0);
client("cut", 1, "sbx");
client("a configuration", 1, $head->(2, 0, 0));
client("a field that is none", 1, $head->(7, 0, 8) . pack "SSL", 255, 0, 0);
client("half and gone", 0, $head->(7, 0, 100000) . "x" x 32752);
client("does not read", 0, ($head->(1, 0, 0)) x 100);
client("an empty packet", 0, "");
client("a kill and a go", 0, $head->(8, 0, 0), $head->(10, 0, 0));
'
# /bin/echo ran, and an environment that makes the body 32,752 + 8 bytes
short_end='use Socket; socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0); connect($s, sockaddr_un($ARGV[0])) or die "connect: $!";
sub field { my ($key, $v) = @_; pack("SSL", $key, 0, length $v) . $v . "\0" x (-length($v) % 8) }
my $file = "/tmp/said"; my $body = field(65, "/bin/sh\0-c\0echo ran >$file\0");
$body .= field(66, "A=" . "x" x (32752 + 8 - length($body) - 8 - 3) . "\0");
send($s, pack("LSSLL", 0x01786273, 7, 0, length $body, 0) . substr($body, 0, 32752), 0); send($s, substr($body, 32752), 0);
recv($s, my $r, 40000, 0); close $s; exec $ENV{SBX}, "--job", $ARGV[0], "cat", $file'
SBX=$tmp/sbx; export SBX

## Refusals: one line that names the option, 125, nothing started, nothing mounted
refused() {
	mounts_before=$(cat /proc/self/mountinfo)
	while IFS='|' read -r name arguments; do
		[ "$name" ] || continue
		rm -f "$tmp/work/started"
		as "$tmp/sbx" $arguments touch "$tmp/work/started" >"$tmp/out" 2>"$tmp/error" </dev/null && code=0 || code=$?
		got="$code $(wc -l <"$tmp/error") $(grep -c -e "$name" "$tmp/error") $([ -e "$tmp/work/started" ] && echo started)"
		is "$got" '125 1 1 ' "$who: refused: $arguments"
		[ "$got" = '125 1 1 ' ] || diag "$(cat "$tmp/error")"
	done <<-END
	--nosuch|--nosuch
	-x|-x
	--bind|--bind /no/such /mnt --bind / /
	--ro-bind|--ro-bind /no/such /mnt --bind / /
	--bind|--bind /usr relative --bind / /
	--tmpfs|--bind / / --tmpfs relative
	--bind-fd|--bind / / --bind-fd 77 /mnt
	--file|--bind / / --file 77 /mnt/f
	--file|--bind / / --file x /mnt/f
	--perms|--bind / / --perms 0999 --dir /tmp/x
	--perms|--bind / / --perms 0700 --proc /proc
	--perms|--perms 0700 --bind / /
	--perms|--bind / / --perms 0700 --perms 0700 --dir /tmp/x
	--size|--bind / / --size 9 --size 9 --tmpfs /tmp
	--size|--bind / / --size 100 --dir /tmp/x
	--size|--bind / / --size -1 --tmpfs /tmp
	--size|--bind / / --size 0 --tmpfs /tmp
	--chmod|--bind / / --chmod 8 /tmp
	--daemon|--bind / / --unshare-pid --stats 1 --daemon /x /bin/true
	--uid|--bind / / --unshare-user --uid -1
	--uid|--bind / / --unshare-user --uid 4294967295
	--gid|--bind / / --unshare-user --gid 99999999999999999999
	--hostname|--bind / / --hostname x
	--hostname|--bind / / --unshare-uts --hostname 01234567890123456789012345678901234567890123456789012345678901234
	--setenv|--bind / / --setenv A=B c
	--unsetenv|--bind / / --unsetenv =
	--cap-add|--bind / / --cap-add CAP_NO_SUCH
	--cap-drop|--bind / / --cap-drop CAP_
	--seccomp|--bind / / --seccomp 77
	--add-seccomp-fd|--bind / / --add-seccomp-fd 0
	--seccomp-preset|--bind / / --seccomp-preset none
	--seccomp-preset|--bind / / --seccomp-preset ext,,can
	--userns|--bind / / --userns 77
	--userns2|--bind / / --userns2 0
	--pidns|--bind / / --pidns 77
	--as-pid-1|--bind / / --as-pid-1
	--info-fd|--bind / / --info-fd 77
	--json-status-fd|--bind / / --json-status-fd -1
	--lock-file|--bind / / --unshare-pid --lock-file /no/such
	--lock-file|--bind / / --lock-file relative
	--lock-file|--bind / / --lock-file /etc
	--lock-file|--bind / / --lock-file /dev/null
	--overlay-src|--bind / / --overlay-src /usr
	--overlay|--bind / / --overlay /usr /tmp /mnt
	--ro-overlay|--bind / / --overlay-src /usr --ro-overlay /mnt
	--args|--args 77 --bind / /
	--memory|--bind / / --memory x
	--memory|--bind / / --memory 0
	--pids|--bind / / --pids 0
	--cpu|--bind / / --cpu -1
	--rlimit|--bind / / --rlimit nofile
	--rlimit|--bind / / --rlimit nosuch=1
	--rlimit|--bind / / --rlimit nofile=2:1
	--time-limit|--bind / / --time-limit 0
	--wall-limit|--bind / / --wall-limit 1
	--wall-limit|--bind / / --unshare-pid --wall-limit 1x
	--output-limit|--bind / / --output-limit 1Q
	--stats|--bind / / --stats 1
	--landlock-ro|--bind / / --landlock-ro relative
	--landlock-scope|--bind / / --landlock-scope signals
	--landlock-scope|--bind / / --landlock-scope signal,,abstract
	--landlock-scope-try|--bind / / --landlock-scope-try signal,x
	--mask|--bind / / --mask relative
	--daemon|--bind / / --daemon /x relative
	--daemon|--bind / / --daemon /x /bin/true
	daemon|--bind / / --unshare-pid --daemon /x /no/such/daemon
	--serve|--bind / / --unshare-pid --serve /tmp/x
	--job|--job /no/such/socket
	--chdir|--bind / / --chdir relative
	--bind-try|--bind / / --bind-try /no/such relative
	--dev-bind|--dev-bind /no/such /mnt --bind / /
	--dev-bind-try|--bind / / --dev-bind-try /usr relative
	--ro-bind-try|--bind / / --ro-bind-try /usr relative
	--ro-bind-fd|--bind / / --ro-bind-fd 77 /mnt
	--ro-bind-fd|--bind / / --ro-bind-fd 0 relative
	--bind-data|--bind / / --bind-data 77 /mnt
	--ro-bind-data|--bind / / --ro-bind-data 0 relative
	--remount-ro|--bind / / --remount-ro relative
	remount|--bind / / --tmpfs /tmp --dir /tmp/x --remount-ro /tmp/x
	remount|--bind / / --remount-ro /no/such
	--overlay-src|--bind / / --overlay-src /no/such --ro-overlay /mnt
	--tmp-overlay|--bind / / --tmp-overlay /mnt
	--tmp-overlay|--bind / / --overlay-src /usr --tmp-overlay relative
	--proc|--bind / / --proc relative
	proc|--bind / / --proc /etc/passwd
	--dev|--bind / / --dev relative
	dev|--bind / / --dev /etc/passwd/x
	--mqueue|--bind / / --mqueue relative
	--dir|--bind / / --dir relative
	--symlink|--bind / / --symlink x relative
	symlink|--bind / / --tmpfs /tmp --symlink x /tmp/.
	--auto-root|--auto-root /no/such
	auto-root|--auto-root / --auto-root /
	auto-etc|--bind / / --tmpfs /etc --auto-etc --auto-etc
	--sync-fd|--bind / / --sync-fd 77
	--sync-fd|--bind / / --sync-fd 1x
	--block-fd|--bind / / --block-fd 77
	--userns-block-fd|--bind / / --unshare-user --userns-block-fd 77
	--userns-block-fd|--bind / / --userns-block-fd 99999999999
	--keep-fd|--bind / / --keep-fd 77
	--stats|--bind / / --unshare-pid --stats 77
	--landlock-rw|--bind / / --landlock-rw relative
	landlock|--bind / / --landlock-rw /no/such
	--chdir|--bind / / --chdir
	chdir|--bind / / --chdir /etc/passwd
	--seccomp|--bind / / --seccomp 0
	--seccomp|--bind / / --seccomp 0 --add-seccomp-fd 0
	--lock-file|--bind / / --unshare-pid --serve /no/such/socket --lock-file /etc/passwd
	--rlimit|--bind / / --unshare-pid --serve /no/such/socket --rlimit nofile=9
	--seccomp-preset|--job /no/such/socket --seccomp-preset strict
	open /usr: Is a directory|--bind / / --ro-bind /etc/passwd /usr
	--serve|--bind / / --serve /tmp/x --unshare-pid --as-pid-1
	--disable-userns|--bind / / --userns 0 --disable-userns
	exec label|--bind / / --exec-label no_such_label
	file label|--bind / / --file-label no_such_label --tmpfs /tmp
	END
	# argv0 takes any text
	is "$(box --help | sed -n 's/^  --\([a-z0-9-]*\) [A-Z].*/\1/p' | grep -vx argv0 | while read -r name; do
		sed -n '/^refused() {/,/^}/p' "$top/tests/ns/sbx.t" | grep -qe "|.*--$name" || echo "$name"; done)" '' "$who: every option that takes something was given something wrong"
	for last in --bind '--bind /' --uid '--setenv A'; do
		box $last >"$tmp/out" 2>"$tmp/error" && code=0 || code=$?
		is "$code $(wc -l <"$tmp/error") $(cat "$tmp/out")" '125 1 ' "$who: refused: $last at the end"
	done
	box --bind / / >"$tmp/out" 2>"$tmp/error" && code=0 || code=$?
	is "$code $(wc -l <"$tmp/error") $(cat "$tmp/out")" '125 1 ' "$who: refused: no command"
	is "$(cat /proc/self/mountinfo)" "$mounts_before" "$who: nothing is mounted after all that"
}

## Options from a descriptor, as flatpak gives them
long_lines() {
	printf '%s\0' --unshare-pid --die-with-parent --new-session --proc /proc --dev /dev --tmpfs /tmp --dir /run/user/1000/doc \
		--symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin --symlink usr/sbin /sbin --ro-bind /usr /usr \
		--perms 0700 --dir /run/user/1000 --ro-bind-data 8 /etc/passwd --setenv XDG_RUNTIME_DIR /run/user/1000 \
		--bind "$tmp/work" /var/data --chmod 0755 /run --remount-ro /usr --unshare-ipc --unshare-cgroup-try --cap-drop ALL \
		--lock-file /usr/bin/env --info-fd 7 >"$tmp/args"
	said=$(echo 'x:x:0:0::/:/bin/sh' | as "$tmp/bwrap" --args 9 -- sh -c 'echo $XDG_RUNTIME_DIR; cat /etc/passwd; ls -d /var/data' \
		9<"$tmp/args" 8<&0 7>"$tmp/info" 2>&1)
	is "$said" '/run/user/1000
x:x:0:0::/:/bin/sh
/var/data' "$who: a long command line through --args"
	says 'nsfs own' 'its own user namespace, bound as flatpak does' $system --unshare-user --tmpfs /run --ro-bind /proc/self/ns/user /run/.userns \
		sh -c 'echo $(stat -f -c %T /run/.userns) $([ "$(stat -L -c %i /proc/self/ns/user)" = "$(stat -c %i /run/.userns)" ] && echo own)'
	for link in fd/0 cwd root exe; do
		code 125 "but nothing else by way of /proc: $link" $system --ro-bind /proc/self/$link /tmp/x true <"$tmp/src"
	done
	n=0
	while [ $n -lt 300 ]; do printf '%s\0' --ro-bind /etc/passwd /tmp/p$n; n=$((n + 1)); done >"$tmp/args"
	says 300 'hundreds of mounts' $system --args 9 sh -c 'ls /tmp/p* | wc -l' 9<"$tmp/args"
}

## bubblewrap beside it
# beside TEXT ARGUMENT... - the same standard output and exit code from both
beside() {
	text=$1; shift
	theirs=$(as "$real" "$@" 2>/dev/null 9<"$tmp/text" </dev/null; echo "exit $?")
	ours=$(as "$tmp/bwrap" "$@" 2>/dev/null 9<"$tmp/text" </dev/null; echo "exit $?")
	is "$ours" "$theirs" "$who: as bubblewrap: $text"
}
# Mount points with their flags and kinds; the kernel's own numbers and the names of tmpfs sources left out
table='awk "{ sub(/,relatime/, \"\", \$6); for (i = 7; \$i != \"-\"; i++); print \$4, \$5, \$6, \$(i + 1) }" /proc/self/mountinfo'
compare_with_bubblewrap() {
	beside 'mounts, files and modes' --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev \
		--perms 0710 --dir /a/b/c --tmpfs /t --perms 01777 --tmpfs /t2 --file 9 /f --bind "$tmp/work" /w --dir rel --unshare-pid \
		sh -c 'for f in / /a /a/b /a/b/c /t /t2 /f /w /rel; do stat -c "%n %a %F" $f; done; ls /; ls /dev'
	beside 'the mount table' --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --tmpfs /t \
		--bind "$tmp/work" /w --dev-bind /dev/null /n --remount-ro /t --unshare-pid sh -c "$table | grep -v ' / '"
	beside 'a source that an operation makes' --ro-bind / / --bind "$tmp/work" "$tmp/work" --dir "$tmp/work/made/in" --bind-try "$tmp/work/made" "$tmp/src/sub" \
		sh -c "ls '$tmp/src/sub'; rm -r '$tmp/work/made'"
	beside 'a source below what is covered' --ro-bind / / --tmpfs "$tmp" --ro-bind "$tmp/src/sub" "$tmp/src" sh -c "find '$tmp'"
	beside 'environment and folder' --ro-bind / / --proc /proc --dev /dev --clearenv --setenv A b --chdir /usr /usr/bin/env
	beside 'who' --unshare-user --uid 5 --gid 6 --ro-bind / / --proc /proc sh -c 'id -u; id -g; cat /proc/self/setgroups'
	beside 'capabilities' --ro-bind / / --proc /proc --dev /dev --unshare-pid sh -c 'grep Cap /proc/self/status'
	[ $who = root ] || # whom bubblewrap leaves all
	beside 'capabilities that are asked for' --ro-bind / / --proc /proc --unshare-user --cap-add CAP_NET_ADMIN sh -c 'grep CapEff /proc/self/status'
	beside 'exit codes' --ro-bind / / --unshare-pid sh -c 'exit 33'
	beside 'signals' --ro-bind / / --unshare-pid sh -c 'kill -11 $$'
	beside 'descriptors are inherited' --ro-bind / / --proc /proc sh -c 'cat <&9'
	beside 'unless an option uses them' --ro-bind / / --proc /proc --tmpfs /tmp --file 9 /tmp/x sh -c '[ -e /proc/self/fd/9 ] && echo there'
	beside 'PIDs' --ro-bind / / --proc /proc --unshare-pid sh -c 'echo $$; ls -d /proc/[12]'
}

## A host whose mounts are shared, as systemd makes them: nothing that a container mounts is seen there
shared() {
	cat >"$tmp/shared.sh" <<-'END'
	mount --make-rshared /
	cp /proc/self/mountinfo "$tmp/mounts"
	while read -r line; do
		$change "$tmp/sbx" $line || echo "exit $?: $line"
		diff "$tmp/mounts" /proc/self/mountinfo || echo "after: $line"
	done
	END
	cat >"$tmp/lines" <<-'END'
	--ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --unshare-pid true
	--dev-bind / / --dev /dev --tmpfs /mnt --bind /usr /mnt --unshare-all true
	--ro-bind / / --dev /dev --mask /etc/hostname --bind / /mnt true
	--dev-bind / / --tmpfs / --ro-bind / / --dev /dev true
	END
	export tmp change
	is "$(unshare -m sh "$tmp/shared.sh" <"$tmp/lines" 2>&1)" '' "$who: nothing is mounted on a host whose mounts are shared"
}

# What has been mounted over, once or several times, is not to be found above the root
above() {
	rm -f "$tmp/work/above"
	for line in '--bind / / --ro-bind / /' '--bind / / --tmpfs / --ro-bind / /' '--bind / / --ro-bind / / --tmpfs / --ro-bind / /'; do
		says '1 /' "the host's root is not above the container's: $line" $line --dev /dev --proc /proc --unshare-all \
			sh -c "touch $tmp/work/above /..$tmp/work/above 2>/dev/null; echo \$(grep -c ' / / ' /proc/self/mountinfo) \$(ls -d $tmp/work/above 2>/dev/null)/"
	done
}

for who in root user; do
	exit_codes
	namespaces
	environment
	mounts
	overlays
	change=; [ $who = root ] || change="setpriv --reuid $user --regid $user --clear-groups"
	rights
	shared
	above
	faults
	watching
	deaf
	excesses
	limits
	endings
	serving
	refused
	long_lines
done
ranges
who=root
joined
mkdir -p "$tmp/jail/proc"
cp "$tmp/sbx" "$tmp/jail/sbx"
ldd "$tmp/sbx" 2>/dev/null | grep -o '/[^ )]*' | xargs -r cp --parents -t "$tmp/jail"	# of a build with AddressSanitizer
is "$(unshare -m sh -c "mount -t proc x '$tmp/jail/proc' && exec chroot '$tmp/jail' /sbx --ro-bind / / /sbx --version" 2>&1)" \
	'sbx: bind /: mount_setattr /: Invalid argument' 'root: chrooted to a folder that is no mount: no container'
(cd "$top" && scripts/unpack-deb "$tmp/peer" bubblewrap libselinux1 libcap2 libpcre2-8-0) >/dev/null 2>&1 || :
real=$tmp/peer/usr/bin/bwrap
if LD_LIBRARY_PATH=$tmp/peer/usr/lib/x86_64-linux-gnu "$real" --ro-bind / / true 2>/dev/null; then
	LD_LIBRARY_PATH=$tmp/peer/usr/lib/x86_64-linux-gnu
	export LD_LIBRARY_PATH
	for who in root user; do compare_with_bubblewrap; done
else
	skip 'bubblewrap cannot be had here' 'bubblewrap beside it'
fi
cd "$top" || exit 1
done_testing

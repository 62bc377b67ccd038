#!/bin/sh
# SPDX-License-Identifier: MIT
# init.t - init as PID 1 of a namespace: inittab, signals, orphans, consoles that block, processes that cannot be had
. tests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "needs root for its namespaces"
unshare -mpfiun --kill-child true 2>/dev/null || skip_all "no namespaces here"
tmpdir
scripts/need busybox:busybox-static >&2

## A root on a tmpfs, in which init is PID 1
template=$tmp/template
mkdir -p "$template/bin" "$template/sbin" "$template/etc" "$template/dev" "$template/proc" "$template/out" "$template/test"
cp "$(command -v busybox)" "$template/bin/busybox"
for name in sh cat ls sleep kill ps echo grep sed tr date usleep stty mount umount awk true id setsid tail wc head cp tty; do
	ln -s busybox "$template/bin/$name"
done
cp "$INITBOX" "$template/bin/initbox"
for name in init poweroff reboot halt; do ln -s ../bin/initbox "$template/sbin/$name"; done

cat >"$tmp/helper.c" <<'END'
// What a shell cannot do, or not fast enough.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include "door.h"

int sys_hold(void)
{
	return sigqueue(1, SIGTSTP, (union sigval){ .sival_int = HOLD_WHILE_ALIVE });
}

static void ignore_all(void)
{
	sigset_t all;
	sigfillset(&all);
	for (int i = 1; i < 65; i++)
		signal(i, SIG_IGN);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void fill(int fd)
{
	char text[4096];
	memset(text, 'x', sizeof text);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, text, sizeof text) > 0 || write(fd, text, 1) > 0)
		;
	fcntl(fd, F_SETFL, 0);
}

static void streams(int fd, int other)
{
	dup2(other, 9);
	setenv("LISTEN_FDS", "1", 1);	// so that init leaves it open, and nobody reads there
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
}

// What the terminal shows goes to `screen`; someone may press Enter after a second.
static void watch(int master, const char *screen, int enter)
{
	int file = open(screen, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	char text[4096];
	ssize_t n;

	if (enter)
		sleep(1), write(master, "\n", 1);
	while ((n = read(master, text, sizeof text)) > 0)
		write(file, text, n);
	_exit(0);
}

// A terminal in raw mode that is there for as long as this process.
static void terminal(const char *screen, int enter, int stay)
{
	int master, slave;
	struct termios t;

	openpty(&master, &slave, NULL, NULL, NULL);
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	tcsetattr(slave, TCSANOW, &t);
	if (!fork()) {
		close(slave);
		watch(master, screen, enter);
	}
	close(master);
	if (stay)
		sleep(100);
	for (int i = 0; i < 3; i++)
		dup2(slave, i);
}

int main(int argc, char **argv)
{
	int fds[2];

	if (!strcmp(argv[1], "ignore"))
		ignore_all();
	if (!strcmp(argv[1], "pipe")) {
		pipe(fds);
		fill(fds[1]);
		streams(fds[1], fds[0]);
	}
	if (!strcmp(argv[1], "pty")) {
		openpty(&fds[0], &fds[1], NULL, NULL, NULL);
		tcflow(fds[1], TCOOFF);
		fill(fds[1]);
		streams(fds[1], fds[0]);
	}
	if (!strcmp(argv[1], "socket")) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
		fill(fds[1]);
		streams(fds[1], fds[0]);
	}
	if (!strcmp(argv[1], "hold"))
		return sys_hold() < 0 ? 1 : pause();
	if (!strcmp(argv[1], "terminal"))
		terminal("/out/screen", 1, 1);
	if (!strcmp(argv[1], "nobody") || !strcmp(argv[1], "somebody"))
		terminal("/out/screen", argv[1][0] == 's', 0);
	if (!strcmp(argv[1], "closed"))
		for (int i = 0; i < 3; i++)
			close(i);
	execv(argv[2], argv + 2);
	return 127;
}
END
for cc in musl-gcc gcc cc clang; do
	if $cc -O1 -w -static -Ilibcommon -o "$template/bin/helper" "$tmp/helper.c" -lutil 2>"$tmp/cc" &&
		$cc -O1 -static -o "$template/bin/orphans" tests/orphans.c 2>>"$tmp/cc"; then break; fi
done
[ -e "$template/bin/orphans" ] || skip_all "no C compiler for the helpers: $(cat "$tmp/cc")"

cat >"$tmp/enter" <<'END'
[ $$ = 1 ] || exit 99	# signals below are for this namespace only
root=$1/root
mount --make-rprivate /
mount -t tmpfs root "$root"
cp -a "$1/../template/." "$root"
cp "$1/inittab" "$root/etc/inittab"
mount -t tmpfs dev "$root/dev"
mount -t proc proc "$root/proc"
for node in null zero full tty; do : >"$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount --bind "$1/out" "$root/out"
cd "$root"
prefix=
eval "$3"
exec env -i TERM=linux $prefix "$(command -v chroot)" "$root" $2
END

# start NAME [COMMAND [PREPARATION]]: with /etc/inittab from stdin; goes on meanwhile.
start() {
	mkdir -p "$tmp/$1/out" "$tmp/$1/root"
	cat >"$tmp/$1/inittab"
	run "$@" &
}
run() {
	began=$(date +%s%N)
	timeout -k 1 ${limit:-60} unshare -mpfiun --kill-child=KILL sh "$tmp/enter" "$tmp/$1" "${2:-/sbin/init}" "${3:-}" \
		>"$tmp/$1/log" 2>&1 </dev/null && code=0 || code=$?
	read -r uptime rest </proc/uptime
	echo "$code $((($(date +%s%N) - began) / 1000000)) $uptime" >"$tmp/$1/ended.new"
	mv "$tmp/$1/ended.new" "$tmp/$1/ended"
}
# finish NAME: waits for its end. Sets $code, $took (ms) and $log, and what out shows.
finish() {
	while [ ! -e "$tmp/$1/ended" ]; do sleep 0.02; done
	read -r code took uptime <"$tmp/$1/ended"
	log=$(cat "$tmp/$1/log") now=$1
}
pid1() {
	start "$@"
	finish "$1"
}
out() { cat "$tmp/$now/out/$1" 2>/dev/null; }
test_script() {
	cat >"$template/test/$1"
	chmod 755 "$template/test/$1"
}

## What takes its time, begun first
start respawn <<'END'
::respawn:/bin/sh -c 'echo x >>/out/starts'
::respawn:/bin/missing
nowhere::respawn:/bin/true
::once:/bin/sh -c 'sleep 10; exec poweroff'
END
start stubborn <<'END'
::once:/bin/sh -c 'trap "" TERM; (sleep 0.2; exec poweroff) & while :; do sleep 1; done'
END
test_script after_panic <<'END'
#!/bin/sh
echo goes on >>/out/on
exec poweroff
END
start reloads <<'END'
::respawn:/bin/sh -c 'echo x >>/out/starts'
::once:/bin/sh -c 'for i in 1 2 3 4 5 6; do sleep 0.5; kill -HUP 1; done; exec poweroff'
END
start slow-shutdown '/sbin/init initbox.shutdown-timeout=1' <<'END'
::once:poweroff
::shutdown:/bin/sh -c 'sleep 100; echo first >>/out/order'
::shutdown:/bin/sh -c 'echo second >>/out/order'
END
start holder <<'END'
::respawn:/bin/sh -c 'echo $$ >/out/pid; echo $$ >>/out/pids; exec sleep 1000'
::once:/bin/sh -c 'sleep 0.3; helper hold & sleep 0.3; kill $(cat /out/pid); sleep 1.3; wc -l </out/pids >/out/held; kill -9 $!; sleep 1.3; poweroff'
END
start offer-nobody "/bin/helper nobody /sbin/init" <<'END'
::sysinit:/bin/missing
::wait:/test/after_panic
END
start offer-blocked "/bin/helper pty /sbin/init" <<'END'
::sysinit:/bin/missing
null::wait:/test/after_panic
END
limit=2 start no-inittab '' 'rm -f etc/inittab' </dev/null
limit=2 start nothing <<'END'
::once:/bin/sh -c 'sleep 0.2'
::sysinit:/bin/sh -c 'exit 3'
::wait:/bin/sh -c 'kill -9 $$'
END

## inittab
pid1 inittab <<'END'
# comment
  # another
::respawn:/bin/sh -c 'echo respawn >>/out/order; sleep 1; exec poweroff'
::once:/bin/sh -c "echo once >>/out/order"   # a comment behind it
::sysinit:/bin/sh -c 'echo sysinit 1 >>/out/order; sleep 0.2'
::wait:/bin/sh -c 'sleep 0.2; echo wait 1 >>/out/order'
::sysinit:/bin/sh -c 'echo sysinit 2 >>/out/order'
null::wait:echo wait 2 >>/out/order
::shutdown:/bin/sh -c 'echo shutdown >>/out/order'
::ctrlaltdel:/bin/sh -c 'echo ctrlaltdel >>/out/order'
nonsense
::dance:/bin/true
::once:
../etc::once:/bin/true
END
is "$(out order | sed 's/respawn//; s/once//' | grep . | tr '\n' ',')" "sysinit 1,sysinit 2,wait 1,wait 2,shutdown," \
	"sysinit, wait and shutdown entries run one by one, in their order"
is "$(out order | sed -n '5,6p' | sort | tr '\n' ',')" "once,respawn," "once and respawn come after them"
is "$code" 130 "poweroff ends the namespace as reboot(2) does"
like "$log" '^init: /etc/inittab:11: not tty:ignored:action:command' "a bad line is reported by its number"
like "$log" '^init: /etc/inittab:12: unknown action' "an unknown action"
like "$log" '^init: /etc/inittab:13: no command' "an empty command"
like "$log" '^init: /etc/inittab:14: terminal is not below /dev' "a terminal outside of /dev"
is "$(echo "$log" | grep -c 'inittab:')" 4 "and nothing else"

i=0
while [ $i -lt 90 ]; do echo '::wait:/bin/true'; i=$((i + 1)); done >"$tmp/entries"
echo '::once:poweroff' >>"$tmp/entries"
pid1 at-once <"$tmp/entries"
is "$code" 130 "none of 90 processes that end at once, before anybody looks, is missed ($took ms)"

## Commands
test_script arguments <<'END'
#!/bin/sh
for word; do echo "[$word]"; done >>/out/words
END
pid1 commands <<'END'
::sysinit:/test/arguments one  two	three
::sysinit:/test/arguments 'a b' "$HOME" `echo c`
::sysinit:/test/arguments x; /test/arguments y
::sysinit:V=z /test/arguments; V=z /bin/sh -c '/test/arguments $V'
::sysinit:-/bin/sh -c "echo login:$0 >>/out/words; tr '\0' ' ' </proc/$$/cmdline >>/out/words"
::sysinit:/bin/sh -c 'echo $PPID >/out/parent; env >/out/env; ulimit -n >/out/nofile; umask >/out/umask; pwd >/out/cwd'
::sysinit:poweroff
END
is "$(out words | head -n 9 | tr -d '\n')" "[one][two][three][a b][/][c][x][y][z]" "words are split, or a shell does it"
is "$(out parent)" 1 "exec saves the shell's process"
like "$(out env)" '^PATH=/sbin:/usr/sbin:/bin:/usr/bin$' "PATH"
like "$(out env)" '^HOME=/' "HOME"
like "$(out env)" '^SHELL=/bin/sh$' "SHELL"
is "$(out umask)" 0022 "umask"
is "$(out cwd)" / "working directory"
like "$log" '^init: powering off' "a signal during sysinit is taken"
is "$code" 130 "at once"

## What children get
pid1 children "/bin/helper ignore /sbin/init" <<'END'
::sysinit:/bin/cp /proc/self/status /out/status
::once:poweroff
END
is "$(out status | grep -E '^Sig(Pnd|Blk|Ign|Cgt)|^ShdPnd' | tr -d 'A-Za-z:\t\n0')" "" "children have empty masks, whatever init was started with"
is "$code" 130 "and init takes signals that it was started to ignore"

## Signals
test_script signals <<'END'
#!/bin/sh
kill -INT 1; sleep 0.3
echo "::respawn:/bin/sh -c 'echo \$\$ >>/out/new; exec sleep 100'" >/tmp.new
grep -v removed /etc/inittab >>/tmp.new
cat /tmp.new >/etc/inittab
kill -HUP 1; sleep 0.5
if kill -0 $(cat /out/removed); then echo lives >>/out/removed; fi
: >/etc/inittab; kill -HUP 1; sleep 0.2
mv /etc/inittab /etc/away; kill -HUP 1; sleep 0.2
mv /etc/away /etc/inittab; cat /tmp.new >/etc/inittab
kill -TSTP 1; kill $(cat /out/kept); sleep 0.5
cp /out/kept /out/kept.held; kill -CONT 1; sleep 0.5
kill -QUIT 1; sleep 0.3
kill -$1 1
END
rows='USR1/130/halting USR2/130/powering.off TERM/129/rebooting PWR/130/powering.off'
for row in $rows; do
	start "${row%%/*}" <<END
::once:/test/signals ${row%%/*}
::respawn:/bin/sh -c 'echo \$\$ >>/out/kept; exec sleep 100'
::respawn:/bin/sh -c 'echo \$\$ >>/out/removed; exec sleep 100' # removed
::ctrlaltdel:/bin/sh -c 'echo ctrlaltdel >>/out/cad'
END
done
for row in $rows; do
	finish "${row%%/*}"
	row=${row#*/}
	is "$code" "${row%/*}" "SIG$now: exit code"
	like "$log" "^init: ${row#*/}" "SIG$now: says so"
	[ "$now" = USR1 ] || continue
	is "$(out cad)" ctrlaltdel "SIGINT runs the ctrlaltdel entries"
	is "$(out new | wc -l)" 1 "SIGHUP: a new entry is started"
	is "$(out kept.held | wc -l)" 1 "what did not change goes on, and after SIGTSTP nothing is restarted"
	is "$(out kept | wc -l)" 2 "until SIGCONT"
	is "$(out removed | wc -l)" 1 "a removed entry is ended, and not restarted"
	like "$log" '^init: /etc/inittab: no entries, so the old ones stay' "an inittab without entries is not taken"
	like "$log" '^init: /etc/inittab cannot be read, so the old entries stay: No such file' "nor one that is missing"
	like "$log" 'no restart entry' "SIGQUIT without a restart entry is one line"
done

pid1 restart <<'END'
::sysinit:/bin/sh -c 'echo $$ >>/out/started'
::once:/bin/sh -c 'sleep 0.2; [ -e /out/again ] && exec poweroff; kill -QUIT 1'
::shutdown:/bin/sh -c 'echo shutdown >>/out/started'
::restart:/bin/sh -c 'echo $$ >/out/again; exec /sbin/init'
END
is "$(out again)" 1 "SIGQUIT executes the restart entry as PID 1"
is "$(out started | sed 's/^[0-9]*$/sysinit/' | tr '\n' ' ')" "sysinit shutdown sysinit shutdown " "after a shutdown, and it starts anew"
pid1 restart-missing <<'END'
::sysinit:/bin/sh -c 'sleep 0.2; echo sysinit >>/out/order'
::respawn:/bin/sh -c 'echo respawn >>/out/order; exec sleep 1000'
::once:/bin/sh -c 'sleep 0.3; [ -e /out/x ] && exec poweroff; echo x >>/out/x; kill -QUIT 1'
::restart:/bin/missing
END
is "$(out order | tr '\n' ' ')$code" "sysinit respawn sysinit respawn 130" \
	"a restart entry that cannot be executed is not the end: it boots again"
like "$log" '^init: /bin/missing: No such file' "which it says"

start quit <<'END'
::sysinit:/bin/sh -c 'kill -QUIT 1; sleep 0.2; echo sysinit >>/out/order'
::once:/sbin/poweroff
::shutdown:/bin/sh -c 'kill -QUIT 1; sleep 0.2; echo shutdown >>/out/order'
END
start quit-late <<'END'
::once:/sbin/poweroff
::shutdown:/bin/sh -c 'kill -QUIT 1; sleep 0.2; echo shutdown >>/out/order'
::restart:/bin/sh -c 'echo restart >>/out/order'
END
start way-down <<'END'
::once:/bin/sh -c 'sleep 0.3; exec poweroff'
::respawn:/bin/sh -c 'echo $$ >/out/pid; echo respawn >>/out/order; exec sleep 1000'
::shutdown:/bin/sh -c 'kill $(cat /out/pid); kill -TSTP 1; kill -CONT 1; sleep 0.3; echo shutdown >>/out/order'
::shutdown:/bin/sh -c 'sleep 0.2; echo shutdown >>/out/order'
END
start held-boot <<'END'
::ctrlaltdel:/bin/sh -c 'kill -TSTP 1; kill -9 $(cat /out/pid); sleep 0.3; echo reboot >>/out/order; exec reboot'
::sysinit:/bin/sh -c 'echo $$ >/out/pid; kill -INT 1; exec sleep 1000'
::sysinit:/bin/sh -c 'echo sysinit >>/out/order'
::wait:/bin/sh -c 'echo wait >>/out/order'
::once:/bin/sh -c 'echo once >>/out/order'
END
finish quit
is "$(out order | tr '\n' ' ')$code" "sysinit shutdown 130" "SIGQUIT without a restart entry disturbs neither a boot nor a shutdown"
finish quit-late
is "$(out order | tr '\n' ' ')$code" "shutdown 130" "with one, it does not turn a shutdown back"
finish way-down
is "$(out order | tr '\n' ' ')$code" "respawn shutdown shutdown 130" "on the way down only shutdown entries are started"
finish held-boot
is "$(out order | tr '\n' ' ')$code" "reboot 129" "while init is held a boot does not go on"
unlike "$log" 'failed badly' "nor is it said to have failed"

pid1 all-signals <<'END'
::once:/bin/sh -c 'for s in $(seq 1 64); do case $s in 10|12|15|30) ;; *) kill -$s 1 ;; esac; done; sleep 0.2; echo on >/out/on; exec poweroff'
END
is "$(out on)$code" on130 "no other of the 64 signals ends it"

## init alone: its size, and its memory when all is said and done
if [ ! "${SANITIZED:-}" ]; then
	mk() { env -u MAKEFLAGS -u MAKELEVEL -u CC "${MAKE:-make}" -s O="$tmp/small" CACHE="${CACHE:-build/cache}" "$@" >>"$tmp/make" 2>&1; }
	mk allnoconfig
	sed -i 's/.*CONFIG_INIT[ =].*/CONFIG_INIT=y/; s/.*CONFIG_STATIC[ =].*/CONFIG_STATIC=y/' "$tmp/small/.config"
	mk olddefconfig
	ok "init alone can be built" mk all
	ok "in 48 kB ($(wc -c <"$tmp/small/initbox"))" test "$(wc -c <"$tmp/small/initbox")" -le 48000
	pid1 small /sbin/init 'cp "$1/../small/initbox" sbin/init.new; mv sbin/init.new sbin/init' <<'END'
::once:/bin/sh -c 'sleep 0.1; sed -n "s/^Rss: *\([0-9]*\).*/\1/p" /proc/1/smaps_rollup >/out/rss; kill -USR2 1'
::respawn:sleep 1000
END
	ok "and runs in 120 kB ($(out rss))" test "$(out rss)" -le 120
fi

## Words, as the kernel hands them over
cat >"$tmp/profile" <<'END'
echo shell >>/out/order
exit
END
for word in single -s S 1 rescue emergency -b; do
	start "word$word" "/sbin/init quiet $word" "cp $tmp/profile etc/profile" <<'END'
::sysinit:echo sysinit >>/out/order
::wait:echo wait >>/out/order
::once:poweroff
END
done
for word in single -s S 1; do
	finish "word$word"
	is "$(out order | tr '\n' ' ')$code" "sysinit shell wait 130" "init $word: a shell after sysinit, then the rest"
done
for word in rescue emergency -b; do
	finish "word$word"
	is "$(out order | tr '\n' ' ')$code" "shell sysinit wait 130" "init $word: a shell first, then the rest"
done

## A sysinit entry that fails badly
for row in 'reboot 129' 'poweroff 130' 'halt 130'; do
	set -- $row
	pid1 "panic-$1" "/sbin/init initbox.panic=$1" <<'END'
::sysinit:/bin/missing
::shutdown:echo shutdown >>/out/order
::wait:/test/after_panic
END
	is "$(out order)$(out on)$code" "shutdown$2" "initbox.panic=$1: does that, in good order"
	like "$log" '^init: /bin/missing: a sysinit entry failed badly: ' "and says why"
done
n=0
while IFS= read -r entry; do
	n=$((n + 1))
	printf '%s\n' "$entry" '::wait:/test/after_panic' >"$tmp/entries"
	start "bad$n" '/sbin/init initbox.panic=shell' "cp $tmp/profile etc/profile" <"$tmp/entries"
done <<'END'
::sysinit:/bin/missing
::sysinit:missing
::sysinit:/etc
nowhere::sysinit:/bin/true
::sysinit:/bin/sh -c 'kill -9 $$'
::sysinit:/bin/sh -c '/bin/sh -c "kill -9 \$\$"; exit $?'
::sysinit:/bin/sh -c 'exit 125'
END
for n in 1 2 3 4 5 6; do
	finish "bad$n"
	is "$(out order)$(out on)$code" "shellgoes on130" "initbox.panic=shell: $(sed -n 1p "$tmp/bad$n/inittab"): a shell, and the boot goes on"
done
finish bad7
is "$(out order)$(out on)$code" "goes on130" "any other exit code is the command's own"
like "$log" "exit code 125" "and is said"
pid1 panic-unknown '/sbin/init initbox.panic=burn' <<'END'
::sysinit:poweroff
END
is "$code$(echo "$log" | grep -c '^init: initbox.panic=burn: not ')" 1301 "a wrong initbox.panic= is one line"
pid1 offer-somebody "/bin/helper somebody /sbin/init" "cp $tmp/profile etc/profile" <<'END'
::sysinit:/bin/missing
::wait:/test/after_panic
END
is "$(out order)$(out on)$code" "shellgoes on130" "without it a shell is offered, to who presses Enter"
like "$(out screen)" 'Press Enter within 10 s for a shell' "which the console says"
pid1 offer-none <<'END'
::sysinit:/bin/missing
::wait:/test/after_panic
END
is "$(out on)$code" "goes on130" "without a terminal the boot goes on at once"
ok "($took ms)" test "$took" -le 3000

## Orphans
test_script storm <<'END'
#!/bin/sh
for i in 1 2 3; do orphans all 10000 >>/out/all; done
grep -l '^State:	Z' /proc/[0-9]*/status 2>/dev/null | wc -l >/out/zombies
for i in 1 2 3; do orphans one 3334 >>/out/one; done
poweroff
END
# In real time, so that it is init that is measured, and not what else this machine does.
first=''
if chrt -f 2 true 2>/dev/null; then first='prefix="chrt -f 2"'; fi
pid1 storm /sbin/init "$first" <<'END'
::once:/test/storm
END
is "$(out zombies)" 0 "10,000 orphans that end at once leave no zombie"
lag=$(out all | sort -n | head -n 1)
ok "and none that is there 50 ms after the last one's end ($((lag / 1000)) us, the best of three)" test "$lag" -le 50000000
median=$(out one | cut -d ' ' -f 1 | sort -n | head -n 1) worst=$(out one | cut -d ' ' -f 2 | sort -n | head -n 1)
ok "of 10,000 one after another each is reaped within 0.2 ms (the median: $((median / 1000)) us)" test "$median" -le 200000
ok "and always within 50 ms ($((worst / 1000)) us, the best third)" test "$worst" -le 50000000

## A process cannot be had
pid1 fork /sbin/init 'prefix=INITBOX_FAULT=spawn#3=11' <<'END'
::sysinit:/bin/true
::sysinit:/bin/true
::sysinit:/bin/sh -c 'echo third >/out/third'
::once:poweroff
END
is "$(out third)" third "a fork that fails is tried again"
like "$log" "^init: .*no process for it, tried again every 1 s: Resource temporarily unavailable" "one line says so"

# Each call that init makes fails in turn: it goes on to the end. (kill is busybox's, which no fault reaches.)
set -- setrlimit setrlimit spawn spawn spawn spawn spawn 'kill -1' 'kill -1' sync reboot none
for n in $(seq $#); do
	start "fault$n" /sbin/init "prefix=INITBOX_FAULT=$n" <<'END'
::sysinit:echo sysinit >>/out/done
::wait:echo wait >>/out/done
::respawn:sleep 1000
::once:/bin/sh -c 'trap "" TERM; sleep 0.5; kill -USR2 1; sleep 1'
::shutdown:echo shutdown >>/out/done
END
done
for n in $(seq $#); do
	finish "fault$n"
	case $1 in reboot) wanted=0 ;; *) wanted=130 ;; esac	# where reboot(2) fails a container ends by itself
	is "$(out done | tr '\n' ' ')$code" "sysinit wait shutdown $wanted" "call $n ($1) fails: all is done all the same"
	case $1 in
	spawn) like "$log" 'no process for it, .*: I/O error' "which is said" ;;
	reboot | none) ;;
	*) like "$log" "^init: $1.*: I/O error" "which is said" ;;
	esac
	shift
done

if setpriv --reuid 54321 --regid 54321 --clear-groups unshare -rmpf true 2>/dev/null; then
	chmod 755 "$tmp"
	cat >"$tmp/limited" <<-'END'
	[ $$ = 1 ] || exit 99
	mount -t proc proc /proc
	cd "$1" && mount --bind template mnt && mount --bind limited.out mnt/out && mount --bind limited.tab mnt/etc/inittab &&
		mount -t proc proc mnt/proc && exec prlimit --nproc=4 chroot mnt /sbin/init
	END
	mkdir "$tmp/mnt" "$tmp/limited.out"
	chmod 777 "$tmp/limited.out"
	: >"$template/etc/inittab"
	cat >"$tmp/limited.tab" <<-'END'
	::once:/bin/sleep 2
	::once:/bin/sleep 2
	::respawn:/bin/sh -c 'echo x >>/out/limited; exec /bin/sleep 1000'
	END
	timeout -k 1 4 setpriv --reuid 54321 --regid 54321 --clear-groups unshare -rmpf --kill-child=KILL sh "$tmp/limited" "$tmp" \
		>"$tmp/log" 2>&1 </dev/null
	is "$(cat "$tmp/limited.out/limited")" x "RLIMIT_NPROC reached: the entry starts when there is room"
	is "$(grep -c 'sleep 1000.*no process for it' "$tmp/log")" 1 "and that is said once"
	rm "$template/etc/inittab"
else
	skip "no user namespaces here" "RLIMIT_NPROC reached: the entry starts when there is room"
fi

## Consoles
test_script blocked <<'END'
#!/bin/sh
exec >/dev/null 2>&1 </dev/null
i=0
while [ $i -lt 50 ]; do kill -QUIT 1; usleep 2000; i=$((i + 1)); done
orphans one 20 >/out/one
echo done >/out/done
poweroff
END
for console in pipe pty socket; do
	pid1 $console "/bin/helper $console /sbin/init" <<'END'
nonsense
::respawn:/bin/missing
null::once:/test/blocked
END
	is "$(out done)$code" done130 "a console that nobody reads ($console) holds up nothing"
	read -r median worst <"$tmp/$console/out/one"
	ok "orphans are reaped meanwhile ($((worst / 1000)) us at worst)" test "$worst" -le 50000000
	ok "and the end comes soon ($took ms)" test "$took" -le 3000
done
pid1 no-proc "/bin/helper pty /sbin/init" 'umount proc' <<'END'
nonsense
::respawn:/bin/missing
null::once:/bin/sh -c 'echo done >/out/done; exec poweroff'
END
is "$(out done)$code" done130 "nor one without /proc"
pid1 closed "/bin/helper closed /sbin/init" <<'END'
::once:/bin/sh -c 'echo spoken; ls -l /proc/1/fd >/out/fds; exec poweroff'
END
is "$(out fds | grep -c ' [012] -> ')" 3 "without a console 0, 1 and 2 are open all the same"
is "$code" 130 "and everything goes on"

pid1 late-console "/bin/helper closed /sbin/init" 'mkdir dev/console' <<'END'
::sysinit:/bin/sh -c 'rmdir /dev/console && : >/dev/console'
::sysinit:echo spoken
::sysinit:cp /dev/console /out/console
::once:poweroff
END
is "$(out console)" spoken "a console that comes later is used by what starts then"

test_script terminal <<'END'
#!/bin/sh
(tty; stty -a; echo TERM=$TERM; : </dev/tty && echo controlling) >/out/terminal 2>&1
poweroff
END
pid1 terminal <<'END'
::once:/bin/helper terminal
::once:/bin/sh -c 'sleep 0.5; [ ! -e /out/terminal ] || echo early >/out/early'
pts/0::askfirst:-/test/terminal
END
like "$(out screen)" 'Please press Enter to activate this console' "askfirst asks"
is "$(out early)" "" "and waits"
like "$(out terminal)" '^/dev/pts/0' "then the command has its terminal"
like "$(out terminal)" '^controlling$' "as its controlling terminal"
like "$(out terminal)" ' isig .*icanon|icanon.* isig|^isig icanon' "which is sane again"
like "$(out terminal)" '^TERM=vt102' "TERM"
pid1 login "/bin/helper somebody /sbin/init" 'echo "(tty; : </dev/tty && echo controlling; echo \$0) >/out/login 2>&1; poweroff" >etc/profile' <<'END'
::respawn:-/bin/sh
END
is "$(out login | tr '\n' ' ')" "/dev/pts/0 controlling -sh " "a login shell on init's own terminal controls it"

## Nothing is held
pid1 held /sbin/init "mount -t tmpfs etc etc; mkdir home var; mount -t tmpfs var var; cp $tmp/held/inittab etc; exec 5<etc/inittab 6<var" <<'END'
::wait:/bin/sh -c 'kill -HUP 1; sleep 0.2; cp /etc/inittab /home; umount /etc && echo etc >>/out/gone; umount /var && echo var >>/out/gone'
::once:/bin/sh -c 'kill -HUP 1; sleep 0.2; ls /proc/1/fd | wc -l >/out/fds; poweroff'
END
is "$(out gone | tr '\n' ' ')" "etc var " "nothing that init had open or read pins a mount"
is "$(out fds)" 3 "it holds three descriptors"

## Odd places
pid1 no-inittab-2 '' 'rm -f etc/inittab; printf "#!/bin/sh\nsleep 0.3; poweroff\n" >bin/rc.init; chmod 755 bin/rc.init' </dev/null
is "$(echo "$log" | grep -c '/etc/inittab')" 1 "a missing inittab is one line"
is "$code" 130 "and rc.init is run, found in PATH"
pid1 no-inittab-3 '' 'mkdir -p etc/init.d; rm -f etc/inittab; printf "#!/bin/sh\nsleep 0.3; poweroff\n" >etc/init.d/rcS; chmod 755 etc/init.d/rcS' </dev/null
is "$code" 130 "or /etc/init.d/rcS, where that exists"

## The end
pid1 idle /sbin/init "$first" <<'END'
::once:/bin/sh -c 'sleep 100 & sleep 0.3; cat /proc/uptime >/out/began; exec poweroff'
::respawn:sleep 1000
END
took=$(echo "$uptime $(out began)" | awk '{ printf "%d", ($1 - $2) * 1000 }')
ok "idle poweroff takes no time beyond its commands ($took ms)" test "$took" -le 300
pid1 stopped <<'END'
::once:/bin/sh -c 'sleep 0.3; kill -STOP $(cat /out/stopped) ; exec poweroff'
::respawn:/bin/sh -c 'echo $$ >/out/stopped; exec sleep 1000'
END
ok "a stopped process ends as well, at once ($took ms)" test "$took" -le 1500

for row in 'poweroff 0' 'halt 0' 'reboot 129'; do
	set -- $row
	pid1 "refused-$1" /sbin/init 'prefix="setpriv --bounding-set -sys_boot --inh-caps -sys_boot"' <<END
::once:$1
END
	is "$code" "$2" "a container that may not call reboot(2) ends by itself: $1, exit code $2"
done

## What was begun first
finish no-inittab
is "$code" 137 "without an inittab it stays"
finish nothing
like "$log" "^init: /bin/sh -c 'exit 3': exit code 3" "a failing entry is reported with its code"
like "$log" 'ended by signal 9' "or signal"
like "$log" '^init: nothing to run: a shell on the console' "when nothing is left to run there is a shell"

finish stubborn
like "$log" 'not all processes have ended 5 s after SIGTERM: they are killed' "what ignores TERM is killed"
ok "after 5 s ($took ms)" test "$took" -ge 5000 -a "$took" -le 7500

finish reloads
starts=$(out starts | wc -l)
ok "what ends at once is not started more often because inittab is read again ($starts times in 3 s)" test "$starts" -ge 6 -a "$starts" -le 8
finish slow-shutdown
is "$(out order)$code" second130 "a shutdown entry has the time that initbox.shutdown-timeout= gives it"
like "$log" "sleep 100.*: not done after 1 s" "which is said"
finish holder
is "$(out held) $(out pids | wc -l)" "1 2" "who holds init does so until it is gone"

finish respawn
starts=$(out starts | wc -l)
ok "what ends at once is started less and less often ($starts times in 10 s)" test "$starts" -ge 6 -a "$starts" -le 9
is "$(echo "$log" | grep -c 'starts >.* ends at once')" 0 "(the line names the command)"
is "$(echo "$log" | grep -c '/out/starts.*: ends at once')" 1 "that is said once"
is "$(echo "$log" | grep -c '/bin/missing: No such file')" 1 "a missing command is said once"
is "$(echo "$log" | grep -c '/dev/nowhere: No such file')" 1 "a missing terminal is said once"

finish offer-nobody
is "$(out on)$code" "goes on130" "where nobody presses Enter the boot goes on after 10 s ($took ms)"
ok "and not before" test "$took" -ge 10000 -a "$took" -le 16000
finish offer-blocked
is "$(out on)$code" "goes on130" "even on a console that takes no question ($took ms)"
done_testing

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
mkdir -p "$template/bin" "$template/sbin" "$template/etc" "$template/dev" "$template/proc" "$template/out" "$template/test" \
	"$tmp/out" "$tmp/mnt"
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
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

// N children that all become orphans, and end, at the same moment.
static void storm(int count)
{
	int gate[2];
	char c;
	pipe(gate);
	for (int i = 0; i < count; i++)
		if (!fork()) {
			close(gate[1]);
			(void)!read(gate[0], &c, 1);
			_exit(0);
		}
}

static int by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;
	return x < y ? -1 : x > y;
}

// From an orphan's end until it is no zombie any more.
static void latency(int count)
{
	volatile struct { pid_t pid; long long ended; } *orphan =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long long took[1000];

	for (int i = 0; i < count; i++) {
		orphan->pid = 0;
		if (!fork()) {
			if (!fork()) {
				while (getppid() != 1)
					usleep(100);
				orphan->pid = getpid();
				usleep(2000);
				orphan->ended = now();
				_exit(0);
			}
			_exit(0);
		}
		wait(NULL);
		while (!orphan->pid)
			usleep(100);
		while (!kill(orphan->pid, 0))
			;
		took[i] = now() - orphan->ended;
	}
	qsort(took, count, sizeof *took, by_size);
	printf("%lld %lld\n", took[count / 2], took[count - 1]);
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
	dup2(other, 9);		// nobody reads there, but it is open
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
}

int main(int argc, char **argv)
{
	int fds[2];

	if (!strcmp(argv[1], "storm"))
		return storm(atoi(argv[2])), 0;
	if (!strcmp(argv[1], "latency"))
		return latency(atoi(argv[2])), 0;
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
	if (!strcmp(argv[1], "closed"))
		for (int i = 0; i < 3; i++)
			close(i);
	execv(argv[2], argv + 2);
	return 127;
}
END
for cc in musl-gcc gcc cc clang; do
	if $cc -O1 -w -static -o "$template/bin/helper" "$tmp/helper.c" -lutil 2>"$tmp/cc"; then break; fi
done
[ -e "$template/bin/helper" ] || skip_all "no C compiler for the helper: $(cat "$tmp/cc")"

cat >"$tmp/enter" <<'END'
[ $$ = 1 ] || exit 99	# signals below are for this namespace only
mount --make-rprivate /
mount -t tmpfs root "$1/mnt"
cp -a "$1/template/." "$1/mnt"
mount -t tmpfs dev "$1/mnt/dev"
mount -t proc proc "$1/mnt/proc"
for node in null zero full tty; do : >"$1/mnt/dev/$node"; mount --bind "/dev/$node" "$1/mnt/dev/$node"; done
mkdir "$1/mnt/dev/pts"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$1/mnt/dev/pts"
ln -s pts/ptmx "$1/mnt/dev/ptmx"
mount --bind "$1/out" "$1/mnt/out"
cd "$1/mnt"
prefix=
eval "$3"
exec env -i TERM=linux $prefix "$(command -v chroot)" "$1/mnt" $2
END

# pid1 [COMMAND [PREPARATION]]: with /etc/inittab from stdin. Sets $code, $log and $seconds.
pid1() {
	cat >"$template/etc/inittab"
	rm -rf "$tmp/out/"*
	began=$(date +%s%N)
	timeout -k 1 ${limit:-60} unshare -mpfiun --kill-child=KILL sh "$tmp/enter" "$tmp" "${1:-/sbin/init}" "${2:-}" \
		>"$tmp/log" 2>&1 </dev/null && code=0 || code=$?
	took=$((($(date +%s%N) - began) / 1000000))
	log=$(cat "$tmp/log")
}
out() { cat "$tmp/out/$1" 2>/dev/null; }
test_script() {
	cat >"$template/test/$1"
	chmod 755 "$template/test/$1"
}

## inittab
pid1 <<'END'
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

## Commands
test_script arguments <<'END'
#!/bin/sh
for word; do echo "[$word]"; done >>/out/words
END
pid1 <<'END'
::sysinit:/test/arguments one  two	three
::sysinit:/test/arguments 'a b' "$HOME" `echo c`
::sysinit:/test/arguments x; /test/arguments y
::sysinit:V=z /test/arguments; V=z /bin/sh -c '/test/arguments $V'
::sysinit:-/bin/sh -c "echo login:$0 >>/out/words; tr '\0' ' ' </proc/$$/cmdline >>/out/words"
::sysinit:/bin/sh -c 'echo $PPID >/out/parent; env >/out/env; ulimit -n >/out/nofile; umask >/out/umask; ps -o pid,sid | sed -n "s/^ *$$ //p" >/out/session; echo $$ >>/out/session; pwd >/out/cwd'
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
pid1 "/bin/helper ignore /sbin/init" <<'END'
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
kill -TSTP 1; kill $(cat /out/kept); sleep 0.5
cp /out/kept /out/kept.held; kill -CONT 1; sleep 0.5
kill -QUIT 1; sleep 0.3
kill -$1 1
END
for row in 'USR1 130 halting' 'USR2 130 powering off' 'TERM 129 rebooting' 'PWR 130 powering off'; do
	set -- $row
	pid1 <<END
::once:/test/signals $1
::respawn:/bin/sh -c 'echo \$\$ >>/out/kept; exec sleep 100'
::respawn:/bin/sh -c 'echo \$\$ >>/out/removed; exec sleep 100' # removed
::ctrlaltdel:/bin/sh -c 'echo ctrlaltdel >>/out/cad'
END
	is "$code" "$2" "SIG$1: exit code"
	like "$log" "^init: ${row#* * }" "SIG$1: says so"
	[ "$1" = USR1 ] || continue
	is "$(out cad)" ctrlaltdel "SIGINT runs the ctrlaltdel entries"
	is "$(out new | wc -l)" 1 "SIGHUP: a new entry is started"
	is "$(out kept.held | wc -l)" 1 "what did not change goes on, and after SIGTSTP nothing is restarted"
	is "$(out kept | wc -l)" 2 "until SIGCONT"
	is "$(out removed | wc -l)" 1 "a removed entry is not restarted"
	like "$log" 'no restart entry' "SIGQUIT without a restart entry is one line"
done

pid1 <<'END'
::sysinit:/bin/sh -c 'echo $$ >>/out/started'
::once:/bin/sh -c 'sleep 0.2; [ -e /out/again ] && exec poweroff; kill -QUIT 1'
::shutdown:/bin/sh -c 'echo shutdown >>/out/started'
::restart:/bin/sh -c 'echo $$ >/out/again; exec /sbin/init'
END
is "$(out again)" 1 "SIGQUIT executes the restart entry as PID 1"
is "$(out started | sed 's/^[0-9]*$/sysinit/' | tr '\n' ' ')" "sysinit shutdown sysinit shutdown " "after a shutdown, and it starts anew"

## Orphans
test_script storm <<'END'
#!/bin/sh
zombies() { grep -l '^State:	Z' /proc/[0-9]*/status 2>/dev/null | wc -l; }
helper storm 10000
while [ $(ls -d /proc/[0-9]* | wc -l) -gt 100 ]; do usleep 20000; done
usleep 50000
zombies >/out/zombies
helper latency 100 >/out/latency
poweroff
END
pid1 <<'END'
::once:/test/storm
END
is "$(out zombies)" 0 "10,000 orphans that end at once leave no zombie"
read -r median worst <"$tmp/out/latency"
diag "an orphan is reaped in $median us (median), $worst us (worst)"
ok "an orphan is reaped within 2 ms (median of 100)" test "$median" -le 2000
ok "and within 50 ms always" test "$worst" -le 50000

## Respawn
pid1 <<'END'
::respawn:/bin/sh -c 'echo x >>/out/starts'
::respawn:/bin/missing
nowhere::respawn:/bin/true
::once:/bin/sh -c 'sleep 10; exec poweroff'
END
starts=$(out starts | wc -l)
ok "what ends at once is started less and less often ($starts times in 10 s)" test "$starts" -ge 6 -a "$starts" -le 9
is "$(echo "$log" | grep -c 'starts >.* ends at once')" 0 "(the line names the command)"
is "$(echo "$log" | grep -c '/out/starts.*: ends at once')" 1 "that is said once"
is "$(echo "$log" | grep -c '/bin/missing: No such file')" 1 "a missing command is said once"
is "$(echo "$log" | grep -c '/dev/nowhere: No such file')" 1 "a missing terminal is said once"

## A process cannot be had
pid1 /sbin/init 'prefix=INITBOX_FAULT=spawn#3=11' <<'END'
::sysinit:/bin/true
::sysinit:/bin/true
::sysinit:/bin/sh -c 'echo third >/out/third'
::once:poweroff
END
is "$(out third)" third "a fork that fails is tried again"
like "$log" "^init: .*no process for it, tried again every 1 s: Resource temporarily unavailable" "one line says so"
pid1 /sbin/init 'prefix=INITBOX_FAULT=spawn#2=12' <<'END'
::respawn:/bin/sh -c 'echo x >>/out/x; sleep 100'
::respawn:/bin/sh -c 'echo y >>/out/y; sleep 100'
::once:/bin/sh -c 'sleep 2.5; exec poweroff'
END
is "$(out x)$(out y)" xy "a respawn entry is not lost either"

if setpriv --reuid 54321 --regid 54321 --clear-groups unshare -rmpf true 2>/dev/null; then
	chmod 755 "$tmp"
	cat >"$tmp/limited" <<-'END'
	[ $$ = 1 ] || exit 99
	mount -t proc proc /proc
	cd "$1" && mount --bind template mnt && mount --bind out mnt/out && mount -t proc proc mnt/proc && exec prlimit --nproc=4 chroot mnt /sbin/init
	END
	cat >"$template/etc/inittab" <<-'END'
	::once:/bin/sleep 3
	::once:/bin/sleep 3
	::respawn:/bin/sh -c 'echo x >>/out/limited; exec /bin/sleep 1000'
	END
	rm -rf "$tmp/out/"*; chmod 777 "$tmp/out"
	timeout -k 1 6 setpriv --reuid 54321 --regid 54321 --clear-groups unshare -rmpf --kill-child=KILL sh "$tmp/limited" "$tmp" \
		>"$tmp/log" 2>&1 </dev/null
	is "$(out limited)" x "RLIMIT_NPROC reached: the entry starts when there is room"
	is "$(grep -c 'sleep 1000.*no process for it' "$tmp/log")" 1 "and that is said once"
else
	skip "no user namespaces here" "RLIMIT_NPROC reached: the entry starts when there is room"
fi

## Consoles
test_script blocked <<'END'
#!/bin/sh
exec >/dev/null 2>&1 </dev/null
i=0
while [ $i -lt 50 ]; do kill -QUIT 1; usleep 2000; i=$((i + 1)); done
helper latency 20 >/out/latency
echo done >/out/done
poweroff
END
for console in pipe pty; do
	pid1 "/bin/helper $console /sbin/init" <<'END'
nonsense
::respawn:/bin/missing
null::once:/test/blocked
END
	is "$(out done)$code" done130 "a console that nobody reads ($console) holds up nothing"
	read -r median worst <"$tmp/out/latency"
	ok "orphans are reaped meanwhile ($worst us at worst)" test "$worst" -le 50000
	ok "and the end comes soon ($took ms)" test "$took" -le 3000
done
pid1 "/bin/helper pty /sbin/init" 'umount proc' <<'END'
nonsense
::respawn:/bin/missing
null::once:/bin/sh -c 'echo done >/out/done; exec poweroff'
END
is "$(out done)$code" done130 "nor one without /proc"
pid1 "/bin/helper closed /sbin/init" <<'END'
::once:/bin/sh -c 'echo spoken; ls -l /proc/1/fd >/out/fds; exec poweroff'
END
is "$(out fds | grep -c ' [012] -> ')" 3 "without a console 0, 1 and 2 are open all the same"
is "$code" 130 "and everything goes on"

test_script terminal <<'END'
#!/bin/sh
(tty; stty -a; ps -o pid,tty | sed -n "s/^ *$$ //p"; echo TERM=$TERM; cat /dev/tty & sleep 0.1; kill $!) >/out/terminal 2>&1
poweroff
END
# Terminals of this namespace: script(1) would need a pty outside of it.
cat >"$tmp/terminal.c" <<'END'
#define _GNU_SOURCE
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct termios t;
	int master, slave;
	char text[4096], name[64];
	ssize_t n;

	openpty(&master, &slave, name, NULL, NULL);
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	tcsetattr(slave, TCSANOW, &t);
	if (!fork()) {
		close(slave);
		sleep(1);
		write(master, "\n", 1);
		while ((n = read(master, text, sizeof text)) > 0)
			write(1, text, n);
		_exit(0);
	}
	close(master);
	sleep(100);
}
END
"$cc" -O1 -w -static -o "$template/bin/terminal" "$tmp/terminal.c" -lutil
pid1 /sbin/init <<'END'
::once:/bin/sh -c "terminal >/out/screen"
pts/0::askfirst:-/test/terminal
END
like "$(out screen)" 'Please press Enter to activate this console' "askfirst asks"
like "$(out terminal)" '^/dev/pts/0' "then the command has its terminal"
like "$(out terminal)" ' isig .*icanon|icanon.* isig|^isig icanon' "which is sane again"
like "$(out terminal)" '^TERM=vt102' "TERM"

## Odd places
limit=2
pid1 '' 'rm -f etc/inittab' </dev/null
is "$code" 137 "without an inittab it stays"
limit=
pid1 '' 'rm -f etc/inittab; printf "#!/bin/sh\nsleep 0.3; poweroff\n" >bin/rc.init; chmod 755 bin/rc.init' </dev/null
is "$(echo "$log" | grep -c '/etc/inittab')" 1 "a missing inittab is one line"
is "$code" 130 "and rc.init is run, found in PATH"
pid1 '' 'mkdir -p etc/init.d; rm -f etc/inittab; printf "#!/bin/sh\nsleep 0.3; poweroff\n" >etc/init.d/rcS; chmod 755 etc/init.d/rcS' </dev/null
is "$code" 130 "or /etc/init.d/rcS, where that exists"
limit=2
pid1 <<'END'
::once:/bin/sh -c 'sleep 0.2'
::sysinit:/bin/sh -c 'exit 3'
::wait:/bin/sh -c 'kill -9 $$'
END
like "$log" "^init: /bin/sh -c 'exit 3': exit code 3" "a failing entry is reported with its code"
like "$log" 'ended by signal 9' "or signal"
like "$log" '^init: nothing to run: a shell on the console' "when nothing is left to run there is a shell"
limit=

## The end
pid1 <<'END'
::once:/bin/sh -c 'sleep 100 & sleep 0.3; exec poweroff'
::respawn:sleep 1000
END
ok "idle poweroff takes no time beyond its commands ($took ms)" test "$took" -le 900
pid1 <<'END'
::once:/bin/sh -c 'trap "" TERM; (sleep 0.2; exec poweroff) & while :; do sleep 1; done'
END
like "$log" 'not all processes have ended 5 s after SIGTERM: they are killed' "what ignores TERM is killed"
ok "after 5 s ($took ms)" test "$took" -ge 5000 -a "$took" -le 7500
pid1 '' 'echo' <<'END'
::once:/bin/sh -c 'sleep 0.3; kill -STOP $(cat /out/stopped) ; exec poweroff'
::respawn:/bin/sh -c 'echo $$ >/out/stopped; exec sleep 1000'
END
ok "a stopped process ends as well, at once ($took ms)" test "$took" -le 1500

for row in 'poweroff 0' 'halt 0' 'reboot 129'; do
	set -- $row
	pid1 /sbin/init 'prefix="setpriv --bounding-set -sys_boot --inh-caps -sys_boot"' <<END
::once:$1
END
	is "$code" "$2" "a container that may not call reboot(2) ends by itself: $1, exit code $2"
done

done_testing

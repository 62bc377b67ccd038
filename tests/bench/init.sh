#!/bin/sh
# SPDX-License-Identifier: MIT
# init.sh - PID 1 against others: its size, its memory, how soon it takes in orphans (the power-off: rc.shutdown.sh)
#
# The small build (init and nothing else) runs in a namespace like its peers, in turns.
. tests/bench/lib.sh
[ "$(id -u)" = 0 ] && unshare -mpf --kill-child true 2>/dev/null || { skipped "all of it" "no namespaces here"; finish; }

## The candidates, each a folder with the command in `command` and its /etc
mk() { env -u MAKEFLAGS -u MAKELEVEL "${MAKE:-make}" -s O="$tmp/small" "$@" >>"$tmp/make" 2>&1; }
mk allnoconfig
sed -i 's/.*CONFIG_INIT[ =].*/CONFIG_INIT=y/; s/.*CONFIG_STATIC[ =].*/CONFIG_STATIC=y/' "$tmp/small/.config"
mk olddefconfig && mk all || { fail "the build of init alone" "$(tail -n 3 "$tmp/make")"; finish; }
for program in none orphans; do
	[ $program = orphans ] || cat >"$tmp/none.c" <<'END'
// The floor: executes its arguments, and reaps. It is no init, but none can be smaller.
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	if (!fork())
		execv(argv[1], argv + 1);
	for (;;)
		if (wait(0) < 0)
			pause();
}
END
	source=tests/orphans.c
	[ $program = orphans ] || source=$tmp/none.c
	"${CC:-musl-gcc}" -Os -s -static -o "$tmp/$program" "$source" || { fail "the build of $program"; finish; }
done

names=''
candidate() {	# NAME FILE COMMAND: PID 1 is `COMMAND /probe`, or COMMAND alone where inittab or /etc/runit name that
	names="$names $1"
	mkdir -p "$tmp/$1/etc"
	echo "$3" >"$tmp/$1/command"
	cp "$2" "$tmp/$1/stripped" && strip -s "$tmp/$1/stripped" 2>/dev/null
	result 'size, stripped' "$1" "$(wc -c <"$tmp/$1/stripped")" bytes
}
candidate initbox "$tmp/small/initbox" /candidate/init
cp "$tmp/small/initbox" "$tmp/initbox/init"
echo '::once:/probe' >"$tmp/initbox/etc/inittab"
candidate floor "$tmp/none" '/candidate/stripped /probe'
if dir=$(peer tini usr/bin/tini-static tini); then candidate tini "$dir/usr/bin/tini-static" '/candidate/stripped -- /probe'; fi
if dir=$(peer dumb-init usr/bin/dumb-init dumb-init); then
	candidate dumb-init "$dir/usr/bin/dumb-init" '/candidate/stripped /probe'
fi
if dir=$(peer catatonit usr/bin/catatonit catatonit); then
	candidate catatonit "$dir/usr/bin/catatonit" '/candidate/stripped -- /probe'
fi
if dir=$(peer busybox bin/busybox busybox-static); then
	candidate busybox "$dir/bin/busybox" '/candidate/init'
	cp "$dir/bin/busybox" "$tmp/busybox/init"
	echo '::once:/probe' >"$tmp/busybox/etc/inittab"
fi
if dir=$(peer runit sbin/runit runit); then
	candidate runit "$dir/sbin/runit" '/candidate/stripped'
	mkdir "$tmp/runit/etc/runit"
	for stage in 1 3; do printf '#!/bin/sh\n' >"$tmp/runit/etc/runit/$stage"; done
	cp "$tmp/runit/etc/runit/1" "$tmp/runit/etc/runit/2"
	echo '/probe; sleep 60' >>"$tmp/runit/etc/runit/2"
	chmod 755 "$tmp"/runit/etc/runit/*
fi

## What runs below each of them
cat >"$tmp/probe" <<'END'
#!/bin/sh
exec >/out/new 2>/dev/null </dev/null
# Beside PID 1, never on its CPU: where the two meet by chance, a figure tells of the scheduler.
beside() { if [ "$(nproc --all)" -gt 1 ]; then taskset -c 1 "$@"; else "$@"; fi; }
rss() { sed -n 's/^Rss: *\([0-9]*\) kB/\1/p' /proc/1/smaps_rollup; }
sleep 0.2
echo "rss $(rss)"
echo "one $(beside /orphans one $(cat /out/single))"
for count in 1 100 10000; do
	echo "all$count $(beside /orphans all $count)"
	echo "rss$count $(rss)"
done
mv /out/new /out/done
exec sleep 60
END
chmod 755 "$tmp/probe"
cat >"$tmp/enter" <<'END'
[ $$ = 1 ] || exit 99	# PID 1 of its own namespace, or nothing
cd "$1"
mount --make-rprivate /
mount -t tmpfs root root
for folder in bin sbin lib lib64 usr; do
	[ ! -e /$folder ] || { mkdir root/$folder; mount --rbind /$folder root/$folder; }
done
mkdir root/dev root/proc root/etc root/out root/candidate root/run root/tmp
cp -a "$2/etc/." root/etc
cp -a "$2/." root/candidate
cp orphans probe root
mount -t tmpfs dev root/dev
: >root/dev/null
mount --bind /dev/null root/dev/null
mount -t proc proc root/proc
mount --bind out root/out
[ "$(nproc --all)" = 1 ] || taskset -pc 0 $$ >/dev/null
exec env -i "$(command -v chroot)" root $(cat "$2/command") >/dev/null 2>&1 </dev/null
END
mkdir -p "$tmp/root" "$tmp/out"

round() {	# NAME: adds to $tmp/NAME.figures
	rm -f "$tmp/out/"*
	case $1 in busybox) single=3 ;; *) single=$(fast 1000 50) ;; esac	# it sleeps for up to a second each
	echo "$single" >"$tmp/out/single"
	unshare -mpfi --kill-child=KILL sh "$tmp/enter" "$tmp" "$tmp/$1" &
	enter=$! waited=0
	while [ ! -e "$tmp/out/done" ] && [ $waited -lt 300 ]; do sleep 0.1; waited=$((waited + 1)); done
	kill -KILL $enter 2>/dev/null
	wait $enter 2>/dev/null
	[ -e "$tmp/out/done" ] || { fail "$1 below the probe" "$(cat "$tmp/out/new" 2>/dev/null)"; return; }
	cat "$tmp/out/done" >>"$tmp/$1.figures"
}
rounds=$(fast 5 1) n=0
while [ $n -lt "$rounds" ]; do
	for name in $names; do round "$name"; done
	n=$((n + 1))
done

# The best round: what others do on this machine only ever adds.
best() { sed -n "s/^$2 //p" "$tmp/$1.figures" | cut -d ' ' -f 1 | sort -n | head -n 1; }
for name in $names; do
	[ -s "$tmp/$name.figures" ] || continue
	result 'memory of PID 1 (RSS)' "$name" "$(($(best "$name" rss) * 1024))" bytes "$rounds"
	result 'one orphan, until it is reaped' "$name" "$(best "$name" one)" ns "$rounds"
	result '10,000 orphans at once, until all are reaped' "$name" "$(best "$name" all10000)" ns "$rounds"
	for count in 1 100 10000; do
		point 'orphans at once' "$name" $count "$(best "$name" all$count)" ns
		point 'memory of PID 1 after orphans' "$name" $count "$(($(best "$name" rss$count) * 1024))" bytes
	done
done
limit 'size, stripped' 49152
limit 'memory of PID 1 (RSS)' 122880
limit 'one orphan, until it is reaped' 200000
target 'one orphan, until it is reaped' tini 1.1
target '10,000 orphans at once, until all are reaped' tini 1.1
slope 'orphans at once' 1.1
slope 'memory of PID 1 after orphans' 0.05

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# sbx-init.t - containers on a real kernel with cgroup v2: limits that the kernel keeps, what they cost, and nothing left
. tests/vm/lib.sh
needed=$(scripts/need gcc:gcc /usr/include/stdio.h:libc6-dev 2>&1) || skip_all "$needed"
for file in drive probe; do
	gcc -O1 -static -D_GNU_SOURCE -Ilibsbx -Ilibcommon -o "$tmp/$file" "tests/ns/sbx-$file.c" libsbx/*.c libcommon/sbx_wire.c \
		libcommon/sbx_proto.c 2>"$tmp/log" || { diag "$(cat "$tmp/log")"; exit 1; }
done
cat >"$tmp/group.c" <<'END'
// group create NAME MEMORY PIDS CPU UID | usage NAME | remove NAME: libsbx's control groups
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sbx.h"
int main(int argc, char **argv)
{
	const char *top = "/sys/fs/cgroup", *what = "";
	struct sbx_limits limits = { 0 };
	struct sbx_usage usage;
	char path[256];

	if (argc > 6) {
		limits.memory_bytes = strtoull(argv[3], NULL, 10);
		limits.pids = strtoull(argv[4], NULL, 10);
		limits.cpu_percent = strtoull(argv[5], NULL, 10);
		if (sbx_cgroup_create(top, argv[2], &limits, atoi(argv[6]), atoi(argv[6]), &what) < 0)
			return perror(what), 1;
		return 0;
	}
	if (!strcmp(argv[1], "remove"))
		return sbx_cgroup_remove(top, argv[2]) < 0 ? perror("remove"), 1 : 0;
	snprintf(path, sizeof path, "%s/%s", top, argv[2]);
	sbx_cgroup_usage(open(path, O_RDONLY | O_DIRECTORY), &usage);
	printf("peak=%d cpu=%d oom=%lld\n", usage.peak_bytes > 1 << 16, usage.cpu_us > 1000, (long long)usage.oom_kills);
	return 0;
}
END
gcc -O1 -static -D_GNU_SOURCE -Ilibsbx -Ilibcommon -o "$tmp/group" "$tmp/group.c" libsbx/*.c libcommon/sbx_wire.c libcommon/sbx_proto.c || exit 1

machine
modules none
for file in drive probe group; do put "/bin/$file" 755 <"$tmp/$file"; done
guest <<'END'
export SBX_INIT=/sbin/sbx-init PATH=/bin:/sbin:/usr/bin:/usr/sbin
base="op:bind / / ; op:proc /proc ; op:dev /dev ; op:tmpfs:mode=1777 /tmp ;"
all="user pid mnt ipc uts net cgroup uid=1000 gid=100"
once() { drive $all once "$@" 2>&1; echo "exit $?"; }
serve() { drive $all "$@" 2>&1 | sed 's/ cpu=.*//'; }
top=/sys/fs/cgroup
if [ ! -e $top/cgroup.controllers ]; then umount -l $top 2>/dev/null; mount -t cgroup2 none $top; fi
ok "cgroup v2 with memory, pids and cpu" grep -q 'cpu.*memory.*pids' $top/cgroup.controllers

is "$(once $base -- /bin/sh -c 'id -u; exit 3')" "1000
exit 3" "a container on this kernel ($(uname -r))"
like "$(once scope=3 $base -- /bin/true)" 'landlock scopes need Linux 6.12|landlock is not in this kernel' "scopes that the kernel does not have are said so"
is "$(once scopetry=3 $base -- /bin/true)" "exit 0" "or left out, if they may be"

ok "a group with limits" group create box 33554432 20 50 65534
is "$(cat $top/box/memory.max $top/box/pids.max $top/box/cpu.max)" "33554432
20
50000 100000" "as they were wanted"
is "$(stat -c %u $top/box/cgroup.procs)" 65534 "it is its user's"
is "$(once cgroupdir=$top/box $base -- /bin/cat /proc/self/cgroup)" "0::/
exit 0" "a container is made inside it, and sees it as its root"
is "$(once cgroupdir=$top/box $base -- /bin/probe allocate 100)" "exit 137" "memory: the kernel ends what takes too much"
like "$(once cgroupdir=$top/box $base -- /bin/sh -c 'i=0; while [ $i -lt 40 ]; do sleep 1 & i=$((i+1)); done; wait' 2>&1)" 'fork|temporarily' "pids: no more processes than that"
is "$(group usage box)" "peak=1 cpu=1 oom=1" "what it has used is known"
is "$(cat $top/box/cgroup.procs)" "" "nobody is left in it"
ok "it is removed" group remove box
ok "and gone" [ ! -e $top/box ]

group create job 33554432 20 100 0; group create other 33554432 20 100 0
is "$(serve $base cgroupdir=$top/job -- exec /bin/probe allocate 100 -- exec /bin/probe allocate 5 -- exec /bin/true)" "memory-limit 9
normal 0
normal 0" "serving: the cgroup's OOM killer is a verdict, of that command only"
is "$(drive $all $base cgroupdir=$top/other -- exec /bin/probe allocate 20 | sed 's/.*peak=//; s/^2[0-9][0-9][0-9][0-9]$/20-29 MB/')" "20-29 MB" "serving: peak memory is the cgroup's"
is "$(serve presets=2 $base cgroupdir=$top/job -- exec /bin/cat /proc/self/cgroup | sed 's,.*job,job,')" "job
normal 0" "serving: where a preset forbids clone3, it gets there all the same"
group create sleeper 0 0 0 0
drive $all once cgroupdir=$top/sleeper $base -- /bin/sleep 1000 & sleep 0.5
ok "a group with a running container is removed with it" group remove sleeper
is "$(grep -l 'sleep' /proc/[0-9]*/comm 2>/dev/null)" "" "which has ended"

n=0; while [ $n -lt 30 ]; do n=$((n + 1)); group create loop 33554432 50 100 0 && once cgroupdir=$top/loop $base -- /bin/true >/tmp/said; grep -q 'exit 0' /tmp/said || fail "container $n: $(cat /tmp/said)"; group remove loop || fail "group $n"; done
is "$(ls -d $top/loop 2>/dev/null; grep -l sbx-init /proc/[0-9]*/comm 2>/dev/null)" "" "30 in a row leave no group and no process"

is "$(su -s /bin/sh nobody -c 'SBX_INIT=/sbin/sbx-init drive user pid mnt ipc uts net cgroup uid=7 gid=7 once op:bind / / ";" op:proc /proc ";" op:dev /dev ";" -- /bin/stat -Lc %u /proc/self' 2>&1)" "7" "as a user who is nobody"
END
boot -m 512 -t 120
ended poweroff "and it powers off"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# sbx.t - what needs a machine of its own: cgroup v2 limits with their verdicts, and a bwrap script on Debian's kernel
. tests/vm/lib.sh
"$INITBOX" --list | grep -qx /bin/sbx || skip_all "sbx is not in this build"

machine
modules overlay
ln -sf initbox "$root/bin/sbx"
ln -sf initbox "$root/bin/bwrap"
ln -sf ../bin/initbox "$root/sbin/sbx-init"
guest <<'END'
if ! grep -q '^[^ ]* /sys/fs/cgroup cgroup2' /proc/mounts; then
	umount -l /sys/fs/cgroup 2>/dev/null
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
echo '+memory +pids +cpu' >/sys/fs/cgroup/cgroup.subtree_control
ok "cgroup v2 has what is needed" grep -q memory /sys/fs/cgroup/cgroup.subtree_control
box='sbx --unshare-all --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp'

is "$($box --pids 5 sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done 2>&1; wait' 2>&1 | grep -c -i 'fork')" 1 "--pids: no more than that"
$box --memory 16M --stats 9 sh -c 'exec dd if=/dev/zero of=/tmp/x bs=1M count=64' 9>/tmp/stats 2>/tmp/said; code=$?
is "$code" 137 "--memory: killed"
like "$(cat /tmp/stats)" '"status": "memory-limit"' "--stats says that it was the memory"
$box --memory 64M --stats 9 sh -c 'exec dd if=/dev/zero of=/tmp/x bs=1M count=8' 9>/tmp/stats 2>/tmp/said; code=$?
is "$code" 0 "--memory: enough"
like "$(cat /tmp/stats)" '"status": "normal".*"peak-bytes": [0-9]{7,8} ' "the peak is that of the cgroup"
$box --cpu 0.2 --stats 9 --wall-limit 2 sh -c 'while :; do :; done' 9>/tmp/stats; code=$?
user=$(sed -n 's/.*"user-ns": \([0-9]*\), "system-ns": \([0-9]*\).*/\1 \2/p' /tmp/stats)
set -- $user
ok "--cpu 0.2: of 2 s no more than 0.8 ($1 $2)" test $((($1 + $2) / 1000000)) -lt 800
is "$(echo /sys/fs/cgroup/sbx-*)" '/sys/fs/cgroup/sbx-*' "no cgroup is left"
for i in 1 2 3 4 5 6 7 8 9 10; do $box --memory 32M --pids 20 --cpu 1 true || fail "again $i"; done
is "$(echo /sys/fs/cgroup/sbx-*)" '/sys/fs/cgroup/sbx-*' "nor after ten"
$box --memory 32M sleep 50 & sbx=$!
n=0; while [ ! -e /sys/fs/cgroup/sbx-$sbx ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
$box --memory 32M true
ok "the cgroup of a container that runs stays" [ -e /sys/fs/cgroup/sbx-$sbx ]
kill -9 $sbx; wait $sbx 2>/dev/null
n=0; while [ "$(cat /sys/fs/cgroup/sbx-$sbx/cgroup.procs)" ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
is "$(cat /sys/fs/cgroup/sbx-$sbx/cgroup.procs)" '' "killed with SIGKILL it leaves no process"
$box --memory 32M true
is "$(echo /sys/fs/cgroup/sbx-*)" '/sys/fs/cgroup/sbx-*' "and the next one removes its cgroup"

# Labels: SELinux without a policy takes any for a process, and none for a file system
like "$(cat /proc/self/attr/current)" kernel "SELinux is on"
is "$($box --exec-label unlabeled sh -c 'cat /proc/self/attr/current' | tr -d '\0\n')" unlabeled "--exec-label"
like "$($box --tmpfs /mnt --file-label system_u:object_r:tmp_t:s0 true 2>&1; echo $?)" '^sbx: .*file label system_u:object_r:tmp_t:s0: ' "--file-label reaches the kernel, which says no"
is "$(su -s /bin/sh nobody -c "$box --exec-label kernel echo labelled" 2>&1)" labelled "--exec-label as a user who is nobody"

is "$(bwrap --ro-bind / / --unshare-pid --proc /proc --dev /dev sh -c 'echo $$')" 2 "by the name of bwrap"
END
boot -n -m 256 -t 180 -a security=selinux
done_testing

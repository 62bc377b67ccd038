#!/bin/sh
# SPDX-License-Identifier: MIT
# boot.t - the whole path on a real kernel: /init, rc.init's table of mounts, devices, runc, power-off
. tests/vm/lib.sh

## A boot, compared with the tables of the documentation
machine
sh scripts/unpack-deb "$tmp/runc" runc libseccomp2 libc6 >&2 || diag "no runc"
cp -a "$tmp/runc/usr/sbin/runc" "$root/bin/" 2>/dev/null || cp -a "$tmp/runc/usr/bin/runc" "$root/bin/"
mkdir -p "$root/lib64" "$root/lib/x86_64-linux-gnu"
cp -aL "$tmp"/runc/lib/x86_64-linux-gnu/lib*.so.* "$tmp"/runc/usr/lib/x86_64-linux-gnu/libseccomp.so.2 "$root/lib/x86_64-linux-gnu/"
cp -aL "$tmp"/runc/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$root/lib64/"
mkdir -p "$root/bundle/rootfs/bin"
cp "$root/bin/busybox" "$root/bundle/rootfs/bin/"
ln -s busybox "$root/bundle/rootfs/bin/sh"
put /etc/init.d/10-hello 755 <<'END'
#!/bin/sh
echo "a script speaks"
ulimit -n >/run/nofile
umask >/run/umask
END
guest <<'END'
info=$(cat /proc/self/mountinfo)
mounted() {	# TARGET TYPE OPTIONS SUPER-OPTIONS
	like "$info" "^[0-9]+ [0-9]+ [0-9:]+ / $1 $3 shared:[0-9]+ - $2 [^ ]+ $4\$" "$1 is $2, $3, $4"
}
api=rw,nosuid,nodev,noexec,relatime
mounted /proc proc $api rw
mounted /run tmpfs $api 'rw,size=[0-9]+k,nr_inodes=819200,mode=755(,inode64)?'
mounted /tmp tmpfs $api 'rw,size=[0-9]+k(,inode64)?'
mounted /var tmpfs $api 'rw,size=[0-9]+k,mode=755(,inode64)?'
mounted /dev devtmpfs rw,nosuid,noexec,relatime 'rw,size=10240k,nr_inodes=248418,mode=755(,inode64)?'
mounted /dev/mqueue mqueue $api rw
mounted /dev/shm tmpfs rw,nosuid,nodev,noexec 'rw(,inode64)?'
mounted /dev/pts devpts rw,nosuid,noexec,relatime 'rw,gid=5,mode=620,ptmxmode=000'
mounted /sys sysfs $api rw
mounted /sys/kernel/security securityfs $api rw
mounted /sys/kernel/debug debugfs $api rw
mounted /sys/kernel/config configfs $api rw
mounted /sys/fs/fuse/connections fusectl $api rw
mounted /sys/fs/pstore pstore $api rw
mounted /sys/fs/bpf bpf rw,nodev,relatime rw,mode=700
mounted /proc/sys/fs/binfmt_misc binfmt_misc $api rw
mounted /sys/kernel/tracing tracefs $api rw
mounted /sys/fs/cgroup cgroup2 $api rw,nsdelegate,memory_recursiveprot
like "$info" ' / / r[ow](,relatime)? shared:' "/ is shared"
ok "/ is read-only" sh -c '! touch /probe 2>/dev/null'

run=$(sed -n 's/.* \/run .*size=\([0-9]*\)k.*/\1/p' /proc/self/mountinfo)
memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
ok "/run has a tenth of the memory ($run of $memory kB)" test "$run" -ge $((memory / 11)) -a "$run" -le $((memory / 9))

is "$(stat -c '%n %a %F %u:%g' /var/* /tmp /run /dev/shm /dev/mqueue | tr '\n' ';')" \
"/var/cache 755 directory 0:0;/var/empty 555 directory 0:0;/var/lib 755 directory 0:0;/var/local 755 directory 0:0;\
/var/lock 755 directory 0:0;/var/log 755 directory 0:0;/var/opt 755 directory 0:0;/var/run 777 symbolic link 0:0;\
/var/spool 755 directory 0:0;/var/tmp 1777 directory 0:0;/tmp 1777 directory 0:0;/run 755 directory 0:0;\
/dev/shm 1777 directory 0:0;/dev/mqueue 1777 directory 0:0;" "folders have the table's exact modes"
is "$(stat -c '%n %F %t:%T' /dev/console /dev/tty1 /dev/tty /dev/null /dev/kmsg | tr '\n' ';')" \
"/dev/console character special file 5:1;/dev/tty1 character special file 4:1;/dev/tty character special file 5:0;\
/dev/null character special file 1:3;/dev/kmsg character special file 1:b;" "nodes are the table's devices"
is "$(stat -c '%n %a' /dev/null /dev/zero /dev/tty /dev/random /dev/ptmx | tr '\n' ';')" \
"/dev/null 666;/dev/zero 666;/dev/tty 666;/dev/random 666;/dev/ptmx 666;" "the kernel's own modes stay"
is "$(for l in fd stdin stdout stderr kcore; do readlink /dev/$l; done | tr '\n' ' ')" \
"/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/kcore " "links of /dev"

for module in virtio_pci virtio_net virtio_blk virtio_rng; do
	ok "$module is loaded" test -e /sys/module/$module
done
for device in /sys/bus/virtio/devices/*; do
	ok "virtio device ${device##*/} ($(cat $device/modalias)) has its driver" test -e $device/driver
done
ok "there is eth0 or its predictable name" sh -c 'ls /sys/class/net | grep -Eq "^e(th|n)"'
ok "the disk is there" test -b /dev/vda
ok "the random number generator too" test -c /dev/hwrng
like "$(cat /sys/fs/cgroup/cgroup.subtree_control)" 'memory.*pids' "cgroup controllers are enabled for children"
is "$(hostname)" initbox "host name"
like "$(ip addr show lo)" 'inet 127.0.0.1/8 scope host lo' "lo has 127.0.0.1"
like "$(ip addr show lo)" 'inet6 ::1/128' "and ::1"
ok "and answers" ping -c 1 -W 5 127.0.0.2
is "$(cat /run/nofile)" 1048576 "scripts have the limit of open files"
is "$(ulimit -n)" 1048576 "what init starts has it too"
is "$(ulimit -u)" unlimited "and no limit of processes"
like "$(sed -n 's/^Max open files *//p' /proc/1/limits)" '^1048576' "and PID 1 itself"
is "$(cat /run/umask)" 0022 "scripts have a sane umask"
ok "/etc/resolv.conf can be written" sh -c 'echo x >/etc/resolv.conf'
ok "the clock is set" test "$(date +%Y)" -ge 2024
year=$(date +%Y)
date -s 2000-01-01 >/dev/null; rc.init clock
is "$(date +%Y)" "$year" "rc.init clock takes the time from the hardware clock"
like "$(rc.init --timing)" ' hotplug$' "rc.init --timing prints the steps"
like "$(sed -n 's/.*initrd.*//p; / mount \/proc /p' /run/initbox/trace)" '^[0-9]+ [0-9]+ [0-9]+ rc.init proc mount /proc 0$' \
	"the trace has the first mount"
like "$(dmesg)" 'rc.init: boot ' "the report is in the kernel log too"

cd /tmp && cp -a /bundle /var/bundle && cd /var/bundle
runc spec
sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"sh", "-c", "echo pid $$ in $(hostname)"/' config.json
is "$(runc run box 2>&1)" "pid 1 in runc" "runc runs a container (pivot_root and all)"
END
boot -m 768
console_has '^rc.init: boot [0-9.]+ s: kernel [0-9.]+, copyroot [0-9.]+ \([a-z]+\), init [0-9.]+, proc [0-9.]+,.* hotplug [0-9.]+,.* scripts [0-9.]+' \
	"one line tells how long each boot step took"
console_has '^a script speaks' "scripts speak on the console"
console_lacks 'rc.init: .*: (No such|Invalid|Operation|Device)' "rc.init complains about nothing"
ended poweroff "the machine powered off"

## cgroup version 1, a step left out
machine
modules none
guest <<'END'
info=$(cat /proc/self/mountinfo)
api=rw,nosuid,nodev,noexec,relatime
like "$info" " / /sys/fs/cgroup $api .* - tmpfs cgroup_root rw,size=10240k,mode=755" "a tmpfs for the hierarchies"
for name in $(awk '$4 == 1 { print $1 }' /proc/cgroups); do
	like "$info" " / /sys/fs/cgroup/$name $api .* - cgroup [^ ]* rw,.*$name" "controller $name"
done
like "$info" ' / /sys/fs/cgroup/systemd rw,relatime .* - cgroup cgroup rw,.*name=systemd' "and name=systemd"
unlike "$(ip addr show lo)" '127.0.0.1' "initbox.skip=loopback left lo alone"
is "$(ls /lib/modules 2>/dev/null)" "" "there are no modules"
echo 'initbox.script_timeout=soon' >/tmp/cmdline
mount --bind /tmp/cmdline /proc/cmdline
mount -t tmpfs none /etc/init.d
is "$(rc.init scripts 2>&1)" "rc.init: initbox.script-timeout=soon: not a number of seconds, not used" "a wrong number is named"
END
put /etc/init.d/00-hang 755 <<'END'
#!/bin/sh
exec sleep 1000
END
boot -a 'linuxkit.unified_cgroup_hierarchy=0 initbox.skip=loopback,nowhere initbox.script-timeout=1'
console_has '^rc.init: initbox.skip=nowhere: no such step' "initbox.skip= names what is no step"
console_has '^rc.init: /etc/init.d/00-hang: not done after 1 s, ended' "initbox.script-timeout=: a hanging script is ended"
is "$(grep -c 'mdev-lite: .*modules' "$vm/console")" 1 "a missing module tree is one line"
ended poweroff "without modules the machine boots and powers off"
done_testing

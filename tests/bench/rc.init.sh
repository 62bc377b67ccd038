#!/bin/sh
# SPDX-License-Identifier: MIT
# rc.init.sh - a boot's steps without coldplug: rc.init against a shell script that does the same with busybox
. tests/bench/lib.sh
with_vm

machine busybox
modules none
mkdir -p "$root/template/bin" "$root/template/etc" "$root/fresh"
cp "$root/bin/busybox" "$root/template/bin/"
for name in mkdir mount mknod ln hwclock sysctl ip hostname cat tr sh; do ln -s busybox "$root/template/bin/$name"; done
cp "$INITBOX" "$root/template/bin/initbox"
ln -s initbox "$root/template/bin/rc.init"
echo benched >"$root/template/etc/hostname"
: >"$root/template/etc/machine-id"
ln -s /run/resolv.conf "$root/template/etc/resolv.conf"
mkdir "$root/template/etc/sysctl.d"
printf '%s\n' 'kernel.msgmax = 12345' 'net.ipv4.ip_forward = 0' >"$root/template/etc/sysctl.d/one.conf"

# As one writes it by hand: no process without need, each command once. What the kernel lacks is left out by both.
put /template/boot.sh 755 <<'END'
#!/bin/busybox sh
umask 0
PATH=/bin
mkdir /proc /run /tmp /var /dev /sys
mount -t proc -o nosuid,nodev,noexec,relatime proc /proc
mount -o remount,ro /
mount -t tmpfs -o nosuid,nodev,noexec,relatime,size=10%,nr_inodes=800k,mode=755 tmpfs /run
mount -t tmpfs -o nosuid,nodev,noexec,relatime,size=10%,mode=1777 tmpfs /tmp
mount -t tmpfs -o nosuid,nodev,noexec,relatime,size=50%,mode=755 tmpfs /var
mkdir -m 755 /var/cache /var/lib /var/local /var/lock /var/log /var/opt /var/spool
mkdir -m 555 /var/empty
mkdir -m 1777 /var/tmp
ln -s /run /var/run
mount -t devtmpfs -o nosuid,noexec,relatime,size=10m,nr_inodes=248418,mode=755 dev /dev
[ -c /dev/console ] || mknod -m 600 /dev/console c 5 1
[ -c /dev/tty1 ] || mknod -m 620 /dev/tty1 c 4 1
[ -c /dev/tty ] || mknod -m 666 /dev/tty c 5 0
[ -c /dev/null ] || mknod -m 666 /dev/null c 1 3
[ -c /dev/kmsg ] || mknod -m 660 /dev/kmsg c 1 11
[ -L /dev/fd ] || ln -s /proc/self/fd /dev/fd
[ -L /dev/stdin ] || ln -s /proc/self/fd/0 /dev/stdin
[ -L /dev/stdout ] || ln -s /proc/self/fd/1 /dev/stdout
[ -L /dev/stderr ] || ln -s /proc/self/fd/2 /dev/stderr
[ -L /dev/kcore ] || ln -s /proc/kcore /dev/kcore
mkdir -p -m 1777 /dev/mqueue /dev/shm
mkdir -p /dev/pts
mount -t mqueue -o nosuid,nodev,noexec mqueue /dev/mqueue
mount -t tmpfs -o nosuid,nodev,noexec,strictatime,mode=1777 shm /dev/shm
mount -t devpts -o nosuid,noexec,gid=5,mode=0620 devpts /dev/pts
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
optional() {	# TYPE FOLDER OPTIONS
	while read -r a b; do
		[ "$a" = "$1" ] || [ "$b" = "$1" ] || continue
		[ ! -d "$2" ] || mount -t "$1" -o "$3" "$1" "$2"
		return
	done </proc/filesystems
}
optional securityfs /sys/kernel/security nosuid,nodev,noexec
optional debugfs /sys/kernel/debug nosuid,nodev,noexec
optional configfs /sys/kernel/config nosuid,nodev,noexec
optional fusectl /sys/fs/fuse/connections nosuid,nodev,noexec
optional selinuxfs /sys/fs/selinux nosuid,noexec
optional pstore /sys/fs/pstore nosuid,nodev,noexec
optional bpf /sys/fs/bpf nodev,mode=0700
optional efivarfs /sys/firmware/efi/efivars nosuid,nodev,noexec
optional binfmt_misc /proc/sys/fs/binfmt_misc nosuid,nodev,noexec
optional tracefs /sys/kernel/tracing nosuid,nodev,noexec
mkdir -p /dev/hugepages
optional hugetlbfs /dev/hugepages nosuid,nodev
mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
	echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
mount --make-rshared /
hwclock -s -u
for file in /etc/sysctl.d/*.conf; do sysctl -q -p "$file"; done
ip link set lo up
ulimit -n 1048576
ulimit -u unlimited
hostname -F /etc/hostname
if [ -f /etc/machine-id ] && [ ! -s /etc/machine-id ]; then
	read -r id </proc/sys/kernel/random/uuid
	echo "$id" | tr -d - >/run/machine-id
	mount --bind /run/machine-id /etc/machine-id
fi
: >/run/resolv.conf
END
# A root of its own each time; what is mounted in it goes with it.
put /fresh.sh 755 <<'END'
#!/bin/sh
tac /proc/mounts | while read -r device folder rest; do case $folder in /fresh*) umount "$folder" ;; esac; done
ip address del 127.0.0.1/8 dev lo 2>/dev/null
ip link set lo down
mount -t tmpfs root /fresh
cp -a /template/. /fresh
END
guest <<'END'
seen() { sed -n "s/^[^ ]* \/fresh\([^ ]*\) \([^ ]*\) \([^ ]*\) .*/\1 \2 \3/p" /proc/mounts; ls -l /fresh/var /fresh/dev/shm; cat /fresh/sys/fs/cgroup/cgroup.subtree_control; }
/fresh.sh; chroot /fresh /bin/rc.init --system --skip=hotplug >/tmp/said 2>&1; seen | sed 's/[0-9:]* //g' >/tmp/ours
is "$(grep -v 'rc.init: boot' /tmp/said)" "" "rc.init has nothing to complain about"
/fresh.sh; chroot /fresh /boot.sh >/tmp/said 2>&1; seen | sed 's/[0-9:]* //g' >/tmp/theirs
is "$(cat /tmp/said)" "" "nor has the script"
is "$(diff /tmp/ours /tmp/theirs | grep -v '/etc/machine-id')" "" "both leave the same mounts, folders and cgroups"
compare -n 5 -w 1 -t 600 -p /fresh.sh 'boot without coldplug, guest instructions' \
	initbox 'chroot /fresh /bin/rc.init --system --skip=hotplug' \
	'busybox script' 'chroot /fresh /bin/busybox sh /boot.sh'
END
icount_boot -n -m 256 -t 300
target 'boot without coldplug, guest instructions' 'busybox script' 0.333
finish

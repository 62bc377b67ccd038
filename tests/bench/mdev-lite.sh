#!/bin/sh
# SPDX-License-Identifier: MIT
# mdev-lite.sh - coldplug until no new device appears, against what images do today and against the bare insertion
#
# All ways run in one guest, in turns. Before each, every module is taken out again, so each begins with a bare kernel. 
# By the clock of an emulated machine, on which an exec weighs more than on others; so a second guest counts instructions.
. tests/bench/lib.sh
with_vm
has /sbin/mdev-lite || { skipped "coldplug" "built without mdev-lite"; finish; }

cat >"$tmp/floor.c" <<'END'
// The floor: finit_module(2) for the files on standard input, and nothing else.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	char path[512];

	while (fgets(path, sizeof path, stdin)) {
		int fd;

		path[strcspn(path, "\n")] = 0;
		fd = open(path, O_RDONLY);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != ENODEV))
			return perror(path), 1;
		close(fd);
	}
	return 0;
}
END
"${CC:-musl-gcc}" -Os -static -o "$tmp/floor" "$tmp/floor.c" || { fail "the floor's build"; finish; }
libraries='libc6 liblzma5 libzstd1 libssl3'
# shellcheck disable=SC2086 # words
kmod=$(peer kmod bin/kmod kmod libkmod2 $libraries) || kmod=''
# shellcheck disable=SC2086
udev=$(peer udev bin/udevadm udev libudev1 libacl1 libblkid1 libcap2 libkmod2 libselinux1 libpcre2-8-0 $libraries) || udev=''

## In a guest
machine busybox
put /bin/initbox 755 <"$INITBOX"
put /bin/floor 755 <"$tmp/floor"
ln -s ../bin/initbox "$root/sbin/mdev-lite"
for folder in "$kmod" "$udev"; do
	[ ! "$folder" ] || (cd "$folder" && tar cf - bin lib lib64 usr/lib) | (cd "$root" && tar xf - --skip-old-files)
done
printf 'root:x:0:0::/:/bin/sh\n' | put /etc/passwd
printf 'root:x:0:\ntty:x:5:\ndisk:x:6:\n' | put /etc/group
# As many removals as go, until nothing is left to take out.
put /test/reset 755 <<'END'
#!/bin/sh
killall systemd-udevd 2>/dev/null
while pidof systemd-udevd >/dev/null; do sleep 0.02; done
while :; do
	before=$(wc -l </proc/modules)
	while read -r name size uses rest; do [ "$uses" != 0 ] || rmmod "$name" 2>/dev/null; done </proc/modules
	[ "$(wc -l </proc/modules)" != "$before" ] || exit 0
done
END
# What linuxkit's rc.init does, until there is no new alias.
put /test/per-alias 755 <<'END'
#!/bin/sh
busybox mdev -s
: >/tmp/tried
while :; do
	find /sys -name modalias -exec cat {} + 2>/dev/null | sort -u | awk '
		FILENAME != "-" { tried[$0] = 1; next }
		!($0 in tried)' /tmp/tried - >/tmp/new
	[ -s /tmp/new ] || exit 0
	while read -r alias; do busybox modprobe -q "$alias"; done </tmp/new
	cat /tmp/new >>/tmp/tried
done
END
put /test/at-once 755 <<'END'
#!/bin/sh
last=''
while :; do
	now=$(find /sys -name modalias -exec cat {} + 2>/dev/null | sort -u)
	[ "$now" != "$last" ] || exit 0
	echo "$now" | xargs /kmod/modprobe -abq
	last=$now
done
END
put /test/udev 755 <<'END'
#!/bin/sh
mkdir -p /run
/lib/systemd/systemd-udevd --daemon
udevadm trigger --type=subsystems --action=add
udevadm trigger --type=devices --action=add
udevadm settle
END
[ ! "$kmod" ] || { mkdir "$root/kmod"; ln -s ../bin/kmod "$root/kmod/modprobe"; }	# it goes by its name
cat >"$tmp/guest" <<'END'
loaded() { sed 's/ .*//' /proc/modules | sort | tr '\n' ' '; }
/test/reset
is "$(wc -l </proc/modules)" 0 "all modules can be taken out"
mdev-lite -sv 2>/tmp/said
all=$(loaded)
diag "$all"
# The files in the order in which we insert them, those included that find no hardware.
sed -n 's/^mdev-lite: loaded //p; s/^mdev-lite: \([a-z0-9_]*\): No such device$/\1/p' /tmp/said | while read -r name; do
	find "/lib/modules/$(uname -r)" -name "$(echo "$name" | sed 's/_/[-_]/g').ko*"
done >/tmp/files
/test/reset
printf '#!/bin/sh\nexec floor </tmp/files\n' >/test/floor; chmod 755 /test/floor
/test/floor
is "$(loaded)" "$all" "the floor inserts the same modules"
set -- initbox 'mdev-lite -s' 'finit_module alone' /test/floor 'busybox mdev, modprobe per alias' /test/per-alias
[ ! -e /kmod/modprobe ] || set -- "$@" 'modprobe -ab, repeated' /test/at-once
END
cat >"$tmp/by-clock" <<'END'
[ ! -e /bin/udevadm ] || set -- "$@" systemd-udevd /test/udev
compare -n RUNS -w 0 -f -t 120 -x rss -p /test/reset coldplug "$@"
while [ $# -gt 0 ]; do
	/test/reset
	$2 2>/dev/null
	result "modules loaded" "$1" "$(wc -l </proc/modules)" modules
	shift 2
done
# A daemon that has handled an event of each device.
resident() {
	for file in /sys/bus/*/devices/*/uevent /sys/class/*/*/uevent; do echo change >"$file"; done
	sleep 1
	size=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$2/status")
	result "daemon: memory" "$1" "$((size * 1024))" bytes
}
[ ! -e /bin/udevadm ] || resident systemd-udevd "$(pidof systemd-udevd | tr ' ' '\n' | sort -n | head -n 1)"	# the others are workers
/test/reset
mdev-lite -d --pid-file=/tmp/pid 2>/dev/null
resident initbox "$(cat /tmp/pid)"
kill "$(cat /tmp/pid)"

# Growth: a made-up /sys with so many devices, in memory
for count in 10 100 1000; do
	r=/tmp/made-up-$count
	mkdir -p "$r/dev" "$r/etc" "$r/sys/class/block"
	i=0
	while [ $i -lt $count ]; do
		mkdir -p "$r/sys/devices/x/vd$i"
		printf 'MAJOR=240\nMINOR=%s\nDEVNAME=vd%s\nDEVTYPE=disk\n' $i $i >"$r/sys/devices/x/vd$i/uevent"
		ln -s "../../devices/x/vd$i" "$r/sys/class/block/vd$i"
		i=$((i + 1))
	done
	printf 'vd.* 0:6 660\n' >"$r/etc/mdev.conf"
	compare -n 5 -p "rm -rf $r/dev; mkdir $r/dev" -x rss -s $count devices initbox "mdev-lite --root $r -s"
done
END
cat >"$tmp/nodes" <<'END'
mv /lib/modules /lib/no-modules 2>/dev/null
compare -n 10 -w 1 "nodes only, 1 ns an instruction" initbox 'mdev-lite -s' busybox 'busybox mdev -s'
cat >/etc/mdev.conf <<'CONF'
null|zero|full|random|urandom	root:root 666
(pty|tty|vcs|vcsa)[a-z0-9]*	root:tty 660
sd[a-z].*|vd[a-z].*|nvme.*	root:disk 660
loop[0-9]+	root:disk 660
input/.*	root:root 660
snd/.*	root:root 660
fuse|net/tun	root:root 666
kvm	root:root 660
$MODALIAS=usb:.*	root:root 660
SUBSYSTEM=net;.*	root:root 660
CONF
compare -n 10 -w 1 "nodes only, ten rules, 1 ns an instruction" initbox 'mdev-lite -s' busybox 'busybox mdev -s'
rm /etc/mdev.conf
END
# An instruction is a nanosecond of this guest's clock. Disks are waited for as long as it takes, so CPU time is what
# repeats; of udevd, which works in the background, it would be a part.
cat >"$tmp/by-instructions" <<'END'
compare -n RUNS -w 0 -f -t 300 -x cpu -p /test/reset "coldplug, 1 ns an instruction" "$@"
[ ! -e /bin/udevadm ] || compare -n RUNS -w 0 -f -t 300 -p /test/reset "coldplug, 1 ns an instruction" systemd-udevd /test/udev
/test/reset
mdev-lite -s 2>/dev/null
# What is left when nothing is left to load: the walk, nodes and names, and all aliases looked up.
mkdir -p /etc/modprobe.d
sed -n 's/^mdev-lite: \([a-z0-9_]*\): No such device$/blacklist \1/p' /tmp/said >/etc/modprobe.d/absent.conf
compare -n 5 -w 1 "coldplug, all loaded already, 1 ns an instruction" initbox 'mdev-lite -s'
END
targets() {
	target "$1" 'busybox mdev, modprobe per alias' 0.35
	[ ! "$kmod" ] || target "$1" 'modprobe -ab, repeated' 0.8
	[ ! "$udev" ] || target "$1" systemd-udevd 0.35
	target "$1" 'finit_module alone' 1.15
}
targets coldplug
targets 'coldplug, 1 ns an instruction'
target "nodes only, 1 ns an instruction" busybox 0.5
target "nodes only, ten rules, 1 ns an instruction" busybox 0.5
limit 'daemon: memory' 1048576

truncate -s 8M "$tmp/scsi"
disks="-device virtio-scsi-pci -drive if=none,id=sd,format=raw,file=$tmp/scsi -device scsi-hd,drive=sd"
cat "$tmp/guest" "$tmp/by-clock" | sed "s/RUNS/$(fast 5 1)/" >"$tmp/script"
guest <"$tmp/script"
# shellcheck disable=SC2086
boot -m 768 -t 1800 -- $disks
cat "$tmp/guest" "$tmp/by-instructions" "$tmp/nodes" | sed "s/RUNS/$(fast 2 1)/" >"$tmp/script"
guest <"$tmp/script"
# shellcheck disable=SC2086
ACCEL=tcg boot -m 768 -t 1800 -- -icount shift=0 $disks

slope devices 1.1
finish

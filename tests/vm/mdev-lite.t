#!/bin/sh
# SPDX-License-Identifier: MIT
# mdev-lite.t - coldplug on a real kernel: all modules of all devices, devtmpfs's modes, rules, the module lists
. tests/vm/lib.sh
INITBOX=${INITBOX:-${O:-.}/initbox}
"$INITBOX" --list | grep -qx /sbin/mdev-lite || skip_all "built without mdev-lite"

with_mdev() {
	machine busybox
	put /bin/initbox 755 <"$INITBOX"
	ln -s ../bin/initbox "$root/sbin/mdev-lite"
	rm -f "$root/bin/mdev"
	printf 'root:x:0:0::/:/bin/sh\n' | put /etc/passwd
	printf 'root:x:0:\ndisk:x:6:\nkvm:x:105:\n' | put /etc/group
	put /test/common <<-'END'
	loaded() { sed 's/ .*//' /proc/modules | sort | tr '\n' ' '; }
	node() { stat -c '%a %u:%g %F' "$1" 2>&1; }
	END
}

## No configuration: every device's module, and nothing else changes
with_mdev
guest <<'END'
. /test/common
modes() { find /dev -type c -o -type b | sort | xargs stat -c '%n %a %u:%g'; }
modes >/tmp/before
mdev-lite -s 2>/tmp/err
is "$?" 0 "coldplug ends with 0"
is "$(grep -v 'hardware' /tmp/err)" "" "and has nothing to complain about"
for module in virtio_pci virtio_net virtio_blk virtio_rng virtio_scsi sd_mod; do
	ok "$module is loaded" grep -q "^$module " /proc/modules
done
ok "eth0 is there when it ends" test -e /sys/class/net/eth0
ok "so is the virtio disk" test -b /dev/vda
ok "the SCSI disk, which is scanned asynchronously" test -b /dev/sda
ok "and the NVMe disk, whose driver is built in" test -b /dev/nvme0n1
modes >/tmp/after
is "$(while read -r line; do grep -qxF "$line" /tmp/after || echo "$line"; done </tmp/before)" "" "devtmpfs's modes stay"
is "$(stat -c '%n %a' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/ptmx /dev/kmsg | tr '\n' ' ')" \
	"/dev/null 666 /dev/zero 666 /dev/full 666 /dev/random 666 /dev/urandom 666 /dev/tty 666 /dev/ptmx 666 /dev/kmsg 644 " \
	"those that matter are the kernel's"
is "$(node /dev/fuse) $(node /dev/net/tun)" "666 0:0 character special file 666 0:0 character special file" \
	"fuse and net/tun are there for all before their modules are"
first=$(loaded)
diag "$first"
mdev-lite -s 2>/dev/null
is "$(loaded)" "$first" "a second run loads nothing"
for i in 1 2 3; do
	find /sys -name modalias -exec cat {} + 2>/dev/null | sort -u | xargs modprobe -abq 2>/dev/null
done
is "$(loaded)" "$first" "modprobe finds nothing that is left to load"
mdev-lite --load dummy
ok "--load loads a module by name" test -e /sys/class/net/dummy0
mdev-lite --load fs-xfs && grep -q xfs /proc/filesystems
is "$?" 0 "and by an alias"
out=$(mdev-lite --load nosuch 2>&1)
is "$?$out" 1 "an unknown one is exit code 1, without a word"
like "$(mdev-lite --load -v nosuch 2>&1)" 'nosuch: no such module' "with -v it says so"
is "$(mdev-lite --load -n wireguard | tail -n 1)" "modprobe -b wireguard" "a dry run prints"
ok "and does nothing" sh -c '! grep -q ^wireguard /proc/modules'
END
truncate -s 8M "$vm/scsi" "$vm/nvme"
boot -- -device virtio-scsi-pci -drive "if=none,id=sd,format=raw,file=$vm/scsi" -device scsi-hd,drive=sd \
	-drive "if=none,id=nv,format=raw,file=$vm/nvme" -device nvme,drive=nv,serial=1
ended poweroff "the guest ended by power-off"

## Rules, lists, options, a module tree that is broken in parts
with_mdev
modules virtio_pci virtio_net virtio_blk virtio_rng loop dummy null_blk nbd
put /etc/mdev.conf <<'END'
vd([a-z]) root:disk 660 >disk%1
loop([0-9]+) root:disk 660
-SUBSYSTEM=net;eth.* 0:0 660 @echo "$MDEV $ACTION $DEVPATH" >/tmp/net
END
echo 'options loop max_loop=3' | put /etc/modprobe.d/loop.conf
echo 'install dummy echo "$MODPROBE_MODULE" >/tmp/installed' | put /etc/modprobe.d/dummy.conf
printf '# comment\nnull_blk\nloop\n' | put /etc/modules-load.d/test.conf
guest <<'END'
. /test/common
file=$(find /lib/modules -name 'virtio_net.ko*')
: >"$file"
mdev-lite -s 2>/tmp/err
ok "modules of /etc/modules-load.d are loaded" sh -c 'grep -q ^null_blk /proc/modules && grep -q ^loop /proc/modules'
ok "so are those of modules-load=" grep -q ^nbd /proc/modules
ok "modprobe.blacklist= holds" sh -c '! grep -q ^virtio_rng /proc/modules'
is "$(ls /sys/block | grep -c loop)" 3 "options of modprobe.d are given"
is "$(cat /sys/module/null_blk/parameters/nr_devices)" 2 "those of the kernel command line too"
is "$(cat /tmp/installed)" dummy "install lines are run"
is "$(readlink /dev/vda) $(node /dev/diska)" "diska 660 0:6 block special file" "rules hold for what a module brought"
is "$(node /dev/loop2)" "660 0:6 block special file" "and for what modules-load.d brought"
is "$(grep -c 'not loaded: ' /tmp/err)" 1 "a module that is broken is one line"
like "$(cat /tmp/err)" 'modules not loaded: virtio_net \(' "which names it"
END
boot -a "modules-load=nbd,dummy modprobe.blacklist=virtio_rng null_blk.nr_devices=2"
ended poweroff "the guest ended by power-off"

## Devices that come and go by QEMU's monitor, with the daemon
with_mdev
modules virtio_pci virtio_net virtio_blk virtio_rng
put /etc/mdev.conf <<'END'
vd([a-z]) root:disk 660 >hot/%1 *echo "$ACTION $MDEV" >>/tmp/log
eth.* 0:0 660 *echo "$ACTION $MDEV" >>/tmp/log
END
guest <<'END'
. /test/common
soon() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 100 ] || return 1; sleep 0.1; done; }
not() { ! "$@"; }
said() { grep -q "$1" /tmp/log; }
mdev-lite -d 2>/tmp/err
is "$?" 0 "the daemon goes to the background when the coldplug is done"
daemon=$(pidof mdev-lite)
ok "and lives" test -d "/proc/$daemon"
ok "nothing is there yet" not test -e /sys/block/vda
echo "please: device_add virtio-blk-pci,drive=hot,id=disk,bus=port1" >/dev/console
ok "a disk that is plugged in gets its module, its place" soon test -b /dev/hot/a
ok "its link" soon test -L /dev/vda
is "$(node /dev/hot/a)" "660 0:6 block special file" "and its owner"
ok "and its command" soon said "add hot/a"
echo "please: device_add virtio-net-pci,id=nic,bus=port2" >/dev/console
ok "so does an interface" soon test -e /sys/class/net/eth0
ok "with its command" soon said "add eth0"
echo "please: device_del disk" >/dev/console
ok "a disk that is unplugged takes its node along" soon not test -e /dev/hot/a
ok "and its link" soon not test -L /dev/vda
ok "after its command" soon said "remove hot/a"
echo "please: device_del nic" >/dev/console
ok "an interface that goes" soon said "remove eth0"
is "$(cat /tmp/err)" "" "no complaint in all that"
i=0
while [ $i -lt 10000 ]; do echo change; i=$((i + 1)); done >/tmp/changes
kill -STOP "$daemon"
while read -r line; do echo "$line" >/sys/class/mem/null/uevent; done </tmp/changes
echo "please: device_add virtio-blk-pci,drive=again,id=again,bus=port1" >/dev/console
soon test -e /sys/bus/pci/devices/0000:01:00.0
kill -CONT "$daemon"
ok "10,000 events at once, and the device behind them is not lost" soon test -b /dev/hot/a
is "$(cat /tmp/err)" "" "nor any other"
rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$daemon/status")
ok "its resident size is $rss kB, not above 1 MB" test "$rss" -le 1024
kill "$daemon"
ok "SIGTERM ends it" soon not test -d "/proc/$daemon"
END
truncate -s 8M "$vm/hot" "$vm/again"
mkfifo "$vm/monitor.in" "$vm/monitor.out"
cat "$vm/monitor.out" >"$vm/monitor.log" &
# The guest asks on its console for what it wants of the monitor.
{
	asked=0
	while [ -e "$vm/monitor.in" ]; do
		wish=$(tr -d '\r' <"$vm/console.raw" 2>/dev/null | sed -n 's/.*please: //p' | sed -n "$((asked + 1))p")
		if [ "$wish" ]; then echo "$wish"; asked=$((asked + 1)); else sleep 0.1; fi
	done
} >"$vm/monitor.in" 2>/dev/null &
boot -n -- -chardev "pipe,id=monitor,path=$vm/monitor" -mon chardev=monitor \
	-drive "if=none,id=hot,format=raw,file=$vm/hot" -drive "if=none,id=again,format=raw,file=$vm/again" \
	-device pcie-root-port,id=port1,chassis=1,slot=1 -device pcie-root-port,id=port2,chassis=2,slot=2
rm "$vm/monitor.in"
ended poweroff "the guest ended by power-off"

## No module tree
with_mdev
modules none
guest <<'END'
out=$(mdev-lite -s 2>&1)
is "$?" 0 "without a module tree coldplug ends with 0"
is "$out" "mdev-lite: no modules for this kernel: /lib/modules/$(uname -r): No such file or directory" "and says so in one line"
END
boot
done_testing

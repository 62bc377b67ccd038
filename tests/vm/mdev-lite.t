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

mke2fs -L "my disk" /dev/vda >/dev/null 2>&1
mdev-lite -s 2>/dev/null
is "$(readlink '/dev/disk/by-label/my\x20disk')" ../../vda "a file system's label is a link to its disk"
is "$(readlink "/dev/disk/by-uuid/$(mdev-lite --probe /dev/vda | sed -n 's/^UUID=//p')")" ../../vda "so is its UUID"
is "$(readlink /dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_1)" ../../nvme0n1 "and what the disk is called"
mdev-lite --load ext4
mkdir -p /mnt
mount /dev/vda /mnt
mkdir -p /mnt/dev /mnt/sys /mnt/proc
for folder in dev sys proc; do mount --bind /$folder /mnt/$folder; done
cp /bin/initbox /mnt/
chroot /mnt /initbox mdev-lite -s 2>/dev/null
is "$(readlink /dev/root)" vda "/dev/root leads to what / is mounted from"
END
truncate -s 8M "$vm/scsi" "$vm/nvme"
boot -- -smp 2 -device virtio-scsi-pci -drive "if=none,id=sd,format=raw,file=$vm/scsi" -device scsi-hd,drive=sd \
	-drive "if=none,id=nv,format=raw,file=$vm/nvme" -device nvme,drive=nv,serial=1
ended poweroff "the guest ended by power-off"

## Rules, lists, options, a module tree that is broken in parts
with_mdev
modules virtio_pci virtio_net virtio_blk virtio_rng loop dummy null_blk nbd ifb bonding veth
some_modules
version=$(cat "$kernel/version")
compress() { file=$(find "$root/lib/modules" -name "$2.ko"); $1 "$file" && [ ! -e "$file" ]; }
compress xz bonding && compress 'zstd -q --rm' veth || diag "no xz or zstd here"
PATH=$PATH:/sbin:/usr/sbin depmod -b "$root" "$version"
modules none
put /etc/mdev.conf <<'END'
vd([a-z]) root:disk 660 >disk%1
loop([0-9]+) root:disk 660
-SUBSYSTEM=net;eth.* 0:0 660 @echo "$MDEV $ACTION $DEVPATH" >/tmp/net
END
echo 'options loop max_loop=3' | put /etc/modprobe.d/loop.conf
echo 'install dummy echo "$MODPROBE_MODULE" >/tmp/installed' | put /etc/modprobe.d/dummy.conf
printf '# comment\nnull_blk\nloop\nbonding\nveth\none\ntwo\n' | put /etc/modules-load.d/test.conf
put /etc/modprobe.d/more.conf <<'END'
softdep loop pre: ifb nosuch
install one echo begins >>/tmp/both; sleep 3; echo ends >>/tmp/both
install two echo begins >>/tmp/both; sleep 3; echo ends >>/tmp/both
END
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
like "$(cat /tmp/err)" 'modules not loaded: .*virtio_net \(' "which names it"
ok "a soft dependency is loaded before, and one that is not there is no failure" grep -q ^ifb /proc/modules
like "$(cat /tmp/err)" 'bonding \(this kernel does not unpack' "a .ko.xz that this kernel cannot unpack is said to be one"
like "$(cat /tmp/err)" 'veth \(this kernel does not unpack' "so is a .ko.zst"
is "$(tr '\n' ' ' </tmp/both)" "begins begins ends ends " "two modules are loaded at once, on one CPU as well"
echo 'blacklist dummy' >/etc/modprobe.d/blacklist.conf
rmmod loop ifb
ok "--load takes a blacklisted module if it is named" mdev-lite --load loop
echo 'blacklist virtio_rng' >>/etc/modprobe.d/blacklist.conf
alias=$(cat /sys/bus/virtio/devices/*/modalias | grep d00000004)
not() { ! "$@"; }
ok "but not by an alias" not mdev-lite --load "$alias"

# Debian's depmod knows no .ko.gz, so this index is ours: a trie of one node (libkmod-index.h).
tree=/tmp/gz/lib/modules/$(uname -r)
mkdir -p "$tree"
cp "/lib/modules/$(uname -r)"/modules.*.bin "$tree"
gzip -c "$(find /lib/modules -name ifb.ko)" >"$tree/ifb.ko.gz"
printf '\260\007\364\127\000\002\000\001\300\000\000\014ifb\000\000\000\000\001\000\000\000\000ifb.ko.gz:\000' >"$tree/modules.dep.bin"
is "$(mdev-lite --root=/tmp/gz --load ifb 2>&1) $(grep -c ^ifb /proc/modules)" " 1" ".ko.gz is unpacked here"
END
boot -a "modules-load=nbd,dummy modprobe.blacklist=virtio_rng null_blk.nr_devices=2"
ended poweroff "the guest ended by power-off"

## Compressed modules, on a kernel that unpacks them
if with_kernel backports; then
	with_mdev
	modules virtio_pci virtio_net virtio_blk dummy ifb
	some_modules
	file=$(find "$root/lib/modules" -name ifb.ko.xz)
	if xz -dc "$file" | zstd -q >"${file%.xz}.zst"; then rm "$file"; fi
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$root" "$(cat "$kernel/version")"
	modules none
	guest <<-'END'
	is "$(mdev-lite -s 2>&1)" "" "modules in .ko.xz: no complaint"
	ok "they are loaded, with what they need" test -e /sys/class/net/eth0 -a -b /dev/vda
	out=$(mdev-lite --load dummy ifb 2>&1)
	is "$?$out" "1mdev-lite: modules not loaded: ifb (this kernel does not unpack .xz or .zst)" "the other compression fails in one line"
	ok "and leaves the rest alone" grep -q ^dummy /proc/modules
	END
	boot -- -cpu qemu64,-cx16	# QEMU 7.2 gets cmpxchg16b wrong, which kernels since 6.6 use
else
	skip "$(tail -n 1 "$tmp/why")" "modules in .ko.xz"
fi

## Devices that come and go by QEMU's monitor, with the daemon and with the helper
if with_kernel generic; then :; else skip "$(tail -n 1 "$tmp/why")" "hotplug"; done_testing; fi
with_mdev
modules virtio_pci virtio_net virtio_blk virtio_rng xhci_pci usb_storage usbhid hid_generic sd_mod evdev loop
put /etc/mdev.conf <<'END'
vd([a-z]) root:disk 660 >hot/%1 *echo "$ACTION $MDEV" >>/tmp/log
sd[a-z].* root:disk 660 *echo "$ACTION $MDEV" >>/tmp/log
input/.* root:kvm 640 *echo "$ACTION $MDEV" >>/tmp/log
eth.* 0:0 660 =lan%0 *echo "$ACTION $MDEV" >>/tmp/log
laneth.* 0:0 660 *echo "$ACTION $MDEV" >>/tmp/log
END
for image in image0 image1; do mkfs.ext2 -q -L twins "$root/$image" 256 >/dev/null 2>&1; done
guest <<'END'
. /test/common
soon() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 150 ] || return 1; sleep 0.1; done; }
not() { ! "$@"; }
said() { grep -q "$1" /tmp/log; }
ask() { echo "please: $1 ." >/dev/console; }	# with an end: a line may be read before it is all there
keyboard() { grep -ls 'QEMU USB Keyboard' /sys/class/input/event*/device/name | sed 's,/device/name,,; s,.*/,,'; }
has_keyboard() { [ "$(keyboard)" ]; }

# come_and_go WHO DISK NIC STICK KEYBOARD DRIVE: each of the four kinds of devices, plugged in and out
come_and_go() {
	: >/tmp/log
	ask "device_add virtio-blk-pci,drive=$2,id=$2,bus=port1,serial=$2"
	ok "$1: a disk that is plugged in gets its module, its place" soon test -b /dev/hot/a
	ok "its link" soon test -L /dev/vda
	ok "its names" soon test -L "/dev/disk/by-id/virtio-$2"
	is "$(readlink /dev/disk/by-label/label-$2)" ../../hot/a "which lead to where it is"
	is "$(node /dev/hot/a)" "660 0:6 block special file" "and its owner"
	ok "and its command" soon said "add hot/a"
	ask "device_add virtio-net-pci,id=$3,bus=port2"
	ok "$1: an interface is renamed" soon test -e /sys/class/net/laneth0
	ok "with its command" soon said "add laneth0"
	ask "device_add usb-storage,bus=xhci.0,drive=$4,id=$4,serial=$4"
	ok "$1: USB storage" soon test -L "/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_$4-0:0"
	is "$(node /dev/sda)" "660 0:6 block special file" "with its owner"
	ask "device_add usb-kbd,bus=xhci.0,id=$5"
	ok "$1: a USB keyboard" soon has_keyboard
	event=$(keyboard)
	ok "has its node" soon said "add input/$event"
	is "$(node "/dev/input/$event")" "640 0:105 character special file" "and its owner"
	ask "device_del $5"
	ok "$1: a keyboard that is unplugged takes its node along" soon not test -e "/dev/input/$event"
	ok "after its command" soon said "remove input/$event"
	ask "device_del $4"
	ok "$1: so does USB storage" soon not test -e /dev/sda
	ok "and its names" soon not test -L "/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_$4-0:0"
	ask "device_del $2"
	ok "$1: a disk that is unplugged takes its node along" soon not test -e /dev/hot/a
	ok "and its link" soon not test -L /dev/vda
	ok "and its names" soon not test -L "/dev/disk/by-label/label-$2"
	ok "after its command" soon said "remove hot/a"
	ask "device_del $3"
	ok "$1: an interface that goes" soon said "remove laneth0"
}

mdev-lite -d --pid-file=/tmp/pid 2>/tmp/err
is "$?" 0 "the daemon goes to the background when the coldplug is done"
daemon=$(cat /tmp/pid)
ok "and lives" test -d "/proc/$daemon"
ok "nothing is there yet" not test -e /sys/block/vda
come_and_go daemon hot nic stick keys
complaints() { cat /tmp/err; dmesg -r | grep '^<1[0-3]>.*mdev-lite: '; }	# warnings: in the background it speaks to the kernel log
is "$(complaints)" "" "no complaint in all that"
mdev-lite --load loop
for i in 0 1; do
	losetup /dev/loop$i /image$i
	soon test -L "/dev/disk/by-uuid/$(mdev-lite --probe /image$i | sed -n 's/^UUID=//p')"
done
twin() { [ "$(readlink /dev/disk/by-label/twins)" = "../../$1" ]; }
ok "of two disks with one label the first has it" twin loop0
losetup -d /dev/loop0
ok "and when it goes the other" soon twin loop1
losetup -d /dev/loop1
rmmod virtio_blk
i=0
while [ $i -lt 10000 ]; do echo change; i=$((i + 1)); done >/tmp/changes
kill -STOP "$daemon"
while read -r line; do echo "$line" >/sys/class/mem/null/uevent; done </tmp/changes
ask "device_add virtio-blk-pci,drive=again,id=again,bus=port1"
soon test -e /sys/bus/pci/devices/0000:01:00.0
kill -CONT "$daemon"
ok "10,000 events at once, and the device behind them is not lost; its module, removed since, is loaded again" soon test -b /dev/hot/a
is "$(complaints)" "" "nor any other"
ask "device_del again"
soon not test -e /dev/hot/a
rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$daemon/status")
ok "its resident size is $rss kB, not above 1 MB" test "$rss" -le 1024
echo 'null 0:0 666 *sleep 30' >>/etc/mdev.conf
kill -HUP "$daemon"
sleep 0.2
echo change >/sys/class/mem/null/uevent
soon pidof sleep >/dev/null
kill "$daemon"
ok "SIGTERM ends it at once, also while a command runs" soon not test -d "/proc/$daemon"
ok "and its pid file" not test -e /tmp/pid

# Debian's kernels start no helper (CONFIG_UEVENT_HELPER is off): busybox's uevent starts it with the same environment.
sed -i '/^null/d' /etc/mdev.conf
uevent /sbin/mdev-lite 2>/tmp/err &
helper=$!
sleep 0.5
come_and_go helper hot2 nic2 stick2 keys2
kill $helper
is "$(cat /tmp/err)" "" "no complaint by the helper either"
END
set --
for drive in hot again hot2 stick stick2; do
	truncate -s 8M "$vm/$drive"
	mkfs.ext4 -q -L "label-$drive" "$vm/$drive"
	set -- "$@" -drive "if=none,id=$drive,format=raw,file=$vm/$drive"
done
mkfifo "$vm/monitor.in" "$vm/monitor.out"
cat "$vm/monitor.out" >"$vm/monitor.log" &
# The guest asks on its console for what it wants of the monitor.
{
	asked=0
	while [ -e "$vm/monitor.in" ]; do
		wish=$(tr -d '\r' <"$vm/console.raw" 2>/dev/null | sed -n 's/.*please: \(.*\) \.$/\1/p' | sed -n "$((asked + 1))p")
		if [ "$wish" ]; then echo "$wish"; asked=$((asked + 1)); else sleep 0.1; fi
	done
} >"$vm/monitor.in" 2>/dev/null &
boot -n -t 150 -- -chardev "pipe,id=monitor,path=$vm/monitor" -mon chardev=monitor "$@" -device qemu-xhci,id=xhci \
	-device pcie-root-port,id=port1,chassis=1,slot=1 -device pcie-root-port,id=port2,chassis=2,slot=2
rm "$vm/monitor.in"
ended poweroff "the guest ended by power-off"

## No module tree
with_kernel cloud
with_mdev
modules none
guest <<'END'
out=$(mdev-lite -s 2>&1)
is "$?" 0 "without a module tree coldplug ends with 0"
is "$out" "mdev-lite: no modules for this kernel: /lib/modules/$(uname -r): No such file or directory" "and says so in one line"
END
boot
done_testing

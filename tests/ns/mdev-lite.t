#!/bin/sh
# SPDX-License-Identifier: MIT
# mdev-lite.t - coldplug, helper and daemon against a made-up /sys, in a mount and network namespace of our own
set -u

. tests/tap.sh
box=${INITBOX:-${O:-.}/initbox}
if [ "${1:-}" != inside ]; then
	"$box" --list | grep -qx /sbin/mdev-lite || skip_all "built without mdev-lite"
	[ "$(id -u)" = 0 ] || skip_all "device nodes need root"
	unshare -mn true 2>/dev/null || skip_all "no mount or network namespaces here"
	exec unshare -mn --propagation private sh "$0" inside
fi
not() { ! "$@"; }
has() { "$box" mdev-lite "$@" >/dev/null 2>&1; [ $? != 2 ]; }	# was this mode built in?
modules=$(has --load nosuch && echo y) check=$(has --check /dev/null && echo y)

r=$(mktemp -d)
mount -t tmpfs -o mode=755 test "$r"
trap 'umount -R -l "$r"; rmdir "$r"' EXIT
mkdir "$r/dev" "$r/sys" "$r/etc"
mknod "$r/probe" c 1 3 2>/dev/null || skip_all "mknod is not allowed here"
printf 'root:x:0:0:::\nalice:x:1000:100:::\n' >"$r/etc/passwd"
printf 'root:x:0:\ndisk:x:6:\naudio:x:29:\n' >"$r/etc/group"

mdev() { "$box" mdev-lite --root="$r" "$@"; }
stat_of() { stat -c '%F %a %u:%g %t:%T' "$r/dev/$1" 2>&1; }
fresh() { rm -rf "$r/dev"; mkdir "$r/dev"; cat >"$r/etc/mdev.conf"; }
# shellcheck source=tests/ns/sysfs.sh
. tests/ns/sysfs.sh

device class/block pci/sda MAJOR=8 MINOR=0 DEVNAME=sda DEVTYPE=disk
device class/block pci/sda1 MAJOR=8 MINOR=1 DEVNAME=sda1 DEVTYPE=partition
device class/mem virtual/null MAJOR=1 MINOR=3 DEVNAME=null
device class/sound pci/controlC0 MAJOR=116 MINOR=7 DEVNAME=snd/controlC0
device class/net virtual/veth9 INTERFACE=veth9 IFINDEX=9
mkdir -p "$r/sys/bus/pci"
mkdir -p "$r/sys/bus/pci/devices" "$r/sys/devices/pci/0000:00:01.0"
echo MODALIAS=pci:v1d2 >"$r/sys/devices/pci/0000:00:01.0/uevent"
ln -s ../../../devices/pci/0000:00:01.0 "$r/sys/bus/pci/devices/"

## Coldplug

fresh </dev/null
rm "$r/etc/mdev.conf"
out=$(mdev -s 2>&1)
code=$?
[ "$modules" ] || out="mdev-lite: no modules for this kernel: $r/lib/modules/$(uname -r): No such file or directory"
is "$code$out" "0mdev-lite: no modules for this kernel: $r/lib/modules/$(uname -r): No such file or directory" \
	"without mdev.conf and modules: one line about the modules"
is "$(stat_of sda)" "block special file 660 0:0 8:0" "a block device: 0660 root"
is "$(stat_of snd/controlC0)" "character special file 660 0:0 74:7" "a name with a folder"
is "$(stat -c %a "$r/dev/snd")" 755 "the folder is 0755"
mkdir -p "$r/lib/modules/$(uname -r)"
printf '# nodes\nfuse fuse c10:229\ntun net/tun c10:200\nout ../out c1:3\nhigh high c1\nvhost_net vhost-net c10:238\nbad line\nodd\000 odd c1:3\nx last c1:7' \
	>"$r/lib/modules/$(uname -r)/modules.devname"

fresh </dev/null
chmod 755 "$r/dev"; mknod -m 666 "$r/dev/null" c 1 3; chown 7:8 "$r/dev/null"
out=$(mdev -s 2>&1)
like "$out" 'modules.devname:8: has a NUL byte' "a NUL byte in modules.devname is said with its line"
is "$(stat_of last)" "character special file 600 0:0 1:7" "and the next lines work"
is "$(stat_of null)" "character special file 666 7:8 1:3" "owner and mode of a node that is there stay, with no rule"
is "$(stat_of fuse)" "character special file 666 0:0 a:e5" "modules.devname: fuse for all"
is "$(stat_of net/tun)" "character special file 666 0:0 a:c8" "net/tun for all"
is "$(stat_of vhost-net)" "character special file 600 0:0 a:ee" "others for root"

fresh <<'END'
null 0:0 666
sda root:disk 640 =disks/first
sda([0-9]) alice 600 >disks/part%1
snd/.* root:audio 660 >sound/
vhost-net 0:0 660 !
fuse 0:audio u=rw,g=r,o=
END
echo text >"$r/dev/null"; mknod -m 640 "$r/dev/vhost-net" c 1 2; mknod "$r/dev/fuse" b 10 229
mdev -s 2>/dev/null
is "$(stat_of null)" "character special file 666 0:0 1:3" "a plain file in a node's place is replaced"
is "$(stat_of disks/first)" "block special file 640 0:6 8:0" "= moves"
ok "and leaves nothing" [ ! -e "$r/dev/sda" ]
is "$(stat_of disks/part1)" "block special file 600 1000:100 8:1" "> moves, with %1; a user's own group"
is "$(readlink "$r/dev/sda1")" disks/part1 "and leaves a link"
is "$(readlink "$r/dev/snd/controlC0")" ../sound/snd/controlC0 "a link from a folder leads out of it; a last / appends the name"
is "$(stat_of fuse)" "character special file 640 0:29 a:e5" "rules hold for modules.devname too"
is "$(stat_of vhost-net)" "character special file 640 0:0 1:2" "! makes no node, in no place"
rm "$r/dev/vhost-net" "$r/dev/disks/first"; mknod "$r/dev/disks/first" b 8 9
mdev -s 2>/dev/null
ok "still" [ ! -e "$r/dev/vhost-net" ]
is "$(stat_of disks/first)" "block special file 640 0:6 8:0" "another device's node in its place is replaced"
before=$(ls -lRi --time-style=full-iso "$r/dev")
is "$(mdev -s -n 2>/dev/null)" "" "a second run has nothing to do"
mdev -s 2>/dev/null
is "$(ls -lRi --time-style=full-iso "$r/dev")" "$before" "and does nothing"
mknod "$r/dev/sda1.new" b 8 1; mv -T "$r/dev/sda1.new" "$r/dev/sda1"; mknod "$r/dev/sda" b 8 0
mdev -s 2>/dev/null
is "$(readlink "$r/dev/sda1")" disks/part1 "> replaces the kernel's own node by the link"
ok "= removes it" [ ! -e "$r/dev/sda" ]

fresh <<'END'
sda 0:0 660
END
plan=$(mdev -s -n 2>/dev/null)
is "$(ls "$r/dev")" "" "a dry run changes nothing"
is "$(cd "$r/dev" && sh -e -c "umask 0; $plan" && stat_of sda1)" "block special file 660 0:0 8:1" "and prints what a shell can run"

fresh <<'END'
-.* 0:0 600 *echo "keep $MDEV $ACTION" >>log
SUBSYSTEM=block;sda 0:disk 660 @echo "add $MDEV $DEVPATH $DEVTYPE $SUBSYSTEM" >>log
$MODALIAS=(pci):.* 0:0 660 @echo "modalias $MODALIAS $MDEV" >>log
@8,1-3 0:0 640 $echo "gone $MDEV $(ls sda1)" >>log
END
mdev -s 2>/dev/null
is "$(grep -c keep "$r/dev/log")" 6 "- goes on; a command runs once for each device, in /dev"
is "$(grep -h '^add' "$r/dev/log")" "add sda /devices/pci/sda disk block" "@ in coldplug, with the variables of the uevent file"
is "$(grep -h '^modalias' "$r/dev/log")" "modalias pci:v1d2 0000:00:01.0" "\$MODALIAS rules too"
is "$(stat_of sda)" "block special file 660 0:6 8:0" "the later rule wins"

## Hotplug helper

event() { env -i ${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"} "$@" "$box" mdev-lite --root="$r"; }
event ACTION=remove DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null
is "$(grep -h gone "$r/dev/log")" "gone sda1 sda1" "\$ runs on remove, before the node goes"
ok "which it does" [ ! -e "$r/dev/sda1" ]
event ACTION=add DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null
is "$(stat_of sda1)" "block special file 640 0:0 8:1" "and comes back"
event ACTION=bind DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null
is "$(grep -h 'sda1 bind' "$r/dev/log")" "keep sda1 bind" "* runs on every action"
event 2>/dev/null
is $? 2 "without an event in the environment it is a usage error"
ln -sfn "$r/elsewhere" "$r/dev/out"; mkdir "$r/elsewhere"
echo precious >"$r/elsewhere/file"; mknod "$r/elsewhere/node" c 1 3; ln -s ../target "$r/elsewhere/link"
for name in ../x /tmp/mdev-lite-x out/x a/../../x .. ''; do
	event ACTION=add DEVPATH=/devices/x SUBSYSTEM=mem "DEVNAME=$name" MAJOR=1 MINOR=3 2>/dev/null
done
ok "names that lead out of /dev make nothing" test ! -e "$r/x" -a ! -e /tmp/mdev-lite-x
before=$(ls -lR "$r/elsewhere")
printf '%s\n' 'file 0:0 600 =out/%0' 'node 1:1 600 =out/%0' 'target 0:0 600 >out/' >"$r/etc/mdev.conf"
for action in add change remove; do
	for name in out/file file out/node node target; do
		event ACTION=$action DEVPATH=/devices/x SUBSYSTEM=mem "DEVNAME=$name" MAJOR=1 MINOR=3 2>/dev/null
	done
done
echo 'out/link 0:0 600 >target' >"$r/etc/mdev.conf"
for action in add remove; do event ACTION=$action DEVPATH=/devices/x SUBSYSTEM=mem DEVNAME=out/link MAJOR=1 MINOR=3 2>/dev/null; done
is "$(ls -lR "$r/elsewhere")" "$before" "through a folder that is a link nothing is made, changed or removed"
: >"$r/etc/mdev.conf"; ln -s elsewhere "$r/dev/disk"
sda() { event ACTION="$1" DEVPATH=/devices/pci/sda SUBSYSTEM=block DEVNAME=sda MAJOR=8 MINOR=0 2>&1; }
sda add >/dev/null
is "$(sda remove)" "" "which a removal has nothing to say about"

fresh <<'END'
sda1 0:0 660 >disks/
END
event ACTION=add DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null
event ACTION=remove DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null
is "$(find "$r/dev" -mindepth 1 -not -type d)" "" "remove takes a moved node and its link"
mknod "$r/dev/sda1" b 9 9
event ACTION=remove DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null
is "$(stat_of sda1 | cut -c1-13)" "block special" "but not a node that is another's by now"

fresh <<'END'
x. 0:0 660 *[ "$SEQNUM" != 5 ] || sleep 0.2; echo "$SEQNUM" >>order
END
echo >"$r/dev/mdev.seq"
for i in 5 6 7 8; do
	event ACTION=add DEVPATH=/devices/x$i SEQNUM=$i 2>/dev/null &
	[ $i != 5 ] || sleep 0.1
done
wait
is "$(tr '\n' ' ' <"$r/dev/order")" "5 6 7 8 " "with mdev.seq helpers go in the order of their SEQNUM"
is "$(cat "$r/dev/mdev.seq")" 9 "and leave the next number"
timeout 1 env -i ACTION=add DEVPATH=/devices/x3 SEQNUM=3 "$box" mdev-lite --root="$r" 2>/dev/null
[ $? = 124 ] && late=waits || late=goes
is "$late $(cat "$r/dev/mdev.seq")" "goes 9" "one that comes late does not wait, and does not turn it back"
: >"$r/dev/mdev.log"
event ACTION=add DEVPATH=/devices/x9 SEQNUM=9 2>/dev/null
like "$(cat "$r/dev/mdev.log")" '^mdev-lite: x9: line 1 runs' "messages go to mdev.log"
event ACTION=add DEVPATH=/devices/x1 >&- 2>&- <&-
ok "it works without any descriptor, as the kernel starts it" test "$(wc -l <"$r/dev/order")" = 7

## The rest of mdev.conf's grammar

fresh <<'END'
SUBSYSTEM=^mem$;DEVNAME=ul;.* 0:0 604
$DEVTYPE=(part)(ition) 0:0 600 =%2/%1/
@8,0 0:0 u=rw,g=r \
	>by number/x
snd/(control)C([0-9]) 0:audio 660 =%1-%2-%0
END
mdev -s >/dev/null 2>"$r/err"
is "$(stat_of null)" "character special file 604 0:0 1:3" "two conditions, each found anywhere in its value"
is "$(stat_of ition/part/sda1)" "block special file 600 0:0 8:1" "\$VARIABLE: the groups of its value, and the name behind a last /"
like "$(cat "$r/err")" 'mdev.conf:3: a command must start' "a blank ends a path; a continued line is reported by its first"
is "$(stat_of sda)" "block special file 660 0:0 8:0" "and its device goes without it"
is "$(stat_of control-0-snd/controlC0)" "character special file 660 0:29 74:7" "%1, %2 and %0 of a name"

fresh <<'END'
sda 0:0 660 =%1/x
sda1 0:0 660 =a/../../x
snd/.* 0:0 660 >/etc/x
null 0:0 660 !
END
mknod "$r/dev/null" c 1 3
mdev -s 2>"$r/err"
is "$(grep -c ' as a name for ' "$r/err")" 3 "paths that are empty in a part, lead out, or are absolute are refused, each in a line"
is "$(find "$r/dev" "$r/x" "$r/etc/x" -mindepth 1 -type b -o -name 'x' 2>/dev/null)" "" "and make nothing"
ok "! leaves the node that devtmpfs made" [ -c "$r/dev/null" ]

fresh <<'END'
sda1 0:0 660 *echo "$ACTION $MDEV" >>log
-sd.* 0:disk 640
sda 0:0 600 $rm -f marker
END
: >"$r/dev/marker"
event ACTION=add DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null
event ACTION=change DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null
event ACTION=remove DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null
is "$(tr '\n' ' ' <"$r/dev/log")" "add sda1 change sda1 remove sda1 " "* on add, change and remove"
event ACTION=add DEVPATH=/devices/pci/sda SUBSYSTEM=block DEVNAME=sda MAJOR=8 MINOR=0 2>/dev/null
ok "\$ does not run on add" [ -e "$r/dev/marker" ]
chmod 777 "$r/dev/sda"
event ACTION=change DEVPATH=/devices/pci/sda SUBSYSTEM=block DEVNAME=sda MAJOR=8 MINOR=0 2>/dev/null
is "$(stat_of sda)" "block special file 600 0:0 8:0" "a change event makes owner and mode right again; the rule after - wins"
event ACTION=remove DEVPATH=/devices/pci/sda SUBSYSTEM=block DEVNAME=sda MAJOR=8 MINOR=0 2>/dev/null
ok "but on remove" [ ! -e "$r/dev/marker" ]

sda1() { event ACTION="$1" DEVPATH=/devices/pci/sda1 SUBSYSTEM=block DEVNAME=sda1 MAJOR=8 MINOR=1 2>/dev/null; }
fresh <<'END'
-sda1 0:0 660 >disks/one
-sd.* 0:disk 640 *echo "$MDEV" >>log
sda1 alice 604
END
sda1 add
is "$(stat_of disks/one) $(readlink "$r/dev/sda1") $(cat "$r/dev/log")" "block special file 604 1000:100 8:1 disks/one sda1" \
	"rules behind a - and > are about the node that was moved, and leave the link"
printf '%s\n' '-sda1 0:0 660 >disks/one' 'sda1 0:0 660 =two' >"$r/etc/mdev.conf"
sda1 change
is "$(stat_of two)" "block special file 660 0:0 8:1" "one that says where has its own node"
echo 'sda1 0:0 660 =disks/one' >"$r/etc/mdev.conf"
sda1 change
ok "a link of a rule that is gone goes" [ ! -L "$r/dev/sda1" ]
echo 'ACTION=add;sda1 0:0 660 >disks/one' >"$r/etc/mdev.conf"
sda1 add
sda1 remove
ok "so does one whose rule is for another action" [ ! -L "$r/dev/sda1" ]
printf '%s\n' '-sda1 0:0 660 !' '-sda1 0:0 660 =x' 'sda1 0:0 660 *echo "$ACTION" >>log' | fresh
sda1 add
is "$(find "$r/dev" -mindepth 1 -type b) $(cat "$r/dev/log")" " add" "- and !: no rule behind it makes a node, but commands run"
mknod "$r/dev/sda1" b 8 1
sda1 remove
ok "nor takes one away" [ -b "$r/dev/sda1" ]
rm "$r/dev/sda1"
ln -s other "$r/dev/sda1"; mknod -m 777 "$r/dev/other" b 8 1
rm "$r/etc/mdev.conf"
sda1 add
is "$(readlink "$r/dev/sda1") $(stat_of other)" "other block special file 777 0:0 8:1" "without a rule a link to the node will do"
echo 'sda1 0:0 777' >"$r/etc/mdev.conf"
sda1 add
is "$(stat_of sda1)" "block special file 777 0:0 8:1" "with one the node is where it says"
chmod 1777 "$r/dev/sda1"; chown 0:9 "$r/dev/sda1"
sda1 add
is "$(stat_of sda1)" "block special file 777 0:0 8:1" "and has all the bits of its mode, and its group"

# Character devices are mostly told by their number alone; what they get is the same.
mkdir -p "$r/sys/dev/char" "$r/sys/dev/block"
ln -sfn ../../devices/virtual/null "$r/sys/dev/char/1:3"
ln -sfn ../../devices/pci/controlC0 "$r/sys/dev/char/116:7"
ln -sfn ../../devices/pci/sda "$r/sys/dev/block/8:0"
mv "$r/lib" "$r/no-lib"
fresh <<'END'
x 0:0 600
SUBSYSTEM=mem;nul 0:0 601
nu.* 1000:6 604
.* 0:29 640
END
mknod "$r/dev/null" c 1 3; mknod "$r/dev/controlC0" c 116 8
mdev -s 2>/dev/null
is "$(stat_of null)" "character special file 604 1000:6 1:3" "by number: the name is enough"
is "$(stat_of snd/controlC0)" "character special file 640 0:29 74:7" "by number: a node that is not where its last part says"
is "$(stat_of sda)" "block special file 640 0:29 8:0" "by number: disks"
sed -i 's/;nul /;null /' "$r/etc/mdev.conf"
mdev -s 2>/dev/null
is "$(stat_of null)" "character special file 601 0:0 1:3" "by number: a condition is asked for"
mv "$r/no-lib" "$r/lib"
if [ "$modules" ]; then
	fresh </dev/null
	like "$(mdev -s 2>&1)" 'cannot read the index of .* \(depmod writes it\)' "a module tree without its index is said to be one"
	for index in dep alias symbols; do	# without modules.builtin.bin it works as well
		printf '\260\007\364\127\000\002\000\001\000\000\000\000' >"$r/lib/modules/$(uname -r)/modules.$index.bin"
	done
	mkdir -p "$r/etc/modprobe.d"
	cat >"$r/etc/modprobe.d/x.conf" <<-'END'
	alias pci:v1d2 one
	alias pci:v* two
	alias pci:v1* three
	blacklist three
	alias x:y one
	install one echo "$MODPROBE_MODULE" >>done
	install two echo "$MODPROBE_MODULE" >>done
	install three echo "$MODPROBE_MODULE" >>done
	END
	mdev -s 2>/dev/null
	is "$(sort "$r/dev/done" | tr '\n' ' ')" "one two " "all modules of an alias are loaded, but not what is blacklisted"
	event ACTION=remove DEVPATH=/devices/x MODALIAS=x:y 2>/dev/null
	is "$(wc -l <"$r/dev/done")" 2 "none for a device that goes"
	event ACTION=add DEVPATH=/devices/x MODALIAS=x:y 2>/dev/null
	is "$(tail -n 1 "$r/dev/done"; wc -l <"$r/dev/done")" "one
3" "by the helper for one that comes"
	rm -r "$r/etc/modprobe.d"
fi
rm -rf "$r/sys/dev"

## Devices that are renamed

fresh <<'END'
tape(.) 0:0 640 >tapes/%1
END
event ACTION=add DEVPATH=/devices/x/tapeA SUBSYSTEM=tape DEVNAME=tapeA MAJOR=9 MINOR=1 2>/dev/null
event ACTION=move DEVPATH=/devices/x/tapeB DEVPATH_OLD=/devices/x/tapeA SUBSYSTEM=tape DEVNAME=tapeB MAJOR=9 MINOR=1 2>/dev/null
is "$(stat_of tapes/B) $(readlink "$r/dev/tapeB")" "character special file 640 0:0 9:1 tapes/B" "a renamed device has its node under the new name"
ok "and nothing under the old one" test ! -e "$r/dev/tapes/A" -a ! -L "$r/dev/tapeA"

## Names of disks

if has --probe /dev/null; then
attribute() { mkdir -p "$r/sys/devices/$(dirname "$1")"; printf "$2" >"$r/sys/devices/$1"; }
bus_of() { mkdir -p "$r/sys/bus/$1/devices" "$r/sys/devices/$2"; ln -sfn "$r/sys/bus/$1" "$r/sys/devices/$2/subsystem"; }
links() { (cd "$r/dev" && find disk mapper -type l 2>/dev/null | sort | while read -r link; do echo "$link $(readlink "$link")"; done); }
fresh </dev/null
usb=pci0/0000:00:04.0/usb1/1-2
bus_of pci pci0/0000:00:04.0
bus_of usb $usb; bus_of usb $usb/1-2:1.0
attribute $usb/idVendor 1234; attribute $usb/serial 'S N/1'
scsi=$usb/1-2:1.0/host6/target6:0:0/6:0:0:3
bus_of scsi $scsi
attribute $scsi/vendor 'Maker   '; attribute $scsi/model 'Stick  2.0 \n'
device class/block $scsi/block/sdq MAJOR=65 MINOR=0 DEVNAME=sdq DEVTYPE=disk
device class/block $scsi/block/sdq/sdq2 MAJOR=65 MINOR=2 DEVNAME=sdq2 DEVTYPE=partition PARTN=2
nvme=pci0/0000:00:05.0/nvme/nvme0
bus_of pci pci0/0000:00:05.0
attribute $nvme/model 'Disk  X '; attribute $nvme/serial 77; attribute $nvme/nvme0n1/nsid 1; attribute $nvme/nvme0n1/wwid eui.0011
device class/block $nvme/nvme0n1 MAJOR=259 MINOR=0 DEVNAME=nvme0n1 DEVTYPE=disk
san=pci0/0000:00:06.0/host7/target7:0:1/7:0:1:0
bus_of pci pci0/0000:00:06.0; bus_of scsi $san
attribute $san/vendor V; attribute $san/model M
# Designators of page 0x83: T10 of the unit, NAA of the unit, NAA of the port
attribute $san/vpd_pg83 '\000\203\000\050\002\001\000\004T10x\001\003\000\010\120\001\002\003\004\005\006\007\001\023\000\010\120\377\377\377\377\377\377\377'
device class/block $san/block/sdr MAJOR=65 MINOR=16 DEVNAME=sdr DEVTYPE=disk
device class/block virtual/block/dm-0 MAJOR=253 MINOR=0 DEVNAME=dm-0 DEVTYPE=disk
attribute virtual/block/dm-0/dm/name 'vg-home'; attribute virtual/block/dm-0/dm/uuid LVM-x
device class/block pci0/0000:00:07.0/virtio2/block/vdq MAJOR=254 MINOR=0 DEVNAME=vdq DEVTYPE=disk
bus_of pci pci0/0000:00:07.0; bus_of virtio pci0/0000:00:07.0/virtio2
attribute pci0/0000:00:07.0/virtio2/block/vdq/serial '../../x'
ata=pci0/0000:00:08.0/ata3
bus_of pci pci0/0000:00:08.0
attribute $ata/ata_port/ata3/port_no 3
for target in 2:0:0 2:4:0; do
	bus_of scsi $ata/host2/target$target/$target:0
	attribute $ata/host2/target$target/$target:0/vendor 'ATA'
	attribute $ata/host2/target$target/$target:0/model 'odd'
done
# Of a vendor only, as text; then one that is longer than its page.
attribute $ata/host2/target2:0:0/2:0:0:0/vpd_pg83 '\000\203\000\017\002\000\000\005SER 1\001\003\000\100\120'
attribute $ata/host2/target2:4:0/2:4:0:0/vpd_pg83 '\000\203\000\014\001\002\000\010\000\001\002\003\004\005\006\007'
device class/block $ata/host2/target2:0:0/2:0:0:0/block/sds MAJOR=65 MINOR=32 DEVNAME=sds DEVTYPE=disk
device class/block $ata/host2/target2:4:0/2:4:0:0/block/sdt MAJOR=65 MINOR=48 DEVNAME=sdt DEVTYPE=disk
mmc=soc/mmc0/mmc0:0001
bus_of platform soc
attribute $mmc/name 'SD 16 '; attribute $mmc/serial 0x12
device class/block $mmc/block/mmcblk0 MAJOR=179 MINOR=0 DEVNAME=mmcblk0 DEVTYPE=disk
device class/block $mmc/block/mmcblk0boot0 MAJOR=179 MINOR=8 DEVNAME=mmcblk0boot0 DEVTYPE=disk
device class/block virtual/block/dm-1 MAJOR=253 MINOR=1 DEVNAME=dm-1 DEVTYPE=disk
attribute virtual/block/dm-1/dm/name 'a\\x20b\\x2fc'
device class/block virtual/block/dm-2 MAJOR=253 MINOR=2 DEVNAME=dm-2 DEVTYPE=disk
attribute virtual/block/dm-2/dm/name ..
mdev -s 2>/dev/null
is "$(links)" "disk/by-id/dm-name-.. ../../dm-2
disk/by-id/dm-name-a\\x20b\\x2fc ../../dm-1
disk/by-id/dm-name-vg-home ../../dm-0
disk/by-id/dm-uuid-LVM-x ../../dm-0
disk/by-id/mmc-SD_16_0x12 ../../mmcblk0
disk/by-id/nvme-Disk_X_77 ../../nvme0n1
disk/by-id/nvme-Disk_X_77_1 ../../nvme0n1
disk/by-id/nvme-eui.0011 ../../nvme0n1
disk/by-id/scsi-0ATA_odd_SER_1 ../../sds
disk/by-id/scsi-20001020304050607 ../../sdt
disk/by-id/scsi-35001020304050607 ../../sdr
disk/by-id/usb-Maker_Stick_2.0_S_N_1-0:3 ../../sdq
disk/by-id/usb-Maker_Stick_2.0_S_N_1-0:3-part2 ../../sdq2
disk/by-id/virtio-.._.._x ../../vdq
disk/by-id/wwn-0x5001020304050607 ../../sdr
disk/by-path/pci-0000:00:04.0-usb-0:2:1.0-scsi-0:0:0:3 ../../sdq
disk/by-path/pci-0000:00:04.0-usb-0:2:1.0-scsi-0:0:0:3-part2 ../../sdq2
disk/by-path/pci-0000:00:05.0-nvme-1 ../../nvme0n1
disk/by-path/pci-0000:00:06.0-scsi-0:0:1:0 ../../sdr
disk/by-path/pci-0000:00:07.0 ../../vdq
disk/by-path/pci-0000:00:08.0-ata-3 ../../sdt
disk/by-path/pci-0000:00:08.0-ata-3.0 ../../sds
disk/by-path/pci-0000:00:08.0-ata-3.4.0 ../../sdt
disk/by-path/platform-soc ../../mmcblk0
disk/by-path/virtio-pci-0000:00:07.0 ../../vdq
mapper/a\\x20b\\x2fc ../dm-1
mapper/vg-home ../dm-0" "by-id and by-path from /sys, in udev's words; /dev/mapper"
is "$(mdev -s -n 2>/dev/null)" "" "a second run has nothing to do"
attribute virtual/block/dm-0/dm/name vg-root
before=$(stat -c %i "$r/dev/disk/by-id/dm-uuid-LVM-x")
event ACTION=change DEVPATH=/devices/virtual/block/dm-0 SUBSYSTEM=block DEVNAME=dm-0 DEVTYPE=disk MAJOR=253 MINOR=0 2>/dev/null
is "$(links | grep dm-0)" "disk/by-id/dm-name-vg-root ../../dm-0
disk/by-id/dm-uuid-LVM-x ../../dm-0
mapper/vg-root ../dm-0" "a change event takes the old names away"
is "$(stat -c %i "$r/dev/disk/by-id/dm-uuid-LVM-x")" "$before" "and leaves those that stay as they are"
event ACTION=remove DEVPATH=/devices/$scsi/block/sdq/sdq2 SUBSYSTEM=block DEVNAME=sdq2 DEVTYPE=partition PARTN=2 MAJOR=65 MINOR=2 2>/dev/null
is "$(links | grep -c 'sdq2$') $(links | grep -c 'sdq$')" "0 2" "a removed partition's names go, its disk's stay"
echo 'nvme0n1 0:0 600 =fast/disk' >"$r/etc/mdev.conf"
mdev -s 2>/dev/null
is "$(readlink "$r/dev/disk/by-path/pci-0000:00:05.0-nvme-1")" ../../fast/disk "names lead to where a rule has put the node"
rm "$r/dev/mapper/vg-root"; mknod "$r/dev/mapper/vg-root" b 253 0
ln -s ../../gone "$r/dev/disk/by-id/old"
mdev -s 2>/dev/null
ok "a node in /dev/mapper that libdevmapper made is left" [ -b "$r/dev/mapper/vg-root" ]
ok "a link that leads nowhere is removed" [ ! -L "$r/dev/disk/by-id/old" ]
device class/block pci0/0000:00:07.0/virtio3/block/vdr MAJOR=254 MINOR=16 DEVNAME=vdr DEVTYPE=disk
attribute pci0/0000:00:07.0/virtio3/block/vdr/serial '../../x'
fresh </dev/null
mdev -s 2>/dev/null
is "$(links | grep -c virtio-.._.._x)" 1 "of two disks with one name the first has it"
rm -rf "$r/sys/class/block/sdq" "$r/sys/class/block/sdq2" "$r/sys/class/block/sdr" "$r/sys/class/block/dm-0" "$r/sys/class/block/vdq" \
	"$r/sys/class/block/vdr" "$r/sys/class/block/nvme0n1" "$r/sys/bus/usb" "$r/sys/bus/scsi" "$r/sys/bus/virtio"
else
	skip "built without it" "names of disks"
fi

## Faults

fresh </dev/null
INITBOX_FAULT=mknod@sda mdev -s 2>"$r/err"
is "$(stat_of sda1)" "block special file 660 0:0 8:1" "one node that cannot be made leaves the others"
is "$(grep -c 'mknod sda: ' "$r/err")" 1 "and is named in one line"

mkdir "$r/none" "$r/none/sys" "$r/none/dev" "$r/none/etc"
ln -s "$r/sys" "$r/none/sys/x"
is "$(mdev -s --root="$r/nowhere" 2>&1; echo $?)" "mdev-lite: $r/nowhere/sys: No such file or directory
mdev-lite: $r/nowhere/dev: No such file or directory
1" "without /sys and /dev it says so and fails"
is "$(env -i ACTION=add DEVPATH=/devices/x SUBSYSTEM=mem MAJOR=1 MINOR=3 "$box" mdev-lite --root="$r/nowhere" 2>&1 | wc -l)" 2 "so does the helper"
is "$(mdev -s --root="$r/none" 2>/dev/null; echo $?) $(ls "$r/none/dev")" "0 " "an empty /sys has no devices"
if mount -t tmpfs -o ro none "$r/none/dev" 2>/dev/null; then
	env -i ACTION=add DEVPATH=/devices/x SUBSYSTEM=mem DEVNAME=a/b MAJOR=1 MINOR=3 "$box" mdev-lite --root="$r/none" 2>"$r/err"
	is "$? $(cat "$r/err")" "0 mdev-lite: mkdir a: Read-only file system" "what a /dev that is read-only refuses is one line"
	umount "$r/none/dev"
fi
fresh <<'END'
sda 0:0 600 =a/b
sda1 0:0 600 >c
END
INITBOX_FAULT=mkdir@a=28 mdev -s 2>"$r/err"
is "$(grep -c 'mkdir a: No space left' "$r/err") $(ls "$r/dev/a" 2>&1 | wc -l) $(stat_of c)" "1 1 block special file 600 0:0 8:1" \
	"a folder that cannot be made costs its device only"
rm -r "$r/dev/a" 2>/dev/null
INITBOX_FAULT=symlink@sda1 mdev -s 2>"$r/err"; rm "$r/dev/sda1"; INITBOX_FAULT=symlink@sda1 mdev -s 2>"$r/err"
is "$(cat "$r/err" | grep -c 'symlink sda1') $(stat_of c)" "1 block special file 600 0:0 8:1" "so does a link"
chown 1:1 "$r/dev/c"; chmod 777 "$r/dev/c"
INITBOX_FAULT=chown@c mdev -s 2>"$r/err"
is "$(grep -c 'chown c' "$r/err") $(stat_of c)" "1 block special file 600 1:1 8:1" "where chown fails chmod is done"
rm -f "$r/dev/null"; mkdir "$r/dev/null"
mdev -s 2>"$r/err"
is "$(grep -c 'unlink null: Is a directory' "$r/err") $(stat_of a/b)" "1 block special file 600 0:0 8:0" "a folder in a node's place is left"
mkdir "$r/etc/conf"; mv "$r/etc/mdev.conf" "$r/etc/conf/"; mv "$r/etc/conf" "$r/etc/mdev.conf"
rm -r "$r/dev/null"
mdev -s 2>"$r/err"
is "$? $(grep -c 'mdev.conf: Is a directory' "$r/err") $(stat_of null)" "0 1 character special file 660 0:0 1:3" \
	"a mdev.conf that cannot be read is said, and nodes are made without"
rm -r "$r/etc/mdev.conf"
if [ "$(uname -m)" = x86_64 ] && command -v perl >/dev/null; then
	# A kernel without networking: a filter has socket(2) fail, EAFNOSUPPORT.
	rm -r "$r/dev"; mkdir "$r/dev"
	# shellcheck disable=SC2016
	if [ "$modules" ]; then
		mkdir -p "$r/etc/modprobe.d" "$r/sys/devices/pci/late" "$r/sys/devices/pci/later"
		echo MODALIAS=second >"$r/sys/devices/pci/late/uevent"; echo MODALIAS=third >"$r/sys/devices/pci/later/uevent"
		cat >"$r/etc/modprobe.d/x.conf" <<-'END'
		install pci:v1d2 ln -s ../../../devices/pci/late ../sys/bus/pci/devices/
		install second ln -s ../../../devices/pci/later ../sys/bus/pci/devices/
		install third echo third >done
		END
	fi
	out=$(perl -e '$f = pack("SCCL" x 4, 0x20,0,0,0, 0x15,0,1,41, 6,0,0,0x50061, 6,0,0,0x7fff0000); $p = pack("Sx6P", 4, $f);
		syscall(157, 38, 1, 0, 0, 0) == 0 && syscall(157, 22, 2, $p) == 0 or die; exec @ARGV' "$box" mdev-lite --root="$r" -s 2>&1)
	is "$(echo "$out" | grep -c netlink) $(stat_of sda)" "1 block special file 660 0:0 8:0" "without netlink a coldplug walks, and says so"
	if [ "$modules" ]; then is "$(cat "$r/dev/done")" third "again and again, for what modules bring"; fi
	rm -rf "$r/etc/modprobe.d" "$r/sys/bus/pci/devices/late" "$r/sys/bus/pci/devices/later"
fi

## --check and --test

if [ "$check" ]; then
fresh <<'END'
ACTION=add;@8,1-3 0:0 660 !
@8,0 0:0 660 =b/x *a b
$MODALIAS=pci:.* 0:0 660 $c
.* 0:0 660 >d
END
is "$(mdev --check "$r/etc/mdev.conf"; echo $?)" "1: ACTION has add, number 8:1 to 8:3: owner 0:0, mode 0660, no node
2: number 8:0 to 8:0: owner 0:0, mode 0660, moved to b/x, on any action run a b
3: MODALIAS is pci:.*: owner 0:0, mode 0660, on remove run c
4: name is .*: owner 0:0, mode 0660, moved, with a link, to d
0" "--check explains every kind of rule"
is "$(mdev --check "$r/etc/nowhere" 2>&1; echo $?)" "mdev-lite: $r/etc/nowhere: No such file or directory
1" "--check of no file"
is "$(mdev --test class/block/nowhere 2>&1; echo $?)" "mdev-lite: class/block/nowhere: No such file or directory
1" "--test of no device"
is "$(mdev --test /sys/bus/pci/devices/0000:00:01.0 2>/dev/null | grep rule)" \
	"# rule of line 3: MODALIAS is pci:.*: owner 0:0, mode 0660, on remove run c" "--test shows the first rule only"
fresh <<'END'
sd[ 0:0 660
sda nobody 660
-SUBSYSTEM=block;sd.* root:disk 640 =disks/%0 @echo
END
out=$(mdev --check "$r/etc/mdev.conf" 2>&1)
is "$?" 1 "--check fails where a line is bad"
is "$out" "mdev-lite: $r/etc/mdev.conf:2: unknown user or group
mdev-lite: $r/etc/mdev.conf:1: bad regular expression
3: SUBSYSTEM has block, name is sd.*: owner 0:6, mode 0640, moved to disks/%0, on add run echo; later rules too" \
	"and says what is wrong, and what the others mean"
mdev -s >/dev/null 2>&1
is "$(stat_of disks/sda)" "block special file 640 0:6 8:0" "bad lines leave the others working"
is "$(mdev --test /sys/class/block/sda 2>/dev/null | grep -v '^# [A-Z]')" \
	"# rule of line 3: SUBSYSTEM has block, name is sd.*: owner 0:6, mode 0640, moved to disks/%0, on add run echo; later rules too
/bin/sh -c echo" "--test names the rule and what is left to do"
{ printf 'a 0:0 660\nb\0 0:0 660\nc 0:0 6\\\n60\n\0\n'; yes '#' | head -n 400000; printf 'd 0:0 660\n\0'; } >"$r/etc/mdev.conf"
is "$(timeout 5 "$box" mdev-lite --check "$r/etc/mdev.conf" 2>&1 | sed 's/.*conf:/bad /' | sort | tr '\n' ' ')" \
	"1: name is a: owner 0:0, mode 0660 3: name is c: owner 0:0, mode 0660 400006: name is d: owner 0:0, mode 0660 bad 2: has a NUL byte bad 400007: has a NUL byte bad 5: has a NUL byte " \
	"lines with a NUL byte are said, and 400,000 lines without one take no time"
fi

## Daemon: events of this network namespace's lo, by the kernel

umount "$r/sys" 2>/dev/null
mv "$r/sys" "$r/made-up"; mkdir "$r/sys"
if ! has --root="$r" -n -f; then
	skip "built without it" "the daemon"
elif mount -t sysfs sysfs "$r/sys" 2>/dev/null && (echo change >"$r/sys/class/net/lo/uevent") 2>/dev/null; then
	lo=$r/sys/class/net/lo/uevent
	until_in() {	# TEXT FILE
		n=0
		until grep -q "$1" "$2" 2>/dev/null; do n=$((n + 1)); [ $n -lt 100 ] || return 1; sleep 0.05; done
	}
	fresh <<-'END'
	-SUBSYSTEM=net;lo 0:0 660 *echo "$ACTION $MDEV $INTERFACE $SYNTH_ARG_N" >>events
	END
	"$box" mdev-lite --root="$r" -f 2>"$r/err" &
	pid=$!
	ok "the daemon begins with a coldplug" until_in "add lo" "$r/dev/events"
	echo "change 11111111-1111-1111-1111-111111111111 N=1" >"$lo"
	ok "it hears the kernel" until_in "change lo lo 1" "$r/dev/events"
	# shellcheck disable=SC2016
	perl -e 'socket(S, 16, 3, 15); bind(S, pack("SSLL", 16, 0, 0, 0));
		send(S, "change\@/devices/virtual/net/lo\0ACTION=change\0DEVPATH=/devices/virtual/net/lo\0" .
			"SUBSYSTEM=net\0INTERFACE=forged\0", 0, pack("SSLL", 16, 0, 0, 1)) or print "# no send: $!\n"'
	i=2
	while [ $i -le 200 ]; do echo "change 11111111-1111-1111-1111-111111111111 N=$i"; i=$((i + 1)); done |
		while read -r line; do echo "$line" >"$lo"; done
	ok "and each of a burst" until_in "change lo lo 200" "$r/dev/events"
	is "$(grep -c '^change lo lo [0-9]' "$r/dev/events")" 200 "in order, none lost or doubled"
	ok "but nobody else" not grep -q forged "$r/dev/events"
	echo 'lo 0:0 660 *echo new >>events' >"$r/etc/mdev.conf"
	kill -HUP $pid; sleep 0.1
	echo change >"$lo"
	ok "SIGHUP makes it read mdev.conf again" until_in new "$r/dev/events"
	: >"$r/dev/events"
	rm "$r/etc/mdev.conf"; mkdir "$r/etc/mdev.conf"
	kill -HUP $pid
	ok "one that cannot be read is said" until_in 'mdev.conf: Is a directory' "$r/err"
	echo change >"$lo"
	ok "and the old rules stay" until_in new "$r/dev/events"
	rmdir "$r/etc/mdev.conf"; echo 'lo 0:0 666' >"$r/etc/mdev.conf"
	rss=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")
	if [ "${SANITIZED:-}" ]; then
		skip "a sanitizer needs memory of its own" "its resident size is below 1 MB"
	else
		ok "its resident size is $rss kB, below 1 MB" [ "$rss" -lt 1024 ]
	fi
	kill $pid; wait $pid
	is $? 0 "SIGTERM ends it at once, with 0"
	like "$(cat "$r/err")" 'refused 1 device names and [1-9][0-9]* messages' "what it refused is counted, and said at its end"
	if [ "$modules" ]; then
		# Commands in a module's place stop or end the worker that runs them, as many as there are.
		mkdir -p "$r/etc/modprobe.d" "$r/etc/modules-load.d"
		fresh <<-'END'
		-SUBSYSTEM=net;lo 0:0 660 *echo "$ACTION $SYNTH_ARG_N" >>events
		END
		i=$(($(nproc) + 1))
		[ "$i" -lt 8 ] || i=8
		{
			while [ "$i" -gt 0 ]; do echo "hang$i"; i=$((i - 1)); done
			printf '%s\n' crash quick
		} >"$r/etc/modules-load.d/all.conf"
		printf 'a\000b\nfrom_b\n' >"$r/etc/modules-load.d/b.conf"
		mkdir -p "$r/run/modules-load.d"
		echo hidden >"$r/run/modules-load.d/b.conf"; echo from_run >"$r/run/modules-load.d/c.conf"
		# shellcheck disable=SC2016
		sed -n 's,^hang.*,install & echo & >>hangs; kill -STOP "$PPID",p' "$r/etc/modules-load.d/all.conf" >"$r/etc/modprobe.d/x.conf"
		cat >>"$r/etc/modprobe.d/x.conf" <<-'END'
		install slow sleep 20
		install hidden echo hidden >>done
		install from_run echo from_run >>done
		install crash kill -KILL "$PPID"
		install quick echo "$MODPROBE_MODULE" >>done
		install from_b echo from_b >>done; exit 3
		END
		"$box" mdev-lite --root="$r" -f -v --timeout=1 2>"$r/err" &
		pid=$!
		mkdir "$r/slow" "$r/slow/dev" "$r/slow/etc" "$r/slow/sys"
		echo 'x 0:0 660 @sleep 19.87 & wait' >"$r/slow/etc/mdev.conf"
		env -i ACTION=add DEVPATH=/devices/x SUBSYSTEM=mem MAJOR=1 MINOR=3 "$box" mdev-lite --root="$r/slow" --timeout=1 2>"$r/slow/err" &
		slow=$!
		mkdir "$r/stuck" "$r/stuck/dev" "$r/stuck/etc" "$r/stuck/sys"
		echo 'x 0:0 660 @echo $$ >pid; exec sleep 9' >"$r/stuck/etc/mdev.conf"
		INITBOX_FAULT=kill ACTION=add DEVPATH=/devices/x SUBSYSTEM=mem MAJOR=1 MINOR=3 timeout 7 "$box" mdev-lite --root="$r/stuck" --timeout=1 \
			2>"$r/stuck/err" &
		stuck=$!
		env -i ACTION=add DEVPATH=/devices/y MODALIAS=slow "$box" mdev-lite --root="$r" --timeout=1 2>"$r/slow/out" &
		slower=$!
		until_in hang1 "$r/dev/hangs"
		ok "and has no more of them" [ ! -e "$r/dev/done" ]
		echo "add 11111111-1111-1111-1111-111111111111 N=8" >"$lo"
		echo "change 11111111-1111-1111-1111-111111111111 N=9" >"$lo"
		ok "a daemon all of whose workers hang hears events" until_in "change 9" "$r/dev/events"
		ok "and gets new ones" until_in from_run "$r/dev/done"
		until_in 'modules not loaded' "$r/err"
		is "$(sed -n 's/.*modules not loaded: //p' "$r/err" | tr -d '\n' | sed 's/, /\n/g' | sort | sed '/^hang[2-9]/d')" \
			"crash (its init ended the process that loaded it)
from_b (its command failed)
hang1 (not done after 1 s)" "what hangs, ends its process or fails is said"
		wait $slow $slower
		is "$(grep 'not loaded' "$r/slow/out")" "mdev-lite: modules not loaded: slow (not done after 1 s)" "so is a command in a module's place that does not end"
		like "$(cat "$r/slow/err")" 'mdev.conf:1: killed after 1 s: sleep 19.87' "so is a rule's command that does not end"
		wait $stuck
		is $? 0 "nobody waits for one that cannot be killed"
		kill "$(cat "$r/stuck/dev/pid")"
		is "$(grep -lzs '^19\.87$' /proc/[0-9]*/cmdline)" "" "whose children are killed with it"
		is "$(sort "$r/dev/done" | tr '\n' ' ')" "from_b from_run quick " "the rest is loaded; a list of /etc hides one of the same name in /run"
		like "$(cat "$r/err")" 'b.conf:1: has a NUL byte' "a NUL byte in a list is said with its line"
		# shellcheck disable=SC2046
		kill -CONT $(cat "/proc/$pid/task/$pid/children")
		sleep 0.1
		echo change >"$lo"
		ok "one that answers after all is heard" until_in "loaded hang1" "$r/err"
		echo "add 11111111-1111-1111-1111-111111111111 N=10" >"$lo"
		ok "an add is heard again once the coldplug is over" until_in 'add 10' "$r/dev/events"
		ok "but not before" not grep -q 'add 8' "$r/dev/events"
		kill $pid; wait $pid
		rm -r "$r/etc/modprobe.d" "$r/etc/modules-load.d"
	fi
	# Without CAP_NET_ADMIN its buffer is small: stopped, it soon loses messages.
	if command -v setpriv >/dev/null; then
		fresh <<-'END'
		ACTION=add|remove;SUBSYSTEM=net;.* 0:0 660 *echo "$ACTION $MDEV" >>events
		END
		setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$box" mdev-lite --root="$r" -f 2>"$r/err" &
		pid=$!
		until_in "add lo" "$r/dev/events"
		kill -STOP $pid
		n=0
		until awk '$2 == 15 && $4 == "00000001" && $9 { found = 1 } END { exit !found }' /proc/net/netlink || [ $n = 60 ]; do
			i=0 n=$((n + 1))
			while [ $i -lt 1000 ]; do echo change >"$lo"; i=$((i + 1)); done
		done
		mkdir "$r/other" "$r/other/dev" "$r/other/etc"
		ln -s "$r/sys" "$r/other/sys"
		echo 'lo 0:0 660 =lo9' >"$r/other/etc/mdev.conf"
		"$box" mdev-lite --root="$r/other" -s 2>/dev/null
		kill -CONT $pid
		ok "lost events lead to a look at all devices" until_in "events were lost" "$r/err"
		ok "what has gone is removed" until_in "remove lo" "$r/dev/events"
		ok "what has come is added" until_in "add lo9" "$r/dev/events"
		kill $pid; wait $pid
		echo 'lo9 0:0 660 =lo' >"$r/other/etc/mdev.conf"
		"$box" mdev-lite --root="$r/other" -s 2>/dev/null
	else
		skip "no setpriv" "lost events lead to a look at all devices"
	fi

	for option in --ready-fd=99 --ready-fd=x --ready-fd= --ready-fd=-1 --timeout=0 --timeout=1x --timeout=4000; do
		out=$("$box" mdev-lite --root="$r" -f $option 2>&1)
		echo "$? $option ${out%% (*}"
	done >"$r/out"
	is "$(cat "$r/out")" "2 --ready-fd=99 mdev-lite: 99: no open descriptor
2 --ready-fd=x mdev-lite: x: no open descriptor
2 --ready-fd= mdev-lite: : no open descriptor
2 --ready-fd=-1 mdev-lite: -1: no open descriptor
2 --timeout=0 mdev-lite: 0: not 1 to 3600 seconds
2 --timeout=1x mdev-lite: 1x: not 1 to 3600 seconds
2 --timeout=4000 mdev-lite: 4000: not 1 to 3600 seconds" "--ready-fd of nothing that is open, and bad seconds, are usage errors"
	: >"$r/etc/mdev.conf"
	("$box" mdev-lite --root="$r" -d --pid-file="$r/pid" --ready-fd=3 3>&1 >/dev/null 2>&1; echo "$(wc -l <"$r/pid") pid") |
		timeout 10 cat >"$r/ready"
	is "$? $(tr '\n' ' ' <"$r/ready")" "0  1 pid " \
		"--ready-fd brings a line, then its end; the pid file is there when -d returns"
	ok "--pid-file has the pid of the daemon in the background" grep -q mdev-lite "/proc/$(cat "$r/pid")/cmdline"
	pid=$(cat "$r/pid")
	kill -STOP "$pid"
	"$box" mdev-lite --root="$r" -d --pid-file="$r/pid" 2>/dev/null
	kill "$pid"; kill -CONT "$pid"
	n=0
	while [ -e "/proc/$pid/exe" ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.02; done
	ok "a second one's pid file outlives the first" test -s "$r/pid" -a ! -e "/proc/$pid/exe"
	pid=$(cat "$r/pid")
	kill "$pid"
	n=0
	while [ -e "$r/pid" ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.02; done
	ok "its own it takes along" [ ! -e "$r/pid" ]
	fresh <<-'END'
	lo 0:0 660 =renamed9
	END
	event ACTION=change DEVPATH=/devices/virtual/net/lo SUBSYSTEM=net INTERFACE=lo 2>/dev/null
	ok "an interface is not renamed when it changes" [ -e "$r/sys/class/net/lo" ]
	mdev -s 2>/dev/null
	ok "an interface is renamed by =" [ -e "$r/sys/class/net/renamed9" ]
else
	skip "no sysfs in a network namespace" "the daemon hears the kernel"
fi
done_testing

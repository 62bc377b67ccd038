#!/bin/sh
# SPDX-License-Identifier: MIT
# copyroot.t - copyroot as /init of a real kernel: each root, each mode, little memory; then runc, crun and bwrap work
. tests/vm/lib.sh
. tests/treetool.sh

INITBOX=${INITBOX:-${O:-.}/initbox}
"$INITBOX" --list | grep -qx /init || skip_all "copyroot is not built in as /init"
need_treetool

# Guests whose /init is copyroot; /sbin/init runs the checks. With a script for /init, from stdin, that runs first.
image() {
	machine busybox
	modules "${1:-none}"
	mkdir -p "$root/data" "$root/mnt" "$root/run"
	mknod -m 666 "$root/dev/null" c 1 3
	mknod -m 666 "$root/dev/zero" c 1 5
	cp "$INITBOX" "$root/bin/initbox"
	cp "$treetool" "$root/bin/treetool"
	rm -f "$root/init"
	ln -s bin/initbox "$root/init"
	ln -s ../bin/initbox "$root/sbin/copyroot"
	put /sbin/init 755 <<-'END'
	#!/bin/sh
	export PATH=/bin:/sbin
	[ ! -e /cg/limited ] || echo max >/cg/limited/memory.max
	[ ! -e /cg/one ] || read -r peak </cg/one/memory.peak	# before anything else is run
	mkdir -p /run/seen
	mount -t tmpfs seen /run/seen
	echo "$peak" >/run/seen/peak
	[ -e /proc/self ] || { : >/run/seen/no-proc; mount -t proc proc /proc; }
	cat /proc/meminfo >/run/seen/meminfo
	grep -v ' /run/seen ' /proc/mounts >/run/seen/mounts
	echo "$INITBOX_COPYROOT" >/run/seen/env
	echo "$@" >/run/seen/args
	for pid in $(pidof copyroot); do ls -l /proc/$pid/fd; done >/run/seen/child
	[ -c /dev/ttyS0 ] || mount -t devtmpfs dev /dev
	sh /test/run
	poweroff -f
	sleep 60
	END
}

first() {
	rm -f "$root/init"
	{ echo '#!/bin/sh'; echo 'export PATH=/bin:/sbin'; cat; } | put /init 755
}

# The checks of a guest, from stdin, after what all have in common.
checks() {
	cat >"$tmp/common" <<-'END'
	mode() { cut -d ' ' -f 1 /run/seen/env; }
	# /proc/mounts as INIT finds it: the root, and what was mounted before, each once.
	tidy() {
		is "$(sed 's/ rw.*/ rw/' /run/seen/mounts | grep -v '^proc /proc ' | sort | tr '\n' ';')" "$1" "/proc/mounts is tidy: $1"
	}
	pivots() { mkdir -p /run/new && mount -t tmpfs new /run/new && treetool pivot /run/new && umount /run/new; }
	ok "pivot_root works" pivots
	# Page cache that is no tmpfs: pages of the old ramfs, beside those of the kernel's own start.
	other_cache() { awk '$1 == "Cached:" { c = $2 } $1 == "Shmem:" { s = $2 } END { print c - s }' /run/seen/meminfo; }
	same() { diff "$1" "$2" >/run/seen/diff || { head -n 10 /run/seen/diff; return 1; }; }
	# The tree that /init listed, and the contents that it should have.
	whole() {
		mount -o remount,noatime /
		treetool list /nasty >/run/seen/after
		ok "types, modes, owners, times, links, holes, devices and attributes of $(wc -l </run/seen/after) entries are the same" \
			same /nasty.before /run/seen/after
		(cd /nasty && treetool contents . | xargs -0 sha256sum) >/run/seen/contents
		ok "and so are the contents of $(wc -l </run/seen/contents) files" same /nasty.contents /run/seen/contents
	}
	END
	cat "$tmp/common" - >"$tmp/checks"
	guest <"$tmp/checks"
}

# What /init does before copyroot: a tree with one of everything. Its contents are read from a twin, since reading a hole
# of a ramfs fills it.
nasty='mount -o remount,noatime /
mount -t tmpfs -o noatime twin /mnt && treetool nasty /mnt/nasty $xattrs && cd /mnt/nasty
treetool contents . | xargs -0 sha256sum >/nasty.contents
cd / && umount /mnt
treetool nasty /nasty $xattrs
treetool list /nasty >/nasty.before'

## Debian's container runtimes, for guests that are to run them

runtimes_tree() {
	scripts/unpack-deb "$tmp/runtimes" runc crun bubblewrap libc6 libseccomp2 libcap2 libsystemd0 libyajl2 libgcrypt20 \
		libgpg-error0 liblzma5 liblz4-1 libzstd1 libselinux1 libpcre2-8-0 >&2 || return
	mkdir -p "$tmp/lib"
	find "$tmp/runtimes" -type f -o -type l | grep -E '\.so\.[^/]*$' | grep -Ev '/gconv/|/audit/' | while read -r f; do cp -L "$f" "$tmp/lib/"; done
	cp "$(find "$tmp/runtimes" -name 'ld-linux-x86-64.so.2' | head -n 1)" "$tmp/lib/"
}
with_runtimes() {
	[ "${have_runtimes:-}" ] || skip_all "no packages of runc, crun and bubblewrap"
	mkdir -p "$root/lib64" "$root/lib/x86_64-linux-gnu" "$root/bundle/rootfs/bin" "$root/bundle/rootfs/proc" "$root/bundle/rootfs/dev"
	for name in runc crun bwrap; do cp "$(find "$tmp/runtimes" -name $name -type f -path '*bin*' | head -n 1)" "$root/bin/"; done
	for name in runc crun bwrap; do
		objdump -p "$root/bin/$name"
		objdump -p "$tmp"/lib/*
	done 2>/dev/null | sed -n 's/^ *NEEDED *//p' | sort -u | while read -r lib; do
		[ ! -e "$tmp/lib/$lib" ] || cp "$tmp/lib/$lib" "$root/lib/x86_64-linux-gnu/"
	done
	cp "$tmp/lib/ld-linux-x86-64.so.2" "$root/lib64/"
	cp "$root/bin/busybox" "$root/bundle/rootfs/bin/"
	ln -s busybox "$root/bundle/rootfs/bin/sh"
}
have_runtimes=''
if runtimes_tree; then have_runtimes=y; fi

# In the guest
runtimes='
mount -t sysfs sys /sys 2>/dev/null; mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /run/bundle && cp -a /bundle/. /run/bundle && cd /run/bundle
runc spec
sed -i "s/\"terminal\": true/\"terminal\": false/; s/\"sh\"/\"sh\", \"-c\", \"echo pid \$\$ in \$(busybox hostname), \$(busybox ls \/)\"/" config.json
# bwrap and crun leave lines of their own; the last one counts.
container() { "$@" </dev/null 2>&1 | tail -n 4 | tr "\n" " "; }
like "$(container runc run box)" "^pid 1 in runc, bin dev proc sys" "runc runs a container"
like "$(container crun run box2)" "pid 1 in runc, bin dev proc sys" "crun runs a container"
like "$(container bwrap --ro-bind /bundle/rootfs / --proc /proc --dev /dev --unshare-all --hostname b /bin/sh -c "echo pid \$\$ in \$(busybox hostname), \$(busybox ls /)")" \
	"^pid [12] in b, bin dev proc" "bubblewrap runs a program"
cd /
'

## rootfs is a tmpfs: nothing is copied; and a second copyroot finds that there is nothing to do, as on a kernel whose root
## is over a "nullfs"
image
with_runtimes
head -c 20000000 /dev/zero >"$root/data/file"
first <<'END'
[ $$ != 1 ] || [ "$SECOND" ] || { SECOND=y; export SECOND; exec copyroot "$0" "$@"; }
mount -t proc proc /proc
echo "$INITBOX_COPYROOT" >/first-env
exec copyroot /sbin/init "$@"
END
checks <<END
is "\$(mode)" none "where pivot_root works nothing is done: \$(cat /run/seen/env)"
is "\$(cut -d ' ' -f 1 /first-env)" bind "before, a tmpfs is not copied but bound: \$(cat /first-env)"
is "\$(stat -c %s /data/file)" 20000000 "the files are there"
is "\$(cat /run/seen/args)" "single extra" "INIT gets the kernel's arguments"
like "\$(cat /run/seen/env)" '^none [0-9]+ [0-9]+\$' "INIT can tell when and how long"
tidy 'rootfs / rootfs rw;'
$runtimes
END
boot -t 200 -n -m 400 -a 'rootfstype=tmpfs single extra'
ended poweroff "tmpfs: ended by power-off"

## rootfs is a ramfs: the files move
image
with_runtimes
first <<END
mount -t proc proc /proc
mount -t tmpfs run /run
mkdir /run/seen
echo kept >/run/kept
$nasty
treetool files 1 3000000 /data
treetool map /data/folder0/file0 /run/stop >/run/map.out &
sleep 1000 </bin/busybox &
while [ ! -s /run/map.out ]; do sleep 0.1; done
exec copyroot /sbin/init given words
END
checks <<END
is "\$(mode)" tmpfs "a ramfs is moved to a tmpfs: \$(cat /run/seen/env)"
is "\$(cat /run/kept)" kept "what was mounted below is still mounted"
tidy 'rootfs / tmpfs rw;run /run tmpfs rw;'
whole
is "\$(cat /run/seen/args)" "given words" "INIT gets its arguments"
ok "who runs and reads a file that moves can go on" cmp "/proc/\$(pidof sleep | cut -d ' ' -f 1)/fd/0" /bin/busybox
kill "\$(pidof treetool)"; sleep 0.2
is "\$(cat /run/map.out | tr '\n' ' ')" "mapped same " "a mapped file is still there for who maps it"
ok "the old root's files take no memory (\$(other_cache) kB of other page cache, 3,000 of them mapped)" test "\$(other_cache)" -lt 8000
like "\$(cat /run/seen/mounts)" '^rootfs / tmpfs .*size=' "the new root has a limit"
$runtimes
END
boot -t 200 -n -m 400 -a 'rootfstype=ramfs'
console_has 'copyroot: tmpfs: [0-9]+ files, [0-9]+ MB' "the console says what was done"
ended poweroff "ramfs: ended by power-off"

## The same from a tmpfs, with extended attributes, asked for on the kernel's command line
image
first <<END
mount -t proc proc /proc
xattrs=xattrs
$nasty
treetool files 3000 100 /data
treetool files 1 5000000 /data/large
exec copyroot --mode=none --size=50m --free=early
END
checks <<'END'
like "$(cat /run/seen/child)" 'pipe:' "copyroot.free= wins over --free=: a child stays"
unlike "$(cat /run/seen/child)" '/dev/' "it holds no console"
n=0; while pidof copyroot >/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
is "$(pidof copyroot)" '' "and ends by itself"
used=0; for at in / /run/seen /dev; do used=$((used + $(stat -f -c '(%b - %f) * %S / 1024' $at))); done
shmem=$(sed -n 's/^Shmem: *\([0-9]*\) kB/\1/p' /proc/meminfo)
large=$(sed -n 's/^ShmemHugePages: *\([0-9]*\) kB/\1/p' /run/seen/meminfo)
ok "a file of 5 MB is in large pages as far as it fills them ($large KB)" test "$large" -ge 4096
ok "and it is what it was" treetool check /data/large/folder0/file0
ok "after that no old file takes memory ($shmem KB of tmpfs, $used of them in use)" test "$shmem" -lt $((used + 500))
is "$(mode)" tmpfs "copyroot.mode= wins over --mode="
like "$(cat /run/seen/mounts)" '^rootfs / tmpfs .*size=102400k' "copyroot.size= is the limit, over --size="
whole
like "$(grep -c security.capability= /run/seen/after)" '^1$' "file capabilities are among it"
END
boot -t 200 -n -m 256 -a 'rootfstype=tmpfs copyroot.mode=tmpfs copyroot.size=100m copyroot.free=late'
ended poweroff "tmpfs to tmpfs: ended by power-off"

## So little memory that only the bind is left, whatever was asked for
image
first <<END
mount -t proc proc /proc
$nasty
left() { sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo; }
while [ \$(left) -gt 8000 ]; do dd if=/dev/zero bs=64k count=8 2>/dev/null >>/data/fill; done
exec copyroot
END
checks <<'END'
is "$(mode)" bind "what is left now is not enough to move $(du -m /data/fill | cut -f 1) MB"
rm /data/fill
whole
END
boot -t 200 -n -m 192 -a 'rootfstype=ramfs copyroot.free=late'
console_has 'copyroot: too little memory to free the old files late' "too little memory to have all twice: said"
console_has 'copyroot: too little memory: [0-9]+ MB' "and too little to move it: said"
ended poweroff "little memory: ended by power-off"

## Memory ends in the middle, as no plan can know: a limit on PID 1's control group makes tmpfs fail with ENOMEM
image
first <<END
mount -t proc proc /proc
mkdir /cg && mount -t cgroup2 cgroup2 /cg && echo +memory >/cg/cgroup.subtree_control
mkdir /cg/limited && echo \$\$ >/cg/limited/cgroup.procs
$nasty
treetool files 3 4000000 /zdata
sleep 1000 </zdata/folder0/file1 &	# has to stay whole until the switch
cat /zdata/folder0/file1 >/dev/null
exec 5<>/zdata/folder0/file2
echo \$((\$(cat /cg/limited/memory.current) + 2500000)) >/cg/limited/memory.max
exec copyroot
END
checks <<'END'
is "$(mode)" bind "when memory ends in the middle it is the bind"
whole
like "$(cat /cg/limited/memory.events | tr '\n' ' ')" 'max [1-9]' "the kernel had no more"
END
boot -t 200 -n -m 400 -a 'rootfstype=ramfs'
console_has 'copyroot: .*: Cannot allocate memory|copyroot: .*: Out of memory' "the failure is named"
console_has 'copyroot: moving all back' "all moves back"
console_lacks 'Kernel panic' "without a panic"
ended poweroff "no more memory: ended by power-off"

## A file larger than half of the memory, and how much more than itself moving takes, as the kernel counts it: what the
## control group had at most. Slow time (one instruction, 32 ns) makes it a copy of several seconds, which shows progress.
image
first <<'END'
mount -t proc proc /proc
mkdir /cg && mount -t cgroup2 cgroup2 /cg && echo +memory >/cg/cgroup.subtree_control
mkdir /cg/one && echo $$ >/cg/one/cgroup.procs
treetool files 1 125829120 /data
# What the kernel unpacked is nobody's; its copies are the group's, though no more than before.
echo $((($(du -skx / | cut -f 1) - $(du -sk /data | cut -f 1)) * 1024)) >/data/rest
cat /cg/one/memory.peak /cg/one/memory.current >/data/before
exec copyroot
END
checks <<'END'
is "$(mode)" tmpfs "120 MB move within 220 MB: $(cat /run/seen/env)"
ok "and are what they were" treetool check /data/folder0/file0
peak=$(cat /run/seen/peak)
before=$(($(tail -n 1 /data/before) + $(cat /data/rest)))
ok "one file of 120 MB takes $(((peak - before) / 1024)) KB more at the peak ($(cat /data/before | tr '\n' ' '), then $peak)" \
	test $((peak - before)) -le $((2 << 20))

# Exactly, by a copyroot in namespaces, all of whose files belong to a group of its own.
cat >/run/seen/move <<'MOVE'
echo $$ >/cg/$1/cgroup.procs
mount -t ramfs new /new && mkdir /new/sbin && cp /bin/initbox /new/sbin/copyroot && cp /bin/treetool /new/sbin/
treetool files $2 $3 /new/data
cat /cg/$1/memory.peak /cg/$1/memory.current >/run/seen/before
exec chroot /new /sbin/copyroot --mode=tmpfs /sbin/treetool contents /data
MOVE
# peak GROUP COUNT BYTES SAYS MOST
peak() {
	mkdir -p /cg/$1 /new
	unshare -mpf sh /run/seen/move $1 $2 $3 >/run/seen/out 2>&1
	like "$(cat /run/seen/out)" "copyroot: tmpfs: $4" "$2 times $3 bytes move"
	before=$(tail -n 1 /run/seen/before) most=$(cat /cg/$1/memory.peak)
	ok "they take $(((most - before) / 1024)) KB more at the peak ($(cat /run/seen/before | tr '\n' ' '), then $most)" test $((most - before)) -le $5
}
rm -rf /data
peak many 100 1048576 '10[0-9] files, 10[0-9] MB' $((1 << 20))
peak one-large 1 104857600 '[0-9] files, 10[0-9] MB' $((2 << 20))
END
boot -t 200 -n -m 220 -a 'rootfstype=ramfs copyroot.free=late' -- -icount shift=5,sleep=off
console_has 'copyroot: too little memory to free the old files late' "a wish that does not fit in the memory is not granted, and said"
console_has 'copyroot: [0-9]+ files, [0-9]+ MB, [0-9]+ MB/s' "a line each second tells files, MB and MB/s"
ended poweroff "large file: ended by power-off"

## overlay: the module is loaded first; the image is out of reach
image overlay
with_runtimes
first <<'END'
mount -t proc proc /proc
sleep 1000 &		# its working directory is the image
echo $! >/sleeper
umount /proc
exec copyroot --size=20m
END
checks <<END
is "\$(mode)" overlay "the root is an overlay: \$(cat /run/seen/env)"
like "\$(cat /proc/modules)" '^overlay ' "its module is loaded"
is "\$(stat -f -c %t /)" 794c7630 "the file system's type is overlay's"
tidy 'overlay / overlay rw;'
ok "it can be written to" sh -c 'echo new >/data/new && echo more >>/bin/initbox && rm /test/tap.sh'
image=/proc/\$(cat /sleeper)/cwd
ok "the image stays as it came" sh -c "[ ! -e \$image/data/new ] && [ -e \$image/test/tap.sh ] && ! cmp -s \$image/bin/initbox /bin/initbox"
ok "changes have a limit" sh -c '! head -c 25000000 /dev/zero >/data/much 2>/dev/null; [ \$(stat -c %s /data/much) -gt 15000000 ]'
rm /data/much
$runtimes
END
boot -t 200 -n -m 400 -a 'rootfstype=tmpfs copyroot.mode=overlay copyroot.size=lots'
console_has 'copyroot: lots: no size' "copyroot.size= that makes no sense: said, and --size= is taken"
ended poweroff "overlay: ended by power-off"

## --move-api
image
first <<'END'
rm -rf /proc /sys
exec copyroot --mode=bind --move-api
END
checks <<'END'
tidy 'devpts /dev/pts devpts rw;devtmpfs /dev devtmpfs rw;rootfs / rootfs rw;sysfs /sys sysfs rw;'
like "$(cat /run/seen/mounts)" '^proc /proc proc rw,nosuid,nodev,noexec' "/proc is mounted"
ok "by copyroot" test ! -e /run/seen/no-proc
END
boot -t 200 -n -m 256 -a 'rootfstype=ramfs'
ended poweroff "--move-api: ended by power-off"

## No INIT at all: never a panic
image
rm "$root/sbin/init"
put /sbin/init 644 <<'END'
END
first <<'END'
cp /bin/busybox /bin/busybox2
/bin/busybox2 sh -c 'sleep 2; /bin/busybox2 poweroff -f' &
rm /bin/sh /bin/init /init
exec copyroot
END
boot -t 200 -n -m 256 -a 'rootfstype=tmpfs copyroot.mode=quick copyroot.size=lots copyroot.free=soon'
console_has 'copyroot: quick: no such mode' "a word that makes no sense is named: copyroot.mode="
console_has 'copyroot: lots: no size' "copyroot.size="
console_has 'copyroot: copyroot.free=soon: neither early nor late' "copyroot.free="
console_has 'copyroot: bind: ' "and the default is taken"
console_has 'copyroot: /sbin/init: Permission denied' "an INIT that cannot be executed is named"
console_has 'nothing to run' "and PID 1 stays"
console_lacks 'Kernel panic' "without a panic"
ended poweroff "no INIT: ended by power-off"

done_testing

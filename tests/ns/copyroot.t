#!/bin/sh
# SPDX-License-Identifier: MIT
# copyroot.t - copyroot in namespaces: a root that holds one of everything, before and after, with each call made to fail
#
# copyroot runs as PID 1 of a new PID namespace in a chroot that is a ramfs or a tmpfs, as in an initramfs.
. tests/tap.sh
. tests/treetool.sh
[ "$(id -u)" = 0 ] || skip_all "needs root for its namespaces"
unshare -mpf true 2>/dev/null || skip_all "no namespaces here"
[ -x "$INITBOX" ] || skip_all "no binary: $INITBOX"
"$INITBOX" --list | grep -q /copyroot || skip_all "copyroot is not built in"
scripts/need busybox:busybox-static >&2 || skip_all "no busybox"
need_treetool
export treetool
tmpdir
mkdir -p "$tmp/mnt" "$tmp/view"

## One of everything, made in the folder that is the first argument
cat >"$tmp/fill" <<'END'
set -e
cd "$1"
umask 022
xattrs=''
mkdir bin dev proc run sbin tmp host
cp "$(command -v busybox)" bin/busybox
for n in sh mount umount chroot mkdir cat echo sleep ls; do ln -s busybox bin/$n; done
echo plain >bin/plain
cp "$INITBOX" bin/initbox
ln -s bin/initbox init
ln -s ../bin/initbox sbin/copyroot
[ "$2" != tmpfs ] || xattrs=xattrs
"$treetool" nasty nasty $xattrs
"$treetool" files 500 100 many
find bin init dev proc run sbin many -depth -exec touch -h -d '2001-02-03 04:05:06.987654321' {} +
touch -d '2038-01-20 01:02:03.999999999' tmp .
END

## What there is in the folder that is the first argument. What runs has new access times.
cat >"$tmp/manifest" <<'END'
"$treetool" list "$1" | grep -Eav '^(bin|host)[/ ]'
END
cat >"$tmp/contents" <<'END'
cd "$1" && "$treetool" contents . | grep -zv '^bin/' | xargs -0r sha256sum
END

## A run: fill a root of this type, list it, switch with these options, list it again
cat >"$tmp/enter" <<'END'
mount --make-rprivate /
fill() { mount -t "$TYPE" -o noatime root "$T/mnt" && eval "$FILL"; }
# Reading a hole of a ramfs fills it: contents are read from another tree than the one that is moved.
[ -e "$T/contents0" ] || { fill && sh "$T/contents" "$T/mnt" >"$T/contents0" && umount "$T/mnt"; }
fill
sh "$T/manifest" "$T/mnt" >"$T/before"
cat "$T/contents0" >>"$T/before"
mount --bind / "$T/mnt/host"
below=$(stat -c %m "$T")	# where temporary files are, the root is not always
[ "$below" = / ] || mount --bind "$below" "$T/mnt/host$below"
eval "$PREPARE"
cat >"$T/init" <<'INIT'
eval "$FIRST"
mount --bind / /host$T/view
chroot /host sh -c 'mount -o remount,bind,noatime $T/view; { sh $T/manifest $T/view; sh $T/contents $T/view; } >$T/after; mount --make-private / 2>/dev/null; :'
cat /host/proc/self/mountinfo >/dev/null
umount /host$T/view
eval "$CHECK"
chroot /host sh -c ': >$T/done'
INIT
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
cd /
exec chroot "$T/mnt" /sbin/copyroot $OPTIONS /bin/sh -c '. /host$T/init' word
END
# run TYPE OPTIONS; with KEEP the tree is known to be the same as the time before
KEEP=''
run() {
	[ "$KEEP" ] || rm -f "$tmp/contents0"
	rm -f "$tmp/before" "$tmp/after" "$tmp/done" "$tmp/env"
	TYPE=$1 OPTIONS=$2 T=$tmp FILL=${FILL:-"sh $tmp/fill $tmp/mnt $1"} PREPARE=${PREPARE:-} CHECK=${CHECK:-} FIRST=${FIRST:-} \
		timeout 60 unshare -mpf --kill-child sh "$tmp/enter" >"$tmp/output" 2>&1 </dev/null
}
output() { cat "$tmp/output"; }
same() { ok "$1" differ; }
differ() { diff "$tmp/before" "$tmp/after" >"$tmp/diff" || { head -n 30 "$tmp/diff"; return 1; }; }
finished() { ok "$1" test -e "$tmp/done"; }

## Every mode on both kinds of root
for type in ramfs tmpfs; do
	for mode in tmpfs bind overlay none; do
		if [ $mode = overlay ] && ! grep -q overlay /proc/filesystems; then skip "no overlayfs here" "overlay"; continue; fi
		# A 0:0 device hides what is below it in an overlay.
		[ $mode != overlay ] || FILL="sh $tmp/fill $tmp/mnt $type; rm $tmp/mnt/nasty/kinds/whiteout; touch -d @0 $tmp/mnt/nasty/kinds"
		run $type --mode=$mode
		finished "$type, $mode: INIT runs"
		same "$type, $mode: each file, link, hole, time, owner, mode and attribute is what it was"
		like "$(output)" "copyroot: $mode: [0-9]+ files" "$type, $mode: says so"
		FILL=''
	done
done

## 100,000 files, and files that somebody maps and nobody has open
FILL='mkdir "$T/mnt/host" "$T/mnt/sbin" "$T/mnt/proc" "$T/mnt/bin"; cp "$INITBOX" "$T/mnt/sbin/copyroot"
	cp "$(command -v busybox)" "$T/mnt/bin/busybox"; for n in sh mount umount chroot cat sleep; do ln -s busybox "$T/mnt/bin/$n"; done
	[ "$TYPE" = ramfs ] || "$treetool" files 100000 1 "$T/mnt/many"
	"$treetool" files 4 3000000 "$T/mnt/large"; touch -d @9 "$T/mnt" "$T/mnt/sbin" "$T/mnt/sbin/copyroot" "$T/mnt/proc"'
PREPARE='( "$treetool" map "$T/mnt/large/folder0/file1" "$T/after"; echo $? >"$T/mapped" ) >"$T/map" 2>&1 & while [ ! -s "$T/map" ]; do sleep 0.01; done'
CHECK='while [ ! -s /host$T/mapped ]; do sleep 0.01; done'
for type in ramfs tmpfs; do
	run $type --mode=tmpfs
	finished "$type, a mapped file${type#ramfs}: INIT runs"
	same "$type: all is what it was"
	is "$(cat "$tmp/mapped")" 0 "$type: a file that is mapped can be read by who mapped it"
	rm -f "$tmp/mapped" "$tmp/map"
done
like "$(output)" 'copyroot: tmpfs: 10000[0-9] files' "100,000 files"
PREPARE='' CHECK='' FILL=''

## Mounts below move along, stacked ones in their order, and each is there once
PREPARE='mount -t tmpfs one "$T/mnt/run"; mkdir "$T/mnt/run/in"; mount -t tmpfs two "$T/mnt/run/in"
	mount -t tmpfs lower "$T/mnt/tmp"; echo lower >"$T/mnt/tmp/which"; mount -t tmpfs upper "$T/mnt/tmp"; echo upper >"$T/mnt/tmp/which"
	echo hidden >"$T/mnt/hidden"; mount --bind "$T/mnt/bin/plain" "$T/mnt/hidden"; mount -t proc proc "$T/mnt/proc"'
CHECK='exec >/host$T/seen; cat /proc/self/mounts; cat /tmp/which /hidden; umount /tmp; cat /tmp/which; umount /hidden; cat /hidden'
for mode in tmpfs bind; do
	run ramfs --mode=$mode
	finished "$mode, mounts below: INIT runs"
	seen=$(cat "$tmp/seen")
	for word in one two upper lower; do
		is "$(echo "$seen" | grep -c "^$word ")" 1 "$mode: $word is mounted once"
	done
	is "$(echo "$seen" | grep -c ' / ')" 1 "$mode: one root in /proc/mounts"
	is "$(echo "$seen" | tail -n 4 | tr '\n' ' ')" "upper plain lower hidden " "$mode: stacked mounts keep their order, hidden files stay"
done
PREPARE='' CHECK=''

## Options, on a small tree
cat >"$tmp/small" <<'END'
cd "$1"
mkdir bin dev proc host sbin d e tmp
cp "$(command -v busybox)" bin/busybox
for n in sh mount umount chroot mkdir cat; do ln -s busybox bin/$n; done
cp "$INITBOX" sbin/copyroot
echo plain >d/plain; ln d/plain d/hard; ln d/plain e/harder
mkdir d/sub; chmod 2775 d/sub; echo suid >d/sub/suid; chown 1:2 d/sub/suid; chmod 4755 d/sub/suid
seq 300000 | head -c 1500000 >d/big; ln d/big e/big
seq 300000 | head -c 1400000 >e/large
truncate -s 3M e/sparse; echo end >>e/sparse
ln -s d/plain link; chown -h 4:4 link; mknod node c 1 3; chown 5:5 node; mkfifo fifo; ln fifo fifo2
find . -exec touch -h -d '2020-02-02 02:02:02.020202020' {} +
if [ "$2" != ramfs ]; then "$treetool" acl acl && touch -d @5 .; fi
END
small='sh $T/small $T/mnt $TYPE'
FILL=$small
run tmpfs "--mode=tmpfs --keep --verbose"
finished "--keep: INIT runs"
same "--keep: all is there"
like "$(output)" '[0-9]+ files, [0-9]+ folders, [0-9]+ others: [0-9]+ MB' "--verbose: the plan"
run ramfs "--mode=tmpfs --size=1m"
same "--size too small: all is there"
like "$(output)" '[0-9]+ MB do not fit in 1 MB' "--size too small: said"
like "$(output)" 'copyroot: bind:' "--size too small: bind instead"
CHECK='cat /proc/mounts >/host$T/seen'
run ramfs "--mode=tmpfs --size=64m --move-api"
like "$(cat "$tmp/seen")" '^rootfs / tmpfs rw.*size=65536k' "--size: the limit"
like "$(cat "$tmp/seen")" ' /proc proc rw,nosuid,nodev,noexec' "--move-api: /proc"
CHECK=''

# The old root stays in view from outside, on the host's mounts.
PREPARE='mkdir -p "$T/old"; mount --bind "$T/mnt" "$T/mnt/host$T/old"'
cat >"$tmp/left-soon" <<'END'
left() { find "$1" ! -type d | wc -l; }
n=0; while [ "$(left "$1")" != 0 ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
left "$1" >"${0%/*}/left"
END
CHECK='chroot /host sh $T/left-soon $T/old'
for how in ramfs tmpfs ramfs,fork; do	# without a child they go before
	rm -f "$tmp/left"
	INITBOX_FAULT=${how#*fs,} run ${how%,*} "--mode=tmpfs --free=late"
	same "$how, --free=late: all is there"
	is "$(cat "$tmp/left")" 0 "$how, --free=late: the old files go"
done
# Whoever cannot remove anything can still move everything, and the old root is what it was.
CHECK='sleep 0.2; chroot /host sh -c "mount -o remount,bind,noatime $T/old; sh $T/manifest $T/old" >/host$T/old.after'
for fault in unlink truncate; do
	INITBOX_FAULT=$fault run ramfs "--mode=tmpfs --free=late"
	like "$(output)" 'copyroot: tmpfs: [0-9]+ files' "--free=late, no $fault: the files move"
	[ $fault = truncate ] || ok "--free=late, no $fault: nothing of the old root was touched" \
		sh -c "cd '$tmp' && grep -Ev '^[0-9a-f]{64}' before | diff - old.after"
done
CHECK=''
PREPARE=''
ok "a size that is none: 2" sh -c "'$INITBOX' copyroot --size=lots 2>/dev/null; [ \$? = 2 ]"
ok "--free without a time: 2" sh -c "'$INITBOX' copyroot --free=soon 2>/dev/null; [ \$? = 2 ]"

# Large pages, where the kernel has them, and chunks: a failure with the second piece.
FILL="$small; seq 900000 | head -c 5300000 >\$T/mnt/e/huge; touch -d @7 \$T/mnt/e"
for how in early late; do
	for fault in none copy@huge#2=12; do
		INITBOX_FAULT=$fault run ramfs "--mode=tmpfs --free=$how"
		finished "$how, a file of 5 MB, $fault: INIT runs"
		ok "$how, a file of 5 MB, $fault: all is what it was" sh -c "cd '$tmp' && for list in before after; do sed 's, blocks=[0-9]*,,' \$list >\$list.2; done; diff before.2 after.2"
	done
	like "$(output)" 'copyroot: bind' "$how: the failure was one"
done
INITBOX_FAULT=fsmount#1=22 run ramfs "--mode=tmpfs --free=late"
like "$(output)" 'copyroot: tmpfs: [0-9]+ files' "a kernel that has no large pages: the files move"
FILL=$small

run ramfs "--mode=tmpfs --dry-run"
like "$(output)" '^mount -t tmpfs -o .*size=' "--dry-run: prints the new root"
like "$(output)" '^exec /bin/sh' "--dry-run: prints what would run"
like "$(output)" '[0-9]+ files, [0-9]+ folders, [0-9]+ others: [0-9]+ MB' "--dry-run: the plan with its sizes"
ok "--dry-run: nothing ran" test ! -e "$tmp/done"
cat >"$tmp/dry" <<'END'
mount -t ramfs -o noatime root "$T/mnt" && sh "$T/small" "$T/mnt" ramfs && sh "$T/manifest" "$T/mnt" >"$T/before"
for mode in tmpfs bind overlay; do chroot "$T/mnt" /sbin/copyroot --mode=$mode --dry-run || exit; done
sh "$T/manifest" "$T/mnt" >"$T/after"
END
TYPE=ramfs T=$tmp unshare -m sh "$tmp/dry" >"$tmp/output" 2>&1
same "--dry-run: and nothing changed, in any mode"
like "$(output)" '^mount -t overlay -o .*lowerdir=/' "--dry-run: the overlay"
unlike "$(output)" 'does not work' "--dry-run: of which all would be made"
is "$(timeout 5 "$INITBOX" copyroot --mode=bind echo ran 2>/dev/null)" '' "INIT without a slash is not looked for"
like "$(timeout 5 "$INITBOX" copyroot --mode=bind /bin/echo ran 2>&1)" 'not PID 1' "only PID 1 changes the root"
like "$(timeout 5 "$INITBOX" copyroot /bin/echo ran 2>&1)" '^ran' "a root that needs nothing: INIT runs at once"
ok "INIT that is not there: 127" sh -c "'$INITBOX' copyroot /no/such 2>/dev/null; [ \$? = 127 ]"
ok "INIT that cannot be run: 126" sh -c "'$INITBOX' copyroot /etc/passwd 2>/dev/null; [ \$? = 126 ]"
ok "an unknown mode: 2" sh -c "'$INITBOX' copyroot --mode=x 2>/dev/null; [ \$? = 2 ]"
ok "an unknown option: 2" sh -c "'$INITBOX' copyroot --x 2>/dev/null; [ \$? = 2 ]"

## What is mounted on files and nested folders: all moves, and what is below comes to light again
PREPARE='mkdir -p "$T/mnt/a/b/c" "$T/old"; mount -t tmpfs nested "$T/mnt/a/b/c"; echo nested >"$T/mnt/a/b/c/which"
	head -c 600000 /dev/zero >"$T/mnt/below"; mount -t tmpfs upper "$T/mnt/tmp"; echo over >"$T/mnt/tmp/over"
	mount --bind "$T/mnt/tmp/over" "$T/mnt/below"; mount --bind "$T/mnt" "$T/mnt/host$T/old"'
CHECK='cat /below /a/b/c/which >/host$T/seen; umount /below; busybox md5sum </below >>/host$T/seen; chroot /host sh $T/left-soon $T/old'
whole="over nested $(head -c 600000 /dev/zero | md5sum) "
for how in early late; do
	rm -f "$tmp/left"
	run ramfs "--mode=tmpfs --free=$how"
	like "$(output)" 'copyroot: tmpfs: [0-9]+ files' "$how, a mount on a nested folder, another on a file: they move"
	is "$(cat "$tmp/seen" | tr '\n' ' ')" "$whole" "$how: mounts and what is below them"
	is "$(cat "$tmp/left")" 0 "$how: nothing is left of the old root"
done
CHECK=${CHECK%; chroot*}
INITBOX_FAULT=copy@large=28 run ramfs --mode=tmpfs
like "$(output)" 'copyroot: bind' "a failure beside them: all moves back"
is "$(cat "$tmp/seen" | tr '\n' ' ')" "$whole" "and is whole"

## A part of the root that is mounted elsewhere too would lose its files: bind
PREPARE='mkdir "$T/mnt/view"; mount --bind "$T/mnt/d" "$T/mnt/view"' CHECK='ls /view >/host$T/seen'
run ramfs --mode=tmpfs
like "$(output)" 'copyroot: /d is on /view too' "a part of the root that is mounted elsewhere too: said"
is "$(tr '\n' ' ' <"$tmp/seen")" "big hard plain sub " "and its files are there"

## A loop device reads its file to the end, though no process has that open
loop=''
if loop=$(losetup -f 2>/dev/null) && [ -b "$loop" ]; then
	PREPARE='seq 200000 | head -c 1048576 >"$T/mnt/disk"; losetup -r "$LOOP" "$T/mnt/disk"; mount --bind /dev "$T/mnt/host/dev"'
	CHECK='chroot /host sh -c "blockdev --flushbufs $LOOP; md5sum <$LOOP >$T/seen"'
	LOOP=$loop run ramfs --mode=tmpfs
	losetup -d "$loop"
	like "$(output)" 'copyroot: tmpfs: [0-9]+ files' "the file of a loop device moves"
	is "$(cat "$tmp/seen")" "$(seq 200000 | head -c 1048576 | md5sum)" "and the device has its contents"
else
	skip "no loop device here" "the file of a loop device"
fi

## Flags that chattr(1) sets hold a file where it is
PREPARE='mkdir -p "$T/old"; echo kept >"$T/mnt/d/immutable"; chattr +i "$T/mnt/d/immutable"; mount --bind "$T/mnt" "$T/mnt/host$T/old"'
CHECK='chroot /host lsattr $T/old/d/immutable >/host$T/seen; chroot /host chattr -i $T/old/d/immutable'
mkdir -p "$tmp/flags" && mount -t tmpfs flags "$tmp/flags" && : >"$tmp/flags/file"
if chattr +i "$tmp/flags/file" 2>/dev/null; then
	chattr -i "$tmp/flags/file"
	for how in early late; do
		run tmpfs "--mode=tmpfs --free=$how"
		like "$(output)" 'copyroot: immutable cannot be moved: Operation not permitted' "$how, an immutable file: said"
		like "$(cat "$tmp/seen")" '^----i' "$how: and it stays one"
	done
else
	skip "no chattr, or a kernel whose tmpfs has no flags (before Linux 6.1)" "an immutable file"
fi
umount "$tmp/flags"

## Holes of any size: none is read through
PREPARE='truncate -s 1T "$T/mnt/e/empty"; [ $TYPE = ramfs ] || head -c 400000 /dev/zero >"$T/mnt/e/disk"
	truncate -s 8T "$T/mnt/e/disk"; echo end >>"$T/mnt/e/disk"'
CHECK='{ busybox tail -c 4 /e/disk; busybox stat -c "%s %n" /e/empty /e/disk; [ $TYPE = ramfs ] || busybox stat -c %b /e/disk; } >/host$T/seen'
began=$(date +%s)
run tmpfs --mode=tmpfs
like "$(output)" 'copyroot: tmpfs: [0-9]+ files' "tmpfs: 8 TB with data at both ends, and 1 TB without any, move"
is "$(tr '\n' ' ' <"$tmp/seen")" "end 1099511627776 /e/empty 8796093022212 /e/disk 792 " "they are what they were"
run ramfs --mode=tmpfs
like "$(output)" 'copyroot: disk cannot be moved: File too large' "ramfs: a hole that would take many seconds to look through: said, and bind"
is "$(tr '\n' ' ' <"$tmp/seen")" "end 1099511627776 /e/empty 8796093022212 /e/disk " "and all is there"
ok "neither takes many seconds ($(($(date +%s) - began)))" test $(($(date +%s) - began)) -le 20

## A tmpfs that is full in the middle, really: the plan cannot see a link that is not below the root, and counts half of the file
FILL='mkdir "$T/mnt/inner" && cd "$T/mnt/inner" && sh "$T/small" . $TYPE && seq 2000000 | head -c 6000000 >e/twin && ln e/twin ../twin &&
	touch -d @7 e e/twin && cd "$T" && mount --bind "$T/mnt/inner" "$T/mnt"' PREPARE='' CHECK=''
for type in ramfs tmpfs; do
	run $type "--mode=tmpfs --size=9m"
	like "$(output)" 'copyroot: copy .*: No space left on device' "$type: the new root is full in the middle"
	like "$(output)" 'copyroot: moving all back' "$type: all moves back"
	finished "$type: INIT runs"
	ok "$type: and has every file" sh -c "cd '$tmp' && for list in before after; do sed 's, blocks=[0-9]*,,' \$list >\$list.2; done; diff before.2 after.2"
done
# A file in use is not cut, so it goes by a pipe, and what was in that is not for the next file.
FILL="$FILL"' && seq 300000 | head -c 900000 >"$T/mnt/e/last" && ln "$T/mnt/e/last" "$T/mnt/e/last2" &&
	seq 2000000 | head -c 10000000 >>"$T/mnt/e/twin" && touch -d @7 "$T/mnt/e/twin" && touch -d @7 "$T/mnt/e"'
PREPARE='sleep 50 <"$T/mnt/e/twin" >/dev/null 2>&1 &'
run ramfs "--mode=tmpfs --size=15m"
like "$(output)" 'copyroot: twin cannot be moved: No space left on device' "full within a file that is in use"
ok "which is for none that goes back" sh -c "cd '$tmp' && for list in before after; do sed 's, blocks=[0-9]*,,' \$list >\$list.2; done; diff before.2 after.2"
FILL=$small PREPARE=''

## Everybody is told to end while the old files are being freed: the child ends, and nothing is lost
FILL="$small; \"\$treetool\" files 30000 1 \"\$T/mnt/many\"; touch -d @7 \"\$T/mnt\""
PREPARE='mkdir -p "$T/old"; mount --bind "$T/mnt" "$T/mnt/host$T/old"'
FIRST='kill -TERM -1; n=0; while kill -0 -1 2>&- && [ $n -lt 500 ]; do n=$((n + 1)); chroot /host sleep 0.01; done
	echo $n >/host$T/waited; chroot /host sh -c "find $T/old ! -type d | wc -l" >/host$T/left'
run ramfs "--mode=tmpfs --free=late"
same "TERM to all, the old files half freed: all is there"
ok "they were half freed: $(cat "$tmp/left") files are left" test "$(cat "$tmp/left")" -gt 0
ok "who frees them ended at once ($(cat "$tmp/waited") times 10 ms)" test "$(cat "$tmp/waited")" -lt 100
FIRST='' PREPARE='' FILL=$small

## Run by hand on a machine that runs: nothing changes
cat >"$tmp/hand" <<'END'
mount --make-rprivate /
umount -l /proc
cat /proc/self/mountinfo 2>/dev/null | wc -l >"$T/none"
mount -t proc proc /proc
cat /proc/self/mountinfo >"$T/before"; umask >>"$T/before"
for options in "--mode=bind --move-api" "--mode=tmpfs --move-api --keep" "--mode=overlay --size=1m" --dry-run "--dry-run --mode=bind --move-api" \
	"--dry-run --mode=overlay" "--dry-run --mode=tmpfs --free=late"; do
	umount /dev/pts 2>/dev/null; cat /proc/self/mountinfo >"$T/before"; umask >>"$T/before"
	"$INITBOX" copyroot $options /bin/sh -c 'cat /proc/self/mountinfo >"$T/after"; umask >>"$T/after"' || echo "$options: $?"
	[ "${options#--dry}" = "$options" ] || { cat /proc/self/mountinfo >"$T/after"; umask >>"$T/after"; }
	cmp "$T/before" "$T/after" || diff "$T/before" "$T/after"
done
END
T=$tmp unshare -m sh "$tmp/hand" >"$tmp/output" 2>&1
is "$(grep -Ec '^[0-9<>]|differ|: [0-9]+$' "$tmp/output")" 0 "run by hand, it changes nothing, dry or not: $(grep -E '^[0-9<>]|differ|: [0-9]+$' "$tmp/output" | head -n 3)"
is "$(grep -c 'not PID 1: the root stays as it is' "$tmp/output")" 3 "and says so where something was asked for"

## A mode that the build fixed
build() { env -i PATH="$PATH" make -s --no-print-directory O="$tmp/fixed" "$@"; }
if build allnoconfig >"$tmp/build" 2>&1 && sed -i '/COPYROOT\|_STATIC/d' "$tmp/fixed/.config" &&
	printf 'CONFIG_%s\n' STATIC=y COPYROOT=y COPYROOT_TMPFS=y COPYROOT_FREE_LATE=y FAULT_INJECTION=y 'COPYROOT_MODE="tmpfs"' COPYROOT_MODE_FIXED=y >>"$tmp/fixed/.config" &&
	build >>"$tmp/build" 2>&1; then
	with=$INITBOX INITBOX=$tmp/fixed/initbox
	INITBOX_FAULT=unlink run tmpfs --mode=none	# early would not do then
	like "$(output)" 'copyroot: tmpfs: [0-9]+ files' "COPYROOT_MODE_FIXED: no option wins over it; COPYROOT_FREE_LATE: the default"
	INITBOX=$with
else
	fail "COPYROOT_MODE_FIXED: a build" "$(tail -n 5 "$tmp/build")"
fi

## Each call made to fail in turn: INIT runs and every file is there
# Which bytes are holes may differ after a failure, when a file has come back.
sed 's/$/ | sed "s, blocks=[0-9]*,,"/' "$tmp/manifest" >"$tmp/manifest2" && mv "$tmp/manifest2" "$tmp/manifest"
# Hundreds of times: made once, and copied.
for type in ramfs tmpfs; do mkdir -p "$tmp/made/$type" && (treetool=$treetool sh "$tmp/small" "$tmp/made/$type" $type); done
FILL='cp -a --sparse=always "$T/made/$TYPE/." "$T/mnt/"' PREPARE='mount -t tmpfs mounted "$T/mnt/tmp"; : >"$T/mnt/tmp/there"' CHECK='cat /tmp/there'
# each TYPE MODE [OPERATION]: the Nth call (of that kind) for every N until there are no more
each() {
	n=0 bad='' KEEP=''
	while :; do
		n=$((n + 1))
		INITBOX_FAULT=${3:+$3#}$n run "$1" "--mode=$2"
		KEEP=y
		if [ ! -e "$tmp/done" ] || ! cmp -s "$tmp/before" "$tmp/after"; then
			bad="$bad $n"
			diag "call $n: $(grep copyroot "$tmp/output" | head -n 12) $(diff "$tmp/before" "$tmp/after" 2>&1 | head -n 8)"
		fi
		grep -Eq 'I/O error|Input/output error' "$tmp/output" || break
		[ "$n" -lt 400 ] || break
	done
	is "$bad" '' "$1, $2: each of $((n - 1)) calls${3:+ of $3} fails once, and INIT runs with every file"
}
each ramfs tmpfs
each ramfs "tmpfs --free=late"
each tmpfs tmpfs setxattr
each tmpfs bind
if grep -q overlay /proc/filesystems; then each ramfs overlay; else skip "no overlayfs here" "overlay: each call"; fi
# One kind of call fails each time it is made; contents and names must be there, whatever the rest is.
KEEP=''
for fault in fsmount=38 open_tree=38 move_mount chroot create=28 copy=28 copy@large=28 truncate copy@big#2=12 unlink link \
	symlink mknod mkdir@d=28 touch chown chmod rename; do
	INITBOX_FAULT=$fault run ramfs --mode=tmpfs
	KEEP=y
	for list in before after; do grep -aE '^[0-9a-f]{64}' "$tmp/$list" >"$tmp/$list.contents"; cut -d ' ' -f 1 "$tmp/$list" | sort >"$tmp/$list.names"; done
	ok "$fault for ever: INIT runs, every file is there" sh -c "cd '$tmp' && test -e done && ! comm -23 before.names after.names | grep . && diff before.contents after.contents"
done
KEEP=''
INITBOX_FAULT=setxattr=28 run tmpfs --mode=tmpfs
ok "setxattr for ever: INIT runs" test -e "$tmp/done"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# copyroot.t - copyroot in namespaces: a root that holds one of everything, before and after, with each call made to fail
#
# copyroot runs as PID 1 of a new PID namespace in a chroot that is a ramfs or a tmpfs, as in an initramfs.
. tests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "needs root for its namespaces"
unshare -mpf true 2>/dev/null || skip_all "no namespaces here"
[ -x "$INITBOX" ] || skip_all "no binary: $INITBOX"
"$INITBOX" --list | grep -q /copyroot || skip_all "copyroot is not built in"
scripts/need setfattr:attr busybox:busybox-static >&2 || skip_all "no setfattr or no busybox"
tmpdir
mkdir -p "$tmp/mnt" "$tmp/view"

## One of everything, made in the folder that is the first argument
cat >"$tmp/fill" <<'END'
set -e
cd "$1"
umask 022
mkdir bin dev proc run sbin tmp host empty nasty
cp "$(command -v busybox)" bin/busybox
for n in sh mount umount chroot mkdir cat echo sleep ls; do ln -s busybox bin/$n; done
cp "$INITBOX" bin/initbox
ln -s bin/initbox init
ln -s ../bin/initbox sbin/copyroot
cd nasty
echo plain >plain
: >nothing
echo bits >suid; chown 12:34 suid; chmod 6755 suid
echo none >mode0; chmod 0 mode0
mkdir sticky sgid deep
chmod 1777 sticky
chown 0:42 sgid; chmod 2775 sgid; echo in >sgid/file; chown 0:0 sgid/file; mkdir sgid/folder; chown 0:0 sgid/folder; chmod 755 sgid/folder
ln -s 'no where' dangling; chown -h 5:6 dangling
ln -s "$(printf '%0300d' 7)" long-link
mkfifo -m 622 fifo
mknod -m 620 char c 5 1; chown 3:5 char
mknod -m 660 block b 259 1048575
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1) or die'
printf 'x' >'new
line'
printf 'y' >"$(printf '\377\001 tab\t\\')"
echo .hidden >.hidden; echo ... >...
ln plain hard1; ln plain sticky/hard2
bytes() { seq 2000000 | head -c "$1"; }
bytes 700000 >linked; for n in 1 2 3; do ln linked linked$n; done
ln dangling dangling2; ln char char2; ln fifo sticky/fifo2
bytes 3788800 >big
bytes 1048576 >chunk
# Holes at the start, in the middle, at the end; more than a chunk; nothing but a hole.
bytes 8192 | dd of=sparse bs=4k seek=9 status=none; truncate -s 50M sparse
bytes 1228800 | dd of=sparse2 bs=4k seek=5 status=none
bytes 12288 | dd of=sparse2 bs=4k seek=9000 conv=notrunc status=none
truncate -s 40M sparse2
truncate -s 20M hole
printf 'tail' >odd; truncate -s 10001 odd
(i=0; while [ $i -lt 200 ]; do mkdir "level-$i"; cd -P "level-$i"; i=$((i + 1)); done; echo deep >bottom) 
mkdir many; (cd many; seq 500 | while read -r n; do echo "$n" >"$n"; done)
if [ "$2" = tmpfs ]; then
	setfattr -n trusted.t -v one plain
	setfattr -n security.capability -v 0x0100000202000000000000000000000000000000 suid
	setfattr -n security.s -v label sticky
	setfattr -n trusted.empty linked
	setfattr -n trusted.large -v "0x$(printf '%04000d' 0)" big
	setfattr -h -n trusted.link -v l dangling
	setfattr -n trusted.node -v n char
	setfattr -n user.u -v user plain 2>/dev/null || :
	setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff02000400070000000400040000000000100006000000000020000400ffffffff many/1 2>/dev/null || :
fi
cd ..
find . -depth -exec touch -h -a -d '1999-12-31 23:59:59.123456789' {} +
find . -depth -exec touch -h -m -d '2001-02-03 04:05:06.987654321' {} +
touch -m -d '1970-01-01 00:00:00.000000001 UTC' nasty/plain empty
touch -d '2038-01-20 01:02:03.999999999' nasty/deep tmp .
END

## What there is in the folder that is the first argument. Directories and links have sizes of the file system's own.
cat >"$tmp/manifest" <<'END'
cd "$1"
export LC_ALL=C
list() { find . \( -path ./bin -o -path ./host \) -prune -o "$@" -print0 | sort -z; }
list ! -type d | xargs -0r stat --printf '%n|%F|%a|%u:%g|%h|%t:%T|%x|%y\n'
list -type d | xargs -0r stat --printf '%n|%F|%a|%u:%g|%x|%y\n'
list -type f | xargs -0r stat --printf '%n|%s bytes|%b blocks\n'
list -type f | xargs -0r sha256sum
list -type l | xargs -0r -n 1 readlink
list ! -type d -links +1 -printf '' | xargs -0r stat --printf '%i|%n\n' | sort | awk -F '|' '$1 != last { last = $1; n = $2 } { print $2 " is " n }' | sort
list | xargs -0r getfattr -h -d -m - -e hex --absolute-names 2>/dev/null
END

## A run: fill a root of this type, list it, switch with these options, list it again
cat >"$tmp/enter" <<'END'
mount --make-rprivate /
fill() { mount -t "$TYPE" -o noatime root "$T/mnt" && eval "$FILL"; }
# Reading a hole of a ramfs fills it: the tree that was listed is not the one that is moved.
[ -e "$T/before" ] || { fill && sh "$T/manifest" "$T/mnt" >"$T/before" && umount "$T/mnt"; }
fill
mount --bind / "$T/mnt/host"
below=$(stat -c %m "$T")	# where temporary files are, the root is not always
[ "$below" = / ] || mount --bind "$below" "$T/mnt/host$below"
eval "$PREPARE"
cat >"$T/init" <<'INIT'
mount --bind / /host$T/view
chroot /host sh -c 'mount -o remount,bind,noatime $T/view; sh $T/manifest $T/view >$T/after; mount --make-private / 2>/dev/null; :'
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
	[ "$KEEP" ] || rm -f "$tmp/before"
	rm -f "$tmp/after" "$tmp/done" "$tmp/env"
	TYPE=$1 OPTIONS=$2 T=$tmp FILL=${FILL:-"sh $tmp/fill $tmp/mnt $1"} PREPARE=${PREPARE:-} CHECK=${CHECK:-} \
		timeout 60 unshare -mpf --kill-child sh "$tmp/enter" >"$tmp/output" 2>&1 </dev/null
}
output() { cat "$tmp/output"; }
same() { ok "$1" differ; }
differ() { diff "$tmp/before" "$tmp/after" >"$tmp/diff" || { head -n 30 "$tmp/diff"; return 1; }; }
finished() { ok "$1" test -e "$tmp/done"; }

for type in ramfs tmpfs; do
	run $type --mode=tmpfs
	finished "$type to tmpfs: INIT runs"
	same "$type to tmpfs: each file, link, hole, time, owner, mode and attribute is what it was"
	like "$(output)" 'copyroot: tmpfs: [0-9]+ files' "$type to tmpfs: says so"
done
for mode in bind overlay none; do
	if [ $mode = overlay ] && ! grep -q overlay /proc/filesystems; then skip "no overlayfs here" "overlay"; continue; fi
	run tmpfs --mode=$mode
	finished "$mode: INIT runs"
	same "$mode: all is what it was"
	like "$(output)" "copyroot: $mode:" "$mode: says so"
done

## Mounts below move along, stacked ones in their order, and each is there once
PREPARE='mount -t tmpfs one "$T/mnt/run"; mkdir "$T/mnt/run/in"; mount -t tmpfs two "$T/mnt/run/in"
	mount -t tmpfs lower "$T/mnt/tmp"; echo lower >"$T/mnt/tmp/which"; mount -t tmpfs upper "$T/mnt/tmp"; echo upper >"$T/mnt/tmp/which"
	echo hidden >"$T/mnt/hidden"; mount --bind "$T/mnt/nasty/plain" "$T/mnt/hidden"; mount -t proc proc "$T/mnt/proc"'
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
[ "$2" = ramfs ] || setfattr -n trusted.x -v y d/plain
find . -exec touch -h -d '2020-02-02 02:02:02.020202020' {} +
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
run ramfs "--mode=tmpfs --dry-run"
like "$(output)" '^mount -t tmpfs -o .*size=' "--dry-run: prints the new root"
like "$(output)" '^exec /bin/sh' "--dry-run: prints what would run"
ok "--dry-run: nothing ran" test ! -e "$tmp/done"
is "$(timeout 5 "$INITBOX" copyroot --mode=bind echo ran 2>/dev/null)" '' "INIT without a slash is not looked for"
like "$(timeout 5 "$INITBOX" copyroot --mode=bind /bin/echo ran 2>&1)" 'not PID 1' "only PID 1 changes the root"
like "$(timeout 5 "$INITBOX" copyroot /bin/echo ran 2>&1)" '^ran' "a root that needs nothing: INIT runs at once"
ok "INIT that is not there: 127" sh -c "'$INITBOX' copyroot /no/such 2>/dev/null; [ \$? = 127 ]"
ok "INIT that cannot be run: 126" sh -c "'$INITBOX' copyroot /etc/passwd 2>/dev/null; [ \$? = 126 ]"
ok "an unknown mode: 2" sh -c "'$INITBOX' copyroot --mode=x 2>/dev/null; [ \$? = 2 ]"
ok "an unknown option: 2" sh -c "'$INITBOX' copyroot --x 2>/dev/null; [ \$? = 2 ]"

## Each call made to fail in turn: INIT runs and every file is there
# Which bytes are holes may differ after a failure, when a file has come back.
sed 's/ %b blocks//' "$tmp/manifest" >"$tmp/manifest2" && mv "$tmp/manifest2" "$tmp/manifest"
FILL='sh $T/small $T/mnt $TYPE' PREPARE='mount -t tmpfs mounted "$T/mnt/tmp"; : >"$T/mnt/tmp/there"' CHECK='cat /tmp/there'
# each TYPE MODE: the Nth call for every N until there are no more
each() {
	n=0 bad='' KEEP=''
	while :; do
		n=$((n + 1))
		INITBOX_FAULT=$n run "$1" "--mode=$2"
		KEEP=y
		if [ ! -e "$tmp/done" ] || ! cmp -s "$tmp/before" "$tmp/after"; then
			bad="$bad $n"
			diag "call $n: $(grep copyroot "$tmp/output" | head -n 12) $(diff "$tmp/before" "$tmp/after" 2>&1 | head -n 8)"
		fi
		grep -Eq 'I/O error|Input/output error' "$tmp/output" || break
		[ "$n" -lt 400 ] || break
	done
	is "$bad" '' "$1, $2: each of $((n - 1)) calls fails once, and INIT runs with every file"
}
each ramfs tmpfs
each tmpfs bind
# One kind of call fails each time it is made; contents and names must be there, whatever the rest is.
KEEP=''
for fault in fsmount=38 open_tree=38 move_mount chroot create=28 copy=28 copy@large=28 truncate copy@big#2=12 unlink link \
	symlink mknod mkdir@d=28 touch chown chmod rename; do
	INITBOX_FAULT=$fault run ramfs --mode=tmpfs
	KEEP=y
	grep -Ev '[|]| is ' "$tmp/before" >"$tmp/b" && grep -Ev '[|]| is ' "$tmp/after" >"$tmp/a"
	ok "$fault for ever: INIT runs, every file is there" sh -c "test -e '$tmp/done' && diff '$tmp/b' '$tmp/a'"
done
KEEP=''
INITBOX_FAULT=setxattr=28 run tmpfs --mode=tmpfs
ok "setxattr for ever: INIT runs" test -e "$tmp/done"
done_testing

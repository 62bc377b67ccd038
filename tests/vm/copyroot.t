#!/bin/sh
# SPDX-License-Identifier: MIT
# copyroot.t - copyroot as /init of a real kernel: each root, each mode, little memory; then pivot_root works
. tests/vm/lib.sh

INITBOX=${INITBOX:-${O:-.}/initbox}
"$INITBOX" --list | grep -qx /init || skip_all "copyroot is not built in as /init"

# Guests whose /init is copyroot; /sbin/init runs the checks.
image() {
	machine busybox
	modules "${1:-none}"
	mkdir -p "$root/data" "$root/mnt" "$root/run"
	cp "$INITBOX" "$root/bin/initbox"
	rm -f "$root/init"
	ln -s bin/initbox "$root/init"
	ln -s ../bin/initbox "$root/sbin/copyroot"
	put /sbin/init 755 <<-'END'
	#!/bin/sh
	export PATH=/bin:/sbin
	echo "$INITBOX_COPYROOT" >/copyroot-env
	echo "$@" >/copyroot-args
	[ -e /proc/self ] || mount -t proc proc /proc
	cat /proc/meminfo >/copyroot-meminfo
	cat /proc/mounts >/copyroot-mounts
	[ -c /dev/null ] || mount -t devtmpfs dev /dev
	sh /test/run
	poweroff -f
	sleep 60
	END
}

# The checks of a guest, from stdin, after what all have in common.
checks() {
	cat >"$tmp/common" <<-'END'
	pivots() {
		mkdir -p /tmp/new && mount -t tmpfs new /tmp/new && mkdir /tmp/new/old /tmp/new/bin &&
		cp /bin/busybox /tmp/new/bin && cd /tmp/new &&
		unshare -m /bin/busybox sh -c 'pivot_root . old && /bin/busybox test -e /old/sbin/init' && cd / && umount /tmp/new
	}
	mode() { cut -d ' ' -f 1 /copyroot-env; }
	ok "pivot_root works" pivots
	is "$(grep -c ' / ' /copyroot-mounts)" 1 "one root in /proc/mounts"
	# Page cache that is no tmpfs: pages of the old ramfs, beside those of the kernel's own start.
	other_cache() { awk '$1 == "Cached:" { c = $2 } $1 == "Shmem:" { s = $2 } END { print c - s }' /copyroot-meminfo; }
	END
	cat "$tmp/common" - >"$tmp/checks"
	guest <"$tmp/checks"
}

## rootfs is a tmpfs: nothing is copied
image
head -c 20000000 /dev/zero >"$root/data/file"
checks <<'END'
is "$(mode)" bind "a tmpfs is not copied"
is "$(stat -c %s /data/file)" 20000000 "the files are there"
is "$(cat /copyroot-args)" "single extra" "INIT gets the kernel's arguments"
like "$(cat /copyroot-env)" '^bind [0-9]+ [0-9]+$' "INIT can tell when and how long"
END
boot -n -m 256 -a 'rootfstype=tmpfs single extra'
ended poweroff "tmpfs: ended by power-off"

## rootfs is a ramfs: the files move, links stay links, holes stay holes, mounts move along
image
rm "$root/init"
put /init 755 <<'END'
#!/bin/sh
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t tmpfs run /run
echo kept >/run/kept
mkdir -m 2775 /data/sgid
chown 3:4 /data/sgid
yes 'three times ten' | head -c 30000000 >/data/large
for n in 1 2 3 4 5 6 7 8; do ln /data/large /data/link$n; done
dd if=/bin/busybox of=/data/sparse bs=4k count=2 seek=5000 2>/dev/null
mkfifo -m 611 /data/fifo
mknod -m 640 /data/node b 7 300
chmod 1777 /mnt
i=0; mkdir /data/deep; cd /data/deep; while [ $i -lt 200 ]; do mkdir d$i; cd d$i; i=$((i+1)); done; echo deep >end; cd /
sleep 1000 </bin/busybox &
stat -c '%n %F %a %u:%g %h %t:%T %y' /data /data/* /mnt /bin /bin/* /etc | grep -v busybox >/run/before
stat -c '%n %s %b' /data/large /data/sparse /data/fifo /data/node >>/run/before
sha256sum /data/large >/run/sum
exec copyroot /sbin/init given words
END
checks <<'END'
is "$(mode)" tmpfs "a ramfs is moved to a tmpfs"
is "$(cat /run/kept)" kept "what was mounted below is still mounted"
is "$(grep -c ' /run ' /copyroot-mounts)" 1 "and once"
stat -c '%n %F %a %u:%g %h %t:%T %y' /data /data/* /mnt /bin /bin/* /etc | grep -v busybox >/run/after
stat -c '%n %s %b' /data/large /data/sparse /data/fifo /data/node >>/run/after
ok "types, modes, owners, links, device numbers, times, sizes and blocks are what they were" diff /run/before /run/after
ok "so are contents" sha256sum -c /run/sum
is "$(cat "$(find /data/deep -name end)")" deep "200 folders deep"
is "$(cat /copyroot-args)" "given words" "INIT gets its arguments"
ok "a process that runs and reads a file that moves goes on" cmp "/proc/$(pidof sleep | cut -d ' ' -f 1)/fd/0" /bin/busybox
ok "the old root's files take no memory ($(other_cache) kB of other page cache)" test "$(other_cache)" -lt 6000
like "$(cat /copyroot-mounts)" '^rootfs / tmpfs .*size=' "the new root has a limit"
END
boot -n -m 256 -a 'rootfstype=ramfs'
console_has 'copyroot: tmpfs: [0-9]+ files, [0-9]+ MB' "the console says what was done"
ended poweroff "ramfs: ended by power-off"

## A file larger than half of the memory
image
rm "$root/init"
put /init 755 <<'END'
#!/bin/sh
PATH=/bin:/sbin
mount -t proc proc /proc
yes 'more than half of it' | head -c 120000000 >/data/large
sha256sum /data/large >/data/sum
exec copyroot
END
checks <<'END'
is "$(mode)" tmpfs "120 MB move within 200 MB"
ok "and are what they were" sha256sum -c /data/sum
END
boot -n -m 200 -a 'rootfstype=ramfs'
ended poweroff "large file: ended by power-off"

## A plan that does not fit: said before anything moves, and the boot goes on
image
yes 'more than fits' | head -c 30000000 >"$root/data/large"
checks <<'END'
is "$(mode)" bind "a root that does not fit is not moved"
END
boot -n -m 256 -a 'rootfstype=ramfs copyroot.size=10m'
console_has 'do not fit in 10 MB' "and says so"
ended poweroff "no room: ended by power-off"

## Too little memory is known as well
image
rm "$root/init"
put /init 755 <<'END'
#!/bin/sh
PATH=/bin:/sbin
yes 'more than fits twice' | head -c 100000000 >/data/large
exec copyroot --keep
END
checks <<'END'
is "$(mode)" bind "without the memory for a copy it is the bind"
is "$(stat -c %s /data/large)" 100000000 "and all is there"
END
boot -n -m 200 -a 'rootfstype=ramfs'
console_has 'too little memory: [0-9]+ MB' "and says so"
ended poweroff "too little memory: ended by power-off"

## overlay: the module is loaded first
image overlay
checks <<'END'
if grep -q overlay /proc/filesystems; then
	is "$(mode)" overlay "the root is an overlay"
	is "$(stat -f -c %t /)" 794c7630 "of the file system's type"
	like "$(cat /copyroot-mounts)" '^overlay / overlay' "as /proc/mounts has it"
	ok "it can be written to" sh -c 'echo new >/data/new && rm /data/new'
else
	is "$(mode)" bind "without overlayfs the root stays the image"
fi
END
boot -n -m 256 -a 'rootfstype=tmpfs copyroot.mode=overlay copyroot.size=20m'
ended poweroff "overlay: ended by power-off"

## none, and --move-api
image
rm "$root/init"
put /init 755 <<'END'
#!/bin/sh
PATH=/bin:/sbin
rm -rf /proc /sys
exec copyroot --mode=bind --move-api
END
checks <<'END'
for m in /proc /sys /dev /dev/pts; do
	is "$(grep -c " $m " /copyroot-mounts)" 1 "$m is mounted"
done
END
boot -n -m 256 -a 'rootfstype=ramfs'
ended poweroff "--move-api: ended by power-off"

## No INIT at all: never a panic
image
rm "$root/sbin/init"
put /sbin/init 644 <<'END'
END
rm "$root/bin/sh" "$root/bin/init"
boot -n -m 256 -t 15 -a 'rootfstype=tmpfs'
console_has 'copyroot: /sbin/init: Permission denied' "an INIT that cannot be executed is named"
console_has 'nothing to run' "and PID 1 stays"
console_lacks 'Kernel panic' "without a panic"

done_testing

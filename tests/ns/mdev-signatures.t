#!/bin/sh
# SPDX-License-Identifier: MIT
# mdev-signatures.t - images by the tools that make each kind: mdev-lite --probe says what libblkid says
. tests/tap.sh
box=${INITBOX:-${O:-.}/initbox}
"$box" --list | grep -qx /sbin/mdev-lite || skip_all "built without mdev-lite"
"$box" mdev-lite --probe /dev/null >/dev/null 2>&1
[ $? != 2 ] || skip_all "built without signatures"
why=$(scripts/need blkid:util-linux mkfs.ext4:e2fsprogs mkfs.vfat:dosfstools mkfs.exfat:exfatprogs mkfs.btrfs:btrfs-progs \
	mkfs.xfs:xfsprogs mksquashfs:squashfs-tools mkfs.erofs:erofs-utils cryptsetup:cryptsetup-bin genisoimage:genisoimage 2>&1) ||
	skip_all "$why"
PATH=$PATH:/usr/sbin:/sbin
tmpdir
cd "$tmp"
mkdir folder
echo text >folder/file

# same TEXT SIZE COMMAND... - make an image by COMMAND and compare
same() {
	text=$1; shift
	rm -f image
	truncate -s "$1" image; shift
	if ! said=$("$@" 2>&1); then fail "$text" "$* failed: $said"; return; fi
	is "$("$box" mdev-lite --probe image | sort)" "$(blkid -o udev -p image |
		sed -n 's/^ID_FS_TYPE=/TYPE=/p; s/^ID_FS_UUID_ENC=/UUID=/p; s/^ID_FS_LABEL_ENC=/LABEL=/p' | sort)" "$text"
}
luks() { echo secret | cryptsetup -q luksFormat --pbkdf-force-iterations 1000 "$@" image -; }
rm_first() { rm image; "$@"; }

same "ext2" 1M mkfs.ext2 -q -L 'a label' image
same "ext3" 8M mkfs.ext3 -q image
same "ext4, a label with a slash and more" 8M mkfs.ext4 -q -L 'a/b"%ä' image
same "FAT12" 2M mkfs.vfat -F 12 -n 'NAME 12' image
same "FAT16" 20M mkfs.vfat -F 16 -n SIXTEEN image
same "FAT32" 40M mkfs.vfat -F 32 -n 'NAME 32' image
same "FAT without a label" 2M mkfs.vfat image
same "exFAT" 8M env LC_ALL=C.UTF-8 mkfs.exfat -L 'Größe 1' image
same "btrfs" 120M mkfs.btrfs -q -L 'a/b tree' image
same "xfs" 320M mkfs.xfs -q -L xfsname image
same "swap" 1M mkswap -L 'my swap' image
same "swap of another machine's page size" 1M mkswap -p 65536 image
same "LUKS1" 4M luks --type luks1
same "LUKS2" 20M luks --type luks2 --label 'my secret' --pbkdf pbkdf2
same "squashfs" 0 rm_first mksquashfs folder image -quiet -no-progress
same "erofs" 0 mkfs.erofs image folder
same "iso9660" 0 genisoimage -quiet -V PLAIN_NAME -o image folder
same "iso9660 with Joliet, whose name is cut" 0 genisoimage -quiet -J -V 'Joliet Name_with more than 16' -o image folder
genisoimage -quiet -udf -J -V 'Udf disc' -o image folder 2>/dev/null
is "$("$box" mdev-lite --probe image)" "TYPE=udf
LABEL=$(blkid -o value -s LABEL -p image | sed 's/ /\\x20/g')" "a disc that is iso9660 and UDF is UDF, whose identifier is not read"
same "an empty image" 1M true
same "noise" 0 sh -c 'seq 100000 >image'
mkfs.ext4 -q -F image 1M
dd if=image of=short bs=1080 count=1 2>/dev/null
is "$("$box" mdev-lite --probe short; echo $?)" 1 "half a superblock is none"
is "$("$box" mdev-lite --probe nowhere 2>&1; echo $?)" "mdev-lite: nowhere: No such file or directory
1" "a file that is not there is said to be so"
done_testing

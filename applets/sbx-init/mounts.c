// SPDX-License-Identifier: MIT
// mounts - on descriptors: made, cloned and restricted where nobody sees them, then attached (Linux 5.12)

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fd.h"
#include "sbx_init.h"

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#define MNT_ID_MASK 0x1000	// STATX_MNT_ID

static int configure(int fs, const char *const options[])
{
	const char *label = sbx_text(box.conf, SBX_FILE_LABEL);

	for (; *options; options += 2)
		if (syscall(SYS_fsconfig, fs, options[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[0],
			    options[1], 0) < 0)
			return failed("option", options[0]);
	if (label && syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "context", label, 0) < 0)
		return failed("file label", label);
	return 0;
}

int new_mount(const char *type, unsigned attributes, const char *const options[])
{
	cleanup_fd int fs = DO((int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), "fsopen", type);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", type, 0) < 0 || configure(fs, options) < 0
	    || DO((int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "fsconfig", type) < 0)
		return -1;
	return DO((int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes), "fsmount", type);
}

int clone_tree(int fd, const char *name)
{
	return DO((int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE),
		  "open_tree", name);
}

int clone_one(int dir, const char *name)
{
	return DO((int)syscall(SYS_open_tree, dir, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW),
		  "open_tree", name);
}

static int change_attributes(int fd, const char *name, const struct attributes *attributes, unsigned flags)
{
	return DO((int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, attributes, sizeof *attributes),
		  "mount_setattr", name);
}

int set_attributes(int fd, const char *name, unsigned set, unsigned long propagation, int recursive)
{
	struct attributes attributes = { .set = set, .propagation = propagation };

	return change_attributes(fd, name, &attributes, recursive ? AT_RECURSIVE : 0);
}

int clear_attributes(int fd, const char *name, unsigned clear)
{
	return change_attributes(fd, name, &(struct attributes){ .clear = clear }, 0);
}

int attach_at(int fd, int target, const char *name)
{
	return DO((int)syscall(SYS_move_mount, fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
		  "move_mount", name);
}

int attach_in(int fd, int dir, const char *name)
{
	return DO((int)syscall(SYS_move_mount, fd, "", dir, name, MOVE_MOUNT_F_EMPTY_PATH), "move_mount", name);
}

// Whether both are the same place of the same mount; -1: that cannot be known.
static int is_same(int a, int b)
{
	// struct statx as far as it is needed: its size, and where ino and mnt_id are
	struct { uint32_t mask; char skip[28]; uint64_t inode; char more[104]; uint64_t mount; char rest[104]; } s[2];

	if (syscall(SYS_statx, a, "", AT_EMPTY_PATH, 0x100 | MNT_ID_MASK, &s[0]) < 0
	    || syscall(SYS_statx, b, "", AT_EMPTY_PATH, 0x100 | MNT_ID_MASK, &s[1]) < 0)
		return failed("statx", "");
	return s[0].inode == s[1].inode && s[0].mount == s[1].mount;
}

int attach(int fd, const char *target, int is_dir)
{
	cleanup_fd int at = is_dir ? target_dir(target, box.point_perm) : target_file(target, 0444);
	int is_root = at >= 0 && is_dir ? is_same(at, box.root) : 0;

	if (at < 0 || is_root < 0)
		return -1;
	if (attach_at(fd, at, target) < 0)
		return errno == EINVAL && !is_dir && !faccessat(at, ".", F_OK, 0) ? (errno = EISDIR, failed("open", target)) : -1;
	if (!is_root)
		return 0;
	// What is on top of the root is the root from now on.
	box.over_root += box.in_place;
	if (dup3(fd, box.root, O_CLOEXEC) < 0)
		return failed("dup", target);
	return 0;
}

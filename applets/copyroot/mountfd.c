// SPDX-License-Identifier: MIT
// mountfd - mounts as file descriptors, seen by nobody until they are attached

#include <errno.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "mountfd.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

static int stand_in(void)
{
	return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

// One "key=value" or "key".
static int set_option(int fs, char *option)
{
	char *value = strchr(option, '=');

	if (!value)
		return syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, option, NULL, 0);
	*value++ = 0;
	return syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, option, value, 0);
}

static int set_options(int fs, const char *options)
{
	char copy[512], *rest = copy, *option;

	if (format_path(copy, "%s", options) < 0)
		return -1;
	while ((option = strsep(&rest, ",")))
		if (*option && set_option(fs, option) < 0)
			return -1;
	return 0;
}

static int fsmount(const char *type, const char *source, const char *options)
{
	cleanup_fd int fs = syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", source, 0) < 0
	    || set_options(fs, options) < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
}

int sys_fsmount(const char *type, const char *source, const char *options)
{
	int fd = DOOR(fsmount(type, source, options), "fsmount", type,
		      "mount -t %s -o %-s %s NEW\n", type, options, source);

	return door_is_dry() ? stand_in() : fd;
}

int sys_clone_mount(int dirfd, const char *path, int recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | (recursive ? AT_RECURSIVE : 0);
	int fd = DOOR(syscall(SYS_open_tree, dirfd, path, flags), "open_tree", path,
		      "mount --%sbind %-s NEW\n", recursive ? "r" : "", path);

	return door_is_dry() ? stand_in() : fd;
}

int sys_move_mount(int dirfd, const char *path, int target_fd, const char *target)
{
	unsigned flags = (*path ? 0 : MOVE_MOUNT_F_EMPTY_PATH) | (*target ? 0 : MOVE_MOUNT_T_EMPTY_PATH);

	return DOOR(syscall(SYS_move_mount, dirfd, path, target_fd, target, flags), "move_mount",
		    *target ? target : "/", "mount --move %-s /%s\n", *path ? path : "NEW", target);
}

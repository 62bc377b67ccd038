// SPDX-License-Identifier: MIT
// tree - going through a folder and removing a tree, by descriptors all the way

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "tree.h"

static int remove_below(int fd, dev_t device);

int is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

int tree_entries(int fd, int (*each)(int fd, const struct dirent *entry, void *argument), void *argument)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;

	if (!dir) {
		fd_close(&own);
		return -1;
	}
	while ((entry = readdir(dir)))
		if (!is_dot(entry->d_name) && each(fd, entry, argument) < 0)
			result = -1;
	closedir(dir);
	return result;
}

static int remove_folder(int dirfd, const char *name, dev_t device)
{
	cleanup_fd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (st.st_dev != device)
		return errno = EBUSY, -1;
	return remove_below(fd, device) < 0 ? -1 : allowing(EBUSY, sys_unlink(dirfd, name, AT_REMOVEDIR));
}

// EBUSY: a mount stands on it (unlink(2)).
static int remove_entry(int dirfd, const char *name, unsigned char type, dev_t device)
{
	struct stat st;

	if (type == DT_UNKNOWN && !fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		type = S_ISDIR(st.st_mode) ? DT_DIR : DT_REG;
	return type == DT_DIR ? remove_folder(dirfd, name, device) : allowing(EBUSY, sys_unlink(dirfd, name, 0));
}

static int remove_one(int fd, const struct dirent *entry, void *device)
{
	return remove_entry(fd, entry->d_name, entry->d_type, *(dev_t *)device);
}

static int remove_below(int fd, dev_t device)
{
	return tree_entries(fd, remove_one, &device);
}

int tree_remove(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? -1 : remove_below(fd, st.st_dev);
}

int tree_remove_at(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return remove_entry(dirfd, name, S_ISDIR(st.st_mode) ? DT_DIR : DT_REG, st.st_dev);
}

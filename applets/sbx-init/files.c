// SPDX-License-Identifier: MIT
// files - what the launcher wants of the container's files between two commands: open, symlink, delete, reset
//
// No process of the container runs then; sbx-init has its rights, and "/" is the container's.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "sbx_init.h"
#include "tree.h"

static int open_here(const char *path, int flags, mode_t mode)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .mode = (flags & O_CREAT) ? mode : 0,
				.resolve = RESOLVE_NO_MAGICLINKS };

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static int make_parents(const char *path)
{
	char copy[SBX_PATH_MAX], *slash;

	if (format_path(copy, "%s", path) < 0 || !(slash = strrchr(copy, '/')))
		return -1;
	*slash = 0;
	return *copy ? allowing(ANY_ERROR, sys_mkdirs(copy, 0755)) : 0;
}

/* Each returns an errno, or 0 */

// A link that the command has made must not lead the launcher to what only sbx-init may read, its own /proc/1/environ.
static int is_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC;
}

// What else is there is not waited for (a fifo), and closed again.
int open_regular(const char *path, int flags, mode_t mode, int *fd)
{
	struct stat st;

	if (allowing(ANY_ERROR, DOOR(0, "open", path, "%s", "")) < 0)
		return errno;
	*fd = open_here(path, flags | O_NONBLOCK | O_NOCTTY, mode);
	if (*fd < 0)
		return errno;
	if (fstat(*fd, &st) < 0 || !S_ISREG(st.st_mode) || is_proc(*fd)) {
		fd_close(fd);
		*fd = -1;
		return S_ISDIR(st.st_mode) ? EISDIR : S_ISREG(st.st_mode) ? EPERM : EINVAL;
	}
	fcntl(*fd, F_SETFL, flags & ~O_NONBLOCK);
	return 0;
}

static int open_item(const struct sbx_wire_item *item, const char *path, int *fd)
{
	if (item->parents && make_parents(path) < 0)
		return errno;
	return open_regular(path, (int)item->flags, item->mode, fd);
}

static int symlink_item(const struct sbx_wire_item *item, const char *path)
{
	if (item->parents && make_parents(path) < 0)
		return errno;
	return allowing(ANY_ERROR, sys_symlink(sbx_after(path), AT_FDCWD, path)) < 0 ? errno : 0;
}

/* Removing: the command may have made a tree that is deeper than there are descriptors, and closed to its owner. So
 * every folder in a folder is moved to the top first, and there is no recursion. */

static int open_folder(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && !faccessat(fd, ".", W_OK | X_OK, 0))
		return fd;
	if (fd >= 0)
		close(fd);
	if (fchmodat(dirfd, name, 0700, 0) < 0)
		return -1;
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static unsigned moved;	// folders that are at the top now, and were below

static int clear_inner(int fd, const struct dirent *entry, void *top)
{
	const char *name = entry->d_name;
	char place[32];
	int inner;

	if (!unlinkat(fd, name, 0) || errno == EBUSY)
		return 0;
	if (errno != EISDIR)
		return -1;
	inner = open_folder(fd, name);	// what is closed to its owner cannot be moved either
	fd_close(&inner);
	do
		format_path(place, ".sbx-%u", moved++);
	while (syscall(SYS_renameat2, fd, name, *(int *)top, place, 1 /* RENAME_NOREPLACE */) < 0 && errno == EEXIST);
	return errno == EBUSY ? 0 : faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) ? 0 : -1;
}

// A mount point, or what leads to one, stays.
static int clear_outer(int top, const struct dirent *entry, void *unused)
{
	const char *name = entry->d_name;
	struct stat here, st;
	cleanup_fd int fd = -1;

	(void)unused;
	if (!unlinkat(top, name, 0) || errno == EBUSY)
		return 0;
	if (errno != EISDIR)
		return -1;
	fd = open_folder(top, name);
	if (fd < 0 || fstat(top, &here) < 0 || fstat(fd, &st) < 0)
		return -1;
	if (here.st_dev != st.st_dev)
		return 0;
	if (tree_entries(fd, clear_inner, &top) < 0)
		return -1;
	return unlinkat(top, name, AT_REMOVEDIR) < 0 && errno != EBUSY && errno != ENOTEMPTY ? -1 : 0;
}

static int clear_all(int top)
{
	unsigned before;
	int result;

	moved = 0;
	do {
		before = moved;
		result = tree_entries(top, clear_outer, NULL);
	} while (moved != before);
	return result;
}

static int clear(int top, const char *name)
{
	return DO(clear_all(top), "remove", name);
}

static int delete_folder(int dir, const char *name)
{
	cleanup_fd int fd = open_folder(dir, name);

	return fd < 0 || clear(fd, name) < 0 || allowing(ANY_ERROR, sys_unlink(dir, name, AT_REMOVEDIR)) < 0 ? errno : 0;
}

static int delete_item(const char *path)
{
	char copy[SBX_PATH_MAX], *name;
	cleanup_fd int dir = -1;

	if (format_path(copy, "%s", path) < 0)
		return ENAMETOOLONG;
	name = strrchr(copy, '/');
	*name++ = 0;
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return EINVAL;
	dir = open_here(*copy ? copy : "/", O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0)
		return errno;
	if (allowing(ANY_ERROR, sys_unlink(dir, name, 0)) >= 0)
		return 0;
	return errno == EISDIR ? delete_folder(dir, name) : errno;
}

/* Lists */

static void note_item(struct reply_list *list, int error)
{
	list->errors[list->count++] = (uint32_t)error;
}

static int is_full(const struct reply_list *list)
{
	return list->count == sizeof list->errors / sizeof *list->errors;
}

void files_open(const struct sbx_message *message, struct reply_list *list)
{
	const struct sbx_field *field = NULL;

	while (!is_full(list) && (field = sbx_next(message, SBX_ITEM, field))) {
		const struct sbx_wire_item *item = sbx_value(field);
		int fd = -1, error = list->fd_count == SBX_FDS_MAX ? EMFILE : open_item(item, (const char *)(item + 1), &fd);

		if (!error)
			list->fds[list->fd_count++] = fd;
		note_item(list, error);
	}
}

void files_symlink(const struct sbx_message *message, struct reply_list *list)
{
	const struct sbx_field *field = NULL;

	while (!is_full(list) && (field = sbx_next(message, SBX_ITEM, field))) {
		const struct sbx_wire_item *item = sbx_value(field);

		note_item(list, symlink_item(item, (const char *)(item + 1)));
	}
}

void files_delete(const struct sbx_message *message, struct reply_list *list)
{
	const struct sbx_field *field = NULL;

	while (!is_full(list) && (field = sbx_next(message, SBX_ITEM, field)))
		note_item(list, delete_item((const char *)sbx_value(field) + sizeof(struct sbx_wire_item)));
}

int files_reset(void)
{
	for (unsigned i = 0; i < box.reset_count; i++)
		if (clear(box.resets[i], "tmpfs") < 0)
			return failed("reset", "tmpfs");
	return 0;
}

// SPDX-License-Identifier: MIT
// paths - every path is resolved below a descriptor, links included (openat2(2), RESOLVE_IN_ROOT)
//
// Whoever owns a folder that is mounted into the container can change it while we are at work. All that such a
// change can reach is another place inside; and what has been opened is what is mounted.

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "sbx_init.h"

enum { TRIES = 1000 };	// EAGAIN: something was renamed meanwhile

static int open_in(int root, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int fd;

	for (int i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof how);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int host_open(const char *path, int flags)
{
	return open_in(box.host, path, flags);
}

int target_open(const char *path, int flags)
{
	return open_in(box.root, path, flags);
}

// Makes each folder of `path` that is missing, up to and with the last. `path` is cut meanwhile.
static int make_dirs(int root, char *path, mode_t parents, mode_t mode)
{
	int dir = open_in(root, "/", O_PATH | O_DIRECTORY), next;
	char *slash = path;

	while (dir >= 0) {
		const char *name;
		char cut;

		while (*slash == '/')
			slash++;
		if (!*slash)
			return dir;
		name = slash;
		slash += strcspn(slash, "/");
		cut = *slash;
		*slash = 0;
		next = open_in(root, path, O_PATH | O_DIRECTORY);
		if (next < 0 && errno == ENOENT) {
			mode_t wanted = cut ? parents : mode;

			if (DO(mkdirat(dir, name, wanted), "mkdir", path) >= 0 || errno == EEXIST)
				next = open_in(root, path, O_PATH | O_DIRECTORY);
		}
		if (next < 0)
			failed("folder", path);
		close(dir);
		dir = next;
		*slash = cut;
	}
	return dir;
}

static int dir_in(int root, const char *path, mode_t parents, mode_t mode)
{
	char copy[SBX_PATH_MAX];
	int fd = open_in(root, path, O_PATH | O_DIRECTORY);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT || format_path(copy, "%s", path) < 0)
		return failed("folder", path);
	return make_dirs(root, copy, parents, mode);
}

int target_dir(const char *path, mode_t mode)
{
	return dir_in(box.root, path, box.parent_perm, mode);
}

int host_dir(const char *path, mode_t mode)
{
	return dir_in(box.host, path, mode, mode);
}

int target_parent(const char *path, const char **name)
{
	char copy[SBX_PATH_MAX];
	size_t length = strlen(path);
	const char *slash;

	*name = "";
	if (length >= sizeof copy) {
		errno = ENAMETOOLONG;
		return failed("path", path);
	}
	slash = strrchr(path, '/');
	*name = slash + 1;
	if (!**name || !strcmp(*name, ".") || !strcmp(*name, "..")) {
		errno = EINVAL;
		return failed("not a name:", path);
	}
	memcpy(copy, path, slash - path + 1);
	copy[slash - path + 1] = 0;
	return target_dir(copy, box.parent_perm);
}

int target_file(const char *path, mode_t mode)
{
	const char *name;
	cleanup_fd int dir = -1;
	int fd = target_open(path, O_PATH);

	if (fd < 0 && errno == ENOENT) {
		dir = target_parent(path, &name);
		if (dir < 0)
			return -1;
		fd = DO(openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode), "create", path);
		if (fd < 0)
			return -1;
		close(fd);
		fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	return fd < 0 ? failed("open", path) : fd;
}

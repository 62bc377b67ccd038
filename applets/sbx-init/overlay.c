// SPDX-License-Identifier: MIT
// overlay - several folders of the host as one
//
// overlayfs takes paths, in one text of at most 255 bytes, and upper and work by way of the same mount. The layers are
// opened first, and named to it as "7:8:9" in the working directory /proc/self/fd, so a path is neither resolved twice
// nor needs its colons escaped.

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "sbx_init.h"

enum { LAYERS = 64 };

static int enter_fds(void)
{
	struct statfs fs;
	cleanup_fd int dir = host_open("/proc/self/fd", O_PATH | O_DIRECTORY);

	if (dir < 0 || fstatfs(dir, &fs) < 0)
		return failed("open", "/proc/self/fd");
	if (fs.f_type != PROC_SUPER_MAGIC) {
		errno = EXDEV;
		return failed("not a procfs:", "/proc");
	}
	return DO(fchdir(dir), "fchdir", "/proc/self/fd");
}

static int open_layer(const char *path)
{
	int fd = host_open(path, O_PATH | O_DIRECTORY);

	return fd < 0 ? failed("open", path) : fd;
}

// Where there is none on the host and changes are wanted: two folders of a tmpfs of its own.
static int scratch(int *upper, int *work)
{
	static const char *const options[] = { "mode", "755", NULL };
	static unsigned number;
	char name[16];
	cleanup_fd int tmpfs = new_mount("tmpfs", A_NOSUID | A_NODEV, options), at = -1;

	format_path(name, "o%u", number++);
	if (tmpfs < 0 || DO(mkdirat(tmpfs, "upper", 0755), "mkdir", "upper") < 0
	    || DO(mkdirat(tmpfs, "work", 0755), "mkdir", "work") < 0 || DO(mkdirat(box.base, name, 0700), "mkdir", name) < 0)
		return -1;
	at = openat(box.base, name, O_PATH | O_DIRECTORY | O_CLOEXEC);	// overlayfs wants it attached somewhere
	if (at < 0 || attach_at(tmpfs, at, name) < 0)
		return failed("attach", name);
	*upper = openat(tmpfs, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*work = openat(tmpfs, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *upper < 0 || *work < 0 ? failed("open", name) : 0;
}

static int make(const int *lowers, unsigned count, int upper, int work, const char *target)
{
	char list[256] = "", up[16], wk[16];
	struct buf lower = BUF(list);
	const char *options[10] = { "lowerdir", list };
	unsigned n = 2;
	cleanup_fd int fd = -1;

	for (unsigned i = 0; i < count; i++)
		buf_format(&lower, "%s%d", i ? ":" : "", lowers[i]);
	if (lower.truncated) {
		errno = E2BIG;
		return failed("too many layers", "");
	}
	if (upper >= 0) {
		format_path(up, "%d", upper);
		format_path(wk, "%d", work);
		options[n++] = "upperdir", options[n++] = up, options[n++] = "workdir", options[n++] = wk;
	}
	if (box.namespaces & CLONE_NEWUSER)	// trusted.* is for the machine's root
		options[n++] = "userxattr", options[n++] = NULL;
	options[n] = NULL;
	fd = new_mount("overlay", A_NOSUID | A_NODEV | (upper < 0 ? A_RDONLY : 0), options);
	return fd < 0 || DO(fchdir(box.base), "fchdir", "base") < 0 ? -1 : attach(fd, target, 1);
}

int op_overlay(const struct sbx_wire_op *op)
{
	const char *target = sbx_op_texts(op), *upper_path = sbx_after(target), *work_path = sbx_after(upper_path);
	const char *path = sbx_after(work_path);
	int lowers[LAYERS], upper = -1, work = -1, result = 0;
	unsigned count = 0;

	if (*upper_path && ((upper = open_layer(upper_path)) < 0 || (work = open_layer(work_path)) < 0))
		result = -1;
	if (op->flags & SBX_O_WRITABLE && scratch(&upper, &work) < 0)
		result = -1;
	for (; !result && count < op->texts - 3u; count++, path = sbx_after(path))
		if ((lowers[count] = open_layer(path)) < 0) {
			result = -1;
			break;
		}
	if (!result)
		result = enter_fds() < 0 ? -1 : make(lowers, count, upper, work, target);
	while (count)
		close(lowers[--count]);
	fd_close(&upper);
	fd_close(&work);
	return result;
}

// SPDX-License-Identifier: MIT
// root - from the host's root to the container's
//
// A tmpfs ("base") becomes the root; the host's is at base/host, and the container's is built at base/new. At the end
// the root is pivoted there, and base is detached with all that is on it.
//
// A container whose first mount is the host's root needs none of that: its mount namespace is a copy of the host's mounts,
// and these are restricted where they are. That saves ten mounts' time, and a wait for all CPUs when the old root goes.

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fd.h"
#include "sbx_init.h"

#define HERE "."

static int pivot(const char *put_old)
{
	if (DO((int)syscall(SYS_pivot_root, HERE, put_old), "pivot_root", put_old) >= 0)
		return 0;
	if (errno == EINVAL)
		return failed("pivot_root", "(the root is an initramfs, or chrooted: run copyroot first)");
	return -1;
}

// Where it goes when the rest does, instead of at once when its descriptor is closed: each wait for all CPUs to have
// noticed that a mount has gone takes as long as ten mounts.
int hide_program(int dir, const char *name)
{
	if (box.program < 0)
		return 0;
	if (attach_in(box.program, dir, name) < 0)
		return -1;
	close(box.program);
	box.program = -1;
	return 0;
}

static int take_program(void)
{
	if (box.program >= 0 && DO(mknodat(box.base, "program", S_IFREG | 0400, 0), "create", "program") < 0)
		return -1;
	return hide_program(box.base, "program");
}

static int begin_in_place(void)
{
	box.in_place = 1;
	box.root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return box.root < 0 ? failed("open", "/") : begin_ops_in_place();
}

int begin_root(void)
{
	static const char *const options[] = { "mode", "755", NULL };
	cleanup_fd int new = -1;

	if (box.flags & SBX_F_HOST_ROOT)
		return 0;
	box.host = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (box.host < 0)
		return failed("open", "/");
	if (!sbx_has(box.conf, SBX_MASK) && ops_fit_in_place())
		return begin_in_place();
	if (set_attributes(box.host, "/", 0, MS_SLAVE, 1) < 0)
		return -1;
	box.base = new_mount("tmpfs", A_NOSUID | A_NODEV, options);
	if (box.base < 0)
		return -1;
	if (DO(mkdirat(box.base, "host", 0700), "mkdir", "host") < 0 || DO(mkdirat(box.base, "new", 0755), "mkdir", "new") < 0)
		return -1;
	if (attach_at(box.base, box.host, "/") < 0 || DO(fchdir(box.base), "fchdir", "base") < 0 || pivot("host") < 0)
		return -1;
	if (take_program() < 0)
		return -1;
	new = openat(box.base, "new", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (new < 0)
		return failed("open", "new");
	box.root = clone_tree(new, "new");
	return box.root < 0 ? -1 : attach_at(box.root, new, "new");
}

// The old root is on top of the new one then, and on top of the old whatever else has been mounted over it, one on another
// (pivot_root(2)). What stays there is where "/.." leads.
static int leave(unsigned mounts)
{
	if (mounts && (DO(fchdir(box.root), "fchdir", "/") < 0 || pivot(HERE) < 0))
		return -1;
	while (mounts--)
		if (DO(umount2(HERE, MNT_DETACH), "umount", "host") < 0)
			return -1;
	return 0;
}

int finish_root(void)
{
	if (box.flags & SBX_F_HOST_ROOT)
		return DO(chdir("/"), "chdir", "/");
	if (box.flags & SBX_F_READ_ONLY_ROOT && set_attributes(box.root, "/", A_RDONLY, 0, 0) < 0)
		return -1;
	if (leave(box.in_place ? box.over_root : 1) < 0 || DO(chdir("/"), "chdir", "/") < 0)
		return -1;
	close(box.host);
	fd_close(&box.base);
	close(box.root);
	box.host = box.base = box.root = -1;
	return 0;
}

// SPDX-License-Identifier: MIT
// dev - /dev of a container: a small tmpfs with the harmless devices of the host

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "sbx_init.h"

enum { PRIVATE = 1 << 18 };	// MS_PRIVATE; sys/mount.h and linux/mount.h exclude each other

// devices.txt of the kernel; a node of the host that is something else is not taken.
static const struct device { const char *name; unsigned major, minor; } devices[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const struct link { const char *name, *content; } links[] = {
	{ "fd", "/proc/self/fd" }, { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" }, { "core", "/proc/kcore" }, { "ptmx", "pts/ptmx" },
};

static int make_file(int dev, const char *name)
{
	return DO(mknodat(dev, name, S_IFREG | 0444, 0), "create", name);
}

static int make_folder(int dev, const char *name, mode_t mode)
{
	return DO(mkdirat(dev, name, mode), "mkdir", name);
}

// Everything in it that is no mount, while nobody sees it.
static int fill(int dev, int has_mqueue, int has_console)
{
	if (make_file(dev, devices[0].name) < 0)
		return -1;
	// Something to mount on, by as many names
	for (size_t i = 1; i < sizeof devices / sizeof *devices; i++)
		if (DO(linkat(dev, devices[0].name, dev, devices[i].name, 0), "link", devices[i].name) < 0)
			return -1;
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (DO(symlinkat(links[i].content, dev, links[i].name), "symlink", links[i].name) < 0)
			return -1;
	if (make_folder(dev, "pts", 0755) < 0 || make_folder(dev, "shm", 01777) < 0)
		return -1;
	if (has_mqueue && make_folder(dev, "mqueue", 01777) < 0)
		return -1;
	return has_console ? make_file(dev, "console") : 0;
}

// What is looked at is what is mounted.
static int take_device(int host, const struct device *device)
{
	char path[32];
	struct stat st;
	int tree = clone_one(host, device->name);

	if (tree < 0 || fstat(tree, &st) < 0)
		return failed_in("of the host", "/dev");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(device->major, device->minor)) {
		format_path(path, "/dev/%s", device->name);
		errno = ENODEV;
		return failed("not the device it should be:", path);
	}
	return tree;
}

static struct { int trees[sizeof devices / sizeof *devices], taken; } nodes;

int take_devices(void)
{
	cleanup_fd int host = host_open("/dev", O_PATH | O_DIRECTORY);

	if (host < 0)
		return failed("open", "/dev");
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if ((nodes.trees[i] = take_device(host, &devices[i])) < 0)
			return -1;
	return nodes.taken = 1;
}

static int bind_devices(int dev)
{
	if (!nodes.taken && take_devices() < 0)
		return -1;
	nodes.taken = 0;
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (attach_in(nodes.trees[i], dev, devices[i].name) < 0 || close(nodes.trees[i]) < 0)
			return -1;
	return 0;
}

static int mount_in(int dev, const char *name, const char *type, unsigned attributes, const char *const options[])
{
	cleanup_fd int mount = new_mount(type, attributes, options);

	if (mount < 0 || attach_in(mount, dev, name) < 0)
		return -1;
	return strcmp(type, "tmpfs") ? 0 : note_tmpfs(mount);
}

/* The terminal */

int has_terminal(void)
{
	return box.flags & SBX_F_RETAIN_SESSION && isatty(STDOUT_FILENO);
}

// The path of standard output's terminal, or -1 where it is none.
static int terminal_path(char *path, size_t size)
{
	cleanup_fd int dir = has_terminal() ? host_open("/proc/self/fd", O_PATH | O_DIRECTORY) : -1;
	ssize_t n = dir < 0 ? -1 : readlinkat(dir, "1", path, size - 1);

	path[n < 0 ? 0 : n] = 0;
	return n < 0 ? -1 : 0;
}

// CVE-2025-52565: what is at that path must be the terminal that we have.
static int bind_console(int dev, const char *path)
{
	struct stat have, st;
	cleanup_fd int node = host_open(path, O_PATH | O_NOFOLLOW), tree = -1;

	if (node < 0 || fstat(node, &st) < 0 || fstat(STDOUT_FILENO, &have) < 0)
		return failed("open", path);
	if (!S_ISCHR(st.st_mode) || st.st_rdev != have.st_rdev || st.st_ino != have.st_ino || st.st_dev != have.st_dev) {
		errno = ENODEV;
		return failed("not our terminal:", path);
	}
	tree = clone_tree(node, path);
	return tree < 0 ? -1 : attach_in(tree, dev, "console");
}

int op_dev(const struct sbx_wire_op *op)
{
	static const char *const pts[] = { "newinstance", NULL, "ptmxmode", "0666", "mode", "620", NULL };
	static const char *const shm[] = { "mode", "1777", NULL };
	static const char *const none[] = { NULL };
	char mode[16], console[SBX_PATH_MAX] = "";
	const char *const options[] = { "mode", mode, NULL };
	int writable = op->flags & SBX_O_WRITABLE, mqueue = op->flags & SBX_O_MQUEUE, has_console;
	cleanup_fd int dev = -1;

	has_console = !terminal_path(console, sizeof console);
	format_path(mode, "%o", op->mode == SBX_UNSET ? 0755 : op->mode);
	dev = new_mount("tmpfs", A_NOSUID | A_NODEV, options);
	if (dev < 0 || fill(dev, mqueue, has_console) < 0 || attach(dev, sbx_op_texts(op), 1) < 0 || bind_devices(dev) < 0)
		return -1;
	if (has_console && bind_console(dev, console) < 0)
		return -1;
	// All nodes at once. Read-only: the host's owner and mode of them stay what they are
	if (set_attributes(dev, "dev", A_RDONLY | A_NOSUID | A_NOEXEC, PRIVATE, 1) < 0
	    || clear_attributes(dev, "dev", A_NOEXEC | (writable ? A_RDONLY : 0)) < 0)
		return -1;
	if (mount_in(dev, "pts", "devpts", A_NOSUID | A_NOEXEC, pts) < 0)
		return -1;
	if (mqueue && mount_in(dev, "mqueue", "mqueue", A_NOSUID | A_NODEV | A_NOEXEC, none) < 0)
		return -1;
	return writable ? 0 : mount_in(dev, "shm", "tmpfs", A_NOSUID | A_NODEV, shm);
}

// SPDX-License-Identifier: MIT
// ops - the operations of the set-up, in the order in which they came: one table, one function each

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "sbx_init.h"

static mode_t mode_or(const struct sbx_wire_op *op, mode_t otherwise)
{
	return op->mode == SBX_UNSET ? otherwise : op->mode;
}

static int is_folder(int fd, int *yes)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	*yes = S_ISDIR(st.st_mode);
	return 0;
}

/* Bind */

enum { LEFT_OUT = -2 };

static int restrict_tree(int tree, const char *name, uint32_t flags)
{
	unsigned set = A_NOSUID | (flags & SBX_O_DEVICE ? 0 : A_NODEV) | (flags & SBX_O_WRITABLE ? 0 : A_RDONLY);

	return set_attributes(tree, name, set, flags & SBX_O_SLAVE ? MS_SLAVE : MS_PRIVATE, 1);
}

static int bind_tree(int tree, const char *name, const char *target, uint32_t flags)
{
	int folder;

	if (restrict_tree(tree, name, flags) < 0)
		return -1;
	return is_folder(tree, &folder) < 0 ? failed("stat", name) : attach(tree, target, folder);
}

static int bind_fd(int source, const char *name, const char *target, uint32_t flags)
{
	cleanup_fd int tree = clone_tree(source, name);

	return tree < 0 ? -1 : bind_tree(tree, name, target, flags);
}

// The one thing behind a link of /proc's that may be mounted: a namespace (flatpak keeps the container's own that way).
static int open_namespace(const char *path)
{
	struct statfs fs;
	int fd = openat(box.host, path + 1, O_PATH | O_CLOEXEC);

	if (fd < 0 || (!fstatfs(fd, &fs) && fs.f_type == NSFS_MAGIC))
		return fd;
	close(fd);
	errno = ELOOP;
	return -1;
}

// A copy of what is at `source`, attached nowhere; LEFT_OUT; or -1 noted.
static int take_source(const char *source, uint32_t flags)
{
	cleanup_fd int fd = host_open(source, O_PATH);

	if (fd < 0 && errno == ELOOP && !strncmp(source, "/proc/", 6))
		fd = open_namespace(source);
	if (fd < 0 && errno == ENOENT && flags & SBX_O_ENSURE)
		fd = host_dir(source, 0700);
	if (fd < 0 && errno == ENOENT && flags & SBX_O_OPTIONAL) {
		report->error = 0;
		return LEFT_OUT;
	}
	return fd < 0 ? failed("open", source) : clone_tree(fd, source);
}

int bind_source(const char *source, const char *target, uint32_t flags)
{
	cleanup_fd int tree = take_source(source, flags);

	return tree < 0 ? (tree == LEFT_OUT ? 0 : -1) : bind_tree(tree, source, target, flags);
}

// A descriptor from outside belongs to a mount of the launcher's namespace, which cannot be cloned here. The path that
// leads to it is tried in ours, and must lead to the same file.
static int reopen(int fd)
{
	char number[16], path[SBX_PATH_MAX];
	cleanup_fd int dir = host_open("/proc/self/fd", O_PATH | O_DIRECTORY);
	struct stat wanted, st;
	ssize_t n;
	int found;

	format_path(number, "%d", fd);
	n = dir < 0 ? -1 : readlinkat(dir, number, path, sizeof path - 1);
	if (n < 0)
		return failed("readlink /proc/self/fd", number);
	path[n] = 0;
	found = host_open(path, O_PATH);
	if (found < 0)
		return failed("open", path);
	if (fstat(fd, &wanted) < 0 || fstat(found, &st) < 0 || st.st_dev != wanted.st_dev || st.st_ino != wanted.st_ino) {
		close(found);
		errno = ESTALE;
		return failed("another file is at", path);
	}
	return found;
}

static int take_tree(const struct sbx_wire_op *op)
{
	cleanup_fd int fd = -1;

	if (op->fd == SBX_UNSET)
		return take_source(sbx_op_texts(op), op->flags);
	fd = reopen(box.fds[op->fd]);
	return fd < 0 ? -1 : clone_tree(fd, sbx_op_texts(op));
}

// In place: trees that have been taken while the host's root was as it was, in the order of the operations.
static struct { int trees[64]; unsigned count, used; } early;

static int op_bind(const struct sbx_wire_op *op)
{
	const char *first = sbx_op_texts(op);
	cleanup_fd int tree = early.used < early.count ? early.trees[early.used++] : take_tree(op);

	if (tree < 0)
		return tree == LEFT_OUT ? 0 : -1;
	return bind_tree(tree, first, op->fd == SBX_UNSET ? sbx_after(first) : first, op->flags);
}

/* File systems */

// What root without capabilities could still write to: the machine's own settings. The names are the kernel's.
static int cover_proc(int proc)
{
	static const char *const names[] = { "sys", "sysrq-trigger", "irq", "bus" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		cleanup_fd int tree = clone_one(proc, names[i]);

		if (tree < 0 && errno == ENOENT) {
			report->error = 0;
			continue;
		}
		if (tree < 0 || set_attributes(tree, names[i], A_RDONLY, MS_PRIVATE, 0) < 0
		    || attach_in(tree, proc, names[i]) < 0)
			return -1;
	}
	return 0;
}

// Unless it is sure that we may not.
static int may_write(int dir, const char *path)
{
	return !faccessat(dir, path, W_OK, 0) || (errno != EACCES && errno != EPERM && errno != EROFS && errno != ENOENT);
}

// Only who is root outside too may write there (proc_sys(5)). Where the map is not ours, faccessat looks at the real thing.
static int proc_is_writable(int proc)
{
	if (box.namespaces & CLONE_NEWUSER && !(box.flags & SBX_F_MAPPED))
		return !sbx_number(box.conf, SBX_HOST_UID, 0);
	return may_write(proc, "sys/kernel/core_pattern") || may_write(proc, "sysrq-trigger");
}

static int op_proc(const struct sbx_wire_op *op)
{
	static const char *const options[] = { NULL };
	const unsigned set = A_NOSUID | A_NODEV | A_NOEXEC;
	const char *target = sbx_op_texts(op);
	cleanup_fd int fd = -1, proc = -1;

	if (box.namespaces & CLONE_NEWPID || box.flags & SBX_F_JOINED_PID) {
		fd = new_mount("proc", set, options);
		if (fd < 0 && errno == EPERM)
			failed("no new procfs where the one that is there is covered in part", "");
	} else {
		proc = host_open("/proc", O_PATH | O_DIRECTORY);
		fd = proc < 0 ? failed("open", "/proc") : clone_tree(proc, "/proc");
		if (fd >= 0 && set_attributes(fd, "/proc", set, MS_PRIVATE, 1) < 0)
			return -1;
	}
	if (fd < 0 || attach(fd, target, 1) < 0)
		return -1;
	return op->flags & SBX_O_WRITABLE || !proc_is_writable(fd) ? 0 : cover_proc(fd);
}

int note_tmpfs(int fd)
{
	if (box.flags & SBX_F_ONCE)
		return 0;
	if (box.reset_count == sizeof box.resets / sizeof *box.resets) {
		errno = EMFILE;
		return failed("too many tmpfs to reset", "");
	}
	fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", "tmpfs");
	box.resets[box.reset_count++] = fd;
	return 0;
}

static int op_tmpfs(const struct sbx_wire_op *op)
{
	char mode[16], size[32];
	const char *const options[] = { "mode", mode, op->size ? "size" : NULL, size, NULL };
	const char *target = sbx_op_texts(op);
	cleanup_fd int fd = -1;

	format_path(mode, "%o", mode_or(op, 0755));
	format_path(size, "%llu", (unsigned long long)op->size);
	fd = new_mount("tmpfs", A_NOSUID | A_NODEV | (op->flags & SBX_O_READ_ONLY ? A_RDONLY : 0), options);
	if (fd < 0 || (!(op->flags & SBX_O_READ_ONLY) && note_tmpfs(fd) < 0))
		return -1;
	return attach(fd, target, 1);
}

static int op_mqueue(const struct sbx_wire_op *op)
{
	static const char *const options[] = { NULL };
	cleanup_fd int fd = new_mount("mqueue", A_NOSUID | A_NODEV | A_NOEXEC, options);

	return fd < 0 ? -1 : attach(fd, sbx_op_texts(op), 1);
}

/* Files, folders and links */

static int fill(int to, const struct sbx_wire_op *op)
{
	const char *data = sbx_after(sbx_op_texts(op));
	char buffer[8192];
	ssize_t n;

	if (op->fd == SBX_UNSET)
		return write_all(to, data, op->data) < 0 ? failed("write", "data") : 0;
	while ((n = read(box.fds[op->fd], buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && write_all(to, buffer, n) < 0)
			return failed("write", "data");
	return n < 0 ? failed("read", "data") : 0;
}

// A fifo that somebody has put there is not waited for.
enum { WRITE = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

// A file that is there keeps its mode: where the root is writable it is one of the host's.
static int create(int dir, const char *name, int may_be_there, const struct sbx_wire_op *op)
{
	int there = may_be_there && !faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW);
	cleanup_fd int fd = DO(openat(dir, name, WRITE | (there ? O_TRUNC : O_CREAT | O_EXCL), 0600), "create", name);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		errno = EEXIST;
		return failed("no file, but something else is", name);
	}
	if (fill(fd, op) < 0)
		return -1;
	return there ? 0 : DO(fchmod(fd, mode_or(op, 0444)), "chmod", name);
}

static int op_place(const struct sbx_wire_op *op)
{
	static unsigned number;
	const char *target = sbx_op_texts(op), *last;
	cleanup_fd int dir = -1, file = -1;
	char name[16];

	if (op->flags & SBX_O_COPY) {
		dir = target_parent(target, &last);
		return dir < 0 ? -1 : create(dir, last, 1, op);
	}
	format_path(name, "f%u", number++);
	if (create(box.base, name, 0, op) < 0)
		return -1;
	file = openat(box.base, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return file < 0 ? failed("open", name) : bind_fd(file, name, target, op->flags & SBX_O_WRITABLE);
}

static int op_mkdir(const struct sbx_wire_op *op)
{
	cleanup_fd int fd = target_dir(sbx_op_texts(op), mode_or(op, 0755));

	return fd < 0 ? -1 : 0;
}

// What the link at `path` of the host says.
static int read_host_link(const char *path, char *content, size_t size)
{
	cleanup_fd int fd = host_open(path, O_PATH | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", content, size - 1);

	if (n < 0)
		return failed("readlink", path);
	content[n] = 0;
	return 0;
}

static int says(int dir, const char *name, const char *content)
{
	char is[SBX_PATH_MAX];
	ssize_t n = readlinkat(dir, name, is, sizeof is - 1);

	return n >= 0 && (is[n] = 0, !strcmp(is, content));
}

static int op_symlink(const struct sbx_wire_op *op)
{
	const char *content = sbx_op_texts(op), *link = sbx_after(content), *name;
	char from_host[SBX_PATH_MAX];
	cleanup_fd int dir = -1;

	if (op->flags & SBX_O_DEREFERENCE) {
		if (read_host_link(content, from_host, sizeof from_host) < 0)
			return -1;
		content = from_host;
	}
	dir = target_parent(link, &name);
	if (dir < 0 || DO(symlinkat(content, dir, name), "symlink", link) >= 0)
		return dir < 0 ? -1 : 0;
	return errno == EEXIST && op->flags & SBX_O_REPLACE && says(dir, name, content) ? (report->error = 0) : -1;
}

static int chmod_fd(const char *path, mode_t mode)
{
	cleanup_fd int fd = target_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -1 : fchmod(fd, mode);
}

static int op_chmod(const struct sbx_wire_op *op)
{
	const char *target = sbx_op_texts(op);

	return DO(chmod_fd(target, op->mode), "chmod", target);
}

static int op_remount(const struct sbx_wire_op *op)
{
	const char *target = sbx_op_texts(op);
	cleanup_fd int fd = target_open(target, O_PATH);
	unsigned set = (op->flags & SBX_O_READ_ONLY ? A_RDONLY : 0) | (op->flags & SBX_O_NOSUID ? A_NOSUID : 0)
		| (op->flags & SBX_O_NODEV ? A_NODEV : 0) | (op->flags & SBX_O_NOEXEC ? A_NOEXEC : 0);

	return fd < 0 ? failed("open", target) : set_attributes(fd, target, set, 0, (op->flags & SBX_O_RECURSIVE) != 0);
}

// Started later, when all else is done.
static int op_daemon(const struct sbx_wire_op *op)
{
	(void)op;
	box.has_daemons = 1;
	return 0;
}

/* All of them */

static int (*const operations[])(const struct sbx_wire_op *op) = {
	[SBX_OP_BIND] = op_bind,
	[SBX_OP_PROC] = op_proc,
	[SBX_OP_DEV] = op_dev,
	[SBX_OP_TMPFS] = op_tmpfs,
	[SBX_OP_OVERLAY] = op_overlay,
	[SBX_OP_SYMLINK] = op_symlink,
	[SBX_OP_PLACE] = op_place,
	[SBX_OP_MKDIR] = op_mkdir,
	[SBX_OP_REMOUNT] = op_remount,
	[SBX_OP_AUTO_ETC] = op_auto_etc,
	[SBX_OP_AUTO_ROOT] = op_auto_root,
	[SBX_OP_DAEMON] = op_daemon,
	[SBX_OP_CHMOD] = op_chmod,
	[SBX_OP_MQUEUE] = op_mqueue,
};

// What a message about it names: the text that is in the container.
static const char *op_target(const struct sbx_wire_op *op)
{
	const char *first = sbx_op_texts(op);
	int second = op->type == SBX_OP_SYMLINK || (op->type == SBX_OP_BIND && op->fd == SBX_UNSET);

	return !op->texts ? "/etc" : second ? sbx_after(first) : first;
}

static int is_whole_root(const struct sbx_wire_op *op)
{
	const char *first = sbx_op_texts(op);

	return op->type == SBX_OP_BIND && op->fd == SBX_UNSET && !strcmp(first, "/") && !strcmp(sbx_after(first), "/");
}

// Those that need nothing of the host's root, or what can be taken from it before.
static int fits_in_place(const struct sbx_wire_op *op)
{
	switch (op->type) {
	case SBX_OP_PROC:
		return box.namespaces & CLONE_NEWPID || box.flags & SBX_F_JOINED_PID;
	case SBX_OP_DEV:
		return !strcmp(sbx_op_texts(op), "/dev") && !has_terminal();
	case SBX_OP_SYMLINK:
		return !(op->flags & SBX_O_DEREFERENCE);
	case SBX_OP_PLACE:
		return op->flags & SBX_O_COPY;
	case SBX_OP_BIND: case SBX_OP_TMPFS: case SBX_OP_MKDIR: case SBX_OP_REMOUNT: case SBX_OP_DAEMON: case SBX_OP_CHMOD:
	case SBX_OP_MQUEUE:
		return 1;
	}
	return 0;
}

// What is not there may be made by the operations before, where a folder of the host's is writable: too late for us.
static int source_may_come(const struct sbx_wire_op *op)
{
	cleanup_fd int fd = -1;

	if (op->fd != SBX_UNSET)
		return 0;
	fd = host_open(sbx_op_texts(op), O_PATH);
	return fd < 0 && errno == ENOENT;
}

int ops_fit_in_place(void)
{
	const struct sbx_field *field = sbx_next(box.conf, SBX_OP, NULL);
	unsigned binds = 0, devs = 0, makes = 0;

	if (!field || !is_whole_root(sbx_value(field)))
		return 0;
	while ((field = sbx_next(box.conf, SBX_OP, field))) {
		const struct sbx_wire_op *op = sbx_value(field);

		binds += op->type == SBX_OP_BIND;
		devs += op->type == SBX_OP_DEV;
		makes += op->type == SBX_OP_MKDIR || op->type == SBX_OP_SYMLINK || op->type == SBX_OP_PLACE;
		if (op->type == SBX_OP_BIND && makes && source_may_come(op))
			return 0;
		if (!fits_in_place(op) || devs > 1 || binds > sizeof early.trees / sizeof *early.trees)
			return 0;
	}
	return 1;
}

// The first operation is the root itself. The others' sources come before it, since it restricts them. What is mounted comes
// after it: until then our mounts are peers of the host's, where those are shared, and it would be seen there too.
int begin_ops_in_place(void)
{
	const struct sbx_field *first = sbx_next(box.conf, SBX_OP, NULL), *field = first;
	const struct sbx_wire_op *op, *dev = NULL;
	cleanup_fd int over = -1;

	while ((field = sbx_next(box.conf, SBX_OP, field))) {
		op = sbx_value(field);
		if (op->type == SBX_OP_BIND && (early.trees[early.count++] = take_tree(op)) == -1)
			return failed_in(sbx_op_name(op->type), op_target(op));
		if (op->type != SBX_OP_DEV)
			continue;
		dev = op;
		over = host_open("/dev", O_PATH | O_DIRECTORY);
		if (over < 0 ? failed("open", "/dev") : take_devices() < 0)
			return failed_in(sbx_op_name(op->type), op_target(op));
	}
	op = sbx_value(first);
	if (restrict_tree(box.root, "/", op->flags) < 0)
		return failed_in(sbx_op_name(op->type), "/");
	return dev && hide_program(over, "full") < 0 ? failed_in(sbx_op_name(dev->type), op_target(dev)) : 0;
}

int run_ops(void)
{
	static unsigned seen_once;
	const struct sbx_field *field = box.in_place ? sbx_next(box.conf, SBX_OP, NULL) : NULL;

	while ((field = sbx_next(box.conf, SBX_OP, field))) {
		const struct sbx_wire_op *op = sbx_value(field);
		int once = op->type == SBX_OP_AUTO_ETC || op->type == SBX_OP_AUTO_ROOT;

		if (once && seen_once & 1u << op->type) {
			errno = EEXIST;
			failed("only once", "");
			return failed_in(sbx_op_name(op->type), op_target(op));
		}
		seen_once |= once ? 1u << op->type : 0;
		if (operations[op->type](op) < 0)
			return failed_in(sbx_op_name(op->type), op_target(op));
	}
	return 0;
}

/* Masks: an empty file or folder of ours; no device of the host that might be something else (CVE-2025-31133) */

static int mask(const char *path)
{
	cleanup_fd int at = target_open(path, O_PATH), tree = -1;
	int folder, empty;

	if (at < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : failed("open", path);
	if (is_folder(at, &folder) < 0)
		return failed("stat", path);
	empty = folder ? openat(box.base, "empty", O_PATH | O_DIRECTORY | O_CLOEXEC)
		: openat(box.base, "none", O_PATH | O_CLOEXEC);
	if (empty < 0)
		return failed("open", "mask");
	tree = clone_tree(empty, path);
	close(empty);
	if (tree < 0 || set_attributes(tree, path, A_RDONLY | A_NOSUID | A_NODEV | A_NOEXEC, MS_PRIVATE, 1) < 0)
		return -1;
	return attach_at(tree, at, path);
}

int run_masks(void)
{
	size_t length;
	const char *path = sbx_bytes(box.conf, SBX_MASK, &length), *end;
	int fd;

	if (!path)
		return 0;
	end = path + length;
	if (DO(mkdirat(box.base, "empty", 0555), "mkdir", "empty") < 0)
		return -1;
	fd = DO(openat(box.base, "none", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444), "create", "none");
	if (fd < 0)
		return -1;
	close(fd);
	for (; path < end; path = sbx_after(path))
		if (mask(path) < 0)
			return failed_in("mask", path);
	return 0;
}

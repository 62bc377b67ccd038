// SPDX-License-Identifier: MIT
// launch - from the caller's process to a container: clone, id maps, sbx-init, its configuration
//
// The new process is made by one clone3(2) with all namespaces, and runs either sbx-init's entry in this
// program's memory (no exec) or sbx-init's file. Between clone and that it makes system calls only.

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "asan.h"
#include "launch.h"
#include "sbx_wire.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif

enum { STACK_SIZE = 16384 };

static const char default_path[] = "/sbin/sbx-init", own_file[] = "/proc/self/exe";

int sbx_failed(struct sbx *box, const char *operation, const char *object)
{
	int saved = errno;

	sbx_join(box->error, sizeof box->error, operation, *object ? " " : "", object, ": ", strerror(saved), NULL);
	errno = saved;
	return -1;
}

static int refuse(struct sbx *box, int error, const char *why)
{
	sbx_join(box->error, sizeof box->error, why, NULL);
	errno = error;
	return -1;
}

/* The file that runs as the container's first process (CVE-2019-5736)
 *
 * Its /proc/1/exe leads to that file. Whoever may write to it, and gets hold of it, owns the next container. So
 * where the container's user may write to it, it is executed from a read-only mount that is attached nowhere,
 * or from a sealed copy in memory. */

struct plan {
	const struct sbx_launch *how;
	int channel;		// sbx-init's end
	int other_end;		// and ours
	int from_file;		// exec; else call how->init
	int late_net;		// the network namespace is made beside the rest
	uint64_t caps;		// SBX_CAPS
	int sealed;		// a sealed copy to execute, or -1
	char file[4096];
	dev_t device;
	ino_t inode;
	sigset_t mask;		// the caller's
};

// Whether a process of the container could change the file.
static int is_exposed(const struct stat *st, const char *file)
{
	return !geteuid() || st->st_uid == geteuid() || !faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) ||
		(errno != EACCES && errno != EROFS);
}

static int copy_sealed(int from)
{
	int fd = memfd_create("sbx-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char buffer[16384];
	ssize_t n = fd < 0 ? -1 : 0;

	while (fd >= 0 && (n = read(from, buffer, sizeof buffer)) > 0)
		if (write(fd, buffer, n) != n) {
			n = -1;
			break;
		}
	if (n < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int is_same_file(const char *path, const struct stat *wanted)
{
	struct stat st;

	return !stat(path, &st) && st.st_dev == wanted->st_dev && st.st_ino == wanted->st_ino;
}

// Decides what to execute, and how. Returns 0, or -1 with errno.
static int plan_file(struct plan *plan)
{
	const struct sbx_launch *how = plan->how;
	const char *path = how->init ? own_file : how->path ? how->path : default_path;
	struct stat st;
	ssize_t n;
	int fd;

	plan->sealed = -1;
	if (stat(path, &st) < 0)
		return -1;
	plan->from_file = !how->init || how->enterable || is_exposed(&st, path);
	if (!plan->from_file)
		return 0;
	if (how->init && (n = readlink(path, plan->file, sizeof plan->file - 1)) > 0)
		plan->file[n] = 0;
	else
		sbx_join(plan->file, sizeof plan->file, path, NULL);
	plan->device = st.st_dev;
	plan->inode = st.st_ino;
	if (how->namespaces & CLONE_NEWNS && is_same_file(plan->file, &st))
		return 0;	// mounted read-only, by the new process
	if (!is_exposed(&st, path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	plan->sealed = copy_sealed(fd);
	close(fd);
	return plan->sealed < 0 ? -1 : 0;
}

/* In the new process */

// What the set-up needs: mounts and names, files of any owner, ids, limits.
static const uint64_t own_caps = 1 << CAP_SYS_ADMIN | 1 << CAP_NET_ADMIN | 1 << CAP_SETPCAP | 1 << CAP_SETUID | 1 << CAP_SETGID
	| 1 << CAP_CHOWN | 1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH | 1 << CAP_FOWNER | 1 << CAP_FSETID
	| 1 << CAP_SYS_RESOURCE | 1 << CAP_SYS_CHROOT;

// Capabilities of a user namespace do not survive execve(2) for who is not mapped to 0 yet, but ambient ones do. Each of
// them is a call, so we keep those that are needed, and the ones that the command shall have.
static int keep_capabilities(uint64_t commands)
{
	struct { uint32_t version; int pid; } head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct { uint32_t effective, permitted, inheritable; } sets[2];
	uint64_t keep;

	if (syscall(SYS_capget, &head, sets) < 0)
		return -1;
	keep = (own_caps | commands) & (sets[0].permitted | (uint64_t)sets[1].permitted << 32);
	sets[0].inheritable = (uint32_t)keep;
	sets[1].inheritable = (uint32_t)(keep >> 32);
	if (syscall(SYS_capset, &head, sets) < 0)
		return -1;
	for (int cap = 0; keep >> cap; cap++)
		if (keep >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -1;
	return 0;
}

static int open_read_only(const struct plan *plan)
{
	struct { uint64_t set, clear, propagation, userns; } attributes = { .set = 7 /* RDONLY, NOSUID, NODEV */ };
	struct stat st;
	int fd = syscall(SYS_open_tree, AT_FDCWD, plan->file, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (st.st_dev != plan->device || st.st_ino != plan->inode) {
		errno = ESTALE;
		return -1;
	}
	return syscall(442 /* mount_setattr */, fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0 ? -1 : fd;
}

static void say(int channel, const char *step, int error)
{
	struct {
		struct sbx_field a; uint32_t error, pad;
		struct sbx_field b; char step[32];
	} body = { { SBX_ERRNO, 0, 4 }, (uint32_t)error, 0, { SBX_STEP, 0, 0 }, "" };

	body.b.length = strlen(step) + 1;
	memcpy(body.step, step, body.b.length);
	sbx_wire_send(channel, SBX_DONE, &body, offsetof(__typeof__(body), step) + ((body.b.length + 7) & ~7u), NULL, 0);
}

// The channel becomes descriptor 3, and the mount that the file is on, if there is one, 4: closing that would have the kernel
// take the mount apart at once, and wait for all CPUs to have noticed. *file is where the file is then.
static int place_descriptors(int channel, int *file, int is_mount)
{
	if (*file >= 0 && *file <= SBX_CHANNEL + 1 && (*file = fcntl(*file, F_DUPFD_CLOEXEC, SBX_CHANNEL + 2)) < 0)
		return -1;
	if (channel == SBX_CHANNEL ? fcntl(SBX_CHANNEL, F_SETFD, 0) < 0 : dup2(channel, SBX_CHANNEL) < 0)
		return -1;
	return is_mount && (*file = dup2(*file, SBX_CHANNEL + 1)) < 0 ? -1 : 0;
}

// Returns only if it fails: the descriptor that is the channel then.
static int execute(const struct plan *plan, int file, int is_mount)
{
	static char name[] = "sbx-init", channel[] = "3", mount[] = "4";
	char *argv[] = { name, channel, is_mount ? mount : NULL, NULL };
	const int by_path = file < 0;

	if (place_descriptors(plan->channel, &file, is_mount) < 0)
		return plan->channel;
	if (by_path)
		execve(plan->file, argv, environ);
	else
		syscall(SYS_execveat, file, "", argv, environ, AT_EMPTY_PATH);
	return SBX_CHANNEL;
}

// A network namespace takes the kernel as long as all the rest. A child of the new process makes it meanwhile, and sends
// sbx-init a socket of it, by our end of the channel. Its pid is one that is far away, so that the command's is 2.
static void make_network(const struct plan *plan)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct { struct sbx_field field; uint32_t error, zero; } body = { { SBX_ERRNO, 0, 4 }, 0, 0 };
	int fd = unshare(CLONE_NEWNET) < 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) < 0)
		body.error = (uint32_t)errno;
	sbx_wire_send(plan->other_end, SBX_NET, &body, sizeof body, &fd, fd >= 0);
	if (fd >= 0)
		close(fd);
}

// Where there is no such clone (an old kernel, a filter around us) the new process does it itself.
static void begin_network(const struct plan *plan)
{
	pid_t number = SBX_NET_PID;
	struct clone_args args = { .set_tid = (uintptr_t)&number, .set_tid_size = 1 };	// no signal at its end
	pid_t pid = syscall(SYS_clone3, &args, sizeof args);

	if (pid <= 0)
		make_network(plan);
	if (!pid)
		_exit(0);
}

static int in_child(const struct plan *plan)
{
	int channel = plan->channel, file = plan->sealed, is_mount = file < 0 && plan->how->namespaces & CLONE_NEWNS;
	const char *step = "protect its file";

	if (plan->late_net)
		begin_network(plan);
	if (!plan->from_file) {
		sigprocmask(SIG_SETMASK, &plan->mask, NULL);
		return plan->how->init(plan->channel);
	}
	if (is_mount)
		file = open_read_only(plan);
	if (file >= 0 || !is_mount) {
		step = "keep capabilities";
		if ((!(plan->how->namespaces & CLONE_NEWUSER) && plan->how->userns < 0) || !keep_capabilities(plan->caps)) {
			step = "execute sbx-init";
			channel = execute(plan, file, is_mount);
		}
	}
	say(channel, step, errno);
	return 1;
}

/* Cloning */

static pid_t clone_with(uint64_t flags, const struct sbx_launch *how, int *pidfd)
{
	struct clone_args args = { .flags = flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND, .pidfd = (uintptr_t)pidfd,
				   .exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD };
	pid_t pid;

	if (how->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = how->cgroup;
	}
	pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid >= 0 || (errno != ENOSYS && errno != EPERM) || how->cgroup >= 0)
		return pid;
	// A filter around us (another sandbox's) may know clone(2) only; it answers ENOSYS so that we ask again.
	if (errno == ENOSYS) {
		unsigned long old = (unsigned long)flags | ((flags & CLONE_PARENT) ? 0 : SIGCHLD);

		*pidfd = -1;
#if defined __s390__ || defined __CRIS__
		return syscall(SYS_clone, 0, old, NULL, NULL, 0);
#else
		return syscall(SYS_clone, old, 0, NULL, NULL, 0);
#endif
	}
	return -1;
}

// Joins namespaces first; that is for a process in between, since the caller's own must not change.
struct join {
	const struct sbx_launch *how;
	uint64_t flags;
	pid_t pid;
	int pidfd, error;
	const struct plan *plan;
};

static int join_and_clone(void *argument)
{
	struct join *join = argument;

	if ((join->how->userns >= 0 && setns(join->how->userns, CLONE_NEWUSER) < 0)
	    || (join->how->pidns >= 0 && setns(join->how->pidns, CLONE_NEWPID) < 0)) {
		join->error = errno;
		return 1;
	}
	join->pid = clone_with(join->flags | CLONE_PARENT, join->how, &join->pidfd);
	if (!join->pid)
		_exit(in_child(join->plan));
	join->error = errno;
	return 0;
}

static pid_t clone_joined(uint64_t flags, const struct plan *plan, int *pidfd)
{
	struct join join = { .how = plan->how, .flags = flags, .pid = -1, .pidfd = -1, .plan = plan };
	size_t size = 256 << 10;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t between;

	if (stack == MAP_FAILED)
		return -1;
	between = clone(join_and_clone, stack + size, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &join);
	if (between < 0)
		join.error = errno;
	else
		while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
			;
	asan_forget(stack, size);
	munmap(stack, size);
	*pidfd = join.pidfd;
	errno = join.error;
	return join.pid;
}

static int child_main(void *argument)
{
	_exit(in_child(argument));
}

// What executes anyhow needs no copy of our memory. Its signals stay blocked until sbx-init has its own way with them.
static pid_t clone_sharing(uint64_t flags, const struct plan *plan, int *pidfd)
{
	char stack[STACK_SIZE] __attribute__((aligned(16)));
	pid_t pid = clone(child_main, stack + sizeof stack, (int)(flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD),
			  (void *)plan, pidfd);

	asan_forget(stack, sizeof stack);
	return pid;
}

static pid_t clone_box(const struct plan *plan, int *pidfd)
{
	uint64_t flags = plan->how->namespaces & ~(plan->late_net ? CLONE_NEWNET : 0);
	pid_t pid;

	if (plan->how->userns >= 0 || plan->how->pidns >= 0)
		return clone_joined(flags, plan, pidfd);
	if (plan->from_file && plan->how->cgroup < 0)
		return clone_sharing(flags, plan, pidfd);
	pid = clone_with(flags, plan->how, pidfd);
	if (!pid)
		_exit(in_child(plan));
	return pid;
}

/* Id maps */

static int write_map(pid_t pid, const char *name, const struct sbx_id_map *maps, unsigned count)
{
	char path[64], text[4096], digits[3][SBX_DIGITS];
	size_t length = 0;
	ssize_t n;
	int fd;

	for (unsigned i = 0; i < count && length < sizeof text - 40; i++)
		length += sbx_join(text + length, sizeof text - length, sbx_decimal(maps[i].inside, digits[0]), " ",
				   sbx_decimal(maps[i].outside, digits[1]), " ", sbx_decimal(maps[i].count, digits[2]), "\n", NULL);
	sbx_join(path, sizeof path, "/proc/", sbx_decimal((uint64_t)pid, digits[0]), "/", name, NULL);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write(fd, count ? text : "deny", count ? length : 4);
	close(fd);
	return n < 0 ? -1 : 0;
}

static int write_maps(struct sbx *box, const struct sbx_launch *how)
{
	if (geteuid() && write_map(box->pid, "setgroups", NULL, 0) < 0)
		return sbx_failed(box, "write", "setgroups");
	if (write_map(box->pid, "gid_map", how->gids, how->gid_count) < 0)
		return sbx_failed(box, "write", "gid_map");
	if (write_map(box->pid, "uid_map", how->uids, how->uid_count) < 0)
		return sbx_failed(box, "write", "uid_map");
	return 0;
}

/* The configuration: what only the launcher knows is added */

// A field's value; its length must be known from its key.
static void *find(struct sbx_request *request, enum sbx_key key)
{
	for (size_t at = 0; at < request->length;) {
		struct sbx_field *field = (void *)(request->body + at);

		if (field->key == key)
			return field + 1;
		at += sizeof *field + ((field->length + 7) & ~(size_t)7);
	}
	return NULL;
}

static void add_u32(struct sbx_request *request, enum sbx_key key, uint32_t value)
{
	if (!find(request, key))
		sbx_put_u32(request, key, value);
}

static uint32_t or_u32(struct sbx_request *request, enum sbx_key key, uint32_t bits)
{
	uint32_t *value = find(request, key);

	if (!value && bits)
		sbx_put_u32(request, key, bits);
	return value ? (*value |= bits) : bits;
}

// Whether the new process has to be left alone until we have looked at it, or done something for it.
static int is_watched(const struct sbx_launch *how)
{
	return how->started || how->enterable || how->uid_count || how->block >= 0;
}

// Whether the configuration can be sent before there is anybody to read it: what fits into a packet.
static int is_early(const struct sbx_launch *how, const struct sbx_request *conf)
{
	enum { ADDED = 256 };	// fields that are ours

	return conf->length + ADDED < SBX_PACKET_SIZE - sizeof(struct sbx_header) && !is_watched(how);
}

// A network namespace costs as much as all the mounts, and is made beside them where there is a second CPU; except for who
// looks for it in the new process first, and where the configuration follows in pieces, among which there must be nothing else.
static int can_be_late(const struct sbx_launch *how, const struct sbx_request *conf)
{
	cpu_set_t cpus;

	if (!(how->namespaces & CLONE_NEWNET) || !(how->namespaces & CLONE_NEWPID) || !is_early(how, conf))
		return 0;
	return !sched_getaffinity(0, sizeof cpus, &cpus) && CPU_COUNT(&cpus) > 1;
}

// Returns SBX_FLAGS.
static uint32_t complete(struct sbx_request *conf, const struct plan *plan)
{
	const struct sbx_launch *how = plan->how;
	uint32_t flags = or_u32(conf, SBX_FLAGS, (how->uid_count ? SBX_F_MAPPED : 0) |
				(how->pidns >= 0 ? SBX_F_JOINED_PID : 0) | (plan->late_net ? SBX_F_NET_COMES : 0));

	add_u32(conf, SBX_NAMESPACES, how->namespaces);
	if (how->namespaces & CLONE_NEWUSER) {
		add_u32(conf, SBX_HOST_UID, geteuid());
		add_u32(conf, SBX_HOST_GID, getegid());
	}
	if (flags & SBX_F_ONCE && !(flags & SBX_F_DIRECT))	// so that its end is told from sbx-init's
		or_u32(conf, SBX_X_FLAGS, SBX_X_STARTED);
	return flags;
}

static int wait_block(struct sbx *box, int fd)
{
	char byte;
	ssize_t n = 0;

	while (fd >= 0 && (n = read(fd, &byte, 1)) < 0 && errno == EINTR)
		;
	return n < 0 ? sbx_failed(box, "read", "the block descriptor") : 0;
}

/* Starting */

// Takes what sbx-init says until the set-up is over, or waits for sbx_go.
static int await_setup(struct sbx *box, uint32_t flags, uint32_t x_flags)
{
	struct sbx_reply reply;
	int result = 0, type;

	for (;;) {
		int got = sbx_receive(box, &reply, -1);

		if (got < 0)
			return -1;
		if (!got) {
			if (flags & SBX_F_DIRECT && flags & SBX_F_ONCE)
				return 0;	// close-on-exec
			return refuse(box, EPIPE, "sbx-init ended without a word");
		}
		type = reply.type;
		if (type == SBX_CHILD)
			sbx_take_child(box, &reply);
		if (type == SBX_DONE && (errno = (int)sbx_get_number(&reply, SBX_ERRNO, 0))) {
			const char *step = sbx_get(&reply, SBX_STEP, NULL);
			int error = errno;

			sbx_join(box->error, sizeof box->error, step ? step : "set-up", ": ", strerror(error), NULL);
			errno = error;
			result = -1;
		}
		sbx_reply_free(&reply);
		if (result < 0)
			return -1;
		if (type == SBX_DONE || type == SBX_STARTED || (type == SBX_CHILD && x_flags & SBX_X_WAIT))
			return 0;
	}
}

static int clone_failed(struct sbx *box, const struct sbx_launch *how)
{
	int error = errno;

	if (error == EPERM && how->namespaces & CLONE_NEWUSER)
		return refuse(box, error, "no user namespaces for us here (a container without them, a sysctl or an LSM)");
	if (error == EPERM && how->namespaces)
		return refuse(box, error, "namespaces need CAP_SYS_ADMIN, or a user namespace around them");
	if (error == ENOSPC)
		return refuse(box, error, "too many namespaces (/proc/sys/user/max_*_namespaces)");
	if (error == EINVAL)
		return refuse(box, error, "this kernel does not have all of these namespaces");
	if (how->cgroup >= 0)
		return sbx_failed(box, "clone into the cgroup", "");
	return sbx_failed(box, "clone", "");
}

// Neither end may be what the command takes for its standard input or output, should those be closed.
static int make_channel(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		int fd = pair[i] < 3 ? fcntl(pair[i], F_DUPFD_CLOEXEC, 3) : pair[i];

		if (fd != pair[i])
			close(pair[i]);
		pair[i] = fd;
	}
	if (pair[0] >= 0 && pair[1] >= 0)
		return 0;
	close(pair[0] >= 0 ? pair[0] : pair[1]);
	return -1;
}

// One packet is there before who reads it; the channel holds that much.
static int send_conf(struct sbx *box, const struct sbx_request *conf)
{
	if (sbx_wire_send(box->channel, SBX_CONF, conf->body, conf->length, conf->fds, conf->fd_count) < 0
	    && errno != EPIPE)	// it has ended, and its last word says why
		return sbx_failed(box, "send the configuration", "");
	return 0;
}

static int start(struct sbx *box, struct plan *plan, struct sbx_request *conf)
{
	const struct sbx_launch *how = plan->how;
	uint32_t flags, x_flags;
	const uint64_t *caps;
	int on = 1, pair[2], early;
	sigset_t all;

	early = is_early(how, conf);
	plan->late_net = can_be_late(how, conf);
	flags = complete(conf, plan);
	x_flags = or_u32(conf, SBX_X_FLAGS, 0);
	caps = find(conf, SBX_CAPS);
	if (conf->error) {
		errno = conf->error;
		return sbx_failed(box, "configuration", "");
	}
	if (plan_file(plan) < 0)
		return sbx_failed(box, "sbx-init", how->init ? own_file : how->path ? how->path : default_path);
	if (make_channel(pair) < 0)
		return sbx_failed(box, "socketpair", "");
	setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	plan->channel = pair[1];
	plan->other_end = pair[0];
	plan->caps = caps ? *caps : 0;
	box->channel = pair[0];
	if (early && send_conf(box, conf) < 0) {
		close(pair[1]);
		return -1;
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &plan->mask);
	box->pid = clone_box(plan, &box->pidfd);
	on = errno;
	sigprocmask(SIG_SETMASK, &plan->mask, NULL);
	close(pair[1]);
	errno = on;
	if (box->pid < 0)
		return clone_failed(box, how);
	if (how->started && how->started(box->pid, how->argument) < 0)
		return sbx_failed(box, "start", "");
	if (how->uid_count && write_maps(box, how) < 0)
		return -1;
	if (wait_block(box, how->block) < 0)
		return -1;
	if (!early && send_conf(box, conf) < 0)
		return -1;
	return await_setup(box, flags, x_flags);
}

int sbx_start(struct sbx *box, const struct sbx_launch *how, struct sbx_request *conf)
{
	struct plan plan = { .how = how, .sealed = -1 };
	int result, saved;

	*box = (struct sbx){ .pid = -1, .pidfd = -1, .channel = -1 };
	if (getauxval(AT_SECURE) || getuid() != geteuid() || getgid() != getegid())
		return refuse(box, EPERM, "refuses to run setuid, setgid or with file capabilities");
	result = start(box, &plan, conf);
	saved = errno;
	if (plan.sealed >= 0)
		close(plan.sealed);
	if (result < 0) {
		box->conf_failed = 1;
		sbx_end(box);
	}
	errno = saved;
	return result;
}

/* Its end */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int sbx_wait(struct sbx *box)
{
	while (!box->waited) {
		if (waitpid(box->pid, &box->status, 0) == box->pid)
			box->waited = 1;
		else if (errno != EINTR)
			return sbx_failed(box, "wait", "");
	}
	close_fd(&box->channel);
	close_fd(&box->pidfd);
	sbx_release(box);
	return WIFEXITED(box->status) ? WEXITSTATUS(box->status) : 128 + WTERMSIG(box->status);
}

int sbx_signal(struct sbx *box, int signal)
{
	if (box->pid <= 0 || box->waited) {
		errno = ESRCH;
		return -1;
	}
	return kill(box->pid, signal);	// ours and not waited for: the number is still its own
}

void sbx_end(struct sbx *box)
{
	int saved = errno;

	close_fd(&box->channel);
	if (box->pid > 0 && !box->waited) {
		kill(box->pid, SIGKILL);
		sbx_wait(box);
	}
	close_fd(&box->pidfd);
	errno = saved;
}

// SPDX-License-Identifier: MIT
// sbx-floor namespaces | mounts PROGRAM | few PROGRAM - what the kernel takes for a container at least; tests/bench/sbx.sh
//
// namespaces: one clone3(2) with all of them, whose child exits at once. mounts: the child makes what
// `--ro-bind / / --proc /proc --dev /dev` means, with no call more than that, and runs PROGRAM; `few` does without the
// network and the user namespace. No options are read, no ids
// are checked, no capability is dropped, no failure is explained: nobody can use it, and nothing can be quicker.

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bare.h"

enum { SPACES = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP,
	FEW = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC };
// Numbers of the kernel's, so that a C library alone is enough to build this.
enum { SLAVE = 1 << 19, EMPTY_PATH = 0x1000, RECURSIVE = 0x8000 };
enum { OPEN_TREE = 428, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, MOUNT_SETATTR = 442 };
enum { CREATE = 6 /* FSCONFIG_CMD_CREATE */, CLONE = 1 /* OPEN_TREE_CLONE */, FROM_FD = 4 /* MOVE_MOUNT_F_EMPTY_PATH */ };
enum { RDONLY = 1, NOSUID = 2, NODEV = 4, NOEXEC = 8 };

#define MUST(call) must((long)(call), __LINE__)
static long must(long result, int line)
{
	if (result < 0)
		_exit(line % 255 + 1);
	return result;
}

static void put(const char *path, const char *text)
{
	int fd = (int)MUST(openat(AT_FDCWD, path, O_WRONLY));

	MUST(write(fd, text, strlen(text)));
	close(fd);
}

static void attribute(int mount, uint64_t set, uint64_t propagation, unsigned flags)
{
	struct { uint64_t set, clear, propagation, userns; } a = { .set = set, .propagation = propagation };

	MUST(syscall(MOUNT_SETATTR, mount, "", EMPTY_PATH | flags, &a, sizeof a));
}

static int filesystem(const char *type, unsigned attributes)
{
	int fs = (int)MUST(syscall(FSOPEN, type, 0)), mount;

	MUST(syscall(FSCONFIG, fs, CREATE, NULL, NULL, 0));
	mount = (int)MUST(syscall(FSMOUNT, fs, 0, attributes));
	close(fs);
	return mount;
}

static void attach(int mount, int dir, const char *name)
{
	MUST(syscall(MOVE_MOUNT, mount, "", dir, name, FROM_FD));
}

static void loopback(void)
{
	// struct nlmsghdr and struct ifinfomsg (rtnetlink(7)): RTM_NEWLINK, NLM_F_REQUEST; interface 1, IFF_UP
	struct { uint32_t length; uint16_t type, flags; uint32_t number[4]; uint32_t set, change; } up = {
		sizeof up, 16, 1, { 0, 0, 0, 1 }, 1, 1,
	};
	int fd = (int)MUST(socket(AF_NETLINK, SOCK_RAW, 0));

	MUST(send(fd, &up, sizeof up, 0));
	close(fd);
}

static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };
enum { NODES = sizeof nodes / sizeof *nodes };

// While the host's root is as it was: without nodev
static void take_nodes(int trees[NODES])
{
	int host = (int)MUST(openat(AT_FDCWD, "/dev", O_PATH));

	for (int i = 0; i < NODES; i++) {
		trees[i] = (int)MUST(syscall(OPEN_TREE, host, nodes[i], CLONE));
		attribute(trees[i], RDONLY | NOSUID | NOEXEC, 0, 0);
	}
}

static void make_dev(int root, const int trees[NODES])
{
	static const char *const links[] = { "fd", "stdin", "stdout", "stderr", "core", "ptmx" };
	int dev = filesystem("tmpfs", NOSUID | NODEV);

	attach(dev, root, "dev");
	for (int i = 0; i < NODES; i++) {
		MUST(mknodat(dev, nodes[i], S_IFREG | 0444, 0));
		MUST(symlinkat(links[i], dev, links[i]));
		attach(trees[i], dev, nodes[i]);
		close(trees[i]);
	}
	MUST(mkdirat(dev, "pts", 0755));
	MUST(mkdirat(dev, "shm", 01777));
	attach(filesystem("devpts", NOSUID | NOEXEC), dev, "pts");
}

static void identity(void)
{
	put("/proc/self/uid_map", "0 0 1");
	put("/proc/self/setgroups", "deny");
	put("/proc/self/gid_map", "0 0 1");
	loopback();
}

// The mount namespace is a copy of the host's mounts already, which are restricted where they are.
static void mounts(void)
{
	int root = (int)MUST(openat(AT_FDCWD, "/", O_PATH)), trees[NODES];

	take_nodes(trees);
	attribute(root, RDONLY | NOSUID | NODEV, SLAVE, RECURSIVE);
	attach(filesystem("proc", NOSUID | NODEV | NOEXEC), root, "proc");
	make_dev(root, trees);
}

int main(int argc, char **argv)
{
	int status, few = argc > 2 && *argv[1] == 'f';
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = (pid_t)syscall(SYS_clone, (few ? FEW : SPACES) | SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		if (argc < 3)
			_exit(0);
		if (!few)
			identity();
		mounts();
		_exit(run_bare(argv[2]));
	}
	return pid < 0 || waitpid(pid, &status, 0) < 0 || status;
}

// SPDX-License-Identifier: MIT
// network - the network namespace, made while the mounts are: it takes the kernel as long as all of those together
//
// A child that shares our descriptors goes into a new one (SBX_F_MAKE_NET) and leaves a socket of it behind. Through that we
// follow (ioctl SIOCGSKNS, setns), before capabilities are dropped. It shares our memory, so that it costs little.

#include <errno.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fd.h"
#include "log.h"
#include "sbx_init.h"

enum { STACK_SIZE = 8192 };

static struct {
	volatile pid_t pid;	// 0 once it has ended: the kernel clears it
	int started, error, socket, link_error;
} maker;

// It calls nothing that uses the door. A failure's errno is ours too, and may be taken for that of a call that fails here at
// the same time: there is no container then, whatever it says.
static int make(void *unused)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = -1;

	(void)unused;
	if (unshare(CLONE_NEWNET) < 0 || (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		maker.error = errno;
	else if (ioctl(fd, SIOCSIFFLAGS, &loopback) < 0)
		maker.link_error = errno;
	maker.socket = fd;
	_exit(0);
}

static int start(void)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));
	const int flags = CLONE_VM | CLONE_FILES | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;	// and no signal at its end

	maker.socket = -1;
	return clone(make, stack + sizeof stack, flags, NULL, &maker.pid, NULL, &maker.pid);
}

int begin_network(void)
{
	if (!(box.flags & SBX_F_MAKE_NET))
		return 0;
	maker.started = DO(start(), "clone", "network namespace") > 0;
	return maker.started ? 0 : -1;
}

static int follow(void)
{
	cleanup_fd int socket = -1, space = -1;
	pid_t pid;

	while ((pid = maker.pid))
		syscall(SYS_futex, &maker.pid, FUTEX_WAIT, pid, NULL, NULL, 0);
	socket = maker.socket;
	errno = maker.error;
	if (socket < 0)
		return failed("make", "network namespace");
	space = ioctl(socket, SIOCGSKNS);
	return space < 0 ? failed("open", "network namespace") : DO(setns(space, CLONE_NEWNET), "setns", "network namespace");
}

static int result_of(int error)
{
	errno = error;
	return error ? -1 : 0;
}

// A loopback interface that does not come up is not worth a container (bubblewrap, issue 745).
int finish_network(void)
{
	int up;

	if (!(box.namespaces & CLONE_NEWNET))
		return 0;
	if (maker.started && follow() < 0)
		return -1;
	up = maker.started ? allowing(ANY_ERROR, DOOR(result_of(maker.link_error), "link-up", "lo", "%s", ""))
			: allowing(ANY_ERROR, sys_link_up("lo"));
	if (up < 0 && box.flags & SBX_F_VERBOSE)
		warn("loopback:");
	return 0;
}

// It is about to end, if it has not yet; nobody else may wait for it, or find it.
int reap_maker(void)
{
	while (maker.started && waitpid(-1, NULL, __WALL) < 0)
		if (errno != EINTR)
			return failed("wait", "network namespace");
	return 0;
}

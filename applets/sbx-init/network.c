// SPDX-License-Identifier: MIT
// network - the network namespace, made while the mounts are: it takes the kernel as long as all of those together
//
// A child that shares our descriptors goes into a new one (SBX_F_MAKE_NET) and leaves a socket of it behind. Through that we
// follow (ioctl SIOCGSKNS, setns), before capabilities are dropped.

#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "fd.h"
#include "log.h"
#include "sbx_init.h"

// Its pid: the command's is 2, whoever was there before. Linux 5.5, and CAP_SYS_ADMIN
enum { MAKERS_PID = 299, CHECK_MS = 100 };

static pid_t maker = -1;

// In memory of its own, but for `report`'s page: who shares all of ours shares errno.
static void make(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = -1;

	if (unshare(CLONE_NEWNET) < 0 || (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		report->net_error = errno;
	else if (ioctl(fd, SIOCSIFFLAGS, &loopback) < 0)
		report->link_error = errno;
	report->net_socket = fd;
	report->net_made = 1;
	syscall(SYS_futex, &report->net_made, FUTEX_WAKE, 1, NULL, NULL, 0);
	_exit(0);
}

static pid_t start(void)
{
	pid_t number = MAKERS_PID;
	// no signal at its end
	struct clone_args args = { .flags = CLONE_FILES, .set_tid = (uintptr_t)&number, .set_tid_size = 1 };
	pid_t pid;

	report->net_socket = -1;
	pid = syscall(SYS_clone3, &args, sizeof args);
	if (!pid)
		make();
	return pid;
}

// Where there is no such clone (an old kernel, a filter around us) the namespace is made after the rest.
int begin_network(void)
{
	if (!(box.flags & SBX_F_MAKE_NET) || !(box.namespaces & CLONE_NEWPID))
		return 0;
	maker = DO(start(), "clone", "network namespace");
	if (maker < 0 && errno != ENOSYS && errno != EPERM && errno != EINVAL)
		return -1;
	report->error = 0;
	return 0;
}

// It says so a little before it has ended.
static void await_maker(void)
{
	const struct timespec time = { .tv_nsec = CHECK_MS * 1000000L };

	while (!report->net_made) {
		syscall(SYS_futex, &report->net_made, FUTEX_WAIT, 0, &time, NULL, 0);
		if (!report->net_made && waitpid(maker, NULL, __WALL | WNOHANG) != 0) {
			maker = -1;
			report->net_error = ECHILD;
			return;
		}
	}
}

static int follow(void)
{
	cleanup_fd int socket = -1, space = -1;

	await_maker();
	socket = report->net_socket;
	errno = report->net_error;
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
	if (maker >= 0 && follow() < 0)
		return -1;
	if (maker < 0 && box.flags & SBX_F_MAKE_NET && DO(unshare(CLONE_NEWNET), "unshare", "network namespace") < 0)
		return -1;
	up = maker >= 0 ? allowing(ANY_ERROR, DOOR(result_of(report->link_error), "link-up", "lo", "%s", ""))
			: allowing(ANY_ERROR, sys_link_up("lo"));
	if (up < 0 && box.flags & SBX_F_VERBOSE)
		warn("loopback:");
	return 0;
}

// It is about to end, if it has not yet; nobody else may wait for it, or find it.
int reap_maker(void)
{
	while (maker >= 0 && waitpid(maker, NULL, __WALL) < 0)
		if (errno != EINTR)
			return failed("wait", "network namespace");
	return 0;
}

// SPDX-License-Identifier: MIT
// daemon - events by netlink, one after another, until SIGTERM

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "fd.h"
#include "log.h"
#include "mdev.h"

static void take_hangup(struct mdev *m, int hangup)
{
	struct signalfd_siginfo signal;

	if (read(hangup, &signal, sizeof signal) == sizeof signal)
		mdev_configure(m);
}

// Takes what waits, and loads what it asks for: that brings more.
static void handle_events(struct mdev *m, int netlink, int hangup)
{
	do {
		take_hangup(m, hangup);
		coldplug_take(m, netlink);
	} while (CONFIG_MDEV_LITE_MODULES && modules_load_next(netlink));
	if (CONFIG_MDEV_LITE_MODULES)
		modules_rest(1);
}

/* Its end: at once, also in the middle of a burst, or while a command of a rule runs */

static struct {
	pid_t pid;
	const char *pid_file;
	const struct mdev *m;
} own;

// What it calls takes no lock and no memory. Children inherit it until they exec.
static void end(int signal)
{
	char text[16];

	(void)signal;
	if (getpid() != own.pid)
		_exit(1);
	if (own.m->refused || uevent_refused())
		notice("refused %u device names and %u messages", own.m->refused, uevent_refused());
	// Another daemon may have written its own there. Not by the door, whose call may be under way.
	if (own.pid_file && read_file(own.pid_file, text, sizeof text) > 0 && atoi(text) == own.pid)
		unlink(own.pid_file);
	_exit(0);
}

static void prepare_end(const struct mdev *m, const char *pid_file)
{
	struct sigaction action = { .sa_handler = end };

	own.pid = getpid();
	own.pid_file = pid_file;
	own.m = m;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static int hangup_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int daemon_run(struct mdev *m, int netlink, const char *pid_file)
{
	cleanup_fd int hangup = hangup_open();
	struct pollfd p[] = { { .fd = hangup, .events = POLLIN }, { .fd = netlink, .events = POLLIN } };

	if (hangup < 0) {
		warn("signalfd:");
		return 1;
	}
	prepare_end(m, pid_file);
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR) {
			warn("poll:");
			return 1;
		}
		if (CONFIG_MDEV_LITE_MODULES && p[1].revents)
			modules_refresh(m);
		handle_events(m, netlink, hangup);
	}
}

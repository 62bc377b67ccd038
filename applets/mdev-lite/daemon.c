// SPDX-License-Identifier: MIT
// daemon - events by netlink, one after another, until SIGTERM

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "fd.h"
#include "log.h"
#include "mdev.h"

// Takes what waits, and loads what it asks for: that brings more.
static void handle_events(struct mdev *m, int netlink)
{
	do {
		coldplug_take(m, netlink);
	} while (CONFIG_MDEV_LITE_MODULES && modules_load_next(netlink));
	if (CONFIG_MDEV_LITE_MODULES)
		modules_rest(1);
}

static int signal_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Returns 0 if it is time to end.
static int take_signal(struct mdev *m, int fd)
{
	struct signalfd_siginfo signal;

	if (read(fd, &signal, sizeof signal) != sizeof signal)
		return 1;
	if (signal.ssi_signo != SIGHUP)
		return 0;
	mdev_configure(m);
	return 1;
}

static void report(const struct mdev *m)
{
	if (m->refused || uevent_refused())
		notice("refused %u device names and %u messages", m->refused, uevent_refused());
}

int daemon_run(struct mdev *m, int netlink)
{
	cleanup_fd int signals = signal_open();
	struct pollfd p[] = { { .fd = signals, .events = POLLIN }, { .fd = netlink, .events = POLLIN } };

	if (signals < 0) {
		warn("signalfd:");
		return 1;
	}
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR) {
			warn("poll:");
			return 1;
		}
		if (p[0].revents && !take_signal(m, signals)) {
			report(m);
			return 0;
		}
		if (p[1].revents) {
			if (CONFIG_MDEV_LITE_MODULES)
				modules_refresh(m);
			handle_events(m, netlink);
		}
	}
}

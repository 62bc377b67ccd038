// SPDX-License-Identifier: MIT
// watchdog - resets a machine whose init does not run any more (watchdog-api.rst of the kernel)
//
// The device comes with a module, so it may not be there at first; looking for it ends after a while.

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "door.h"
#include "init.h"
#include "log.h"
#include "trace.h"

enum { LOOK_EVERY_S = 1, LOOK_FOR_S = 120 };

static const char device[] = "/dev/watchdog";
static int wanted_s;	// 0: none is wanted
static int fd = -1;
static long long due, give_up;	// microseconds since boot

void watchdog_start(int seconds)
{
	wanted_s = seconds;
	give_up = trace_now() + LOOK_FOR_S * 1000000LL;
}

// In seconds. A driver may round it, or have only one: returns what it is.
static int set_timeout(int seconds)
{
	int is = seconds;

	if (DOOR(ioctl(fd, WDIOC_SETTIMEOUT, &is), "watchdog", device, "%s", "") < 0
	    && ioctl(fd, WDIOC_GETTIMEOUT, &is) < 0)
		is = seconds;
	return is > 0 ? is : seconds;
}

static void ping(void)
{
	(void)!write(fd, "", 1);	// not by the door: a trace of this says nothing
}

static void be_due(int timeout_s)
{
	due = trace_now() + timeout_s * 1000000LL / 2;
}

static void look(void)
{
	struct watchdog_info driver = { 0 };
	int timeout_s;

	fd = allowing(ENOENT, DOOR(open(device, O_WRONLY | O_CLOEXEC | O_NOCTTY), "watchdog", device, "%s", ""));
	due = trace_now() + LOOK_EVERY_S * 1000000LL;
	if (fd < 0 && (errno != ENOENT || due > give_up)) {
		warn("initbox.watchdog=%d: no watchdog is used:", wanted_s);
		wanted_s = 0;
	}
	if (fd < 0)
		return;
	timeout_s = set_timeout(wanted_s);
	ioctl(fd, WDIOC_GETSUPPORT, &driver);
	notice("%s: resets the machine when init does not run for %d s (%.*s)", device, timeout_s,
	       (int)sizeof driver.identity, (const char *)driver.identity);
	be_due(timeout_s);
}

long long watchdog_turn(void)
{
	int timeout_s = wanted_s;

	if (!wanted_s)
		return -1;
	if (fd >= 0 && due <= trace_now()) {
		ping();
		ioctl(fd, WDIOC_GETTIMEOUT, &timeout_s);
		be_due(timeout_s);
	} else if (due <= trace_now()) {
		look();
	}
	return wanted_s ? due : -1;
}

void watchdog_leave(int seconds)
{
	if (fd < 0)
		return;
	set_timeout(seconds);
	ping();
}

void watchdog_stop(void)
{
	if (fd < 0)
		return;
	DOOR(write(fd, "V", 1) < 0 ? -1 : 0, "watchdog", "stop", "%s", "");	// closed without, it would go on
	close(fd);
	fd = -1;
}

// SPDX-License-Identifier: MIT
// hardware - rc.init's steps that meet devices: coldplug and the clock

#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "applet.h"
#include "door.h"
#include "fd.h"
#include "log.h"
#include "rc_init.h"
#include "spawn.h"
#include "version.h"

#define HOTPLUG "/proc/sys/kernel/hotplug"

enum { KILL_MS = 2000 };	// for coldplug to end after SIGKILL

// Kernels with CONFIG_UEVENT_HELPER call a program for each event; most have none.
static void set_helper(void)
{
	const char *helper = !access("/sbin/mdev", X_OK) ? "/sbin/mdev" : "/sbin/mdev-lite";

	if (door_is_dry() || !access(HOTPLUG, F_OK))
		sys_write(HOTPLUG, helper);
}

static pid_t start_coldplug(void)
{
	char *own[] = { "mdev-lite", "-s", NULL }, *other[] = { "/sbin/mdev", "-s", NULL };

	if (door_is_dry())
		return spawn(own, NULL);
	if (applet_find("mdev-lite"))
		return applet_spawn("mdev-lite", own);
	if (!access(other[0], X_OK))
		return spawn(other, NULL);
	warn("hotplug: neither mdev-lite in this program nor %s; devices stay as the kernel made them", other[0]);
	return -1;
}

void step_hotplug(void)
{
	int status;
	pid_t pid;

	set_helper();
	pid = start_coldplug();
	if (pid <= 0)
		return;
	if (!wait_child(pid, CONFIG_RC_INIT_COLDPLUG_SECONDS * 1000, &status)) {
		warn("hotplug: not done after %d s, the boot goes on without", CONFIG_RC_INIT_COLDPLUG_SECONDS);
		sys_kill(pid, SIGKILL);
		wait_child(pid, KILL_MS, &status);
	} else if (WIFSIGNALED(status)) {
		warn("hotplug: mdev-lite was ended by signal %d", WTERMSIG(status));
	}
}

// hwclock(8): the third line of /etc/adjtime says LOCAL or UTC.
static int clock_is_local(void)
{
	char text[256];
	char *line = text;

	if (!CONFIG_RC_INIT_CLOCK_LOCAL || read_line("/etc/adjtime", text, sizeof text) < 0)
		return 0;
	for (int i = 0; i < 2 && line; i++)
		line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL;
	return line && !strncmp(line, "LOCAL", 5);
}

// Seconds since the epoch by the hardware clock, or -1 where there is none that runs.
static time_t read_hardware_clock(int local)
{
	static const char *const names[] = { "/dev/rtc", "/dev/rtc0", "/dev/misc/rtc" };
	struct rtc_time rtc;
	struct tm tm;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		cleanup_fd int fd = open(names[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0 || ioctl(fd, RTC_RD_TIME, &rtc) < 0)
			continue;
		tm = (struct tm){ .tm_sec = rtc.tm_sec, .tm_min = rtc.tm_min, .tm_hour = rtc.tm_hour,
				  .tm_mday = rtc.tm_mday, .tm_mon = rtc.tm_mon, .tm_year = rtc.tm_year, .tm_isdst = -1 };
		return local ? mktime(&tm) : timegm(&tm);
	}
	return -1;
}

// The first settimeofday(2) with a zone shifts the clock by it (kernel/time/time.c, do_sys_settimeofday64);
// a zone of 0 before takes that away.
static void set_zone(time_t now)
{
	struct tm tm;

	if (!CONFIG_RC_INIT_CLOCK_LOCAL || !localtime_r(&now, &tm))
		return;
	sys_settimezone(0);
	sys_settimezone((int)(-tm.tm_gmtoff / 60));
}

void step_clock(void)
{
	int local = clock_is_local();
	time_t hardware = read_hardware_clock(local), now = time(NULL);
	struct timespec wanted = { .tv_sec = hardware };

	if (door_is_dry()) {
		DOOR(0, "settime", "hwclock", "hwclock --hctosys --%s\n", local ? "localtime" : "utc");
		return;
	}
	if (hardware < INITBOX_EPOCH) {
		if (now >= INITBOX_EPOCH)
			return;	// no clock, but someone has set the time
		notice("clock: %s; starting at the time this program was built",
		       hardware < 0 ? "no hardware clock" : "the hardware clock is not set");
		wanted.tv_sec = INITBOX_EPOCH;
	}
	if (local)
		set_zone(wanted.tv_sec);
	// The kernel may have set it from the same clock, to the fraction of a second.
	if (labs((long)(wanted.tv_sec - now)) > 1)
		sys_settime(&wanted);
}

// SPDX-License-Identifier: MIT
// helper - one event, in the environment: what the kernel starts where /proc/sys/kernel/hotplug says so
//
// It starts one process for each event, all at once. If /dev/mdev.seq exists they go in order: each
// waits until the number in it is its own SEQNUM, and writes the next one when it is done. Messages go
// to /dev/mdev.log if that exists.

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "applet.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "mdev.h"

enum { TURN_TIMEOUT = 2000, TURN_STEP = 10 };	// ms; a helper that died must not stop all others

// The kernel gives its helpers no descriptors: what is opened first would be standard input.
static void open_standard(void)
{
	int none = fcntl(STDERR_FILENO, F_GETFD) < 0, fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	fd_close(&fd);
	if (none)
		log_boot();
}

static void open_log(const struct mdev *m)
{
	int fd = openat(m->dev, "mdev.log", O_WRONLY | O_APPEND | O_NOCTTY | O_NOFOLLOW);

	if (fd < 0)
		return;
	dup2(fd, STDERR_FILENO);
	fd_close(&fd);
	log_verbosity(LOG_INFO);
}

static void write_number(int fd, unsigned long long number)
{
	char text[32];
	int length = format_path(text, "%llu\n", number);

	if (!ftruncate(fd, 0))
		(void)!pwrite(fd, text, length, 0);
}

// Whether `own` may go on: it is its turn, or the others are ahead. In a file that was just made (empty,
// or a line break) the first one writes its number, so that the others wait.
static int is_turn(int fd, unsigned long long own)
{
	char text[32];
	ssize_t length = pread(fd, text, sizeof text - 1, 0);

	if (length <= 0 || *text == '\n') {
		write_number(fd, own);
		return 1;
	}
	text[length] = 0;
	return strtoull(text, NULL, 10) >= own;
}

static int wait_turn(const struct mdev *m, const char *sequence)
{
	int fd = sequence ? openat(m->dev, "mdev.seq", O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -1;
	const struct timespec step = { .tv_nsec = TURN_STEP * 1000000L };

	for (int waited = 0; fd >= 0 && waited < TURN_TIMEOUT; waited += TURN_STEP) {
		if (is_turn(fd, strtoull(sequence, NULL, 10)))
			break;
		nanosleep(&step, NULL);
	}
	return fd;
}

static void end_turn(int fd, const char *sequence)
{
	unsigned long long next = strtoull(sequence, NULL, 10) + 1;
	char there[32] = "";

	// One that gave up waiting must not turn the number back.
	if (pread(fd, there, sizeof there - 1, 0) >= 0 && strtoull(there, NULL, 10) < next)
		write_number(fd, next);
}

int helper_run(struct mdev *m)
{
	struct uevent event;
	const char *sequence;
	int turn;

	open_standard();
	if (uevent_from_environment(&event, environ) < 0) {
		warn("no event in the environment: ACTION and DEVPATH are wanted (see mdev-lite --help)");
		return EXIT_USAGE;
	}
	if (mdev_open(m) < 0)
		return 1;
	open_log(m);
	sequence = uevent_get(&event, "SEQNUM");
	turn = door_is_dry() ? -1 : wait_turn(m, sequence);
	if (CONFIG_MDEV_LITE_MODULES && uevent_get(&event, "MODALIAS"))
		modules_open(m, LOG_INFO);
	coldplug_event(m, &event);
	if (turn >= 0) {
		end_turn(turn, sequence);
		close(turn);
	}
	// Drivers bring events that want their turn: not before ours is over.
	if (CONFIG_MDEV_LITE_MODULES) {
		while (modules_load_next(-1))
			;
		modules_rest(0);
	}
	return 0;
}

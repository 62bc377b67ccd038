// SPDX-License-Identifier: MIT
// log - one line for each thing worth knowing, never waiting for who reads it

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "consoles.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"

enum { LINE_MAX_BYTES = 1024 };	// the kernel log takes no more than that at once (printk.c, LOG_LINE_MAX)

static const char *own_name = "initbox";
static enum log_level least = LOG_NOTICE;
static int booting;
static unsigned lost;	// console lines that nobody took

void log_name(const char *name)
{
	own_name = name[0] == '/' ? name + 1 : name;
}

const char *log_get_name(void)
{
	return own_name;
}

void log_boot(void)
{
	booting = 1;
}

void log_verbosity(enum log_level level)
{
	least = level;
}

// A description of our own, so that O_NONBLOCK does not reach the shell that shares the terminal or pipe.
// -1: standard error itself will do (a file would start at its beginning), or has to.
static int console_open(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
		return -1;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && is_console(STDERR_FILENO))
		fd = open("/dev/console", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd;
}

static int writable_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

static void console_write(const char *text, size_t length)
{
	int own, fd;

	if (!booting) {
		(void)!write(STDERR_FILENO, text, length);
		return;
	}
	own = console_open();
	fd = own < 0 ? STDERR_FILENO : own;
	if (!writable_now(fd)) {
		lost++;
	} else {
		if (lost) {
			char note[64];
			int n = format(note, sizeof note, "%s: %u messages did not fit\n", own_name, lost);

			if (write(fd, note, n) == n)
				lost = 0;
		}
		if (write(fd, text, length) != (ssize_t)length)
			lost++;
	}
	if (own >= 0)
		close(own);
}

// /dev/console is the last that console= names: the message is for whoever watches another, too.
static void other_consoles_write(const char *text, size_t length)
{
	struct consoles consoles;
	const char *name;

	if (!booting || !is_console(STDERR_FILENO))
		return;
	for (consoles_read(&consoles); (name = consoles_next(&consoles)); ) {
		cleanup_fd int fd = console_device(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		if (fd >= 0 && writable_now(fd))
			(void)!write(fd, text, length);
	}
}

// The kernel prints a record on every console when its level is below the first number of
// /proc/sys/kernel/printk (proc_sys_kernel: printk). Saying it there again would double the line.
static int kernel_prints(enum log_level level)
{
	char text[32];

	return is_console(STDERR_FILENO)
		&& read_line("/proc/sys/kernel/printk", text, sizeof text) > 0 && (int)level < atoi(text);
}

// Returns 0, or -1 where there is no kernel log.
static int kernel_write(enum log_level level, const char *text, size_t length)
{
	char record[LINE_MAX_BYTES + 8];
	struct buf buf = BUF(record);
	int result = 0;
	int fd = open("/dev/kmsg", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	buf_format(&buf, "<%d>", level);
	buf_add(&buf, text, length);
	if (write(fd, record, buf.length) < 0)
		result = -1;
	close(fd);
	return result;
}

void log_line(enum log_level level, const char *f, ...)
{
	int saved = errno;
	char text[LINE_MAX_BYTES];
	struct buf line = { .text = text, .size = sizeof text - 1 };
	va_list args;

	if (level > least && !booting)
		return;
	buf_format(&line, "%s: ", own_name);
	errno = saved;
	va_start(args, f);
	buf_vformat(&line, f, args);
	va_end(args);
	if (*f && f[strlen(f) - 1] == ':')
		errno = saved, buf_format(&line, " %m");
	text[line.length++] = '\n';
	if (booting && !kernel_write(level, text, line.length) && kernel_prints(level))
		;	// on the consoles already
	else if (level <= least) {
		console_write(text, line.length);
		other_consoles_write(text, line.length);
	}
	errno = saved;
}

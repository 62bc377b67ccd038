// SPDX-License-Identifier: MIT
// console - init's own streams, and the terminals of what it starts
//
// PID 1 never takes a controlling terminal, and opens nothing that can make it wait: only children do.

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>
#include "console.h"
#include "consoles.h"
#include "door.h"
#include "env.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"

enum { OPEN_CONSOLE = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC };

static int no_console;	// what 0-2 are open on is nothing

/* init's own */

static int open_console(void)
{
	int fd = open("/dev/console", OPEN_CONSOLE);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (!access("/dev", F_OK) &&
	    !allowing(ANY_ERROR, sys_mknod(AT_FDCWD, "/dev/console", S_IFCHR | 0600, makedev(5, 1))))
		return open("/dev/console", OPEN_CONSOLE);
	return console_device("console", OPEN_CONSOLE);
}

static void set_streams(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)		// O_NONBLOCK was for the open only: children share the description
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	for (int stream = 0; stream <= STDERR_FILENO; stream++)
		if (stream != fd)
			dup2(fd, stream);
	if (fd > STDERR_FILENO)
		close(fd);
	else
		fcntl(fd, F_SETFD, 0);
}

void console_open(void)
{
	int fd, error;

	if (fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0)
		return;
	fd = open_console();
	error = errno;
	no_console = fd < 0;
	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = open("/", O_PATH | O_CLOEXEC);
	set_streams(fd);
	errno = error;
	if (no_console)
		warn("no console:");
}

// The kernel sets the speed of those that it writes to itself.
static void set_speed(int fd, int baud)
{
	static const struct { int baud; speed_t code; } speeds[] = {
		{ 9600, B9600 }, { 19200, B19200 }, { 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 },
		{ 230400, B230400 }, { 460800, B460800 }, { 921600, B921600 }, { 1500000, B1500000 },
	};
	struct termios modes;

	for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
		if (speeds[i].baud == baud && !tcgetattr(fd, &modes)) {
			cfsetispeed(&modes, speeds[i].code);
			cfsetospeed(&modes, speeds[i].code);
			tcsetattr(fd, TCSANOW, &modes);
		}
}

// The last close of a serial line waits until all is sent, up to 30 s where nobody takes it (tty_port_close_start in
// the kernel). Held open here, no close of a message to it is the last.
void consoles_hold(void)
{
	struct consoles consoles;
	const char *name;

	if (!is_console(STDERR_FILENO))
		return;
	for (consoles_read(&consoles); (name = consoles_next(&consoles)); )
		set_speed(console_device(name, OPEN_CONSOLE), consoles.speed);
}

/* A child's */

// The console may have come since init started, or have been hung up (tty_ioctl(4), TIOCNOTTY; vhangup(2)).
static int console_is_stale(void)
{
	struct termios modes;

	return no_console || (tcgetattr(STDIN_FILENO, &modes) < 0 && errno == EIO) || is_console(STDIN_FILENO);
}

static int open_terminal(const char *name)
{
	char path[128];
	int fd;

	if (!*name) {
		fd = console_is_stale() ? open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
		if (fd >= 0)
			set_streams(fd);
		return 0;
	}
	format_path(path, "/dev/%s", name);
	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);		// may wait for a modem's carrier
	if (fd < 0) {
		warn("%s:", path);
		return -1;
	}
	set_streams(fd);
	return 0;
}

// What a program may have left behind: raw mode, no echo, odd characters. Speed and line settings stay.
static void make_sane(struct termios *modes)
{
	static const struct { unsigned char index, value; } characters[] = {
		{ VINTR, 3 }, { VQUIT, 28 }, { VERASE, 127 }, { VKILL, 21 }, { VEOF, 4 }, { VSTART, 17 },
		{ VSTOP, 19 }, { VSUSP, 26 }, { VREPRINT, 18 }, { VDISCARD, 15 }, { VWERASE, 23 }, { VLNEXT, 22 },
		{ VEOL, 0 }, { VEOL2, 0 },
	};

	for (size_t i = 0; i < sizeof characters / sizeof *characters; i++)
		modes->c_cc[characters[i].index] = characters[i].value;
	modes->c_iflag = ICRNL | IXON | (modes->c_iflag & IUTF8);
	modes->c_oflag = OPOST | ONLCR;
	modes->c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	modes->c_cflag |= CREAD | HUPCL | CLOCAL;
}

// The kernel says TERM=linux to init; only its own virtual terminals (ioctl_console(2)) are that.
static void set_term(void)
{
	const char *term = getenv("TERM");
	char type;

	if (!term || !strcmp(term, "linux"))
		env_set(ioctl(STDIN_FILENO, KDGKBTYPE, &type) < 0 ? "TERM=vt102" : "TERM=linux");
}

static int wait_for_enter(const char *question)
{
	char c;
	ssize_t n;

	if (write_all(STDERR_FILENO, question, strlen(question)) < 0)
		return -1;
	do {
		n = read(STDIN_FILENO, &c, 1);
	} while ((n < 0 && errno == EINTR) || (n == 1 && c != '\n' && c != '\r'));
	return n == 1 ? 0 : -1;
}

static int ask(const struct entry *entry)
{
	char question[80];

	if (entry->action == ASKFIRST)
		return wait_for_enter("\nPlease press Enter to activate this console. ");
	if (!entry->offer_s)
		return 0;
	format(question, sizeof question, "\nPress Enter within %d s for a shell. ", entry->offer_s);
	return wait_for_enter(question) < 0 ? -1 : (alarm(0), 0);
}

int terminal_prepare(const void *argument)
{
	const struct entry *entry = argument;
	struct termios modes;

	alarm(entry->offer_s);	// it ends this process, whatever holds it up
	if (entry->quick)
		log_verbosity(LOG_ERROR);	// what is wrong has been said; the kernel log gets it each time
	if (open_terminal(entry->tty) < 0)
		return -1;
	if (!tcgetattr(STDIN_FILENO, &modes)) {
		make_sane(&modes);
		modes.c_iflag &= ~IXON;		// sets going what a Ctrl-S has stopped (n_tty_set_termios)
		tcsetattr(STDIN_FILENO, TCSANOW, &modes);
		modes.c_iflag |= IXON;
		tcsetattr(STDIN_FILENO, TCSANOW, &modes);
		set_term();
		if (*entry->tty || *entry->command == '-')
			ioctl(STDIN_FILENO, TIOCSCTTY, 0);	// 0: do not take it away from another session
	}
	return ask(entry);
}

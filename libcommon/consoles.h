// SPDX-License-Identifier: MIT
// consoles.h - /dev/console, and the other terminals that console= names
#pragma once

// Whether it is /dev/console itself, 5:1. A container has something else there, and no business with the others.
int is_console(int fd);

// Those that console= on the kernel's command line names, each once, without the one that /dev/console is. Of two
// of one driver (ttyS0, ttyS1) the kernel itself writes to one only.
struct consoles {
	const char *rest;
	char own[32], name[32];
	int speed;		// baud that it names for the last one, or 0
};
void consoles_read(struct consoles *consoles);
// The next name, below /dev; NULL at the end.
const char *consoles_next(struct consoles *consoles);

// Opens the terminal of that name with `flags` of open(2). Where there is no /dev, a devtmpfs that is attached nowhere
// is used (fsmount(2), Linux 5.2), so nothing is left behind. Returns a descriptor, or -1 with errno.
int console_device(const char *name, int flags);

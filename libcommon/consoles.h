// SPDX-License-Identifier: MIT
// consoles.h - the consoles that the kernel writes to, those that console= names, beside /dev/console
#pragma once

// Whether it is /dev/console itself, 5:1. A container has something else there, and no business with the others.
int is_console(int fd);

// Reads their names from /proc/consoles, mounted or not, without the one that /dev/console is.
struct consoles {
	char text[512];
	char *rest;
};
void consoles_read(struct consoles *consoles);
// The next name, below /dev; NULL at the end. One that is no terminal (netconsole ...) is left out.
const char *consoles_next(struct consoles *consoles);

// Opens the device of that name with `flags` of open(2). Where there is no /dev, a devtmpfs that is attached nowhere
// is used (fsmount(2), Linux 5.2), so nothing is left behind. Returns a descriptor, or -1 with errno.
int device_open(const char *name, int flags);

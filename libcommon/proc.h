// SPDX-License-Identifier: MIT
// proc.h - /proc, mounted or not
#pragma once
#include <stddef.h>
#include <sys/types.h>

// Opens `path` below /proc to read. Where /proc is not mounted, a procfs that is attached nowhere is
// used (fsmount(2), Linux 5.2), so nothing is left behind. Returns a descriptor, or -1 with errno.
int proc_open(const char *path);

// Whether this is the machine's own pid namespace, and not a container's. Yes where there is no /proc to tell.
int is_machine(void);

// Reads it without white space at its end; returns the length, or -1 with errno.
ssize_t proc_read(const char *path, char *text, size_t size);

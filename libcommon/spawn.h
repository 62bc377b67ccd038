// SPDX-License-Identifier: MIT
// spawn.h - children: started with a clean state, waited for with a bound
#pragma once
#include <sys/types.h>

// What a child needs beside its arguments.
struct spawn {
	char **env;		// NULL: the caller's
	unsigned new_session;	// setsid(2)
	const char *path;	// the file, where argv[0] is another name for it
	// The last thing before the exec (a terminal ...); -1: do not exec, the child ends with 126.
	int (*prepare)(const void *argument);
	const void *argument;
};

// fork and execve of argv[0] (looked up in PATH, default /sbin:/usr/sbin:/bin:/usr/bin, if it has no
// slash), with an empty signal mask, default dispositions and umask 022. Returns the pid, or -1 with
// errno; a child that cannot exec says so and exits 126 or 127. A name without a slash that PATH does not
// have may be one of this binary's applets. In a dry run it prints the command
// and returns 0: do not wait for that.
pid_t spawn(char *const argv[], const struct spawn *how);

// The same for an applet of this binary: fork and its main, no exec. -1 with ENOENT if this binary
// has no such applet. A dry run goes on in the child.
pid_t applet_spawn(const char *name, char *const argv[]);

// Waits until the child ends or `timeout_ms` have passed (-1: for ever). Returns 1 with its wait status
// in *status, 0 on timeout, -1 with errno.
int wait_child(pid_t pid, int timeout_ms, int *status);

// 0-255, or 128 + signal.
int exit_code(int status);

// SPDX-License-Identifier: MIT
// bare.h - a command without anything around it: the floor of what a container's takes
#pragma once
#include <sys/wait.h>
#include <unistd.h>

// Returns 0, or 1 where it did not end well.
static int run_bare(char *program)
{
	char *argv[] = { program, NULL };
	int status;
	pid_t pid = vfork();

	if (!pid) {
		execv(program, argv);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) < 0 || status;
}

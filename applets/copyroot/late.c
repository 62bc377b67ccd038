// SPDX-License-Identifier: MIT
// late - the old files go once INIT runs, by a child that nobody has to wait for

#include <poll.h>
#include <unistd.h>
#include "copyroot.h"
#include "door.h"
#include "fd.h"
#include "tree.h"

enum { INIT_TIMEOUT_MS = 10000 };

// No console, and nothing else that somebody could miss: the pipe becomes 0, the folder 1, and 2 as well, where a line
// would go to. (Both are above 2, see fill_standard_streams.)
static void keep_only(int pipe, int folder)
{
	dup2(pipe, 0);
	dup2(folder, 1);
	dup2(folder, 2);
	fd_close_from(3);
}

// TERM and KILL end it as they do any process, and then what is left stays.
_Noreturn static void free_in_child(int pipe, int folder)
{
	struct pollfd started = { .events = POLLIN };

	keep_only(pipe, folder);
	setsid();
	(void)!nice(19);
	poll(&started, 1, INIT_TIMEOUT_MS);
	tree_remove(1);
	_exit(0);
}

// This end of the pipe is closed by the exec of INIT, and so is the other one's only writer.
int free_late(int folder)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid = DOOR(fork(), "fork", "free", "%s", "");
	if (!pid)
		free_in_child(ends[0], folder);
	close(ends[0]);
	if (pid < 0)
		close(ends[1]);
	return pid < 0 ? -1 : 0;
}

// SPDX-License-Identifier: MIT
// scripts - the scripts of a folder, one after another

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "applet.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "proc.h"
#include "scripts.h"
#include "spawn.h"
#include "trace.h"

enum {
	GRACE_MS = 2000,	// between SIGTERM and SIGKILL for a script over its time
	POLL_MS = 10,
	CONSOLE_MS = 1000,	// so long a console may be busy with what was written before
};

static int is_regular(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK);
}

// Returns whether no child is left.
static int wait_all(void)
{
	pid_t pid;

	for (int ms = 0; ms < GRACE_MS; ms += POLL_MS) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0)
			return 1;
		usleep(POLL_MS * 1000);
	}
	return 0;
}

// All that descend from `pid`, the youngest first, so that none is out of sight when its parent ends. Returns -1 where
// the kernel does not list them (CONFIG_PROC_CHILDREN).
static int tell_descendants(pid_t pid, int signal)
{
	char path[64];
	cleanup_fd int fd = -1;
	cleanup_free char *text = NULL;
	char *rest;

	format_path(path, "%d/task/%d/children", pid, pid);
	fd = proc_open(path);
	rest = text = fd < 0 ? NULL : load_fd(fd, 1 << 20, NULL);
	while (rest && *rest) {
		pid_t child = atoi(strsep(&rest, " "));

		tell_descendants(child, signal);
		allowing(ESRCH, sys_kill(child, signal));
	}
	return text ? 0 : -1;
}

// Those whose parent ends become children of this process, so none is lost. `pid` leads a session of its own.
static void end_script(pid_t pid)
{
	static const int signals[] = { SIGTERM, SIGKILL };

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < 2; i++) {
		if (tell_descendants(getpid(), signals[i]) < 0)
			allowing(ESRCH, sys_kill(-pid, signals[i]));
		if (wait_all())
			break;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

// A script that speaks would wait for ever where nobody takes what the console shows.
static int streams_prepare(const void *path)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int fd;

	if (poll(&p, 1, CONSOLE_MS))
		return 0;
	warn("%s: the console takes nothing, so what it says goes to the kernel log", (const char *)path);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	return 0;
}

// Returns whether it failed.
static int run_script(const char *path, int timeout_ms)
{
	char *argv[] = { (char *)path, NULL };
	struct spawn how = { .new_session = 1, .prepare = streams_prepare, .argument = path };
	int status = 0, code;
	pid_t pid = spawn(argv, &how);

	if (pid < 0)
		return 1;
	if (!pid)
		return 0;
	if (wait_child(pid, timeout_ms ? timeout_ms : -1, &status) == 0) {
		warn("%s: not done after %d s, ended", path, timeout_ms / 1000);
		end_script(pid);
		return 1;
	}
	code = exit_code(status);
	if (WIFSIGNALED(status))
		warn("%s: ended by signal %d", path, WTERMSIG(status));
	else if (code && code != EXIT_CANNOT_EXECUTE && code != EXIT_NOT_FOUND)	// those, the child said itself
		warn("%s: exit code %d", path, code);
	return code != 0;
}

static int run_entry(const char *folder, const char *name, int timeout_ms)
{
	char path[4096];
	struct stat st;
	long long start = trace_now();
	int failed;

	if (format_path(path, "%s/%s", folder, name) < 0 || stat(path, &st) < 0) {
		warn("%s/%s:", folder, name);
		return 1;
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	failed = run_script(path, timeout_ms);
	trace_call(start, "script", path, 0);
	return failed;
}

int run_scripts(const char *folder, int timeout_ms)
{
	struct dirent **entries;
	int failed = 0, count = scandir(folder, &entries, is_regular, alphasort);

	if (count < 0) {
		if (errno != ENOENT)
			warn("%s:", folder);
		return 0;
	}
	for (int i = 0; i < count; i++) {
		failed += run_entry(folder, entries[i]->d_name, timeout_ms);
		free(entries[i]);
	}
	free(entries);
	return failed;
}

// SPDX-License-Identifier: MIT
// spawn - children: started with a clean state, waited for with a bound

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "applet.h"
#include "door.h"
#include "env.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "spawn.h"
#include "trace.h"

static const char default_path[] = "PATH=/sbin:/usr/sbin:/bin:/usr/bin";

// Signals that are blocked or ignored stay so across execve(2): a child starts with none.
static void reset_signals(void)
{
	static const long plain[8];	// struct sigaction of the kernel, SIG_DFL and nothing else
	sigset_t none;

	// The C library keeps three signals for itself and would not touch them; who started us may have ignored them.
	for (int signal = 1; signal < NSIG; signal++)
		syscall(SYS_rt_sigaction, signal, plain, NULL, (size_t)(NSIG - 1) / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void dry_spawn(char *const argv[])
{
	char line[4096];
	struct buf buf = BUF(line);

	for (int i = 0; argv[i]; i++)
		buf_format(&buf, "%s%-s", i ? " " : "", argv[i]);
	DOOR(0, "spawn", argv[0], "%s\n", line);
}

static void exec_by_shell(char *const argv[])
{
	char *words[32] = { "/bin/sh" };

	for (int i = 0; i < 30 && argv[i]; i++)
		words[i + 1] = argv[i];
	execv(words[0], words);
}

// Ends this process, if `name` is an applet.
static void run_applet(const char *name, char *const argv[])
{
	const struct applet_entry *entry = applet_find(name);
	int argc = 0, code;

	if (!entry)
		return;
	log_name(entry->name);
	while (argv[argc])
		argc++;
	code = entry->applet->main(argc, (char **)argv);
	trace_flush();
	_exit(code);
}

_Noreturn static void exec_child(char *const argv[], const struct spawn *how)
{
	const char *file = how && how->path ? how->path : argv[0];
	int error;

	reset_signals();
	umask(022);
	if (how && how->new_session)
		setsid();
	if (how && how->env)
		environ = how->env;
	env_default(default_path);
	if (how && how->prepare && how->prepare(how->argument) < 0)
		_exit(EXIT_CANNOT_EXECUTE);
	execvp(file, argv);
	error = errno;
	if (error == ENOENT && !strchr(file, '/'))
		run_applet(file, argv);
	if (error == ENOEXEC)	// a script without #! is one for the shell, as for execvp in POSIX
		exec_by_shell(argv);
	errno = error;
	warn("%s:", file);
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE);
}

// The child records nothing: its parent does.
static pid_t door_fork(const char *what)
{
	pid_t pid;

	if (!door_open("spawn", what, "%s", ""))
		return door_result();
	pid = fork();
	if (!pid)
		door_allow(0);	// what the parent allows for this call is not for the child's own
	return pid ? door_close(pid) : 0;
}

pid_t spawn(char *const argv[], const struct spawn *how)
{
	pid_t pid;

	if (door_is_dry()) {
		dry_spawn(argv);
		return 0;
	}
	pid = door_fork(argv[0]);
	if (!pid)
		exec_child(argv, how);
	return pid;
}

pid_t applet_spawn(const char *name, char *const argv[])
{
	pid_t pid;

	if (!applet_find(name)) {
		errno = ENOENT;
		return -1;
	}
	trace_flush();
	pid = door_is_dry() ? fork() : door_fork(name);
	if (pid)
		return pid;
	reset_signals();
	run_applet(name, argv);
	_exit(EXIT_NOT_FOUND);
}

// pidfd_open(2), Linux 5.3. Older: look every 10 ms.
static int wait_readable(pid_t pid, int timeout_ms)
{
	cleanup_fd int fd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	long long end = trace_now() + timeout_ms * 1000LL;

	for (;;) {
		long long left = timeout_ms < 0 ? -1 : (end - trace_now() + 999) / 1000;
		int ready;

		if (timeout_ms >= 0 && left <= 0)
			return 0;
		ready = poll(&p, fd < 0 ? 0 : 1, fd < 0 ? 10 : (int)left);
		if (ready > 0 || fd < 0)
			return 1;
		if (!ready)
			return 0;
		if (errno != EINTR)
			return -1;
	}
}

int wait_child(pid_t pid, int timeout_ms, int *status)
{
	long long end = trace_now() + timeout_ms * 1000LL;

	for (;;) {
		pid_t ended = waitpid(pid, status, timeout_ms < 0 ? 0 : WNOHANG);
		long long left = timeout_ms < 0 ? -1 : (end - trace_now() + 999) / 1000;

		if (ended == pid)
			return 1;
		if (ended < 0 && errno != EINTR)
			return -1;
		if (timeout_ms >= 0 && (left <= 0 || wait_readable(pid, left) < 0))
			return 0;
	}
}

int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// SPDX-License-Identifier: MIT
// exec - from sbx-init to the command: a child that shares our memory until it executes
//
// vfork's way (CLONE_VM, CLONE_VFORK) costs half of what a fork does. The child has a stack of its own, and changes
// nothing of ours but `report`. All signals are blocked in sbx-init at all times, so none arrives in it meanwhile.

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "applet.h"
#include "asan.h"
#include "fd.h"
#include "fmt.h"
#include "sbx_init.h"

enum { STACK_SIZE = 32768, FEW = 256, BUSY_TRIES = 50, BUSY_PAUSE_NS = 1000000 };

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/* Descriptors */

struct place { int channel, tty, file; };	// ours that the command's must not hit

static int file_number(const struct sbx_message *message, unsigned index)
{
	size_t length;
	const uint32_t *numbers = sbx_bytes(message, SBX_FILES, &length);

	return numbers ? (int)numbers[index] : (int)index;
}

// One above the highest number that the command wants.
static int ceiling(const struct sbx_message *message)
{
	int top = 3;

	for (unsigned i = 0; i < message->free_fds; i++)
		if (file_number(message, i) >= top)
			top = file_number(message, i) + 1;
	return top;
}

// `fd`, or a copy of it that is not below `top`.
static int lift(int fd, int top)
{
	return fd < 0 || fd >= top ? fd : fcntl(fd, F_DUPFD_CLOEXEC, top);
}

static int wants(const struct sbx_message *message, int number)
{
	for (unsigned i = 0; i < message->free_fds; i++)
		if (file_number(message, i) == number)
			return 1;
	return 0;
}

static int place_files(const struct job *job, struct place *place)
{
	const struct sbx_message *message = job->message;
	int sources[SBX_FDS_MAX], top = ceiling(message);
	unsigned count = 0;

	if (!message->free_fds && !sbx_has(message, SBX_FILES))
		return 0;
	place->channel = lift(place->channel, top);
	place->tty = lift(place->tty, top);
	place->file = lift(place->file, top);
	for (unsigned i = 0; i < message->fds; i++)
		if (!(message->taken[i / 8] & 1 << i % 8)) {
			sources[count] = lift(job->fds[i], top);
			if (sources[count++] < 0)
				return failed("descriptor", "");
		}
	for (unsigned i = 0; i < count; i++)
		if (dup3(sources[i], file_number(message, i), 0) < 0)
			return failed("dup", "");
	for (int fd = 0; fd < 3; fd++)
		if (!wants(message, fd))
			close(fd);
	return 0;
}

/* The other steps, each for one field */

static int set_terminal(const struct sbx_message *message, const struct place *place)
{
	if (place->tty < 0 && !(sbx_number(message, SBX_X_FLAGS, 0) & SBX_X_NEW_SESSION))
		return 0;
	if (DO(setsid(), "setsid", "") < 0 && errno != EPERM)	// EPERM: it leads one already
		return -1;
	report->error = 0;
	return place->tty < 0 ? 0 : DO(ioctl(place->tty, TIOCSCTTY, 0), "terminal", "");
}

// CVE-2024-21626: no way through /proc/*/fd, and no folder that is outside.
static int enter(const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	char now[SBX_PATH_MAX];
	cleanup_fd int fd = -1;

	fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
	if (fd < 0 || DO(fchdir(fd), "chdir", path) < 0)
		return failed("chdir", path);
	if (syscall(SYS_getcwd, now, sizeof now) < 0 || *now != '/')	// "(unreachable)..."
		return failed("outside of the container:", path);
	return 0;
}

// The first that is there; the environment's PWD says which. Its text is static: the child may share our memory.
static int enter_first(const struct job *job, const char *paths, size_t length)
{
	static char assignment[SBX_PATH_MAX + sizeof "PWD="];

	for (const char *end = paths + length; paths < end; paths += strlen(paths) + 1) {
		if (enter(paths) < 0)
			continue;
		report->error = 0;
		format_path(assignment, "PWD=%s", paths);
		for (char **env = job->env; *env; env++)
			if (!strncmp(*env, "PWD=", 4))
				*env = assignment;
		return 0;
	}
	return -1;
}

static int set_folder(const struct job *job)
{
	const char *path = sbx_text(job->message, SBX_DIR), *paths;
	size_t length;

	if (path)
		return enter(path);
	paths = sbx_bytes(job->message, SBX_DIRS, &length);
	return length ? enter_first(job, paths, length) : 0;
}

static int set_limits(const struct sbx_message *message)
{
	const struct sbx_field *field = NULL;

	while ((field = sbx_next(message, SBX_RLIMIT, field))) {
		const struct sbx_rlimit *limit = sbx_value(field);
		struct rlimit value = { limit->soft, limit->hard };
		char number[16];

		format_path(number, "%u", limit->resource);
		if (DO(prlimit(0, limit->resource, &value, NULL), "setrlimit", number) < 0)
			return -1;
	}
	return 0;
}

// The LSM's next context: through the /proc of the container.
static int set_label(const struct sbx_message *message)
{
	const char *label = sbx_text(message, SBX_EXEC_LABEL);
	cleanup_fd int fd = -1;

	if (!label)
		return 0;
	fd = open_proc(AT_FDCWD, "/proc/thread-self/attr/exec");
	return fd < 0 ? -1 : DO((int)write(fd, label, strlen(label)), "exec label", label) < 0 ? -1 : 0;
}

// Where clone3(2) could not do it.
static int join_cgroup(int cgroup)
{
	cleanup_fd int fd = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	return fd < 0 || DO((int)write(fd, "0", 1), "write", "cgroup.procs") < 0 ? failed("cgroup", "") : 0;
}

// Tells the launcher who we are, with the files that it wants to hold.
static int send_child(const struct sbx_message *message, int channel)
{
	int fds[SBX_HELD_MAX], result = 0;
	unsigned count = 0;
	size_t length;
	const char *path = sbx_bytes(message, SBX_HOLD, &length), *end = path + length;

	for (; path < end && !result; path = sbx_after(path)) {
		errno = count == SBX_HELD_MAX ? EMFILE : open_regular(path, O_RDONLY, 0, &fds[count]);
		if (errno)
			result = failed("hold", path);
		else
			count++;
	}
	if (!result && sbx_wire_send(channel, SBX_CHILD, NULL, 0, fds, count) < 0)
		result = failed("send", "pid");
	while (count)
		close(fds[--count]);
	return result;
}

// Waits for the launcher's word, if it wants to be asked.
static int synchronize(const struct sbx_message *message, int channel)
{
	uint64_t flags = sbx_number(message, SBX_X_FLAGS, 0);
	struct sbx_header answer;
	ssize_t n;

	if (!(flags & (SBX_X_PID | SBX_X_WAIT)))
		return 0;
	if (send_child(message, channel) < 0)
		return -1;
	if (!(flags & SBX_X_WAIT))
		return 0;
	while ((n = recv(channel, &answer, sizeof answer, MSG_TRUNC)) < 0 && errno == EINTR)
		;
	if (n == sizeof answer && answer.magic == SBX_MAGIC && answer.type == SBX_GO && !answer.length)
		return 0;
	errno = n == sizeof answer && answer.magic == SBX_MAGIC && answer.type == SBX_KILL ? ECANCELED : EBADMSG;
	return failed(errno == ECANCELED ? "told not to execute" : "wait for go", "");
}

/* execve */

// A script without #! is one for the shell, as for execvp(3). argv has a free place before it.
static void execute(const char *path, const struct job *job)
{
	char **argv = job->argv, *first;

	for (int i = 0; i < BUSY_TRIES; i++) {
		execve(path, argv, job->env);
		if (errno != ETXTBSY)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_PAUSE_NS }, NULL);
	}
	if (errno != ENOEXEC)
		return;
	first = argv[0];
	argv[0] = (char *)path;
	argv[-1] = "sh";
	execve("/bin/sh", argv - 1, job->env);
	argv[0] = first;
	errno = ENOEXEC;
}

static const char *env_path(char *const *env)
{
	for (; *env; env++)
		if (!strncmp(*env, "PATH=", 5))
			return *env + 5;
	return default_path;
}

static void search_and_execute(const char *name, const struct job *job)
{
	const char *at = env_path(job->env);
	char path[SBX_PATH_MAX];
	int denied = 0;

	errno = ENOENT;
	while (*name) {
		int length = (int)strcspn(at, ":");

		if (format_path(path, "%.*s%s%s", length, at, length ? "/" : "", name) >= 0)
			execute(path, job);
		denied |= errno == EACCES;
		if ((errno != ENOENT && errno != ENOTDIR && errno != EACCES) || !at[length])
			break;
		at += length + 1;
	}
	if (denied)
		errno = EACCES;
}

static void execute_file(int fd, const struct job *job)
{
	for (int i = 0; i < BUSY_TRIES; i++) {
		syscall(SYS_execveat, fd, "", job->argv, job->env, AT_EMPTY_PATH);
		if (errno != ETXTBSY)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_PAUSE_NS }, NULL);
	}
}

static int fd_of(const struct job *job, enum sbx_key key)
{
	uint32_t index = (uint32_t)sbx_number(job->message, key, SBX_UNSET);

	return index == SBX_UNSET || !job->fds ? -1 : job->fds[index];
}

static void become(const struct job *job, int cgroup)
{
	const struct sbx_message *message = job->message;
	struct place place = { box.channel, fd_of(job, SBX_TTY), fd_of(job, SBX_EXEC_FD) };
	const char *path = job->path;
	sigset_t none;

	if ((cgroup >= 0 && join_cgroup(cgroup) < 0) || place_files(job, &place) < 0 || set_terminal(message, &place) < 0
	    || set_folder(job) < 0 || set_limits(message) < 0 || set_label(message) < 0
	    || synchronize(message, place.channel) < 0)
		return;
	umask((mode_t)sbx_number(message, SBX_UMASK, box.umask));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	// They may allow no other call than execve.
	if ((box.filters && load_filters(box.filters) < 0) || load_filters(message) < 0)
		return;
	if (allowing(ANY_ERROR, DOOR(0, "execve", path, "%s", "")) < 0)
		;
	else if (place.file >= 0)
		execute_file(place.file, job);
	else if (strchr(path, '/'))
		execute(path, job);
	else
		search_and_execute(path, job);
	failed("execute", path);
}

void job_exec(const struct job *job)
{
	become(job, fd_of(job, SBX_CGROUP));
}

/* Children */

struct child { const struct job *job; int cgroup; };

static int child_main(void *argument)
{
	const struct child *child = argument;

	become(child->job, child->cgroup);
	_exit(EXIT_NOT_FOUND);
}

static pid_t clone_sharing(struct child *child)
{
	char stack[STACK_SIZE] __attribute__((aligned(16)));	// next to what has been used of ours

	pid_t pid = DO(clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, child), "clone", "command");

	asan_forget(stack, sizeof stack);
	return pid;
}

// Into a cgroup there is only clone3(2), which cannot be called from C with memory shared.
static pid_t clone_into(struct child *child)
{
	struct clone_args args = { .flags = CLONE_VFORK | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD,
				   .cgroup = (uint64_t)child->cgroup };
	pid_t pid = syscall(SYS_clone3, &args, sizeof args);

	if (!pid) {
		child->cgroup = -1;
		child_main(child);
	}
	if (pid < 0 && errno == ENOSYS)	// a preset of ours forbids it
		return clone_sharing(child);
	return pid < 0 ? failed("clone", "into the cgroup") : pid;
}

pid_t job_start(const struct job *job)
{
	struct child child = { job, fd_of(job, SBX_CGROUP) };
	pid_t pid;

	report->error = 0;
	pid = child.cgroup < 0 ? clone_sharing(&child) : clone_into(&child);
	if (pid < 0)
		return -1;
	if (report->error) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		errno = report->error;
		return -1;
	}
	return pid;
}

pid_t run_plain(const char *path, char **argv, char **env)
{
	static const struct sbx_message nothing;

	return job_start(&(struct job){ .message = &nothing, .path = path, .argv = argv, .env = env });
}

int job_prepare(struct job *job, const struct sbx_message *message, const int *fds)
{
	size_t argv_length, env_length;
	const char *argv = sbx_bytes(message, SBX_ARGV, &argv_length), *env = sbx_bytes(message, SBX_ENV, &env_length);
	unsigned argc = sbx_count(argv, argv_length), envc = sbx_count(env, env_length);
	static char *few[FEW];
	size_t count = 1 + argc + 1 + envc + 1;
	char **vectors = count <= FEW ? few : malloc(count * sizeof *vectors);	// one command at a time

	*job = (struct job){ .message = message, .fds = fds };
	if (!vectors)
		return failed("memory", "");
	job->allocated = vectors == few ? NULL : vectors;
	job->argv = vectors + 1;
	job->env = job->argv + argc + 1;
	sbx_vector(argv, argc, job->argv);
	sbx_vector(env, envc, job->env);
	job->path = sbx_has(message, SBX_PATH) ? sbx_text(message, SBX_PATH) : job->argv[0];
	return 0;
}

void job_free(struct job *job)
{
	free(job->allocated);
	job->allocated = NULL;
}

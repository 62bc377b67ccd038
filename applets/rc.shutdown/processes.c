// SPDX-License-Identifier: MIT
// processes - all processes but a few are told to end, and waited for

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "proc.h"
#include "rc_shutdown.h"
#include "trace.h"

enum {
	POLL_MS = 10,		// without pidfd_open(2) (Linux 5.3)
	NAMES = 8,		// of processes in one line
};

static const unsigned KERNEL_THREAD = 0x00200000;	// PF_KTHREAD of linux/sched.h

struct process {
	pid_t pid, parent;
	int tty;		// its controlling terminal's device number, or 0
	unsigned flags;
	char state;
	char name[24];
};

struct list {
	struct process *all;
	size_t count;
	int vanished;		// some were gone before they could be looked at: who knows what they have started
};

/* /proc */

// "PID (NAME) STATE PARENT GROUP SESSION TTY FOREGROUND FLAGS ...": the name may hold anything (proc_pid_stat(5)).
static int parse_stat(char *text, struct process *p)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')'), *rest;
	long fields[6] = { 0 };

	if (!open || !close || close < open || close[1] != ' ' || !close[2])
		return -1;
	p->state = close[2];
	rest = close + 3;
	for (int i = 0; i < 6; i++)
		fields[i] = strtol(rest, &rest, 10);
	*close = 0;
	p->pid = atoi(text);
	p->parent = fields[0];
	p->tty = fields[3];
	p->flags = fields[5];
	format_path(p->name, "%s", open + 1);
	return 0;
}

static int read_process(int proc, const char *pid, struct process *p)
{
	char path[64], text[1024];

	format_path(path, "%s/stat", pid);
	return read_file_at(proc, path, text, sizeof text) > 0 ? parse_stat(text, p) : -1;
}

static DIR *open_proc(void)
{
	int fd = proc_open(".");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		warn("/proc:");
		fd_close(&fd);
	}
	return dir;
}

static int is_ancestor(int proc, pid_t pid)
{
	struct process p = { .parent = getpid() };
	char name[16];

	for (pid_t ancestor = p.parent; ancestor > 0; ancestor = p.parent) {
		if (ancestor == pid)
			return 1;
		format_path(name, "%d", ancestor);
		if (read_process(proc, name, &p) < 0)
			break;
	}
	return 0;
}

// A process that other mounts or the shutdown itself need says so by its name (systemd: "root storage daemons").
static int asks_to_stay(int proc, const struct process *p)
{
	char path[64], first[2];
	struct stat st;

	format_path(path, "%d/cmdline", p->pid);
	return read_file_at(proc, path, first, sizeof first) > 0 && first[0] == '@'
		&& !fstatat(proc, path, &st, 0) && st.st_uid == 0;
}

static int is_target(int proc, const struct process *p)
{
	return p->pid != 1 && p->state != 'Z' && p->state != 'X' && !(p->flags & KERNEL_THREAD)
		&& !is_ancestor(proc, p->pid) && !asks_to_stay(proc, p);
}

static int add(struct list *list, const struct process *p)
{
	struct process *larger = realloc(list->all, (list->count + 1) * sizeof *p);

	if (!larger)
		return -1;
	list->all = larger;
	list->all[list->count++] = *p;
	return 0;
}

// Each is told as soon as it is found (NULL: nothing): one that forks and ends all the time is gone a little later.
static struct list find_targets(void (*tell_it)(const struct process *))
{
	struct list list = { 0 };
	struct process p;
	struct dirent *entry;
	DIR *dir = open_proc();

	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name < '1' || *entry->d_name > '9')
			continue;
		if (read_process(dirfd(dir), entry->d_name, &p) < 0) {
			list.vanished = 1;
		} else if (is_target(dirfd(dir), &p)) {
			if (tell_it)
				tell_it(&p);
			add(&list, &p);
		}
	}
	if (dir)
		closedir(dir);
	return list;
}

/* Telling them, and waiting */

static void tell(pid_t pid, int signal)
{
	allowing(ESRCH, sys_kill(pid, signal));
}

static void tell_to_end(const struct process *p)
{
	tell(p->pid, SIGTERM);
	if (p->tty)
		tell(p->pid, SIGHUP);	// a shell at its terminal ignores TERM
	tell(p->pid, SIGCONT);
}

static void tell_no_more(const struct process *p)
{
	tell(p->pid, SIGKILL);
}

static int is_gone(pid_t pid)
{
	struct process p;
	char name[16];
	DIR *dir = open_proc();
	int gone;

	if (!dir)
		return 1;
	format_path(name, "%d", pid);
	gone = read_process(dirfd(dir), name, &p) < 0 || p.state == 'Z' || p.state == 'X';
	closedir(dir);
	return gone;
}

// Returns 0, or -1 when the time is over.
static int wait_gone(pid_t pid, long long end)
{
	cleanup_fd int fd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0 && errno == ESRCH)
		return 0;
	for (;;) {
		long long left = (end - trace_now() + 999) / 1000;

		if (fd < 0 && is_gone(pid))
			return 0;
		if (left <= 0)
			return -1;
		if (poll(&p, fd >= 0, fd < 0 && left > POLL_MS ? POLL_MS : (int)left) > 0)
			return 0;
	}
}

// Again and again, since the children of those that end may be new. Returns those that are left in the end.
static struct list end_all(void (*how)(const struct process *), int seconds)
{
	long long end = trace_now() + seconds * 1000000LL;
	struct list list;

	for (;;) {
		int late = 0;

		list = find_targets(how);
		if (!(list.count || list.vanished) || door_is_dry())
			return list;
		for (size_t i = 0; i < list.count && !late; i++)
			late = wait_gone(list.all[i].pid, end) < 0;
		free(list.all);
		if (late || trace_now() >= end)
			return find_targets(NULL);
	}
}

static void add_name(struct buf *text, const struct process *p, int number)
{
	if (number < NAMES)
		buf_format(text, "%s%s (%d)", text->length ? ", " : "", p->name, p->pid);
	else if (number == NAMES)
		buf_format(text, " ...");
}

static void name_all(const struct list *list, const char *what)
{
	char line[512];
	struct buf text = BUF(line);

	for (size_t i = 0; i < list->count; i++)
		add_name(&text, &list->all[i], (int)i);
	warn("%s: %s", what, line);
}

void processes_terminate(int seconds)
{
	struct list left = end_all(tell_to_end, seconds);

	free(left.all);
}

void processes_kill(int seconds)
{
	struct list left = { 0 };

	if (door_is_dry())	// by then they are gone
		return;
	left = find_targets(NULL);
	if (left.count)
		name_all(&left, "did not end after SIGTERM, killed");
	if (left.count || left.vanished) {
		free(left.all);
		left = end_all(tell_no_more, seconds);
		if (left.count)
			name_all(&left, "do not end at all");
	}
	free(left.all);
}

/* Who holds a file system */

static int is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return !strncmp(path, folder, length) && (!path[length] || path[length] == '/' || path[length] == ' ');
}

// The links' texts only: to follow one could mean to wait for a dead server.
static int link_is_below(int proc, const char *link, const char *folder)
{
	char target[4096];
	ssize_t length = readlinkat(proc, link, target, sizeof target - 1);

	target[length < 0 ? 0 : length] = 0;
	return length > 0 && is_below(target, folder);
}

static int has_open(int proc, pid_t pid, const char *folder)
{
	char path[320];
	int found = 0, fd;
	struct dirent *entry;
	DIR *dir;

	format_path(path, "%d/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && !found && (entry = readdir(dir)))
		found = *entry->d_name != '.' && link_is_below(dirfd(dir), entry->d_name, folder);
	if (dir)
		closedir(dir);
	return found;
}

// A line of maps ends in the file's path.
static int has_mapped(int proc, pid_t pid, const char *folder)
{
	char path[64];
	cleanup_free char *text = NULL;
	char *rest, *line, *name;

	format_path(path, "%d/maps", pid);
	text = load_file(proc, path, 16 << 20, NULL);
	for (rest = text; rest && (line = strsep(&rest, "\n")); )
		if ((name = strchr(line, '/')) && is_below(name, folder))
			return 1;
	return 0;
}

static int holds(int proc, pid_t pid, const char *folder)
{
	static const char *const links[] = { "cwd", "root", "exe" };
	char path[64];

	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		format_path(path, "%d/%s", pid, links[i]);
		if (link_is_below(proc, path, folder))
			return 1;
	}
	return has_open(proc, pid, folder) || has_mapped(proc, pid, folder);
}

int processes_holding(const char *folder, struct buf *text)
{
	int count = 0;
	struct process p;
	struct dirent *entry;
	DIR *dir = open_proc();

	while (dir && (entry = readdir(dir)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9' && !read_process(dirfd(dir), entry->d_name, &p)
		    && holds(dirfd(dir), p.pid, folder))
			add_name(text, &p, count++);
	if (dir)
		closedir(dir);
	return count;
}

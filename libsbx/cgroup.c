// SPDX-License-Identifier: MIT
// cgroup - a control group (version 2) for a container: made, limited, read, removed

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "launch.h"

static const char mount_point[] = "/sys/fs/cgroup";
enum { REMOVE_TRIES = 200, REMOVE_PAUSE_NS = 5000000 };	// a second, for what is killed to be gone

// The caller's own group: the line "0::/path" of /proc/self/cgroup.
static int own_group(char *path, size_t size)
{
	char text[8192], *line = text;
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = 0;
	while (*line && strncmp(line, "0::", 3))
		line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n');
	line[strcspn(line, "\n")] = 0;
	if (*line && sbx_join(path, size, mount_point, line + 3, NULL) < size)
		return 0;
	errno = ENOENT;
	return -1;
}

static int write_at(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC), saved;
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

static int open_parent(const char *parent)
{
	char own[4096];

	if (!parent) {
		if (own_group(own, sizeof own) < 0)
			return -1;
		parent = own;
	}
	return open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int set_limits(int parent, int group, const struct sbx_limits *limits, const char **what)
{
	char number[64], digits[SBX_DIGITS];

#define SET(wanted, controller, file, ...) \
	if (wanted) { \
		write_at(parent, *what = "cgroup.subtree_control", "+" controller);	/* may be on already */ \
		sbx_join(number, sizeof number, __VA_ARGS__, NULL); \
		if (write_at(group, *what = file, number) < 0) \
			return -1; \
	}
	SET(limits->memory_bytes, "memory", "memory.max", sbx_decimal(limits->memory_bytes, digits))
	if (limits->memory_bytes)
		write_at(group, "memory.swap.max", "0");	// not there without swap
	SET(limits->pids, "pids", "pids.max", sbx_decimal(limits->pids, digits))
	SET(limits->cpu_percent, "cpu", "cpu.max", sbx_decimal(limits->cpu_percent * 1000, digits), " 100000")
	SET(limits->cpus, "cpuset", "cpuset.cpus", limits->cpus)
#undef SET
	return 0;
}

// What its owner needs so as to move processes inside; cgroups(7), delegation.
static void hand_over(int group, uid_t uid, gid_t gid)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };

	if (fchown(group, uid, gid) < 0)
		return;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (fchownat(group, files[i], uid, gid, 0) < 0)
			return;
}

int sbx_cgroup_create(const char *parent, const char *name, const struct sbx_limits *limits, uid_t uid, gid_t gid,
		      const char **what)
{
	const char *ignored;
	int dir, group = -1, saved;

	if (!what)
		what = &ignored;
	*what = parent ? parent : "/proc/self/cgroup";
	dir = open_parent(parent);
	if (dir < 0)
		return -1;
	*what = name;
	if (!mkdirat(dir, name, 0755)) {
		group = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (group >= 0)
			flock(group, LOCK_SH | LOCK_NB);	// as long as it is open: it has an owner
		if (group >= 0 && limits && set_limits(dir, group, limits, what) < 0) {
			saved = errno;
			close(group);
			group = -1;
			errno = saved;
		}
		saved = errno;
		if (group < 0)
			unlinkat(dir, name, AT_REMOVEDIR);
		else if (uid != geteuid() || gid != getegid())
			hand_over(group, uid, gid);
		errno = saved;
	}
	saved = errno;
	close(dir);
	errno = saved;
	return group;
}

// The number of a file, or of the line of it that starts with `key`.
static int64_t read_number(int dirfd, const char *name, const char *key)
{
	char text[4096];
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	const char *at = text;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text[n] = 0;
	while (key) {
		size_t length = strlen(key);

		if (!strncmp(at, key, length) && at[length] == ' ') {
			at += length;
			break;
		}
		at = strchr(at, '\n');
		if (!at)
			return -1;
		at++;
	}
	return strtoll(at, NULL, 10);
}

void sbx_cgroup_usage(int cgroup, struct sbx_usage *usage)
{
	usage->peak_bytes = read_number(cgroup, "memory.peak", NULL);
	usage->cpu_us = read_number(cgroup, "cpu.stat", "usage_usec");
	usage->oom_kills = read_number(cgroup, "memory.events", "oom_kill");
}

int sbx_cgroup_remove(const char *parent, const char *name)
{
	int dir = open_parent(parent), group, result = -1, saved;

	if (dir < 0)
		return -1;
	group = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group >= 0) {
		write_at(group, "cgroup.kill", "1");	// Linux 5.14
		close(group);
	}
	for (int i = 0; i < REMOVE_TRIES; i++) {
		result = unlinkat(dir, name, AT_REMOVEDIR);
		if (!result || errno != EBUSY)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = REMOVE_PAUSE_NS }, NULL);
	}
	saved = errno;
	close(dir);
	errno = saved;
	return result;
}

// Whether who made it has ended without removing it: the process whose number the name ends in is no more, and nobody
// has the folder open. (Another pid namespace has other numbers, but the same lock.)
static int is_stray(int group, const char *number)
{
	char *end;
	long pid = strtol(number, &end, 10);

	return *number && !*end && pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH && !flock(group, LOCK_EX | LOCK_NB);
}

void sbx_cgroup_sweep(const char *parent, const char *prefix)
{
	int fd = open_parent(parent), saved = errno;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		size_t length = strlen(prefix);
		int group = strncmp(name, prefix, length) ? -1 : openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (group < 0)
			continue;
		if (is_stray(group, name + length))
			unlinkat(fd, name, AT_REMOVEDIR);	// EBUSY: its processes are about to end
		close(group);
	}
	if (dir)
		closedir(dir);
	errno = saved;
}

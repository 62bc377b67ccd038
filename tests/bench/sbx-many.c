// SPDX-License-Identifier: MIT
// sbx-many - many containers at once; tests/bench/sbx.sh
//
//   sbx-many rate PARALLEL TOTAL COMMAND...   runs it TOTAL times, PARALLEL at a time: prints runs a second
//   sbx-many alive N COMMAND...               starts it N times, where it ends in `sbx-many hold`. Prints the nanoseconds until
//                                             all are there, and the bytes of memory (Pss) of all processes but the last ones
//   sbx-many hold                             says that it is there, and waits for the end of its input

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PIDS = 1 << 22 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void start(char **argv, int in, int out)
{
	pid_t pid = vfork();

	if (!pid) {
		if ((in >= 0 && dup2(in, 0) < 0) || (out >= 0 && dup2(out, 1) < 0))
			_exit(1);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0)
		die("vfork");
}

static int rate(int parallel, int total, char **argv)
{
	double begin = now();
	int started = 0, status;

	for (int ended = 0; ended < total; ended++) {
		for (; started < total && started - ended < parallel; started++)
			start(argv, -1, -1);
		if (wait(&status) < 0 || status)
			die("a command failed");
	}
	printf("%.0f\n", total / ((now() - begin) / 1e9));
	return 0;
}

/* Memory of our descendants */

// A number that follows `key` in a file of /proc/PID, or -1.
static long number(int pid, const char *file, const char *key)
{
	char path[64], text[4096], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = 0;
	at = n < 0 ? NULL : strstr(text, key);
	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

// `sbx-many hold` itself, which is the same whoever keeps it.
static int is_command(int pid)
{
	char path[64], name[32] = "";
	int fd;

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, name, sizeof name - 1) < 0)
		*name = 0;
	if (fd >= 0)
		close(fd);
	return !strcmp(name, "sbx-many\n");
}

static int is_ours(const int *parent, int pid)
{
	for (; pid > 1; pid = parent[pid])
		if (pid == getpid())
			return 1;
	return 0;
}

static double memory(void)
{
	int *parent = calloc(PIDS, sizeof *parent), *pids = calloc(PIDS, sizeof *pids), count = 0;
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	double bytes = 0;

	if (!parent || !pids || !dir)
		die("/proc");
	while ((entry = readdir(dir))) {
		int pid = atoi(entry->d_name);

		if (pid > 0 && pid < PIDS) {
			parent[pid] = (int)number(pid, "status", "PPid:");
			pids[count++] = pid;
		}
	}
	closedir(dir);
	for (int i = 0; i < count; i++) {
		long pss = pids[i] != getpid() && is_ours(parent, pids[i]) && !is_command(pids[i])
			? number(pids[i], "smaps_rollup", "Pss:") : 0;

		bytes += pss > 0 ? pss * 1024.0 : 0;
	}
	return bytes;
}

static int alive(int n, char **argv)
{
	int in[2], out[2], status, failed = 0;
	double begin = now(), time, bytes;
	char byte;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		die("pipe");
	for (int i = 0; i < n; i++)
		start(argv, in[0], out[1]);
	close(out[1]);
	for (int i = 0; i < n; i++)
		if (read(out[0], &byte, 1) != 1)
			die("one of them is not there");
	time = now() - begin;
	bytes = memory();
	close(in[1]);
	for (int i = 0; i < n; i++)
		failed |= wait(&status) < 0 || status;
	printf("%.0f %.0f\n", time, bytes);
	return failed;
}

int main(int argc, char **argv)
{
	char byte;

	if (argc == 2 && !strcmp(argv[1], "hold"))
		return write(1, "x", 1) != 1 || read(0, &byte, 1) != 0;
	if (argc > 4 && !strcmp(argv[1], "rate"))
		return rate(atoi(argv[2]), atoi(argv[3]), argv + 4);
	if (argc > 3 && !strcmp(argv[1], "alive"))
		return alive(atoi(argv[2]), argv + 3);
	return 2;
}

// SPDX-License-Identifier: MIT
// orphans - how soon PID 1 takes in what nobody waits for; run below it, for tests and benches
//
//   orphans one N    N one after another: nanoseconds from its end until it is no zombie, median and worst
//   orphans all N    N that end at once: nanoseconds from the last one's end until none is a zombie
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct shared {
	atomic_llong ended;		// by the last of them
	pid_t pids[1 << 17];
} *shared;

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

// The last thing in its life.
static void end(int gate)
{
	long long time, before;
	char c;

	(void)!read(gate, &c, 1);
	time = now();
	before = atomic_load(&shared->ended);
	while (before < time && !atomic_compare_exchange_weak(&shared->ended, &before, time))
		;
	_exit(0);
}

// Processes that wait until the gate is opened; their parent is gone.
static int orphans(int count)
{
	int gate[2];
	pid_t parent;

	if (pipe(gate) < 0)
		die("pipe");
	parent = fork();
	if (!parent) {
		close(gate[1]);
		for (int i = 0; i < count; i++) {
			pid_t pid = fork();

			if (pid < 0)
				die("fork");
			if (!pid)
				end(gate[0]);
			shared->pids[i] = pid;
		}
		_exit(0);
	}
	waitpid(parent, NULL, 0);
	close(gate[0]);
	return gate[1];
}

static long long reaped_after(int count)
{
	int gate = orphans(count);

	atomic_store(&shared->ended, 0);
	close(gate);
	for (int i = 0; i < count; i++)
		while (!kill(shared->pids[i], 0))
			count == 1 ? sched_yield() : usleep(200);
	return now() - atomic_load(&shared->ended);
}

static int by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	struct sched_param below_init = { 1 };
	int count = argc == 3 ? atoi(argv[2]) : 0;
	long long *took = calloc(count, sizeof *took);

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (count < 1 || count > 1 << 17 || !took || shared == MAP_FAILED)
		return 2;
	alarm(60);
	if (sched_getscheduler(0) == SCHED_FIFO)	// PID 1 is to run first
		sched_setparam(0, &below_init);
	if (!strcmp(argv[1], "all"))
		return printf("%lld\n", reaped_after(count)), 0;
	for (int i = 0; i < count; i++)
		took[i] = reaped_after(1);
	qsort(took, count, sizeof *took, by_size);
	printf("%lld %lld\n", took[count / 2], took[count - 1]);
	return 0;
}

// SPDX-License-Identifier: MIT
// sbx-warm ROUNDS SBX-INIT PROGRAM - a command in a container that serves, against vfork and exec; tests/bench/sbx.sh
//
// In turns, so that what else the machine does falls on both alike. Prints medians in nanoseconds: the command with
// capabilities dropped, the strict filter and rlimits, then vfork and exec; and what the first container took to start.

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "bare.h"
#include "sbx.h"

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

static void fill(struct sbx_request *job, const char *program)
{
	const char *argv[] = { program, NULL }, *env[] = { "A=b", NULL };

	sbx_put_texts(job, SBX_ARGV, argv);
	sbx_put_texts(job, SBX_ENV, env);
	sbx_put_rlimit(job, RLIMIT_CPU, 10, 11);
	sbx_put_rlimit(job, RLIMIT_FSIZE, 1 << 20, 1 << 20);
	sbx_put_rlimit(job, RLIMIT_AS, 1 << 30, 1 << 30);
	sbx_put_rlimit(job, RLIMIT_CORE, 0, 0);
}

static int run_job(struct sbx *box, const char *program)
{
	struct sbx_request job = { 0 };
	struct sbx_result result;
	int failed;

	fill(&job, program);
	failed = sbx_exec(box, &job, &result, NULL, NULL) < 0 || result.status != SBX_NORMAL;
	sbx_free(&job);
	return failed;
}

int main(int argc, char **argv)
{
	struct sbx_launch how = SBX_LAUNCH;
	struct sbx_request conf = { 0 };
	int rounds = argc == 4 ? atoi(argv[1]) : 0;
	long long *warm = calloc(rounds + 1, sizeof *warm), *bare = calloc(rounds + 1, sizeof *bare), start = now(), t;
	struct sbx box;

	if (rounds < 1)
		return 2;
	how.namespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP;
	how.path = argv[2];
	sbx_bind(&conf, "/", "/", 0);
	sbx_proc(&conf, "/proc");
	sbx_dev(&conf, "/dev", 0);
	sbx_put_u32(&conf, SBX_SECCOMP_PRESETS, SBX_SECCOMP_STRICT);
	if (sbx_start(&box, &how, &conf) < 0)
		return fprintf(stderr, "%s\n", box.error), 1;
	start = now() - start;
	for (int i = 0; i < rounds; i++) {
		t = now();
		if (run_job(&box, argv[3]))
			return fprintf(stderr, "job: %s\n", box.error), 1;
		warm[i] = now() - t;
		t = now();
		if (run_bare(argv[3]))
			return 1;
		bare[i] = now() - t;
	}
	sbx_end(&box);
	qsort(warm, rounds, sizeof *warm, by_size);
	qsort(bare, rounds, sizeof *bare, by_size);
	printf("%lld %lld %lld\n", warm[rounds / 2], bare[rounds / 2], start);
	return 0;
}

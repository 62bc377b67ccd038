// SPDX-License-Identifier: MIT
// sbx-client - a small judge: runs a program on each input file, in one container, with limits; by libsbx
//
//   cc -o sbx-client sbx-client.c -lsbx
//   sbx-client PROGRAM INPUT...
//
// PROGRAM is a file of the host (a static one, or one for the host's /usr). Its output goes to a file of the container's
// /tmp, which is fetched and shown; between two inputs everything it has made is removed.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <sbx.h>

static const char *const verdicts[] = {
	[SBX_NORMAL] = "ok", [SBX_NONZERO] = "failed", [SBX_SIGNALLED] = "crashed", [SBX_TIME_LIMIT] = "too slow",
	[SBX_OUTPUT_LIMIT] = "too much output", [SBX_DISALLOWED] = "forbidden call", [SBX_MEMORY_LIMIT_HIT] = "too much memory",
	[SBX_KILLED] = "killed",
};

static void die(const struct sbx *box)
{
	fprintf(stderr, "sbx-client: %s\n", box->error);
	exit(125);
}

// All namespaces, the host's /usr, and a /tmp of 64 MiB.
static void start(struct sbx *box, const char *program)
{
	struct sbx_launch launch = SBX_LAUNCH;
	struct sbx_request conf = { 0 };

	launch.namespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP;
	launch.path = getenv("SBX_INIT");	// NULL: /sbin/sbx-init
	sbx_put_u32(&conf, SBX_UID, 1000);
	sbx_put_u32(&conf, SBX_GID, 1000);
	sbx_put_text(&conf, SBX_HOSTNAME, "judge");
	sbx_bind(&conf, "/usr", "/usr", 0);
	sbx_bind(&conf, "/bin", "/bin", SBX_O_OPTIONAL);
	sbx_bind(&conf, "/lib", "/lib", SBX_O_OPTIONAL);
	sbx_bind(&conf, "/lib64", "/lib64", SBX_O_OPTIONAL);
	sbx_proc(&conf, "/proc");
	sbx_dev(&conf, "/dev", 0);
	sbx_tmpfs(&conf, "/tmp", 64 << 20, 01777);
	sbx_bind(&conf, program, "/program", 0);
	if (sbx_start(box, &launch, &conf) < 0)
		die(box);
	sbx_free(&conf);
}

static int open_output(struct sbx *box, int flags)
{
	const struct sbx_open_item item = { .path = "/tmp/output", .flags = flags, .mode = 0600 };
	int fd, error;

	if (sbx_open(box, &item, 1, &fd, &error) < 0 || error)
		die(box);
	return fd;
}

static void judge(struct sbx *box, const char *input)
{
	static const char *const argv[] = { "/program", NULL }, *const env[] = { "PATH=/usr/bin:/bin", NULL };
	struct sbx_request job = { 0 };
	struct sbx_result result;
	char text[4096];
	ssize_t n;
	int in = open(input, O_RDONLY | O_CLOEXEC), out = open_output(box, O_CREAT | O_TRUNC | O_WRONLY);

	if (in < 0) {
		perror(input);
		exit(1);
	}
	sbx_put_texts(&job, SBX_ARGV, argv);
	sbx_put_texts(&job, SBX_ENV, env);
	sbx_put_rlimit(&job, RLIMIT_CPU, 1, 2);
	sbx_put_rlimit(&job, RLIMIT_FSIZE, 1 << 20, 1 << 20);
	sbx_put_rlimit(&job, RLIMIT_CORE, 0, 0);
	sbx_put_u64(&job, SBX_WALL_LIMIT, 5000000000);
	sbx_put_files(&job, (const int[]){ in, out, 2 }, NULL, 3);
	if (sbx_exec(box, &job, &result, NULL, NULL) < 0)
		die(box);
	sbx_free(&job);
	close(in);
	close(out);
	printf("%s: %s, %.3f s, %llu KiB\n", input, verdicts[result.status], (double)(result.user_ns + result.system_ns) / 1e9,
	       (unsigned long long)result.peak_bytes / 1024);
	fflush(stdout);
	out = open_output(box, O_RDONLY);
	while ((n = read(out, text, sizeof text)) > 0)
		if (write(1, text, (size_t)n) < 0)
			break;
	close(out);
	if (sbx_reset(box) < 0)
		die(box);
}

int main(int argc, char **argv)
{
	struct sbx box;

	if (argc < 3) {
		fprintf(stderr, "usage: sbx-client PROGRAM INPUT...\n");
		return 2;
	}
	start(&box, argv[1]);
	for (int i = 2; i < argc; i++)
		judge(&box, argv[i]);
	sbx_end(&box);
	return 0;
}

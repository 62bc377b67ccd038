// SPDX-License-Identifier: MIT
// daemon - helpers of the command: started before it, waited for until they are ready, told to end when it has

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "sbx_init.h"

enum { DAEMONS = 32, PAUSE_NS = 500000 };

static pid_t daemons[DAEMONS];
static unsigned count;

static char **own_env(void)
{
	static char *none[] = { NULL };
	size_t length;
	const char *texts = sbx_bytes(box.conf, SBX_ENV, &length);
	unsigned n = sbx_count(texts, length);
	char **env = texts ? malloc((n + 1) * sizeof *env) : NULL;

	if (!env)
		return none;
	sbx_vector(texts, n, env);
	return env;
}

// Ready means that `target` exists.
static int await(pid_t pid, const char *target)
{
	long long end = now_ms() + DAEMON_WAIT_MS;

	for (;;) {
		int ended = waitpid(pid, NULL, WNOHANG) == pid;

		if (!access(target, F_OK))	// asked last: the one that ends now may have made it
			return 0;
		if (ended) {
			errno = ECHILD;
			return failed("ended before there was", target);
		}
		if (now_ms() > end) {
			errno = ETIMEDOUT;
			return failed("waited for", target);
		}
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
	}
}

static int start(const struct sbx_wire_op *op)
{
	const char *target = sbx_op_texts(op), *path = sbx_after(target);
	char *argv[257];
	pid_t pid;

	sbx_vector(sbx_after(path), op->texts - 2u, argv + 1);
	if (count == DAEMONS) {
		errno = EMFILE;
		return failed("too many", "");
	}
	pid = run_plain(path, argv + 1, own_env());
	if (pid < 0)
		return -1;
	daemons[count++] = pid;
	return await(pid, target);
}

int start_daemons(void)
{
	const struct sbx_field *field = NULL;

	if (!box.has_daemons)
		return 0;
	while ((field = sbx_next(box.conf, SBX_OP, field))) {
		const struct sbx_wire_op *op = sbx_value(field);

		if (op->type == SBX_OP_DAEMON && start(op) < 0)
			return failed_in("daemon", sbx_after(sbx_op_texts(op)));
	}
	return 0;
}

void stop_daemons(void)
{
	for (unsigned i = 0; box.has_daemons && i < count; i++)
		kill(daemons[i], SIGTERM);	// of pid 1: a number that is free again is nobody's but an adopted one's
}

// SPDX-License-Identifier: MIT
// workers - jobs in parallel
//
// finit_module(2) takes most of a coldplug's time, and of that a fifth is waiting: for the device, and for what the kernel
// frees late (RCU). So there are more workers than CPUs. Each is a fork that takes job after job over a socket of its
// own, so its end shows there too: a driver that crashes in its init takes the process along that loads it. The
// kernel sees to order: who needs a module that another is just loading waits for it (resolve_symbol_wait), who
// loads the same one waits and gets EEXIST.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "door.h"
#include "job.h"
#include "log.h"
#include "trace.h"

enum { WORKERS = 8, WAITING = 1 };	// so many at most, so many more than CPUs

static struct worker {
	pid_t pid;
	int fd;
	int busy;
	struct job *job;	// what it works on
} workers[WORKERS];
static unsigned count;

unsigned workers_limit(void)
{
	static unsigned limit;

	if (!limit) {
		long cpus = sysconf(_SC_NPROCESSORS_ONLN);

		limit = cpus < 1 ? 1 + WAITING : cpus + WAITING > WORKERS ? WORKERS : cpus + WAITING;
	}
	return door_is_dry() ? 1 : limit;
}

/* In the worker */

_Noreturn static void work(int fd, struct job *job)
{
	struct result result;
	ssize_t length;

	// What the caller does at its end is not a worker's to do.
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	while ((length = recv(fd, job->text, sizeof job->text, 0)) > 0) {
		job->length = length;
		job->name = job->text;
		job_run(job, &result);
		if (send(fd, &result, sizeof result, MSG_NOSIGNAL) < 0)
			break;
	}
	trace_flush();
	_exit(0);
}

/* In the caller */

static struct worker *start(void)
{
	struct worker *worker = &workers[count];
	int pair[2];

	if (!(worker->job = malloc(sizeof *worker->job)))
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		free(worker->job);
		return NULL;
	}
	trace_flush();
	worker->pid = fork();
	if (!worker->pid) {
		close(pair[0]);
		for (unsigned i = 0; i < count; i++)
			close(workers[i].fd);
		work(pair[1], worker->job);
	}
	close(pair[1]);
	worker->fd = pair[0];
	worker->busy = 0;
	count++;
	if (worker->pid > 0)
		return worker;
	count--;
	close(pair[0]);
	free(worker->job);
	return NULL;
}

static void end(struct worker *worker)
{
	close(worker->fd);
	waitpid(worker->pid, NULL, 0);
	free(worker->job);
	*worker = workers[--count];
}

// Takes the answer of a worker that has one. One that is gone had its job fail with EPIPE.
static void take_result(struct worker *worker)
{
	struct result result;
	int lives = recv(worker->fd, &result, sizeof result, 0) == sizeof result;

	if (!lives)
		result = (struct result){ .count = 1, .step = { EPIPE } };
	worker->busy = 0;
	modules_finished(worker->job, &result);
	if (!lives)
		end(worker);
}

int workers_wait(int fd)
{
	struct pollfd p[WORKERS + 1] = { { .fd = fd, .events = POLLIN } };
	unsigned busy = 0, polled = count;

	for (unsigned i = 0; i < polled; i++) {
		p[i + 1] = (struct pollfd){ .fd = workers[i].busy ? workers[i].fd : -1, .events = POLLIN };
		busy += workers[i].busy;
	}
	if (!busy)
		return 0;
	if (poll(p, polled + 1, -1) < 0)
		return 1;
	// From the end: one that is gone is replaced by the last.
	for (unsigned i = polled; i-- > 0;)
		if (p[i + 1].revents)
			take_result(&workers[i]);
	return 1;
}

static struct worker *idle(void)
{
	for (;;) {
		for (unsigned i = 0; i < count; i++)
			if (!workers[i].busy)
				return &workers[i];
		if (count < workers_limit())
			return start();
		workers_wait(-1);
	}
}

int workers_give(const struct job *job)
{
	struct worker *worker = idle();

	if (!worker || send(worker->fd, job->text, job->length, MSG_NOSIGNAL) < 0)
		return -1;
	*worker->job = *job;
	worker->job->name = worker->job->text;
	worker->busy = 1;
	return 0;
}

void workers_stop(void)
{
	while (workers_wait(-1))
		;
	while (count)
		end(&workers[count - 1]);
}

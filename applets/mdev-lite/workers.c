// SPDX-License-Identifier: MIT
// workers - jobs in parallel
//
// finit_module(2) takes most of a coldplug's time, and of that a fifth is waiting: for the device, and for what the kernel
// frees late (RCU). So there are more workers than CPUs. Each is a fork that takes job after job over a socket of its
// own, so its end shows there too: a driver that crashes in its init takes the process along that loads it. The
// kernel sees to order: who needs a module that another is just loading waits for it (resolve_symbol_wait), who
// loads the same one waits and gets EEXIST.
//
// A module whose init does not return cannot be stopped. Its worker is late then: another takes its place, nobody waits for
// it, and it is of use again if ever it answers.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "door.h"
#include "job.h"
#include "log.h"
#include "trace.h"

enum { WORKERS = 8, WAITING = 1, ALL = 24 };	// so many at most, so many more than CPUs; with those that are late

static struct worker {
	pid_t pid;
	int fd;
	enum state { IDLE, BUSY, LATE } state;
	long long end;		// when it will be late: us since boot
	struct job *job;	// what it works on
} workers[ALL];
static unsigned count;

static unsigned in_state(enum state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++)
		n += workers[i].state == state;
	return n;
}

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
	worker->state = IDLE;
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

// Takes the answer of a worker that has one.
static void take_result(struct worker *worker)
{
	struct result result;

	worker->state = IDLE;
	if (recv(worker->fd, &result, sizeof result, 0) == sizeof result) {
		modules_finished(worker->job, &result);
		return;
	}
	modules_lost(worker->job->name, EPIPE);
	end(worker);
}

// Returns the ms until the next of those that work is late, 0 where none works.
static int look_at_time(void)
{
	long long now = trace_now(), least = 0;

	for (unsigned i = 0; i < count; i++) {
		long long left = workers[i].end - now;

		if (workers[i].state == BUSY && left <= 0) {
			workers[i].state = LATE;
			modules_lost(workers[i].job->name, ETIME);
		}
		if (workers[i].state == BUSY && (!least || left < least))
			least = left;
	}
	return (least + 999) / 1000;
}

int workers_wait(int fd)
{
	struct pollfd p[ALL + 1] = { { .fd = fd, .events = POLLIN } };
	int ms = look_at_time();
	unsigned polled = count;

	for (unsigned i = 0; i < polled; i++)
		p[i + 1] = (struct pollfd){ .fd = workers[i].state == IDLE ? -1 : workers[i].fd, .events = POLLIN };
	if (polled && poll(p, polled + 1, ms) > 0)
		// From the end: one that is gone is replaced by the last.
		for (unsigned i = polled; i-- > 0;)
			if (p[i + 1].revents)
				take_result(&workers[i]);
	return ms != 0;
}

int workers_free(void)
{
	return in_state(IDLE) || (count < ALL && count - in_state(LATE) < workers_limit());
}

int workers_late(const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (workers[i].state == LATE && !strcmp(workers[i].job->name, name))
			return 1;
	return 0;
}

static struct worker *idle(void)
{
	for (unsigned i = 0; i < count; i++)
		if (workers[i].state == IDLE)
			return &workers[i];
	return start();
}

int workers_give(const struct job *job)
{
	struct worker *worker = idle();

	if (!worker || send(worker->fd, job->text, job->length, MSG_NOSIGNAL) < 0)
		return -1;
	*worker->job = *job;
	worker->job->name = worker->job->text;
	worker->state = BUSY;
	worker->end = trace_now() + 1250LL * job_timeout;	// a command in it is ended before
	return 0;
}

void workers_stop(void)
{
	while (workers_wait(-1))
		;
	for (unsigned i = count; i-- > 0;)
		if (workers[i].state == IDLE)
			end(&workers[i]);
}

// SPDX-License-Identifier: MIT
// door - what all sys_* functions share: dry run, fault injection, trace, one line per failure

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "spawn.h"
#include "trace.h"

static struct {
	const char *op, *object;	// of the call that is under way
	long long start;		// microseconds
	int result;			// of a call that was not made
	int allowed;			// errno that this call may end with, or ANY_ERROR
	int within;			// milliseconds that it may take; 0: no limit
	int child;			// this process makes that one call only
	unsigned calls, failures;
} door;

static int dry_fd = -1;
static int (*patience)(void);

// INITBOX_FAULT taken apart.
static struct {
	const char *op, *object;	// NULL: any
	size_t op_length, object_length;
	unsigned nth, seen;		// 0: every one
	int error;
} fault;

void door_dry_run(int fd)
{
	dry_fd = fd;
}

int door_is_dry(void)
{
	return dry_fd >= 0;
}

void door_allow(int error)
{
	door.allowed = error;
}

void door_within(int timeout_ms)
{
	door.within = timeout_ms;
}

void door_patience(int (*more)(void))
{
	patience = more;
}

unsigned door_calls(void)
{
	return door.calls;
}

unsigned door_failures(void)
{
	return door.failures;
}

void door_from_environment(void)
{
	const char *text = CONFIG_FAULT_INJECTION ? getenv("INITBOX_FAULT") : NULL;
	const char *mark;

	memset(&fault, 0, sizeof fault);
	if (!text || !*text)
		return;
	fault.error = EIO;
	if ((mark = strrchr(text, '=')))
		fault.error = atoi(mark + 1);
	if ((mark = strrchr(text, '#')))
		fault.nth = atoi(mark + 1);
	if (*text >= '0' && *text <= '9') {
		fault.nth = atoi(text);
		return;
	}
	fault.op = text;
	fault.op_length = strcspn(text, "@#=");
	if (text[fault.op_length] == '@') {
		fault.object = text + fault.op_length + 1;
		fault.object_length = strcspn(fault.object, "#=");
	}
}

static int same(const char *text, const char *wanted, size_t length)
{
	return !wanted || (strlen(text) == length && !memcmp(text, wanted, length));
}

static int must_fail(const char *op, const char *object)
{
	if (!fault.error || !same(op, fault.op, fault.op_length) || !same(object, fault.object, fault.object_length))
		return 0;
	fault.seen++;
	return !fault.nth || fault.seen == fault.nth;
}

// Returns 1 in the process that is to make the call. A child ends with the errno in door_close.
static int call_within(int timeout_ms)
{
	int status = 0, ended;
	pid_t pid = fork();

	if (pid <= 0) {
		door.child = !pid;
		return 1;
	}
	do {
		ended = wait_child(pid, timeout_ms, &status);
	} while (!ended && patience && patience());
	if (!ended)
		kill(pid, SIGKILL);
	errno = ended <= 0 ? ETIMEDOUT : exit_code(status);
	door.result = door_close(errno ? -1 : 0);
	return 0;
}

// By itself, so that only a dry run needs that much stack.
static void __attribute__((noinline)) print_call(const char *f, va_list args)
{
	char line[4096 + 512];
	struct buf buf = BUF(line);

	buf_vformat(&buf, f, args);
	write_all(dry_fd, line, buf.length);
}

int door_open(const char *op, const char *object, const char *f, ...)
{
	va_list args;
	int timeout_ms = door.within;

	door.within = 0;
	door.op = op;
	door.object = object ? object : "";
	door.calls++;
	door.start = trace_is_on() ? trace_now() : 0;	// copyroot makes hundreds of thousands of calls
	if (dry_fd >= 0) {
		va_start(args, f);
		print_call(f, args);
		va_end(args);
		door.allowed = 0;
		door.result = 0;
		return 0;
	}
	if (CONFIG_FAULT_INJECTION && must_fail(op, door.object)) {
		errno = fault.error;
		door.result = door_close(-1);
		return 0;
	}
	return timeout_ms ? call_within(timeout_ms) : 1;
}

int door_close(int result)
{
	int error = errno, allowed = door.allowed;

	if (door.child)
		_exit(result < 0 ? error : 0);
	door.allowed = 0;
	trace_call(door.start, door.op, door.object, result < 0 ? error : 0);
	if (result < 0 && allowed != ANY_ERROR && allowed != error) {
		door.failures++;
		errno = error;
		log_line(LOG_WARNING, "%s %s:", door.op, door.object);
	}
	errno = error;
	return result;
}

int door_result(void)
{
	return door.result;
}

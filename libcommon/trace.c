// SPDX-License-Identifier: MIT
// trace - where the boot time goes: one line per step and door call

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "trace.h"

static char memory[16 * 1024];
static struct buf lines = BUF(memory);
static int file = -1, on;
static const char *current_step = "-";
static long long step_start;
static pid_t step_pid;	// a child inherits its parent's step, which is not its own to end
static unsigned dropped;

long long trace_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

void trace_start(void)
{
	on = 1;
}

int trace_is_on(void)
{
	return on;
}

void trace_flush(void)
{
	if (file < 0)
		return;
	if (lines.length && !write_all(file, memory, lines.length))
		lines.length = 0;
	if (dropped && !print(file, "# %u lines did not fit\n", dropped))
		dropped = 0;
}

int trace_open(const char *path)
{
	char folder[256];

	if (!on || format_path(folder, "%.*s", (int)(strrchr(path, '/') - path), path) < 0)
		return -1;
	mkdir(folder, 0755);
	file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	trace_flush();
	return file < 0 ? -1 : 0;
}

// `error` is 0 or an errno.
static void add_line(long long start, long long took, const char *applet, const char *step, const char *op,
		     const char *object, int error)
{
	char text[512];
	struct buf line = BUF(text);

	if (!on)
		return;
	buf_format(&line, "%lld %lld %d %s %s %s %-s %d\n", start, took, getpid(), applet, step, op, object, error);
	if (line.truncated)
		text[line.length - 1] = '\n';
	if (lines.length + line.length >= sizeof memory)
		trace_flush();
	if (lines.length + line.length < sizeof memory)
		buf_add(&lines, text, line.length);
	else
		dropped++;
}

static void record(long long start, const char *op, const char *object, int error)
{
	add_line(start, trace_now() - start, log_get_name(), current_step, op, object, error);
}

void trace_step(const char *step)
{
	if (step_start && step_pid == getpid())
		record(step_start, "step", current_step, 0);
	current_step = step ? step : "-";
	step_start = step ? trace_now() : 0;
	step_pid = getpid();
}

void trace_call(long long start, const char *op, const char *object, int error)
{
	if (on)
		record(start, op, object, error);
}

void trace_past(long long start, long long took, const char *applet, const char *op, const char *object)
{
	add_line(start, took, applet, "-", op, object, 0);
}

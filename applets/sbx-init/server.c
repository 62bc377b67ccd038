// SPDX-License-Identifier: MIT
// server - commands over the channel, one after another, until its other end is closed

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "sbx_init.h"
#include "verdict.h"

static unsigned executed;

/* Replies */

// One at a time
static struct answer {
	unsigned char body[2048 + sizeof(uint32_t) * 4096];
	size_t length;
} answer;

static void add(enum sbx_key key, const void *data, size_t length)
{
	struct sbx_field field = { .key = (uint16_t)key, .length = (uint32_t)length };
	size_t whole = sizeof field + ((length + 7) & ~(size_t)7);

	if (whole > sizeof answer.body - answer.length)
		return;
	memset(answer.body + answer.length, 0, whole);
	memcpy(answer.body + answer.length, &field, sizeof field);
	memcpy(answer.body + answer.length + sizeof field, data, length);
	answer.length += whole;
}

static void add_u32(enum sbx_key key, uint32_t value)
{
	add(key, &value, sizeof value);
}

static void add_u64(enum sbx_key key, uint64_t value)
{
	add(key, &value, sizeof value);
}

static int send_answer(const int *fds, unsigned count)
{
	if (sbx_wire_send(box.channel, SBX_DONE, answer.body, answer.length, fds, count) < 0)
		return failed("send", "reply");
	return 0;
}

int reply_failure(void)
{
	answer.length = 0;
	add_u32(SBX_ERRNO, report->error ? (uint32_t)report->error : EIO);
	add(SBX_STEP, report->why, strlen(report->why) + 1);
	report->error = 0;
	return send_answer(NULL, 0);
}

static int reply_done(void)
{
	return sbx_wire_send(box.channel, SBX_DONE, NULL, 0, NULL, 0) < 0 ? failed("send", "reply") : 0;
}

/* Running a command */

struct run {
	struct facts facts;
	pid_t pid;
	int ended;
	struct timespec start;
	uint64_t user_ns, system_ns, wall_ns, peak;
	int cgroup;		// its folder, or -1
	int64_t oom_before;
	uint32_t adopt_wait_ms;
};

static uint64_t nanoseconds(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_usec * 1000;
}

static uint64_t elapsed(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)(now.tv_sec - start->tv_sec) * 1000000000 + (uint64_t)now.tv_nsec - (uint64_t)start->tv_nsec;
}

// A number of a cgroup's file, or of its line that starts with `key `; -1: none.
static int64_t cgroup_number(int cgroup, const char *file, const char *key)
{
	char text[1024];
	const char *at = text;
	size_t length = key ? strlen(key) : 0;

	if (cgroup < 0 || read_file_at(cgroup, file, text, sizeof text) <= 0)
		return -1;
	while (key && !(!strncmp(at, key, length) && at[length] == ' ')) {
		at = strchr(at, '\n');
		if (!at)
			return -1;
		at++;
	}
	return strtoll(at + length, NULL, 10);
}

static void command_ended(struct run *run, int status, const struct rusage *usage)
{
	run->ended = 1;
	run->facts.status = status;
	run->user_ns = nanoseconds(&usage->ru_utime);
	run->system_ns = nanoseconds(&usage->ru_stime);
	run->wall_ns = elapsed(&run->start);
	run->peak = (uint64_t)usage->ru_maxrss * 1024;
}

// Reaps what has ended. Returns 1 once there is no child any more.
static int reap(struct run *run)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
		if (pid == run->pid)
			command_ended(run, status, &usage);
	return pid < 0 && errno == ECHILD;
}

// Everything else in the container. sbx-init is pid 1 of its namespace here, so -1 is not the host.
static void kill_all(void)
{
	if (getpid() == 1)
		kill(-1, SIGKILL);
}

// Takes a message while the command runs: there is one only. Returns 0, or -1 noted: the container ends.
static int take_kill(struct run *run)
{
	static struct sbx_packet packet;
	struct sbx_wire wire;
	int got = sbx_wire_receive(box.channel, &packet, &wire);

	if (got <= 0)
		return bad_packet(got);
	sbx_wire_free(&wire);
	if (wire.type != SBX_KILL || wire.length || wire.fd_count) {
		errno = EBADMSG;
		return failed("a command is under way, and this is no kill:", sbx_type_name(wire.type));
	}
	run->facts.killed = 1;
	kill_all();
	return 0;
}

// Milliseconds until the wall limit, rounded up; -1: none.
static int wall_left(const struct run *run)
{
	uint64_t used = elapsed(&run->start);

	if (!run->facts.wall_limit)
		return -1;
	return used >= run->facts.wall_limit ? 0 : (int)((run->facts.wall_limit - used + 999999) / 1000000 & 0x3fffffff);
}

static int await_command(struct run *run)
{
	for (;;) {
		int left, event;

		reap(run);
		if (run->ended)
			return 0;
		left = wall_left(run);
		if (!left && !run->facts.wall_over) {
			run->facts.wall_over = 1;
			kill_all();
		}
		event = await_event(run->facts.wall_over ? -1 : left);
		if (event < 0 || (event && take_kill(run) < 0))
			return -1;
	}
}

// The rest: some time to end by itself, then SIGKILL. What cannot be killed ends the container.
static int await_rest(struct run *run)
{
	long long adopt = now_ms() + run->adopt_wait_ms, end = adopt + KILL_WAIT_MS;

	while (!reap(run)) {
		long long now = now_ms();
		int event;

		if (now >= end) {
			errno = ETIMEDOUT;
			return failed("processes that do not end", "");
		}
		if (now >= adopt || run->facts.killed || run->facts.wall_over)
			kill_all();
		event = await_event(now < adopt ? (int)(adopt - now) : 100);
		if (event < 0 || (event && take_kill(run) < 0))
			return -1;
	}
	return 0;
}

static int reply_run(struct run *run)
{
	int64_t peak = cgroup_number(run->cgroup, "memory.peak", NULL);
	int64_t kills = cgroup_number(run->cgroup, "memory.events", "oom_kill");

	if (peak >= 0)
		run->peak = (uint64_t)peak;
	run->facts.peak = run->peak;
	run->facts.cpu_ns = run->user_ns + run->system_ns;
	run->facts.oom_killed = kills > run->oom_before && run->oom_before >= 0;
	answer.length = 0;
	add_u32(SBX_STATUS, verdict(&run->facts));
	add_u32(SBX_CODE, verdict_code(&run->facts));
	add_u64(SBX_USER_TIME, run->user_ns);
	add_u64(SBX_SYSTEM_TIME, run->system_ns);
	add_u64(SBX_WALL_TIME, run->wall_ns);
	add_u64(SBX_PEAK_MEMORY, run->peak);
	return send_answer(NULL, 0);
}

static void note_limits(struct run *run, const struct sbx_message *message)
{
	const struct sbx_field *field = NULL;

	while ((field = sbx_next(message, SBX_RLIMIT, field))) {
		const struct sbx_rlimit *limit = sbx_value(field);

		if (limit->resource == RLIMIT_CPU)
			run->facts.cpu_limit_s = limit->hard;
	}
	run->facts.wall_limit = sbx_number(message, SBX_WALL_LIMIT, 0);
	run->facts.memory_limit = sbx_number(message, SBX_MEMORY_LIMIT, 0);
	run->adopt_wait_ms = (uint32_t)sbx_number(message, SBX_ADOPT_WAIT, 0);
}

static void close_all(struct sbx_wire *wire)
{
	for (unsigned i = 0; i < wire->fd_count; i++)
		fd_close(&wire->fds[i]);
	wire->fd_count = 0;
}

static int command_execve(const struct sbx_message *message, struct sbx_wire *wire)
{
	struct run run = { .cgroup = -1 };
	uint32_t index = (uint32_t)sbx_number(message, SBX_CGROUP, SBX_UNSET);
	int result;
	struct job job;

	if (job_prepare(&job, message, wire->fds) < 0)
		return reply_failure();
	note_limits(&run, message);
	clock_gettime(CLOCK_MONOTONIC, &run.start);
	run.oom_before = index == SBX_UNSET ? -1 : cgroup_number(wire->fds[index], "memory.events", "oom_kill");
	run.pid = job_start(&job);
	job_free(&job);
	if (run.pid < 0)
		return reply_failure();
	executed++;
	if (index != SBX_UNSET) {
		run.cgroup = wire->fds[index];
		wire->fds[index] = -1;
	}
	close_all(wire);	// its pipes are its own now
	result = sbx_number(message, SBX_X_FLAGS, 0) & SBX_X_STARTED
		? sbx_wire_send(box.channel, SBX_STARTED, NULL, 0, NULL, 0) : 0;
	if (result < 0)
		failed("send", "started");
	if (!result)
		result = await_command(&run) < 0 || await_rest(&run) < 0 ? -1 : reply_run(&run);
	fd_close(&run.cgroup);
	return result;
}

/* The others */

static unsigned count_processes(void)
{
	int fd = openat(box.proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	unsigned count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	dir ? (void)closedir(dir) : fd_close(&fd);
	return count;
}

static int command_stat(void)
{
	struct rusage usage;
	char text[128];
	const char *second;

	answer.length = 0;
	getrusage(RUSAGE_CHILDREN, &usage);
	add_u64(SBX_USER_TIME, nanoseconds(&usage.ru_utime));
	add_u64(SBX_SYSTEM_TIME, nanoseconds(&usage.ru_stime));
	add_u64(SBX_PEAK_MEMORY, (uint64_t)usage.ru_maxrss * 1024);
	add_u32(SBX_EXECUTED, executed);
	if (box.proc >= 0)
		add_u32(SBX_PROCESSES, count_processes());
	// statm(5): size, then resident pages
	if (box.proc >= 0 && read_file_at(box.proc, "self/statm", text, sizeof text) > 0 && (second = strchr(text, ' ')))
		add_u64(SBX_RESIDENT, strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE));
	return send_answer(NULL, 0);
}

static int command_list(const struct sbx_message *message, void (*work)(const struct sbx_message *, struct reply_list *))
{
	static struct reply_list list;
	int result;

	list.count = list.fd_count = 0;
	work(message, &list);
	answer.length = 0;
	add(SBX_ERRORS, list.errors, list.count * sizeof *list.errors);
	result = send_answer(list.fds, list.fd_count);
	for (unsigned i = 0; i < list.fd_count; i++)
		close(list.fds[i]);
	return result;
}

static int dispatch(const struct sbx_message *message, struct sbx_wire *wire)
{
	switch (message->type) {
	case SBX_PING:
		return reply_done();
	case SBX_EXECVE:
		return command_execve(message, wire);
	case SBX_OPEN:
		return command_list(message, files_open);
	case SBX_SYMLINK:
		return command_list(message, files_symlink);
	case SBX_DELETE:
		return command_list(message, files_delete);
	case SBX_RESET:
		return files_reset() < 0 ? reply_failure() : reply_done();
	case SBX_STAT:
		return command_stat();
	case SBX_KILL:	// these two may have crossed the command's end
	case SBX_GO:
		return 0;
	}
	errno = EBADMSG;
	return failed("not a command for now:", sbx_type_name(message->type));
}

static int next_command(struct sbx_packet *packet)
{
	struct sbx_wire wire;
	struct sbx_message message;
	const char *why;
	unsigned key;
	int got = sbx_wire_receive(box.channel, packet, &wire), result;

	if (got <= 0)
		return bad_packet(got);
	if (sbx_parse(wire.type, wire.body, wire.length, wire.fd_count, &message, &why, &key) < 0) {
		errno = EBADMSG;
		failed(key ? sbx_key_name(key) : "message", why);
		result = -1;
	} else {
		result = dispatch(&message, &wire);
	}
	sbx_wire_free(&wire);
	return result;
}

int serve(struct sbx_packet *packet)
{
	struct run orphans = { .cgroup = -1 };

	for (;;) {
		int event = await_event(-1);

		if (event < 0 || (event && next_command(packet) < 0))
			return -1;
		reap(&orphans);
	}
}

// SPDX-License-Identifier: MIT
// call - commands to a container that serves, and their replies

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "launch.h"
#include "sbx_wire.h"

enum { PING_TIMEOUT_MS = 3000 };

/* One message each way */

int sbx_send(struct sbx *box, enum sbx_type type, struct sbx_request *request)
{
	if (request && request->error) {
		errno = request->error;
		return sbx_failed(box, "request", sbx_type_name(type));
	}
	if (sbx_wire_send(box->channel, (uint16_t)type, request ? request->body : NULL, request ? request->length : 0,
			  request ? request->fds : NULL, request ? request->fd_count : 0) < 0)
		return sbx_failed(box, "send", sbx_type_name(type));
	return 0;
}

static int wait_readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec now;
	long long end, left = timeout_ms;
	int ready;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec * 1000LL + now.tv_nsec / 1000000 + timeout_ms;
	for (;;) {
		ready = poll(&p, 1, (int)left);
		if (ready >= 0 || errno != EINTR)
			break;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = timeout_ms < 0 ? -1 : end - now.tv_sec * 1000LL - now.tv_nsec / 1000000;
		if (timeout_ms >= 0 && left < 0)
			left = 0;
	}
	if (!ready)
		errno = ETIMEDOUT;
	return ready > 0 ? 0 : -1;
}

// Returns 1, 0 at the channel's end, -1 with errno.
int sbx_receive(struct sbx *box, struct sbx_reply *reply, int timeout_ms)
{
	struct sbx_packet packet;
	struct sbx_wire wire;
	struct sbx_message message;
	const char *why;
	unsigned key;
	int got;

	memset(reply, 0, sizeof *reply);
	if (timeout_ms >= 0 && wait_readable(box->channel, timeout_ms) < 0)
		return sbx_failed(box, "wait for sbx-init", "");
	got = sbx_wire_receive(box->channel, &packet, &wire);
	if (got < 0)
		return sbx_failed(box, "receive", "");
	if (!got)
		return 0;
	if (sbx_parse(wire.type, wire.body, wire.length, wire.fd_count, &message, &why, &key) < 0) {
		sbx_wire_free(&wire);
		sbx_join(box->error, sizeof box->error, "sbx-init's reply: ", sbx_key_name(key), " ", why, NULL);
		errno = EBADMSG;
		return -1;
	}
	reply->body = malloc(wire.length ? wire.length : 1);
	if (!reply->body) {
		sbx_wire_free(&wire);
		return sbx_failed(box, "receive", "");
	}
	memcpy(reply->body, wire.body, wire.length);
	reply->length = wire.length;
	reply->type = wire.type;
	reply->pid = wire.pid;
	reply->fd_count = wire.fd_count;
	memcpy(reply->fds, wire.fds, wire.fd_count * sizeof(int));
	wire.fd_count = 0;
	sbx_wire_free(&wire);
	return 1;
}

const void *sbx_get(const struct sbx_reply *reply, enum sbx_key key, size_t *length)
{
	for (size_t at = 0; at < reply->length;) {
		const struct sbx_field *field = (const void *)(reply->body + at);

		if (field->key == key) {
			if (length)
				*length = field->length;
			return field + 1;
		}
		at += sizeof *field + ((field->length + 7) & ~(size_t)7);
	}
	return NULL;
}

uint64_t sbx_get_number(const struct sbx_reply *reply, enum sbx_key key, uint64_t otherwise)
{
	size_t length;
	const void *value = sbx_get(reply, key, &length);
	uint64_t number = 0;

	if (!value)
		return otherwise;
	if (length == sizeof(uint32_t)) {
		uint32_t small;

		memcpy(&small, value, sizeof small);
		return small;
	}
	memcpy(&number, value, sizeof number);
	return number;
}

void sbx_reply_free(struct sbx_reply *reply)
{
	for (unsigned i = 0; i < reply->fd_count; i++)
		if (reply->fds[i] >= 0)
			close(reply->fds[i]);
	free(reply->body);
	memset(reply, 0, sizeof *reply);
}

/* A command and its one reply */

static int reply_failed(struct sbx *box, const struct sbx_reply *reply)
{
	int error = (int)sbx_get_number(reply, SBX_ERRNO, 0);
	const char *step = sbx_get(reply, SBX_STEP, NULL);

	if (!error)
		return 0;
	sbx_join(box->error, sizeof box->error, step ? step : "failed", ": ", strerror(error), NULL);
	errno = error;
	return -1;
}

static int ended(struct sbx *box)
{
	sbx_join(box->error, sizeof box->error, "sbx-init has ended", NULL);
	errno = EPIPE;
	return -1;
}

// *reply is the caller's to free, whatever is returned.
static int call(struct sbx *box, enum sbx_type type, struct sbx_request *request, struct sbx_reply *reply, int timeout_ms)
{
	int got;

	memset(reply, 0, sizeof *reply);
	if (sbx_send(box, type, request) < 0)
		return -1;
	got = sbx_receive(box, reply, timeout_ms);
	if (got <= 0)
		return got < 0 ? -1 : ended(box);
	return reply_failed(box, reply);
}

static int call_simple(struct sbx *box, enum sbx_type type, struct sbx_request *request, int timeout_ms)
{
	struct sbx_reply reply;
	int result = call(box, type, request, &reply, timeout_ms), saved = errno;

	sbx_reply_free(&reply);
	errno = saved;
	return result;
}

int sbx_ping(struct sbx *box)
{
	return call_simple(box, SBX_PING, NULL, PING_TIMEOUT_MS);
}

int sbx_reset(struct sbx *box)
{
	return call_simple(box, SBX_RESET, NULL, -1);
}

int sbx_kill(struct sbx *box)
{
	return sbx_send(box, SBX_KILL, NULL);
}

int sbx_stat(struct sbx *box, struct sbx_figures *figures)
{
	struct sbx_reply reply;
	int result = call(box, SBX_STAT, NULL, &reply, -1), saved = errno;

	*figures = (struct sbx_figures){
		.user_ns = sbx_get_number(&reply, SBX_USER_TIME, 0),
		.system_ns = sbx_get_number(&reply, SBX_SYSTEM_TIME, 0),
		.peak_bytes = sbx_get_number(&reply, SBX_PEAK_MEMORY, 0),
		.resident_bytes = sbx_get_number(&reply, SBX_RESIDENT, 0),
		.processes = (unsigned)sbx_get_number(&reply, SBX_PROCESSES, 0),
		.executed = (unsigned)sbx_get_number(&reply, SBX_EXECUTED, 0),
	};
	sbx_reply_free(&reply);
	errno = saved;
	return result;
}

/* Lists */

static void put_item(struct sbx_request *request, const struct sbx_wire_item *item, const char *first, const char *second)
{
	size_t a = strlen(first) + 1, b = second ? strlen(second) + 1 : 0;
	char *value = malloc(sizeof *item + a + b);

	if (!value) {
		request->error = ENOMEM;
		return;
	}
	memcpy(value, item, sizeof *item);
	memcpy(value + sizeof *item, first, a);
	if (second)
		memcpy(value + sizeof *item + a, second, b);
	sbx_put(request, SBX_ITEM, value, sizeof *item + a + b);
	free(value);
}

// Sends the list, and takes an errno for each item. *reply is the caller's.
static int call_list(struct sbx *box, enum sbx_type type, struct sbx_request *request, unsigned count, int *errors,
		     struct sbx_reply *reply)
{
	int result = call(box, type, request, reply, -1), saved = errno;
	size_t length = 0;
	const uint32_t *list = result < 0 ? NULL : sbx_get(reply, SBX_ERRORS, &length);

	sbx_free(request);
	errno = saved;
	if (result < 0)
		return -1;
	if (!list || length != count * sizeof *list) {
		errno = EBADMSG;
		return sbx_failed(box, "reply to", sbx_type_name(type));
	}
	for (unsigned i = 0; i < count; i++)
		errors[i] = (int)list[i];
	return 0;
}

int sbx_open(struct sbx *box, const struct sbx_open_item *items, unsigned count, int *fds, int *errors)
{
	struct sbx_request request = { 0 };
	struct sbx_reply reply;
	unsigned next = 0;
	int result, saved;

	for (unsigned i = 0; i < count; i++)
		put_item(&request, &(struct sbx_wire_item){ .flags = (uint32_t)items[i].flags,
			 .mode = items[i].mode, .parents = items[i].parents != 0 }, items[i].path, NULL);
	result = call_list(box, SBX_OPEN, &request, count, errors, &reply);
	saved = errno;
	for (unsigned i = 0; i < count; i++) {
		int has = !result && !errors[i] && next < reply.fd_count;

		fds[i] = has ? reply.fds[next] : -1;
		if (has)
			reply.fds[next++] = -1;
	}
	sbx_reply_free(&reply);
	errno = saved;
	return result;
}

int sbx_symlink(struct sbx *box, const struct sbx_link_item *items, unsigned count, int *errors)
{
	struct sbx_request request = { 0 };
	struct sbx_reply reply;
	int result, saved;

	for (unsigned i = 0; i < count; i++)
		put_item(&request, &(struct sbx_wire_item){ .parents = 1 }, items[i].link, items[i].target);
	result = call_list(box, SBX_SYMLINK, &request, count, errors, &reply);
	saved = errno;
	sbx_reply_free(&reply);
	errno = saved;
	return result;
}

int sbx_delete(struct sbx *box, const char *path)
{
	struct sbx_request request = { 0 };
	struct sbx_reply reply;
	int error = 0, result, saved;

	put_item(&request, &(struct sbx_wire_item){ 0 }, path, NULL);
	result = call_list(box, SBX_DELETE, &request, 1, &error, &reply);
	saved = errno;
	sbx_reply_free(&reply);
	errno = saved;
	if (!result && error) {
		errno = error;
		return sbx_failed(box, "delete", path);
	}
	return result;
}

/* Commands */

void sbx_take_child(struct sbx *box, struct sbx_reply *reply)
{
	sbx_release(box);
	box->child = reply->pid;
	for (unsigned i = 0; i < reply->fd_count && i < SBX_HELD_MAX; i++) {
		box->held[box->held_count++] = reply->fds[i];
		reply->fds[i] = -1;
	}
}

void sbx_release(struct sbx *box)
{
	while (box->held_count)
		close(box->held[--box->held_count]);
}

int sbx_exec_begin(struct sbx *box, struct sbx_request *job)
{
	box->child = 0;
	return sbx_send(box, SBX_EXECVE, job);
}

int sbx_exec_next(struct sbx *box, struct sbx_result *result, int *type)
{
	struct sbx_reply reply;
	int got = sbx_receive(box, &reply, -1), failed = 0, saved;

	if (got <= 0)
		return got < 0 ? -1 : ended(box);
	if (type)
		*type = reply.type;
	if (reply.type == SBX_CHILD)
		sbx_take_child(box, &reply);
	if (reply.type == SBX_DONE) {
		failed = reply_failed(box, &reply);
		*result = (struct sbx_result){
			.status = (enum sbx_status)sbx_get_number(&reply, SBX_STATUS, 0),
			.code = (unsigned)sbx_get_number(&reply, SBX_CODE, 0),
			.user_ns = sbx_get_number(&reply, SBX_USER_TIME, 0),
			.system_ns = sbx_get_number(&reply, SBX_SYSTEM_TIME, 0),
			.wall_ns = sbx_get_number(&reply, SBX_WALL_TIME, 0),
			.peak_bytes = sbx_get_number(&reply, SBX_PEAK_MEMORY, 0),
		};
	}
	got = reply.type == SBX_DONE;
	saved = errno;
	sbx_reply_free(&reply);
	errno = saved;
	return failed < 0 ? -1 : got;
}

int sbx_go(struct sbx *box)
{
	return sbx_send(box, SBX_GO, NULL);
}

static int x_flags(const struct sbx_request *job)
{
	struct sbx_reply view = { .body = job->body, .length = job->length };

	return job->error ? 0 : (int)sbx_get_number(&view, SBX_X_FLAGS, 0);
}

int sbx_exec(struct sbx *box, struct sbx_request *job, struct sbx_result *result,
	     int (*synced)(pid_t pid, void *argument), void *argument)
{
	int flags = x_flags(job), type, got;

	if (sbx_exec_begin(box, job) < 0)
		return -1;
	while (!(got = sbx_exec_next(box, result, &type))) {
		int before = type == SBX_CHILD && flags & SBX_X_WAIT;
		int now = before || (type == SBX_STARTED && !(flags & SBX_X_WAIT));
		int refused = now && synced && synced(box->child, argument) < 0;

		if (refused && sbx_kill(box) < 0)
			return -1;
		if (before && !refused && sbx_go(box) < 0)
			return -1;
	}
	return got < 0 ? -1 : 0;
}

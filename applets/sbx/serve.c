// SPDX-License-Identifier: MIT
// serve - a container that stays: --serve passes jobs from a socket on to it, one at a time; --job sends one
//
// A client speaks the protocol of sbx-init (docs/sbx-protocol.md) on the socket, as if it had started the container.
// When it goes away its job is killed; the container stays for the next one.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "fd.h"
#include "log.h"
#include "sbx.h"
#include "sbx_wire.h"

enum { BACKLOG = 16 };

static int address_of(enum option_id option, const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!*path || strlen(path) >= sizeof address->sun_path)
		return refuse(option, "not a path of 1 to %zu bytes: %-s", sizeof address->sun_path - 1, path);
	strcpy(address->sun_path, path);
	return 0;
}

// For its owner only. A socket that nobody listens at any more is replaced.
static int open_listener(const char *path)
{
	struct sockaddr_un address;
	struct stat st;
	int fd, bound;
	mode_t mask;

	if (address_of(O_SERVE, path, &address))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return say_refused(O_SERVE, "%m"), -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED && !lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	close(fd);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	mask = umask(0177);
	bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof address);
	umask(mask);
	if (bound < 0 || listen(fd, BACKLOG) < 0) {
		say_refused(O_SERVE, "%s: %m", path);
		fd_close(&fd);
		return -1;
	}
	return fd;
}

/// One client

// A message is passed on when it is whole and right, so a client that is not as it should be harms nobody but itself.
struct session {
	struct sbx *box;
	int client;
	int busy;		// a command is under way
	int waits;		// it does so for SBX_GO
	int asks;		// it is going to (SBX_X_WAIT)
};

static struct sbx_packet packet;

// Tells the client what was wrong. It goes after that: its next packet might be the rest of this message.
static int turn_away(const struct session *session, int error, const char *why)
{
	struct sbx_request reply = { 0 };

	sbx_put_u32(&reply, SBX_ERRNO, (uint32_t)error);
	sbx_put_text(&reply, SBX_STEP, why);
	if (!reply.error)
		sbx_wire_send(session->client, SBX_DONE, reply.body, reply.length, NULL, 0);
	sbx_free(&reply);
	return 0;
}

// These are about the command that is under way, all others begin something.
static int is_word(unsigned type)
{
	return type == SBX_KILL || type == SBX_GO;
}

static int is_in_order(const struct session *session, unsigned type)
{
	if (is_word(type))
		return 1;
	return !session->busy && type < SBX_DONE && type != SBX_CONF;
}

static int pass_request(struct session *session, const struct sbx_wire *wire)
{
	struct sbx_message message;
	const char *why;
	unsigned key;

	if (sbx_parse(wire->type, wire->body, wire->length, wire->fd_count, &message, &why, &key) < 0)
		return turn_away(session, EBADMSG, why);
	if (!is_in_order(session, wire->type))
		return turn_away(session, EBADMSG, "message is out of order");
	if (wire->type == SBX_GO && !session->waits)	// it crossed the command's end
		return 1;
	if (sbx_wire_send(session->box->channel, wire->type, wire->body, wire->length, wire->fds, wire->fd_count) < 0)
		return -1;
	session->waits &= !is_word(wire->type);
	session->busy |= !is_word(wire->type);
	if (wire->type == SBX_EXECVE)
		session->asks = sbx_number(&message, SBX_X_FLAGS, 0) & SBX_X_WAIT;
	return 1;
}

// 1: passed on; 0: the client goes, or has gone; -1: the container has ended.
static int take_request(struct session *session)
{
	struct sbx_wire wire;
	int got = sbx_wire_receive(session->client, &packet, &wire), result;

	if (got < 0)	// its time is over, too
		return turn_away(session, errno == EAGAIN ? ETIMEDOUT : errno, "receive");
	if (!got)
		return 0;
	result = pass_request(session, &wire);
	sbx_wire_free(&wire);
	return result;
}

static int take_reply(struct session *session)
{
	struct sbx_wire wire;
	int sent;

	if (sbx_wire_receive(session->box->channel, &packet, &wire) <= 0)
		return -1;
	session->waits |= wire.type == SBX_CHILD && session->asks;
	session->busy &= wire.type != SBX_DONE;
	sent = sbx_wire_send(session->client, wire.type, wire.body, wire.length, wire.fds, wire.fd_count);
	sbx_wire_free(&wire);
	return sent < 0 ? 0 : 1;
}

// The job of a client that is gone: it ends, and its last word is for nobody. 0, or -1: the container has ended.
static int abandon(struct sbx *box)
{
	struct sbx_reply reply;
	int type = 0;

	if (sbx_kill(box) < 0)
		return -1;
	while (type != SBX_DONE) {
		if (sbx_receive(box, &reply, -1) <= 0)
			return -1;
		type = reply.type;
		if (type == SBX_CHILD)
			sbx_kill(box);
		sbx_reply_free(&reply);
	}
	return 0;
}

// Until the client goes: 0; or the container or we are to end: -1.
static int serve_client(struct sbx *box, int client, int signals)
{
	static const struct timeval patience = { .tv_sec = 3 };	// for who stops in the middle, or does not read
	struct session session = { .box = box, .client = client };
	struct pollfd fds[] = { { .fd = client, .events = POLLIN }, { .fd = box->channel, .events = POLLIN },
				{ .fd = signals, .events = POLLIN } };
	int here = 1;

	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	while (here > 0) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return -1;
		if (fds[2].revents)
			return -1;
		if (fds[1].revents)
			here = take_reply(&session);
		if (here > 0 && fds[0].revents)
			here = take_request(&session);
	}
	return here < 0 ? -1 : session.busy ? abandon(box) : 0;
}

int serve_jobs(const struct plan *plan, struct sbx *box)
{
	sigset_t set;
	int listener = open_listener(plan->serve), signals, result = 0;
	struct pollfd fds[3];

	if (listener < 0)
		return EXIT_SETUP;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = signals, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = box->pidfd, .events = POLLIN };
	while (result >= 0 && poll(fds, 3, -1) > 0 && !fds[1].revents && !fds[2].revents) {
		cleanup_fd int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (client >= 0)
			result = serve_client(box, client, signals);
	}
	unlink(plan->serve);
	close(listener);
	return 0;
}

int run_job(struct plan *plan)
{
	struct sbx box = { .pid = -1, .pidfd = -1, .channel = -1 };
	struct sbx_request job = { 0 };
	struct sockaddr_un address;
	int code, on = 1;

	if (address_of(O_JOB, plan->job, &address))
		return EXIT_SETUP;
	box.channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (box.channel < 0 || connect(box.channel, (struct sockaddr *)&address, sizeof address) < 0)
		return refuse(O_JOB, "%s: %m", plan->job);
	setsockopt(box.channel, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	put_command(plan, &job, 1);
	if (sbx_exec_begin(&box, &job) < 0) {
		log_line(LOG_ERROR, "%s", box.error);
		code = EXIT_SETUP;
	} else {
		code = watch_job(plan, &box);
	}
	sbx_free(&job);
	close(box.channel);
	return code;
}

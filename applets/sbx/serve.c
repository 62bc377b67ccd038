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
	int fd, bound;
	mode_t mask;

	if (address_of(O_SERVE, path, &address))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return say_refused(O_SERVE, "%m"), -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED)
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

// One packet with its descriptors. 1 passed on, 0 the sender's end is closed, -1 the receiver's is. *header: if it begins a message.
static int pass_packet(int from, int to, struct sbx_header *header)
{
	static char data[SBX_PACKET_SIZE];
	union { char bytes[CMSG_SPACE(SBX_FDS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))]; struct cmsghdr align; } control;
	struct iovec vector = { data, sizeof data };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct msghdr passed = message;
	struct cmsghdr *rights = NULL;
	ssize_t n = recvmsg(from, &message, MSG_CMSG_CLOEXEC), sent = -1;

	if (n < (ssize_t)sizeof *header)
		n = 0;
	for (struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL; c; c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			rights = c;
	if (n > 0) {
		memcpy(header, data, sizeof *header);
		vector.iov_len = (size_t)n;
		passed.msg_control = rights;
		passed.msg_controllen = rights ? rights->cmsg_len : 0;
		sent = sendmsg(to, &passed, MSG_NOSIGNAL);
	}
	for (size_t i = 0; rights && CMSG_LEN((i + 1) * sizeof(int)) <= rights->cmsg_len; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(rights) + i * sizeof fd, sizeof fd);
		close(fd);
	}
	return n <= 0 ? 0 : sent < 0 ? -1 : 1;
}

// What one side has sent of a message: a new header follows when all of its body has passed.
struct stream { size_t left; int type; };

static int pass(int from, int to, struct stream *stream)
{
	struct sbx_header header;
	int result = pass_packet(from, to, &header);

	if (result == 0)
		return 0;
	if (!stream->left) {
		stream->type = header.type;
		stream->left = header.length + sizeof header;
	}
	stream->left = stream->left > SBX_PACKET_SIZE ? stream->left - SBX_PACKET_SIZE : 0;
	return result;
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
	struct pollfd fds[] = { { .fd = client, .events = POLLIN }, { .fd = box->channel, .events = POLLIN },
				{ .fd = signals, .events = POLLIN } };
	struct stream asked = { 0 }, answered = { 0 };
	int busy = 0, gone;

	for (;;) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return -1;
		if (fds[2].revents)
			return -1;
		if (fds[1].revents) {
			gone = pass(box->channel, client, &answered);
			if (!gone)
				return -1;
			busy &= !(answered.type == SBX_DONE && !answered.left);
			if (gone < 0)
				return busy ? abandon(box) : 0;
		}
		if (!fds[0].revents)
			continue;
		gone = pass(client, box->channel, &asked);
		if (gone < 0)
			return -1;
		if (!gone)	// in the middle of a message there is no way back
			return asked.left ? -1 : busy ? abandon(box) : 0;
		busy |= asked.type != SBX_KILL && asked.type != SBX_GO;
	}
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

int run_job(const struct plan *plan)
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

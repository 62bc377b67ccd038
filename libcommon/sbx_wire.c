// SPDX-License-Identifier: MIT
// sbx_wire - messages between launcher and sbx-init: sent and received in packets
//
// Part of libsbx too, so it knows nothing of the rest of the suite.

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "sbx_wire.h"

enum { FIRST = SBX_PACKET_SIZE - sizeof(struct sbx_header) };	// bytes of the body in the first packet

static int send_packet(int socket, const struct msghdr *message)
{
	ssize_t n;

	do
		n = sendmsg(socket, message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

int sbx_wire_send(int socket, uint16_t type, const void *body, size_t length, const int *fds, unsigned fd_count)
{
	union { char space[CMSG_SPACE(SBX_FDS_MAX * sizeof(int))]; struct cmsghdr align; } control;
	struct sbx_header header = { .magic = SBX_MAGIC, .type = type, .fds = (uint16_t)fd_count,
				     .length = (uint32_t)length };
	size_t part = length < FIRST ? length : FIRST;
	struct iovec parts[2] = { { &header, sizeof header }, { (void *)body, part } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	if (fd_count > SBX_FDS_MAX || length > SBX_BODY_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (fd_count) {
		struct cmsghdr *c = &control.align;

		message.msg_control = control.space;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		memset(control.space, 0, message.msg_controllen);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	}
	if (send_packet(socket, &message) < 0)
		return -1;
	message = (struct msghdr){ .msg_iov = parts, .msg_iovlen = 1 };
	for (size_t at = part; at < length; at += part) {
		part = length - at < SBX_PACKET_SIZE ? length - at : SBX_PACKET_SIZE;
		parts[0] = (struct iovec){ (char *)body + at, part };
		if (send_packet(socket, &message) < 0)
			return -1;
	}
	return 0;
}

static void take_control(struct msghdr *message, struct sbx_wire *wire)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t length = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS && length <= sizeof wire->fds) {
			memcpy(wire->fds, CMSG_DATA(c), length);
			wire->fd_count = length / sizeof(int);
		}
		if (c->cmsg_type == SCM_CREDENTIALS && length == sizeof(struct ucred)) {
			struct ucred sender;

			memcpy(&sender, CMSG_DATA(c), sizeof sender);
			wire->pid = sender.pid;
		}
	}
}

// One packet of at most `size` bytes. Returns its length, 0 at the end, or -1: EBADMSG if it was longer.
static ssize_t receive_packet(int socket, void *data, size_t size, struct sbx_wire *wire)
{
	union {
		char space[CMSG_SPACE(SBX_FDS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec part = { data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space,
				  .msg_controllen = sizeof control.space };
	ssize_t n;

	// ECONNRESET comes once, and first: it was closed while something of ours had not been read. What it had said is still there.
	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n >= 0)
		take_control(&message, wire);
	if (n >= 0 && message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		errno = EBADMSG;
		return -1;
	}
	return n;
}

// The packets after the first one. Descriptors have no place there.
static int receive_rest(int socket, unsigned char *body, size_t at, size_t length, struct sbx_wire *wire)
{
	unsigned fds = wire->fd_count;
	pid_t pid = wire->pid;

	while (at < length) {
		size_t wanted = length - at < SBX_PACKET_SIZE ? length - at : SBX_PACKET_SIZE;
		struct sbx_wire more = { 0 };
		ssize_t n = receive_packet(socket, body + at, wanted, &more);
		int bad = n >= 0 && (more.fd_count || (n && (size_t)n != wanted));

		sbx_wire_free(&more);
		if (bad)
			errno = EBADMSG;
		if (bad || n <= 0)
			return bad ? -1 : (int)n;
		at += n;
	}
	wire->fd_count = fds;
	wire->pid = pid;
	return 1;
}

static int check_header(const struct sbx_header *header, size_t n, unsigned fds)
{
	return n >= sizeof *header && header->magic == SBX_MAGIC && !header->zero && header->length <= SBX_BODY_MAX
		&& header->fds == fds && n - sizeof *header == (header->length < FIRST ? header->length : FIRST);
}

int sbx_wire_receive(int socket, struct sbx_packet *packet, struct sbx_wire *wire)
{
	ssize_t n;
	int result = 1;

	*wire = (struct sbx_wire){ .body = packet->body };
	n = receive_packet(socket, packet, sizeof *packet, wire);
	if (!n && !wire->fd_count)
		return 0;
	if (n >= 0 && !check_header(&packet->header, n, wire->fd_count)) {
		errno = EBADMSG;
		n = -1;
	}
	wire->type = n < 0 ? 0 : packet->header.type;
	wire->length = n < 0 ? 0 : packet->header.length;
	if (n >= 0 && wire->length > FIRST) {
		wire->mapped = mmap(NULL, wire->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (wire->mapped == MAP_FAILED) {
			wire->mapped = NULL;
			n = -1;
		} else {
			wire->body = memcpy(wire->mapped, packet->body, FIRST);
			result = receive_rest(socket, wire->mapped, FIRST, wire->length, wire);
		}
	}
	if (n < 0 || result <= 0) {
		int saved = errno;

		sbx_wire_free(wire);
		errno = saved;
		return n < 0 ? -1 : result;
	}
	return 1;
}

void sbx_wire_free(struct sbx_wire *wire)
{
	for (unsigned i = 0; i < wire->fd_count; i++)
		if (wire->fds[i] >= 0)
			close(wire->fds[i]);
	wire->fd_count = 0;
	if (wire->mapped)
		munmap(wire->mapped, wire->length);
	wire->mapped = NULL;
}

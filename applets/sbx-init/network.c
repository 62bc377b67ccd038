// SPDX-License-Identifier: MIT
// network - into the network namespace, and its loopback interface
//
// With SBX_F_NET_COMES another child of ours is making it, since before we were executed: it takes the kernel as long as all
// the rest. A socket of it comes over the channel; through that we follow (ioctl SIOCGSKNS, setns).

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fd.h"
#include "log.h"
#include "sbx_init.h"

enum { CHECK_MS = 100 };

// Until the message is there. Who makes it may have been killed.
static int await_message(void)
{
	struct pollfd p = { .fd = box.channel, .events = POLLIN };

	for (int gone = 0; poll(&p, 1, gone ? 0 : CHECK_MS) <= 0;) {
		if (gone) {
			errno = ECHILD;
			return failed("make", "network namespace");
		}
		gone = waitpid(SBX_NET_PID, NULL, __WALL | WNOHANG) != 0;
	}
	return 0;
}

// The socket; *link is the error of the loopback interface.
static int receive(int *link)
{
	struct sbx_packet packet;
	struct sbx_wire wire;
	struct sbx_message message;
	const char *why;
	unsigned key;
	int got = await_message() < 0 ? -1 : sbx_wire_receive(box.channel, &packet, &wire), fd;

	if (got <= 0)
		return report->error ? -1 : bad_packet(got);
	if (sbx_parse(wire.type, wire.body, wire.length, wire.fd_count, &message, &why, &key) < 0 || wire.type != SBX_NET
	    || wire.fd_count > 1) {
		sbx_wire_free(&wire);
		errno = EBADMSG;
		return failed("no network namespace:", sbx_type_name(wire.type));
	}
	*link = errno = (int)sbx_number(&message, SBX_ERRNO, 0);
	fd = wire.fd_count ? wire.fds[0] : failed("make", "network namespace");
	wire.fd_count = 0;
	sbx_wire_free(&wire);
	return fd;
}

static int follow(int *link)
{
	cleanup_fd int socket = receive(link), space = -1;

	if (socket < 0)
		return -1;
	space = ioctl(socket, SIOCGSKNS);
	return space < 0 ? failed("open", "network namespace") : DO(setns(space, CLONE_NEWNET), "setns", "network namespace");
}

static int result_of(int error)
{
	errno = error;
	return error ? -1 : 0;
}

// A loopback interface that does not come up is not worth a container (bubblewrap, issue 745).
int enter_network(void)
{
	int up, error = 0;

	if (!(box.namespaces & CLONE_NEWNET))
		return 0;
	if (box.flags & SBX_F_NET_COMES && follow(&error) < 0)
		return -1;
	up = box.flags & SBX_F_NET_COMES ? allowing(ANY_ERROR, DOOR(result_of(error), "link-up", "lo", "%s", ""))
		: allowing(ANY_ERROR, sys_link_up("lo"));
	if (up < 0 && box.flags & SBX_F_VERBOSE)
		warn("loopback:");
	return 0;
}

int reap_maker(void)
{
	while (box.flags & SBX_F_NET_COMES && waitpid(SBX_NET_PID, NULL, __WALL) < 0)
		if (errno != EINTR)
			return errno == ECHILD ? 0 : failed("wait", "network namespace");
	return 0;
}

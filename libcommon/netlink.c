// SPDX-License-Identifier: MIT
// netlink - the few requests to rtnetlink(7) that a boot needs

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "netlink.h"

struct request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
	};
	char attributes[128];
};

static void add_attribute(struct request *request, unsigned short type, const void *data, size_t length)
{
	struct rtattr *attribute = (void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(length);
	memcpy(RTA_DATA(attribute), data, length);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

// Sends it and waits for the acknowledgement, which the kernel puts in the socket before send returns.
static int transact(struct request *request)
{
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct { struct nlmsghdr header; struct nlmsgerr error; char rest[512]; } reply;
	ssize_t n;

	if (fd < 0)
		return -1;
	request->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (sendto(fd, request, request->header.nlmsg_len, 0, (void *)&kernel, sizeof kernel) < 0)
		return -1;
	do {
		n = recv(fd, &reply, sizeof reply, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if ((size_t)n < sizeof reply.header + sizeof reply.error.error || reply.header.nlmsg_type != NLMSG_ERROR) {
		errno = EPROTO;
		return -1;
	}
	errno = -reply.error.error;
	return reply.error.error ? -1 : 0;
}

static int link_request(struct request *request, const char *interface)
{
	*request = (struct request){
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof request->link), .nlmsg_type = RTM_NEWLINK },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = (int)if_nametoindex(interface) },
	};
	return request->link.ifi_index ? 0 : -1;
}

int netlink_set_up(const char *interface)
{
	struct request request;

	if (link_request(&request, interface) < 0)
		return -1;
	request.link.ifi_flags = request.link.ifi_change = IFF_UP;
	return transact(&request);
}

int netlink_rename(const char *interface, const char *name)
{
	struct request request;

	if (strlen(name) >= IFNAMSIZ) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (link_request(&request, interface) < 0)
		return -1;
	add_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return transact(&request);
}

int netlink_add_address(const char *interface, int family, const void *address, int prefix)
{
	size_t length = family == AF_INET ? 4 : 16;
	int loopback = family == AF_INET ? *(const unsigned char *)address == 127
		: !memcmp(address, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	struct request request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof request.address), .nlmsg_type = RTM_NEWADDR,
			    .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL },
		.address = { .ifa_family = (unsigned char)family, .ifa_prefixlen = (unsigned char)prefix,
			     .ifa_scope = loopback ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
			     .ifa_index = if_nametoindex(interface) },
	};

	if (!request.address.ifa_index)
		return -1;
	add_attribute(&request, IFA_LOCAL, address, length);
	add_attribute(&request, IFA_ADDRESS, address, length);
	return transact(&request);
}

int sys_link_up(const char *interface)
{
	return DOOR(netlink_set_up(interface), "link-up", interface, "ip link set %-s up\n", interface);
}

int sys_link_rename(const char *interface, const char *name)
{
	return DOOR(netlink_rename(interface, name), "link-rename", interface,
		    "ip link set %-s name %-s\n", interface, name);
}

int sys_address_add(const char *interface, int family, const void *address, int prefix)
{
	char text[64];

	if (!inet_ntop(family, address, text, sizeof text))
		return -1;
	return DOOR(netlink_add_address(interface, family, address, prefix), "address", text,
		    "ip address add %s/%d dev %-s\n", text, prefix, interface);
}

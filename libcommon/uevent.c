// SPDX-License-Identifier: MIT
// uevent - what the kernel says about devices: by netlink, in /sys, in a hotplug helper's environment

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "uevent.h"

enum { RECEIVE_BUFFER = 16 << 20, KERNEL_GROUP = 1 };

static unsigned refused;

static int bad(int error)
{
	errno = error;
	return -1;
}

static int is_assignment(const char *text)
{
	size_t key = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return key && text[key] == '=';
}

// What becomes a path or a word of a message must not be able to break either.
static int is_clean(const char *value)
{
	for (; value && *value; value++)
		if ((unsigned char)*value < ' ' || *value == 127)
			return 0;
	return 1;
}

static int index_variables(struct uevent *event, char *from, const char *end)
{
	event->count = 0;
	for (; from < end; from += strlen(from) + 1) {
		if (event->count == UEVENT_VARIABLES || !is_assignment(from))
			return -1;
		event->env[event->count++] = from;
	}
	event->env[event->count] = NULL;
	return 0;
}

static int is_path(const char *devpath)
{
	return devpath && devpath[0] == '/' && !strstr(devpath, "/../") && is_clean(devpath);
}

int uevent_parse(struct uevent *event, size_t length)
{
	const char *action, *devpath, *at;

	event->count = 0;
	event->env[0] = NULL;
	if (!length || length > sizeof event->text || event->text[length - 1] || !(at = strchr(event->text, '@')))
		return bad(EBADMSG);
	if (index_variables(event, event->text + strlen(event->text) + 1, event->text + length) < 0)
		return bad(EBADMSG);
	action = uevent_get(event, "ACTION");
	devpath = uevent_get(event, "DEVPATH");
	if (!action || !is_path(devpath) || strcmp(devpath, at + 1)
	    || strncmp(event->text, action, at - event->text) || action[at - event->text])
		return bad(EBADMSG);
	if (!is_clean(action) || !is_clean(uevent_get(event, "DEVNAME")) || !is_clean(uevent_get(event, "SUBSYSTEM")))
		return bad(EBADMSG);
	return 0;
}

const char *uevent_get(const struct uevent *event, const char *key)
{
	size_t length = strlen(key);

	for (unsigned i = 0; i < event->count; i++)
		if (!strncmp(event->env[i], key, length) && event->env[i][length] == '=')
			return event->env[i] + length + 1;
	return NULL;
}

int uevent_number(const struct uevent *event, const char *key)
{
	const char *value = uevent_get(event, key);

	return value && *value >= '0' && *value <= '9' ? atoi(value) : -1;
}

// Where the text of the event ends, its last 0 included.
static size_t used(const struct uevent *event)
{
	const char *last = event->count ? event->env[event->count - 1] : event->text;

	return last + strlen(last) + 1 - event->text;
}

int uevent_begin(struct uevent *event, const char *action, const char *devpath)
{
	event->count = 0;
	event->env[0] = NULL;
	if (format_path(event->text, "%s@%s", action, devpath) < 0)
		return bad(EOVERFLOW);
	return uevent_add(event, "ACTION", action) < 0 || uevent_add(event, "DEVPATH", devpath) < 0 ? -1 : 0;
}

int uevent_add(struct uevent *event, const char *key, const char *value)
{
	size_t from = used(event);

	if (event->count == UEVENT_VARIABLES || from >= sizeof event->text
	    || format(event->text + from, sizeof event->text - from, "%s=%s", key, value) < 0)
		return bad(EOVERFLOW);
	event->env[event->count++] = event->text + from;
	event->env[event->count] = NULL;
	return 0;
}

// /sys/class/net/eth0 is a link to ../../devices/...: that, without the ../, is its DEVPATH.
static int device_path(int sysfd, const char *path, char *devpath, size_t size)
{
	char link[1024];
	ssize_t length = readlinkat(sysfd, path, link, sizeof link - 1);
	const char *from = link;

	if (length < 0)
		return format(devpath, size, "/%s", path);
	link[length] = 0;
	while (!strncmp(from, "../", 3))
		from += 3;
	return format(devpath, size, "/%s", from);
}

static int add_lines(struct uevent *event, char *line)
{
	while (*line) {
		char *end = line + strcspn(line, "\n"), *next = end + (*end == '\n');
		char *value = memchr(line, '=', end - line);

		*end = 0;
		// A value with a line break leaves a line that is none: it is no variable.
		if (value && is_assignment(line)) {
			*value++ = 0;
			if (uevent_add(event, line, value) < 0)
				return -1;
		}
		line = next;
	}
	return 0;
}

// Before its uevent file told the number (2.6.20), a device had a file of its own for it.
static int add_number(int sysfd, const char *path, struct uevent *event)
{
	char file[1024], text[32];
	char *colon;

	if (format_path(file, "%s/dev", path) < 0 || read_line_at(sysfd, file, text, sizeof text) <= 0
	    || !(colon = strchr(text, ':')))
		return 0;
	*colon = 0;
	return uevent_add(event, "MAJOR", text) < 0 || uevent_add(event, "MINOR", colon + 1) < 0 ? -1 : 0;
}

static int add_subsystem(int sysfd, const char *path, struct uevent *event)
{
	char file[1024], link[1024];
	ssize_t length;
	const char *name;

	if (format_path(file, "%s/subsystem", path) < 0)
		return -1;
	length = readlinkat(sysfd, file, link, sizeof link - 1);
	if (length < 0)
		return 0;
	link[length] = 0;
	name = strrchr(link, '/');
	return uevent_add(event, "SUBSYSTEM", name ? name + 1 : link);
}

// A file of sysfs comes whole in one read(2): no second one is needed to find its end.
static ssize_t read_once(int dirfd, const char *path, char *text, size_t size)
{
	cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	text[length < 0 ? 0 : length] = 0;
	return length;
}

int uevent_read(int sysfd, const char *path, const char *subsystem, struct uevent *event)
{
	char file[1024], devpath[1024], lines[4096];
	ssize_t length;

	if (format_path(file, "%s/uevent", path) < 0 || device_path(sysfd, path, devpath, sizeof devpath) < 0)
		return -1;
	length = read_once(sysfd, file, lines, sizeof lines);
	// No file, or no device?
	if (length < 0 && (errno != ENOENT || faccessat(sysfd, path, F_OK, 0) < 0))
		return -1;
	if (uevent_begin(event, "add", devpath) < 0)
		return -1;
	if ((subsystem ? uevent_add(event, "SUBSYSTEM", subsystem) : add_subsystem(sysfd, path, event)) < 0)
		return -1;
	if ((length < 0 ? add_number(sysfd, path, event) : add_lines(event, lines)) < 0)
		return -1;
	return uevent_parse(event, used(event));
}

int uevent_from_environment(struct uevent *event, char *const *environment)
{
	const char *action = getenv("ACTION"), *devpath = getenv("DEVPATH");

	if (!action || !devpath || uevent_begin(event, action, devpath) < 0)
		return bad(EBADMSG);
	for (; *environment; environment++) {
		char key[64];
		size_t length = strcspn(*environment, "=");

		if (!is_assignment(*environment) || format_path(key, "%.*s", (int)length, *environment) < 0)
			continue;
		if (!uevent_get(event, key) && uevent_add(event, key, *environment + length + 1) < 0)
			return bad(EBADMSG);
	}
	return uevent_parse(event, used(event));
}

int uevent_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	int size = RECEIVE_BUFFER, on = 1;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -1;
	// Beyond rmem_max only CAP_NET_ADMIN may go; without it the default must do.
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	if (bind(fd, (void *)&address, sizeof address) == 0)
		return fd;
	fd_close(&fd);
	return -1;
}

// The kernel's port is 0, which no socket can bind (netlink(7)); the group tells a broadcast.
static int from_kernel(struct msghdr *message, const struct sockaddr_nl *sender)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(message);
	struct ucred credentials;

	if (sender->nl_pid || sender->nl_groups != KERNEL_GROUP)
		return 0;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&credentials, CMSG_DATA(c), sizeof credentials);
		return !credentials.uid;
	}
	return 1;
}

int uevent_receive(int fd, struct uevent *event)
{
	for (;;) {
		struct sockaddr_nl sender = { 0 };
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
		struct iovec text = { event->text, sizeof event->text };
		struct msghdr message = {
			.msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &text, .msg_iovlen = 1,
			.msg_control = control, .msg_controllen = sizeof control,
		};
		ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return errno == EAGAIN ? 0 : -1;
		if (!(message.msg_flags & MSG_TRUNC) && from_kernel(&message, &sender) && !uevent_parse(event, length))
			return 1;
		refused++;
	}
}

unsigned uevent_refused(void)
{
	return refused;
}

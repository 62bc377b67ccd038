// SPDX-License-Identifier: MIT
// identity - rc.init's small steps: loopback, limits, host name, machine id, resolv.conf

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "rc_init.h"

enum {
	LONGEST_NAME = 64,	// __NEW_UTS_LEN; the C library's HOST_NAME_MAX may be another
	LINK_TRIES = 10, LINK_PAUSE_MS = 10,
	MOST_LINKS = 40,	// as for the kernel, path_resolution(7)
};

// The kernel's answer means that it is up, not only asked for: others count on it from here on.
static int link_up(const char *interface)
{
	for (int i = 1; i < LINK_TRIES; i++) {
		if (!allowing(ANY_ERROR, sys_link_up(interface)))
			return 0;
		usleep(LINK_PAUSE_MS * 1000);
	}
	return sys_link_up(interface);
}

// The kernel adds the routes to its local table itself.
void step_loopback(void)
{
	static const unsigned char v4[4] = { 127, 0, 0, 1 }, v6[16] = { [15] = 1 };

	if (link_up("lo") < 0)
		return;
	allowing(EEXIST, sys_address_add("lo", AF_INET, v4, 8));
	// Refused where IPv6 is switched off, in several ways.
	allowing(ANY_ERROR, sys_address_add("lo", AF_INET6, v6, 128));
}

void step_limits(void)
{
	enum { FILES = 1048576 };

	sys_setrlimit(RLIMIT_NOFILE, "nofile", FILES, FILES);
	sys_setrlimit(RLIMIT_NPROC, "nproc", RLIM_INFINITY, RLIM_INFINITY);
}

static int has_name(void)
{
	struct utsname u;

	return !uname(&u) && *u.nodename && strcmp(u.nodename, "(none)");
}

static int read_address(const char *interface, char *text, size_t size)
{
	char path[64];

	return format_path(path, "/sys/class/net/%s/address", interface) > 0 && read_line(path, text, size) > 0;
}

// eth0's, or that of the first other card (predictable names).
static int card_address(char *text, size_t size)
{
	struct dirent *entry;
	int found = read_address("eth0", text, size);
	DIR *folder = found ? NULL : opendir("/sys/class/net");

	while (folder && !found && (entry = readdir(folder)))
		found = *entry->d_name != '.' && strcmp(entry->d_name, "lo")
			&& read_address(entry->d_name, text, size) && strcmp(text, "00:00:00:00:00:00");
	if (folder)
		closedir(folder);
	return found;
}

static void name_by_address(void)
{
	char address[64], name[LONGEST_NAME + 1];
	struct buf buf = BUF(name);

	if (!card_address(address, sizeof address))
		return;
	buf_format(&buf, "%s", CONFIG_RC_INIT_HOSTNAME_PREFIX);
	for (const char *p = address; *p; p++)
		if (isxdigit((unsigned char)*p))
			buf_add(&buf, p, 1);
	sys_sethostname(name);
}

// The first line that is neither empty nor a comment.
static char *first_line(char *text)
{
	while (*(text += strspn(text, " \t\r\n")) == '#')
		text += strcspn(text, "\n");
	text[strcspn(text, "\r\n")] = 0;
	return text;
}

void step_hostname(void)
{
	char text[1024];
	char *name = read_line("/etc/hostname", text, sizeof text) > 0 ? first_line(text) : "";

	if (strlen(name) > LONGEST_NAME)
		warn("/etc/hostname: longer than %d bytes, not used", LONGEST_NAME);
	else if (strpbrk(name, " \t/"))
		warn("/etc/hostname: %-s is no host name, not used", name);
	else if (*name)
		sys_sethostname(name);
	if (!has_name())
		name_by_address();
}

/* Files that are links to where there is nothing yet, usually in /run */

// Where the links at `path` lead. The folder is made; one that cannot be made is said.
static int follow(char path[PATH_MAX])
{
	char link[PATH_MAX], folder[PATH_MAX];
	ssize_t length;

	for (int i = 0; i < MOST_LINKS && (length = readlink(path, link, sizeof link - 1)) > 0; i++) {
		link[length] = 0;
		format_path(folder, "%.*s", *link == '/' ? 0 : (int)(strrchr(path, '/') - path) + 1, path);
		if (format(path, PATH_MAX, "%s%s", folder, link) < 0) {
			warn("%s:", link);
			return -1;
		}
	}
	format_path(folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	return *folder && access(folder, F_OK) < 0 ? sys_mkdirs(folder, 0755) : 0;
}

/* machine-id(5): 32 hexadecimal digits */

static int has_machine_id(void)
{
	char text[64];

	if (read_line("/etc/machine-id", text, sizeof text) <= 0 || !strcmp(text, "uninitialized"))
		return 0;
	if (strlen(text) != 32 || text[strspn(text, "0123456789abcdef")])
		warn("/etc/machine-id: %-s is no machine id, left as it is", text);
	return 1;
}

// A random UUID (RFC 9562, version 4). Never waits: at worst the kernel has little to tell two clones apart by.
static int make_machine_id(char text[33])
{
	unsigned char id[16];
	struct buf buf = { .text = text, .size = 33 };

	if (getrandom(id, sizeof id, GRND_NONBLOCK) != sizeof id && getrandom(id, sizeof id, GRND_INSECURE) != sizeof id) {
		warn("/etc/machine-id: no random numbers:");
		return -1;
	}
	id[6] = (id[6] & 0x0f) | 0x40;
	id[8] = (id[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof id; i++)
		buf_format(&buf, "%02x", id[i]);
	return 0;
}

static int write_machine_id(const char *path, const char *text)
{
	cleanup_fd int fd = allowing(EROFS, sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0444));

	if (fd < 0)
		return -1;
	if (!print(fd, "%s\n", text))
		return 0;
	warn("%s:", path);
	return -1;
}

// On a read-only root an empty file can be covered by one in /run; an image without the file wants none.
void step_machine_id(void)
{
	char text[33], path[PATH_MAX] = "/etc/machine-id";

	if ((!door_is_dry() && has_machine_id()) || make_machine_id(text) < 0)
		return;
	if (follow(path) < 0 || !write_machine_id(path, text) || errno != EROFS || access(path, F_OK) < 0)
		return;
	if (!write_machine_id("/run/machine-id", text))
		sys_mount("/run/machine-id", "/etc/machine-id", NULL, MS_BIND, NULL);
}

// A link on a read-only root: an empty file where it leads; one that is there is never touched.
void step_resolvconf(void)
{
	char path[PATH_MAX] = "/etc/resolv.conf", link[4];
	int fd;

	if (readlink(path, link, sizeof link) < 0 || !access(path, F_OK) || follow(path) < 0)
		return;
	fd = sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_NOCTTY, 0644);
	fd_close(&fd);
}

// SPDX-License-Identifier: MIT
// consoles - /dev/console, and the other terminals that console= names

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "cmdline.h"
#include "consoles.h"
#include "fd.h"
#include "fmt.h"
#include "proc.h"

int is_console(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 1);
}

// In /proc/consoles it is the line with a C: "ttyS0   -W- (EC p a)    4:64".
static void find_own(char *own, size_t size)
{
	char text[512], *line, *rest = text;

	*own = 0;
	if (proc_read("consoles", text, sizeof text) < 0)
		return;
	while ((line = strsep(&rest, "\n"))) {
		char *flags = strchr(line, '(');

		if (flags && memchr(flags, 'C', strcspn(flags, ")")))
			format(own, size, "%.*s", (int)strcspn(line, " "), line);
	}
}

void consoles_read(struct consoles *consoles)
{
	consoles->rest = cmdline_text();
	find_own(consoles->own, sizeof consoles->own);
}

// "ttyS1,115200n8"; the kernel takes a name without a number for the driver's first. Nothing outside of /dev is meant.
static int take_word(struct consoles *consoles)
{
	char word[128];
	const char *options;
	size_t length;

	if (!cmdline_word(&consoles->rest, word, sizeof word))
		return -1;
	consoles->name[0] = 0;
	if (strncmp(word, "console=", 8) || strchr(word, '/') || !word[8])
		return 0;
	length = strcspn(word + 8, ",");
	options = word + 8 + length;
	consoles->speed = *options ? atoi(options + 1) : 0;
	return format(consoles->name, sizeof consoles->name, "%.*s%s", (int)length, word + 8,
		      word[7 + length] >= '0' && word[7 + length] <= '9' ? "" : "0");
}

static int is_named_again(const struct consoles *consoles)
{
	struct consoles rest = *consoles;

	while (take_word(&rest) >= 0)
		if (!strcmp(rest.name, consoles->name))
			return 1;
	return 0;
}

const char *consoles_next(struct consoles *consoles)
{
	while (take_word(consoles) >= 0)
		if (*consoles->name && strcmp(consoles->name, consoles->own) && !is_named_again(consoles))
			return consoles->name;
	return NULL;
}

static int open_detached(const char *name, int flags)
{
	cleanup_fd int fs = syscall(SYS_fsopen, "devtmpfs", FSOPEN_CLOEXEC);
	cleanup_fd int root = -1;

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	root = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	return root < 0 ? -1 : openat(root, name, flags);
}

int console_device(const char *name, int flags)
{
	char path[64];
	int fd = format_path(path, "/dev/%s", name) < 0 ? -1 : open(path, flags);

	if (fd < 0 && errno == ENOENT)
		fd = open_detached(name, flags);
	if (fd < 0 || isatty(fd))
		return fd;
	close(fd);
	errno = ENOTTY;
	return -1;
}

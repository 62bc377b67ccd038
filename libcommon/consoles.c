// SPDX-License-Identifier: MIT
// consoles - the consoles that the kernel writes to, beside /dev/console

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "consoles.h"
#include "fd.h"
#include "fmt.h"
#include "proc.h"

int is_console(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 1);
}

void consoles_read(struct consoles *consoles)
{
	consoles->rest = consoles->text;
	if (proc_read("consoles", consoles->text, sizeof consoles->text) < 0)
		consoles->text[0] = 0;
}

// "ttyS0   -W- (EC p a)    4:64": C is /dev/console, E one that is in use; numbers, if it is a terminal.
const char *consoles_next(struct consoles *consoles)
{
	char *line;

	while ((line = strsep(&consoles->rest, "\n"))) {
		char *flags = strchr(line, '('), *end = flags ? strchr(flags, ')') : NULL;

		if (!end || !strchr(end, ':') || !memchr(flags, 'E', end - flags) || memchr(flags, 'C', end - flags))
			continue;
		line[strcspn(line, " ")] = 0;
		return line;
	}
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

int device_open(const char *name, int flags)
{
	char path[64];
	int fd = format_path(path, "/dev/%s", name) < 0 ? -1 : open(path, flags);

	return fd < 0 && errno == ENOENT ? open_detached(name, flags) : fd;
}

// SPDX-License-Identifier: MIT
// resolvconf - where the links at /etc/resolv.conf lead, each line another one, and the folders made for it
// link: -Wl,--wrap=readlink -Wl,--wrap=access -Wl,--wrap=sys_open -Wl,--wrap=sys_mkdirs

#include <unistd.h>
#include "applets/rc.init/rc_init.h"
#include "fuzz.h"

static char *links;	// those that have not been read yet
static char made[8192];

ssize_t __wrap_readlink(const char *path, char *text, size_t size);
ssize_t __wrap_readlink(const char *path, char *text, size_t size)
{
	char *link = links;

	must(*path == '/' && strlen(path) < 4096);
	if (!link || !*link || *link == '\n')
		return -1;
	if (size > 4)	// else it is only asked whether this is a link
		strsep(&links, "\n");
	if (strlen(link) < size)
		size = strlen(link);
	memcpy(text, link, size);
	return size;
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	(void)path, (void)mode;
	return -1;
}

int __wrap_sys_mkdirs(const char *path, mode_t mode);
int __wrap_sys_mkdirs(const char *path, mode_t mode)
{
	must(mode == 0755);
	must(snprintf(made, sizeof made, "%s", path) < (int)sizeof made);
	return 0;
}

// The file lies in the folder that was made, and both are absolute.
int __wrap_sys_open(int dirfd, const char *path, int flags, mode_t mode);
int __wrap_sys_open(int dirfd, const char *path, int flags, mode_t mode)
{
	(void)dirfd, (void)mode;
	must(*path == '/' && !(flags & O_TRUNC));
	must(!strncmp(path, made, strlen(made)) && path[strlen(made)] == '/');
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);

	*made = 0;
	links = text;
	step_resolvconf();
	free(text);
	return 0;
}

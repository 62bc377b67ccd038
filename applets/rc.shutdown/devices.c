// SPDX-License-Identifier: MIT
// devices - loop, device-mapper and md devices are detached from what is below them

#include <dirent.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "rc_shutdown.h"

static int dm_remove(const char *name)
{
	cleanup_fd int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	struct dm_ioctl request = {
		.version = { DM_VERSION_MAJOR, 0, 0 }, .data_size = sizeof request, .data_start = sizeof request,
	};

	format_path(request.name, "%s", name);
	return fd < 0 ? -1 : ioctl(fd, DM_DEV_REMOVE, &request);
}

static int md_stop(const char *device)
{
	cleanup_fd int fd = open(device, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : ioctl(fd, STOP_ARRAY, 0);
}

// `device` is its node, `text` what the sign says.
static int detach_loop(const char *device, const char *text)
{
	(void)text;
	return sys_loop_detach(device);
}

static int detach_dm(const char *device, const char *text)
{
	(void)device;
	return DOOR(dm_remove(text), "dmsetup", text, "dmsetup remove %-s\n", text);
}

static int detach_md(const char *device, const char *text)
{
	(void)text;
	return DOOR(md_stop(device), "mdadm", device, "mdadm --stop %-s\n", device);
}

static const struct kind {
	const char *prefix;	// of its name in /sys/block
	const char *sign;	// a file there, as long as it is in use
	int (*detach)(const char *device, const char *text);
} kinds[] = {
	{ "loop", "loop/backing_file", detach_loop },
	{ "dm-", "dm/name", detach_dm },
	{ "md", "md/array_state", detach_md },
};

static int is_mounted(const struct mount_table *mounts, const char *name)
{
	char path[320], text[32];
	char *colon;

	format_path(path, "/sys/block/%s/dev", name);
	if (read_line(path, text, sizeof text) <= 0 || !(colon = strchr(text, ':')))
		return 1;
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->mounts[i].major == (unsigned)atoi(text) && mounts->mounts[i].minor == (unsigned)atoi(colon + 1))
			return 1;
	return 0;
}

// Another device stands on it.
static int has_holders(const char *name)
{
	char path[320];
	int count = 0;
	struct dirent *entry;
	DIR *dir;

	format_path(path, "/sys/block/%s/holders", name);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		count += *entry->d_name != '.';
	if (dir)
		closedir(dir);
	return count > 0;
}

// Whether it went away.
static int detach(const struct mount_table *mounts, const struct kind *kind, const char *name, int loud)
{
	char sign[320], device[300], text[256];

	format_path(sign, "/sys/block/%s/%s", name, kind->sign);
	format_path(device, "/dev/%s", name);
	if (read_line(sign, text, sizeof text) <= 0 || is_mounted(mounts, name) || has_holders(name))
		return 0;
	allowing(loud ? 0 : ANY_ERROR, within(io_seconds * 1000, kind->detach(device, text)));
	return access(sign, F_OK) < 0;
}

int devices_detach(const struct mount_table *mounts, int loud)
{
	int progress = 0;
	struct dirent *entry;
	DIR *dir = opendir("/sys/block");

	while (dir && (entry = readdir(dir)))
		for (const struct kind *kind = kinds; kind < kinds + sizeof kinds / sizeof *kinds; kind++)
			if (!strncmp(entry->d_name, kind->prefix, strlen(kind->prefix)))
				progress |= detach(mounts, kind, entry->d_name, loud);
	if (dir)
		closedir(dir);
	return progress;
}

// SPDX-License-Identifier: MIT
// seed - the random seed that is kept from one boot to the next: who keeps it, and how it is written

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "cmdline.h"
#include "config.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "seed.h"

const char *seed_path(void)
{
	static char path[1024];

	return cmdline_get("initbox.seed", path, sizeof path) && *path == '/' ? path : CONFIG_RANDOM_SEED_FILE;
}

static int write_synced(const char *path, const void *data, size_t length)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);

	return fd < 0 || write_all(fd, data, length) < 0 || fsync(fd) < 0 ? -1 : 0;
}

// The old one stays until the new one is on the disk.
static int save(const char *path)
{
	char fresh[1024 + 8];
	unsigned char seed[SEED_BYTES];

	if (getrandom(seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed || format_path(fresh, "%s.new", path) < 0)
		return -1;
	if (unlink(fresh) < 0 && errno != ENOENT)
		return -1;
	return write_synced(fresh, seed, sizeof seed) < 0 ? -1 : rename(fresh, path);
}

static int can_be_written(const char *path)
{
	char folder[1024];

	return format_path(folder, "%s", path) > 0 && !access(dirname(folder), W_OK);
}

// EAGAIN: the kernel's generator is not ready, so this would be a seed that one could guess.
int seed_save(void)
{
	const char *path = seed_path();

	if (!can_be_written(path))
		return -1;
	return allowing(EAGAIN, DOOR(save(path), "save-seed", path, "head -c %d /dev/urandom >%-s\n", SEED_BYTES, path));
}

// SPDX-License-Identifier: MIT
// seed - rc.init's step that gives the kernel the random seed of the last boot

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "rc_init.h"
#include "seed.h"

// What others could read or write is no secret: it is mixed in and counts for nothing.
static int is_secret(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && !st.st_uid && !(st.st_mode & 077);
}

// Gone for good before it is used, else a crash would let two boots have the same numbers.
static int forget(const char *path)
{
	char folder[1024];
	cleanup_fd int fd = -1;

	if (allowing(EROFS, sys_unlink(AT_FDCWD, path, 0)) < 0)
		return -1;
	format_path(folder, "%s", path);
	fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : fsync(fd);
}

static int give(const void *seed, int bits)
{
	struct { int bits, bytes; unsigned char seed[SEED_BYTES]; } pool = { .bits = bits, .bytes = SEED_BYTES };
	cleanup_fd int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

	memcpy(pool.seed, seed, SEED_BYTES);
	return fd < 0 ? -1 : ioctl(fd, RNDADDENTROPY, &pool);
}

void step_seed(void)
{
	const char *path = seed_path();
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	unsigned char seed[SEED_BYTES];
	int bits;

	if (door_is_dry()) {
		DOOR(0, "seed", path, "cat %-s >/dev/urandom\n", path);
		return;
	}
	if (fd < 0 || read(fd, seed, sizeof seed) != sizeof seed) {
		if (fd >= 0 || errno != ENOENT)
			warn("%s: no random seed, not used", path);
		return;
	}
	bits = is_secret(fd) && !forget(path) ? SEED_BITS : 0;
	DOOR(give(seed, bits), "seed", path, " ");
	info("random seed from %s, %d bits", path, bits);
	seed_save();
}

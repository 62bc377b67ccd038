// SPDX-License-Identifier: MIT
// plan - what is to be moved, what of it somebody else uses, and whether it will fit; changes nothing

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "copyroot.h"
#include "fd.h"
#include "fmt.h"
#include "proc.h"
#include "tree.h"

// What the kernel wants beside the files: new inodes before the old ones are gone, page cache, INIT itself.
enum { RESERVE = 6 << 20, PER_FILE = 1024, PER_FILE_MOVED = 128, AMPLE = 64 << 20, LEAST_INODE = 512 };

/* Sizes */

uint64_t parse_size(const char *text, uint64_t whole)
{
	static const char units[] = "kmgt";
	const char *unit;
	char *end;
	uint64_t n;

	if (!isdigit((unsigned char)*text))
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		return 0;
	if (!strcmp(end, "%"))
		return n > 100 ? 0 : whole / 100 * n;
	if (*end && (unit = strchr(units, tolower((unsigned char)*end)))) {
		int shift = 10 * (unit - units + 1);

		if (n >> (64 - shift))
			return 0;
		n <<= shift;
		end++;
	}
	return *end ? 0 : n;
}

uint64_t meminfo(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, key, length) && text[length] == ':')
			return strtoull(text + length + 1, NULL, 10) << 10;
	}
	return 0;
}

uint64_t memory(const char *key)
{
	char text[4096];

	return proc_read("meminfo", text, sizeof text) < 0 ? 0 : meminfo(text, key);
}

// MemAvailable counts on half of the inodes and names that the kernel keeps, which in an initramfs are all in use: there
// is nothing on a disk that they could be read from again. A plan built on them ends in a panic.
uint64_t memory_left(const char *text)
{
	uint64_t available = meminfo(text, "MemAvailable"), names = meminfo(text, "SReclaimable");

	return available > names ? available - names : 0;
}

uint64_t memory_left_now(void)
{
	char text[4096];

	return proc_read("meminfo", text, sizeof text) < 0 ? 0 : memory_left(text);
}

uint64_t plan_need(const struct plan *plan, int keep)
{
	uint64_t entries = (uint64_t)plan->files + plan->folders + plan->others;

	if (keep)
		return plan->bytes + RESERVE + entries * PER_FILE;
	return plan->held + CHUNK + RESERVE + entries * PER_FILE_MOVED;
}

int plan_ample(const struct plan *plan, uint64_t available)
{
	return available >= plan_need(plan, 1) + AMPLE;
}

// All of the root is page cache, so that is its upper bound; no inode with its name takes less than LEAST_INODE.
int plan_guess(struct plan *plan, uint64_t cached, uint64_t names, uint64_t available, int twice)
{
	*plan = (struct plan){ .bytes = cached, .files = names / LEAST_INODE };
	if (!cached)
		return 0;
	return twice ? plan_ample(plan, available) : available >= cached + plan_need(plan, 0) + AMPLE;
}

uint64_t plan_limit(const struct plan *plan, uint64_t available)
{
	return plan->bytes + available / 2;
}

/* Files in use */

// A write lease is given to the only one who has a file open (fcntl(2)): whoever runs or maps it counts, and so do a loop
// device and whatever else in the kernel reads it. A kernel without leases knows of none that is not in use.
int in_use(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		return 1;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return 0;
}

int is_cut(const struct stat *st, const ino_t *fixed)
{
	if (!st->st_blocks || (st->st_nlink < 2 && st->st_blocks * 512LL <= CHUNK))
		return 0;
	while (fixed && *fixed && *fixed != st->st_ino)
		fixed++;
	return !fixed || !*fixed;
}

static int is_held(int dirfd, const char *name, const struct stat *st, const ino_t *fixed)
{
	cleanup_fd int fd = -1;

	if (!is_cut(st, fixed))
		return st->st_blocks * 512LL > CHUNK;
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
	return fd < 0 || in_use(fd);
}

/* The tree */

static void count(int dirfd, const char *name, const struct stat *st, const ino_t *fixed, struct plan *plan)
{
	uint64_t bytes = st->st_blocks * 512ULL;

	S_ISREG(st->st_mode) ? plan->files++ : S_ISDIR(st->st_mode) ? plan->folders++ : plan->others++;
	if (!S_ISDIR(st->st_mode))
		plan->bytes += bytes / st->st_nlink;
	if (bytes > plan->largest)
		plan->largest = bytes;
	if (S_ISREG(st->st_mode) && is_held(dirfd, name, st, fixed))
		plan->held += bytes / st->st_nlink;
}

static int plan_below(int fd, dev_t device, const ino_t *fixed, struct plan *plan);

static int plan_entry(int dirfd, const struct dirent *entry, dev_t device, const ino_t *fixed, struct plan *plan)
{
	const char *name = entry->d_name;
	struct stat st;

	if (is_dot(name))
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (st.st_dev != device)
		return 0;
	count(dirfd, name, &st, fixed, plan);
	if (!S_ISDIR(st.st_mode))
		return 0;
	return plan_below(open_folder(dirfd, name), device, fixed, plan);
}

// Takes `fd` over.
static int plan_below(int fd, dev_t device, const ino_t *fixed, struct plan *plan)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!dir) {
		fd_close(&fd);
		return -1;
	}
	while (!result && (entry = readdir(dir)))
		result = plan_entry(fd, entry, device, fixed, plan);
	closedir(dir);
	return result;
}

int plan_tree(int fd, const ino_t *fixed, struct plan *plan)
{
	struct stat st;

	*plan = (struct plan){ 0 };
	if (fstat(fd, &st) < 0)
		return -1;
	return plan_below(open_folder(fd, "."), st.st_dev, fixed, plan);
}

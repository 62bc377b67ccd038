// SPDX-License-Identifier: MIT
// plan - what is to be moved, what of it somebody uses, and whether it will fit; changes nothing

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "copyroot.h"
#include "fd.h"
#include "fmt.h"
#include "proc.h"

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
	return twice ? plan_ample(plan, available) : available >= cached / 2 + plan_need(plan, 0) + AMPLE;
}

uint64_t plan_limit(const struct plan *plan, uint64_t available)
{
	return plan->bytes + available / 2;
}

/* Files in use */

struct busy {
	size_t count, size;
	ino_t inodes[];
};

static int add(struct busy **busy, ino_t inode)
{
	struct busy *b = *busy;

	if (busy_has(b, inode))
		return 0;
	if (b->count == b->size) {
		b = realloc(b, sizeof *b + 2 * b->size * sizeof *b->inodes);
		if (!b)
			return -1;
		b->size *= 2;
		*busy = b;
	}
	b->inodes[b->count++] = inode;
	return 0;
}

// "start-end perms offset major:minor inode path", see proc_pid_maps(5)
static int add_mapping(struct busy **busy, const char *line, dev_t device)
{
	unsigned long inode;
	unsigned numbers[2];
	char *end;

	for (int word = 0; word < 3; word++)
		if (!(line = strchr(line, ' ')))
			return 0;
		else
			line++;
	numbers[0] = strtoul(line, &end, 16);
	numbers[1] = strtoul(end + (*end == ':'), &end, 16);
	inode = strtoul(end, NULL, 10);
	return inode && makedev(numbers[0], numbers[1]) == device ? add(busy, inode) : 0;
}

static int add_mapped(struct busy **busy, int process, dev_t device)
{
	cleanup_free char *text = load_file(process, "maps", 64 << 20, NULL);
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line && add_mapping(busy, line, device) < 0)
			return -1;
	return 0;
}

static int add_open(struct busy **busy, int process, dev_t device)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;

	while (dir && !result && (entry = readdir(dir)))
		if (!fstatat(fd, entry->d_name, &st, 0) && S_ISREG(st.st_mode) && st.st_dev == device)
			result = add(busy, st.st_ino);
	dir ? (void)closedir(dir) : fd_close(&fd);
	return result;
}

// Kernel threads have no executable to be read.
static int add_process(struct busy **busy, int proc, const char *pid, dev_t device)
{
	cleanup_fd int process = -1;
	char path[32], link[8];

	format_path(path, "%s/exe", pid);
	if (readlinkat(proc, path, link, sizeof link) < 0)
		return 0;
	process = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return process < 0 ? 0 : add_mapped(busy, process, device) | add_open(busy, process, device);
}

struct busy *busy_read(dev_t device)
{
	struct busy *busy = malloc(sizeof *busy + 16 * sizeof *busy->inodes);
	int fd = busy ? proc_open(".") : -1, result = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		free(busy);
		return NULL;
	}
	*busy = (struct busy){ .size = 16 };
	while (!result && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			result = add_process(&busy, fd, entry->d_name, device);
	closedir(dir);
	if (!result)
		return busy;
	free(busy);
	return NULL;
}

void busy_free(struct busy *busy)
{
	free(busy);
}

int busy_has(const struct busy *busy, ino_t inode)
{
	for (size_t i = 0; busy && i < busy->count; i++)
		if (busy->inodes[i] == inode)
			return 1;
	return 0;
}

/* The tree */

static void count(const struct stat *st, const struct busy *busy, struct plan *plan)
{
	uint64_t bytes = st->st_blocks * 512ULL;

	S_ISREG(st->st_mode) ? plan->files++ : S_ISDIR(st->st_mode) ? plan->folders++ : plan->others++;
	if (!S_ISDIR(st->st_mode))
		plan->bytes += bytes / st->st_nlink;
	if (bytes > plan->largest)
		plan->largest = bytes;
	if (bytes && busy_has(busy, st->st_ino))
		plan->held += bytes;
}

static int plan_below(int fd, dev_t device, const struct busy *busy, struct plan *plan);

static int plan_entry(int dirfd, const struct dirent *entry, dev_t device, const struct busy *busy, struct plan *plan)
{
	const char *name = entry->d_name;
	struct stat st;
	int fd;

	if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])))
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (st.st_dev != device)
		return 0;
	count(&st, busy, plan);
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
	return plan_below(fd, device, busy, plan);
}

// Takes `fd` over.
static int plan_below(int fd, dev_t device, const struct busy *busy, struct plan *plan)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!dir) {
		fd_close(&fd);
		return -1;
	}
	while (!result && (entry = readdir(dir)))
		result = plan_entry(fd, entry, device, busy, plan);
	closedir(dir);
	return result;
}

int plan_tree(int fd, const struct busy *busy, struct plan *plan)
{
	struct stat st;

	*plan = (struct plan){ 0 };
	if (fstat(fd, &st) < 0)
		return -1;
	return plan_below(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC), st.st_dev, busy, plan);
}

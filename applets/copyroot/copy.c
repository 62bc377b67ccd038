// SPDX-License-Identifier: MIT
// copy - one file's contents and all that belongs to it, through descriptors

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "copyroot.h"
#include "door.h"

/* Contents */

enum { PAGE = 4096, WINDOW = 16 << 20 };	// PAGE: the smallest there is; with larger ones fewer are seen

// ramfs has no SEEK_DATA: its data are the pages in the page cache, which mincore(2) tells apart without
// reading (and so allocating) any. Returns where data (or a hole) begins in [at, end), else end.
static off_t ramfs_seek(int fd, off_t at, off_t end, int data)
{
	static unsigned char present[WINDOW / PAGE];
	size_t page = sysconf(_SC_PAGESIZE);

	while (at < end) {
		off_t from = at & ~(off_t)(page - 1);
		size_t length = end - from < WINDOW ? end - from : WINDOW, i = 0;
		size_t pages = (length + page - 1) / page;
		void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, from);

		if (map == MAP_FAILED)
			return data ? at : end;
		if (mincore(map, length, present) < 0)
			memset(present, 1, pages);
		munmap(map, length);
		while (i < pages && (present[i] & 1) != data)
			i++;
		if (i < pages)
			return from + (off_t)(i * page) > at ? from + (off_t)(i * page) : at;
		at = from + length;
	}
	return end;
}

// The next run of data in [*start, end); none: *start is end.
static void next_data(const struct move *m, int fd, off_t *start, off_t *stop, off_t end)
{
	if (m->ramfs) {
		*start = ramfs_seek(fd, *start, end, 1);
		*stop = ramfs_seek(fd, *start, end, 0);
		return;
	}
	off_t data = lseek(fd, *start, SEEK_DATA), hole;

	if (data < 0) {
		*start = errno == ENXIO ? end : *start;
		*stop = end;
		return;
	}
	hole = lseek(fd, data, SEEK_HOLE);
	*start = data < end ? data : end;
	*stop = hole > data && hole < end ? hole : end;
}

// Up to here read(2) and write(2) take fewer instructions than sendfile(2), which sets up a pipe.
enum { SMALL = 16 << 10 };

static int copy_small(int in, int out, off_t start, size_t size)
{
	static char buffer[SMALL];
	ssize_t length = pread(in, buffer, size, start), written;

	if (length < 0)
		return -1;
	written = pwrite(out, buffer, length, start);
	return written == length ? 0 : written < 0 ? -1 : (errno = ENOSPC, -1);
}

// Both at the same place, which sendfile(2) takes from `in` and lseek(2) from `out`.
static int send_range(int in, int out, off_t start, off_t end)
{
	if (end - start <= SMALL)
		return copy_small(in, out, start, end - start);
	if (lseek(out, start, SEEK_SET) < 0)
		return -1;
	while (start < end) {
		ssize_t n = sendfile(out, in, &start, end - start);

		if (!n)
			return 0;	// somebody made it shorter
		if (n < 0 && errno != EINTR)
			return -1;
	}
	return 0;
}

static int send_data(struct move *m, int in, int out, off_t start, off_t end)
{
	while (start < end) {
		off_t stop;

		next_data(m, in, &start, &stop, end);
		if (start < end && send_range(in, out, start, stop) < 0)
			return -1;
		m->bytes += stop - start;
		start = stop;
	}
	return 0;
}

static int send_all(struct move *m, int in, int out, off_t start, off_t end)
{
	m->bytes += end - start;
	return send_range(in, out, start, end);
}

// The last large page or chunk before *end, which becomes where it begins. Without cutting the order does not matter,
// but each piece is a chance to tell how far it is.
static int copy_piece(struct move *m, int in, int out, int cut, int holes, off_t *end)
{
	off_t stop = *end;

	if (m->large && !holes && !(stop % LARGE) && copy_large(in, out, stop - LARGE)) {
		*end -= LARGE;
		m->bytes += LARGE;
		return 0;
	}
	*end = holes && !cut ? 0 : (stop - 1) / CHUNK * CHUNK;
	return holes ? send_data(m, in, out, *end, stop) : send_all(m, in, out, *end, stop);
}

int copy_data(struct move *m, int in, int out, int shrink, const char *name, const struct stat *st, off_t *left)
{
	int holes = st->st_blocks * 512LL < st->st_size;
	off_t end = st->st_size;

	*left = end;
	if (!end)
		return 0;
	// The length first: a hole at the end, and chunks from the end.
	if ((holes || end > CHUNK) && ftruncate(out, end) < 0)
		return -1;
	while (end) {
		if (DOOR(copy_piece(m, in, out, shrink >= 0, holes, &end), "copy", name, "cp %-s\n", name) < 0)
			return -1;
		if (end)
			move_progress(m);
		if (shrink >= 0) {
			if (DOOR(ftruncate(shrink, end), "truncate", name, "truncate %-s\n", name) < 0)
				return -1;
			*left = end;
		}
	}
	return 0;
}

int copy_back(int in, int out, const char *name, off_t start, off_t size)
{
	struct move plain = { 0 };

	if (ftruncate(out, size) < 0)
		return -1;
	return DOOR(send_data(&plain, in, out, start, size), "copy", name, "cp %-s\n", name);
}

/* What belongs to it */

int has_xattrs(int fd)
{
	return fgetxattr(fd, "trusted.copyroot", NULL, 0) >= 0 || errno != ENOTSUP;
}

// A file or folder by two descriptors, or (in < 0) `name` in two folders: what cannot be opened
// (links, nodes) is reached from the folder it is in, so that no path is needed.
struct pair {
	int in, out, from, to;
	const char *name;
};

static ssize_t list_xattrs(const struct pair *p, char *list, size_t size)
{
	if (p->in >= 0)
		return flistxattr(p->in, list, size);
	return fchdir(p->from) < 0 ? -1 : llistxattr(p->name, list, size);
}

static ssize_t get_xattr(const struct pair *p, const char *key, void *value, size_t size)
{
	if (p->in >= 0)
		return fgetxattr(p->in, key, value, size);
	return fchdir(p->from) < 0 ? -1 : lgetxattr(p->name, key, value, size);
}

static int set_xattr(const struct pair *p, const char *key, const void *value, size_t size)
{
	if (p->out >= 0)
		return fsetxattr(p->out, key, value, size, 0);
	return fchdir(p->to) < 0 ? -1 : lsetxattr(p->name, key, value, size, 0);
}

static const char capability[] = "security.capability";

void save_capability(struct move *m, int fd)
{
	m->capability_size = m->xattrs ? fgetxattr(fd, capability, m->capability, sizeof m->capability) : -1;
}

int restore_capability(const struct move *m, int fd, const char *name)
{
	if (m->capability_size < 1)
		return 0;
	return DOOR(fsetxattr(fd, capability, m->capability, m->capability_size, 0), "setxattr", capability,
		    "setfattr -n %-s %-s\n", capability, name);
}

void forget_default_acl(int fd)
{
	fremovexattr(fd, "system.posix_acl_default");
}

enum { XATTR_MAX = 65536 };	// XATTR_LIST_MAX and XATTR_SIZE_MAX of linux/limits.h

static int copy_xattrs(const struct pair *p)
{
	static char list[XATTR_MAX], value[XATTR_MAX];
	ssize_t length = list_xattrs(p, list, sizeof list);

	if (length <= 0)
		return length < 0 && errno != ENOTSUP ? -1 : 0;
	for (const char *key = list; key < list + length; key += strlen(key) + 1) {
		ssize_t size = get_xattr(p, key, value, sizeof value);

		if (size < 0 || DOOR(set_xattr(p, key, value, size), "setxattr", key,
				     "setfattr -n %-s %-s\n", key, p->name) < 0)
			return -1;
	}
	return 0;
}

static void times(const struct stat *st, struct timespec t[2])
{
	t[0] = st->st_atim;
	t[1] = st->st_mtim;
}

// chown(2) takes suid, sgid and capabilities away, so they come after it; times come last.
int copy_attributes(struct move *m, int in, int out, const char *name, const struct stat *st)
{
	const struct pair pair = { in, out, -1, -1, name };
	struct timespec t[2];

	times(st, t);
	if ((st->st_uid || st->st_gid || m->back)
	    && DOOR(fchown(out, st->st_uid, st->st_gid), "chown", name, "chown %-s\n", name) < 0)
		return -1;
	if ((st->st_mode & 06000 || S_ISDIR(st->st_mode))
	    && DOOR(fchmod(out, st->st_mode & 07777), "chmod", name, "chmod %-s\n", name) < 0)
		return -1;
	if (m->xattrs && (copy_xattrs(&pair) < 0 || restore_capability(m, out, name) < 0))
		return -1;
	return DOOR(futimens(out, t), "touch", name, "touch %-s\n", name);
}

int copy_node_attributes(struct move *m, int from, int to, const char *name, const struct stat *st)
{
	const struct pair pair = { -1, -1, from, to, name };
	struct timespec t[2];

	times(st, t);
	if ((st->st_uid || st->st_gid || m->back) && sys_chown(to, name, st->st_uid, st->st_gid) < 0)
		return -1;
	if (st->st_mode & 06000 && !S_ISLNK(st->st_mode) && sys_chmod(to, name, st->st_mode & 07777) < 0)
		return -1;
	if (m->xattrs && copy_xattrs(&pair) < 0)
		return -1;
	return DOOR(utimensat(to, name, t, AT_SYMLINK_NOFOLLOW), "touch", name, "touch -h %-s\n", name);
}

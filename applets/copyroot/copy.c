// SPDX-License-Identifier: MIT
// copy - one file's contents and all that belongs to it, through descriptors

#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "copyroot.h"
#include "door.h"
#include "resident.h"

/* Contents */

enum { PAGE = 4096, WINDOW = 16 << 20 };	// PAGE: the smallest there is; with larger ones fewer are seen

static unsigned char present[WINDOW / PAGE];

// ramfs has no SEEK_DATA: its data are the pages in the page cache, which mincore(2) tells apart without
// reading (and so allocating) any. Returns where data (or a hole) begins in [at, end), else end.
static off_t ramfs_seek(int fd, off_t at, off_t end, int data)
{
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

static char buffer[SMALL];

static int copy_small(int in, int out, off_t start, size_t size)
{
	ssize_t length = pread(in, buffer, size, start), written;

	if (length < 0)
		return -1;
	written = pwrite(out, buffer, length, start);
	return written == length ? 0 : written < 0 ? -1 : (errno = ENOSPC, -1);
}

// Larger pieces than chunks, of files that are not cut: through a pipe that holds all of it, which takes 3 % less than
// sendfile(2), whose pipe holds 64 KB.
enum { PIECE = 1 << 20 };
static int pipe_ends[2] = { -1, -1 };

static int have_pipe(void)
{
	if (pipe_ends[0] >= 0)
		return 1;
	if (pipe2(pipe_ends, O_CLOEXEC) < 0)
		return 0;
	fcntl(pipe_ends[1], F_SETPIPE_SZ, PIECE);
	return 1;
}

static int empty_pipe(int out, off_t *to, ssize_t length)
{
	while (length) {
		ssize_t n = splice(pipe_ends[0], NULL, out, to, length, 0);

		if (n <= 0 && (!n || errno != EINTR))
			return -1;
		length -= n > 0 ? n : 0;
	}
	return 0;
}

// What did not go on stays in the pipe, and goes with it.
static int lose_pipe(void)
{
	int saved = errno;

	close(pipe_ends[0]);
	close(pipe_ends[1]);
	pipe_ends[0] = -1;
	errno = saved;
	return -1;
}

static int splice_range(int in, int out, off_t start, off_t end)
{
	off_t to = start;

	while (start < end) {
		ssize_t n = splice(in, &start, pipe_ends[1], NULL, end - start, 0);

		if (!n)
			return 0;	// somebody made it shorter
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || empty_pipe(out, &to, n) < 0)
			return lose_pipe();
	}
	return 0;
}

// Both at the same place, which sendfile(2) takes from `in` and lseek(2) from `out`.
static int send_range(int in, int out, off_t start, off_t end)
{
	if (end - start <= SMALL)
		return copy_small(in, out, start, end - start);
	if (end - start > CHUNK && have_pipe())
		return splice_range(in, out, start, end);
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

static int has_data(const struct move *m, int fd, off_t start, off_t end)
{
	if (m->ramfs)
		return ramfs_seek(fd, start, end, 1) < end;
	start = lseek(fd, start, SEEK_DATA);
	return start < 0 ? errno != ENXIO : start < end;
}

// At most a chunk behind the last data before `end`. What is cut goes from its end, where a hole may have any size: steps that
// double until there are data, and halve until their end is found.
static off_t skip_hole(const struct move *m, int in, off_t end)
{
	off_t step = CHUNK, start;

	while (!has_data(m, in, (start = end > step ? end - step : 0), end)) {
		end = start;
		if (!end)
			return 0;
		step *= 2;
	}
	while (end - start > CHUNK) {
		off_t middle = start + (end - start) / 2;

		*(has_data(m, in, middle, end) ? &start : &end) = middle;
	}
	return end;
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
	*end = cut ? (stop - 1) / CHUNK * CHUNK : holes ? 0 : (stop - 1) / PIECE * PIECE;
	return holes ? send_data(m, in, out, *end, stop) : send_all(m, in, out, *end, stop);
}

// In a ramfs each page of a hole has to be looked at: 3 s for that much, where INIT is waiting.
enum { MOST_GB_WITH_HOLES = 128 };

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
	if (!st->st_blocks)
		return 0;
	if (holes && m->ramfs && end >> 30 >= MOST_GB_WITH_HOLES)
		return errno = EFBIG, -1;
	while (end) {
		if (holes && shrink >= 0 && !(end = skip_hole(m, in, end)))
			break;
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

// The list of keys where there is no key.
static ssize_t read_xattr(const struct pair *p, const char *key, void *to, size_t size)
{
	if (p->in >= 0)
		return key ? fgetxattr(p->in, key, to, size) : flistxattr(p->in, to, size);
	if (fchdir(p->from) < 0)
		return -1;
	return key ? lgetxattr(p->name, key, to, size) : llistxattr(p->name, to, size);
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

// The kernel allocates as much as it is offered, so most do without the largest that there can be: XATTR_LIST_MAX and
// XATTR_SIZE_MAX of linux/limits.h.
enum { XATTR_FEW = 1024, XATTR_MAX = 65536 };
static struct room {
	char few[XATTR_FEW], *many;
} keys, value;

static ssize_t read_into(struct room *room, const struct pair *p, const char *key, const char **text)
{
	ssize_t length = read_xattr(p, key, room->few, sizeof room->few);

	*text = room->few;
	if (length >= 0 || errno != ERANGE)
		return length;
	if (!room->many && !(room->many = resident_new(XATTR_MAX)))
		return -1;
	*text = room->many;
	return read_xattr(p, key, room->many, XATTR_MAX);
}

static int copy_xattrs(const struct pair *p)
{
	const char *list, *text;
	ssize_t length = read_into(&keys, p, NULL, &list);

	if (length <= 0)
		return length < 0 && errno != ENOTSUP ? -1 : 0;
	for (const char *key = list; key < list + length; key += strlen(key) + 1) {
		ssize_t size = read_into(&value, p, key, &text);

		if (size < 0 || DOOR(set_xattr(p, key, text, size), "setxattr", key,
				     "setfattr -n %-s %-s\n", key, p->name) < 0)
			return -1;
	}
	return 0;
}

int is_protected(const struct move *m, int fd)
{
	int flags = 0;

	// A ramfs has neither these nor extended attributes.
	if (!m->xattrs || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || !(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)))
		return 0;
	errno = EPERM;
	return 1;
}

void copy_prepare(const struct move *m)
{
	resident(buffer, sizeof buffer);
	if (m->ramfs)
		resident(present, sizeof present);
	if (m->xattrs) {
		resident(&keys, sizeof keys);
		resident(&value, sizeof value);
	}
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

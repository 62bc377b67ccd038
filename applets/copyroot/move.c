// SPDX-License-Identifier: MIT
// move - the files of one root become those of another, each gone from the old one once it is in the new one
//
// Any failure ends it, and all goes back: the old root is complete again, and can be booted from.

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "copyroot.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "trace.h"
#include "tree.h"

enum { SECOND = 1000000, FILES_BETWEEN_LOOKS = 64 };

/* Progress */

void move_progress(struct move *m)
{
	long long now = trace_now(), ms = (now - m->start) / 1000;

	if (now - m->said < SECOND)
		return;
	m->said = now;
	notice("%u files, %llu MB, %llu MB/s", m->files, (unsigned long long)m->bytes >> 20,
	       (unsigned long long)(m->bytes >> 10) * 1000 / (ms ? ms : 1) >> 10);
}

static void count_file(struct move *m)
{
	if (++m->files % FILES_BETWEEN_LOOKS == 0)
		move_progress(m);
}

/* Files with several links
 *
 * Each root has a folder that holds one link of each, so that a further link is made without knowing a path, and so
 * that the old inode can get its contents back. */

// A name that neither root has.
static int name_links(struct move *m)
{
	struct stat st;

	for (unsigned n = 0; n < 1000; n++) {
		format_path(m->links_name, ".copyroot%u", n);
		if (fstatat(m->from, m->links_name, &st, AT_SYMLINK_NOFOLLOW) < 0
		    && fstatat(m->to, m->links_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return 0;
	}
	return -1;
}

static int links_of(int root, const char *name)
{
	return sys_mkdir(root, name, 0700) < 0 ? -1 : open_folder(root, name);
}

static int have_links(struct move *m)
{
	if (m->to_links < 0)
		m->to_links = links_of(m->to, m->links_name);
	if (m->from_links < 0 && !m->keep)
		m->from_links = links_of(m->from, m->links_name);
	return m->to_links < 0 || (m->from_links < 0 && !m->keep) ? -1 : 0;
}

static void link_key(const struct move *m, char key[32], ino_t inode)
{
	format(key, 32, "%s%llx", m->links_prefix, (unsigned long long)inode);
}

// 1: `name` is now another link to what was moved before. 0: this is the first of them.
static int linked(struct move *m, int to, const char *name, const struct stat *st)
{
	char key[32];
	struct stat seen;

	if (st->st_nlink < 2 || m->to_links < 0)
		return 0;
	link_key(m, key, st->st_ino);
	if (fstatat(m->to_links, key, &seen, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	return sys_link(m->to_links, key, to, name) < 0 ? -1 : 1;
}

static int remember_link(struct move *m, int from, int to, const char *name, const struct stat *st)
{
	char key[32];

	if (st->st_nlink < 2 || m->back)
		return 0;
	link_key(m, key, st->st_ino);
	if (have_links(m) < 0 || (!m->keep && sys_link(from, name, m->from_links, key) < 0))
		return -1;
	return sys_link(to, name, m->to_links, key);
}

// After a failure, which stays what errno says.
static void forget_link(struct move *m, const struct stat *st)
{
	int saved = errno;
	char key[32];

	link_key(m, key, st->st_ino);
	if (st->st_nlink > 1 && m->to_links >= 0)
		allowing(ENOENT, sys_unlink(m->to_links, key, 0));
	if (st->st_nlink > 1 && m->from_links >= 0)
		allowing(ENOENT, sys_unlink(m->from_links, key, 0));
	errno = saved;
}

/* Entries */

// EBUSY: something is mounted on it. It goes after the switch, and with it the folders above.
static int leave(struct move *m, int from, const char *name, int flags)
{
	if (m->keep || !allowing(EBUSY, sys_unlink(from, name, flags)))
		return 0;
	if (errno != EBUSY)
		return -1;
	m->stayed++;
	return 0;
}

// Going back, what is there already never left.
static int stayed(const struct move *m)
{
	return m->back && errno == EEXIST;
}

// Opened to write, so that it can be cut while it is copied; -1 where it must stay whole. `in` is the only one that is open.
static int open_to_shrink(struct move *m, int from, int in, const char *name, const struct stat *st)
{
	if (m->keep || (m->back && st->st_nlink > 1) || !is_cut(st, m->fixed) || in_use(in))
		return -1;
	return openat(from, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
}

// What was cut is put back, and the copy goes away.
static void undo_file(struct move *m, int to, int shrink, const char *name, const struct stat *st, off_t left)
{
	struct timespec t[2] = { st->st_atim, st->st_mtim };

	if (left < st->st_size) {
		cleanup_fd int copy = openat(to, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (copy < 0 || copy_back(copy, shrink, name, left, st->st_size) < 0) {
			warn("%s: only its first %llu bytes are back", name, (unsigned long long)left);
			return;
		}
		restore_capability(m, shrink, name);
		futimens(shrink, t);
	}
	forget_link(m, st);
	sys_unlink(to, name, 0);
}

// Two at once, where they are neighbours, as they mostly are (close_range(2), Linux 5.9).
static void close_pair(int *first, int *second)
{
	if (*second == *first + 1 && !syscall(SYS_close_range, *first, *second, 0))
		*first = *second = -1;
}

static int move_whole_file(struct move *m, int from, int to, int *in, const char *name, const struct stat *st)
{
	cleanup_fd int out = -1, shrink = -1;
	off_t left = st->st_size;
	int result = 0;

	if (is_protected(m, *in))
		return -1;
	out = DOOR(openat(to, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, st->st_mode & 07777),
		   "create", name, ": >%-s\n", name);
	if (out < 0)
		return stayed(m) ? 0 : -1;
	shrink = open_to_shrink(m, from, *in, name, st);
	if (shrink >= 0)
		save_capability(m, *in);
	if (copy_data(m, *in, out, shrink, name, st, &left) < 0 || copy_attributes(m, *in, out, name, st) < 0
	    || remember_link(m, from, to, name, st) < 0 || leave(m, from, name, 0) < 0) {
		undo_file(m, to, shrink, name, st, left);
		result = -1;
	}
	m->capability_size = 0;
	if (!result)
		count_file(m);
	close_pair(in, &out);
	return result;
}

static int move_file(struct move *m, int from, int to, const char *name)
{
	cleanup_fd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
	struct stat st;
	int known;

	if (in < 0 || fstat(in, &st) < 0)
		return -1;
	known = linked(m, to, name, &st);
	if (!known)
		return move_whole_file(m, from, to, &in, name, &st);
	if (known < 0)
		return stayed(m) ? 0 : -1;
	if (!leave(m, from, name, 0)) {
		count_file(m);
		return 0;
	}
	sys_unlink(to, name, 0);
	return -1;
}

// Not a part of what calls itself for each folder: its room would be there once for each (resident.h).
static int __attribute__((noinline)) make_symlink(int from, int to, const char *name)
{
	char target[4096];
	ssize_t length = readlinkat(from, name, target, sizeof target - 1);

	if (length < 0)
		return -1;
	target[length] = 0;
	return sys_symlink(target, to, name);
}

static int make_node(int from, int to, const char *name, const struct stat *st)
{
	return S_ISLNK(st->st_mode) ? make_symlink(from, to, name) : sys_mknod(to, name, st->st_mode, st->st_rdev);
}

static int move_node(struct move *m, int from, int to, const char *name, const struct stat *st)
{
	int known = linked(m, to, name, st);

	if (known < 0 || (!known && make_node(from, to, name, st) < 0))
		return stayed(m) ? 0 : -1;
	if ((known || (copy_node_attributes(m, from, to, name, st) == 0 && remember_link(m, from, to, name, st) == 0))
	    && leave(m, from, name, 0) == 0)
		return 0;
	if (!known)
		forget_link(m, st);
	sys_unlink(to, name, 0);
	return -1;
}

static int move_below(struct move *m, struct listing *dir, int out);

// Also after a failure, and then for a second time: what the folder has is what goes back.
static int finish_folder(struct move *m, int in, int out, const char *name, const struct stat *st)
{
	int result = copy_attributes(m, in, out, name, st), saved = errno;

	if (result < 0)
		copy_attributes(m, in, out, name, st);
	errno = saved;
	return result;
}

static int move_opened_folder(struct move *m, int from, int to, struct listing *dir, const char *name)
{
	unsigned stayed_before = m->stayed;
	cleanup_fd int out = -1;
	struct stat st;
	int result;

	if (fstat(listing_fd(dir), &st) < 0 || is_protected(m, listing_fd(dir)))
		return -1;
	if (allowing(m->back ? EEXIST : 0, sys_mkdir(to, name, st.st_mode & 01777)) < 0 && !stayed(m))
		return -1;
	out = open_folder(to, name);
	if (out < 0)
		return -1;
	if (m->back && m->xattrs)
		forget_default_acl(out);
	result = move_below(m, dir, out);
	if (finish_folder(m, listing_fd(dir), out, name, &st) < 0)
		result = -1;
	if (!result && m->stayed == stayed_before)
		result = leave(m, from, name, AT_REMOVEDIR);
	return result;
}

static int move_folder(struct move *m, int from, int to, const char *name)
{
	struct listing *dir = listing_open(from, name);
	int result = dir ? move_opened_folder(m, from, to, dir, name) : -1;

	if (dir)
		listing_close(dir);
	return result;
}

static int move_entry(struct move *m, int from, int to, const struct entry *entry)
{
	const char *name = entry->name;
	struct stat st;

	if (entry->type == DT_REG)
		return move_file(m, from, to, name);
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return S_ISDIR(st.st_mode) ? move_folder(m, from, to, name)
		: S_ISREG(st.st_mode) ? move_file(m, from, to, name)
		: move_node(m, from, to, name, &st);
}

static int skipped(const struct move *m, const char *name)
{
	return m->depth == 1 && !strcmp(name, m->links_name);
}

// A failure ends the way there; the way back goes on with what it can.
static int move_below(struct move *m, struct listing *dir, int out)
{
	const struct entry *entry;
	int result = 0;

	m->depth++;
	while ((!result || m->back) && (entry = listing_next(dir))) {
		if (skipped(m, entry->name) || !move_entry(m, listing_fd(dir), out, entry))
			continue;
		if (!m->failed++ || m->back)
			warn("%s cannot be moved:", entry->name);
		result = -1;
	}
	m->depth--;
	return listing_failed(dir) ? -1 : result;
}

/* Roots */

// One folder needs two descriptors while it is open.
static void more_descriptors(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int move_root(struct move *m)
{
	struct listing *dir = listing_open(m->from, ".");
	int result;

	if (!dir)
		return -1;
	result = fstat(m->from, &m->root) < 0 || is_protected(m, m->from) ? -1 : 0;
	m->start = m->said = trace_now();
	if (!result)
		result = move_below(m, dir, m->to);
	listing_close(dir);
	return finish_folder(m, m->from, m->to, "/", &m->root) < 0 ? -1 : result;
}

// The old inode gets its contents back, and is found by the new one's number from here on.
static void restore_link(struct move *m, const char *key)
{
	struct stat now, old;
	char name[32];

	if (fstatat(m->to_links, key, &now, AT_SYMLINK_NOFOLLOW) < 0
	    || fstatat(m->from_links, key, &old, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISREG(old.st_mode) && old.st_size != now.st_size) {
		struct timespec t[2] = { now.st_atim, now.st_mtim };
		cleanup_fd int in = openat(m->to_links, key, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		cleanup_fd int out = openat(m->from_links, key, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

		if (in < 0 || out < 0 || copy_back(in, out, key, 0, now.st_size) < 0)
			return;
		save_capability(m, in);
		restore_capability(m, out, key);
		m->capability_size = 0;
		futimens(out, t);
	}
	format_path(name, "back%llx", (unsigned long long)now.st_ino);
	sys_rename(m->from_links, key, name);
}

static void restore_links(struct move *m)
{
	struct listing *dir = m->to_links < 0 || m->from_links < 0 ? NULL : listing_open(m->to_links, ".");
	const struct entry *entry;

	while (dir && (entry = listing_next(dir)))
		restore_link(m, entry->name);
	if (dir)
		listing_close(dir);
}

// The folder's own root looks as if it had never been there.
static void remove_links(const struct move *m, int root)
{
	struct timespec t[2] = { m->root.st_atim, m->root.st_mtim };

	if (tree_remove_at(root, m->links_name) < 0 && errno != ENOENT)
		tree_remove_at(root, m->links_name);
	futimens(root, t);
}

static void close_links(struct move *m)
{
	fd_close(&m->to_links);
	fd_close(&m->from_links);
	m->to_links = m->from_links = -1;
}

int move_back(struct move *m)
{
	struct move back = {
		.from = m->to, .to = m->from, .back = 1, .xattrs = m->xattrs,
		.from_links = -1, .to_links = m->from_links, .links_prefix = "back",
	};
	int result = 0;

	memcpy(back.links_name, m->links_name, sizeof back.links_name);
	if (!m->keep) {
		restore_links(m);
		result = move_root(&back);
	}
	if (m->from_links >= 0)
		remove_links(m, m->from);
	close_links(m);
	return result;
}

int move_tree(struct move *m)
{
	struct rlimit limit;
	int result;

	m->from_links = m->to_links = -1;
	m->links_prefix = "";
	m->xattrs = has_xattrs(m->from) && has_xattrs(m->to);
	if (name_links(m) < 0)
		return -1;
	copy_prepare(m);
	getrlimit(RLIMIT_NOFILE, &limit);
	more_descriptors();
	result = move_root(m);
	if (result < 0) {
		notice("moving all back");
		m->lost = move_back(m) < 0;
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	return result;
}

void move_finish(struct move *m)
{
	if (m->to_links >= 0)
		remove_links(m, m->to);
	close_links(m);
	if (!m->keep)
		tree_remove(m->from);
}

// SPDX-License-Identifier: MIT
// copyroot.h - what copyroot's rooms share
#pragma once
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

// What is in a tree, and what moving it takes.
struct plan {
	unsigned files, folders, others;	// others: symlinks, nodes, FIFOs, sockets
	uint64_t bytes;				// allocated; a file with several links counts once
	uint64_t held;				// those of files in use or mounted on: kept until the switch
	uint64_t largest;			// file
};

// plan.c: looks only.
// Whether somebody else has this file open, maps it or runs it.
int in_use(int fd);
// Whether a file is cut behind each piece of it that is copied, unless it is in use: large, or one of several links, since
// the others would keep what it holds. `fixed`: inodes of files that something is mounted on, which stay until the switch; 0 ends it.
int is_cut(const struct stat *st, const ino_t *fixed);
// Adds up the tree below the folder `fd`, on its device only. Returns 0, or -1 with errno.
int plan_tree(int fd, const ino_t *fixed, struct plan *plan);
// Fills in upper bounds of bytes and files only, and returns whether memory is so ample that these will do; `names`: bytes
// of the inodes and names that there are; `twice`: all old files stay until the new ones are complete.
int plan_guess(struct plan *plan, uint64_t cached, uint64_t names, uint64_t available, int twice);
// Whether it leaves so much of the memory that all may be there twice.
int plan_ample(const struct plan *plan, uint64_t available);
// The memory that has to be free to move it, or to copy it where the old files stay (`keep`), in bytes.
uint64_t plan_need(const struct plan *plan, int keep);
// A size limit for a tmpfs that gets it: all of it, and half of the memory that is left.
uint64_t plan_limit(const struct plan *plan, uint64_t available);
// A line of /proc/meminfo in bytes, e.g. "MemAvailable"; 0 where it is not there.
uint64_t meminfo(const char *text, const char *key);
uint64_t memory(const char *key);
// What can be had of it: MemAvailable, but nothing of what the kernel calls reclaimable.
uint64_t memory_left(const char *text);
uint64_t memory_left_now(void);
// "64m", "1g", "50%" (of `whole`), "4096": bytes; 0 for anything else.
uint64_t parse_size(const char *text, uint64_t whole);

// move.c: the tree below folder `from` becomes that below `to`, which is new and empty.
struct move {
	int from, to;
	const ino_t *fixed;		// see is_cut
	int keep;			// copy, the old files stay
	int late;			// with keep: stay until INIT runs
	int ramfs;			// what `from` is
	int large;			// `to` has large pages for who asks
	// The rest is its own.
	int back;			// to the root that they came from: folders are there, so may be files
	int xattrs;
	int depth, failed, lost;	// lost: even the way back failed
	unsigned stayed;		// entries that something is mounted on: they go after the switch
	int from_links, to_links;	// one link of each file with several, by its inode's number; -1: none yet
	char links_name[32];
	const char *links_prefix;
	char capability[64];		// of the file that is being cut, which takes it away (capabilities(7))
	ssize_t capability_size;	// below 1: none
	struct stat root;
	unsigned files;			// so far
	uint64_t bytes;
	long long start, said;		// microseconds
};
// Says how far it is, if it did not within the last second.
void move_progress(struct move *move);
// Returns 0; or -1, and then all files are at `from` again, unless `lost` is set.
int move_tree(struct move *move);
// Then either: everything back to `from`. Returns 0, or -1 where some stay at `to`.
int move_back(struct move *move);
// Or: ends it, and frees what is left at `from` (not with `keep`).
void move_finish(struct move *move);

// listing.c: reading folders. Any call may end with -1 or NULL and errno, none waits for memory.
struct listing;
struct entry {			// getdents(2), struct linux_dirent64
	uint64_t inode;
	int64_t offset;
	unsigned short size;
	unsigned char type;	// DT_REG ...
	char name[];
};
int open_folder(int dirfd, const char *name);
struct listing *listing_open(int dirfd, const char *name);
void listing_close(struct listing *folder);
int listing_fd(const struct listing *folder);
// The next entry that is neither . nor .., or NULL at the end, or where reading failed.
const struct entry *listing_next(struct listing *folder);
int listing_failed(const struct listing *folder);

// late.c: frees what is below `folder` once INIT has been executed, or after 10 seconds, in a child, which then ends.
// Returns 0 as soon as it is started, or -1 with errno.
int free_late(int folder);

// copy.c: one file's contents and what belongs to it.
enum { CHUNK = 256 << 10 };	// bytes that are there twice at most
// Copies in -> out without filling holes. `shrink` >= 0 is `in` opened to write: it is cut behind each chunk,
// from the end; *left is what is still whole. Returns 0, or -1 with errno.
int copy_data(struct move *move, int in, int out, int shrink, const char *name, const struct stat *st, off_t *left);
// Puts [start, size) of a copy, `in`, back to where it came from.
int copy_back(int in, int out, const char *name, off_t start, off_t size);
// Owner, special mode bits, xattrs and times, of descriptors or of `name` in two folders (never follows a link).
int copy_attributes(struct move *move, int in, int out, const char *name, const struct stat *st);
int copy_node_attributes(struct move *move, int from, int to, const char *name, const struct stat *st);
int has_xattrs(int fd);
// Immutable or append-only (ioctl_iflags(2)): it can neither leave nor be made anew in one go.
int is_protected(const struct move *move, int fd);
// Has what it needs before memory can end.
void copy_prepare(const struct move *move);
// large.c: the page of `in` that begins at `start` goes to `out` as a large one. Returns whether it did; if not, any of its
// bytes may be there.
enum { SMALL_PAGE = 4096, LARGE = 2 << 20 };
int copy_large(int in, int out, off_t start);
// A file's capabilities, which the first write or cut takes away: read before, and set again after.
void save_capability(struct move *move, int fd);
int restore_capability(const struct move *move, int fd, const char *name);
// A folder that stayed gives what comes back its own default list, which is why that comes back last.
void forget_default_acl(int fd);

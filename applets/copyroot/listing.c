// SPDX-License-Identifier: MIT
// listing - reading folders, with memory that is there before it is used (resident.h), which readdir(3)'s need not be

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "copyroot.h"
#include "door.h"
#include "resident.h"
#include "tree.h"

struct listing {
	struct listing *next;	// that is not open
	int fd, failed;
	long at, length;	// in `entries`
	char entries[2016];	// 2 KB in all
};

enum { LISTINGS_AT_ONCE = 8 };
static struct listing *unused;

static int have_listings(void)
{
	struct listing *new = unused ? NULL : resident_new(LISTINGS_AT_ONCE * sizeof *new);

	for (int i = 0; new && i < LISTINGS_AT_ONCE; i++) {
		new[i].next = unused;
		unused = &new[i];
	}
	return unused ? 0 : -1;
}

int open_folder(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
}

struct listing *listing_open(int dirfd, const char *name)
{
	int fd = have_listings() < 0 ? -1 : open_folder(dirfd, name);
	struct listing *list = unused;

	if (fd < 0)
		return NULL;
	unused = list->next;
	list->fd = fd;
	list->at = list->length = list->failed = 0;
	return list;
}

void listing_close(struct listing *list)
{
	int saved = errno;

	close(list->fd);
	list->next = unused;
	unused = list;
	errno = saved;
}

int listing_fd(const struct listing *list)
{
	return list->fd;
}

int listing_failed(const struct listing *list)
{
	return list->failed;
}

const struct entry *listing_next(struct listing *list)
{
	const struct entry *entry;

	do {
		if (list->at == list->length) {
			list->at = 0;
			list->length = syscall(SYS_getdents64, list->fd, list->entries, sizeof list->entries);
		}
		if (list->length <= 0) {
			list->failed = list->length < 0;
			list->at = list->length = 0;
			return NULL;
		}
		entry = (const void *)(list->entries + list->at);
		list->at += entry->size;
	} while (is_dot(entry->name));
	return entry;
}

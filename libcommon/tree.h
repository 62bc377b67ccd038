// SPDX-License-Identifier: MIT
// tree.h - going through a folder, and removing a tree
#pragma once

// Whether `name` is that of the folder itself or of the one above, as readdir(3) has them.
int is_dot(const char *name);

struct dirent;
// Calls `each` for every entry of the folder `fd` but . and .. (readdir(3)); what it removes meanwhile does no harm, as
// POSIX leaves open only whether new entries show. Returns 0, or -1 where a call did, or the folder cannot be read.
int tree_entries(int fd, int (*each)(int fd, const struct dirent *entry, void *argument), void *argument);

// Removes all that is below the folder `fd`, which stays. Never follows a link and never leaves the folder's device; a
// mount point stays. Each removal goes through the door. Returns 0, or -1 where something is left.
int tree_remove(int fd);

// Removes `name` below `dirfd`, and if it is a folder all below it. Returns 0, or -1 with errno.
int tree_remove_at(int dirfd, const char *name);

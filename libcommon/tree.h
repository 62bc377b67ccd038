// SPDX-License-Identifier: MIT
// tree.h - removing a tree
#pragma once

// Removes all that is below the folder `fd`, which stays. Never follows a link and never leaves the folder's device; a
// mount point stays. Each removal goes through the door. Returns 0, or -1 where something is left.
int tree_remove(int fd);

// Removes `name` below `dirfd`, and if it is a folder all below it. Returns 0, or -1 with errno.
int tree_remove_at(int dirfd, const char *name);

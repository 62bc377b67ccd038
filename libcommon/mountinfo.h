// SPDX-License-Identifier: MIT
// mountinfo.h - /proc/self/mountinfo (proc_pid_mountinfo(5)), its octal escapes decoded
#pragma once
#include <stddef.h>

struct mountinfo {
	int id, parent;
	unsigned major, minor;
	const char *root, *target, *options;	// options of the mount: ro, nosuid ...
	const char *type, *source, *super;	// super: options of the file system
};

// Takes one line apart in place. Returns 0, or -1 where it is no mountinfo line.
int mountinfo_parse(char *line, struct mountinfo *mount);

// Decodes \040 and its like in place (also those of /proc/swaps).
void octal_decode(char *text);

// All mounts of this process in the order they were made; works without /proc being mounted.
struct mount_table {
	char *text;
	struct mountinfo *mounts;
	size_t count;
};
// Returns 0, or -1 with errno. Free it with mount_table_free.
int mount_table_read(struct mount_table *table);
void mount_table_free(struct mount_table *table);

// The topmost mount at exactly `target`, or NULL.
const struct mountinfo *mount_at(const struct mount_table *table, const char *target);

// Whether "/" of this process is the kernel's first root file system, which pivot_root(2) cannot leave.
int root_is_rootfs(const struct mount_table *table);

// SPDX-License-Identifier: MIT
// switch.h - the ways to a root that pivot_root(2) can leave
#pragma once
#include <stdint.h>
#include "mountinfo.h"

struct settings {
	uint64_t size;			// limit of the tmpfs in bytes, 0: to be found
	int keep, move_api, verbose;
	int late;			// the old files are freed when INIT runs, if possible
	int ramfs;			// what "/" is
	const struct mount_table *mounts;
};

// What was done, for the report.
struct outcome {
	unsigned files;
	uint64_t bytes;
};

// Each returns 0 inside the new root, or -1 and then nothing has changed.
int switch_bind(struct settings *settings, struct outcome *outcome);
int switch_overlay(struct settings *settings, struct outcome *outcome);
int switch_tmpfs(struct settings *settings, struct outcome *outcome);

// /proc, /sys, /dev and /dev/pts, where nothing is mounted there yet.
void mount_api(const struct mount_table *before);

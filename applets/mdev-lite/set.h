// SPDX-License-Identifier: MIT
// set.h - a set of texts, of which only 64-bit hashes are kept: aliases asked for, devices seen
#pragma once
#include <stddef.h>
#include <stdint.h>

struct set {
	uint64_t *slot;		// 0: empty, 1: was removed
	size_t size, used;
};

// Returns 1 if `text` was not in it, 0 if it was. Without memory everything is new.
int set_add(struct set *set, const char *text);
void set_remove(struct set *set, const char *text);
int set_has(const struct set *set, const char *text);

// SPDX-License-Identifier: MIT
// set - a set of texts, of which only 64-bit hashes are kept: aliases asked for, devices seen

#include <stdlib.h>
#include "set.h"

enum { EMPTY, REMOVED, FIRST_HASH };

// FNV-1a
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	return h < FIRST_HASH ? h + FIRST_HASH : h;
}

// The slot that holds h, or the empty one where the search for it ends.
static uint64_t *find(const struct set *set, uint64_t h)
{
	size_t i = h & (set->size - 1);

	while (set->slot[i] != EMPTY && set->slot[i] != h)
		i = (i + 1) & (set->size - 1);
	return set->slot + i;
}

// Room for more: by what was removed, and where that is too little by twice the size.
static int grow(struct set *set)
{
	size_t there = 0;
	struct set larger;

	for (size_t i = 0; i < set->size; i++)
		there += set->slot[i] >= FIRST_HASH;
	larger = (struct set){ .size = !set->size ? 256 : there * 2 >= set->size ? set->size * 2 : set->size };
	larger.slot = calloc(larger.size, sizeof *larger.slot);
	if (!larger.slot)
		return -1;
	for (size_t i = 0; i < set->size; i++)
		if (set->slot[i] >= FIRST_HASH) {
			*find(&larger, set->slot[i]) = set->slot[i];
			larger.used++;
		}
	free(set->slot);
	*set = larger;
	return 0;
}

int set_add(struct set *set, const char *text)
{
	uint64_t h = hash(text), *slot;

	if (set->used * 4 >= set->size * 3 && grow(set) < 0 && set->used + 1 >= set->size)
		return 1;
	slot = find(set, h);
	if (*slot == h)
		return 0;
	*slot = h;
	set->used++;
	return 1;
}

void set_remove(struct set *set, const char *text)
{
	uint64_t h = hash(text), *slot;

	if (set->size && *(slot = find(set, h)) == h)
		*slot = REMOVED;
}

int set_has(const struct set *set, const char *text)
{
	return set->size && *find(set, hash(text)) != EMPTY;
}

// SPDX-License-Identifier: MIT
// applets - the table of applets that this binary holds

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "applet.h"

char libcommon_begins[1];	// in the first of libcommon's files that the linker gets

#define APPLET_ENTRY(path, name, sym) extern const struct applet sym##_applet;
#include "applets.inc"
#undef APPLET_ENTRY

// Sorted by name: make writes applets.inc so.
static const struct applet_entry entries[] = {
#define APPLET_ENTRY(path, name, sym) { path, name, &sym##_applet },
#include "applets.inc"
	{ NULL, NULL, NULL },
};
enum { ENTRIES = sizeof entries / sizeof *entries - 1 };

static int by_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct applet_entry *)entry)->name);
}

static const struct applet_entry *named(const char *name)
{
	return bsearch(name, entries, ENTRIES, sizeof *entries, by_name);
}

const struct applet_entry *applet_find(const char *path)
{
	const struct applet_entry *entry = named(path);
	const char *slash = strrchr(path, '/');

	return entry || !slash ? entry : named(slash + 1);
}

const struct applet_entry *applet_list(int *count)
{
	*count = ENTRIES;
	return entries;
}

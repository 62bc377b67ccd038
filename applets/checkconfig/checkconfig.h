// SPDX-License-Identifier: MIT
// checkconfig.h - what the applets need of a kernel, and where to find how one was configured
#pragma once
#include <stddef.h>

enum degree {
	REQUIRED = 1,	// the applet cannot do its work without it
	OPTIONAL = 2,	// a part of its work
	BUILT_IN = 4,	// a module comes too late
	SPLIT = 8,	// before `since` it was a part of what is always there
};

// A table is ended by an entry whose applets are NULL.
extern const struct need {
	const char *applets;	// a,b
	const char *option;	// without CONFIG_; A|B: either will do
	int degree;
	const char *since;	// the first Linux release that calls it so; NULL: all since 2.6.32
	const char *why;
} needs[];

// The text of a configuration, in memory that the caller frees; NULL with errno, EILSEQ: compressed, but damaged.
// A gzip file is recognised by its first bytes.
char *config_load(int fd);
char *gzip_load(int fd, size_t limit);

// 'y', 'm', or 'n': not set or not known. `option` as above: the best of its names.
char config_value(const char *text, const char *option);

// The release that it is for as MAJOR * 1000 + MINOR, 0 where it does not say; the same of "6.11".
int config_release(const char *text);
int release_number(const char *text);

enum verdict { PRESENT, NOT_APPLICABLE, MISSING, MODULE_ONLY };
enum verdict need_check(const struct need *need, const char *text);

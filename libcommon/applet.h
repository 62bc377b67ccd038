// SPDX-License-Identifier: MIT
// applet.h - what an applet is, and how one calls another
#pragma once
#include "config.h"

struct applet {
	int (*main)(int argc, char **argv);
	const char *args;	// follows the name in the usage line
	const char *help;	// the rest of --help: options, one a line
};

// A folder defines one `const struct applet NAME_applet`, NAME with _ for . and -; applets.c finds it.

#define HELP(text) (CONFIG_VERBOSE_HELP ? (text) : "")

// Exit codes beside 0 (done) and 1 (failed).
enum { EXIT_USAGE = 2, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

struct applet_entry {
	const char *path;	// where its link is installed
	const char *name;	// argv[0] without its folder; "/init" for a link in the root itself
	const struct applet *applet;
};

// Where the variables of libcommon begin, see resident.c.
extern char libcommon_begins[];

// The applet that a command named `path` runs (the last part counts), or NULL.
const struct applet_entry *applet_find(const char *path);

// All of them, sorted by name; *count is set.
const struct applet_entry *applet_list(int *count);

// What --help prints; main.c does it where that is the first argument. Returns 0.
int print_help(const struct applet_entry *entry);

// Says what is wrong with argument `what` ("unknown option" ...) and where help is; returns EXIT_USAGE.
int usage_error(const char *problem, const char *what);

// A number of seconds (0 to a day), or -1 where `text` is none.
int parse_seconds(const char *text);

// For each `getopt_long` loop: `options` ends in help; anything unknown is reported in one line.
struct option;
int next_option(int argc, char **argv, const char *letters, const struct option *options);

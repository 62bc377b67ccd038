// SPDX-License-Identifier: MIT
// usage - what is wrong with a command line, in one line

#include <getopt.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include "applet.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"

int usage_error(const char *problem, const char *what)
{
	warn("%s: %s (see %s --help)", what, problem, log_get_name());
	return EXIT_USAGE;
}

int parse_seconds(const char *text)
{
	enum { DAY = 86400 };
	int seconds = 0;

	if (!*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		seconds = seconds * 10 + *text - '0';
		if (seconds > DAY)
			return -1;
	}
	return seconds;
}

int next_option(int argc, char **argv, const char *letters, const struct option *options)
{
	int c;

	opterr = 0;
	c = getopt_long(argc, argv, letters, options, NULL);
	if (c == '?' || c == ':') {
		char letter[] = { '-', (char)optopt, 0 };
		const char *last = optind > 1 && optind <= argc ? argv[optind - 1] : "";	// musl goes beyond argc
		int known = 0;

		// getopt_long reports a long option by an optopt of 0, or by its value where the argument is wrong.
		for (const struct option *o = options; o->name; o++)
			known |= o->val == optopt && optopt;
		if (last[0] == '-' && last[1] == '-')
			usage_error(known ? "missing or needless argument" : "unknown option", last);
		else
			usage_error(optopt && strchr(letters, optopt) ? "missing argument" : "unknown option", letter);
		return '?';
	}
	return c;
}

int print_help(const struct applet_entry *entry)
{
	const struct applet *applet = entry->applet;

	print(STDOUT_FILENO, "usage: %s %s\n%s", entry->name, applet->args, *applet->help ? "\n" : "");
	write_all(STDOUT_FILENO, applet->help, strlen(applet->help));	// may be longer than print's limit
	return 0;
}

// SPDX-License-Identifier: MIT
// checkconfig - says which kernel options the applets need and this kernel lacks

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "applet.h"
#include "checkconfig.h"
#include "cmdline.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"

enum { EXIT_NO_CONFIG = 3 };	// not known is not the same as missing

// Where a kernel's configuration may be, %s being its release; only the running one has the first.
static const char *const places[] = {
	"/proc/config.gz",
	"/boot/config-%s",
	"/lib/modules/%s/config",
	"/lib/modules/%s/build/.config",
	"/usr/lib/modules/%s/config",
};
enum { PLACES = sizeof places / sizeof *places };

static struct {
	const char *file, *release;
	int all, quiet, strict, fragment, list;
	char **applets;		// NULL-terminated; empty: those of this build
} asked;

/* Which entries of the table count */

// One word of the table's list of applets is wanted if it is named, or is the applet behind a name (mdev).
static int wanted_applet(const char *word)
{
	const struct applet_entry *own = applet_find(word), *other;

	if (!asked.applets[0])
		return own != NULL;
	for (char **name = asked.applets; *name; name++) {
		if (!strcmp(*name, word))
			return 1;
		other = applet_find(*name);
		if (own && other && other->applet == own->applet)
			return 1;
	}
	return 0;
}

static int wanted(const struct need *need)
{
	char word[32];

	for (const char *rest = need->applets; *rest; rest += *rest == ',') {
		size_t length = strcspn(rest, ",");

		format_path(word, "%.*s", (int)length, rest);
		if (wanted_applet(word))
			return 1;
		rest += length;
	}
	return 0;
}

// An applet that is in no build and in no entry is a slip of the pen.
static int known(const char *name)
{
	if (applet_find(name))
		return 1;
	for (const struct need *need = needs; need->applets; need++)
		if (list_has(need->applets, name))
			return 1;
	return 0;
}

/* Finding the configuration */

static char *load(const char *path)
{
	cleanup_fd int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : dup(STDIN_FILENO);
	char *text = fd < 0 ? NULL : config_load(fd);

	if (text && strncmp(text, "CONFIG_", 7) && !strstr(text, "\nCONFIG_")) {
		free(text);
		text = NULL;
		errno = EINVAL;
	}
	return text;
}

static void say_why(const char *path)
{
	switch (errno) {
	case EINVAL: warn("%s: this is no kernel configuration", path); break;
	case EILSEQ: warn("%s: compressed, and damaged", path); break;
	case ENOTSUP: warn("%s: compressed, which this build cannot read (CONFIG_CHECKCONFIG_GZIP)", path); break;
	default: warn("%s:", path);
	}
}

// The first place that has one; `path` is set to it. NULL, having said why.
static char *find_config(char *path, size_t size)
{
	struct utsname machine;
	const char *release = asked.release;

	uname(&machine);
	if (!release)
		release = machine.release;
	for (int i = asked.release && strcmp(release, machine.release) ? 1 : 0; i < PLACES; i++) {
		char *text;

		if (format(path, size, places[i], release) < 0)
			continue;
		text = load(path);
		if (text)
			return text;
		if (errno != ENOENT)
			say_why(path);
	}
	warn("no configuration of Linux %s in /proc/config.gz, /boot or /lib/modules: name a file with -c", release);
	return NULL;
}

/* What is said */

static const char *degree_name(const struct need *need)
{
	return need->degree & REQUIRED ? "required" : "optional";
}

static void print_table(void)
{
	for (const struct need *need = needs; need->applets; need++)
		if (wanted(need))
			print(STDOUT_FILENO, "%s\tCONFIG_%s\t%s%s\t%s\t%s\n", degree_name(need), need->option,
			      need->degree & BUILT_IN ? "y" : "y or m", need->since ? "" : "\t", need->since ?: "",
			      need->why);
}

static int in_fragment(const struct need *need)
{
	return wanted(need) && ((need->degree & REQUIRED) || asked.strict);
}

// Another row wants the same option, before this one.
static int is_repeated(const struct need *need)
{
	for (const struct need *other = needs; other < need; other++)
		if (in_fragment(other) && !strcmp(other->option, need->option))
			return 1;
	return 0;
}

// For scripts/kconfig/merge_config.sh of the kernel. Of two names the first is meant.
static void print_fragment(void)
{
	for (const struct need *need = needs; need->applets; need++)
		if (in_fragment(need) && !is_repeated(need))
			print(STDOUT_FILENO, "# %s: %s\nCONFIG_%.*s=y\n", need->applets, need->why,
			      (int)strcspn(need->option, "|"), need->option);
}

static void say(const struct need *need, enum verdict verdict, int release)
{
	static const char *const words[] = { "there", "not in this release", "MISSING", "MODULE" };

	print(STDOUT_FILENO, "%9s%9s CONFIG_%18s %s (%s)", verdict >= MISSING && !(need->degree & REQUIRED)
	      ? "missing" : words[verdict], degree_name(need), need->option, need->why, need->applets);
	if (verdict == MODULE_ONLY)
		print(STDOUT_FILENO, "; a module comes too late, it has to be y");
	if (verdict == MISSING && need->since && release && release < release_number(need->since))
		print(STDOUT_FILENO, "; only since Linux %s", need->since);
	else if (verdict == MISSING && need->since && !release)
		print(STDOUT_FILENO, "; so called since Linux %s", need->since);
	print(STDOUT_FILENO, "\n");
}

static int check(const char *text, const char *path)
{
	unsigned looked_at = 0, required = 0, optional = 0;
	int release = config_release(text);

	for (const struct need *need = needs; need->applets; need++) {
		enum verdict verdict;

		if (!wanted(need))
			continue;
		verdict = need_check(need, text);
		looked_at++;
		if (verdict >= MISSING)
			need->degree & REQUIRED ? required++ : optional++;
		if (!asked.quiet && (verdict >= MISSING || asked.all))
			say(need, verdict, release);
	}
	if (!asked.quiet)
		print(STDOUT_FILENO, "%s: %u options, missing: %u required, %u optional\n", path, looked_at, required, optional);
	return required || (asked.strict && optional);
}

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "all", no_argument, NULL, 'a' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "strict", no_argument, NULL, 's' },
	{ "fragment", no_argument, NULL, 'F' },
	{ "list", no_argument, NULL, 'l' },
	{ NULL, 0, NULL, 0 },
};

static int parse(int argc, char **argv)
{
	int c;

	while ((c = next_option(argc, argv, ":c:k:aqsl", options)) != -1) {
		switch (c) {
		case 'c': asked.file = optarg; break;
		case 'k': asked.release = optarg; break;
		case 'a': asked.all = 1; break;
		case 'q': asked.quiet = 1; break;
		case 's': asked.strict = 1; break;
		case 'F': asked.fragment = 1; break;
		case 'l': asked.list = 1; break;
		default: return EXIT_USAGE;
		}
	}
	asked.applets = argv + optind;
	for (char **name = asked.applets; *name; name++)
		if (!known(*name))
			return usage_error("no such applet", *name);
	return 0;
}

static int checkconfig_main(int argc, char **argv)
{
	static char path[512];
	cleanup_free char *text = NULL;

	if (parse(argc, argv))
		return EXIT_USAGE;
	if (asked.list)
		return print_table(), 0;
	if (asked.fragment)
		return print_fragment(), 0;
	if (asked.file) {
		text = load(asked.file);
		if (!text)
			say_why(asked.file);
	} else {
		text = find_config(path, sizeof path);
	}
	return text ? check(text, asked.file ?: path) : EXIT_NO_CONFIG;
}

const struct applet checkconfig_applet = {
	.main = checkconfig_main,
	.args = "[-aqs] [-c FILE | -k RELEASE | -l | --fragment] [APPLET]...",
	.help = HELP(
		"Says which kernel options these applets need (default: all of this build) and the\n"
		"kernel lacks. The configuration is /proc/config.gz, or that of the running kernel in\n"
		"/boot or /lib/modules.\n"
		"\n"
		"  -c, --config=FILE     of this file, plain or gzip (- is standard input)\n"
		"  -k, --kernel=RELEASE  of this release, in /boot or /lib/modules\n"
		"  -a, --all             name what is there too\n"
		"  -s, --strict          what is optional has to be there too\n"
		"  -q, --quiet           say nothing, the exit code tells\n"
		"  -l, --list            print the table of needs\n"
		"      --fragment        print the options as lines of a kernel's .config; with -s the\n"
		"                        optional ones too\n"
		"\n"
		"Exit code: 0 all is there, 1 something is missing, 3 there is no configuration to read.\n"),
};

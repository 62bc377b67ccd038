// SPDX-License-Identifier: MIT
// copyroot - decides what the root needs, has it done and runs INIT; as PID 1 it never exits

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "applet.h"
#include "cmdline.h"
#include "copyroot.h"
#include "door.h"
#include "fmt.h"
#include "log.h"
#include "switch.h"
#include "trace.h"

// linux/magic.h
enum { TMPFS = 0x01021994 };
static const unsigned long RAMFS = 0x858458f6;

enum mode { AUTO, BIND, OVERLAY, MOVE, NONE };
static const char *const mode_names[] = { "auto", "bind", "overlay", "tmpfs", "none", NULL };

static int (*const ways[])(struct settings *, struct outcome *) = {
	[BIND]    = switch_bind,
	[OVERLAY] = CONFIG_COPYROOT_OVERLAY ? switch_overlay : NULL,
	[MOVE]    = CONFIG_COPYROOT_TMPFS ? switch_tmpfs : NULL,
};

static const char *const times_to_free[] = { "early", "late", NULL };	// also the values of settings.late
static const char *asked_mode, *asked_size, *asked_free;
static struct settings settings;

/* What is asked for */

static int find(const char *const names[], const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

// The kernel command line wins, so that a boot can be helped without a new image.
static enum mode chosen_mode(void)
{
	static char word[16];
	const char *names[] = { cmdline_get("copyroot.mode", word, sizeof word), asked_mode, CONFIG_COPYROOT_MODE };

	for (int i = CONFIG_COPYROOT_MODE_FIXED ? 2 : 0; i < 3; i++) {
		int mode = names[i] ? find(mode_names, names[i]) : -1;

		if (mode >= 0)
			return mode;
		if (names[i])
			warn("%s: no such mode", names[i]);
	}
	return AUTO;
}

static void choose_size(void)
{
	static char word[32];
	const char *texts[] = { cmdline_get("copyroot.size", word, sizeof word), asked_size };

	for (int i = 0; i < 2 && !settings.size; i++) {
		settings.size = texts[i] ? parse_size(texts[i], memory("MemTotal")) : 0;
		if (texts[i] && !settings.size)
			warn("%s: no size", texts[i]);
	}
}

static void choose_time_to_free(void)
{
	static char word[16];
	const char *text = cmdline_get("copyroot.free", word, sizeof word);

	if (text && find(times_to_free, text) < 0) {
		warn("copyroot.free=%s: neither early nor late", text);
		text = NULL;
	}
	if (!text)
		text = asked_free ? asked_free : times_to_free[CONFIG_COPYROOT_FREE_LATE];
	settings.late = find(times_to_free, text);
}

/* What there is */

static unsigned long root_type(void)
{
	struct statfs fs;

	return statfs("/", &fs) < 0 ? 0 : (unsigned long)fs.f_type & 0xffffffff;
}

// A root that pivot_root(2) can leave needs nothing. A tmpfs needs no copy of its own kind.
static enum mode auto_mode(unsigned long type, const struct mount_table *mounts)
{
	if ((type != RAMFS && type != TMPFS) || (mounts->count && !root_is_rootfs(mounts)))
		return NONE;
	return type == TMPFS ? BIND : MOVE;
}

static enum mode decide(enum mode asked, const struct mount_table *mounts)
{
	unsigned long type = root_type();
	enum mode mode = asked == AUTO ? auto_mode(type, mounts) : asked;

	settings.ramfs = type == RAMFS;
	if (mode == MOVE && type != RAMFS && type != TMPFS) {
		warn("the root is neither ramfs nor tmpfs: its files are not moved");
		return NONE;
	}
	if (mode != NONE && !ways[mode]) {
		if (asked != AUTO)
			warn("mode %s is not built in", mode_names[mode]);
		return BIND;
	}
	return mode;
}

/* Doing it */

static void report(enum mode mode, const struct outcome *done, long long start)
{
	long long us = trace_now() - start;
	char text[64];

	format_path(text, "%s %lld %lld", mode_names[mode], start, us);
	setenv("INITBOX_COPYROOT", text, 1);
	notice("%s: %u files, %llu MB, %lld.%lld ms", mode_names[mode], done->files,
	       (unsigned long long)done->bytes >> 20, us / 1000, us / 100 % 10);
}

// What was asked for, else the switch that needs nothing, else the root as it is.
static enum mode switch_to(enum mode mode, struct outcome *done)
{
	if (mode == NONE || !ways[mode](&settings, done))
		return mode;
	if (mode != BIND) {
		warn("%s does not work here: trying bind", mode_names[mode]);
		if (!ways[BIND](&settings, done))
			return BIND;
	}
	warn("the root stays as it is");
	return NONE;
}

static void switch_root(void)
{
	long long start = trace_now();
	struct outcome done = { 0 };
	struct mount_table mounts;
	mode_t mask = umask(0);
	enum mode asked = chosen_mode(), mode;
	int allowed = getpid() == 1 || door_is_dry();

	choose_size();
	choose_time_to_free();
	if (mount_table_read(&mounts) < 0)
		warn("mountinfo:");
	settings.mounts = &mounts;
	mode = decide(asked, &mounts);
	if (!allowed && (mode != NONE || settings.move_api)) {
		warn("not PID 1: the root stays as it is");
		mode = NONE;
	}
	mode = switch_to(mode, &done);
	if (settings.move_api && allowed)
		mount_api(&mounts);
	if (!door_is_dry())
		report(mode, &done, start);
	mount_table_free(&mounts);
	umask(mask);
}

// Without a console the kernel starts PID 1 with 0-2 closed; nothing of ours may get these numbers.
static void fill_standard_streams(void)
{
	int fd;

	do {
		fd = open("/", O_PATH | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

/* INIT */

static void try_init(char **argv)
{
	execv(argv[0], argv);
	warn("%s:", argv[0]);
}

static int run_init(char **argv)
{
	static const char *const others[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };

	try_init(argv);
	if (getpid() != 1)
		return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		char *other[] = { (char *)others[i], NULL };

		if (strcmp(argv[0], others[i]))
			try_init(other);
	}
	warn("nothing to run: waiting for ever");
	for (;;)
		pause();
}

static int dry_run_init(char **argv)
{
	char line[1024];
	struct buf buf = BUF(line);

	for (; *argv; argv++)
		buf_format(&buf, " %-s", *argv);
	return DOOR(0, "exec", line, "exec%s\n", line);
}

/* Options */

enum { OPT_MODE = 256, OPT_SIZE, OPT_FREE, OPT_MOVE_API, OPT_KEEP, OPT_VERBOSE, OPT_DRY_RUN };
static const struct option options[] = {
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "free", required_argument, NULL, OPT_FREE },
	{ "move-api", no_argument, NULL, OPT_MOVE_API },
	{ "keep", no_argument, NULL, OPT_KEEP },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ NULL, 0, NULL, 0 },
};

static int set_mode(const char *name)
{
	asked_mode = name;
	return find(mode_names, name) < 0 ? usage_error("no such mode", name) : 0;
}

static int set_size(const char *text)
{
	asked_size = text;
	return parse_size(text, 100) ? 0 : usage_error("not a size", text);
}

static int set_time_to_free(const char *text)
{
	asked_free = text;
	return find(times_to_free, text) < 0 ? usage_error("neither early nor late", text) : 0;
}

static int set_option(int option)
{
	switch (option) {
	case OPT_MODE: return set_mode(optarg);
	case OPT_SIZE: return set_size(optarg);
	case OPT_FREE: return set_time_to_free(optarg);
	case OPT_MOVE_API: settings.move_api = 1; return 0;
	case OPT_KEEP: settings.keep = 1; return 0;
	case OPT_VERBOSE: settings.verbose = 1; return 0;
	case OPT_DRY_RUN: door_dry_run(STDOUT_FILENO); return 0;
	}
	return EXIT_USAGE;
}

static int parse_options(int argc, char **argv)
{
	int option, result = 0;

	while (!result && (option = next_option(argc, argv, "+", options)) != -1)
		result = set_option(option);
	return result;
}

// As /init: the words are the kernel's, for INIT.
static int is_init(const char *name)
{
	return !strcmp(name, "/init");
}

static int copyroot_main(int argc, char **argv)
{
	static char *default_init[] = { "/sbin/init", NULL };
	int result;

	log_name("copyroot");	// not init, which comes after it
	if (getpid() == 1)
		log_boot();
	fill_standard_streams();
	if (is_init(argv[0])) {
		argv[0] = default_init[0];
	} else {
		result = parse_options(argc, argv);
		if (result && getpid() != 1)
			return result;
		argv = argv[optind] ? argv + optind : default_init;
	}
	switch_root();
	return door_is_dry() ? dry_run_init(argv) : run_init(argv);
}

const struct applet copyroot_applet = {
	.main = copyroot_main,
	.args = "[OPTION]... [INIT [ARG]...]",
	.help = HELP(
		"Gives an initramfs a root that pivot_root(2) accepts, then runs INIT (/sbin/init).\n"
		"  --mode=MODE  auto, bind (copies nothing), overlay, tmpfs (moves the files) or none;\n"
		"               copyroot.mode=MODE on the kernel command line wins\n"
		"  --size=SIZE  limit of the tmpfs: bytes, with k, m, g, t, or % of the memory\n"
		"  --free=TIME  tmpfs: free the old files early (each once it is copied) or late (when INIT\n"
		"               runs, where memory is ample); copyroot.free=TIME on the command line wins\n"
		"  --move-api   mount /proc, /sys, /dev and /dev/pts in the new root\n"
		"  --keep       tmpfs: copy, do not free the old files\n"
		"  --verbose    say what is planned\n"
		"  --dry-run    print what would be done and change nothing\n"
		"As /init it takes no options: the kernel's arguments go to INIT.\n"),
};

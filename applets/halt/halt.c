// SPDX-License-Identifier: MIT
// halt - halt, poweroff, reboot: tell PID 1, or with -f the kernel

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>
#include "applet.h"
#include "door.h"
#include "fd.h"
#include "halt.h"
#include "log.h"

enum { SYNC_S = 20 };	// with -f: a disk that does not answer is left behind

// The signals are busybox init's, which this suite's init takes too.
static const struct way {
	const char *name;
	int signal, command;
} ways[] = {
	{ "halt",     SIGUSR1, RB_HALT_SYSTEM },
	{ "poweroff", SIGUSR2, RB_POWER_OFF },
	{ "reboot",   SIGTERM, RB_AUTOBOOT },
};

static const struct way *way_named(const char *name)
{
	const char *slash = strrchr(name, '/');

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (!strcmp(slash ? slash + 1 : name, ways[i].name))
			return &ways[i];
	return &ways[0];
}

static struct {
	int force, no_sync, only_record;
	int kexec;		// not by the firmware, but by the kernel that is loaded
	int delay;		// seconds
	const struct way *way;
} asked;

static int set_delay(const char *text)
{
	asked.delay = parse_seconds(text);
	return asked.delay < 0 ? usage_error("not a number of seconds", text) : 0;
}

static int set_option(int option)
{
	switch (option) {
	case 'f': asked.force = 1; return 0;
	case 'n': asked.no_sync = 1; return 0;
	case 'w': asked.only_record = 1; return 0;
	case 'p': asked.way = way_named("poweroff"); return 0;
	case 'd': return set_delay(optarg);
	case 'D': door_dry_run(STDOUT_FILENO); return 0;
	}
	return EXIT_USAGE;
}

static int set_words(char **words)
{
	if (*words && !strcmp(*words, "kexec") && asked.way->command == (int)RB_AUTOBOOT)
		asked.kexec = 1, words++;
	return *words ? usage_error("too many arguments", *words) : 0;
}

static int parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "no-sync", no_argument, NULL, 'n' },
		{ "delay", required_argument, NULL, 'd' },
		{ "wtmp-only", no_argument, NULL, 'w' },
		{ "poweroff", no_argument, NULL, 'p' },
		{ "dry-run", no_argument, NULL, 'D' },
		{ NULL, 0, NULL, 0 },
	};
	int option, result = 0;

	while (!result && (option = next_option(argc, argv, "fnwpd:", options)) != -1)
		result = set_option(option);
	return result ?: set_words(argv + optind);
}

static int tell_kernel(void)
{
	if (!asked.no_sync)
		within(SYNC_S * 1000, sys_sync());
	return sys_reboot(asked.kexec ? (int)RB_KEXEC : asked.way->command) < 0;
}

// init does it for any reboot, where a kernel is loaded; who asks for it is told where none is.
static int kexec_is_loaded(void)
{
	char text[8];

	if (read_line("/sys/kernel/kexec_loaded", text, sizeof text) > 0 && text[0] == '1')
		return 1;
	warn("kexec: no kernel is loaded");
	return 0;
}

static int tell_init(void)
{
	if (!allowing(ANY_ERROR, sys_kill(1, asked.way->signal)))
		return 0;
	warn("init (PID 1) cannot be told, -f asks the kernel:");
	return EXIT_FAILURE;
}

static int halt_main(int argc, char **argv)
{
	int result;

	asked.way = way_named(argv[0]);
	result = parse_options(argc, argv);
	if (result)
		return result;
	if (asked.kexec && !kexec_is_loaded())
		return EXIT_FAILURE;
	if (asked.delay && !door_is_dry())
		sleep(asked.delay);
	if (CONFIG_HALT_WTMP)
		result = record_shutdown() < 0;
	if (asked.only_record)
		return result;
	return asked.force ? tell_kernel() : tell_init();
}

const struct applet halt_applet = {
	.main = halt_main,
	.args = "[-f] [-n] [-d SECONDS] [-w] [-p] [kexec]",
	.help = HELP(
		"Ends the system: halt, poweroff or reboot, by the name it is called.\n"
		"  -f, --force    ask the kernel, not init: no process is told, nothing is unmounted\n"
		"  -n, --no-sync  with -f: do not write to the disks what is still in memory\n"
		"  -d, --delay=N  wait N seconds first\n"
		"  -w, --wtmp-only\n"
		"                 only write the record of a shutdown to /var/log/wtmp, if that is there\n"
		"  -p, --poweroff as poweroff, however it is called\n"
		"  kexec          with reboot: start the kernel that is loaded, or fail if there is none\n"
		"  --dry-run      print what would be done and change nothing\n"),
};

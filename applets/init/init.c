// SPDX-License-Identifier: MIT
// init - PID 1: its states, from the first process to the last
//
// It never ends, never waits for anything but a signal or a time, and allocates nothing once it runs.

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>
#include "applet.h"
#include "cmdline.h"
#include "console.h"
#include "door.h"
#include "env.h"
#include "fd.h"
#include "init.h"
#include "log.h"
#include "mountinfo.h"
#include "proc.h"
#include "spawn.h"

enum {
	OPEN_FILES = 1048576,
	OFFER_S = 10,		// to press Enter for a shell, when a sysinit entry has failed badly
};

// Words of the kernel command line that are init's.
static const struct word { const char *text; enum state state; } words[] = {
	{ "single", STATE_SINGLE }, { "-s", STATE_SINGLE }, { "S", STATE_SINGLE }, { "1", STATE_SINGLE },
	{ "rescue", STATE_RESCUE }, { "emergency", STATE_RESCUE }, { "-b", STATE_RESCUE },
};
static enum state asked;	// STATES: neither

// initbox.panic=: what comes of a boot whose sysinit entry fails badly; the first where it is not given.
static const struct panic { const char *text, *what; enum request request; int offer_s; } panics[] = {
	{ "offer",    "a shell is offered", NOTHING, OFFER_S },
	{ "shell",    "a shell",            NOTHING, 0 },
	{ "reboot",   "rebooting",          REBOOT, 0 },
	{ "poweroff", "powering off",       POWEROFF, 0 },
	{ "halt",     "halting",            HALT, 0 },
};
static const struct panic *panic = panics;

/* States */

// One turn: do what is asked and does not change the state, start what is due, wait for something to happen.
static void turn(void)
{
	if (init.ctrlaltdel) {
		init.ctrlaltdel = 0;
		jobs_want(CTRLALTDEL);
	}
	wait_event(jobs_start());
}

static enum state until_done(struct entry *entry, enum state next)
{
	job_want(entry);
	while ((entry->wanted || entry->pid) && !init.request)
		turn();
	return init.request ? STATE_SHUTDOWN : next;
}

static enum state shell_first(int offer_s, enum state next)
{
	struct entry *shell = job_rescue(offer_s);

	if (shell)
		return until_done(shell, next);
	warn("no shell here");
	return next;
}

// It was never executed, or ended by a signal; a shell says that of its last command in the same way. All other codes
// are the command's own, and the boot goes on.
static int failed_badly(const struct entry *entry)
{
	return exit_code(entry->status) >= EXIT_CANNOT_EXECUTE;
}

static void sysinit_failed(const struct entry *entry)
{
	warn("%s: a sysinit entry failed badly: %s", entry->command, panic->what);
	init.request = panic->request;
	if (!init.request)
		shell_first(panic->offer_s, STATE_SYSINIT);
}

static enum state one_by_one(enum action action, enum state next)
{
	for (int i = 0; i < init.table->count && !init.request; i++) {
		struct entry *entry = &init.table->entries[i];

		if (entry->action != action)
			continue;
		until_done(entry, next);
		if (action == SYSINIT && !init.request && !init.held && failed_badly(entry))
			sysinit_failed(entry);
	}
	return init.request ? STATE_SHUTDOWN : next;
}

static enum state state_rescue(void)
{
	return shell_first(0, STATE_SYSINIT);
}

static enum state state_sysinit(void)
{
	enum state next = one_by_one(SYSINIT, asked == STATE_SINGLE ? STATE_SINGLE : STATE_WAIT);

	env_unset("INITBOX_BOOT");
	env_unset("INITBOX_COPYROOT");
	return next;
}

static enum state state_single(void)
{
	return shell_first(0, STATE_WAIT);
}

static enum state state_wait(void)
{
	return one_by_one(WAIT, STATE_ONCE);
}

static enum state state_once(void)
{
	jobs_want(ONCE);
	return STATE_RUN;
}

// Without a process and without one to come, the machine would only sit there.
static void offer_shell(void)
{
	static int said;

	if (!said++)
		warn("nothing to run: %s", job_rescue(0) ? "a shell on the console" : "and no shell here");
	else
		job_rescue(0);
}

static enum state state_run(void)
{
	jobs_want(RESPAWN);
	jobs_want(ASKFIRST);
	for (;;) {
		if (init.request)
			return STATE_SHUTDOWN;
		if (init.reload)
			jobs_reload();
		if (init.childless && !init.held && !jobs_any())
			offer_shell();
		turn();
	}
}

static enum state (*const states[STATES])(void) = {
	[STATE_RESCUE]    = state_rescue,
	[STATE_SYSINIT]   = state_sysinit,
	[STATE_SINGLE]    = state_single,
	[STATE_WAIT]      = state_wait,
	[STATE_ONCE]      = state_once,
	[STATE_RUN]       = state_run,
	[STATE_SHUTDOWN]  = stop_shutdown,
	[STATE_TERMINATE] = stop_terminate,
	[STATE_KILL]      = stop_kill,
	[STATE_POWER]     = stop_power,
};

/* Start-up: what may allocate, and what may not go wrong badly */

// An image whose rdinit= is this program: copyroot switches root, and executes it again.
static void leave_first_root(int argc, char **argv)
{
	const struct applet_entry *copyroot = applet_find("copyroot");
	struct mount_table mounts;
	char *words_of[16] = { "copyroot" };

	if (!copyroot || getenv("INITBOX_COPYROOT") || mount_table_read(&mounts) < 0)
		return;
	if (root_is_rootfs(&mounts)) {
		words_of[1] = argv[0][0] == '/' ? argv[0] : "/sbin/init";
		for (int i = 1; i < argc && i < 14; i++)
			words_of[i + 1] = argv[i];
		env_set("INITBOX_COPYROOT=");	// whatever comes of it: once
		copyroot->applet->main(argc < 14 ? argc + 1 : 15, words_of);
	}
	mount_table_free(&mounts);
}

// What was left open would pin a mount, and be everybody's. Sockets that are handed on say so (sd_listen_fds(3)).
static void close_inherited(void)
{
	if (!getenv("LISTEN_FDS"))
		fd_close_from(STDERR_FILENO + 1);
}

static void set_environment(void)
{
	static const char *const defaults[] = {
		"PATH=/sbin:/usr/sbin:/bin:/usr/bin", "HOME=/", "SHELL=/bin/sh", "USER=root",
	};

	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		env_default(defaults[i]);
	if (is_machine())
		env_set("INITBOX_BOOT=1");	// rc.init: /proc may be mounted already, and it is a boot all the same
}

// Inherited by all that ever runs. A container may lack the right to raise them.
static void set_limits(void)
{
	allowing(EPERM, sys_setrlimit(RLIMIT_NOFILE, "nofile", OPEN_FILES, OPEN_FILES));
	allowing(EPERM, sys_setrlimit(RLIMIT_NPROC, "nproc", RLIM_INFINITY, RLIM_INFINITY));
}

// From the arguments, which a container has too and the kernel makes of what follows "--", or else from the kernel's
// command line, which is not a container's.
static const char *setting(int argc, char **argv, const char *key, char *value, size_t size)
{
	for (int i = argc - 1; i > 0; i--)
		if (cmdline_value(argv[i], key, value, size))
			return value;
	return is_machine() ? cmdline_get(key, value, size) : NULL;
}

static void set_panic(const char *text)
{
	for (const struct panic *p = panics; p < panics + sizeof panics / sizeof *panics; p++)
		if (!strcmp(text, p->text)) {
			panic = p;
			return;
		}
	warn("initbox.panic=%s: not offer, shell, reboot, poweroff or halt", text);
}

// 0: it is not given, or none, which is said.
static int seconds_setting(int argc, char **argv, const char *key)
{
	char value[32];
	int seconds;

	if (!setting(argc, argv, key, value, sizeof value))
		return 0;
	seconds = parse_seconds(value);
	if (seconds >= 1)
		return seconds;
	warn("%s=%s: not 1 to 86400 seconds", key, value);
	return 0;
}

static void take_settings(int argc, char **argv)
{
	char value[32];
	int seconds;

	if (setting(argc, argv, "initbox.panic", value, sizeof value))
		set_panic(value);
	seconds = seconds_setting(argc, argv, "initbox.shutdown-timeout");
	if (seconds)
		shutdown_seconds = seconds;
	seconds = CONFIG_INIT_WATCHDOG ? seconds_setting(argc, argv, "initbox.watchdog") : 0;
	if (seconds)
		watchdog_start(seconds);
}

static void start_up(int argc, char **argv)
{
	log_boot();
	console_open();
	if (CONFIG_INIT_COPYROOT)
		leave_first_root(argc, argv);
	log_name("init");
	close_inherited();
	consoles_hold();
	events_start();
	setsid();
	(void)!chdir("/");
	set_environment();
	set_limits();
	if (is_machine())
		allowing(ANY_ERROR, sys_reboot(RB_DISABLE_CAD));	// Ctrl-Alt-Del becomes SIGINT for PID 1
	take_settings(argc, argv);
	jobs_reload();
}

static enum state first_state(int argc, char **argv)
{
	asked = STATES;
	for (int i = 1; i < argc; i++)
		for (const struct word *word = words; word < words + sizeof words / sizeof *words; word++)
			if (!strcmp(argv[i], word->text))
				asked = word->state;
	return asked == STATE_RESCUE ? STATE_RESCUE : STATE_SYSINIT;
}

/* init N, for those who are used to it */

static int telinit(int argc, char **argv)
{
	static const struct { char letter; int signal; } levels[] = {
		{ '0', SIGUSR2 }, { '6', SIGTERM }, { 'q', SIGHUP }, { 'Q', SIGHUP }, { 'u', SIGQUIT }, { 'U', SIGQUIT },
	};

	for (size_t i = 0; argc == 2 && i < sizeof levels / sizeof *levels; i++)
		if (argv[1][0] == levels[i].letter && !argv[1][1])
			return sys_kill(1, levels[i].signal) < 0;
	warn("not PID 1: the kernel starts init (init 0, 6 or q tells the one that runs)");
	return EXIT_FAILURE;
}

static int init_main(int argc, char **argv)
{
	enum state state;

	if (getpid() != 1)
		return telinit(argc, argv);
	start_up(argc, argv);
	state = first_state(argc, argv);
	for (;;)
		state = states[state]();
}

const struct applet init_applet = {
	.main = init_main,
	.args = "[single | rescue | 0 | 6 | q | u]",
	.help = HELP(
		"The first process: runs /etc/inittab, see inittab(5).\n"
		"  single       as PID 1: a shell after the sysinit entries, then the others\n"
		"  rescue       as PID 1: a shell before anything else\n"
		"  initbox.panic=offer|shell|reboot|poweroff|halt\n"
		"               as PID 1, also for the kernel: when a sysinit entry fails badly\n"
		"  initbox.shutdown-timeout=SECONDS\n"
		"               as PID 1, also for the kernel: for one shutdown entry (300)\n"
		"  0 6          otherwise: tell PID 1 to power off, to reboot\n"
		"  q u          tell it to read inittab again, to restart itself\n"
		"Signals to PID 1: USR1 halt, USR2 and PWR power off, TERM reboot, INT ctrlaltdel entries,\n"
		"HUP read inittab again, QUIT restart entry, TSTP start nothing until CONT.\n"),
};

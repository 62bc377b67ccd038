// SPDX-License-Identifier: MIT
// rc_shutdown - from a running system to one that can be switched off, step by step

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>
#include "applet.h"
#include "door.h"
#include "env.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "proc.h"
#include "rc_shutdown.h"
#include "scripts.h"
#include "seed.h"
#include "trace.h"

enum {
	SCRIPT_S = 60,		// for one script of /etc/shutdown.d
	KILL_S = 3,
	IO_S = 15,		// without progress: a disk may be slow, but not for ever
	STUCK_SYNC_S = 2,	// for the last sync, where it is known that something does not answer
	OTHER_POLL_MS = 50,
	OTHER_S = 120,		// for another rc.shutdown
	REBOOT_TRIES = 2,
};

static int term_seconds = CONFIG_RC_SHUTDOWN_TIMEOUT, script_seconds = SCRIPT_S;
int io_seconds = IO_S;

/* Steps */

static void step_scripts(void)
{
	env_set("INITBOX=shutdown");
	run_scripts("/etc/shutdown.d", script_seconds * 1000);
}

static void step_hold(void)
{
	allowing(ANY_ERROR, sys_hold());
}

static void step_terminate(void)
{
	processes_terminate(term_seconds);
}

static void step_kill(void)
{
	processes_kill(KILL_S);
}

static void step_seed(void)
{
	if (is_machine())
		seed_save();
}

// kB that wait to be written, or are being written now (proc_meminfo(5)).
static long unwritten(void)
{
	char text[4096];
	const char *dirty, *writeback;

	if (proc_read("meminfo", text, sizeof text) < 0)
		return 0;
	dirty = strstr(text, "\nDirty:");
	writeback = strstr(text, "\nWriteback:");
	return (dirty ? atol(dirty + 7) : 0) + (writeback ? atol(writeback + 11) : 0);
}

// What has been written since it was asked last; a slow disk gets all the time it needs, a dead one does not.
static int makes_progress(void)
{
	static long before;
	long now = unwritten();
	int progress = now && now < before;

	before = now;
	return progress;
}

static void step_sync(void)
{
	static int stuck;
	int seconds = stuck || mounts_stuck() ? STUCK_SYNC_S : io_seconds;

	makes_progress();
	stuck |= within(seconds * 1000, sys_sync()) < 0;
}

// "FILE TYPE SIZE USED PRIORITY" below a head line (proc_swaps(5)).
void swap_off(void)
{
	cleanup_fd int fd = proc_open("swaps");
	cleanup_free char *text = fd < 0 ? NULL : load_fd(fd, 1 << 20, NULL);
	char *rest = text && is_machine() ? strchr(text, '\n') : NULL, *line;	// a container sees the host's

	while (rest && (line = strsep(&rest, "\n"))) {
		char *name = strsep(&line, " \t");

		if (!*name)
			continue;
		octal_decode(name);
		within(io_seconds * 1000, sys_swapoff(name));
	}
}

static const struct step {
	const char *name;
	void (*run)(void);
	const char *what;
} steps[] = {
	{ "scripts",   step_scripts,    "run /etc/shutdown.d" },
	{ "hold",      step_hold,       "init starts nothing more" },
	{ "terminate", step_terminate,  "TERM, CONT, and HUP for those with a terminal" },
	{ "kill",      step_kill,       "KILL what is left" },
	{ "seed",      step_seed,       "keep a random seed for the next boot" },
	{ "sync",      step_sync,       "write to the disks what is in memory" },
	{ "swap",      swap_off,       "swap off" },
	{ "unmount",   mounts_unmount,  "unmount and detach, innermost first, until nothing changes" },
	{ "readonly",  mounts_readonly, "what is left, and the root" },
	{ "sync",      step_sync,       "once more" },
};

static void run_steps(void)
{
	for (const struct step *step = steps; step < steps + sizeof steps / sizeof *steps; step++) {
		if (door_is_dry())
			print(STDOUT_FILENO, "# %s: %s\n", step->name, step->what);
		trace_step(step->name);
		step->run();
	}
	trace_step(NULL);
}

/* Actions */

static const struct action {
	const char *name;
	int command;		// of reboot(2); 0: none
	int signal;		// that tells init the same
} actions[] = {
	{ "poweroff", RB_POWER_OFF, SIGUSR2 },
	{ "reboot", RB_AUTOBOOT, SIGTERM },
	{ "halt", RB_HALT_SYSTEM, SIGUSR1 },
	{ "kexec", RB_KEXEC, SIGTERM },
	{ "noop", 0, 0 },
};

static const struct action *action_named(const char *name)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}

// Returns 0 after noop; -1 where reboot(2) does not do it. A container that may not call that ends with its init.
static int act(const struct action *action)
{
	int allowed = is_machine() ? 0 : EPERM;

	if (!action->command)
		return 0;
	for (int i = 0; i < REBOOT_TRIES; i++)
		if (!allowing(allowed, sys_reboot(action->command)))
			return 0;
	if (errno == allowed)
		return sys_kill(1, action->signal);
	return action->command == (int)RB_KEXEC ? sys_reboot(RB_AUTOBOOT) : -1;
}

/* This process must not hold what it is to unmount, nor be ended half-way */

static void let_go_of_files(void)
{
	(void)!chdir("/");
	fd_close_from(STDERR_FILENO + 1);
}

// There can be two: one by hand, one by init. The other spares this one, which seems to be a `@' process. A record lock,
// since children that are left behind must not keep it (fcntl(2)).
static void wait_for_others(char *name)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	long long end = trace_now() + OTHER_S * 1000000LL;
	int fd = open("/run/rc.shutdown.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0 || !fcntl(fd, F_SETLK, &lock))
		return;
	*name = '@';
	notice("another one is at work already, waiting for it");
	while (fcntl(fd, F_SETLK, &lock) < 0 && trace_now() < end)
		usleep(OTHER_POLL_MS * 1000);
}

static void stay_alive(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU };

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
}

/* Options */

static int set_seconds(int *seconds, const char *text)
{
	*seconds = parse_seconds(text);
	return *seconds < 0 ? usage_error("not a number of seconds", text) : 0;
}

static int set_option(int option)
{
	switch (option) {
	case 't': return set_seconds(&term_seconds, optarg);
	case 's': return set_seconds(&script_seconds, optarg);
	case 'i': return set_seconds(&io_seconds, optarg);
	case 'n': door_dry_run(STDOUT_FILENO); return 0;
	}
	return EXIT_USAGE;
}

static int parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ "script-timeout", required_argument, NULL, 's' },
		{ "io-timeout", required_argument, NULL, 'i' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	int option, result = 0;

	while (!result && (option = next_option(argc, argv, "n", options)) != -1)
		result = set_option(option);
	if (!result && argv[optind] && argv[optind + 1])
		return usage_error("too many arguments", argv[optind + 1]);
	return result;
}

static int rc_shutdown_main(int argc, char **argv)
{
	int result = parse_options(argc, argv);
	const struct action *action = action_named(argv[optind] ?: "poweroff");

	if (result)
		return result;
	if (!action)
		return usage_error("no such action", argv[optind]);
	if (!door_is_dry()) {
		log_boot();
		stay_alive();
		let_go_of_files();
		wait_for_others(argv[0]);
		door_patience(makes_progress);
	}
	run_steps();
	result = act(action);
	allowing(ANY_ERROR, sys_kill(1, SIGCONT));
	return result < 0 || mounts_left;
}

const struct applet rc_shutdown_applet = {
	.main = rc_shutdown_main,
	.args = "[OPTION]... [poweroff|reboot|halt|kexec|noop]",
	.help = HELP(
		"Brings the system down, then powers off or does what is named; noop returns, for init to go on.\n"
		"  --timeout=SECONDS         between SIGTERM and SIGKILL, for those that do not end\n"
		"  --script-timeout=SECONDS  for each script of /etc/shutdown.d (60; 0: no limit)\n"
		"  --io-timeout=SECONDS      for each unmount, sync ... without progress (15)\n"
		"  -n, --dry-run             print what would be done and change nothing\n"),
};

// SPDX-License-Identifier: MIT
// rc_init - from the first process to a running system, step by step

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "applet.h"
#include "cmdline.h"
#include "door.h"
#include "env.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "proc.h"
#include "rc_init.h"
#include "scripts.h"
#include "spawn.h"
#include "trace.h"

enum where { SYSTEM = 1, CONTAINER = 2, BOTH = SYSTEM | CONTAINER };

static enum where here;
static int script_seconds = -1;		// --script-timeout
static const char *skip;		// --skip, or initbox.skip= of the kernel command line
static const char *before;		// what copyroot has told, for the report

// The kernel's command line is the machine's: a container sees it too, but it is not meant.
static const char *kernel_option(const char *key, char *value, size_t size)
{
	return is_machine() ? cmdline_get(key, value, size) : NULL;
}

// Seconds, from the kernel command line; 0: no limit.
static int script_limit(void)
{
	char text[16];
	int seconds;

	if (script_seconds >= 0 || !kernel_option("initbox.script-timeout", text, sizeof text))
		return script_seconds < 0 ? 0 : script_seconds;
	seconds = parse_seconds(text);
	if (seconds < 0)
		warn("initbox.script-timeout=%s: not a number of seconds, not used", text);
	return seconds < 0 ? 0 : seconds;
}

static void step_scripts(void)
{
	env_set(here == CONTAINER ? "INITBOX=container" : "INITBOX=boot");
	run_scripts("/etc/init.d", script_limit() * 1000);
}

#define STEP(symbol, name, where, run, what) { name, where, CONFIG_RC_INIT_##symbol ? (run) : NULL, what }
static const struct step {
	const char *name;
	enum where where;
	void (*run)(void);	// NULL: left out of this build
	const char *what;
} steps[] = {
	STEP(PROC,       "proc",       SYSTEM, step_proc,       "mount /proc, remount / read-only"),
	STEP(TMPFS,      "tmpfs",      SYSTEM, step_tmpfs,      "mount /run, /tmp and /var"),
	STEP(VAR,        "var",        SYSTEM, step_var,        "make the folders of /var"),
	STEP(DEV,        "dev",        SYSTEM, step_dev,        "mount /dev"),
	STEP(NODES,      "nodes",      SYSTEM, step_nodes,      "make console, tty, null and kmsg"),
	STEP(LINKS,      "links",      SYSTEM, step_links,      "link fd, stdin, stdout, stderr and kcore"),
	STEP(PTS,        "pts",        SYSTEM, step_pts,        "mount /dev/mqueue, /dev/shm and /dev/pts"),
	STEP(SYS,        "sys",        SYSTEM, step_sys,        "mount /sys and what belongs below it"),
	STEP(CGROUPS,    "cgroups",    SYSTEM, step_cgroups,    "mount control groups"),
	STEP(SHARED,     "shared",     SYSTEM, step_shared,     "make / recursively shared"),
	STEP(HOTPLUG,    "hotplug",    SYSTEM, step_hotplug,    "devices and modules"),
	STEP(CLOCK,      "clock",      SYSTEM, step_clock,      "set the time from the hardware clock"),
	STEP(SEED,       "seed",       SYSTEM, step_seed,       "give the kernel the random seed of the last boot"),
	STEP(SYSCTL,     "sysctl",     SYSTEM, step_sysctl,     "kernel settings from sysctl.d"),
	STEP(LOOPBACK,   "loopback",   SYSTEM, step_loopback,   "bring up lo"),
	STEP(LIMITS,     "limits",     BOTH,   step_limits,     "raise resource limits"),
	STEP(HOSTNAME,   "hostname",   BOTH,   step_hostname,   "set the host name"),
	STEP(MACHINE_ID, "machine-id", SYSTEM, step_machine_id, "fill an empty /etc/machine-id"),
	STEP(RESOLVCONF, "resolvconf", BOTH,   step_resolvconf, "make what /etc/resolv.conf points to"),
	STEP(SCRIPTS,    "scripts",    BOTH,   step_scripts,    "run /etc/init.d"),
};
enum { STEPS = sizeof steps / sizeof *steps };

static long long took[STEPS];	// microseconds; -1: not run

static const struct step *step_named(const char *name)
{
	for (size_t i = 0; i < STEPS; i++)
		if (!strcmp(steps[i].name, name))
			return &steps[i];
	return NULL;
}

static void run_step(const struct step *step)
{
	long long start = trace_now();

	if (!step->run) {
		warn("%s: left out of this build (CONFIG_RC_INIT_*)", step->name);
		return;
	}
	if (door_is_dry())
		print(STDOUT_FILENO, "# %s: %s\n", step->name, step->what);
	trace_step(step->name);
	step->run();
	trace_step(NULL);
	took[step - steps] = trace_now() - start;
}

static void run_all(void)
{
	for (const struct step *step = steps; step < steps + STEPS; step++)
		if (step->run && (step->where & here) && !list_has(skip, step->name))
			run_step(step);
}

static void add_seconds(struct buf *line, const char *name, long long us)
{
	buf_format(line, "%s %s %lld.%03lld", line->length ? "," : "", name, us / 1000000, us / 1000 % 1000);
}

// copyroot leaves "MODE START DURATION" (microseconds since boot) in the environment of what it runs.
struct switched {
	char mode[16];
	long long start, took;
};

// Returns whether there was a copyroot.
static int switched_by_copyroot(struct switched *s)
{
	const char *space = before ? strchr(before, ' ') : NULL;
	char *end;

	if (!space || format_path(s->mode, "%.*s", (int)(space - before), before) < 0)
		return 0;
	s->start = strtoll(space, &end, 10);
	s->took = strtoll(end, NULL, 10);
	return 1;
}

static void add_before(struct buf *line, long long start)
{
	struct switched copyroot;

	if (!switched_by_copyroot(&copyroot)) {
		add_seconds(line, "kernel and init", start);
		return;
	}
	add_seconds(line, "kernel", copyroot.start);
	add_seconds(line, "copyroot", copyroot.took);
	buf_format(line, " (%s)", copyroot.mode);
	add_seconds(line, "init", start - copyroot.start - copyroot.took);
}

static void report(long long start)
{
	char text[900];
	struct buf line = BUF(text);
	long long now = trace_now();

	add_before(&line, start);
	for (int i = 0; i < STEPS; i++)
		if (took[i] >= 0)
			add_seconds(&line, steps[i].name, took[i]);
	notice("boot %lld.%03lld s:%s", now / 1000000, now / 1000 % 1000, text);
}

// What init and copyroot tell this process is not for the scripts: one may start a container that boots itself.
static void take_environment(void)
{
	before = getenv("INITBOX_COPYROOT");
	env_unset("INITBOX_COPYROOT");
	env_unset("INITBOX_BOOT");
}

// On a real system the kernel has mounted nothing yet, or init says so; in a container /proc is there.
static enum where detect(void)
{
	return getenv("INITBOX_BOOT") || access("/proc/self", F_OK) ? SYSTEM : CONTAINER;
}

// The first word of the list that names no step, in `name`; or NULL.
static const char *unknown_step(const char *list, char name[64])
{
	for (; *list; list += strcspn(list, ","), list += *list == ',') {
		format(name, 64, "%.*s", (int)strcspn(list, ","), list);
		if (*name && !step_named(name))
			return name;
	}
	return NULL;
}

static int boot(void)
{
	long long start = trace_now();
	struct switched copyroot;

	if (!door_is_dry()) {
		log_boot();
		trace_start();
		if (switched_by_copyroot(&copyroot))
			trace_past(copyroot.start, copyroot.took, "copyroot", "switch", copyroot.mode);
	}
	run_all();
	if (CONFIG_RC_INIT_REPORT && !door_is_dry())
		report(start);
	trace_flush();
	return 0;
}

// Nobody else reaps here, and the container ends with this process: stay until the last child is gone. The steps are
// made by a child, so that this one reaps while a script runs.
static int run_container(void)
{
	pid_t pid;

	if (door_is_dry()) {
		run_all();
		return 0;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		warn("subreaper:");
	pid = fork();
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pid <= 0)	// without another process it is this one
		run_all();
	while (pid && (wait(NULL) > 0 || errno == EINTR))
		;
	return 0;
}

static int list_steps(void)
{
	for (size_t i = 0; i < STEPS; i++)
		if (steps[i].run)
			print(STDOUT_FILENO, "%12s%s%s\n", steps[i].name, steps[i].what,
			      steps[i].where & CONTAINER ? "" : " (not in a container)");
	return 0;
}

// A line of the trace is START DURATION PID APPLET STEP OPERATION ...; here those whose operation is "step".
static void print_timing_line(char *line)
{
	char *words[6];
	long long start, duration;

	for (int i = 0; i < 6; i++)
		if (!(words[i] = strsep(&line, " ")))
			return;
	if (strcmp(words[5], "step"))
		return;
	start = atoll(words[0]);
	duration = atoll(words[1]);
	print(STDOUT_FILENO, "%3lld.%06lld  %3lld.%06lld  %s\n", start / 1000000, start % 1000000,
	      duration / 1000000, duration % 1000000, words[4]);
}

static int print_timing(void)
{
	cleanup_free char *text = load_file(AT_FDCWD, TRACE_FILE, 64 << 20, NULL);
	char *rest = text, *line;

	if (!text) {
		warn("%s:", TRACE_FILE);
		return 1;
	}
	print(STDOUT_FILENO, "    start,      took  step (seconds since boot)\n");
	while ((line = strsep(&rest, "\n")))
		print_timing_line(line);
	return 0;
}

static const struct option options[] = {
	{ "list", no_argument, NULL, 'l' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "timing", no_argument, NULL, 't' },
	{ "skip", required_argument, NULL, 'k' },
	{ "script-timeout", required_argument, NULL, 'T' },
	{ "system", no_argument, NULL, 's' },
	{ "container", no_argument, NULL, 'c' },
	{ NULL, 0, NULL, 0 },
};

static int set_option(int option)
{
	char name[64];

	switch (option) {
	case 'l': exit(list_steps());
	case 't': exit(print_timing());
	case 'n': door_dry_run(STDOUT_FILENO); return 0;
	case 's': here = SYSTEM; return 0;
	case 'c': here = CONTAINER; return 0;
	case 'k':
		skip = optarg;
		return unknown_step(skip, name) ? usage_error("no such step", name) : 0;
	case 'T':
		script_seconds = parse_seconds(optarg);
		return script_seconds < 0 ? usage_error("not a number of seconds", optarg) : 0;
	}
	return EXIT_USAGE;
}

static int parse_options(int argc, char **argv)
{
	int option, result = 0;

	while (!result && (option = next_option(argc, argv, ":ln", options)) != -1)
		result = set_option(option);
	for (int i = optind; i < argc && !result; i++)
		if (!step_named(argv[i]))
			result = usage_error("no such step", argv[i]);
	return result;
}

static void skip_from_kernel(void)
{
	static char list[512];
	char name[64];

	skip = kernel_option("initbox.skip", list, sizeof list) ?: "";
	if (unknown_step(skip, name))
		warn("initbox.skip=%s: no such step", name);
}

static int rc_init_main(int argc, char **argv)
{
	int result = parse_options(argc, argv);

	if (result)
		return result;
	if (!here)
		here = door_is_dry() ? SYSTEM : detect();
	take_environment();
	memset(took, -1, sizeof took);
	umask(0);
	if (optind < argc) {
		while (optind < argc)
			run_step(step_named(argv[optind++]));
		return door_failures() != 0;
	}
	if (!skip)
		skip_from_kernel();
	return here == SYSTEM ? boot() : run_container();
}

const struct applet rc_init_applet = {
	.main = rc_init_main,
	.args = "[OPTION]... [STEP]...",
	.help = HELP(
		"Bring the system up: all steps in order, or the named ones.\n"
		"\n"
		"  -l, --list         print the steps\n"
		"  -n, --dry-run      print what a boot would do, change nothing\n"
		"      --skip=A,B     leave these steps out (also initbox.skip= for the kernel)\n"
		"      --script-timeout=SECONDS\n"
		"                     end a script of /etc/init.d that takes longer (default: never;\n"
		"                     also initbox.script-timeout= for the kernel)\n"
		"      --system       this boots a machine (default where /proc is not mounted yet)\n"
		"      --container    this starts a container: only limits, hostname, resolvconf and\n"
		"                     scripts; ends when the last process has ended\n"
		"      --timing       print how long each step of the last boot took\n"),
};

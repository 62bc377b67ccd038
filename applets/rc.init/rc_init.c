// SPDX-License-Identifier: MIT
// rc_init - from the first process to a running system, step by step

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "applet.h"
#include "cmdline.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "rc_init.h"
#include "scripts.h"
#include "spawn.h"
#include "trace.h"

static const char *script_seconds;	// --script-timeout

static void step_scripts(void)
{
	char text[16];
	const char *seconds = script_seconds ?: cmdline_get("initbox.script-timeout", text, sizeof text);

	run_scripts("/etc/init.d", seconds ? atoi(seconds) * 1000 : 0);
}

enum where { SYSTEM = 1, CONTAINER = 2, BOTH = SYSTEM | CONTAINER };

#define STEP(symbol, name, where, run, what) { name, where, CONFIG_RC_INIT_##symbol ? run : NULL, what }
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
	STEP(LOOPBACK,   "loopback",   SYSTEM, step_loopback,   "bring up lo"),
	STEP(LIMITS,     "limits",     BOTH,   step_limits,     "raise resource limits"),
	STEP(HOSTNAME,   "hostname",   BOTH,   step_hostname,   "set the host name"),
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

static void run_all(enum where where, const char *skip)
{
	for (const struct step *step = steps; step < steps + STEPS; step++)
		if (step->run && (step->where & where) && !list_has(skip, step->name))
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
	const char *text = getenv("INITBOX_COPYROOT");
	const char *space = text ? strchr(text, ' ') : NULL;
	char *end;

	if (!space || format_path(s->mode, "%.*s", (int)(space - text), text) < 0)
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

// On a real system the kernel has mounted nothing yet, or init says so; in a container /proc is there.
static enum where detect(void)
{
	return getenv("INITBOX_BOOT") || access("/proc/self", F_OK) ? SYSTEM : CONTAINER;
}

static int boot(const char *skip)
{
	long long start = trace_now();
	struct switched copyroot;

	if (!door_is_dry()) {
		log_boot();
		trace_start();
		if (switched_by_copyroot(&copyroot))
			trace_past(copyroot.start, copyroot.took, "copyroot", "switch", copyroot.mode);
	}
	run_all(SYSTEM, skip);
	if (CONFIG_RC_INIT_REPORT && !door_is_dry())
		report(start);
	trace_flush();
	return 0;
}

// Nobody else reaps here, and the container ends with this process: stay until the last child is gone.
static int run_container(const char *skip)
{
	if (!door_is_dry() && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		warn("subreaper:");
	run_all(CONTAINER, skip);
	if (door_is_dry())
		return 0;
	while (wait(NULL) > 0 || errno == EINTR)
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

static int rc_init_main(int argc, char **argv)
{
	char from_kernel[512];
	const char *skip = NULL;
	enum where where = 0;
	int c;

	while ((c = next_option(argc, argv, ":ln", options)) != -1) {
		switch (c) {
		case 'l': return list_steps();
		case 't': return print_timing();
		case 'n': door_dry_run(STDOUT_FILENO); break;
		case 'k': skip = optarg; break;
		case 'T': script_seconds = optarg; break;
		case 's': where = SYSTEM; break;
		case 'c': where = CONTAINER; break;
		default: return EXIT_USAGE;
		}
	}
	for (int i = optind; i < argc; i++)
		if (!step_named(argv[i]))
			return usage_error("no such step", argv[i]);
	memset(took, -1, sizeof took);
	umask(0);
	if (optind < argc) {
		while (optind < argc)
			run_step(step_named(argv[optind++]));
		return door_failures() != 0;
	}
	if (!skip)
		skip = cmdline_get("initbox.skip", from_kernel, sizeof from_kernel) ?: "";
	if (!where)
		where = door_is_dry() ? SYSTEM : detect();
	return where == SYSTEM ? boot(skip) : run_container(skip);
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

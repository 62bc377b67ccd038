// SPDX-License-Identifier: MIT
// stop - the way down: shutdown entries, TERM, KILL, sync, reboot(2)
//
// All processes but kernel threads descend from PID 1 or become its children, so when wait(2)
// says ECHILD the last one is gone, and nothing sleeps for longer.

#include <errno.h>
#include <signal.h>
#include <sys/reboot.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "init.h"
#include "log.h"
#include "proc.h"
#include "trace.h"

enum {
	TERM_S = 5,		// between SIGTERM and SIGKILL
	KILL_S = 3,		// a process that waits for a dead device does not even take SIGKILL
	SYNC_S = 20,
	REBOOT_S = 60,		// the kernel stops its devices meanwhile
	REBOOT_TRIES = 3,
};

int shutdown_seconds = 300;	// rc.shutdown has bounds of its own

static const struct { const char *what; int command; } ways[] = {
	[HALT] = { "halting", RB_HALT_SYSTEM },
	[POWEROFF] = { "powering off", RB_POWER_OFF },
	[REBOOT] = { "rebooting", RB_AUTOBOOT },
	[RESTART_INIT] = { "restarting init", 0 },
};

static long long in_seconds(int seconds)
{
	return trace_now() + seconds * 1000000LL;
}

/* Shutdown entries, one after another */

static void run_shutdown_entry(struct entry *entry)
{
	long long end = in_seconds(shutdown_seconds);

	job_want(entry);
	while (entry->wanted || entry->pid) {
		long long next = jobs_start();

		if (trace_now() >= end) {
			warn("%s: not done after %d s", entry->command, shutdown_seconds);
			entry->wanted = 0;
			return;
		}
		wait_event(next >= 0 && next < end ? next : end);
	}
}

enum state stop_shutdown(void)
{
	notice("%s", ways[init.request].what);
	jobs_drop();
	for (int i = 0; i < init.table->count; i++)
		if (init.table->entries[i].action == SHUTDOWN)
			run_shutdown_entry(&init.table->entries[i]);
	return STATE_TERMINATE;
}

/* The last processes */

static void wait_childless(int seconds)
{
	long long end = in_seconds(seconds);

	do {
		wait_event(init.childless ? trace_now() : end);
	} while (!init.childless && trace_now() < end);
}

enum state stop_terminate(void)
{
	wait_event(trace_now());
	if (init.childless)
		return STATE_POWER;
	allowing(ESRCH, sys_kill(-1, SIGTERM));
	allowing(ESRCH, sys_kill(-1, SIGCONT));
	wait_childless(TERM_S);
	return STATE_KILL;
}

enum state stop_kill(void)
{
	if (init.childless)
		return STATE_POWER;
	warn("not all processes have ended %d s after SIGTERM: they are killed", TERM_S);
	allowing(ESRCH, sys_kill(-1, SIGKILL));
	wait_childless(KILL_S);
	return STATE_POWER;
}

/* The end */

// Returns only if it does not work.
static void restart_init(void)
{
	char buffer[WORDS_BYTES];
	char *argv[COMMAND_WORDS + 1];
	const struct entry *entry = job_restart();
	const char *path;
	sigset_t none;

	if (!entry)		// not there any more
		return;
	path = command_words(entry->command, buffer, argv);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(path, argv);
	warn("%s:", path);
	events_start();
}

static int kexec_loaded(void)
{
	char text[8];

	return read_line("/sys/kernel/kexec_loaded", text, sizeof text) > 0 && text[0] == '1';
}

// In a child: for HALT the kernel ends the process that asks for it, and PID 1 must not end.
static int call_reboot(int command)
{
	return allowing(is_machine() ? 0 : ANY_ERROR, within(REBOOT_S * 1000, sys_reboot(command)));
}

// A watchdog goes on for a reboot only, which it makes sure of: what is off is to stay so, and a kernel started by
// kexec may not know of it.
static int leave_machine(enum request request)
{
	int kexec = request == REBOOT && kexec_loaded();

	if (CONFIG_INIT_WATCHDOG && (kexec || request != REBOOT))
		watchdog_stop();
	if (kexec && !call_reboot(RB_KEXEC))
		return 0;
	return call_reboot(ways[request].command);
}

// A container that may not call reboot(2) ends with its init. The code is what its parent sees where it may:
// SIGHUP for a reboot (pid_namespaces(7)).
static void leave_container(enum request request)
{
	if (!is_machine())
		_exit(request == REBOOT ? 128 + SIGHUP : 0);
}

static enum state power(enum request request)
{
	if (CONFIG_INIT_WATCHDOG)
		watchdog_leave(SYNC_S + REBOOT_S);
	within(SYNC_S * 1000, sys_sync());
	for (int i = 0; i < REBOOT_TRIES; i++) {
		if (!leave_machine(request))
			break;
		leave_container(request);
		wait_event(in_seconds(1));
		if (i == REBOOT_TRIES - 1) {
			warn("the kernel did not take that: a shell on the console");
			init.table->count = init.request = init.held = 0;
			return STATE_RUN;
		}
	}
	for (;;)	// the kernel has taken it
		wait_event(-1);
}

enum state stop_power(void)
{
	enum request request = init.request;

	init.request = NOTHING;
	if (request != RESTART_INIT)
		return power(request);
	restart_init();
	return STATE_SYSINIT;	// all has been ended, and unmounted perhaps
}

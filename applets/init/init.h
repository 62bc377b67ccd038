// SPDX-License-Identifier: MIT
// init.h - what init's rooms share
#pragma once
#include "inittab.h"

// How it is to end.
enum request { NOTHING, HALT, POWEROFF, REBOOT, RESTART_INIT };

// Each state is a function that returns the next; see the table in init.c.
enum state {
	STATE_RESCUE, STATE_SYSINIT, STATE_SINGLE, STATE_WAIT, STATE_ONCE, STATE_RUN,
	STATE_SHUTDOWN, STATE_TERMINATE, STATE_KILL, STATE_POWER, STATES
};

struct init {
	struct inittab *table;
	enum request request;
	int reload, ctrlaltdel;	// asked for, not done yet
	int held;		// SIGTSTP: nothing is started until SIGCONT
	int childless;		// no process is left
};
extern struct init init;

// events.c
// Blocks all that can be waited for. What init starts gets an empty mask (spawn.h).
void events_start(void);
// Waits for a signal until `until` (microseconds since boot, -1: for ever) at most, notes what it asks for, reaps.
void wait_event(long long until);

// jobs.c
void jobs_want(enum action action);
void job_want(struct entry *entry);
// Starts what is wanted and due. Returns when the next is due, or -1.
long long jobs_start(void);
// Nothing is wanted any more; what runs goes on.
void jobs_drop(void);
// Takes note of a child's end; most are orphans and no jobs.
void job_ended(pid_t pid, int status);
// The entry that takes PID 1 over; NULL: there is none.
struct entry *job_restart(void);
// Whether any entry keeps init busy, now or later.
int jobs_any(void);
// A shell on the console, when there is nothing else; started like any job, for who presses Enter within `offer_s`
// seconds (0: at once). NULL where there is no shell.
struct entry *job_rescue(int offer_s);
// Reads inittab again. What did not change goes on as it is.
void jobs_reload(void);

// watchdog.c: a hardware watchdog that resets the machine when init has not run for that long
void watchdog_start(int seconds);
// Opens it as soon as there is one, and tells it that init runs. Returns when the next is due, -1: never.
long long watchdog_turn(void);
// For what takes long and holds init up. Seconds from now on.
void watchdog_leave(int seconds);
void watchdog_stop(void);

// stop.c
extern int shutdown_seconds;	// the bound of one shutdown entry
enum state stop_shutdown(void);
enum state stop_terminate(void);
enum state stop_kill(void);
enum state stop_power(void);

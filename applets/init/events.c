// SPDX-License-Identifier: MIT
// events - signals and the ends of processes: the only place where init waits

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include "init.h"
#include "trace.h"

enum {
	REAP_AT_ONCE = 4096,	// so that a storm of orphans does not keep signals waiting
	SIGNALS_AT_ONCE = 64,
};

struct init init;

static const struct { int signal; enum request request; } requests[] = {
	{ SIGUSR1, HALT },
	{ SIGUSR2, POWEROFF },
	{ SIGPWR, POWEROFF },
	{ SIGTERM, REBOOT },
	{ SIGQUIT, RESTART_INIT },
};

static sigset_t awaited;
static int more;	// there may be children to reap, so the next turn does not wait

void events_start(void)
{
	static const int others[] = { SIGCHLD, SIGHUP, SIGINT, SIGTSTP, SIGCONT };
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t blocked;

	sigemptyset(&awaited);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		sigaddset(&awaited, requests[i].signal);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		sigaddset(&awaited, others[i]);
	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(&blocked, faults[i]);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	for (int signal = 1; signal < NSIG; signal++)	// an ignored SIGCHLD would hide what ended
		sigaction(signal, &plain, NULL);
}

static void take(int signal)
{
	switch (signal) {
	case SIGCHLD: more = 1; break;
	case SIGHUP: init.reload = 1; break;
	case SIGINT: init.ctrlaltdel = 1; break;
	case SIGTSTP: init.held = 1; break;
	case SIGCONT: init.held = 0; break;
	}
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		if (requests[i].signal == signal)
			init.request = requests[i].request;
}

// One SIGCHLD may stand for any number of children.
static void reap(void)
{
	int status;
	pid_t pid = 0;

	for (int i = 0; i < REAP_AT_ONCE; i++) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0)
			break;
		job_ended(pid, status);
	}
	more = pid > 0;
	init.childless = pid < 0 && errno == ECHILD;
}

void wait_event(long long until)
{
	long long ping = CONFIG_INIT_WATCHDOG ? watchdog_turn() : -1, left;
	static const struct timespec none;
	struct timespec time = none;
	int signal;

	if (ping >= 0 && (until < 0 || ping < until))
		until = ping;
	left = more ? 0 : until - trace_now();
	if (left > 0)
		time = (struct timespec){ .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
	signal = sigtimedwait(&awaited, NULL, until < 0 && !more ? NULL : &time);
	if (signal > 0)
		take(signal);
	reap();
	// All that is there: who says TSTP and then ends a job wants it to stay ended, but SIGCHLD comes before it.
	for (int i = 0; signal > 0 && i < SIGNALS_AT_ONCE; i++)
		if ((signal = sigtimedwait(&awaited, NULL, &none)) > 0)
			take(signal);
}

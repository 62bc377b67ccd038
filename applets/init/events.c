// SPDX-License-Identifier: MIT
// events - signals and the ends of processes: the only place where init waits

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include "door.h"
#include "init.h"
#include "log.h"
#include "trace.h"

enum {
	HOLDER_US = 1000000,	// how often it is looked whether who holds init is still there
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
static pid_t holder;	// holds init for as long as it lives; 0: until SIGCONT
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

static void hold(const siginfo_t *info)
{
	init.held = 1;
	holder = info->si_code == SI_QUEUE && info->si_value.sival_int == HOLD_WHILE_ALIVE ? info->si_pid : 0;
}

static void ask(enum request request)
{
	if (request == RESTART_INIT && !job_restart())
		warn("no restart entry");
	else if (request != RESTART_INIT || !init.request)	// who is on the way down does not turn back
		init.request = request;
}

static void take(const siginfo_t *info)
{
	switch (info->si_signo) {
	case SIGCHLD: more = 1; break;
	case SIGHUP: init.reload = 1; break;
	case SIGINT: init.ctrlaltdel = 1; break;
	case SIGTSTP: hold(info); break;
	case SIGCONT: init.held = 0; break;
	}
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		if (requests[i].signal == info->si_signo)
			ask(requests[i].request);
}

static long long earlier(long long a, long long b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
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
	static const struct timespec none;
	struct timespec time = none;
	siginfo_t info;
	long long left;
	int taken;

	until = earlier(until, CONFIG_INIT_WATCHDOG ? watchdog_turn() : -1);
	until = earlier(until, init.held && holder ? trace_now() + HOLDER_US : -1);
	left = more ? 0 : until - trace_now();
	if (left > 0)
		time = (struct timespec){ .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
	taken = sigtimedwait(&awaited, &info, until < 0 && !more ? NULL : &time) > 0;
	if (taken)
		take(&info);
	reap();
	// All that is there: who says TSTP and then ends a job wants it to stay ended, but SIGCHLD comes before it.
	for (int i = 0; taken && i < SIGNALS_AT_ONCE; i++) {
		taken = sigtimedwait(&awaited, &info, &none) > 0;
		if (taken)
			take(&info);
	}
	if (init.held && holder && kill(holder, 0) < 0)
		init.held = 0;
}

// SPDX-License-Identifier: MIT
// jobs - the processes of inittab's entries: started, started again, never too often

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "applet.h"
#include "console.h"
#include "door.h"
#include "init.h"
#include "log.h"
#include "spawn.h"
#include "trace.h"

enum {
	GOOD_S = 10,		// a process that lives so long did not end at once
	FREE_RESTARTS = 5,	// without a delay
	MAX_DELAY_S = 60,	// the delay doubles from 1 s up to this
	FORK_RETRY_S = 1,
};

static const char inittab_path[] = "/etc/inittab";
static struct inittab tables[2];

static struct entry rescue = { .tty = "", .action = ONCE };

// All entries, the rescue shell last; NULL behind it.
static struct entry *job(int i)
{
	return i < init.table->count ? &init.table->entries[i] : i == init.table->count ? &rescue : NULL;
}

/* Starting */

void job_want(struct entry *entry)
{
	entry->wanted = !entry->pid;
}

void jobs_want(enum action action)
{
	for (int i = 0; i < init.table->count; i++)
		if (init.table->entries[i].action == action)
			job_want(&init.table->entries[i]);
}

void jobs_drop(void)
{
	struct entry *entry;

	for (int i = 0; (entry = job(i)); i++)
		entry->wanted = 0;
}

static int is_kept(const struct entry *entry)
{
	return entry->action == RESPAWN || entry->action == ASKFIRST;
}

struct entry *job_restart(void)
{
	for (int i = 0; i < init.table->count; i++)
		if (init.table->entries[i].action == RESTART)
			return &init.table->entries[i];
	return NULL;
}

int jobs_any(void)
{
	const struct entry *entry;

	for (int i = 0; (entry = job(i)); i++)
		if (entry->wanted || is_kept(entry))
			return 1;
	return 0;
}

static void start(struct entry *entry)
{
	char buffer[WORDS_BYTES];
	char *argv[COMMAND_WORDS + 1];
	const char *path = command_words(entry->command, buffer, argv);
	struct spawn how = { .new_session = 1, .path = path, .prepare = terminal_prepare, .argument = entry };
	pid_t pid = allowing(ANY_ERROR, spawn(argv, &how));

	entry->started = trace_now();
	if (pid >= 0) {
		entry->wanted = 0;
		entry->failed = 0;
		entry->pid = pid;
		return;
	}
	if (!entry->failed++)
		warn("%s: no process for it, tried again every %d s:", entry->command, FORK_RETRY_S);
	entry->due = entry->started + FORK_RETRY_S * 1000000LL;
}

// On the way down only shutdown entries, and while init is held only what Ctrl-Alt-Del is to do.
static int may_start(const struct entry *entry)
{
	return init.request ? entry->action == SHUTDOWN : !init.held || entry->action == CTRLALTDEL;
}

long long jobs_start(void)
{
	long long next = -1;
	struct entry *entry;

	for (int i = 0; (entry = job(i)); i++) {
		if (!entry->wanted || !may_start(entry))
			continue;
		if (entry->due <= trace_now())
			start(entry);
		if (entry->wanted && (next < 0 || entry->due < next))
			next = entry->due;
	}
	return next;
}

/* Ending */

static void report(const struct entry *entry, int status)
{
	int code = exit_code(status);

	if (WIFSIGNALED(status))
		warn("%s: ended by signal %d", entry->command, WTERMSIG(status));
	else if (code && code != EXIT_CANNOT_EXECUTE && code != EXIT_NOT_FOUND)	// those, the child said itself
		warn("%s: exit code %d", entry->command, code);
}

// When the next one may start, and once that it has to wait.
static void set_due(struct entry *entry)
{
	long long now = trace_now(), delay = 0;

	entry->quick = now - entry->started < GOOD_S * 1000000LL ? entry->quick + 1 : 0;
	if (entry->quick >= FREE_RESTARTS) {
		int doublings = entry->quick - FREE_RESTARTS;

		delay = doublings < 6 ? 1 << doublings : MAX_DELAY_S;
		if (!doublings)
			warn("%s: ends at once, so it is started less and less often, at last every %d s",
			     entry->command, MAX_DELAY_S);
	}
	entry->due = now + delay * 1000000;
}

void job_ended(pid_t pid, int status)
{
	struct entry *entry;

	for (int i = 0; (entry = job(i)) && entry->pid != pid; i++)
		;
	if (!entry)
		return;
	entry->pid = 0;
	entry->status = status;
	set_due(entry);
	if (is_kept(entry))
		entry->wanted = !init.request;
	else if (entry != &rescue && (!init.request || entry->action == SHUTDOWN))	// on the way down all end
		report(entry, status);
}

/* When there is nothing else */

struct entry *job_rescue(int offer_s)
{
	static const struct { const char *file, *command; } shells[] = {
		{ "/bin/sh", "-/bin/sh" }, { "/bin/bash", "-/bin/bash" }, { "/bin/busybox", "/bin/busybox sh" },
		{ "/usr/bin/sh", "-/usr/bin/sh" }, { "/sbin/sulogin", "/sbin/sulogin" },
	};

	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (!access(shells[i].file, X_OK)) {
			rescue.command = shells[i].command;
			rescue.offer_s = offer_s;
			job_want(&rescue);
			return &rescue;
		}
	return NULL;
}

/* inittab */

static int same(const struct entry *a, const struct entry *b)
{
	return a->action == b->action && !strcmp(a->tty, b->tty) && !strcmp(a->command, b->command);
}

// Takes over the process of the entry that is the same in `old`.
static void adopt(struct entry *entry, struct inittab *old)
{
	for (struct entry *e = old->entries; e < old->entries + old->count; e++)
		if (same(entry, e)) {
			entry->pid = e->pid;
			entry->wanted = e->wanted;
			entry->quick = e->quick;
			entry->started = e->started;
			entry->due = e->due;
			e->pid = 0;
			e->action = ACTIONS;	// it is taken
			return;
		}
	entry->wanted = is_kept(entry);
}

// HUP is for shells, which ignore TERM. It leads a session, so this reaches its children too.
static void end_removed(const struct entry *entry)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGCONT };

	if (!entry->pid || !is_kept(entry))
		return;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		allowing(ESRCH, sys_kill(-entry->pid, signals[i]));
}

// Without one the defaults: sysinit is rc.init, or rcS where users of busybox have it.
static void read_first(struct inittab *table)
{
	static const char rcs[] = "/etc/init.d/rcS";
	int count = inittab_read(table, inittab_path);

	if (count > 0)
		return;
	if (count < 0)
		warn("%s cannot be read, so the defaults are used:", inittab_path);
	else
		warn("%s: no entries, so the defaults are used", inittab_path);
	inittab_defaults(table, access(rcs, X_OK) ? "rc.init" : rcs);
}

void jobs_reload(void)
{
	struct inittab *old = init.table, *new = old == tables ? tables + 1 : tables;
	int count;

	init.reload = 0;
	if (!old) {
		read_first(init.table = new);
		return;
	}
	count = inittab_read(new, inittab_path);
	if (count <= 0) {
		count < 0 ? warn("%s cannot be read, so the old entries stay:", inittab_path)
			  : warn("%s: no entries, so the old ones stay", inittab_path);
		return;
	}
	for (int i = 0; i < count; i++)
		adopt(&new->entries[i], old);
	for (int i = 0; i < old->count; i++)
		end_removed(&old->entries[i]);
	init.table = new;
}

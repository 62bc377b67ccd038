// SPDX-License-Identifier: MIT
// job.h - one module to be inserted, with all it needs: planned by modules.c, done by insert.c, maybe in a worker
#pragma once
#include <stddef.h>

enum { JOB_SIZE = 16 * 1024, JOB_STEPS = 128 };

// Steps in their order, each as kind, required, then three texts with their 0: see job_next.
struct job {
	const char *name;	// the first text of all: the module that was asked for
	size_t length;
	unsigned steps;
	char text[JOB_SIZE];
};

struct step {
	char kind;		// 'm': insert the module at `what`; 'c': run the command `what` instead
	char required;		// 'r': without it the rest is pointless; '-': a soft dependency
	const char *name, *what, *options;
};

// What came of it: 0 or errno of each step that was tried. After a required one that failed there is none.
struct result {
	unsigned count;
	int step[JOB_STEPS];
};

void job_begin(struct job *job, const char *name);
// Returns 0, or -1 (E2BIG).
int job_add(struct job *job, const struct step *step);
// The step at *from, which moves on; starts with *from = 0. Returns 0 at the end.
int job_next(const struct job *job, size_t *from, struct step *step);

/* insert.c */
// What a job may take, in ms.
extern int job_timeout;
// Does the steps, through the door. Returns 0, or -1 where one that is required failed; EEXIST is no failure.
int job_run(const struct job *job, struct result *result);

/* workers.c - jobs in parallel */
// How many may run at once; 1 in a dry run, which is not for workers.
unsigned workers_limit(void);
// Whether one is there for a job.
int workers_free(void);
// Hands it a copy. Returns 0, or -1 where no process can be had.
int workers_give(const struct job *job);
// Whether one that nobody waits for any more still works on the job of this name.
int workers_late(const char *name);
// Waits until one has finished or was given up, or `fd` (if not -1) has something to read. Returns 0 if none has work.
int workers_wait(int fd);
// Waits for all and ends them, but those that were given up.
void workers_stop(void);

/* modules.c */
void modules_finished(const struct job *job, const struct result *result);
// EPIPE: its worker is gone. ETIME: it was given up.
void modules_lost(const char *name, int error);

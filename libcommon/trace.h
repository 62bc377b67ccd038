// SPDX-License-Identifier: MIT
// trace.h - where the boot time goes: one line per step and door call
//
// Lines are kept in memory until there is a file to append to (trace_open), so that the first steps
// of a boot are in it. A line: start, duration (microseconds since boot), pid, applet, step, what, errno.
#pragma once

#define TRACE_FILE "/run/initbox/trace"

// Microseconds since boot (CLOCK_BOOTTIME).
long long trace_now(void);

// Collect from here on; without it every other function does nothing.
void trace_start(void);
int trace_is_on(void);
// Appends to `path`, made with its folder. Returns 0, or -1 with errno.
int trace_open(const char *path);
void trace_flush(void);

// Names the step that follows; NULL ends it. Records the one before with its duration.
void trace_step(const char *step);
// One finished call; the door uses it. `error` is 0 or an errno.
void trace_call(long long start, const char *op, const char *object, int error);
// What another program did before there was a trace, as it tells: microseconds since boot, microseconds.
void trace_past(long long start, long long took, const char *applet, const char *op, const char *object);

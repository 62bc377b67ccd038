// SPDX-License-Identifier: MIT
// bootchart.h - a boot as it was recorded, and the rows that are shown of it
#pragma once
#include <stddef.h>

// A line of the trace (libcommon/trace.h); times are microseconds since boot.
struct span {
	long long start, took;
	int pid, error;		// 0 or an errno
	const char *applet, *step, *op, *object;
};

// A record of the kernel log.
struct message {
	long long at;
	const char *text;
};

struct boot {
	struct span *spans;
	size_t span_count;
	struct message *messages;
	size_t message_count;
	unsigned refused;	// lines of the trace that are none
	unsigned lost;		// lines that the trace had no room for
};

// Takes one line apart in place. Returns 0, or -1 where it is no line of a trace.
int span_parse(char *line, struct span *span);
// A line of /dev/kmsg (Documentation/ABI/testing/dev-kmsg) or of dmesg; 0, or -1 where it has no time.
int message_parse(char *line, struct message *message);

// Adds all lines of `text`, which stays and is changed, in the order of time. Return 0, or -1 with errno.
int boot_add_trace(struct boot *boot, char *text);
int boot_add_kernel_log(struct boot *boot, char *text);

// What is shown, in the order of time: a boot's parts, in them the kernel's longest pauses, rc.init's steps, and in
// these modules, scripts and slow or failed calls.
enum kind { KERNEL, PAUSE, COPYROOT, INIT, STEP, COLDPLUG, MODULE, SCRIPT, CALL, KINDS };

struct row {
	enum kind kind;
	int error;		// EEXIST is none: what was there already is as good as made
	unsigned depth;
	long long start, took;
	const char *op;		// a call: the operation
	const char *name;
	const char *before;	// a pause: the message before it
};

struct chart {
	struct row *rows;
	size_t count;
	long long end;		// of the last span
	long long took[KINDS];	// of all rows of a kind
	const char *mode;	// copyroot's; NULL: there was none
};

// `boot` has one span at least. Calls that took less than `least` microseconds are left out unless they failed. Returns
// 0, or -1 with errno.
int chart_make(const struct boot *boot, long long least, struct chart *chart);

struct out;
void table_write(struct out *out, const struct chart *chart);
void svg_write(struct out *out, const struct chart *chart);
void json_write(struct out *out, const struct boot *boot, const struct chart *chart);

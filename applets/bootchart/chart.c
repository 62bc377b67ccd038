// SPDX-License-Identifier: MIT
// chart - chooses what is shown of a boot

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bootchart.h"

// Of the kernel's pauses those that are a fiftieth of its time or more are shown, at most so many.
enum { PAUSES = 8, PAUSE_SHARE = 50 };

static struct row *add_row(struct chart *chart, enum kind kind, unsigned depth, long long start, long long took,
			   const char *name)
{
	struct row *row = &chart->rows[chart->count++];

	*row = (struct row){ .kind = kind, .depth = depth, .start = start, .took = took, .name = name };
	chart->took[kind] += took;
	return row;
}

/* Before rc.init */

static const struct span *find(const struct boot *boot, const char *applet, const char *op)
{
	for (const struct span *s = boot->spans; s < boot->spans + boot->span_count; s++)
		if (!strcmp(s->applet, applet) && !strcmp(s->op, op))
			return s;
	return NULL;
}

// The kernel says "Run /init as init process" when it has done its part; -1: not in its log.
static long long first_process(const struct boot *boot)
{
	for (const struct message *m = boot->messages; m < boot->messages + boot->message_count; m++)
		if (!strncmp(m->text, "Run ", 4) && strstr(m->text, " as init process"))
			return m->at;
	return -1;
}

// The longest pauses between two messages, up to `end`: `pauses` has the later message's index, 0 where there is none.
static void longest_pauses(const struct boot *boot, long long end, size_t pauses[PAUSES])
{
	const struct message *m = boot->messages;

	for (size_t i = 1; i < boot->message_count && m[i].at <= end; i++) {
		size_t place = PAUSES;
		long long pause = m[i].at - m[i - 1].at;

		if (pause * PAUSE_SHARE < end)
			continue;
		while (place && (!pauses[place - 1]
				 || pause > m[pauses[place - 1]].at - m[pauses[place - 1] - 1].at))
			place--;
		if (place == PAUSES)
			continue;
		memmove(pauses + place + 1, pauses + place, (PAUSES - 1 - place) * sizeof *pauses);
		pauses[place] = i;
	}
}

static void add_kernel(const struct boot *boot, long long end, struct chart *chart)
{
	size_t pauses[PAUSES] = { 0 };

	add_row(chart, KERNEL, 0, 0, end, "kernel");
	longest_pauses(boot, end, pauses);
	for (int i = 0; i < PAUSES && pauses[i]; i++) {
		const struct message *after = &boot->messages[pauses[i]], *before = after - 1;

		add_row(chart, PAUSE, 1, before->at, after->at - before->at, after->text)->before = before->text;
	}
}

static void add_before(const struct boot *boot, struct chart *chart)
{
	const struct span *copyroot = find(boot, "copyroot", "switch"), *first = boot->spans;
	long long run = first_process(boot), end;

	while (copyroot && first == copyroot && first + 1 < boot->spans + boot->span_count)
		first++;
	end = copyroot ? copyroot->start : run >= 0 && run < first->start ? run : first->start;
	add_kernel(boot, end, chart);
	if (copyroot) {
		chart->mode = copyroot->object;
		add_row(chart, COPYROOT, 0, copyroot->start, copyroot->took, "copyroot");
		end = copyroot->start + copyroot->took;
	}
	if (first->start > end)
		add_row(chart, INIT, 0, end, first->start - end, "init");
}

/* rc.init and what it runs */

static void add_span(const struct span *span, long long least, struct chart *chart)
{
	enum kind kind = CALL;
	int error = span->error == EEXIST ? 0 : span->error;
	unsigned depth = strcmp(span->applet, "rc.init") ? 2 : 1;
	struct row *row;

	if (!strcmp(span->op, "switch") && !strcmp(span->applet, "copyroot"))
		return;
	if (!strcmp(span->op, "step"))
		kind = depth == 1 ? STEP : COLDPLUG, depth--;
	else if (!strcmp(span->op, "modprobe"))
		kind = MODULE, depth = 2;
	else if (!strcmp(span->op, "script"))
		kind = SCRIPT;
	if (kind != SCRIPT && kind != STEP && !error && span->took < least)
		return;
	row = add_row(chart, kind, depth, span->start, span->took, span->object);
	row->error = error;
	row->op = kind == CALL ? span->op : NULL;
}

// What holds others comes before them.
static int by_start(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return (x->took < y->took) - (x->took > y->took);
}

int chart_make(const struct boot *boot, long long least, struct chart *chart)
{
	memset(chart, 0, sizeof *chart);
	chart->rows = calloc(boot->span_count + PAUSES + 3, sizeof *chart->rows);
	if (!chart->rows)
		return -1;
	add_before(boot, chart);
	for (const struct span *s = boot->spans; s < boot->spans + boot->span_count; s++) {
		add_span(s, least, chart);
		if (s->start + s->took > chart->end)
			chart->end = s->start + s->took;
	}
	qsort(chart->rows, chart->count, sizeof *chart->rows, by_start);
	return 0;
}

// SPDX-License-Identifier: MIT
// json - everything that was recorded, as trace events for chrome://tracing and Perfetto
//
// Format: "Trace Event Format": X is an event with a duration, i a moment, M a name. Times are microseconds.

#include "bootchart.h"
#include "out.h"

enum { KERNEL_PROCESS, USER_PROCESS };

static const char *separator;

static void begin(struct out *out, const char *name, const char *phase, int process, int thread)
{
	out_format(out, "%s\n{\"name\":", separator);
	separator = ",";
	out_json(out, name);
	out_format(out, ",\"ph\":\"%s\",\"pid\":%d,\"tid\":%d", phase, process, thread);
}

static void name_it(struct out *out, const char *what, int process, int thread, const char *name)
{
	begin(out, what, "M", process, thread);
	out_format(out, ",\"args\":{\"name\":");
	out_json(out, name);
	out_format(out, "}}");
}

static void times(struct out *out, const char *category, long long start, long long took)
{
	out_format(out, ",\"cat\":\"%s\",\"ts\":%lld,\"dur\":%lld", category, start, took);
}

static void write_span(struct out *out, const struct span *span)
{
	begin(out, span->object, "X", USER_PROCESS, span->pid);
	out_format(out, ",\"cat\":");
	out_json(out, span->op);
	out_format(out, ",\"ts\":%lld,\"dur\":%lld,\"args\":{\"applet\":", span->start, span->took);
	out_json(out, span->applet);
	out_format(out, ",\"step\":");
	out_json(out, span->step);
	out_format(out, ",\"errno\":%d}}", span->error);
}

// rc.init writes copyroot's line too, before its own: the last line tells whose process it is.
static int seen_later(const struct boot *boot, const struct span *span)
{
	for (const struct span *s = span + 1; s < boot->spans + boot->span_count; s++)
		if (s->pid == span->pid)
			return 1;
	return 0;
}

static void write_names(struct out *out, const struct boot *boot)
{
	name_it(out, "process_name", KERNEL_PROCESS, 0, "kernel");
	name_it(out, "process_name", USER_PROCESS, 0, "initbox");
	for (const struct span *s = boot->spans; s < boot->spans + boot->span_count; s++)
		if (!seen_later(boot, s))
			name_it(out, "thread_name", USER_PROCESS, s->pid, s->applet);
}

void json_write(struct out *out, const struct boot *boot, const struct chart *chart)
{
	separator = "";
	out_format(out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
	write_names(out, boot);
	for (const struct row *row = chart->rows; row < chart->rows + chart->count; row++) {
		if (row->kind != KERNEL && row->kind != INIT && row->kind != PAUSE)
			continue;
		begin(out, row->name, "X", row->kind == INIT ? USER_PROCESS : KERNEL_PROCESS, row->kind == INIT);
		times(out, row->kind == PAUSE ? "pause" : "boot", row->start, row->took);
		out_format(out, "}");
	}
	for (const struct message *m = boot->messages; m < boot->messages + boot->message_count; m++) {
		if (m->at > chart->end)
			break;
		begin(out, m->text, "i", KERNEL_PROCESS, 0);
		out_format(out, ",\"cat\":\"message\",\"ts\":%lld,\"s\":\"t\"}", m->at);
	}
	for (const struct span *s = boot->spans; s < boot->spans + boot->span_count; s++)
		write_span(out, s);
	out_format(out, "\n]}\n");
}

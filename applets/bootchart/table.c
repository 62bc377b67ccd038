// SPDX-License-Identifier: MIT
// table - the chart as text

#include <string.h>
#include "bootchart.h"
#include "out.h"

static const char *const prefixes[KINDS] = {
	[PAUSE] = "until: ",
	[STEP] = "rc.init ",
	[COLDPLUG] = "mdev-lite ",
	[MODULE] = "module ",
	[SCRIPT] = "script ",
};

static void seconds(struct out *out, long long us)
{
	out_format(out, "%4lld.%03lld", us / 1000000, us / 1000 % 1000);
}

static void summary(struct out *out, const struct chart *chart)
{
	static const enum kind parts[] = { KERNEL, COPYROOT, INIT, STEP };
	static const char *const names[] = { "kernel", "copyroot", "init", "rc.init" };

	out_format(out, "boot %lld.%03lld s:", chart->end / 1000000, chart->end / 1000 % 1000);
	for (int i = 0; i < 4; i++) {
		long long us = chart->took[parts[i]];

		if (parts[i] == COPYROOT && !chart->mode)
			continue;
		out_format(out, "%s %s %lld.%03lld", i ? "," : "", names[i], us / 1000000, us / 1000 % 1000);
		if (parts[i] == COPYROOT)
			out_format(out, " (%s)", chart->mode);
	}
	out_format(out, "\n");
}

void table_write(struct out *out, const struct chart *chart)
{
	summary(out, chart);
	out_format(out, "\n   start      took  what (seconds since boot)\n");
	for (const struct row *row = chart->rows; row < chart->rows + chart->count; row++) {
		seconds(out, row->start);
		out_format(out, "  ");
		seconds(out, row->took);
		out_format(out, "  %.*s%s%s%s%.200s", (int)row->depth * 2, "        ", prefixes[row->kind] ?: "",
			   row->op ?: "", row->op ? " " : "", row->name);
		if (row->error)
			out_format(out, " (%s)", strerror(row->error));
		out_format(out, "\n");
	}
}

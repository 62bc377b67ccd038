// SPDX-License-Identifier: MIT
// svg - the chart as a picture: one row a thing, from left to right as time went

#include <errno.h>
#include <string.h>
#include "bootchart.h"
#include "out.h"

// Pixels
enum { LABELS = 250, CHART = 860, TAIL = 80, ROW = 18, HEAD = 96, FOOT = 30, WIDTH = LABELS + CHART + TAIL };
enum { LABEL_CHARACTERS = 34, TICKS = 12 };

static const struct style {
	const char *fill, *legend, *prefix;
} styles[KINDS] = {
	[KERNEL]   = { "#4a6fa5", "kernel", "" },
	[PAUSE]    = { "#a9bfdd", "its longest pauses, until \xe2\x80\xa6", "\xe2\x80\xa6 " },
	[COPYROOT] = { "#8e6bbf", "copyroot", "" },
	[INIT]     = { "#6b6b6b", "init", "" },
	[STEP]     = { "#2f9e6e", "rc.init's steps", "rc.init " },
	[COLDPLUG] = { "#e0b13a", "device set-up", "mdev-lite " },
	[MODULE]   = { "#e07b39", "kernel modules", "" },
	[SCRIPT]   = { "#c2408a", "scripts", "" },
	[CALL]     = { "#8fc7ad", "single calls", "" },
};

static const char failed_fill[] = "#d62728";

static long long scale(const struct chart *chart, long long us)
{
	return chart->end ? us * CHART / chart->end : 0;
}

static void out_time(struct out *out, long long us)
{
	if (us >= 1000000)
		out_format(out, "%lld.%02lld s", us / 1000000, us / 10000 % 100);
	else if (us >= 10000)
		out_format(out, "%lld ms", us / 1000);
	else
		out_format(out, "%lld.%lld ms", us / 1000, us / 100 % 10);
}

static void head(struct out *out, const struct chart *chart, int height)
{
	out_format(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		   "font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\">\n", WIDTH, height, WIDTH, height);
	out_format(out, "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
		   "<text x=\"12\" y=\"28\" font-size=\"20\" font-weight=\"bold\">Boot: %lld.%03lld seconds from the kernel's "
		   "start to the end of rc.init</text>\n", chart->end / 1000000, chart->end / 1000 % 1000);
}

static int shown(const struct chart *chart, enum kind kind)
{
	for (const struct row *row = chart->rows; row < chart->rows + chart->count; row++)
		if (row->kind == kind)
			return 1;
	return 0;
}

static void legend(struct out *out, const struct chart *chart)
{
	int x = 12;

	for (enum kind kind = 0; kind < KINDS; kind++) {
		if (!shown(chart, kind))
			continue;
		out_format(out, "<rect x=\"%d\" y=\"42\" width=\"12\" height=\"12\" fill=\"%s\"/>"
			   "<text x=\"%d\" y=\"52\">%s</text>\n", x, styles[kind].fill, x + 17, styles[kind].legend);
		x += 36 + 8 * strlen(styles[kind].legend);
	}
}

// 1, 2 or 5 times a power of ten, so that there are no more than TICKS of them.
static long long tick_distance(long long end)
{
	static const int factors[] = { 1, 2, 5 };

	for (long long unit = 1000;; unit *= 10)
		for (int i = 0; i < 3; i++)
			if (end / (unit * factors[i]) < TICKS)
				return unit * factors[i];
}

static void axis(struct out *out, const struct chart *chart, int height)
{
	long long distance = tick_distance(chart->end);

	for (long long t = 0; t <= chart->end; t += distance) {
		int x = LABELS + scale(chart, t);

		out_format(out, "<path d=\"M%d %d V%d\" stroke=\"#d8d8d8\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\" "
			   "fill=\"#555555\">", x, HEAD - 8, height - FOOT + 4, x, HEAD - 14);
		if (distance >= 1000000)
			out_format(out, "%lld s", t / 1000000);
		else if (distance >= 100000)
			out_format(out, "%lld.%lld s", t / 1000000, t / 100000 % 10);
		else
			out_format(out, "%lld ms", t / 1000);
		out_format(out, "</text>\n");
	}
}

// What a reader's pointer on the row tells.
static void title(struct out *out, const struct row *row)
{
	out_format(out, "<title>");
	if (row->before) {
		out_format(out, "between \xe2\x80\x9c");
		out_xml(out, row->before, 200);
		out_format(out, "\xe2\x80\x9d and \xe2\x80\x9c");
	}
	out_xml(out, row->name, 200);
	out_format(out, "%s: from %lld.%06lld s, ", row->before ? "\xe2\x80\x9d" : "", row->start / 1000000,
		   row->start % 1000000);
	out_time(out, row->took);
	if (row->error) {
		out_format(out, ", failed: ");
		out_xml(out, strerror(row->error), 100);
	}
	out_format(out, "</title>");
}

static void out_label(struct out *out, const struct row *row)
{
	const char *prefix = row->op ?: styles[row->kind].prefix;
	size_t room = LABEL_CHARACTERS - 2 * row->depth, used = strlen(prefix) + !!row->op;

	out_xml(out, prefix, room);
	out_format(out, "%s", row->op ? " " : "");
	out_xml(out, row->name, room > used ? room - used : 1);
}

// What was tried in vain without that being a fault: a module whose hardware is not there, a file on a read-only root.
static const char *in_vain(const struct row *row)
{
	return row->kind == MODULE && row->error == ENODEV ? ", no such device" : row->error == EROFS ? ", read-only" : NULL;
}

static int is_fault(const struct row *row)
{
	return row->error && !in_vain(row);
}

static void draw_row(struct out *out, const struct chart *chart, const struct row *row, int y)
{
	int indent = 12 * row->depth;
	int x = LABELS + scale(chart, row->start), width = scale(chart, row->took);
	int left = x + width > LABELS + CHART - (row->error ? 80 : 0);	// its time has no room on the right

	out_format(out, "<g>");
	title(out, row);
	out_format(out, "<text x=\"%d\" y=\"%d\"%s>", 12 + indent, y + 13, row->depth ? "" : " font-weight=\"bold\"");
	out_label(out, row);
	out_format(out, "</text><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>", x, y + 3, width ? width : 1,
		   ROW - 6, is_fault(row) ? failed_fill : styles[row->kind].fill);
	out_format(out, "<text x=\"%d\" y=\"%d\" fill=\"#333333\" text-anchor=\"%s\">", left ? x - 5 : x + width + 5, y + 13,
		   left ? "end" : "start");
	out_time(out, row->took);
	out_format(out, "%s</text></g>\n", is_fault(row) ? ", failed" : in_vain(row) ?: "");
}

void svg_write(struct out *out, const struct chart *chart)
{
	int height = HEAD + ROW * chart->count + FOOT, y = HEAD;

	head(out, chart, height);
	legend(out, chart);
	for (size_t i = 0; i < chart->count; i += 2)
		out_format(out, "<rect x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f5f6f8\"/>\n", HEAD + ROW * (int)i,
			   WIDTH, ROW);
	axis(out, chart, height);
	for (size_t i = 0; i < chart->count; i++, y += ROW)
		draw_row(out, chart, &chart->rows[i], y);
	out_format(out, "<text x=\"12\" y=\"%d\" fill=\"#777777\">Drawn by initbox's bootchart. Point at a row for its exact "
		   "times.</text>\n</svg>\n", height - 10);
}

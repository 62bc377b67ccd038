// SPDX-License-Identifier: MIT
// bootchart - a saved trace and a kernel log, up to an empty line and behind it; all three forms of the chart

#include <errno.h>
#include "applets/bootchart/bootchart.h"
#include "applets/bootchart/out.h"
#include "fuzz.h"

static void check_spans(const struct boot *boot)
{
	for (size_t i = 0; i < boot->span_count; i++) {
		const struct span *span = &boot->spans[i];

		must(span->start >= 0 && span->took >= 0 && span->pid >= 0);
		must(*span->applet && *span->step && *span->op && span->object);
		must(!i || boot->spans[i - 1].start <= span->start);
	}
	for (size_t i = 1; i < boot->message_count; i++)
		must(boot->messages[i - 1].at <= boot->messages[i].at);
}

static void check_rows(const struct chart *chart)
{
	for (size_t i = 0; i < chart->count; i++) {
		const struct row *row = &chart->rows[i];

		must(row->kind < KINDS && row->start >= 0 && row->took >= 0 && row->name);
		must(row->kind != CALL || row->op);
		must(row->kind != PAUSE || row->before);
	}
}

static void write_all(const struct boot *boot, const struct chart *chart)
{
	static struct out out;

	if (out.fd <= 0)
		out.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	table_write(&out, chart);
	svg_write(&out, chart);
	json_write(&out, boot, chart);
	out_flush(&out);
	must(!out.failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *trace = text_of(data, size), *gap = strstr(trace, "\n\n"), *log = strdup(gap ? gap + 2 : "");
	struct boot boot = { 0 };
	struct chart chart = { 0 };

	if (gap)
		gap[1] = 0;
	must(!boot_add_trace(&boot, trace) && !boot_add_kernel_log(&boot, log));
	check_spans(&boot);
	for (long long least = 0; boot.span_count && least <= 1000; least += 1000) {
		int result = chart_make(&boot, least, &chart);

		must(!result || errno);
		if (result)
			break;
		check_rows(&chart);
		write_all(&boot, &chart);
		free(chart.rows);
	}
	free(boot.spans);
	free(boot.messages);
	free(trace);
	free(log);
	return 0;
}

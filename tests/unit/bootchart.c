// SPDX-License-Identifier: MIT
// bootchart - what it takes for a line of a trace or of a kernel log, and what it chooses to show

#include <errno.h>
#include "applets/bootchart/bootchart.h"
#include "applets/bootchart/out.h"
#include "tap.h"

static void lines_of_a_trace(void)
{
	static const char *const bad[] = {
		"", "x", "1", "1 2", "1 2 3", "1 2 3 a", "1 2 3 a b", "1 2 3 a b c", "-1 2 3 a b c d 0", "1 -2 3 a b c d 0",
		"1 2 99999999999 a b c d 0", "99999999999999999999 2 3 a b c d 0", "1  2 3 a b c d 0", "1 2 3  b c d 0",
	};
	char good[] = "10 20 3 rc.init tmpfs mount '/a b'\\''c' 2", cut[] = "10 20 3 rc.init tmpfs mount '/a b";
	struct span s;

	ok(!span_parse(good, &s) && s.start == 10 && s.took == 20 && s.pid == 3, "a line: start, duration, pid");
	is(s.applet, "rc.init", "applet");
	is(s.step, "tmpfs", "step");
	is(s.op, "mount", "operation");
	is(s.object, "/a b'c", "the object as it was before it was quoted");
	is_number(s.error, 2, "errno");
	ok(!span_parse(cut, &s) && !strcmp(s.object, "/a b"), "an object that was cut off is what there is of it");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char line[64];

		strcpy(line, bad[i]);
		ok(span_parse(line, &s) < 0, "no line: '%s'", bad[i]);
	}
}

static void lines_of_a_log(void)
{
	static const struct { const char *line; long long at; const char *text; } lines[] = {
		{ "[    1.234567] hello", 1234567, "hello" },
		{ "<6>[   12.000001] [x] y", 12000001, "[x] y" },
		{ "[    1.234567][    T1] hello", 1234567, "hello" },
		{ "6,17,1234567,-;hello; you", 1234567, "hello; you" },
		{ "6,17,1234567,-,caller=T1;hello", 1234567, "hello" },
		{ " SUBSYSTEM=pci", -1, "" }, { "hello", -1, "" }, { "", -1, "" }, { "[", -1, "" }, { "<", -1, "" },
		{ "[1.2] x", -1, "" }, { "6,17;x", -1, "" }, { "[Tue Nov 24 10:00:00 2026] x", -1, "" },
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct message m = { 0, "" };
		char line[64];
		int result;

		strcpy(line, lines[i].line);
		result = message_parse(line, &m);
		if (lines[i].at < 0)
			ok(result < 0, "no message: '%s'", lines[i].line);
		else
			ok(!result && m.at == lines[i].at && !strcmp(m.text, lines[i].text), "a message: '%s'", lines[i].line);
	}
}

static const char *rows_of(char *trace, char *log, long long least)
{
	static char text[2048];
	struct boot boot = { 0 };
	struct chart chart;
	int n = 0;

	*text = 0;
	if (boot_add_trace(&boot, trace) < 0 || boot_add_kernel_log(&boot, log) < 0 || chart_make(&boot, least, &chart) < 0)
		return "failed";
	for (const struct row *r = chart.rows; r < chart.rows + chart.count; r++)
		n += sprintf(text + n, "%u %s %lld+%lld%s;", r->depth, r->name, r->start, r->took, r->error ? " failed" : "");
	free(chart.rows);
	free(boot.spans);
	free(boot.messages);
	return text;
}

static void rows(void)
{
	char trace[] = "1000 50 1 copyroot - switch bind 0\n"
		"1110 80 2 rc.init b spawn /x 0\n"
		"1120 60 3 mdev-lite modules modprobe m 0\n"
		"1115 70 3 mdev-lite modules step modules 0\n"
		"1105 90 2 rc.init b step b 0\n"
		"1100 5 2 rc.init a step a 0\n"
		"1101 1 2 rc.init a mknod /n 17\n"
		"1102 1 2 rc.init a mkdir /d 13\n";
	char log[] = "[0.000000] one\n[0.000600] two\n[0.000610] three\n[0.000990] Run /init as init process\n[0.001100] late\n";
	char alone[] = "1100 5 2 rc.init a step a 0\n", alone_log[] = "[0.000500] Run /sbin/init as init process\n";
	char first[] = "1100 5 2 rc.init a step a 0\n", none[] = "";

	is(rows_of(trace, log, 50),
	   "0 kernel 0+1000;1 two 0+600;1 Run /init as init process 610+380;0 copyroot 1000+50;0 init 1050+50;0 a 1100+5;"
	   "1 /d 1102+1 failed;0 b 1105+90;1 /x 1110+80;1 modules 1115+70;2 m 1120+60;",
	   "rows in the order of time, each before what it holds; EEXIST is no failure; pauses end with the kernel");
	is(rows_of(alone, alone_log, 0), "0 kernel 0+500;0 init 500+600;0 a 1100+5;",
	   "without copyroot the kernel's log tells where init begins");
	is(rows_of(first, none, 0), "0 kernel 0+1100;0 a 1100+5;", "without a log too there is the kernel's time");
}

static const char *escaped(void (*out_text)(struct out *))
{
	static char text[256];
	struct out out = { .fd = -1 };

	out_text(&out);
	memcpy(text, out.text, out.length);
	text[out.length] = 0;
	return text;
}

static const char hostile[] = "a<b>&\"\\\n\x80\xc3\xa9\xed\xa0\x80\xf4\x90\x80\x80";
static void xml(struct out *out) { out_xml(out, hostile, 99); }
static void xml_short(struct out *out) { out_xml(out, "\xc3\xa9t\xc3\xa9", 2); }
static void json(struct out *out) { out_json(out, hostile); }
#define FFFD "\xef\xbf\xbd"

static void escapes(void)
{
	is(escaped(xml), "a&lt;b&gt;&amp;&quot;\\" FFFD FFFD "\xc3\xa9" FFFD FFFD FFFD FFFD FFFD FFFD FFFD,
	   "XML: markup is escaped, what is no character replaced");
	is(escaped(xml_short), "\xc3\xa9t\xe2\x80\xa6", "a text is cut at a character");
	is(escaped(json), "\"a<b>&\\\"\\\\" FFFD FFFD "\xc3\xa9" FFFD FFFD FFFD FFFD FFFD FFFD FFFD "\"",
	   "JSON: quotes and backslashes are escaped");
}

static void bad_file(void)
{
	struct out out = { .fd = -1 };

	out_format(&out, "x");
	out_flush(&out);
	is_number(out.failed, EBADF, "a write that fails is kept");
}

int main(void)
{
	lines_of_a_trace();
	lines_of_a_log();
	rows();
	escapes();
	bad_file();
	return tap_done();
}

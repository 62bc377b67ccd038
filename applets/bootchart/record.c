// SPDX-License-Identifier: MIT
// record - reads what was recorded: lines of the trace and of the kernel log

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "bootchart.h"

// No boot takes eleven days, and such times can be added without overflow.
static const long long time_limit = 1000000000000;

// A number and what follows it, `after`; *text moves behind both. -1 where there is none.
static long long number(char **text, char after)
{
	char *end;
	long long n;

	if (**text < '0' || **text > '9')
		return -1;
	n = strtoll(*text, &end, 10);
	if (*end != after || n > time_limit)
		return -1;
	*text = end + 1;
	return n;
}

/* The trace: START DURATION PID APPLET STEP OPERATION OBJECT ERRNO, the object quoted as for a shell */

// A quoted word, in place; *text moves behind it.
static char *unquote(char **text)
{
	char *from = *text, *to = *text;
	int quoted = 0;

	for (; *from && (quoted || *from != ' '); from++) {
		if (*from == '\'')
			quoted = !quoted;
		else if (*from == '\\' && !quoted && from[1])
			*to++ = *++from;
		else
			*to++ = *from;
	}
	char *word = *text;
	*text = *from ? from + 1 : from;
	*to = 0;
	return word;
}

int span_parse(char *line, struct span *span)
{
	long long pid;
	const char **words[] = { &span->applet, &span->step, &span->op };
	char *rest = line;

	span->start = number(&rest, ' ');
	span->took = span->start < 0 ? -1 : number(&rest, ' ');
	pid = span->took < 0 ? -1 : number(&rest, ' ');
	if (pid < 0 || pid > INT_MAX)
		return -1;
	span->pid = pid;
	for (int i = 0; i < 3; i++)
		if (!(*words[i] = strsep(&rest, " ")) || !**words[i] || !rest)
			return -1;
	span->object = unquote(&rest);
	span->error = atoi(rest);	// a long object was cut off, and this with it
	return 0;
}

/* The kernel log */

// "6,1234,56789,-;text": level, sequence, microseconds, flags.
static int kmsg_parse(char *line, struct message *message)
{
	char *text = strchr(line, ';');

	if (!text || number(&line, ',') < 0 || number(&line, ',') < 0)
		return -1;
	message->at = number(&line, ',');
	message->text = text + 1;
	return message->at < 0 ? -1 : 0;
}

// "[    1.234567] text", or "<6>[    1.234567][    T1] text".
static int dmesg_parse(char *line, struct message *message)
{
	long long seconds, us;
	char *start;

	if (*line == '<')
		line += strcspn(line, ">");
	line += *line == '>';
	if (*line != '[')
		return -1;
	line += 1 + strspn(line + 1, " ");
	seconds = number(&line, '.');
	start = line;
	us = seconds < 0 ? -1 : number(&line, ']');
	if (us < 0 || line - start != 7)
		return -1;
	if (*line == '[' && strchr(line, ']'))	// CONFIG_PRINTK_CALLER
		line = strchr(line, ']') + 1;
	message->at = seconds * 1000000 + us;
	message->text = line + strspn(line, " ");
	return message->at > time_limit ? -1 : 0;
}

int message_parse(char *line, struct message *message)
{
	return *line >= '0' && *line <= '9' ? kmsg_parse(line, message) : dmesg_parse(line, message);
}

/* Whole files */

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

// A step begins before, or with, the first call in it, and ends after it.
static int by_time(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->took < y->took) - (x->took > y->took);
}

static int by_moment(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->text > y->text) - (x->text < y->text);	// both in the same text
}

int boot_add_trace(struct boot *boot, char *text)
{
	char *line;
	struct span *spans = reallocarray(boot->spans, boot->span_count + count_lines(text), sizeof *spans);

	if (!spans)
		return -1;
	boot->spans = spans;
	while ((line = strsep(&text, "\n"))) {
		if (!*line)
			continue;
		if (*line == '#')	// "# N lines did not fit"
			boot->lost += atoi(line + 1);
		else if (!span_parse(line, &spans[boot->span_count]))
			boot->span_count++;
		else
			boot->refused++;
	}
	qsort(spans, boot->span_count, sizeof *spans, by_time);
	return 0;
}

int boot_add_kernel_log(struct boot *boot, char *text)
{
	char *line;
	struct message *messages = reallocarray(boot->messages, boot->message_count + count_lines(text), sizeof *messages);

	if (!messages)
		return -1;
	boot->messages = messages;
	while ((line = strsep(&text, "\n")))
		if (!message_parse(line, &messages[boot->message_count]))
			boot->message_count++;
	qsort(messages, boot->message_count, sizeof *messages, by_moment);
	return 0;
}

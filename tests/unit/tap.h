// SPDX-License-Identifier: MIT
// tap.h - what a unit test prints: one line per claim, the plan at the end
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"

static int tap_count, tap_failed;

// Each claim says what it proves, as a sentence.
#define ok(condition, ...) tap_ok(!!(condition), __FILE__, __LINE__, __VA_ARGS__)
#define is(got, wanted, ...) tap_is(got, wanted, __FILE__, __LINE__, __VA_ARGS__)
#define is_number(got, wanted, ...) tap_is_number(got, wanted, __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5), unused))
static int tap_ok(int good, const char *file, int line, const char *claim, ...)
{
	va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(args, claim);
	vprintf(claim, args);
	va_end(args);
	putchar('\n');
	if (!good) {
		tap_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	return good;
}

// A text of several lines stays a comment.
__attribute__((unused))
static void tap_diagnose(const char *what, const char *text)
{
	printf("# %s: ", what);
	for (; *text; text++)
		*text == '\n' ? printf("\n#   ") : putchar(*text);
	putchar('\n');
}

#define tap_is(got, wanted, file, line, ...) do { \
	const char *tap_got = (got), *tap_wanted = (wanted); \
	if (!tap_got) tap_got = "(null)"; \
	if (!tap_ok(!strcmp(tap_got, tap_wanted), file, line, __VA_ARGS__)) { \
		tap_diagnose("got", tap_got); \
		tap_diagnose("wanted", tap_wanted); \
	} \
} while (0)

#define tap_is_number(got, wanted, file, line, ...) do { \
	long long tap_got = (got), tap_wanted = (wanted); \
	if (!tap_ok(tap_got == tap_wanted, file, line, __VA_ARGS__)) \
		printf("# got %lld, wanted %lld\n", tap_got, tap_wanted); \
} while (0)

// What the door would do while `plan` runs, as text; the caller frees it.
__attribute__((unused))
static char *tap_record(void (*plan)(void))
{
	FILE *file = tmpfile();
	char *text;

	door_dry_run(fileno(file));
	plan();
	door_dry_run(-1);
	rewind(file);
	lseek(fileno(file), 0, SEEK_SET);
	text = load_fd(fileno(file), 1 << 20, NULL);
	fclose(file);
	return text ? text : strdup("");
}

__attribute__((unused))
static int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

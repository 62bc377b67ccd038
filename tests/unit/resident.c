// SPDX-License-Identifier: MIT
// resident.c - whether the program is in memory after resident_common(), where its segments leave a gap between them (tests.mk)

#include <unistd.h>
#include "applet.h"
#include "resident.h"
#include "tap.h"

// What nobody has touched: more than the kernel maps beside a page that somebody wants (fault-around).
static const char constants[256 << 10] = { 1 };
static volatile char variables[256 << 10] = { 1 };

// Of the mapping whose line is at `text`, in smaps(5).
static long kilobytes(const char *text, const char *key)
{
	const char *line = strstr(text, key);

	return line ? strtol(line + strlen(key), NULL, 10) : -1;
}

static void look_at_maps(void)
{
	static char text[256 << 10];
	char own[4096] = "";
	int found = 0;

	if (readlink("/proc/self/exe", own, sizeof own - 1) < 0 || read_file("/proc/self/smaps", text, sizeof text) < 0)
		return;
	for (const char *map = text; (map = strstr(map, own)); map++, found++)
		ok(kilobytes(map, "\nRss:") == kilobytes(map, "\nSize:"), "mapping %d of the program is there: %ld of %ld kB", found,
		   kilobytes(map, "\nRss:"), kilobytes(map, "\nSize:"));
	ok(found > 1, "there are %d", found);
}

int main(void)
{
	if (CONFIG_LTO || !CONFIG_STATIC) {
		printf("ok 1 - # SKIP all memory is locked in such a build\n1..1\n");
		return 0;
	}
	ok(constants[getpid() & 1] != 2 && variables[getpid() & 1] != 2, "constants and variables are there");
	resident_common();
	look_at_maps();
	return tap_done();
}

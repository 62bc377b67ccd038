// SPDX-License-Identifier: MIT
// static - modules.devname: nodes for modules that nobody asked for yet
//
// Opening such a node makes the kernel load its module (char-major-10-229). depmod writes the file:
// "MODULE NAME TYPE MAJOR:MINOR", e.g. "fuse fuse c10:229".

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "fmt.h"
#include "log.h"
#include "mdev.h"

enum { WORDS = 3 };

// These look after permissions themselves, so all may open them. The rest is root's.
static const char *const for_all[] = { "fuse", "net/tun", NULL };

static unsigned mode_of(const char *name)
{
	for (const char *const *p = for_all; *p; p++)
		if (!strcmp(*p, name))
			return 0666;
	return 0600;
}

static int parse(char *line, struct uevent *event)
{
	char *word[WORDS], *colon;
	char devpath[256];

	for (int i = 0; i < WORDS; i++) {
		word[i] = strtok_r(i ? NULL : line, " \t", &line);
		if (!word[i])
			return -1;
	}
	colon = strchr(word[2], ':');
	if (!colon || !strchr("cb", *word[2]) || format_path(devpath, "/module/%s", word[0]) < 0)
		return -1;
	*colon = 0;
	if (uevent_begin(event, "add", devpath) < 0 || uevent_add(event, "DEVNAME", word[1]) < 0
	    || uevent_add(event, "MAJOR", word[2] + 1) < 0 || uevent_add(event, "MINOR", colon + 1) < 0)
		return -1;
	return *word[2] == 'b' ? uevent_add(event, "SUBSYSTEM", "block") : 0;
}

void static_nodes(struct mdev *m)
{
	struct utsname kernel;
	struct lines lines;
	struct uevent event;
	char path[1024];

	uname(&kernel);
	if (format_path(path, "%s/lib/modules/%s/modules.devname", m->root, kernel.release) < 0 || lines_open(&lines, path) < 0)
		return;
	for (char *line; (line = lines_next(&lines));)
		if (*line != '#' && !parse(line, &event))
			device_static(m, &event, mode_of(uevent_get(&event, "DEVNAME")));
	free(lines.text);
}

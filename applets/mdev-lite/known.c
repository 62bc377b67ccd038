// SPDX-License-Identifier: MIT
// known - the devices that a daemon has dealt with, so that it can undo what nobody tells it to
//
// When messages were lost (ENOBUFS), a `remove` may be among them. For each known device that /sys no
// longer has, one is made up.

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "fmt.h"
#include "mdev.h"

// What its `remove` would say: the values of `kept`, each with its 0.
struct known {
	struct known *next;
	char text[];
};

static const char *const kept[] = { "DEVPATH", "SUBSYSTEM", "DEVNAME", "MAJOR", "MINOR", NULL };
static struct known *all;

void known_forget(const char *devpath)
{
	for (struct known **p = &all; *p; p = &(*p)->next)
		if (!strcmp((*p)->text, devpath)) {
			struct known *gone = *p;

			*p = gone->next;
			free(gone);
			return;
		}
}

void known_add(const struct mdev *m, const struct uevent *event)
{
	char text[1024];
	struct buf buf = BUF(text);
	struct known *known;

	// Without a node and without rules there is nothing to undo.
	if (!m->rules.count && !uevent_get(event, "MAJOR"))
		return;
	for (const char *const *key = kept; *key; key++) {
		const char *value = uevent_get(event, *key);

		buf_add(&buf, value ? value : "", value ? strlen(value) : 0);
		buf_add(&buf, "", 1);
	}
	if (buf.truncated || !(known = malloc(sizeof *known + buf.length)))
		return;
	memcpy(known->text, text, buf.length);
	known->next = all;
	all = known;
}

static void remove_device(struct mdev *m, const struct known *known)
{
	struct uevent event;
	const char *value = known->text;

	if (uevent_begin(&event, "remove", value) < 0)
		return;
	for (const char *const *key = kept + 1; *key; key++) {
		value += strlen(value) + 1;
		if (*value)
			uevent_add(&event, *key, value);
	}
	device_apply(m, &event);
}

void known_remove_the_gone(struct mdev *m)
{
	for (struct known **p = &all, *known; (known = *p);) {
		struct stat st;

		if (!fstatat(m->sys, known->text + 1, &st, 0)) {
			p = &known->next;
			continue;
		}
		*p = known->next;
		remove_device(m, known);
		set_remove(&m->seen, known->text);
		free(known);
	}
}

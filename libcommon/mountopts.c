// SPDX-License-Identifier: MIT
// mountopts - mount options in words

#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include "mountopts.h"

static const struct { unsigned long flag; const char *word; } words[] = {
	{ MS_REMOUNT, "remount" }, { MS_BIND | MS_REC, "rbind" }, { MS_BIND, "bind" }, { MS_MOVE, "move" },
	{ MS_SHARED | MS_REC, "rshared" }, { MS_SHARED, "shared" }, { MS_PRIVATE | MS_REC, "rprivate" },
	{ MS_PRIVATE, "private" }, { MS_SLAVE | MS_REC, "rslave" }, { MS_SLAVE, "slave" },
	{ MS_RDONLY, "ro" }, { MS_NOSUID, "nosuid" }, { MS_NODEV, "nodev" }, { MS_NOEXEC, "noexec" },
	{ MS_NOATIME, "noatime" }, { MS_NODIRATIME, "nodiratime" }, { MS_RELATIME, "relatime" },
	{ MS_STRICTATIME, "strictatime" },
};

static void add(struct buf *buf, const char *word)
{
	if (buf->length)
		buf_add(buf, ",", 1);
	buf_add(buf, word, strlen(word));
}

unsigned long mount_flags(const char *options)
{
	unsigned long flags = 0;

	while (*options) {
		size_t length = strcspn(options, ",");

		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (strlen(words[i].word) == length && !memcmp(words[i].word, options, length))
				flags |= words[i].flag;
		options += length + (options[length] == ',');
	}
	return flags;
}

void mount_options(struct buf *buf, unsigned long flags, const char *data)
{
	buf_add(buf, "", 0);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if ((flags & words[i].flag) == words[i].flag) {
			add(buf, words[i].word);
			flags &= ~words[i].flag;
		}
	if (data && *data)
		add(buf, data);
}

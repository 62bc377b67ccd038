// SPDX-License-Identifier: MIT
// mountinfo - /proc/self/mountinfo as a table, its escapes, and who looks a mount up in it
// link: -Wl,--wrap=load_fd

#include <unistd.h>
#include "fuzz.h"
#include "mountinfo.h"

static const uint8_t *input;
static size_t input_size;

char *__wrap_load_fd(int fd, size_t limit, size_t *length);
char *__wrap_load_fd(int fd, size_t limit, size_t *length)
{
	(void)fd, (void)limit;
	if (length)
		*length = input_size;
	return text_of(input, input_size);
}

static void check(const struct mountinfo *m)
{
	must(m->root && m->target && m->options && m->type && m->source && m->super);
	must(!strchr(m->options, ' ') && !strchr(m->super, ' '));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mount_table table;
	char *text;

	input = data;
	input_size = size;
	if (!mount_table_read(&table)) {
		for (size_t i = 0; i < table.count; i++) {
			check(&table.mounts[i]);
			must(mount_at(&table, table.mounts[i].target) >= &table.mounts[i]);
		}
		root_is_rootfs(&table);
		mount_table_free(&table);
	}
	text = text_of(data, size);
	octal_decode(text);
	must(strlen(text) <= size);
	free(text);
	return 0;
}

// SPDX-License-Identifier: MIT
// mountinfo - /proc/self/mountinfo, its octal escapes decoded

#include <stdlib.h>
#include <string.h>
#include "fd.h"
#include "mountinfo.h"
#include "proc.h"

static int octal(char c)
{
	return c >= '0' && c <= '7';
}

// \040 and its like, as the kernel writes blanks and backslashes in names (fs/seq_file.c, mangle_path).
void octal_decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && octal(from[1]) && octal(from[2]) && octal(from[3])) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
}

static char *word(char **line)
{
	char *start = *line;
	char *end;

	if (!start || !*start)
		return NULL;
	end = strchr(start, ' ');
	*line = end ? end + 1 : start + strlen(start);
	if (end)
		*end = 0;
	return start;
}

static char *decoded_word(char **line)
{
	char *text = word(line);

	if (text)
		octal_decode(text);
	return text;
}

int mountinfo_parse(char *line, struct mountinfo *m)
{
	char *id = word(&line), *parent = word(&line), *device = word(&line), *field;
	char *colon = device ? strchr(device, ':') : NULL;

	if (!id || !parent || !colon)
		return -1;
	m->id = atoi(id);
	m->parent = atoi(parent);
	m->major = strtoul(device, NULL, 10);
	m->minor = strtoul(colon + 1, NULL, 10);
	m->root = decoded_word(&line);
	m->target = decoded_word(&line);
	m->options = word(&line);
	// Optional fields (shared:N ...) end with a single hyphen.
	while ((field = word(&line)) && strcmp(field, "-"))
		;
	m->type = decoded_word(&line);
	m->source = decoded_word(&line);
	m->super = word(&line);
	if (!m->super)
		m->super = "";
	return m->root && m->target && m->options && m->type && m->source ? 0 : -1;
}

static char *load(void)
{
	cleanup_fd int fd = proc_open("self/mountinfo");

	return fd < 0 ? NULL : load_fd(fd, 64 << 20, NULL);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; (text = strchr(text, '\n')); text++)
		lines++;
	return lines;
}

int mount_table_read(struct mount_table *table)
{
	char *line, *rest;

	*table = (struct mount_table){ .text = load() };
	if (!table->text)
		return -1;
	table->mounts = calloc(count_lines(table->text) + 1, sizeof *table->mounts);
	if (!table->mounts) {
		mount_table_free(table);
		return -1;
	}
	for (rest = table->text; (line = strsep(&rest, "\n")); )
		if (!mountinfo_parse(line, &table->mounts[table->count]))
			table->count++;
	return 0;
}

void mount_table_free(struct mount_table *table)
{
	free(table->mounts);
	free(table->text);
	*table = (struct mount_table){ 0 };
}

const struct mountinfo *mount_at(const struct mount_table *table, const char *target)
{
	for (size_t i = table->count; i--; )
		if (!strcmp(table->mounts[i].target, target))
			return &table->mounts[i];
	return NULL;
}

// A mount without a parent names itself as its parent (fs/namespace.c, mnt_has_parent).
int root_is_rootfs(const struct mount_table *table)
{
	const struct mountinfo *root = mount_at(table, "/");

	return root && root->id == root->parent;
}

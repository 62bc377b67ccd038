// SPDX-License-Identifier: MIT
// auto - what most containers want of the host, without naming each: its /etc, the folders of a root

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "cmdline.h"
#include "fd.h"
#include "fmt.h"
#include "sbx_init.h"

// Calls `each` for all entries of the host's `folder` but those in the list `not`.
static int for_entries(const char *folder, const char *not, int (*each)(const char *folder, const char *name, void *),
		       void *argument)
{
	int fd = host_open(folder, O_RDONLY | O_DIRECTORY), result = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return failed("open", folder);
	}
	while (!result && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && !list_has(not, entry->d_name))
			result = each(folder, entry->d_name, argument);
	if (!result && errno)
		result = failed("read", folder);
	closedir(dir);
	return result;
}

struct etc { int dir; const char *name; };

static int link_entry(const char *folder, const char *name, void *argument)
{
	const struct etc *etc = argument;
	char content[SBX_PATH_MAX];

	(void)folder;
	if (!strcmp(name, "mtab"))
		format_path(content, "/proc/mounts");
	else if (format_path(content, ".host/%s%s%s", etc->name, *etc->name ? "/" : "", name) < 0)
		return failed("name", name);
	// What an earlier operation put there stays.
	return DO(symlinkat(content, etc->dir, name), "symlink", name) < 0 && errno != EEXIST ? -1 : (report->error = 0);
}

int op_auto_etc(const struct sbx_wire_op *op)
{
	const char *name = op->texts ? sbx_op_texts(op) : "";
	char target[300];
	struct etc etc = { .name = name };
	int result;

	if (format_path(target, "/etc/.host/%s", name) < 0)
		return failed("name", name);
	if (bind_source("/etc", target, 0) < 0 || (etc.dir = target_dir("/etc", box.parent_perm)) < 0)
		return -1;
	result = for_entries("/etc", ".host,passwd,group", link_entry, &etc);
	close(etc.dir);
	return result;
}

static int bind_entry(const char *folder, const char *name, void *argument)
{
	char source[SBX_PATH_MAX], target[300];

	if (format_path(source, "%s/%s", folder, name) < 0 || format_path(target, "/%s", name) < 0)
		return failed("name", name);
	return bind_source(source, target, *(uint32_t *)argument | SBX_O_OPTIONAL);	// a link to nowhere is left out
}

int op_auto_root(const struct sbx_wire_op *op)
{
	uint32_t flags = op->flags;

	return for_entries(sbx_op_texts(op), "proc,dev,tmp,mnt,etc", bind_entry, &flags);
}

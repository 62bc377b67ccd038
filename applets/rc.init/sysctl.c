// SPDX-License-Identifier: MIT
// sysctl - rc.init's step that makes the kernel settings of sysctl.d(5) and sysctl.conf(5)

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "rc_init.h"

#define ROOT "/proc/sys"

enum {
	LARGEST = 1 << 20,	// bytes of one file
	HAS_NUL = -2,
};

// A file of an earlier folder hides those of the same name in later ones.
static const char *const folders[] = {
	"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d",
};
enum { FOLDERS = sizeof folders / sizeof *folders };

static const char last_file[] = "/etc/sysctl.conf";

struct setting {
	char path[256];		// below ROOT, perhaps a pattern
	const char *value;	// NULL: patterns leave this one out
	int tolerant;		// a leading "-": no matter if it fails
};

static struct { struct setting *all; size_t count; } settings;

/* Lines */

static char *trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	for (length = strlen(text); length && isspace((unsigned char)text[length - 1]); )
		text[--length] = 0;
	return text;
}

// "net.ipv4.conf.eth0/1.forwarding" or "net/ipv4/conf/eth0.1/forwarding": the first separator tells which.
static int key_path(const char *key, char *path, size_t size)
{
	size_t first = strcspn(key, "./");
	int length = format(path, size, ROOT "/%s", key);

	if (!*key || length < 0)
		return -1;
	for (char *p = path + sizeof ROOT; *p && key[first] == '.'; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return strstr(path, "/../") || strstr(path, "//") ? -1 : 0;
}

// Returns 0; 1 for a line without a setting; -1 for a wrong one. The value stays in `line`.
static int parse(char *line, struct setting *s)
{
	char *key = trim(line), *value;

	if (!*key || *key == '#' || *key == ';')
		return 1;
	*s = (struct setting){ .tolerant = *key == '-' };
	value = strchr(key, '=');
	if (value)
		*value++ = 0;
	else if (!s->tolerant)
		return -1;
	s->value = value ? trim(value) : NULL;
	return key_path(trim(key + s->tolerant), s->path, sizeof s->path);
}

static void add(const struct setting *s)
{
	struct setting *larger = realloc(settings.all, (settings.count + 1) * sizeof *s);

	if (!larger) {
		warn("%s:", s->path);
		return;
	}
	settings.all = larger;
	settings.all[settings.count++] = *s;
}

// The text is kept: the values are in it.
static void read_settings(const char *file)
{
	size_t length = 0;
	char *text = load_file(AT_FDCWD, file, LARGEST, &length), *end, *next;

	if (!text) {
		if (errno != ENOENT)
			warn("%s:", file);
		return;
	}
	end = text + length;
	for (int number = 1; text <= end; number++, text = next) {
		struct setting s;
		int result;

		next = (memchr(text, '\n', end - text) ?: end) + 1;
		next[-1] = 0;
		result = strlen(text) == (size_t)(next - text) - 1 ? parse(text, &s) : HAS_NUL;
		if (!result)
			add(&s);
		else if (result < 0)
			warn("%s:%d: %s, left out", file, number,
			     result == HAS_NUL ? "has a NUL byte" : "neither KEY = VALUE nor -KEY");
	}
}

/* Files, by name whatever their folder */

struct file {
	char name[256];
	int folder;
};

static struct { struct file *all; size_t count; } files;

static int is_hidden(const char *name)
{
	for (size_t i = 0; i < files.count; i++)
		if (!strcmp(files.all[i].name, name))
			return 1;
	return 0;
}

static void find_files(int folder)
{
	struct dirent *entry;
	DIR *dir = opendir(folders[folder]);

	while (dir && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		struct file *larger;

		if (!dot || dot == entry->d_name || strcmp(dot, ".conf") || is_hidden(entry->d_name))
			continue;
		larger = realloc(files.all, (files.count + 1) * sizeof *files.all);
		if (!larger)
			break;
		files.all = larger;
		format_path(larger[files.count].name, "%s", entry->d_name);
		larger[files.count++].folder = folder;
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static void read_all(void)
{
	char path[320];

	for (int i = 0; i < FOLDERS; i++)
		find_files(i);
	if (files.count)
		qsort(files.all, files.count, sizeof *files.all, by_name);
	for (size_t i = 0; i < files.count; i++) {
		format_path(path, "%s/%s", folders[files.all[i].folder], files.all[i].name);
		read_settings(path);
	}
	read_settings(last_file);
}

/* Making them so */

static void set(const char *path, const struct setting *s)
{
	allowing(s->tolerant ? ANY_ERROR : 0, sys_write(path, s->value));
}

static int is_named(const char *path)
{
	for (size_t i = 0; i < settings.count; i++)
		if (!strcmp(settings.all[i].path, path))
			return 1;
	return 0;
}

static int has_wildcard(const char *text, size_t length)
{
	size_t plain = strcspn(text, "*?[");

	return plain < length && text[plain];
}

// Each entry of `folder` that fits the part at the front of `rest`, then the same below it for what follows. What is
// also named as itself goes by that. A pattern without a match is no error: there may be no such device.
static void set_matching(const char *folder, const char *rest, const struct setting *s)
{
	char part[256], path[512];
	size_t length = strcspn(rest, "/");
	struct dirent *entry;
	DIR *dir;

	format_path(part, "%.*s", (int)length, rest);
	if (!has_wildcard(rest, strlen(rest))) {
		format_path(path, "%s/%s", folder, rest);
		if (!access(path, F_OK) && !is_named(path))
			set(path, s);
		return;
	}
	if (!has_wildcard(rest, length)) {
		format_path(path, "%s/%s", folder, part);
		set_matching(path, rest + length + 1, s);
		return;
	}
	dir = opendir(folder);
	while (dir && (entry = readdir(dir)))
		if (!fnmatch(part, entry->d_name, FNM_PERIOD) && format_path(path, "%s/%s", folder, entry->d_name) > 0) {
			if (rest[length])
				set_matching(path, rest + length + 1, s);
			else if (!is_named(path))
				set(path, s);
		}
	if (dir)
		closedir(dir);
}

void step_sysctl(void)
{
	read_all();
	for (size_t i = 0; i < settings.count; i++) {
		const struct setting *s = &settings.all[i];

		if (!s->value)
			continue;
		if (has_wildcard(s->path, strlen(s->path)))
			set_matching(ROOT, s->path + sizeof ROOT, s);
		else
			set(s->path, s);
	}
	settings.count = 0;
}

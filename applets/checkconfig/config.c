// SPDX-License-Identifier: MIT
// config - the text of a kernel's configuration, and what stands in it

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "checkconfig.h"
#include "config.h"
#include "fd.h"
#include "fmt.h"

enum { CONFIG_LIMIT = 16 << 20 };

char *config_load(int fd)
{
	unsigned char magic[2] = { 0 };

	// What cannot be read twice (a pipe) is plain text.
	if (pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
		if (CONFIG_CHECKCONFIG_GZIP)
			return gzip_load(fd, CONFIG_LIMIT);
		errno = ENOTSUP;
		return NULL;
	}
	return load_fd(fd, CONFIG_LIMIT, NULL);
}

static char value_of(const char *text, const char *name, size_t length)
{
	char line[80];
	const char *found;
	int taken = format_path(line, "\nCONFIG_%.*s=", (int)length, name);

	if (taken <= 0)
		return 'n';
	// The first line has no line break before it.
	if (!strncmp(text, line + 1, taken - 1))
		found = text + taken - 1;
	else if ((found = strstr(text, line)))
		found += taken;
	else
		return 'n';
	return *found == 'm' && (found[1] == '\n' || !found[1]) ? 'm' : *found == 'n' ? 'n' : 'y';
}

char config_value(const char *text, const char *option)
{
	char best = 'n';	// m wins over n, y over both

	for (const char *name = option; name; ) {
		const char *bar = strchr(name, '|');
		char value = value_of(text, name, bar ? (size_t)(bar - name) : strlen(name));

		if (value != 'n')
			best = value;
		if (best == 'y')
			break;
		name = bar ? bar + 1 : NULL;
	}
	return best;
}

int release_number(const char *text)
{
	char *end;
	long major = strtol(text, &end, 10), minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;

	return major > 0 && major < 1000 && minor >= 0 && minor < 1000 ? major * 1000 + minor : 0;
}

// "# Linux/x86 6.1.140 Kernel Configuration", one of the first lines.
int config_release(const char *text)
{
	const char *line = strstr(text, "# Linux/"), *version = line ? strchr(line + 8, ' ') : NULL;
	const char *end = line ? strchr(line, '\n') : NULL;

	if (!version || line - text > 200 || (end && version > end))
		return 0;
	return release_number(version + 1);
}

enum verdict need_check(const struct need *need, const char *text)
{
	char value = config_value(text, need->option);
	int release = config_release(text);

	if (value == 'y' || (value == 'm' && !(need->degree & BUILT_IN)))
		return PRESENT;
	if (value == 'm')
		return MODULE_ONLY;
	if ((need->degree & SPLIT) && release && release < release_number(need->since))
		return NOT_APPLICABLE;
	return MISSING;
}

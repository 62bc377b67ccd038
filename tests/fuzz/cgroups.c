// SPDX-License-Identifier: MIT
// cgroups - /proc/cgroups and cgroup.controllers, as rc.init mounts them; the first byte chooses the version
// link: -Wl,--wrap=read_file -Wl,--wrap=read_line -Wl,--wrap=cmdline_get

#include "applets/rc.init/rc_init.h"
#include "fuzz.h"

static const uint8_t *input;
static size_t input_size;
static int version;

ssize_t __wrap_read_file(const char *path, char *text, size_t size);
ssize_t __wrap_read_file(const char *path, char *text, size_t size)
{
	(void)path;
	return given(input, input_size, text, size);
}

ssize_t __wrap_read_line(const char *path, char *text, size_t size);
ssize_t __wrap_read_line(const char *path, char *text, size_t size)
{
	(void)path;
	return given(input, input_size, text, size);
}

const char *__wrap_cmdline_get(const char *key, char *value, size_t size);
const char *__wrap_cmdline_get(const char *key, char *value, size_t size)
{
	if (strcmp(key, "linuxkit.unified_cgroup_hierarchy"))
		return NULL;
	snprintf(value, size, "%d", version);
	return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	version = *data & 1;
	input = data + 1;
	input_size = size - 1;
	step_cgroups();
	return 0;
}

// SPDX-License-Identifier: MIT
// hostname - /etc/hostname, and the name made from a network card's address where there is none
// link: -Wl,--wrap=read_line -Wl,--wrap=sys_sethostname -Wl,--wrap=uname

#include <sys/utsname.h>
#include "applets/rc.init/rc_init.h"
#include "fuzz.h"

static const uint8_t *input;
static size_t input_size;

ssize_t __wrap_read_line(const char *path, char *text, size_t size);
ssize_t __wrap_read_line(const char *path, char *text, size_t size)
{
	// The first half of the input is the file, the second a card's address.
	size_t half = input_size / 2;

	if (!strcmp(path, "/etc/hostname"))
		return given(input, half, text, size);
	return given(input + half, input_size - half, text, size);
}

int __wrap_sys_sethostname(const char *name);
int __wrap_sys_sethostname(const char *name)
{
	must(strlen(name) <= 64 && !strpbrk(name, " \t\r\n/"));
	return 0;
}

int __wrap_uname(struct utsname *u);
int __wrap_uname(struct utsname *u)
{
	memset(u, 0, sizeof *u);
	snprintf(u->nodename, sizeof u->nodename, "(none)");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	input_size = size;
	step_hostname();
	return 0;
}

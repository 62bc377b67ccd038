// SPDX-License-Identifier: MIT
// uevent - a netlink message of the kernel, and what mdev-lite makes of it
//
// A first byte below 8 takes the rest as the environment of a hotplug helper instead.

#include <unistd.h>
#include "applets/mdev-lite/mdev.h"
#include "fuzz.h"

static const char conf[] =
	"-SUBSYSTEM=block;.* root:disk 0660 >disk/by-name/%0\n"
	"$MODALIAS=(.*) 0:5 600 =input/%1\n"
	"sd([a-z])([0-9]*) root:disk 640 =disk/%1/%2/\n"
	"eth(.*) 0:0 0 =lan%1\n"
	"@1,3-9 0:0 666\n"
	"null 0:0 666 !\n";
static const struct ids ids = { .group = "disk:x:6:\n" };

static struct mdev *machine(void)
{
	static struct mdev m = { .root = "/nowhere", .file = "fuzz" };
	static char folder[] = "/tmp/fuzz-uevent-XXXXXX";

	if (!m.rules.count) {
		rules_parse(&m.rules, "fuzz", strdup(conf), strlen(conf), &ids);
		must(m.rules.count == 6 && mkdtemp(folder));
		m.dev = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		m.sys = m.dev;
		must(!rmdir(folder));
	}
	return &m;
}

static void check(struct uevent *event)
{
	const char *devpath = uevent_get(event, "DEVPATH");

	must(uevent_get(event, "ACTION") && devpath);
	must(*devpath == '/' && !strstr(devpath, "/../") && !strchr(devpath, '\n'));
	must(event->count <= UEVENT_VARIABLES && !event->env[event->count]);
	for (unsigned i = 0; i < event->count; i++)
		must(strchr(event->env[i], '='));
	device_apply(machine(), event);
	if (!uevent_add(event, "FUZZ", "1"))
		must(!strcmp(uevent_get(event, "FUZZ"), "1") || !strncmp(event->env[0], "FUZZ", 4) || event->count > 1);
}

static void from_environment(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *environment[128], *rest = text;
	static struct uevent event;
	int count = 0;

	clearenv();
	for (char *line = text; count < 127 && line <= text + size; line += strlen(line) + 1)
		environment[count++] = line;
	environment[count] = NULL;
	for (int i = 0; i < count; i++) {
		if (!strncmp(environment[i], "ACTION=", 7))
			setenv("ACTION", environment[i] + 7, 1);
		if (!strncmp(environment[i], "DEVPATH=", 8))
			setenv("DEVPATH", environment[i] + 8, 1);
	}
	if (!uevent_from_environment(&event, environment))
		check(&event);
	free(rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uevent *event;

	if (size && *data < 8) {
		from_environment(data + 1, size - 1);
		return 0;
	}
	if (size > UEVENT_SIZE)
		return 0;
	event = malloc(sizeof *event);
	memcpy(event->text, data, size);
	if (!uevent_parse(event, size))
		check(event);
	free(event);
	return 0;
}

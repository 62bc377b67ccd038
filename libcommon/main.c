// SPDX-License-Identifier: MIT
// main - run the applet that argv[0] names, or the one that argv[1] names

#include <string.h>
#include <unistd.h>
#include "applet.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "version.h"

static const char own_help[] =
	"usage: initbox APPLET [ARG]...\n"
	"       initbox --list | --help | --version\n"
	"\n"
	"The name by which it is called chooses the applet, so a link named like an applet\n"
	"(see --list) runs it. APPLET --help tells what one does.\n"
	"\n"
	"Applets:";

static int print_own_help(int fd)
{
	int count;
	const struct applet_entry *entry = applet_list(&count);

	print(fd, "%s", own_help);
	for (; count--; entry++)
		print(fd, " %s", entry->name);
	print(fd, "\n");
	return 0;
}

static int print_list(void)
{
	int count;
	const struct applet_entry *entry = applet_list(&count);

	for (; count--; entry++)
		print(STDOUT_FILENO, "%s\n", entry->path);
	return 0;
}

static int suite_main(int argc, char **argv)
{
	if (argc < 2) {
		print_own_help(STDERR_FILENO);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help"))
		return print_own_help(STDOUT_FILENO);
	if (!strcmp(argv[1], "--list"))
		return print_list();
	if (!strcmp(argv[1], "--version"))
		return print(STDOUT_FILENO, "initbox %s\n", INITBOX_VERSION), 0;
	warn("%s: no such applet (see initbox --list)", argv[1]);
	return EXIT_NOT_FOUND;
}

int main(int argc, char **argv)
{
	const struct applet_entry *entry;

	log_name("initbox");
	if (argc < 1)
		return suite_main(argc, argv);
	entry = applet_find(argv[0]);
	if (!entry && argc > 1 && (entry = applet_find(argv[1])))
		argc--, argv++;
	if (!entry)
		return suite_main(argc, argv);
	log_name(entry->name);
	door_from_environment();
	if (argc > 1 && !strcmp(argv[1], "--help"))
		return print_help(entry);
	return entry->applet->main(argc, argv);
}

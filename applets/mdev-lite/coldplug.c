// SPDX-License-Identifier: MIT
// coldplug - all devices that are there, and those that their modules bring
//
// The socket is open before the walk begins, so a device is met by the one or by the other. Drivers
// bind new devices while they load (virtio_pci brings virtio0, whose virtio_net brings eth0), so
// aliases from events join the queue until the kernel has nothing more to say.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "mdev.h"
#include "trace.h"

// finit_module(2) waits for probes that the driver core runs asynchronously (async_synchronize_full in
// kernel/module/main.c), so when it returns their events are here. Not so what a workqueue finds:
// deferred probes, and above all USB, whose hubs debounce each port for 100 ms.
enum {
	QUIET = 20,		// ms without a new device after which there will be none
	QUIET_USB = 300,	// the same after a root hub or hub appeared
	STORAGE_DELAY = 1,	// seconds that usb-storage lets a disk settle, unless its parameter says otherwise
	YOUNG = 5 * 1000,	// ms since boot in which hubs of built-in drivers may still look at their ports
	LIMIT = 30 * 1000,	// ms after the last module was inserted, whatever still comes
};

/* Devices */

static int is(const struct uevent *event, const char *key, const char *value)
{
	const char *there = uevent_get(event, key);

	return there && !strcmp(there, value);
}

// TYPE is class/subclass/protocol of the device (drivers/usb/core/driver.c); hubs have class 9.
static int is_usb_hub(const struct uevent *event)
{
	const char *type = uevent_get(event, "TYPE");

	return is(event, "DEVTYPE", "usb_device") && type && !strncmp(type, "9/", 2);
}

// INTERFACE is class/subclass/protocol; mass storage has class 8.
static int is_usb_storage(const struct uevent *event)
{
	const char *interface = uevent_get(event, "INTERFACE");

	return is(event, "DEVTYPE", "usb_interface") && interface && !strncmp(interface, "8/", 2);
}

// For how many ms after `event` others may follow that nothing announces, 0 for most.
static int quiet_after(const struct mdev *m, const struct uevent *event)
{
	char text[16];
	int delay = STORAGE_DELAY;

	if (is_usb_hub(event))
		return QUIET_USB;
	if (!is_usb_storage(event))
		return 0;
	if (read_line_at(m->sys, "module/usb_storage/parameters/delay_use", text, sizeof text) > 0)
		delay = atoi(text);
	return delay * 1000 + QUIET_USB;
}

/* The walk */

static long long now_ms(void)
{
	return trace_now() / 1000;
}

int folder_next(DIR *dir, const char **name)
{
	struct dirent *entry;

	do {
		entry = readdir(dir);
		if (!entry)
			return 0;
	} while (entry->d_name[0] == '.');
	*name = entry->d_name;
	return 1;
}

DIR *folder_open(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		fd_close(&fd);
	return dir;
}

void coldplug_event(struct mdev *m, const struct uevent *event)
{
	const char *alias = CONFIG_MDEV_LITE_MODULES ? uevent_get(event, "MODALIAS") : NULL;

	device_apply(m, event);
	if (alias && strcmp(uevent_get(event, "ACTION"), "remove"))
		modules_want(alias);
}

static void note_gone(struct mdev *m, const char *devpath)
{
	set_remove(&m->seen, devpath);
	if (CONFIG_MDEV_LITE_DAEMON)
		known_forget(devpath);
}

// Returns 1 for a device that was not known.
static int note_there(struct mdev *m, const struct uevent *event)
{
	if (!set_add(&m->seen, uevent_get(event, "DEVPATH")))
		return 0;
	if (CONFIG_MDEV_LITE_DAEMON && m->stays)
		known_add(m, event);
	return 1;
}

// Most nodes lie below /dev under the last part of their path in /sys: then a link of dev/char (4:64) tells all that rules
// mostly ask for, and no file has to be read. Returns 0 for others.
static int take_by_number(struct mdev *m, const char *path, const char *number)
{
	char link[512], major[16];
	ssize_t length = readlinkat(m->sys, path, link, sizeof link - 1);
	const char *colon = strchr(number, ':'), *name, *devpath;
	struct uevent event;
	struct stat st;

	if (length < 0 || !colon)
		return 0;
	link[length] = 0;
	name = strrchr(link, '/');
	devpath = strstr(link, "/devices/");
	if (!name || !devpath || fstatat(m->dev, name + 1, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISCHR(st.st_mode)
	    || st.st_rdev != makedev(atoi(number), atoi(colon + 1)))
		return 0;
	if (!m->rules.count)
		return 1;
	format_path(major, "%.*s", (int)(colon - number), number);
	if (uevent_begin(&event, "add", devpath) < 0 || uevent_add(&event, "DEVNAME", name + 1) < 0
	    || uevent_add(&event, "MAJOR", major) < 0 || uevent_add(&event, "MINOR", colon + 1) < 0
	    || !rules_need_no_more(&m->rules, &event, name + 1))
		return 0;
	device_apply(m, &event);
	return 1;
}

// Each device of a folder like class/block or bus/pci/devices, all of one subsystem (NULL: each has
// to be looked up). Returns -1 where there is no such folder.
static int walk_devices(struct mdev *m, const char *folder, const char *subsystem)
{
	DIR *dir = folder_open(m->sys, folder);
	const char *name;

	while (dir && folder_next(dir, &name)) {
		struct uevent event;
		char path[1024];

		if (format_path(path, "%s/%s", folder, name) < 0)
			continue;
		if (!subsystem && !m->stays && take_by_number(m, path, name))
			continue;
		// A device may leave while we look: no error.
		if (uevent_read(m->sys, path, subsystem, &event) < 0)
			continue;
		if (!note_there(m, &event))
			continue;
		coldplug_event(m, &event);
		if (now_ms() < YOUNG && quiet_after(m, &event) > m->quiet)
			m->quiet = quiet_after(m, &event);
	}
	if (dir)
		closedir(dir);
	return dir ? 0 : -1;
}

// All subsystems but those that `skip` says may be left out.
static void walk_subsystems(struct mdev *m, const char *folder, const char *below, int (*skip)(const char *name))
{
	DIR *dir = folder_open(m->sys, folder);
	const char *name;

	while (dir && folder_next(dir, &name)) {
		char path[512];

		if ((!skip || !skip(name)) && format_path(path, "%s/%s%s", folder, name, below) > 0)
			walk_devices(m, path, name);
	}
	if (dir)
		closedir(dir);
}

// Classes whose devices have a node at most: no module is for them.
static const char *const only_nodes[] = { "tty", "mem", "misc", "vc", "block", "bdi", "graphics", NULL };

static int has_only_nodes(const char *class)
{
	for (const char *const *name = only_nodes; *name; name++)
		if (!strcmp(*name, class))
			return 1;
	return 0;
}

static void walk_nodes(struct mdev *m)
{
	walk_devices(m, "dev/block", "block");
	walk_devices(m, "dev/char", NULL);
}

static int has_node_folders(const struct mdev *m)
{
	return !faccessat(m->sys, "dev/block", F_OK, 0) && !faccessat(m->sys, "dev/char", F_OK, 0);
}

// What has no node matters to modules and commands; else rules can only rename an interface.
static void walk(struct mdev *m)
{
	int by_number = !m->rules.commands && has_node_folders(m);

	if (!m->loads && by_number) {
		walk_nodes(m);
		if (m->rules.targets)
			walk_devices(m, "class/net", "net");
		return;
	}
	walk_subsystems(m, "bus", "/devices", NULL);
	walk_subsystems(m, "class", "", by_number ? has_only_nodes : NULL);
	if (by_number)
		walk_nodes(m);
}

/* What comes after it */

// Modules, drivers and buses have events too; what they stand for comes as a device.
static int is_new_device(const struct uevent *event)
{
	return is(event, "ACTION", "add") && !strncmp(uevent_get(event, "DEVPATH"), "/devices/", 9);
}

// Returns for how long it must be quiet from now on, 0 if the event brought no device.
static int take_event(struct mdev *m, const struct uevent *event)
{
	int is_new = is_new_device(event), first = 0;

	if (is(event, "ACTION", "remove"))
		note_gone(m, uevent_get(event, "DEVPATH"));
	else if (is_new)
		first = note_there(m, event);
	else if (is(event, "ACTION", "move") && uevent_get(event, "DEVPATH_OLD")) {
		note_gone(m, uevent_get(event, "DEVPATH_OLD"));
		note_there(m, event);
	}
	// In a coldplug the walk may have been faster. Later, a second `add` is someone's wish.
	if (!is_new || first || m->settled)
		coldplug_event(m, event);
	if (!is_new)
		return 0;
	first = quiet_after(m, event);
	return first ? first : QUIET;
}

static void rescan(struct mdev *m)
{
	warn("events were lost: looking at all devices again");
	if (CONFIG_MDEV_LITE_DAEMON)
		known_remove_the_gone(m);
	walk(m);
}

int coldplug_take(struct mdev *m, int netlink)
{
	struct uevent event;
	int quiet = 0, lost = 0, result;

	while ((result = uevent_receive(netlink, &event))) {
		long long now = now_ms();
		int wanted = result > 0 ? take_event(m, &event) : QUIET;

		// When it came: what it made us do is no reason to wait longer.
		if (wanted)
			m->active = now;

		if (result < 0 && errno != ENOBUFS)
			break;
		lost |= result < 0;
		quiet = wanted > quiet ? wanted : quiet;
	}
	// Not before: what waited may be about devices that are gone by now.
	if (lost)
		rescan(m);
	return quiet;
}

// Waits until there is an event or `ms` have passed.
static int wait_event(int netlink, int ms)
{
	struct pollfd p = { .fd = netlink, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

// Loads what is wanted and takes the events that it causes, until nothing is wanted.
static int load_wanted(struct mdev *m, int netlink)
{
	int quiet = coldplug_take(m, netlink);
	unsigned inserted = modules_inserted();

	while (modules_load_next(netlink)) {
		int wanted;

		if (inserted != modules_inserted())
			m->active = now_ms();
		inserted = modules_inserted();
		wanted = coldplug_take(m, netlink);
		quiet = wanted > quiet ? wanted : quiet;
	}
	return quiet;
}

// Without the kernel's messages: looks again until nothing more is loaded.
static void settle_by_walking(struct mdev *m)
{
	unsigned inserted;

	do {
		inserted = modules_inserted();
		while (modules_load_next(-1))
			;
		walk(m);
	} while (inserted != modules_inserted());
}

static void settle(struct mdev *m, int netlink)
{
	int quiet = load_wanted(m, netlink);
	long long start = now_ms(), until;

	quiet = m->quiet > quiet ? m->quiet : quiet;
	// Nothing inserted and nothing heard: nothing can follow.
	if (!quiet && !modules_inserted())
		return;
	until = (m->active ? m->active : start) + (quiet ? quiet : QUIET);
	for (long long now = start; now < until && now < start + LIMIT; now = now_ms()) {
		unsigned inserted = modules_inserted();

		if (!wait_event(netlink, until - now))
			break;
		quiet = load_wanted(m, netlink);
		if (quiet && until < m->active + quiet)
			until = m->active + quiet;
		if (inserted != modules_inserted())
			start = now_ms();
	}
}

void coldplug(struct mdev *m, int netlink)
{
	m->loads = CONFIG_MDEV_LITE_MODULES && !modules_open(m, LOG_NOTICE);
	trace_step("walk");
	if (CONFIG_MDEV_LITE_DISKS)
		disk_prune(m);
	walk(m);
	trace_step("static-nodes");
	static_nodes(m);
	if (CONFIG_MDEV_LITE_MODULES && m->loads) {
		trace_step("modules");
		modules_want_configured(m);
		netlink < 0 ? settle_by_walking(m) : settle(m, netlink);
		modules_rest(m->stays);
	}
	m->settled = 1;
	trace_step(NULL);
}

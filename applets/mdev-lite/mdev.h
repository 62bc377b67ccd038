// SPDX-License-Identifier: MIT
// mdev.h - the rooms of mdev-lite and what they share
#pragma once
#include <dirent.h>
#include "log.h"
#include "rules.h"
#include "set.h"
#include "uevent.h"

enum { TIMEOUT = 60 * 1000 };	// ms

struct mdev {
	const char *root;	// before /sys, /dev, /etc and /lib/modules: "", or what --root says
	const char *file;	// mdev.conf
	int sys, dev;		// /sys and /dev, opened
	struct rules rules;
	struct set seen;	// DEVPATHs of devices that the walk of /sys found
	int loads;		// there are modules to load
	int quiet;		// ms that devices found by the walk may take to bring others
	long long active;	// ms since boot when a device came or a module was inserted last
	int settled;		// the coldplug is over
	int stays;		// a daemon: what it has dealt with, it has to undo
	struct set links;	// names in /dev/disk and /dev/mapper that a device was given
	struct set contested;	// those of them that another device would have liked
	int timeout;		// ms that a command or the insertion of a module may take
	unsigned refused;	// device names that lead out of /dev
};

/* mdev_lite.c */
// Opens /sys and /dev, goes to /dev, reads mdev.conf. Returns 0, or -1 having said why.
int mdev_open(struct mdev *m);
// Path below m->root, in a static buffer that the next call overwrites; "" where it does not fit.
const char *mdev_path(const struct mdev *m, const char *path);
// (Re)reads mdev.conf. Returns 0, or -1 where there is one that cannot be read: the old rules stay.
int mdev_configure(struct mdev *m);

// The lines of a file, each cut off. One with a NUL byte is reported and left out.
struct lines {
	const char *file;
	char *next, *text;
	size_t length;
	unsigned number;
};
// Returns 0, or -1 with errno. lines->text is for free(3).
int lines_open(struct lines *lines, const char *file);
char *lines_next(struct lines *lines);

/* device.c - what one event asks for: node, owner, mode, move, link, interface name, commands */
void device_apply(struct mdev *m, const struct uevent *event);
// A node that opening loads the module of: made by the rules, without their commands.
void device_static(struct mdev *m, const struct uevent *event, unsigned mode);

// Runs `command` by /bin/sh. Returns its exit code, 0 in a dry run, -1 with errno where it did not start, -ETIME where it was
// killed after `timeout` ms.
int shell_run(const char *command, char **env, int timeout);

// Where the rules want the node of a device. Returns its length, or -1.
int device_path(struct mdev *m, const struct uevent *event, char *path, size_t size);
// Whether no folder on the way to `path` is a link, which might lead out of /dev, or missing.
int is_in_dev(const struct mdev *m, const char *path);
// A link at `name` that leads to `path`, both below /dev, in the place of what is there. Returns 0 or -1.
int place_link(const struct mdev *m, const char *name, const char *path);

/* disks.c - /dev/disk/by-* and /dev/mapper; left out without CONFIG_MDEV_LITE_DISKS */
// The names of the block device whose node is at `path`; what it had before goes, unless it is new.
void disk_add(struct mdev *m, const struct uevent *event, const char *path);
void disk_remove(struct mdev *m, const char *path);
// Takes away what leads nowhere.
void disk_prune(struct mdev *m);

/* static.c - modules.devname: nodes for modules that nobody asked for yet */
void static_nodes(struct mdev *m);

/* coldplug.c - all devices that are there */
// A folder and its entries, but those that begin with a dot. NULL, 0 where there is none.
DIR *folder_open(int dirfd, const char *path);
int folder_next(DIR *dir, const char **name);
// One walk; then, with modules, what they bring, until no new device appears. `netlink` was opened before.
void coldplug(struct mdev *m, int netlink);
// Takes all events that wait. Returns for how many ms from now on it must be quiet before there are no
// more new devices to wait for, 0 where none came.
int coldplug_take(struct mdev *m, int netlink);
// A device came or changed: its node, and its module later.
void coldplug_event(struct mdev *m, const struct uevent *event);

/* modules.c - libkmod; calls to it are left out of the program without CONFIG_MDEV_LITE_MODULES */
// Returns 0, or -1 where there are no modules for this kernel, which it says at `level`.
int modules_open(const struct mdev *m, enum log_level level);
// Remembers an alias (or name) for modules_load; one that was asked for before is not looked at again.
void modules_want(const char *alias);
// /etc/modules-load.d and modules-load= on the kernel command line.
void modules_want_configured(const struct mdev *m);
// Loads the modules of the next alias that is wanted, or has workers do it. When no alias is left, waits until a worker
// has finished or `netlink` (if not -1) has something to say. Returns 0 when there is nothing more to do.
int modules_load_next(int netlink);
// How many were inserted so far, by us.
unsigned modules_inserted(void);
// The module index may have been replaced since (a daemon lives long).
void modules_refresh(const struct mdev *m);
// The end of a burst: the workers end, and what could not be loaded is said in one line. With `forgets`, what is asked
// for again later is looked at again: a module may have been removed since.
void modules_rest(int forgets);
// Loads what `alias` names. Returns 0 if at least one such module is there now, else -1. An unknown
// name is no warning: what is built in may have none.
int modules_load(const char *alias);

/* helper.c - the event in the environment */
int helper_run(struct mdev *m);

/* known.c - what a daemon has dealt with */
void known_add(const struct mdev *m, const struct uevent *event);
void known_forget(const char *devpath);
// A made-up `remove` for each that /sys no longer has.
void known_remove_the_gone(struct mdev *m);

/* daemon.c */
// Handles events until SIGTERM, which removes the pid file (or NULL) and exits. Returns where that cannot be.
int daemon_run(struct mdev *m, int netlink, const char *pid_file);

/* check.c */
int check_file(const struct mdev *m, const char *file);
int check_device(struct mdev *m, const char *devpath);

/* probe.c */
// Prints what is on a disk or in an image: TYPE=, UUID=, LABEL=.
int probe_file(const char *file);

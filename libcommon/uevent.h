// SPDX-License-Identifier: MIT
// uevent.h - what the kernel says about devices: by netlink, in /sys, in a hotplug helper's environment
//
// Format and keys: lib/kobject_uevent.c and Documentation/ABI/testing/sysfs-uevent of the kernel.
#pragma once
#include <stddef.h>

// The kernel's own limits are 2048 bytes and 64 variables a message (include/linux/kobject.h).
enum { UEVENT_SIZE = 8192, UEVENT_VARIABLES = 72 };

struct uevent {
	char text[UEVENT_SIZE];
	char *env[UEVENT_VARIABLES + 1];	// KEY=value in text; NULL-terminated, as execve(2) takes it
	unsigned count;
};

// Takes a message of `length` bytes in event->text apart: "ACTION@DEVPATH", then KEY=value, each with
// its 0. Returns 0, or -1 (EBADMSG) where it is none: ACTION or DEVPATH missing or not as its first
// line has it, something that is no KEY=value, control characters in what becomes a path.
int uevent_parse(struct uevent *event, size_t length);

// The value of `key`, or NULL.
const char *uevent_get(const struct uevent *event, const char *key);
// The same as a number; -1 where there is none.
int uevent_number(const struct uevent *event, const char *key);

// Starts an event, and adds to one that is started so or parsed; -1 (EOVERFLOW) where it does not fit.
int uevent_begin(struct uevent *event, const char *action, const char *devpath);
int uevent_add(struct uevent *event, const char *key, const char *value);

// The `add` event of a device that is there: `path` below the folder `sysfd` (an opened /sys) names
// it, e.g. class/net/eth0 or devices/...; `subsystem` may be NULL: it is looked up. Returns 0, or -1 with errno.
int uevent_read(int sysfd, const char *path, const char *subsystem, struct uevent *event);

// The event in the environment of a hotplug helper. Returns 0, or -1 (EBADMSG) where there is none.
int uevent_from_environment(struct uevent *event, char *const *environment);

// A socket on which the kernel's messages arrive, never blocking, with a buffer of 16 MiB (if we may).
// Returns it, or -1 with errno.
int uevent_open(void);

// The next message that the kernel sent. Returns 1, 0 where none is waiting, or -1 with errno: ENOBUFS
// means that some were lost. Messages of anyone else, and those that do not parse, are left out and counted.
int uevent_receive(int fd, struct uevent *event);
unsigned uevent_refused(void);

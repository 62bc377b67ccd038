// SPDX-License-Identifier: MIT
// disks.h - names of block devices that stay the same: links in /dev/disk/by-* and /dev/mapper
#pragma once
#include "mdev.h"

enum { DISK_NAMES = 24, DISK_PATH = 1024 };

// The names that one device should have, below /dev: "disk/by-uuid/...".
struct names {
	unsigned count;
	size_t length;
	const char *name[DISK_NAMES];
	char text[4096];
};
// One that does not fit, or leads out of its folder, is left out.
void names_add(struct names *names, const char *format, ...) __attribute__((format(printf, 2, 3)));

// What has to be known of a block device for its names.
struct disk {
	const struct mdev *m;
	const struct uevent *event;
	char sys[DISK_PATH];	// its folder below /sys; a partition has its disk's
	const char *name;	// the last part of that: sda
	int partition;		// 0: the whole disk
	char part[16];		// "-part1" or ""
	char model[64], serial[64], wwn[48];	// of an ATA disk, as it says itself (HDIO_GET_IDENTITY)
};

// The text of a file in the folder `sys` + `below`, or "" where there is none.
const char *disk_attribute(const struct disk *disk, const char *below, char *text, size_t size);

// HOST:CHANNEL:TARGET:LUN at the start of `text`, as SCSI devices are called. Returns 0 or -1.
struct address {
	int host, channel, target, lun;
};
int disk_address(const char *text, struct address *address);

/* ids.c - by-id: model and serial number, or what a bus has instead */
void names_by_id(struct names *names, const struct disk *disk);

/* paths.c - by-path: where it is plugged in */
void names_by_path(struct names *names, const struct disk *disk);

// SPDX-License-Identifier: MIT
// disks - names of block devices that stay the same: links in /dev/disk/by-* and /dev/mapper
//
// The links that are there are the only memory: which of them are a device's own is read from where they lead, so the
// helper, which lives for one event, can take them away as well as the daemon. Of two devices that want the same name
// the first keeps it as long as it is there.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/cdrom.h>
#include <linux/hdreg.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include "disks.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "signatures.h"

enum { PROBE_TIMEOUT = 5 * 1000 };	// ms that a daemon waits for a disk to be read

static const char *const folders[] = { "disk/by-id", "disk/by-uuid", "disk/by-label", "disk/by-partuuid", "disk/by-partlabel",
				       "disk/by-path", "mapper", NULL };

// Kinds of devices that have names; others are floppies (slow), RAM disks, flash without a disk's layer ...
static const char *const kinds[] = { "sd", "vd", "nvme", "mmcblk", "sr", "dm-", "md", "xvd", "loop", "nbd", "pmem", "ubd", "zd",
				     "bcache", "dasd", NULL };

/* Names */

void names_add(struct names *names, const char *f, ...)
{
	struct buf buf = { .text = names->text + names->length, .size = sizeof names->text - names->length };
	va_list args;

	if (names->count == DISK_NAMES || buf.size < 2)
		return;
	va_start(args, f);
	buf_vformat(&buf, f, args);
	va_end(args);
	// A last part beyond 255 bytes no file system takes.
	if (buf.truncated || !path_is_inside(buf.text) || strlen(strrchr(buf.text, '/')) > 256)
		return;
	names->name[names->count++] = buf.text;
	names->length += buf.length + 1;
}

static int has_name(const struct names *names, const char *name)
{
	for (unsigned i = 0; names && i < names->count; i++)
		if (!strcmp(names->name[i], name))
			return 1;
	return 0;
}

const char *disk_attribute(const struct disk *disk, const char *below, char *text, size_t size)
{
	char file[DISK_PATH + 128];

	*text = 0;
	if (format_path(file, "%s%s", disk->sys, below) > 0 && read_line_at(disk->m->sys, file, text, size) < 0)
		*text = 0;
	return text;
}

int disk_address(const char *text, struct address *address)
{
	int *const number[] = { &address->host, &address->channel, &address->target, &address->lun };

	for (int i = 0; i < 4; i++) {
		char *end;

		if (*text < '0' || *text > '9')
			return -1;
		*number[i] = strtol(text, &end, 10);
		if (i < 3 && *end++ != ':')
			return -1;
		text = end;
	}
	return 0;
}

/* What a device is */

static int is_kind(const char *name)
{
	for (const char *const *kind = kinds; *kind; kind++)
		if (!strncmp(name, *kind, strlen(*kind)))
			return 1;
	return 0;
}

// Returns -1 for what gets no names.
static int disk_from(struct disk *disk, const struct mdev *m, const struct uevent *event)
{
	const char *devpath = uevent_get(event, "DEVPATH"), *type = uevent_get(event, "DEVTYPE");
	char *slash;

	*disk = (struct disk){ .m = m, .event = event };
	if (format_path(disk->sys, "%s", devpath + 1) < 0 || !(slash = strrchr(disk->sys, '/')))
		return -1;
	if (type && !strcmp(type, "partition")) {
		disk->partition = uevent_number(event, "PARTN");
		*slash = 0;
		slash = strrchr(disk->sys, '/');
		if (!slash || disk->partition < 1)
			return -1;
		format_path(disk->part, "-part%d", disk->partition);
	}
	disk->name = slash + 1;
	// An eMMC's boot partitions and the like are disks of their own, with nothing that names them.
	return !is_kind(disk->name) || (!strncmp(disk->name, "mmcblk", 6) && strpbrk(disk->name + 6, "br")) ? -1 : 0;
}

/* What is on it: all that has to open it */

struct found {
	struct signature content, partition;
	char model[64], serial[64], wwn[48];
};

// Returns a descriptor of the node of this number, or -1.
static int open_node(const struct mdev *m, const char *path, unsigned major, unsigned minor)
{
	// A drive without a medium opens at once so, and keeps its tray as it is.
	int fd = openat(m->dev, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && S_ISBLK(st.st_mode) && st.st_rdev == makedev(major, minor))
		return fd;
	fd_close(&fd);
	return -1;
}

// The whole disk's node, wherever the rules have put it.
static int open_disk(const struct disk *disk)
{
	struct uevent event;
	char path[DISK_PATH];

	if (uevent_read(disk->m->sys, disk->sys, "block", &event) < 0
	    || device_path((struct mdev *)disk->m, &event, path, sizeof path) < 0)
		return -1;
	return open_node(disk->m, path, uevent_number(&event, "MAJOR"), uevent_number(&event, "MINOR"));
}

// ATA strings are padded with blanks on either side; the kernel has put their bytes in order.
static void identity_text(char *out, size_t size, const void *field, size_t length)
{
	size_t n = strnlen(field, length);

	format(out, size, "%.*s", (int)n, (const char *)field);
}

// IDENTIFY DEVICE as the kernel keeps it (ACS-3, 7.12): the World Wide Name is in words 108 to 111, where bit 8 of word 87 is
// set and bits 15 and 14 say that the word is valid.
static void read_identity(int fd, struct found *found)
{
	struct hd_driveid id;
	const unsigned short *word = (const void *)&id;
	struct buf wwn = BUF(found->wwn);

	if (ioctl(fd, HDIO_GET_IDENTITY, &id) < 0)
		return;
	identity_text(found->model, sizeof found->model, id.model, sizeof id.model);
	identity_text(found->serial, sizeof found->serial, id.serial_no, sizeof id.serial_no);
	if ((word[87] & 0xc100) == 0x4100)
		for (int i = 108; i < 112; i++)
			buf_format(&wwn, "%04x", word[i]);
}

// An empty drive, and a disc without data, would have the kernel complain of each block that we try to read; its size says
// nothing of that.
static int has_data(const struct disk *disk, int fd)
{
	int drive, disc;

	if (strncmp(disk->name, "sr", 2))
		return 1;
	drive = ioctl(fd, CDROM_DRIVE_STATUS, CDSL_CURRENT);
	disc = drive < 0 || drive == CDS_NO_INFO || drive == CDS_DISC_OK ? ioctl(fd, CDROM_DISC_STATUS) : CDS_NO_DISC;
	return disc < 0 || (disc >= CDS_DATA_1 && disc <= CDS_MIXED);
}

static uint64_t number_of(const struct disk *disk, const char *below)
{
	char text[32];

	return strtoull(disk_attribute(disk, below, text, sizeof text), NULL, 10);
}

static void read_partition(const struct disk *disk, int fd, struct found *found)
{
	const char *own = strrchr(uevent_get(disk->event, "DEVPATH"), '/');
	struct medium medium;
	char start[64];

	if (format_path(start, "%s/start", own) < 0)
		return;
	medium_of_fd(&medium, fd);
	partition_read(&medium, number_of(disk, "/queue/logical_block_size"), disk->partition, number_of(disk, start) * 512,
		       &found->partition);
}

static void read_found(const struct disk *disk, const char *path, struct found *found)
{
	cleanup_fd int fd = open_node(disk->m, path, uevent_number(disk->event, "MAJOR"), uevent_number(disk->event, "MINOR"));
	cleanup_fd int whole = disk->partition ? open_disk(disk) : -1;
	struct medium medium;

	*found = (struct found){ .model = "" };
	if (fd >= 0 && CONFIG_MDEV_LITE_SIGNATURES && has_data(disk, fd)) {
		medium_of_fd(&medium, fd);
		signature_read(&medium, &found->content);
	}
	if (whole >= 0 && CONFIG_MDEV_LITE_SIGNATURES)
		read_partition(disk, whole, found);
	if (!strncmp(disk->name, "sd", 2) || !strncmp(disk->name, "sr", 2))
		read_identity(disk->partition ? whole : fd, found);
}

// Without a medium, a table or a file there is nothing to read; a suspended device would not answer.
static int is_readable(const struct disk *disk)
{
	return number_of(disk, "/size") && (strncmp(disk->name, "dm-", 3) || !number_of(disk, "/dm/suspended"));
}

// A daemon does not wait for a disk that never answers: a child reads it.
static void read_within(const struct disk *disk, const char *path, struct found *found)
{
	static pid_t late;
	int ends[2];
	struct pollfd p = { .events = POLLIN };
	pid_t pid;

	if (late > 0 && waitpid(late, NULL, WNOHANG))
		late = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (!pid) {
		read_found(disk, path, found);
		(void)!write_all(ends[1], found, sizeof *found);
		_exit(0);
	}
	close(ends[1]);
	p.fd = ends[0];
	if (pid > 0 && poll(&p, 1, PROBE_TIMEOUT) == 1) {
		// It is one write, below PIPE_BUF: whole or not at all.
		if (read(ends[0], found, sizeof *found) != sizeof *found)
			*found = (struct found){ .model = "" };
		waitpid(pid, NULL, 0);
	} else if (pid > 0) {
		warn("%s: not read within %d s", path, PROBE_TIMEOUT / 1000);
		kill(pid, SIGKILL);
		late = pid;
	}
	close(ends[0]);
}

/* All names of one device */

static void names_of_content(struct names *names, const struct found *found)
{
	_Static_assert(sizeof *found <= 4096, "one write to a pipe");
	if (*found->content.uuid)
		names_add(names, "disk/by-uuid/%s", found->content.uuid);
	if (*found->content.label)
		names_add(names, "disk/by-label/%s", found->content.label);
	if (*found->partition.uuid)
		names_add(names, "disk/by-partuuid/%s", found->partition.uuid);
	if (*found->partition.label)
		names_add(names, "disk/by-partlabel/%s", found->partition.label);
}

static void collect(struct names *names, struct disk *disk, const char *path)
{
	struct found found = { .model = "" };
	char name[128];

	if (is_readable(disk))
		disk->m->stays ? read_within(disk, path, &found) : read_found(disk, path, &found);
	format_path(disk->model, "%s", found.model);
	format_path(disk->serial, "%s", found.serial);
	format_path(disk->wwn, "%s", found.wwn);
	if (*disk_attribute(disk, "/dm/name", name, sizeof name) && !disk->partition)
		names_add(names, "mapper/%s", name);
	names_by_id(names, disk);
	names_by_path(names, disk);
	names_of_content(names, &found);
}

/* Links */

// The device that has the name already, if another one that is there.
static int is_taken(struct mdev *m, const char *name, dev_t number)
{
	struct stat st;

	if (fstatat(m->dev, name, &st, 0) < 0)
		return 0;
	// A node in the place of a link: libdevmapper makes such without udev.
	if (S_ISBLK(st.st_mode) && st.st_rdev == number)
		return !fstatat(m->dev, name, &st, AT_SYMLINK_NOFOLLOW) && !S_ISLNK(st.st_mode);
	return set_has(&m->links, name) || !S_ISBLK(st.st_mode);
}

// Does the link `name` lead to `path`?
static int leads_to(const struct mdev *m, const char *name, const char *path)
{
	char text[DISK_PATH];
	const char *from = text;
	ssize_t length = readlinkat(m->dev, name, text, sizeof text - 1);

	if (length < 0)
		return 0;
	text[length] = 0;
	while (!strncmp(from, "../", 3))
		from += 3;
	return from > text && !strcmp(from, path);
}

// Calls `step` for each link in the folders.
static void for_each_link(struct mdev *m, void (*step)(struct mdev *, const char *, void *), void *argument)
{
	for (const char *const *folder = folders; *folder; folder++) {
		char name[DISK_PATH];
		struct dirent *entry;
		DIR *dir;

		format_path(name, "%s/", *folder);
		dir = is_in_dev(m, name) ? folder_open(m->dev, *folder) : NULL;
		while (dir && (entry = readdir(dir))) {
			if (entry->d_type == DT_LNK && format_path(name, "%s/%s", *folder, entry->d_name) > 0)
				step(m, name, argument);
		}
		if (dir)
			closedir(dir);
	}
}

struct own {
	const char *path;
	const struct names *names;
	int contested;
};

static void remove_old(struct mdev *m, const char *name, void *argument)
{
	struct own *own = argument;

	if (has_name(own->names, name) || !leads_to(m, name, own->path))
		return;
	allowing(ENOENT, sys_unlink(m->dev, name, 0));
	set_remove(&m->links, name);
	own->contested |= set_has(&m->contested, name);
	set_remove(&m->contested, name);
}

static void remove_dangling(struct mdev *m, const char *name, void *argument)
{
	struct stat st;

	(void)argument;
	if (fstatat(m->dev, name, &st, 0) < 0 && errno == ENOENT)
		allowing(ENOENT, sys_unlink(m->dev, name, 0));
}

// The names that `path` had and `names` (or NULL) has not. What another disk wanted is its own then.
static void take_names(struct mdev *m, const char *path, const struct names *names)
{
	struct own own = { path, names, 0 };
	const char *name;
	DIR *dir;

	for_each_link(m, remove_old, &own);
	dir = own.contested ? folder_open(m->sys, "class/block") : NULL;
	while (dir && folder_next(dir, &name)) {
		char file[DISK_PATH], node[DISK_PATH];
		struct uevent event;

		if (format_path(file, "class/block/%s", name) > 0 && !uevent_read(m->sys, file, "block", &event)
		    && device_path(m, &event, node, sizeof node) > 0)
			disk_add(m, &event, node);
	}
	if (dir)
		closedir(dir);
}

void disk_add(struct mdev *m, const struct uevent *event, const char *path)
{
	struct names names = { .count = 0 };
	dev_t number = makedev(uevent_number(event, "MAJOR"), uevent_number(event, "MINOR"));
	struct disk disk;

	if (disk_from(&disk, m, event) < 0)
		return;
	collect(&names, &disk, path);
	if (strcmp(uevent_get(event, "ACTION"), "add"))
		take_names(m, path, &names);
	for (unsigned i = 0; i < names.count; i++)
		if (is_taken(m, names.name[i], number))
			set_add(&m->contested, names.name[i]);
		else if (!place_link(m, names.name[i], path))
			set_add(&m->links, names.name[i]);
}

void disk_remove(struct mdev *m, const char *path)
{
	take_names(m, path, NULL);
}

void disk_prune(struct mdev *m)
{
	for_each_link(m, remove_dangling, NULL);
}

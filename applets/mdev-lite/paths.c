// SPDX-License-Identifier: MIT
// paths - /dev/disk/by-path: where a disk is plugged in, in udev's words: pci-0000:00:1f.2-ata-1
//
// DEVPATH is read from its end. Each bus adds its word in front of what is there; then what is above it on the
// same bus (bridges, hubs) is passed over.

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "disks.h"
#include "fmt.h"

struct path {
	char text[256], compatible[256];	// the second in an older form, for ATA
	int transport;				// it says more than "on this machine"
};

static void prepend(char *text, size_t size, const char *word)
{
	char old[256];

	format_path(old, "%s", text);
	if (format(text, size, "%s%s%s", word, *old ? "-" : "", old) < 0)
		*text = 0;
}

static void add(struct path *path, const char *word)
{
	prepend(path->text, sizeof path->text, word);
	if (*path->compatible)
		prepend(path->compatible, sizeof path->compatible, word);
}

// Cuts the last part off. Returns 0 when nothing is left.
static int go_up(char *folder)
{
	char *slash = strrchr(folder, '/');

	if (!slash)
		return 0;
	*slash = 0;
	return 1;
}

static int subsystem_of(const struct mdev *m, const char *folder, char *name, size_t size)
{
	char file[DISK_PATH + 16], link[512];
	ssize_t length = -1;
	const char *slash;

	if (format_path(file, "%s/subsystem", folder) > 0)
		length = readlinkat(m->sys, file, link, sizeof link - 1);
	*name = 0;
	if (length < 0)
		return -1;
	link[length] = 0;
	slash = strrchr(link, '/');
	return format(name, size, "%s", slash ? slash + 1 : link);
}

static int is_on(const struct mdev *m, const char *folder, const char *bus)
{
	char name[64];

	return subsystem_of(m, folder, name, sizeof name) > 0 && !strcmp(name, bus);
}

static const char *own_name(const char *folder)
{
	const char *slash = strrchr(folder, '/');

	return slash ? slash + 1 : folder;
}

// Leaves `folder` at the topmost of the devices above that are on the same bus.
static void pass_over(const struct mdev *m, char *folder, const char *bus)
{
	char up[DISK_PATH];

	format_path(up, "%s", folder);
	while (go_up(up))
		if (is_on(m, up, bus))
			format(folder, DISK_PATH, "%s", up);
}

// Numbers of hosts depend on who was first: counted from the lowest at the same adapter.
static int lowest_host(const struct mdev *m, const char *adapter)
{
	DIR *dir = folder_open(m->sys, adapter);
	const char *name;
	int lowest = -1;

	while (dir && folder_next(dir, &name)) {
		int host = !strncmp(name, "host", 4) ? atoi(name + 4) : -1;

		if (host >= 0 && (lowest < 0 || host < lowest))
			lowest = host;
	}
	if (dir)
		closedir(dir);
	return lowest;
}

// ata1 has the number of the port in ata_port/ata1/port_no.
static void add_ata(const struct disk *disk, struct path *path, const char *folder, const struct address *a)
{
	char file[DISK_PATH], port[16], word[64];
	struct disk there = { .m = disk->m };
	const char *end = strstr(folder, "/host");
	const char *ata = end;

	while (ata > folder && ata[-1] != '/')
		ata--;
	if (format_path(file, "/ata_port/%.*s/port_no", (int)(end - ata), ata) < 0
	    || format_path(there.sys, "%.*s", (int)(end - folder), folder) < 0
	    || !*disk_attribute(&there, file, port, sizeof port))
		return;
	format_path(word, "ata-%s", port);
	format_path(path->compatible, "%s", path->text);
	prepend(path->compatible, sizeof path->compatible, word);
	// Behind a port multiplier the channel counts, else master and slave.
	if (a->channel)
		format_path(word, "ata-%s.%d.0", port, a->channel);
	else
		format_path(word, "ata-%s.%d", port, a->target);
	prepend(path->text, sizeof path->text, word);
	path->transport = 1;
}

// .../ADAPTER/[ata1/]host0/target0:0:0/0:0:0:0
static void add_scsi(const struct disk *disk, struct path *path, char *folder)
{
	struct address a;
	char word[64], *end;

	if (disk_address(own_name(folder), &a) < 0 || !(end = strstr(folder, "/host")))
		return;
	if (strstr(folder, "/ata")) {
		add_ata(disk, path, folder, &a);
	} else {
		*end = 0;
		format_path(word, "scsi-%d:%d:%d:%d", a.host - lowest_host(disk->m, folder), a.channel, a.target, a.lun);
		*end = '/';
		add(path, word);
		path->transport = 1;
	}
	end[strcspn(end + 1, "/") + 1] = 0;	// the adapter is next
}

// usb1/1-2/1-2:1.0: the port and the interface
static void add_usb(struct path *path, const char *folder)
{
	const char *port = strchr(own_name(folder), '-');
	char word[64];

	if (!port || format_path(word, "usb-0:%s", port + 1) < 0)
		return;
	add(path, word);
	path->transport = 1;
}

static void add_nvme(const struct disk *disk, struct path *path)
{
	char id[16], word[32];

	if (!*disk_attribute(disk, "/nsid", id, sizeof id) || format_path(word, "nvme-%s", id) < 0)
		return;
	add(path, word);
	path->transport = 1;
}

static void add_device(const struct disk *disk, struct path *path, char *folder)
{
	char bus[64], word[128];

	if (subsystem_of(disk->m, folder, bus, sizeof bus) < 0)
		return;
	if (!strcmp(bus, "scsi")) {
		add_scsi(disk, path, folder);
	} else if (!strcmp(bus, "usb")) {
		add_usb(path, folder);
		pass_over(disk->m, folder, bus);
	} else if (!strcmp(bus, "pci") || !strcmp(bus, "platform") || !strcmp(bus, "acpi") || !strcmp(bus, "xen")
		   || !strcmp(bus, "ccw")) {
		format_path(word, "%s-%s", bus, own_name(folder));
		add(path, word);
		pass_over(disk->m, folder, bus);
		path->transport = 1;
	} else if (!strcmp(bus, "virtio")) {
		pass_over(disk->m, folder, bus);
	}
}

void names_by_path(struct names *names, const struct disk *disk)
{
	struct path path = { .transport = 0 };
	char folder[DISK_PATH];

	if (strstr(disk->sys, "devices/virtual/"))
		return;
	format_path(folder, "%s", disk->sys);
	if (!strncmp(disk->name, "nvme", 4))
		add_nvme(disk, &path);
	while (go_up(folder))
		add_device(disk, &path, folder);
	if (!path.transport || !*path.text)
		return;
	names_add(names, "disk/by-path/%s%s", path.text, disk->part);
	if (*path.compatible)
		names_add(names, "disk/by-path/%s%s", path.compatible, disk->part);
	if (!strncmp(disk->name, "vd", 2) && !strncmp(path.text, "pci-", 4))
		names_add(names, "disk/by-path/virtio-%s%s", path.text, disk->part);
}

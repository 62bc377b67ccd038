// SPDX-License-Identifier: MIT
// ids - /dev/disk/by-id: model and serial number, or what a bus has instead, in udev's words
//
// All of it is from /sys, where the kernel keeps what it asked the disk for (but an ATA disk's identity, which
// comes by ioctl): no disk is woken.

#include <fcntl.h>
#include <string.h>
#include "disks.h"
#include "fd.h"
#include "fmt.h"

enum { ID = 128 };

// Blanks become one '_' each run, none at the ends; what is not safe in a name is '_'. libdevmapper writes it as \xNN.
static const char *clean(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int blank = strchr(" \t\n", *from) != NULL;
		int plain = (*from >= '0' && *from <= '9') || (*from >= 'a' && *from <= 'z') || (*from >= 'A' && *from <= 'Z')
			|| strchr("#+-.:=@_", *from) || (unsigned char)*from >= 0x80 || (*from == '\\' && from[1] == 'x');

		if (blank && (to == text || strchr(" \t\n", from[1]) || !from[1]))
			continue;
		*to++ = plain ? *from : '_';
	}
	*to = 0;
	return text;
}

static const char *attribute(const struct disk *disk, const char *below, char text[ID])
{
	disk_attribute(disk, below, text, ID);
	return clean(text);
}

/* NVMe, virtio, MMC, device mapper */

static void nvme(struct names *names, const struct disk *disk)
{
	char wwid[ID], model[ID], serial[ID], id[ID];

	if (*attribute(disk, "/wwid", wwid))
		names_add(names, "disk/by-id/nvme-%s%s", wwid, disk->part);
	// The controller's folder holds the disk's.
	if (!*attribute(disk, "/../model", model) || !*attribute(disk, "/../serial", serial))
		return;
	names_add(names, "disk/by-id/nvme-%s_%s%s", model, serial, disk->part);
	if (*attribute(disk, "/nsid", id))
		names_add(names, "disk/by-id/nvme-%s_%s_%s%s", model, serial, id, disk->part);
}

static void virtio(struct names *names, const struct disk *disk)
{
	char serial[ID];

	if (*attribute(disk, "/serial", serial))
		names_add(names, "disk/by-id/virtio-%s%s", serial, disk->part);
}

static void mmc(struct names *names, const struct disk *disk)
{
	char name[ID], serial[ID];

	if (*attribute(disk, "/../../name", name) && *attribute(disk, "/../../serial", serial))
		names_add(names, "disk/by-id/mmc-%s_%s%s", name, serial, disk->part);
}

static void device_mapper(struct names *names, const struct disk *disk)
{
	char name[ID], uuid[ID];

	if (*attribute(disk, "/dm/name", name))
		names_add(names, "disk/by-id/dm-name-%s", name);
	if (*attribute(disk, "/dm/uuid", uuid))
		names_add(names, "disk/by-id/dm-uuid-%s", uuid);
}

/* SCSI, and what looks like it: ATA, USB */

// The folder of the USB device that the disk is a part of: the nearest above with a vendor's number. In *folder.
static int find_usb(const struct disk *disk, struct disk *usb)
{
	char id[ID], *slash;

	*usb = *disk;
	if (!strstr(usb->sys, "/usb"))
		return -1;
	while ((slash = strrchr(usb->sys, '/'))) {
		*slash = 0;
		if (*disk_attribute(usb, "/idVendor", id, sizeof id))
			return 0;
	}
	return -1;
}

static int usb(struct names *names, const struct disk *disk)
{
	struct disk device;
	char vendor[ID], model[ID], serial[ID];
	const char *address = strstr(disk->sys, "/block/");
	struct address a;

	if (!address || find_usb(disk, &device) < 0)
		return -1;
	while (address > disk->sys && address[-1] != '/')
		address--;
	attribute(disk, "/../../vendor", vendor);
	attribute(disk, "/../../model", model);
	attribute(&device, "/serial", serial);
	if (!disk_address(address, &a))
		names_add(names, "disk/by-id/usb-%s_%s%s%s-%d:%d%s", vendor, model, *serial ? "_" : "", serial, a.target,
			  a.lun, disk->part);
	return 0;
}

// Designators of page 0x83 (SPC-4, 7.8.6): code set, association and type, 0, length, data. The most telling one of
// the logical unit counts.
struct designator {
	unsigned type, code, length;
	const unsigned char *data;
};

static int rank(const struct designator *d)
{
	enum { VENDOR, T10, EUI64, NAA };

	switch (d->type) {
	case NAA: return d->length && d->data[0] >> 4 == 6 ? 5 : 4;
	case EUI64: return 3;
	case T10: return 2;
	case VENDOR: return 1;
	default: return 0;
	}
}

static int find_designator(const unsigned char *page, size_t length, struct designator *best)
{
	*best = (struct designator){ .length = 0 };
	for (size_t at = 4; at + 4 <= length;) {
		struct designator d = { page[at + 1] & 15, page[at] & 15, page[at + 3], page + at + 4 };
		int of_unit = !(page[at + 1] & 0x30);

		at += 4 + d.length;
		if (at > length)
			break;
		if (of_unit && d.length && rank(&d) > (best->length ? rank(best) : 0))
			*best = d;
	}
	return best->length ? 0 : -1;
}

static void add_data(struct buf *out, const struct designator *d)
{
	char text[ID];
	struct buf buf = BUF(text);

	if (d->code == 1) {
		for (unsigned i = 0; i < d->length; i++)
			buf_format(out, "%02x", d->data[i]);
		return;
	}
	buf_add(&buf, (const char *)d->data, strnlen((const char *)d->data, d->length));
	buf_format(out, "%s", clean(text));
}

static void scsi(struct names *names, const struct disk *disk)
{
	unsigned char page[512];
	struct designator d;
	char file[DISK_PATH + 32], vendor[ID], model[ID], id[2 * 256 + ID];
	struct buf out = BUF(id);
	ssize_t length;

	if (format_path(file, "%s/../../vpd_pg83", disk->sys) < 0
	    || (length = read_file_at(disk->m->sys, file, (char *)page, sizeof page)) < 4
	    || find_designator(page, length, &d) < 0)
		return;
	buf_format(&out, "%u", d.type);
	// A vendor's own number is only unique with the names.
	if (!d.type) {
		disk_attribute(disk, "/../../vendor", vendor, ID);
		disk_attribute(disk, "/../../model", model, ID);
		buf_format(&out, "%s_%s_", clean(vendor), clean(model));
	}
	add_data(&out, &d);
	if (out.truncated)
		return;
	names_add(names, "disk/by-id/scsi-%s%s", id, disk->part);
	if (d.type == 3 && d.code == 1)
		names_add(names, "disk/by-id/wwn-0x%s%s", id + 1, disk->part);
}

static void ata(struct names *names, const struct disk *disk)
{
	char model[ID], serial[ID];

	format_path(model, "%s", disk->model);
	format_path(serial, "%s", disk->serial);
	clean(model);
	clean(serial);
	names_add(names, "disk/by-id/ata-%s%s%s%s", model, *serial ? "_" : "", serial, disk->part);
	if (*disk->wwn)
		names_add(names, "disk/by-id/wwn-0x%s%s", disk->wwn, disk->part);
}

static void scsi_like(struct names *names, const struct disk *disk)
{
	if (*disk->model)
		ata(names, disk);
	else if (usb(names, disk) < 0)
		scsi(names, disk);
}

void names_by_id(struct names *names, const struct disk *disk)
{
	static const struct {
		const char *prefix;
		void (*add)(struct names *, const struct disk *);
	} kinds[] = {
		{ "nvme", nvme }, { "vd", virtio }, { "mmcblk", mmc }, { "dm-", device_mapper }, { "sd", scsi_like }, { "sr", scsi_like },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strncmp(disk->name, kinds[i].prefix, strlen(kinds[i].prefix)))
			kinds[i].add(names, disk);
}

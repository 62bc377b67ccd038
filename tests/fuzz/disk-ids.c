// SPDX-License-Identifier: MIT
// disk-ids - what a disk says of itself, in files of /sys, as names in /dev/disk/by-id and by-path
// link: -Wl,--wrap=read_file_at -Wl,--wrap=read_line_at

#include "applets/mdev-lite/disks.h"
#include "fuzz.h"

static const uint8_t *input;
static size_t input_size;

// The n-th file that is asked for gets the n-th part of the input, up to an 0xff.
static ssize_t next_part(char *text, size_t size)
{
	const uint8_t *end = memchr(input, 0xff, input_size);
	size_t length = end ? (size_t)(end - input) : input_size;
	ssize_t taken = given(input, length, text, size);

	input += length + !!end;
	input_size -= length + !!end;
	return taken;
}

ssize_t __wrap_read_file_at(int dirfd, const char *path, char *text, size_t size);
ssize_t __wrap_read_file_at(int dirfd, const char *path, char *text, size_t size)
{
	(void)dirfd, (void)path;
	return next_part(text, size);
}

ssize_t __wrap_read_line_at(int dirfd, const char *path, char *text, size_t size);
ssize_t __wrap_read_line_at(int dirfd, const char *path, char *text, size_t size)
{
	(void)dirfd, (void)path;
	next_part(text, size);
	return strlen(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const disks[] = {
		"devices/pci0000:00/0000:00:04.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sda",
		"devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sr0",
		"devices/pci0000:00/0000:00:05.0/nvme/nvme0/nvme0n1", "devices/pci0000:00/0000:00:06.0/virtio3/block/vda",
		"devices/platform/mmc/mmc_host/mmc0/mmc0:0001/block/mmcblk0", "devices/virtual/block/dm-0", "sd",
	};
	static struct mdev m = { .root = "", .sys = -1, .dev = -1 };
	uint8_t *copy = malloc(size + 1);

	memcpy(copy, data, size);
	copy[size] = 0xff;
	for (size_t i = 0; i < sizeof disks / sizeof *disks; i++) {
		struct disk disk = { .m = &m, .name = strrchr(disks[i], '/') ? strrchr(disks[i], '/') + 1 : disks[i] };
		struct names names = { .count = 0 };

		snprintf(disk.sys, sizeof disk.sys, "%s", disks[i]);
		input = copy;
		input_size = size;
		names_by_id(&names, &disk);
		names_by_path(&names, &disk);
		for (unsigned n = 0; n < names.count; n++)
			must(path_is_inside(names.name[n]) && !strncmp(names.name[n], "disk/by-", 8));
	}
	free(copy);
	return 0;
}

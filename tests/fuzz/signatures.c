// SPDX-License-Identifier: MIT
// signatures - what any disk may hold, as file system, as partition table, and as name of a link
//
// A disk is mostly empty: the input fills the places that are looked at, one after another; the rest is zero.

#include "applets/mdev-lite/disks.h"
#include "applets/mdev-lite/signatures.h"
#include "fuzz.h"

enum { SIZE = 1 << 20 };

static const struct { uint64_t at, length; } places[] = {
	{ 0, 5120 },			// boot sector, GPT, ext, erofs, swap of small pages; FAT and folders of tiny file systems
	{ 8182, 10 },			// swap of 8 KiB pages
	{ 16 * 2048, 3 * 2048 },	// iso9660
	{ 65526, 700 },			// swap of 64 KiB pages, btrfs
	{ SIZE - 65536, 64 },		// md 0.90
	{ SIZE - 8192, 64 },		// md 1.0
	{ SIZE - 512, 512 },		// the other GPT
};

static int read_sparse(const struct medium *medium, uint64_t offset, void *data, size_t length)
{
	unsigned char *to = data;
	uint64_t from = 0;

	must(length <= 4096);
	if (offset > SIZE || length > SIZE - offset)
		return -1;
	memset(data, 0, length);
	for (size_t p = 0; p < sizeof places / sizeof *places; from += places[p++].length) {
		uint64_t begin = places[p].at > offset ? places[p].at : offset;
		uint64_t end = places[p].at + places[p].length < offset + length ? places[p].at + places[p].length : offset + length;
		uint64_t in = from + begin - places[p].at;

		if (begin < end && in < medium->size)
			memcpy(to + begin - offset, medium->memory + in, end - begin < medium->size - in ? end - begin : medium->size - in);
	}
	return 0;
}

static void check_text(const char *text, size_t size)
{
	must(strnlen(text, size) < size);
	for (; *text; text++)
		must((unsigned char)*text > ' ' && *text != '/' && *text != 127 && (*text != '\\' || text[1] == 'x'));
}

static void check(const struct signature *s)
{
	check_text(s->uuid, sizeof s->uuid);
	check_text(s->label, sizeof s->label);
	must(s->type || (!*s->uuid && !*s->label));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size + !size);
	struct medium medium = { .read = read_sparse, .memory = copy };
	struct signature s;
	struct names names = { .count = 0 };

	memcpy(copy, data, size);
	// The readers know a size only from here; reading is what read_sparse allows.
	medium.size = size;
	signature_read(&medium, &s);
	check(&s);
	names_add(&names, "disk/by-label/%s", s.label);
	must(!names.count || (path_is_inside(names.name[0]) && !strncmp(names.name[0], "disk/by-label/", 14)));
	for (unsigned number = 1; number < 8; number++) {
		partition_read(&medium, 512, number, number * 1024, &s);
		check(&s);
	}
	medium_of_memory(&medium, copy, size);
	signature_read(&medium, &s);
	check(&s);
	partition_read(&medium, 4096, size & 15, 4096, &s);
	check(&s);
	free(copy);
	return 0;
}

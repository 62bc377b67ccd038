// SPDX-License-Identifier: MIT
// signatures.h - what is on a disk: its file system's UUID and label, its partition table's names for a partition
//
// Everything is read through struct medium, so that a fuzzer and tests can put memory in a disk's place.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct medium {
	// All `length` bytes at `offset`. Returns 0, or -1 where they are not all there.
	int (*read)(const struct medium *medium, uint64_t offset, void *data, size_t length);
	uint64_t size;		// bytes
	int fd;
	const unsigned char *memory;	// all of it, or, with a descriptor, its first `front` bytes
	size_t front;
};

// Both as they become names of links: what is not safe in one is written \xNN, as udev does.
enum { SIGNATURE_UUID = 48, SIGNATURE_LABEL = 256 };
struct signature {
	const char *type;	// as mount(8) takes it, or "swap", "crypto_LUKS" ...; NULL: nothing known, or part of a RAID
	char uuid[SIGNATURE_UUID], label[SIGNATURE_LABEL];
};

// Read with pread(2). What most readers look at is read at once, into a buffer that the next call overwrites.
void medium_of_fd(struct medium *medium, int fd);
void medium_of_memory(struct medium *medium, const void *data, size_t size);

// What lies on `medium`. Texts are empty where there are none.
void signature_read(const struct medium *medium, struct signature *signature);

// What the partition table on `disk` (whose sectors have `sector` bytes) says of partition `number`, which begins at
// byte `start`; a table that does not agree with that is not believed. type becomes "gpt" or "dos".
void partition_read(const struct medium *disk, unsigned sector, unsigned number, uint64_t start,
		    struct signature *signature);

// Appends `text` as a link's name: letters, digits, #+-.:=@_ and good UTF-8 stay, the rest is \xNN. Returns 0, or -1
// where it does not fit; `out` has what was there before then.
int encode_name(char *out, size_t size, const char *text, size_t length);

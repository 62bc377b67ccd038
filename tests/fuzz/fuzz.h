// SPDX-License-Identifier: MIT
// fuzz.h - what a fuzz target needs: tests/fuzz/NAME.c, seeds and old findings in tests/fuzz/NAME/
//
// A target is linked with all of the suite but main.o, by clang with libFuzzer, AddressSanitizer and UBSan. Nothing that
// it calls may change the machine: the door is in a dry run, which covers all but starting programs. Where the code
// reads a file, a line `// link: -Wl,--wrap=read_file` in the target puts __wrap_read_file in its place.
#pragma once
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include "door.h"
#include "log.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What has to hold for any input.
#define must(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
		abort(); \
	} \
} while (0)

// The input as text with a 0 behind it, of exactly its size, so that one byte too far is seen; to be freed.
__attribute__((unused))
static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = 0;
	return text;
}

// The input as read_file gives it: cut to `size` - 1 bytes, 0-terminated.
__attribute__((unused))
static ssize_t given(const uint8_t *data, size_t length, char *text, size_t size)
{
	size_t taken = length < size - 1 ? length : size - 1;

	memcpy(text, data, taken);
	text[taken] = 0;
	return taken;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	log_verbosity(0);
	door_dry_run(open("/dev/null", O_WRONLY | O_CLOEXEC));
	return 0;
}

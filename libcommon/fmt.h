// SPDX-License-Identifier: MIT
// fmt.h - text into fixed buffers: no allocation, no locale, no stdio (PID 1 uses it)
#pragma once
#include <stdarg.h>
#include <stddef.h>

// What does not fit is left out and noted; the text is always 0-terminated.
struct buf {
	char *text;
	size_t size, length;
	int truncated;
};
#define BUF(array) { .text = (array), .size = sizeof(array) }

// printf's %s %.*s %d %u %o %x %c %m %% with l, ll, z, zero padding and width. Two differences: `%-s` is a
// word quoted so that a shell reads it as it was, and a width pads %s on its right.
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vformat(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void buf_add(struct buf *buf, const char *text, size_t length);

// Formats into `text`; returns its length, or -1 (ENAMETOOLONG) where it does not fit. For paths.
int format(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define format_path(array, ...) format(array, sizeof(array), __VA_ARGS__)

// Formats and writes to `fd`, at most 4 KiB a call. Returns 0 or -1 with errno of write(2).
int print(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

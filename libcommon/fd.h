// SPDX-License-Identifier: MIT
// fd.h - file descriptors: owned by a scope, read whole, written whole
#pragma once
#include <stddef.h>
#include <sys/types.h>

// `cleanup_fd int fd = open(...)`: closed when the scope is left, errno kept.
void fd_close(int *fd);
#define cleanup_fd __attribute__((cleanup(fd_close)))
// Closes all descriptors from `first` on (close_range(2); before Linux 5.9 those below 1024).
void fd_close_from(int first);
void mem_free(void *pointer_to_pointer);
#define cleanup_free __attribute__((cleanup(mem_free)))

// All of it, whatever write(2) takes at once. Returns 0, or -1 with errno.
int write_all(int fd, const void *data, size_t length);

// Up to size-1 bytes of the file at `path` below `dirfd`, 0-terminated. Returns the length, or -1 with errno.
ssize_t read_file_at(int dirfd, const char *path, char *text, size_t size);
ssize_t read_file(const char *path, char *text, size_t size);

// The same without white space at its end, as files of /proc, /sys and /etc are wanted.
ssize_t read_line_at(int dirfd, const char *path, char *text, size_t size);
ssize_t read_line(const char *path, char *text, size_t size);

// A whole file of any size up to `limit` bytes, in memory that the caller frees; NULL with errno
// (EFBIG above the limit). *length may be NULL. A 0 follows the text.
char *load_fd(int fd, size_t limit, size_t *length);
char *load_file(int dirfd, const char *path, size_t limit, size_t *length);

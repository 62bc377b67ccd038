// SPDX-License-Identifier: MIT
// fd - file descriptors: owned by a scope, read whole, written whole

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fd.h"

enum { OLD_FDS = 1024 };

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

void fd_close_from(int first)
{
	if (syscall(SYS_close_range, first, ~0U, 0) < 0)
		for (int fd = first; fd < OLD_FDS; fd++)
			close(fd);
}

void mem_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

int write_all(int fd, const void *data, size_t length)
{
	const char *p = data;

	while (length) {
		ssize_t n = write(fd, p, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		length -= n;
	}
	return 0;
}

// Reads until the end or until `size` bytes are there.
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = read(fd, text + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		length += n;
	}
	return length;
}

ssize_t read_file_at(int dirfd, const char *path, char *text, size_t size)
{
	cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t length = fd < 0 ? -1 : read_all(fd, text, size - 1);

	text[length < 0 ? 0 : length] = 0;
	return length;
}

ssize_t read_file(const char *path, char *text, size_t size)
{
	return read_file_at(AT_FDCWD, path, text, size);
}

ssize_t read_line_at(int dirfd, const char *path, char *text, size_t size)
{
	ssize_t length = read_file_at(dirfd, path, text, size);

	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = 0;
	return length;
}

ssize_t read_line(const char *path, char *text, size_t size)
{
	return read_line_at(AT_FDCWD, path, text, size);
}

char *load_fd(int fd, size_t limit, size_t *length)
{
	size_t size = 4096, have = 0;
	char *text = NULL;

	for (;;) {
		char *larger = realloc(text, size);
		ssize_t n;

		if (!larger)
			break;
		text = larger;
		n = read_all(fd, text + have, size - have - 1);
		if (n < 0)
			break;
		have += n;
		if (have > limit) {
			errno = EFBIG;
			break;
		}
		if (have < size - 1) {
			text[have] = 0;
			if (length)
				*length = have;
			return text;
		}
		size *= 2;
	}
	free(text);
	return NULL;
}

char *load_file(int dirfd, const char *path, size_t limit, size_t *length)
{
	cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? NULL : load_fd(fd, limit, length);
}

// SPDX-License-Identifier: MIT
// gzip - reads a compressed file by zlib

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include "checkconfig.h"

static char *read_all(gzFile file, size_t limit)
{
	char *text = malloc(limit + 1);
	size_t length = 0;
	int n = 0;

	errno = ENOMEM;
	while (text && (n = gzread(file, text + length, limit - length)) > 0)
		length += n;
	if (text && !n && length < limit) {
		text[length] = 0;
		return text;
	}
	if (text)
		errno = n < 0 ? EILSEQ : EFBIG;
	free(text);
	return NULL;
}

char *gzip_load(int fd, size_t limit)
{
	int copy = dup(fd), saved;
	gzFile file = copy < 0 ? NULL : gzdopen(copy, "r");
	char *text;

	if (!file) {
		if (copy >= 0)
			close(copy);
		return NULL;
	}
	text = read_all(file, limit);
	saved = errno;
	if (gzclose_r(file) != Z_OK && text) {	// the end is not there
		free(text);
		text = NULL;
		saved = EILSEQ;
	}
	errno = saved;
	return text;
}

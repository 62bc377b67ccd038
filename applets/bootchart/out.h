// SPDX-License-Identifier: MIT
// out.h - text to a file, in few writes
#pragma once
#include <stddef.h>

struct out {
	int fd, failed;		// failed: the errno of the first write that did
	size_t length;
	char text[8192];
};

// As buf_format (libcommon/fmt.h), at most 1 KiB a call.
void out_format(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
// At most `most` characters of `text` as XML text, or as a JSON string with its quotes. What is no UTF-8 or a
// control character becomes U+FFFD.
void out_xml(struct out *out, const char *text, size_t most);
void out_json(struct out *out, const char *text);
void out_flush(struct out *out);

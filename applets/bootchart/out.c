// SPDX-License-Identifier: MIT
// out - text to a file, in few writes; and what XML and JSON cannot take as it is

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "fd.h"
#include "fmt.h"
#include "out.h"

static const char replacement[] = "\xef\xbf\xbd";

void out_flush(struct out *out)
{
	if (!out->failed && write_all(out->fd, out->text, out->length) < 0)
		out->failed = errno;
	out->length = 0;
}

static void add(struct out *out, const char *text, size_t length)
{
	if (out->length + length > sizeof out->text)
		out_flush(out);
	memcpy(out->text + out->length, text, length);
	out->length += length;
}

void out_format(struct out *out, const char *f, ...)
{
	char text[1024];
	struct buf buf = BUF(text);
	va_list args;

	va_start(args, f);
	buf_vformat(&buf, f, args);
	va_end(args);
	add(out, text, buf.length);
}

// Bytes of the character at `s` if it is well-formed (RFC 3629) and no control character, else 0.
static size_t character(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = u[0] < 0x80 ? 1 : u[0] >= 0xc2 && u[0] < 0xe0 ? 2 : (u[0] & 0xf0) == 0xe0 ? 3 :
		u[0] >= 0xf0 && u[0] < 0xf5 ? 4 : 0;

	if (u[0] < 0x20 || u[0] == 0x7f)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf0 && u[1] < 0x90)
	    || (u[0] == 0xf4 && u[1] > 0x8f) || (u[0] == 0xc2 && u[1] < 0xa0))
		return 0;
	return n;
}

static void add_character(struct out *out, const char **text, const char *escape)
{
	size_t n = character(*text);

	if (!n)
		add(out, replacement, 3);
	else if (escape)
		add(out, escape, strlen(escape));
	else
		add(out, *text, n);
	*text += n ? n : 1;
}

static const char *xml_escape(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	}
	return NULL;
}

void out_xml(struct out *out, const char *text, size_t most)
{
	for (; *text && most; most--)
		add_character(out, &text, xml_escape(*text));
	if (*text)
		out_format(out, "\xe2\x80\xa6");
}

void out_json(struct out *out, const char *text)
{
	out_format(out, "\"");
	while (*text)
		add_character(out, &text, *text == '"' ? "\\\"" : *text == '\\' ? "\\\\" : NULL);
	out_format(out, "\"");
}

// SPDX-License-Identifier: MIT
// fmt - text into fixed buffers

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include "fd.h"
#include "fmt.h"

void buf_add(struct buf *buf, const char *text, size_t length)
{
	size_t room = buf->size - buf->length - 1;

	if (length > room) {
		length = room;
		buf->truncated = 1;
	}
	memcpy(buf->text + buf->length, text, length);
	buf->length += length;
	buf->text[buf->length] = 0;
}

static void add_quoted(struct buf *buf, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";

	if (*word && strspn(word, plain) == strlen(word)) {
		buf_add(buf, word, strlen(word));
		return;
	}
	buf_add(buf, "'", 1);
	for (; *word; word++)
		*word == '\'' ? buf_add(buf, "'\\''", 4) : buf_add(buf, word, 1);
	buf_add(buf, "'", 1);
}

static void add_number(struct buf *buf, unsigned long long value, unsigned base, int negative, int width, char pad)
{
	char digits[24];
	char *p = digits + sizeof digits;
	int length;

	do {
		*--p = "0123456789abcdef"[value % base];
	} while (value /= base);
	length = digits + sizeof digits - p + negative;
	if (negative && pad == '0')
		buf_add(buf, "-", 1);
	for (; length < width; width--)
		buf_add(buf, &pad, 1);
	if (negative && pad != '0')
		buf_add(buf, "-", 1);
	buf_add(buf, p, digits + sizeof digits - p);
}

// One conversion after its %; returns where the format goes on.
static const char *add_conversion(struct buf *buf, const char *f, va_list *args, int saved_errno)
{
	int quoted = 0, width = 0, precision = -1, longs = 0;
	char pad = ' ', c;
	const char *s;
	long long n;
	unsigned long long u;

	if (*f == '-')
		quoted = 1, f++;
	if (*f == '0')
		pad = '0', f++;
	for (; *f >= '0' && *f <= '9'; f++)
		width = width * 10 + *f - '0';
	if (*f == '.') {
		if (f[1] == '*')
			precision = va_arg(*args, int), f += 2;
		else
			for (precision = 0, f++; *f >= '0' && *f <= '9'; f++)
				precision = precision * 10 + *f - '0';
	}
	for (; *f == 'l' || *f == 'z'; f++)
		longs += *f == 'z' ? sizeof(size_t) / sizeof(long) : 1;
	switch (*f) {
	case 'd':
		n = longs > 1 ? va_arg(*args, long long) : longs ? va_arg(*args, long) : va_arg(*args, int);
		add_number(buf, n < 0 ? -(unsigned long long)n : (unsigned long long)n, 10, n < 0, width, pad);
		break;
	case 'u': case 'o': case 'x':
		u = longs > 1 ? va_arg(*args, unsigned long long)
			: longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
		add_number(buf, u, *f == 'u' ? 10 : *f == 'o' ? 8 : 16, 0, width, pad);
		break;
	case 'c':
		c = va_arg(*args, int);
		buf_add(buf, &c, 1);
		break;
	case 's': case 'm':
		s = *f == 'm' ? strerror(saved_errno) : va_arg(*args, const char *);
		if (!s)
			s = "";
		if (quoted)
			add_quoted(buf, s);
		else {
			size_t length = precision < 0 ? strlen(s) : strnlen(s, precision);

			buf_add(buf, s, length);
			for (int fill = (int)length; fill < width; fill++)
				buf_add(buf, " ", 1);
		}
		break;
	default:
		buf_add(buf, f, 1);
	}
	return f + 1;
}

void buf_vformat(struct buf *buf, const char *f, va_list args)
{
	int saved_errno = errno;
	va_list ap;

	va_copy(ap, args);
	buf_add(buf, "", 0);
	while (*f) {
		size_t plain = strcspn(f, "%");

		buf_add(buf, f, plain);
		f += plain;
		if (*f == '%' && f[1])
			f = add_conversion(buf, f + 1, &ap, saved_errno);
		else if (*f)
			f++;
	}
	va_end(ap);
}

void buf_format(struct buf *buf, const char *f, ...)
{
	va_list args;

	va_start(args, f);
	buf_vformat(buf, f, args);
	va_end(args);
}

int format(char *text, size_t size, const char *f, ...)
{
	struct buf buf = { .text = text, .size = size };
	va_list args;

	va_start(args, f);
	buf_vformat(&buf, f, args);
	va_end(args);
	if (!buf.truncated)
		return (int)buf.length;
	errno = ENAMETOOLONG;
	return -1;
}

int print(int fd, const char *f, ...)
{
	char text[4096];
	struct buf buf = BUF(text);
	va_list args;

	va_start(args, f);
	buf_vformat(&buf, f, args);
	va_end(args);
	return write_all(fd, text, buf.length);
}

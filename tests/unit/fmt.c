// SPDX-License-Identifier: MIT
// fmt - the formatter that PID 1 logs with

#include <errno.h>
#include <limits.h>
#include "fmt.h"
#include "tap.h"

static const char *formatted(const char *f, ...)
{
	static char text[256];
	struct buf buf = BUF(text);
	va_list args;

	text[0] = 0;
	va_start(args, f);
	buf_vformat(&buf, f, args);
	va_end(args);
	return text;
}

int main(void)
{
	char small[8];

	is(formatted("%s|%d|%u|%x|%o|%c|%%", "a", -5, 7u, 255, 8, 'z'), "a|-5|7|ff|10|z|%", "each conversion");
	is(formatted("%03d|%5d|%-5s|%.2s|%.*s", 7, 42, "x", "abc", 1, "yz"), "007|   42|x|ab|y", "width, zeros, precision");
	is(formatted("%lld|%lu|%zu", LLONG_MIN, ULONG_MAX, (size_t)1), "-9223372036854775808|18446744073709551615|1",
	   "numbers of any size");
	is(formatted("%-s %-s %-s", "plain/x=1", "two words", "it's"), "plain/x=1 'two words' 'it'\\''s'",
	   "%%-s quotes for a shell what needs it");
	is(formatted("%-s", ""), "''", "an empty word is quoted");
	errno = ENOENT;
	is(formatted("%m"), "No such file or directory", "%%m is the text of errno");
	is_number(format(small, sizeof small, "%s", "1234567"), 7, "what just fits");
	is_number(format(small, sizeof small, "%s", "12345678"), -1, "one byte too many is refused");
	is_number(errno, ENAMETOOLONG, "and says why");
	is(small, "1234567", "the text is cut and ended");
	return tap_done();
}

// SPDX-License-Identifier: MIT
// cmdline - the kernel's command line

#include "cmdline.h"
#include "tap.h"

static const char line[] = "quiet root=/dev/sda1  a.b=1 a-c=2 msg=\"two words\" \"q=in quotes\" empty= a.b=3 long";

static const char *value(const char *key)
{
	static char text[64];

	return cmdline_value(line, key, text, sizeof text);
}

int main(void)
{
	char small[4], word[8];
	const char *rest = "  one  two-is-long\n";

	is(value("root"), "/dev/sda1", "key=value");
	is(value("a.b"), "3", "the last one wins");
	is(value("a_c"), "2", "- and _ are the same in a key");
	is(value("msg"), "two words", "quotes around a value");
	is(value("q"), "in quotes", "quotes around the whole");
	is(value("empty"), "", "an empty value");
	is(value("quiet"), "", "a bare word");
	ok(!value("roo"), "a prefix is no match");
	ok(!value("rootfs"), "nor is a longer key");
	is(cmdline_value(line, "root", small, sizeof small), "/de", "a value that does not fit is cut");
	is_number(cmdline_word(&rest, word, sizeof word), 3, "a word");
	is(word, "one", "is taken");
	is_number(cmdline_word(&rest, word, sizeof word), 7, "a long one is cut");
	is_number(cmdline_word(&rest, word, sizeof word), 0, "and the end is the end");
	ok(list_has("a,bc,d", "bc") && list_has("a", "a") && list_has("a,bc", "bc"), "list_has finds a whole word");
	ok(!list_has("abc,d", "bc") && !list_has("", "a") && !list_has("a,,b", "c"), "and only that");
	return tap_done();
}

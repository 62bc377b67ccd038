// SPDX-License-Identifier: MIT
// init - the parser of inittab: every field, every fault, limits, odd bytes; what a command becomes

#include "applets/init/inittab.h"
#include "tap.h"

static struct inittab table;

static int parse(const char *text)
{
	size_t length = strlen(text);

	memcpy(table.text, text, length);
	return inittab_parse(&table, "inittab", length);
}

// "tty|action|command" of each entry, one a line.
static const char *entries(void)
{
	static char text[8192];
	int length = 0;

	*text = 0;
	for (int i = 0; i < table.count; i++)
		length += snprintf(text + length, sizeof text - length, "%s|%s|%s\n", table.entries[i].tty,
				   action_names[table.entries[i].action], table.entries[i].command);
	return text;
}

// "file: argv[0],argv[1],..."
static const char *words(const char *command)
{
	static char text[4096];
	char buffer[WORDS_BYTES], *argv[COMMAND_WORDS + 1];
	int length = snprintf(text, sizeof text, "%s:", command_words(command, buffer, argv));

	for (int i = 0; argv[i]; i++)
		length += snprintf(text + length, sizeof text - length, "%s%s", i ? "," : " ", argv[i]);
	return text;
}

static int silence(void)
{
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	close(null);
	return saved;
}

static void actions(void)
{
	is_number(parse("::sysinit:a\n::wait:b\n::once:c\n::respawn:d\n::askfirst:e\n::ctrlaltdel:f\n::shutdown:g\n::restart:h\n"),
		  8, "all eight actions");
	is(entries(), "|sysinit|a\n|wait|b\n|once|c\n|respawn|d\n|askfirst|e\n|ctrlaltdel|f\n|shutdown|g\n|restart|h\n",
	   "in the order of the file");
}

static void fields(void)
{
	parse("tty1:345:respawn:/sbin/getty 38400 tty1\n");
	is(entries(), "tty1|respawn|/sbin/getty 38400 tty1\n", "run levels are ignored");
	parse("/dev/ttyS0::askfirst:-/bin/sh");
	is(entries(), "ttyS0|askfirst|-/bin/sh\n", "/dev/ may stand before the terminal; the last line needs no newline");
	parse("pts/0::once:a:b::c\n");
	is(entries(), "pts/0|once|a:b::c\n", "the command may have colons");
	parse(" \t tty1 : x : once : \t a  b \t\r\n");
	is(entries(), "tty1|once|a  b\n", "blanks around fields, and a carriage return, do not count");
}

static void comments(void)
{
	is_number(parse("# one\n\n   \n\t# two\n#::once:x\n"), 0, "comments and empty lines are no entries");
	parse("::once:a # b\n::once:a#b\n::once:echo '# c' \"# d\" # e\n::once:don't # stop\n");
	is(entries(), "|once|a\n|once|a#b\n|once|echo '# c' \"# d\"\n|once|don't # stop\n",
	   "a comment begins after a blank, outside of quotes");
}

static void faults(void)
{
	static const char *const bad[] = {
		"x", ":", "::", "::once", "::dance:x", ":::x", "::once:", "::once:  ", "::once:-", "../a::once:x",
		"/etc::once:x", "a b::once:x", "::once:a\001b", "::once:a\177", "\033::once:x", "::ONCE:x", "::oncex:x",
		"0123456789012345678901234567890123456789012345678901234567890123::once:x",
	};
	int saved = silence();

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!ok(parse(bad[i]) == 0, "bad line %zu is left out", i))
			printf("# %s\n", bad[i]);
	memcpy(table.text, "::once:a\0b\n::once:c\n", 20);
	is_number(inittab_parse(&table, "inittab", 20), 1, "a NUL byte spoils its line only");
	dup2(saved, STDERR_FILENO);
}

static void limits(void)
{
	static char text[INITTAB_BYTES];
	int saved = silence(), n = 0;

	for (int i = 0; i < INITTAB_ENTRIES + 5; i++)
		n += sprintf(text + n, "::once:%d\n", i);
	is_number(parse(text), INITTAB_ENTRIES, "no more entries than there is room for");
	memset(text, 'x', sizeof text - 1);
	memcpy(text, "::once:", 7);
	text[COMMAND_BYTES + 100] = 0;
	is_number(parse(text), 0, "a command that is too long is left out");
	text[900] = 0;
	is_number(parse(text), 1, "one of 893 bytes is taken");
	dup2(saved, STDERR_FILENO);
}

static void file(void)
{
	char path[] = "/tmp/inittab-XXXXXX";
	int fd = mkstemp(path), saved = silence(), count;
	static char line[1000];

	memset(line, '#', sizeof line);
	memcpy(line, "::once:x\n", 9);
	line[sizeof line - 1] = '\n';
	for (int i = 0; i < 20; i++)
		write_all(fd, line, sizeof line);
	close(fd);
	count = inittab_read(&table, path);
	dup2(saved, STDERR_FILENO);
	is_number(count, 17, "of a file that is too long the first lines are used");
	unlink(path);
	is_number(inittab_read(&table, path), -1, "a file that is missing is no file without entries");
	ok(inittab_read(&table, "/") < 0, "nor is a folder one");
	inittab_defaults(&table, "rc.init");
	is(entries(), "|sysinit|rc.init\n|askfirst|-/bin/sh\n|ctrlaltdel|reboot\n|shutdown|rc.shutdown noop\n", "defaults");
}

static void commands(void)
{
	is(words("/bin/a  b\tc "), "/bin/a: /bin/a,b,c", "words are split at blanks");
	is(words("-/bin/sh"), "/bin/sh: -sh", "a login shell by its path");
	is(words("-sh -l"), "sh: -sh,-l", "and by its name");
	is(words("echo $x"), "/bin/sh: /bin/sh,-c,exec echo $x", "a shell for what needs one");
	is(words("-echo $x"), "/bin/sh: -sh,-c,exec echo $x", "a login shell");
	is(words("a; b"), "/bin/sh: /bin/sh,-c,a; b", "no exec before two commands");
	is(words("a && b"), "/bin/sh: /bin/sh,-c,a && b", "nor before a list");
	is(words("X=1 a"), "/bin/sh: /bin/sh,-c,X=1 a", "nor before an assignment");
	is(words("a x=1"), "/bin/sh: /bin/sh,-c,exec a x=1", "but with one among the words");
	is(words("a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a"),
	   "/bin/sh: /bin/sh,-c,exec a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a",
	   "too many words are the shell's");
}

// Any bytes: what comes out is within its bounds, and all of it can be made a command line.
static void odd_bytes(void)
{
	static const char *const pieces[] = {
		":", "::once:", "tty1::respawn:", "x:y:askfirst:", "\n", "\n", " ", "\t", "#", "'", "\"", "\\", "-", "/", ".", "$",
		";", "=", "sysinit", "/bin/sh", "\r", "\1", "\177", "\377", "",
	};
	unsigned seed = 1, wrong = 0, total = 0;
	int saved = silence();

	for (int round = 0; round < 20000; round++) {
		size_t limit = (seed = seed * 1103515245 + 12345) >> 20, length = 0;

		while (length < limit) {
			const char *piece = pieces[((seed = seed * 1103515245 + 12345) >> 16) % (sizeof pieces / sizeof *pieces)];
			size_t bytes = *piece ? strlen(piece) : 1;	// "": a NUL byte

			memcpy(table.text + length, piece, bytes);
			length += bytes;
		}
		inittab_parse(&table, "inittab", length);
		total += table.count;
		for (int i = 0; i < table.count; i++) {
			const struct entry *e = &table.entries[i];

			wrong += e->tty < table.text || e->command < table.text || e->action >= ACTIONS || !*e->command
				|| e->command + strlen(e->command) > table.text + length || !words(e->command);
		}
	}
	dup2(saved, STDERR_FILENO);
	is_number(wrong, 0, "20,000 tables of odd bytes hold no odd entry");
	ok(total > 100, "and some entries (%u)", total);
}

int main(void)
{
	actions();
	fields();
	comments();
	faults();
	limits();
	file();
	commands();
	odd_bytes();
	return tap_done();
}

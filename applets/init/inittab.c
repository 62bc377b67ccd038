// SPDX-License-Identifier: MIT
// inittab - the parser of /etc/inittab; no allocation, any bytes

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "inittab.h"
#include "log.h"

enum { TTY_BYTES = 64 };

// As in busybox: with one of these the command is for a shell.
static const char shell_characters[] = "~`!$^&*()=|\\{}[];\"'<>?";
// With one of these it is more than one command, or none that "exec" takes.
static const char compound_characters[] = ";&|(){}\n";

const char *const action_names[ACTIONS] = {
	[SYSINIT] = "sysinit", [WAIT] = "wait", [ONCE] = "once", [RESPAWN] = "respawn", [ASKFIRST] = "askfirst",
	[CTRLALTDEL] = "ctrlaltdel", [SHUTDOWN] = "shutdown", [RESTART] = "restart",
};

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char *skip_blanks(char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

static void cut_blanks(char *text)
{
	char *end = text + strlen(text);

	while (end > text && is_blank(end[-1]))
		*--end = 0;
}

// A comment begins at the line's start or after a blank, outside of quotes.
static void cut_comment(char *line)
{
	char quote = 0;

	for (char *p = line; *p; p++) {
		if (quote)
			quote = *p == quote ? 0 : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else if (*p == '#' && (p == line || is_blank(p[-1]))) {
			*p = 0;
			return;
		}
	}
}

static int find_action(const char *name)
{
	for (int i = 0; i < ACTIONS; i++)
		if (!strcmp(name, action_names[i]))
			return i;
	return -1;
}

// A name below /dev, which has to stay there.
static const char *tty_problem(const char *tty)
{
	if (strlen(tty) >= TTY_BYTES)
		return "terminal's name is too long";
	if (*tty == '/' || strstr(tty, ".."))
		return "terminal is not below /dev";
	for (; *tty; tty++)
		if ((unsigned char)*tty <= ' ' || *tty == 0x7f)
			return "terminal's name has odd characters";
	return NULL;
}

static const char *command_problem(const char *command)
{
	if (!*command || !strcmp(command, "-"))
		return "no command";
	if (strlen(command) >= COMMAND_BYTES - sizeof "/bin/sh -c exec")
		return "command is too long";
	for (; *command; command++)
		if (((unsigned char)*command < ' ' && *command != '\t') || *command == 0x7f)
			return "command has control characters";
	return NULL;
}

// One line without its comment. Returns what is wrong with it, or NULL.
static const char *parse_line(struct inittab *table, char *line)
{
	char *fields[4];
	const char *problem;
	int action;

	for (int i = 0; i < 4; i++)	// the last one may have colons of its own
		if (!(fields[i] = i < 3 ? strsep(&line, ":") : line))
			return "not tty:ignored:action:command";
	for (int i = 0; i < 4; i++)
		cut_blanks(fields[i] = skip_blanks(fields[i]));
	if (!strncmp(fields[0], "/dev/", 5))
		fields[0] += 5;
	action = find_action(fields[2]);
	if (action < 0)
		return "unknown action";
	if ((problem = tty_problem(fields[0])) || (problem = command_problem(fields[3])))
		return problem;
	if (table->count == INITTAB_ENTRIES)
		return "one entry too many";
	table->entries[table->count++] = (struct entry){ .tty = fields[0], .command = fields[3], .action = action };
	return NULL;
}

static const char *take_line(struct inittab *table, char *line, size_t length)
{
	if (memchr(line, 0, length))
		return "has a NUL byte";
	cut_comment(line);
	cut_blanks(line);
	line = skip_blanks(line);
	return *line ? parse_line(table, line) : NULL;
}

int inittab_parse(struct inittab *table, const char *name, size_t length)
{
	char *line = table->text, *end = line + length;

	table->count = 0;
	*end = 0;
	for (int number = 1; line < end; number++) {
		char *newline = memchr(line, '\n', end - line);
		char *next = newline ? newline + 1 : end;
		const char *problem;

		if (newline)
			*newline = 0;
		problem = take_line(table, line, (newline ?: end) - line);
		if (problem)
			warn("%s:%d: %s", name, number, problem);
		line = next;
	}
	return table->count;
}

void inittab_defaults(struct inittab *table, const char *sysinit)
{
	const struct entry entries[] = {
		{ .tty = "", .action = SYSINIT, .command = sysinit },
		{ .tty = "", .action = ASKFIRST, .command = "-/bin/sh" },
		{ .tty = "", .action = CTRLALTDEL, .command = "reboot" },
		{ .tty = "", .action = SHUTDOWN, .command = "rc.shutdown noop" },
	};

	table->count = sizeof entries / sizeof *entries;
	memcpy(table->entries, entries, sizeof entries);
}

int inittab_read(struct inittab *table, const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t length = 0, last;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (length < sizeof table->text && (n = read(fd, table->text + length, sizeof table->text - length)) > 0)
		length += n;
	if (n < 0)
		return -1;
	if (length == sizeof table->text) {
		for (last = length; last && table->text[last - 1] != '\n'; )	// whole lines only
			last--;
		warn("%s: longer than %d bytes: the rest is not used", path, INITTAB_BYTES - 1);
		length = last ? last - 1 : 0;
	}
	return inittab_parse(table, path, length);
}

/* Commands */

// "exec" saves a process, where the shell has one command to run, and not an assignment.
static const char *shell_prefix(const char *command)
{
	size_t first = strcspn(command, " \t");

	return strpbrk(command, compound_characters) || memchr(command, '=', first) ? "" : "exec ";
}

static const char *shell_words(const char *command, int login, char *buffer, char **argv)
{
	format(buffer, WORDS_BYTES, "%s%s", shell_prefix(command), command);
	argv[0] = login ? "-sh" : "/bin/sh";
	argv[1] = "-c";
	argv[2] = buffer;
	argv[3] = NULL;
	return "/bin/sh";
}

// Returns -1 where they are too many.
static int split(char *text, char **argv)
{
	int count = 0;
	char *word;

	while ((word = strsep(&text, " \t"))) {
		if (!*word)
			continue;
		if (count == COMMAND_WORDS)
			return -1;
		argv[count++] = word;
	}
	argv[count] = NULL;
	return count;
}

const char *command_words(const char *command, char *buffer, char *argv[COMMAND_WORDS + 1])
{
	int login = *command == '-', length;
	char *path, *slash;

	command += login;
	length = format(buffer, WORDS_BYTES, "%s", command) + 1;
	if (strpbrk(command, shell_characters) || split(buffer, argv) <= 0)
		return shell_words(command, login, buffer, argv);
	path = argv[0];
	if (login) {
		slash = strrchr(path, '/');
		argv[0] = buffer + length;
		format(argv[0], WORDS_BYTES - length, "-%s", slash ? slash + 1 : path);
	}
	return path;
}

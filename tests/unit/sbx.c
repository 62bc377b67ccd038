// SPDX-License-Identifier: MIT
// sbx - its table of options: every row is handled, wants its arguments, and becomes what sbx-init is told

#include <errno.h>
#include <sched.h>
#include "applets/sbx/sbx.h"
#include "libcommon/sbx_wire.h"
#include "tap.h"

static char *environment[] = { "A=1", "HOME=/root", NULL };
static char said[4096];

// What `parse` says, kept in `said`.
static int parse_with(struct plan *plan, int as_bwrap, int argc, char **argv)
{
	FILE *file = tmpfile();
	int saved = dup(2), output = dup(1), result;
	size_t n;

	*plan = (struct plan){ .environ = environment, .as_bwrap = as_bwrap };
	fflush(stdout);
	dup2(fileno(file), 2);
	dup2(fileno(file), 1);
	result = plan_parse(plan, argc, argv);
	dup2(saved, 2);
	dup2(output, 1);
	close(saved);
	close(output);
	rewind(file);
	lseek(fileno(file), 0, SEEK_SET);
	n = fread(said, 1, sizeof said - 1, file);
	said[n] = 0;
	fclose(file);
	return result;
}

#define parse(plan, as_bwrap, ...) \
	parse_with(plan, as_bwrap, (int)(sizeof (char *[]){ "sbx", __VA_ARGS__ } / sizeof (char *)), (char *[]){ "sbx", __VA_ARGS__, NULL })

// An argument that each kind of option takes, by the name that its row gives it
static char *argument_for(const char *name)
{
	static char values[][2][24] = {
		{ "FD", "0" }, { "SRC", "/" }, { "RWSRC", "/" }, { "WORKDIR", "/" }, { "DIR", "/" }, { "PATH", "/x" }, { "DEST", "/x" },
		{ "OCTAL", "0700" }, { "UID", "1" }, { "GID", "1" }, { "N", "1" }, { "BYTES", "4096" }, { "SECONDS", "1" },
		{ "NAME,...", "ext" }, { "SCOPE,...", "signal" }, { "NAME=N[:N]", "nofile=1" }, { "CAP", "CAP_KILL" }, { "COMMAND", "/bin/true" },
	};

	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if (!strcmp(values[i][0], name))
			return values[i][1];
	return "x";
}

// What a row needs before or after it to make sense
static const struct { const char *name, *before[4], *after[3]; } company[] = {
	{ "overlay", { "--overlay-src", "/" }, { NULL } },
	{ "tmp-overlay", { "--overlay-src", "/" }, { NULL } },
	{ "ro-overlay", { "--overlay-src", "/", "--overlay-src", "/" }, { NULL } },
	{ "overlay-src", { NULL }, { "--tmp-overlay", "/x" } },
	{ "perms", { NULL }, { "--dir", "/x" } },
	{ "size", { NULL }, { "--tmpfs", "/x" } },
	{ "uid", { "--unshare-user" }, { NULL } },
	{ "gid", { "--unshare-user" }, { NULL } },
	{ "userns-block-fd", { "--unshare-user" }, { NULL } },
	{ "userns2", { "--userns", "0" }, { NULL } },
	{ "hostname", { "--unshare-uts" }, { NULL } },
	{ "disable-userns", { "--unshare-user" }, { NULL } },
	{ "as-pid-1", { "--unshare-pid" }, { NULL } },
	{ "daemon", { "--unshare-pid" }, { NULL } },
};

static const struct { const char *name, *args; } rows[] = {
#define GROUP(title)
#define OPTION(id, name, count, args, help) { name, args },
#include "applets/sbx/options.inc"
#undef GROUP
#undef OPTION
};

static int words_of(const char *args, char words[3][24])
{
	return sscanf(args, "%23s %23s %23s", words[0], words[1], words[2]);
}

static int build(int row, char **argv, char *option, int omit)
{
	static char words[3][24];
	int argc = 1, count = words_of(rows[row].args, words);
	const char *const *before = NULL, *const *after = NULL;

	for (size_t i = 0; i < sizeof company / sizeof *company; i++)
		if (!strcmp(company[i].name, rows[row].name))
			before = company[i].before, after = company[i].after;
	argv[0] = "sbx";
	for (int i = 0; before && i < 4 && before[i]; i++)
		argv[argc++] = (char *)before[i];
	sprintf(option, "--%s", rows[row].name);
	argv[argc++] = option;
	for (int i = 0; i < count - omit; i++)
		argv[argc++] = strdup(argument_for(words[i]));
	if (!omit) {
		for (int i = 0; after && i < 3 && after[i]; i++)
			argv[argc++] = (char *)after[i];
		if (strcmp(rows[row].name, "serve"))
			argv[argc++] = "command";
	}
	argv[argc] = NULL;
	return argc;
}

static void check_rows(void)
{
	for (int row = 0; row < O_COUNT; row++) {
		char *argv[20], option[64], words[3][24];
		struct plan plan;
		int argc = build(row, argv, option, 0), count = words_of(rows[row].args, words), result, wanted = 0;

		is_number(count < 0 ? 0 : count, option_table[row].count, "%s names as many arguments as it takes", option);
		if (!strcmp(option, "--version") || !strcmp(option, "--help"))
			wanted = -1;
		if (!strcmp(option, "--seccomp-preset") && !CONFIG_SBX_SECCOMP)
			wanted = EXIT_SETUP;
		// These read their descriptor, which is empty here: a filter of no bytes is none.
		if (!strcmp(option, "--seccomp") || !strcmp(option, "--add-seccomp-fd"))
			wanted = EXIT_SETUP;
		result = parse_with(&plan, 0, argc, argv);
		if (!ok(result == wanted, "%s is handled", option))
			printf("# %d: %s", result, said);
		plan_free(&plan);
		if (option_table[row].count <= 0)
			continue;
		argc = build(row, argv, option, 1);
		result = parse_with(&plan, 0, argc, argv);
		ok(result == EXIT_SETUP && strstr(said, option) && strchr(said, '\n') == said + strlen(said) - 1,
		   "%s wants them all, and says so in a line", option);
		plan_free(&plan);
	}
}

// The operations of a plan, a line each: type, flags, mode, size, texts
static const char *operations(const struct plan *plan)
{
	static char text[4096];
	size_t length = 0;

	text[0] = 0;
	for (size_t at = 0; at < plan->conf.length; ) {
		const struct sbx_field *field = (const void *)(plan->conf.body + at);
		const struct sbx_wire_op *op = (const void *)(field + 1);
		const char *word = (const char *)(op + 1);

		at += sizeof *field + ((field->length + 7) & ~7u);
		if (field->key != SBX_OP)
			continue;
		length += sprintf(text + length, "%u %#x %o %llu", op->type, op->flags, op->mode == SBX_UNSET ? 0 : op->mode,
				  (unsigned long long)op->size);
		for (int i = 0; i < op->texts; i++, word += strlen(word) + 1)
			length += sprintf(text + length, " %s", *word ? word : "''");
		length += sprintf(text + length, "\n");
	}
	return text;
}

static void check_operations(void)
{
	struct plan plan;

	is_number(parse(&plan, 0, "--ro-bind", "/", "/", "--bind-try", "/no/such", "/a", "--dev-bind", "/", "/b", "true"), 0, "binds");
	is(operations(&plan), "1 0 0 0 / /\n1 0x3 0 0 /no/such /a\n1 0x6 0 0 / /b\n", "read-only, optional and writable, devices");
	plan_free(&plan);
	is_number(parse(&plan, 0, "--perms", "0710", "--dir", "/a/b/c", "--size", "42", "--tmpfs", "/t", "--tmpfs", "/u", "x"), 0, "perms, size");
	is(operations(&plan), "8 0 750 0 /a\n8 0 750 0 /a/b\n8 0 710 0 /a/b/c\n4 0 755 42 /t\n4 0 755 0 /u\n",
	   "they are for the next one only, and the folders above deny others as much");
	plan_free(&plan);
	is_number(parse(&plan, 0, "--overlay-src", "/usr", "--overlay-src", "/etc", "--overlay", "/tmp", "/", "/o", "--overlay-src", "/",
			"--tmp-overlay", "/p", "x"), 0, "overlays");
	is(operations(&plan), "5 0 0 0 /o /tmp / /etc /usr\n5 0x2 0 0 /p '' '' /\n", "the last layer comes first");
	plan_free(&plan);
	is_number(parse(&plan, 1, "--tmpfs", "rel", "--ro-bind", "/", "x", "true"), 0, "relative targets, as bwrap");
	is(operations(&plan), "4 0 755 0 /rel\n1 0x10 0 0 / /x\n", "are below the root, and mounts of the host show up");
	plan_free(&plan);
	is_number(parse(&plan, 0, "--tmpfs", "rel", "true"), EXIT_SETUP, "and refused as sbx");
	ok(strstr(said, "--tmpfs: not an absolute path: rel\n"), "in one line");
	plan_free(&plan);
}

static void check_plan(void)
{
	struct plan plan;

	is_number(parse(&plan, 0, "--unshare-all", "--share-net", "--hostname", "h", "--", "--x", "-y"), 0, "options end at --");
	is_number(plan.namespaces & (CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS), CLONE_NEWPID | CLONE_NEWUTS, "all but the network");
	is(plan.command.list[0], "--x", "what follows is the command");
	is_number(plan.command.count, 2, "and its arguments");
	plan_free(&plan);
	is_number(parse(&plan, 0, "--setenv", "A", "2", "--setenv", "B", "3", "--unsetenv", "B", "x"), 0, "environment");
	is(plan.env.list[0], "HOME=/root", "what was there");
	is(plan.env.list[1], "A=2", "and what is set");
	is_number(plan.env.count, 3, "and PWD");
	plan_free(&plan);
	is_number(parse(&plan, 0, "--cap-add", "ALL", "--cap-drop", "cap_kill", "--cap-drop", "SYS_ADMIN", "x"), 0, "capabilities");
	ok(plan.caps == (((1ull << 41) - 1) & ~(1ull << 5) & ~(1ull << 21)), "are added and dropped in order");
	plan_free(&plan);
	is_number(parse(&plan, 1, "--cap-drop", "CAP_KILL", "x"), 0, "capabilities, as bwrap");
	ok(plan.caps == (getuid() ? 0 : ((1ull << 41) - 1) & ~(1ull << 5)), "are dropped from what root has");
	plan_free(&plan);
	is_number(parse(&plan, 0, "--memory", "2M", "--cpu", "1.25", "--pids", "7", "--wall-limit", "0.5", "--unshare-pid", "x"), 0, "limits");
	ok(plan.limits.memory_bytes == 2 << 20 && plan.limits.cpu_percent == 125 && plan.limits.pids == 7 && plan.wall_ns == 500000000,
	   "in bytes, per cent, processes and nanoseconds");
	plan_free(&plan);
	if (CONFIG_SBX_SECCOMP) {
		is_number(parse(&plan, 0, "--seccomp-preset", "strict,linux32,can", "x"), 0, "presets");
		ok(plan.presets == 31 && plan.preset_flags == SBX_SECCOMP_CAN, "and their flags");
		plan_free(&plan);
	}
	ok(capability_named("CAP_CHECKPOINT_RESTORE") == 1ull << 40 && !capability_named("CAP_") && !capability_named("CHOW"),
	   "capabilities have their numbers");
}

// What makes no sense alone or together: one line, that begins with the option's name
static void check_refusals(void)
{
	static char long_digits[] = "123456789012345678901234567890", *const cases[][8] = {	// what is said, then the words
		{ "--tmpfs: an empty path", "--tmpfs", "" },
		{ "--bind: an empty path", "--bind", "", "/x" },
		{ "--symlink: not a text of 1 to 4095 bytes", "--symlink", "", "/x" },
		{ "--overlay: /no/such: No such file or directory", "--overlay-src", "/", "--overlay", "/no/such", "/", "/x" },
		{ "--overlay: not an absolute path: x", "--overlay-src", "/", "--overlay", "/", "/", "x" },
		{ "--daemon: not an absolute path: x", "--unshare-pid", "--daemon", "x", "/bin/true" },
		{ "--daemon: not an absolute path: true", "--unshare-pid", "--daemon", "/x", "true" },
		{ "--daemon: an empty command", "--unshare-pid", "--daemon", "/x", " \t" },
		{ "--daemon: needs --unshare-pid", "--daemon", "/x", "/bin/true" },
		{ "--memory: not a size: 1234", "--memory", long_digits },
		{ "--memory: not a number: x", "--memory", "x" },
		{ "--memory: more than 8796093022207: 9999999999999", "--memory", "9999999999999M" },
		{ "--memory: must be more than 0", "--memory", "0K" },
		{ "--cpu: not a number up to 10000: 10001", "--cpu", "10001" },
		{ "--cpu: less than 0.01: 0.001", "--cpu", "0.001" },
		{ "--pids: not a number: ", "--pids", "" },
		{ "--rlimit: not a number: 1234", "--rlimit", "nofile=123456789012345678901234567890" },
		{ "--rlimit: not a number: x", "--rlimit", "nofile=1:x" },
		{ "--rlimit: not a number: x", "--rlimit", "nofile=x" },
		{ "--time-limit: not a number up to 86400000: -1", "--time-limit", "-1" },
		{ "--perms: more than 7777: 10000", "--perms", "10000", "--dir", "/x" },
		{ "--perms: nothing that it is for follows", "--perms", "700" },
		{ "--size: no --tmpfs follows", "--size", "1" },
		{ "--overlay-src: no --overlay, --tmp-overlay or --ro-overlay follows", "--overlay-src", "/" },
		{ "--userns: excludes --unshare-user", "--userns", "0", "--unshare-user" },
		{ "--userns-block-fd: needs --unshare-user", "--userns", "0", "--userns-block-fd", "0" },
		{ "--disable-userns: needs --unshare-user", "--userns", "0", "--disable-userns" },
		{ "--userns2: needs --userns", "--userns2", "0" },
		{ "--setenv: is for a command: give it with --job", "--unshare-pid", "--serve", "/x", "--setenv", "A", "1" },
		{ "--rlimit: is for a command: give it with --job", "--unshare-pid", "--serve", "/x", "--rlimit", "nofile=1" },
		{ "--unshare-net: is for a container, and --job's is there already", "--job", "/x", "--unshare-net" },
		{ "--dir: is for a container, and --job's is there already", "--dir", "/x", "--job", "/x" },
		{ "--landlock-scope: no scope of this name: signals", "--landlock-scope", "abstract,signals" },
		{ "--landlock-ro: not an absolute path: x", "--landlock-ro", "x" },
		{ "--mask: an empty path", "--mask", "" },
	};
	char *argv[700] = { "sbx" }, path[5001] = "";
	struct plan plan;
	int argc;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int result;

		for (argc = 1; argc < 8 && cases[i][argc]; argc++)
			argv[argc] = cases[i][argc];
		if (!strstr(cases[i][0], "--job"))
			argv[argc++] = "true";
		argv[argc] = NULL;
		result = parse_with(&plan, 0, argc, argv);
		if (!ok(result == EXIT_SETUP && strstr(said, cases[i][0]) && strchr(said, '\n') == said + strlen(said) - 1, "refused: %s",
			cases[i][0]))
			printf("# %d: %s", result, said);
		plan_free(&plan);
	}
	// More than there is room for
	static const struct { char *option, *argument, *said; int times; } many[] = {
		{ "--rlimit", "nofile=9", "--rlimit: too many limits", 17 }, { "--keep-fd", "0", "--keep-fd: more than 200", 201 },
		{ "--lock-file", "/x", "--lock-file: more than 16", 17 }, { "--overlay-src", "/", "--overlay-src: more than 61 layers", 62 },
	};
	for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
		for (argc = 1; argc < 2 * many[i].times;) {
			argv[argc++] = many[i].option;
			argv[argc++] = many[i].argument;
		}
		argv[argc] = NULL;
		ok(parse_with(&plan, 0, argc, argv) == EXIT_SETUP && strstr(said, many[i].said), "refused: %s", many[i].said);
		plan_free(&plan);
	}
	memset(path, 'a', sizeof path - 1);
	*path = '/';
	ok(parse(&plan, 0, "--tmpfs", path, "x") == EXIT_SETUP && strstr(said, "--tmpfs: longer than 4095 bytes: /aaa"), "a path that is too long");
	plan_free(&plan);
}

// Words from descriptors: a source that is relative, a limit that is none, and what is no option
static int words_from(const char *words, size_t length)
{
	int fds[2];

	ok(!pipe(fds) && write(fds[1], words, length) == (ssize_t)length && !close(fds[1]) && dup2(fds[0], 9) == 9, "words in a pipe");
	close(fds[0]);
	return 9;
}

static void check_words(void)
{
	static const char good[] = "--ro-bind\0.\0/x\0--rlimit\0core=unlimited:unlimited\0", bad[] = "--ro-bind\0/\0/x\0echo\0",
		deep[] = "--args\0009\0";
	struct plan plan;
	int dir = open(".", O_RDONLY | O_DIRECTORY);

	words_from(good, sizeof good - 1);
	ok(!chdir("/usr") && !parse(&plan, 0, "--args", "9", "x"), "--args");
	is(operations(&plan), "1 0 0 0 /usr/. /x\n", "a relative source is one of where we are");
	ok(plan.rlimit_count == 1 && plan.rlimits[0].soft == ~0ull && plan.rlimits[0].hard == ~0ull, "and no limit is a limit");
	plan_free(&plan);
	ok(fcntl(9, F_GETFD) < 0, "the descriptor is closed");
	ok(!fchdir(dir) && !close(dir), "back");
	words_from(bad, sizeof bad - 1);
	ok(parse(&plan, 0, "--args", "9", "x") == EXIT_SETUP && strstr(said, "--args: not an option: echo\n"), "a command has no place there");
	plan_free(&plan);
	words_from(deep, sizeof deep - 1);
	ok(parse(&plan, 0, "--args", "9", "x") == EXIT_SETUP && strstr(said, "--args: descriptor 9"), "nor has what was read already");
	plan_free(&plan);
}

int main(void)
{
	close(0);
	open("/dev/null", O_RDONLY);	// what options read from
	check_rows();
	check_operations();
	check_plan();
	check_refusals();
	check_words();
	return tap_done();
}

// SPDX-License-Identifier: MIT
// options - the command line becomes a plan; nothing is done yet

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "applet.h"
#include "config.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "sbx.h"
#include "version.h"

enum { VARIABLES_MAX = 8192, ARGS_LIMIT = 8 << 20, ARGS_DEPTH = 8, FD_LIMIT = 1 << 20 };

// The newest bubblewrap whose options are all here; what `bwrap --version` is asked for.
static const char bubblewrap[] = "bubblewrap 0.11.0";

const struct option_entry option_table[O_COUNT] = {
#define GROUP(title)
#define OPTION(id, name, count, args, help) { name, count },
#include "options.inc"
#undef GROUP
#undef OPTION
};

void say_refused(enum option_id option, const char *format, ...)
{
	char text[512];
	struct buf buf = BUF(text);
	int saved = errno;
	va_list args;

	va_start(args, format);
	errno = saved;
	buf_vformat(&buf, format, args);
	va_end(args);
	errno = saved;
	log_line(LOG_ERROR, "--%s: %s", option_table[option].name, text);
}

void texts_add(struct texts *texts, const char *text)
{
	if (texts->count + 2 > texts->size) {
		unsigned size = texts->size ? texts->size * 2 : 16;
		const char **list = realloc(texts->list, size * sizeof *list);

		if (!list) {
			warn("no memory");
			_exit(EXIT_SETUP);
		}
		texts->list = list;
		texts->size = size;
	}
	texts->list[texts->count++] = text;
	texts->list[texts->count] = NULL;
}

char *plan_text(struct plan *plan, size_t size)
{
	char *text = calloc(1, size);

	if (!text) {
		warn("no memory");
		_exit(EXIT_SETUP);
	}
	texts_add(&plan->owned, text);
	return text;
}

int parse_number(enum option_id option, const char *text, uint64_t most, uint64_t *number)
{
	uint64_t n = 0;

	if (!*text)
		return refuse(option, "not a number: %-s", text);
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			return refuse(option, "not a number: %-s", text);
		if (n > (most - (*c - '0')) / 10)
			return refuse(option, "more than %llu: %-s", (unsigned long long)most, text);
		n = n * 10 + *c - '0';
	}
	*number = n;
	return 0;
}

int parse_octal(enum option_id option, const char *text, uint32_t *mode)
{
	uint32_t n = 0;

	if (!*text || strlen(text) > 5 || strspn(text, "01234567") != strlen(text))
		return refuse(option, "not an octal mode: %-s", text);
	for (; *text; text++)
		n = n * 8 + *text - '0';
	if (n > 07777)
		return refuse(option, "more than 7777: %o", n);
	*mode = n;
	return 0;
}

// The descriptor must be open; it is ours from here on, so the command does not get it.
int parse_fd(struct plan *plan, enum option_id option, const char *text, int *fd)
{
	uint64_t number;
	int flags;

	if (parse_number(option, text, FD_LIMIT, &number))
		return EXIT_SETUP;
	flags = fcntl((int)number, F_GETFD);
	if (flags < 0)
		return refuse(option, "descriptor %s is not open", text);
	if (number / 32 < sizeof plan->used / sizeof *plan->used)
		plan->used[number / 32] |= 1u << number % 32;
	*fd = (int)number;
	return 0;
}

/// The environment

static void env_drop(struct texts *env, const char *name, size_t length)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < env->count; i++)
		if (strncmp(env->list[i], name, length) || env->list[i][length] != '=')
			env->list[kept++] = env->list[i];
	env->count = kept;
	if (env->list)
		env->list[kept] = NULL;
}

static void env_put(struct plan *plan, const char *name, const char *value)
{
	size_t length = strlen(name), size = length + strlen(value) + 2;
	char *text = plan_text(plan, size);

	format(text, size, "%s=%s", name, value);
	env_drop(&plan->env, name, length);
	texts_add(&plan->env, text);
}

static int option_env(struct plan *plan, enum option_id option, char **args)
{
	if (option == O_CLEARENV) {
		plan->env.count = 0;
		if (plan->env.list)
			plan->env.list[0] = NULL;
		return 0;
	}
	if (!*args[0] || strchr(args[0], '='))
		return refuse(option, "not the name of a variable: %-s", args[0]);
	if (plan->env.count >= VARIABLES_MAX)	// each is compared with all others
		return refuse(option, "more than %d variables", VARIABLES_MAX);
	if (option == O_SETENV)
		env_put(plan, args[0], args[1]);
	else
		env_drop(&plan->env, args[0], strlen(args[0]));
	return 0;
}

/// Rights

static const struct { char name[12]; uint16_t presets, flags; } presets[] = {
	{ "ext", SBX_SECCOMP_EXT, 0 },
	{ "deny-ns", SBX_SECCOMP_DENY_NS, 0 },
	{ "deny-tty", SBX_SECCOMP_DENY_TTY, 0 },
	{ "deny-devel", SBX_SECCOMP_DENY_DEVEL, 0 },
	{ "linux32", SBX_SECCOMP_LINUX32, 0 },
	{ "strict", SBX_SECCOMP_STRICT, 0 },
	{ "multiarch", 0, SBX_SECCOMP_MULTIARCH },
	{ "can", 0, SBX_SECCOMP_CAN },
	{ "bluetooth", 0, SBX_SECCOMP_BLUETOOTH },
};

static const struct { char name[12]; uint16_t scope; } scopes[] = {
	{ "abstract", SBX_SCOPE_ABSTRACT },
	{ "signal", SBX_SCOPE_SIGNAL },
};

// Takes the next word of a list with commas off *text: its row in a table whose rows begin with a name[12], or -1.
static int next_named(enum option_id option, const char **text, const void *table, size_t stride, int rows)
{
	enum { NAME = 12 };
	size_t length = strcspn(*text, ",");

	for (int i = 0; i < rows; i++) {
		const char *name = (const char *)table + stride * (size_t)i;

		if (length && length < NAME && !strncmp(name, *text, length) && !name[length]) {
			*text += length + ((*text)[length] == ',' && (*text)[length + 1]);
			return i;
		}
	}
	say_refused(option, "no %s of this name: %.*s", option == O_SECCOMP_PRESET ? "preset" : "scope", (int)length, *text);
	return -1;
}
#define NEXT(option, text, table) next_named(option, text, table, sizeof *(table), sizeof (table) / sizeof *(table))

static int option_preset(struct plan *plan, const char *text)
{
	if (!CONFIG_SBX_SECCOMP)
		return refuse(O_SECCOMP_PRESET, "left out of this build (CONFIG_SBX_SECCOMP)");
	do {
		int i = NEXT(O_SECCOMP_PRESET, &text, presets);

		if (i < 0)
			return EXIT_SETUP;
		plan->presets |= presets[i].presets;
		plan->preset_flags |= presets[i].flags;
		plan->has_preset = 1;
	} while (*text);
	return 0;
}

static int option_scope(enum option_id option, uint32_t *set, const char *text)
{
	do {
		int i = NEXT(option, &text, scopes);

		if (i < 0)
			return EXIT_SETUP;
		*set |= scopes[i].scope;
	} while (*text);
	return 0;
}

static int put_filter(struct plan *plan, enum option_id option, int fd)
{
	enum { INSTRUCTION = 8, PROGRAM_MAX = 8 * 4096 };
	size_t length;
	char *code = load_fd(fd, PROGRAM_MAX, &length);

	if (!code)
		return refuse(option, "descriptor %d: %m", fd);
	if (length % INSTRUCTION || !length) {
		free(code);
		return refuse(option, "descriptor %d: %zu bytes are no BPF program", fd, length);
	}
	sbx_put(&plan->conf, SBX_SECCOMP_FILTER, code, length);
	free(code);
	return 0;
}

static int option_filter(struct plan *plan, enum option_id option, const char *text)
{
	int fd;

	if (parse_fd(plan, option, text, &fd))
		return EXIT_SETUP;
	if (option == O_SECCOMP ? plan->has_filters : plan->seccomp_fd >= 0)
		return refuse(option, "--seccomp and --add-seccomp-fd exclude each other");
	if (option == O_SECCOMP) {	// the last one counts
		plan->seccomp_fd = fd;
		return 0;
	}
	plan->has_filters = 1;
	return put_filter(plan, option, fd);
}

static int option_capability(struct plan *plan, enum option_id option, const char *name)
{
	uint64_t bits = capability_named(name);

	if (!bits)
		return refuse(option, "no capability of this name: %-s", name);
	plan->caps = option == O_CAP_ADD ? plan->caps | bits : plan->caps & ~bits;
	return 0;
}

// Landlock's rights (landlock(7)), as far as ABI 3; what the kernel does not know it does not restrict.
enum {
	LANDLOCK_READ = 1 << 0 | 1 << 2 | 1 << 3,	// EXECUTE READ_FILE READ_DIR
	LANDLOCK_ALL = (1 << 15) - 1,
};

static int option_landlock(struct plan *plan, enum option_id option, const char *path)
{
	if (absolute_only(option, path))
		return EXIT_SETUP;
	sbx_put_landlock(&plan->conf, option == O_LANDLOCK_RO ? LANDLOCK_READ : LANDLOCK_ALL, path);
	return 0;
}

/// One option

static int option_id_number(enum option_id option, const char *text, int64_t *id)
{
	uint64_t number;

	if (parse_number(option, text, UINT32_MAX - 1, &number))
		return EXIT_SETUP;
	*id = (int64_t)number;
	return 0;
}

static int option_hostname(struct plan *plan, const char *name)
{
	if (strlen(name) > 64)
		return refuse(O_HOSTNAME, "longer than 64 bytes: %-s", name);
	plan->hostname = name;
	return 0;
}

static int option_chdir(struct plan *plan, const char *path)
{
	plan->dir = path;
	return target_of(plan, O_CHDIR, &plan->dir);
}

static int option_keep(struct plan *plan, enum option_id option, const char *text)
{
	int fd;

	if (parse_fd(plan, option, text, &fd))
		return EXIT_SETUP;
	if (plan->keep_count == KEPT_MAX)
		return refuse(option, "more than %d", KEPT_MAX);
	plan->keep[plan->keep_count++] = fd;
	return 0;
}

static int option_lock(struct plan *plan, const char *path)
{
	if (absolute_only(O_LOCK_FILE, path))
		return EXIT_SETUP;
	if (plan->locks.count == SBX_HELD_MAX)
		return refuse(O_LOCK_FILE, "more than %d", SBX_HELD_MAX);
	texts_add(&plan->locks, path);
	return 0;
}

static int parse_words(struct plan *plan, int argc, char **argv, int depth, int *left);

// Words that each end in a 0 byte. They stay to the end: the plan points into them.
static int option_args(struct plan *plan, const char *text, int depth)
{
	size_t length;
	char *words, **list;
	int fd, count = 0, left, result;

	if (parse_fd(plan, O_ARGS, text, &fd))
		return EXIT_SETUP;
	if (depth == ARGS_DEPTH)
		return refuse(O_ARGS, "deeper than %d", ARGS_DEPTH);
	words = load_fd(fd, ARGS_LIMIT, &length);
	if (!words)
		return refuse(O_ARGS, "descriptor %s: %m", text);
	texts_add(&plan->owned, words);
	close(fd);
	for (size_t i = 0; i < length; i++)
		count += !words[i] || i + 1 == length;
	list = calloc((size_t)count + 1, sizeof *list);
	if (!list)
		return refuse(O_ARGS, "%m");
	count = 0;
	for (size_t i = 0; i < length; i += strlen(words + i) + 1)
		list[count++] = words + i;
	result = parse_words(plan, count, list, depth + 1, &left);
	if (!result && left)
		result = refuse(O_ARGS, "not an option: %-s", list[count - left]);
	free(list);
	return result;
}

static int own_help(void)
{
	const struct applet_entry *entry = applet_find("sbx");

	return entry && !print_help(entry) ? -1 : 0;
}

static int own_version(const struct plan *plan)
{
	if (plan->as_bwrap)
		print(STDOUT_FILENO, "%s\n", bubblewrap);
	else
		print(STDOUT_FILENO, "sbx (initbox) %s\n", INITBOX_VERSION);
	return -1;
}

static const struct { enum option_id option; int flag, try; } unshare_options[] = {
	{ O_UNSHARE_USER, CLONE_NEWUSER, 0 },
	{ O_UNSHARE_USER_TRY, CLONE_NEWUSER, 1 },
	{ O_UNSHARE_IPC, CLONE_NEWIPC, 0 },
	{ O_UNSHARE_PID, CLONE_NEWPID, 0 },
	{ O_UNSHARE_NET, CLONE_NEWNET, 0 },
	{ O_UNSHARE_UTS, CLONE_NEWUTS, 0 },
	{ O_UNSHARE_CGROUP, CLONE_NEWCGROUP, 0 },
	{ O_UNSHARE_CGROUP_TRY, CLONE_NEWCGROUP, 1 },
};

static int option_unshare(struct plan *plan, enum option_id option)
{
	if (option == O_UNSHARE_ALL) {
		plan->namespaces |= CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS;
		plan->namespaces_try |= CLONE_NEWUSER | CLONE_NEWCGROUP;
		return 0;
	}
	for (size_t i = 0; i < sizeof unshare_options / sizeof *unshare_options; i++)
		if (unshare_options[i].option == option)
			*(unshare_options[i].try ? &plan->namespaces_try : &plan->namespaces) |= unshare_options[i].flag;
	return 0;
}

// --level-prefix: sd-daemon(3)'s number of each kind of message. Errors are what follows but for a moment.
static void name_for(const struct plan *plan, enum log_level level)
{
	if (plan->level_prefix)
		log_name(level == LOG_ERROR ? (plan->as_bwrap ? "<3>bwrap" : "<3>sbx") : plan->as_bwrap ? "<4>bwrap" : "<4>sbx");
}

static int is_seen(const struct plan *plan, enum option_id option)
{
	return plan->seen[option / 32] >> option % 32 & 1;
}

// Options that set one thing: a second one would be lost in silence.
static void warn_of_second(struct plan *plan, enum option_id option)
{
	static const unsigned char single[] = {
		O_ARGV0, O_USERNS, O_USERNS2, O_PIDNS, O_UID, O_GID, O_HOSTNAME, O_CHDIR, O_SYNC_FD, O_BLOCK_FD, O_USERNS_BLOCK_FD,
		O_INFO_FD, O_JSON_STATUS_FD, O_STATS, O_SECCOMP, O_EXEC_LABEL, O_FILE_LABEL, O_MEMORY, O_PIDS, O_CPU, O_WALL_LIMIT,
	};

	if (memchr(single, option, sizeof single) && is_seen(plan, option)) {
		name_for(plan, LOG_WARNING);
		warn("--%s: only the last one counts", option_table[option].name);
		name_for(plan, LOG_ERROR);
	}
	plan->seen[option / 32] |= 1u << option % 32;
}

static int apply_option(struct plan *plan, enum option_id option, char **args, int depth)
{
	int unused;

	warn_of_second(plan, option);
	switch (option) {
	case O_HELP: return own_help();
	case O_VERSION: return own_version(plan);
	case O_ARGS: return option_args(plan, args[0], depth);
	case O_ARGV0: plan->argv0 = args[0]; return 0;
	case O_LEVEL_PREFIX: plan->level_prefix = 1; name_for(plan, LOG_ERROR); return 0;
	case O_UNSHARE_ALL: case O_UNSHARE_USER: case O_UNSHARE_USER_TRY: case O_UNSHARE_IPC: case O_UNSHARE_PID:
	case O_UNSHARE_NET: case O_UNSHARE_UTS: case O_UNSHARE_CGROUP: case O_UNSHARE_CGROUP_TRY:
		return option_unshare(plan, option);
	case O_SHARE_NET: plan->share_net = 1; return 0;
	case O_USERNS: return parse_fd(plan, option, args[0], &plan->userns);
	case O_USERNS2: return parse_fd(plan, option, args[0], &plan->userns2);
	case O_PIDNS: return parse_fd(plan, option, args[0], &plan->pidns);
	case O_DISABLE_USERNS: plan->disable_userns = 1; return 0;
	case O_ASSERT_USERNS_DISABLED: plan->assert_userns = 1; return 0;
	case O_UID: return option_id_number(option, args[0], &plan->uid);
	case O_GID: return option_id_number(option, args[0], &plan->gid);
	case O_HOSTNAME: return option_hostname(plan, args[0]);
	case O_CHDIR: return option_chdir(plan, args[0]);
	case O_SETENV: case O_UNSETENV: case O_CLEARENV: return option_env(plan, option, args);
	case O_LOCK_FILE: return option_lock(plan, args[0]);
	case O_SYNC_FD: return parse_fd(plan, option, args[0], &unused);
	case O_BLOCK_FD: return parse_fd(plan, option, args[0], &plan->block_fd);
	case O_USERNS_BLOCK_FD: return parse_fd(plan, option, args[0], &plan->userns_block_fd);
	case O_INFO_FD: return parse_fd(plan, option, args[0], &plan->info_fd);
	case O_JSON_STATUS_FD: return parse_fd(plan, option, args[0], &plan->status_fd);
	case O_STATS: return parse_fd(plan, option, args[0], &plan->stats_fd);
	case O_KEEP_FD: return option_keep(plan, option, args[0]);
	case O_VERBOSE: plan->flags |= SBX_F_VERBOSE; return 0;
	case O_SECCOMP: case O_ADD_SECCOMP_FD: return option_filter(plan, option, args[0]);
	case O_SECCOMP_PRESET: return option_preset(plan, args[0]);
	case O_LANDLOCK_RO: case O_LANDLOCK_RW: return option_landlock(plan, option, args[0]);
	case O_LANDLOCK_SCOPE: return option_scope(option, &plan->scopes, args[0]);
	case O_LANDLOCK_SCOPE_TRY: return option_scope(option, &plan->scopes_try, args[0]);
	case O_CAP_ADD: case O_CAP_DROP: return option_capability(plan, option, args[0]);
	case O_EXEC_LABEL: plan->exec_label = args[0]; return 0;
	case O_FILE_LABEL: plan->file_label = args[0]; return 0;
	case O_NEW_SESSION: plan->new_session = 1; return 0;
	case O_DIE_WITH_PARENT: plan->die_with_parent = 1; return 0;
	case O_AS_PID_1: plan->flags |= SBX_F_DIRECT; return 0;
	case O_MEMORY: case O_PIDS: case O_CPU: case O_RLIMIT: case O_TIME_LIMIT: case O_WALL_LIMIT: case O_OUTPUT_LIMIT:
		return option_limit(plan, option, args);
	case O_SERVE: plan->serve = args[0]; return 0;
	case O_JOB: plan->job = args[0]; return 0;
	default: return option_file(plan, option, args);
	}
}

static int option_named(const char *name)
{
	for (int i = 0; i < O_COUNT; i++)
		if (!strcmp(option_table[i].name, name))
			return i;
	return -1;
}

// Up to the first word that is no option, or "--". *left words are not options.
static int parse_words(struct plan *plan, int argc, char **argv, int depth, int *left)
{
	int result;

	for (*left = argc; *left; ) {
		char **word = argv + argc - *left;
		int id;

		if (!strcmp(*word, "--")) {
			--*left;
			return 0;
		}
		if (word[0][0] != '-')
			return 0;
		id = word[0][1] == '-' ? option_named(*word + 2) : -1;
		if (id < 0) {
			log_line(LOG_ERROR, "unknown option %-s (see --help)", *word);
			return EXIT_SETUP;
		}
		if (*left <= option_table[id].count)
			return refuse(id, "%d %s needed", option_table[id].count,
				      option_table[id].count == 1 ? "argument is" : "arguments are");
		result = apply_option(plan, id, word + 1, depth);
		if (result)
			return result;
		*left -= option_table[id].count + 1;
	}
	return 0;
}

/// The whole

// With --serve there is no command yet, and with --job there is nothing but one: what would be lost in silence is refused.
static int check_place(const struct plan *plan)
{
	static const unsigned char commands[] = {
		O_ARGV0, O_CHDIR, O_SETENV, O_UNSETENV, O_CLEARENV, O_LOCK_FILE, O_BLOCK_FD, O_STATS, O_KEEP_FD, O_RLIMIT,
		O_TIME_LIMIT, O_WALL_LIMIT, O_OUTPUT_LIMIT, O_EXEC_LABEL,
	};
	static const unsigned char anywhere[] = { O_HELP, O_ARGS, O_LEVEL_PREFIX, O_DIE_WITH_PARENT, O_SYNC_FD, O_JOB };

	for (int option = 0; option < O_COUNT; option++) {
		int of_command = memchr(commands, option, sizeof commands) != NULL;

		if (!is_seen(plan, option))
			continue;
		if (plan->serve && of_command)
			return refuse(option, "is for a command: give it with --job");
		if (plan->job && !of_command && !memchr(anywhere, option, sizeof anywhere))
			return refuse(option, "is for a container, and --job's is there already");
	}
	return 0;
}

static int combination(struct plan *plan)
{
	plan->namespaces |= plan->namespaces_try;
	if (plan->share_net)
		plan->namespaces &= ~(unsigned)CLONE_NEWNET;
	if (plan->userns >= 0 && plan->namespaces & CLONE_NEWUSER && !(plan->namespaces_try & CLONE_NEWUSER))
		return refuse(O_USERNS, "excludes --unshare-user");
	if (plan->userns >= 0)
		plan->namespaces &= ~(unsigned)CLONE_NEWUSER;
	else if (getuid())	// nobody else may make the others
		plan->namespaces |= CLONE_NEWUSER;
	if (plan->uid >= 0 && !(plan->namespaces & CLONE_NEWUSER) && plan->userns < 0)
		return refuse(O_UID, "needs --unshare-user or --userns");
	if (plan->gid >= 0 && !(plan->namespaces & CLONE_NEWUSER) && plan->userns < 0)
		return refuse(O_GID, "needs --unshare-user or --userns");
	if (plan->hostname && !(plan->namespaces & CLONE_NEWUTS))
		return refuse(O_HOSTNAME, "needs --unshare-uts");
	if (plan->disable_userns && !(plan->namespaces & CLONE_NEWUSER))
		return refuse(O_DISABLE_USERNS, "needs --unshare-user");
	if (plan->userns_block_fd >= 0 && !(plan->namespaces & CLONE_NEWUSER))
		return refuse(O_USERNS_BLOCK_FD, "needs --unshare-user");
	if (plan->userns2 >= 0 && plan->userns < 0)
		return refuse(O_USERNS2, "needs --userns");
	if (plan->flags & SBX_F_DIRECT && !(plan->namespaces & CLONE_NEWPID))
		return refuse(O_AS_PID_1, "needs --unshare-pid");
	if (plan->has_daemon && !(plan->namespaces & CLONE_NEWPID))
		return refuse(O_DAEMON, "needs --unshare-pid");
	if (plan->has_daemon && (plan->flags & SBX_F_DIRECT || !is_once(plan)))
		return refuse(O_DAEMON, "excludes --as-pid-1, --serve, --stats and --wall-limit");
	if (plan->serve && plan->flags & SBX_F_DIRECT)
		return refuse(O_SERVE, "excludes --as-pid-1");
	if (plan->perms != SBX_UNSET)
		return refuse(O_PERMS, "nothing that it is for follows");
	if (plan->size)
		return refuse(O_SIZE, "no --tmpfs follows");
	if (plan->layers.count)
		return refuse(O_OVERLAY_SRC, "no --overlay, --tmp-overlay or --ro-overlay follows");
	return 0;
}

int plan_parse(struct plan *plan, int argc, char **argv)
{
	int left, result;

	plan->uid = plan->gid = -1;
	plan->userns = plan->userns2 = plan->pidns = plan->seccomp_fd = -1;
	plan->block_fd = plan->userns_block_fd = plan->info_fd = plan->status_fd = plan->stats_fd = -1;
	plan->perms = SBX_UNSET;
	// bubblewrap leaves root its capabilities but for those that are dropped; by our own name none are left.
	if (plan->as_bwrap && !getuid())
		plan->caps = capability_named("ALL");
	for (char *const *e = plan->environ; e && *e; e++)
		texts_add(&plan->env, *e);
	result = parse_words(plan, argc - 1, argv + 1, 0, &left);
	if (!result)
		result = check_place(plan);
	if (!result && !plan->job)
		result = combination(plan);
	if (!result)
		result = plan->seccomp_fd < 0 ? 0 : put_filter(plan, O_SECCOMP, plan->seccomp_fd);
	if (result)
		return result;
	if (!left && !plan->serve) {
		log_line(LOG_ERROR, "a command is missing (see --help)");
		return EXIT_SETUP;
	}
	if (left && plan->serve)
		return refuse(O_SERVE, "takes no command: %-s", argv[argc - left]);
	for (int i = argc - left; i < argc; i++)
		texts_add(&plan->command, argv[i]);
	env_put(plan, "PWD", plan->dir ? plan->dir : "");	// sbx-init fills it in
	return 0;
}

void plan_free(struct plan *plan)
{
	sbx_free(&plan->conf);
	while (plan->owned.count)
		free((char *)plan->owned.list[--plan->owned.count]);
	free(plan->owned.list);
	free(plan->env.list);
	free(plan->masks.list);
	free(plan->command.list);
	free(plan->layers.list);
	free(plan->locks.list);
}

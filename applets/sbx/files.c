// SPDX-License-Identifier: MIT
// files - options that mount something or make a file: each becomes an operation of sbx-init's, in the same order

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "sbx.h"

enum { DATA_LIMIT = 7 << 20, PATH_SIZE = 4096, LAYERS = 61 };	// a message holds 8 MiB, an operation 64 texts

// What each makes. `try`: no fault if the source is missing. Letters of `takes`: s a source, l a link's text,
// f a descriptor of what is bound, d one that is read, t the target, o a mode.
static const struct file_option {
	enum option_id option;
	char takes[3];
	unsigned char perms;	// --perms is for it
	enum sbx_op_type type;
	uint32_t flags, mode;
} file_options[] = {
	{ O_BIND,         "st", 0, SBX_OP_BIND, SBX_O_WRITABLE, SBX_UNSET },
	{ O_BIND_TRY,     "st", 0, SBX_OP_BIND, SBX_O_WRITABLE | SBX_O_OPTIONAL, SBX_UNSET },
	{ O_DEV_BIND,     "st", 0, SBX_OP_BIND, SBX_O_WRITABLE | SBX_O_DEVICE, SBX_UNSET },
	{ O_DEV_BIND_TRY, "st", 0, SBX_OP_BIND, SBX_O_WRITABLE | SBX_O_DEVICE | SBX_O_OPTIONAL, SBX_UNSET },
	{ O_RO_BIND,      "st", 0, SBX_OP_BIND, 0, SBX_UNSET },
	{ O_RO_BIND_TRY,  "st", 0, SBX_OP_BIND, SBX_O_OPTIONAL, SBX_UNSET },
	{ O_BIND_FD,      "ft", 0, SBX_OP_BIND, SBX_O_WRITABLE, SBX_UNSET },
	{ O_RO_BIND_FD,   "ft", 0, SBX_OP_BIND, 0, SBX_UNSET },
	{ O_REMOUNT_RO,   "t",  0, SBX_OP_REMOUNT, SBX_O_READ_ONLY, SBX_UNSET },
	{ O_PROC,         "t",  0, SBX_OP_PROC, 0, SBX_UNSET },
	{ O_DEV,          "t",  0, SBX_OP_DEV, SBX_O_WRITABLE, SBX_UNSET },
	{ O_TMPFS,        "t",  1, SBX_OP_TMPFS, 0, 0755 },
	{ O_MQUEUE,       "t",  0, SBX_OP_MQUEUE, 0, SBX_UNSET },
	{ O_DIR,          "t",  1, SBX_OP_MKDIR, 0, 0755 },
	{ O_FILE,         "dt", 1, SBX_OP_PLACE, SBX_O_COPY, 0666 },
	{ O_BIND_DATA,    "dt", 1, SBX_OP_PLACE, SBX_O_WRITABLE, 0600 },
	{ O_RO_BIND_DATA, "dt", 1, SBX_OP_PLACE, 0, 0600 },
	{ O_SYMLINK,      "lt", 0, SBX_OP_SYMLINK, SBX_O_REPLACE, SBX_UNSET },
	{ O_CHMOD,        "ot", 0, SBX_OP_CHMOD, 0, SBX_UNSET },
	{ O_AUTO_ROOT,    "s",  0, SBX_OP_AUTO_ROOT, 0, SBX_UNSET },
	{ O_AUTO_ETC,     "",   0, SBX_OP_AUTO_ETC, 0, SBX_UNSET },
};

// An absolute path: a target as bubblewrap takes it (relative to the root), a source relative to where we are.
static const char *absolute(struct plan *plan, const char *base, const char *path)
{
	size_t size = strlen(base) + strlen(path) + 2;
	char *text = plan_text(plan, size);

	format(text, size, "%s/%s", base, path);
	return text;
}

int absolute_only(enum option_id option, const char *path)
{
	if (!*path)
		return refuse(option, "an empty path");
	if (*path != '/')
		return refuse(option, "not an absolute path: %-s", path);
	return strlen(path) < PATH_SIZE ? 0 : refuse(option, "longer than %d bytes: %.40s...", PATH_SIZE - 1, path);
}

int target_of(struct plan *plan, enum option_id option, const char **path)
{
	if (**path && **path != '/' && plan->as_bwrap)
		*path = absolute(plan, "", *path);
	return absolute_only(option, *path);
}

static int source_of(struct plan *plan, enum option_id option, const char **path, int optional)
{
	char here[4096];
	struct stat st;

	if (!**path)
		return refuse(option, "an empty path");
	if (stat(*path, &st) < 0 && !(optional && (errno == ENOENT || errno == ENOTDIR)))
		return refuse(option, "%-s: %m", *path);
	if (**path != '/') {
		if (!getcwd(here, sizeof here))
			return refuse(option, "%m");
		*path = absolute(plan, strcmp(here, "/") ? here : "", *path);
	}
	return 0;
}

// bubblewrap: folders on the way have no more rights for others than the last one.
static void make_parents(struct plan *plan, const char *target, uint32_t perms)
{
	uint32_t mode = 0755 & ~((perms & 070 ? 0 : 070) | (perms & 07 ? 0 : 07));
	char path[4096];

	if (mode == 0755 || format_path(path, "%s", target) < 0)
		return;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		const char *texts[] = { path, NULL };

		*slash = 0;
		sbx_put_op(&plan->conf, &(struct sbx_op){ .type = SBX_OP_MKDIR, .mode = mode, .fd = -1, .texts = texts });
		*slash = '/';
	}
}

static int put_file(struct plan *plan, const struct file_option *how, char **args)
{
	const char *texts[3] = { NULL };
	struct sbx_op op = { .type = how->type, .flags = how->flags, .mode = how->mode, .fd = -1, .texts = texts };
	char *data = NULL;
	int text = 0, fd, result = 0;

	for (const char *take = how->takes; *take && !result; take++, args++) {
		switch (*take) {
		case 'f':
			result = parse_fd(plan, how->option, *args, &op.fd);
			break;
		case 'd':
			result = parse_fd(plan, how->option, *args, &fd);
			if (!result && !(data = load_fd(fd, DATA_LIMIT, &op.data_length)))
				result = refuse(how->option, "descriptor %s: %m", *args);
			op.data = data;
			break;
		case 'o':
			result = parse_octal(how->option, *args, &op.mode);
			break;
		case 's':
			texts[text] = *args;
			result = source_of(plan, how->option, &texts[text++], how->flags & SBX_O_OPTIONAL);
			break;
		case 'l':
			texts[text++] = *args;
			if (!**args || strlen(*args) >= PATH_SIZE)
				result = refuse(how->option, "not a text of 1 to %d bytes", PATH_SIZE - 1);
			break;
		case 't':
			texts[text] = *args;
			result = target_of(plan, how->option, &texts[text++]);
		}
	}
	if (!result && plan->perms != SBX_UNSET) {
		op.mode = plan->perms;
		make_parents(plan, texts[text - 1], op.mode);
	}
	op.size = plan->size;
	if (how->type == SBX_OP_BIND && plan->as_bwrap)
		op.flags |= SBX_O_SLAVE;
	if (!result)
		sbx_put_op(&plan->conf, &op);
	free(data);
	plan->perms = SBX_UNSET;
	plan->size = 0;
	return result;
}

// The kernel wants the uppermost layer first.
static int put_overlay(struct plan *plan, enum option_id option, char **args)
{
	struct texts texts = { 0 };
	const char *target = args[option == O_OVERLAY ? 2 : 0], *upper = "", *work = "";

	if (target_of(plan, option, &target))
		return EXIT_SETUP;
	if (option == O_OVERLAY) {
		upper = args[0];
		work = args[1];
		if (source_of(plan, option, &upper, 0) || source_of(plan, option, &work, 0))
			return EXIT_SETUP;
	}
	if (!plan->layers.count || (option == O_RO_OVERLAY && plan->layers.count < 2))
		return refuse(option, "%s before it", plan->layers.count ? "two --overlay-src are needed" : "an --overlay-src is needed");
	texts_add(&texts, target);
	texts_add(&texts, upper);
	texts_add(&texts, work);
	while (plan->layers.count)
		texts_add(&texts, plan->layers.list[--plan->layers.count]);
	sbx_put_op(&plan->conf, &(struct sbx_op){ .type = SBX_OP_OVERLAY, .fd = -1, .mode = SBX_UNSET, .texts = texts.list,
		.flags = option == O_TMP_OVERLAY ? SBX_O_WRITABLE : 0 });
	free(texts.list);
	return 0;
}

// A program with arguments: split at blanks, no shell.
static int put_daemon(struct plan *plan, char **args)
{
	struct texts texts = { 0 };
	const char *target = args[0];

	if (target_of(plan, O_DAEMON, &target))
		return EXIT_SETUP;
	plan->has_daemon = 1;
	texts_add(&texts, target);
	for (char *word = strtok(args[1], " \t"); word; word = strtok(NULL, " \t")) {
		if (texts.count == 1) {
			if (*word != '/') {
				free(texts.list);
				return refuse(O_DAEMON, "not an absolute path: %-s", word);
			}
			texts_add(&texts, word);
		}
		texts_add(&texts, word);
	}
	if (texts.count == 1) {
		free(texts.list);
		return refuse(O_DAEMON, "an empty command");
	}
	sbx_put_op(&plan->conf, &(struct sbx_op){ .type = SBX_OP_DAEMON, .fd = -1, .mode = SBX_UNSET, .texts = texts.list });
	free(texts.list);
	return 0;
}

static int modifier(struct plan *plan, enum option_id option, char **args)
{
	if (option == O_PERMS ? plan->perms != SBX_UNSET : plan->size)
		return refuse(option, "twice for the same option");
	if (option == O_PERMS)
		return parse_octal(option, args[0], &plan->perms);
	if (parse_number(option, args[0], INT64_MAX, &plan->size))
		return EXIT_SETUP;
	return plan->size ? 0 : refuse(option, "must be more than 0");
}

int option_file(struct plan *plan, enum option_id option, char **args)
{
	const struct file_option *how = file_options, *end = how + sizeof file_options / sizeof *how;

	if (option == O_PERMS || option == O_SIZE)
		return modifier(plan, option, args);
	for (; how < end && how->option != option; how++)
		;
	if (plan->perms != SBX_UNSET && (how == end || !how->perms))
		return refuse(O_PERMS, "is not for --%s, which follows", option_table[option].name);
	if (plan->size && option != O_TMPFS)
		return refuse(O_SIZE, "is not for --%s, which follows", option_table[option].name);
	if (how < end)
		return put_file(plan, how, args);
	switch (option) {
	case O_OVERLAY: case O_TMP_OVERLAY: case O_RO_OVERLAY:
		return put_overlay(plan, option, args);
	case O_OVERLAY_SRC: {
		const char *layer = args[0];

		if (source_of(plan, option, &layer, 0))
			return EXIT_SETUP;
		if (plan->layers.count == LAYERS)
			return refuse(option, "more than %d layers", LAYERS);
		texts_add(&plan->layers, layer);
		return 0;
	}
	case O_DAEMON:
		return put_daemon(plan, args);
	case O_MASK:
		if (absolute_only(option, args[0]))
			return EXIT_SETUP;
		texts_add(&plan->masks, args[0]);
		return 0;
	default:
		return refuse(option, "is not handled");	// a row of the table without code: tests/unit/sbx.c looks
	}
}

// SPDX-License-Identifier: MIT
// device - what one event asks for: node, owner, mode, move, link, interface name, commands

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "door.h"
#include "fmt.h"
#include "log.h"
#include "mdev.h"
#include "spawn.h"

enum {
	ENVIRONMENT = 128,		// variables of a command: the event's, MDEV, and the caller's
	PATH_SIZE = 1024,
	KILLED_TIMEOUT = 1000,		// ms
};

struct device {
	const struct uevent *event;
	const char *name;	// below /dev; of a device without a node, the last part of its DEVPATH
	enum { OTHER, ADD, REMOVE } action;
	mode_t type;		// S_IFCHR, S_IFBLK, or 0: it has no node
	dev_t number;
	mode_t default_mode;
	int quiet;		// no commands
	int placed;		// a rule has dealt with the node
	int unwanted;		// a rule wants none: nor do those behind it
	char at[PATH_SIZE];	// where the last rule has placed it
	int linked;		// and left a link under its name
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

// "change" and "move" come for nodes that may have to be made right once more.
static int action_of(const struct uevent *event)
{
	const char *action = uevent_get(event, "ACTION");

	if (!strcmp(action, "remove"))
		return REMOVE;
	return !strcmp(action, "add") ? ADD : OTHER;
}

static int touches_node(const struct device *d)
{
	const char *action = uevent_get(d->event, "ACTION");

	return d->type && (d->action == ADD || !strcmp(action, "change") || !strcmp(action, "move"));
}

static int is_subsystem(const struct device *d, const char *name)
{
	const char *subsystem = uevent_get(d->event, "SUBSYSTEM");

	return subsystem && !strcmp(subsystem, name);
}

// Returns -1 for a name that could lead out of /dev.
static int device_from(struct device *d, const struct uevent *event)
{
	int major = uevent_number(event, "MAJOR"), minor = uevent_number(event, "MINOR");

	*d = (struct device){ .event = event, .action = action_of(event), .default_mode = 0660 };
	d->name = uevent_get(event, "DEVNAME");
	if (!d->name)
		d->name = last_part(uevent_get(event, "DEVPATH"));
	if (major >= 0 && minor >= 0) {
		d->type = is_subsystem(d, "block") ? S_IFBLK : S_IFCHR;
		d->number = makedev(major, minor);
	}
	return path_is_inside(d->name) ? 0 : -1;
}

/* Nodes */

static int is_node_of(const struct stat *st, const struct device *d)
{
	return (st->st_mode & S_IFMT) == d->type && st->st_rdev == d->number;
}

// The folders that `path` lies in, all of them folders: a link might lead anywhere. With `make` what is missing is made.
static int walk_parents(const struct mdev *m, const char *path, int make)
{
	char folder[PATH_SIZE];

	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		struct stat st;

		if (format_path(folder, "%.*s", (int)(slash - path), path) < 0)
			return -1;
		if (fstatat(m->dev, folder, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (!make || (allowing(EEXIST, sys_mkdir(m->dev, folder, 0755)) < 0 && errno != EEXIST))
				return -1;
		} else if (!S_ISDIR(st.st_mode)) {
			if (make)
				warn("%s: %s is not a folder", path, folder);
			return -1;
		}
	}
	return 0;
}

int is_in_dev(const struct mdev *m, const char *path)
{
	return !walk_parents(m, path, 0);
}

static int set_owner_and_mode(const struct mdev *m, const char *path, const struct stat *st, const struct rule *rule)
{
	int result = 0;

	if (st->st_uid != rule->uid || st->st_gid != rule->gid)
		result = sys_chown(m->dev, path, rule->uid, rule->gid);
	if ((st->st_mode & 07777) != rule->mode)
		result |= sys_chmod(m->dev, path, rule->mode);
	return result;
}

// The right node at `path`, whatever is there: devtmpfs has mostly been faster. Without a rule its
// owner and mode are the kernel's, and a link that leads to the device will do.
static int place_node(const struct mdev *m, const struct device *d, const char *path, const struct rule *rule)
{
	struct stat st;

	if (walk_parents(m, path, 1) < 0)
		return -1;
	for (int attempt = 0; attempt < 2; attempt++) {
		mode_t mode = rule ? rule->mode : d->default_mode;

		if (!fstatat(m->dev, path, &st, AT_SYMLINK_NOFOLLOW)) {
			if (is_node_of(&st, d))
				return rule ? set_owner_and_mode(m, path, &st, rule) : 0;
			if (S_ISLNK(st.st_mode) && !rule && !fstatat(m->dev, path, &st, 0) && is_node_of(&st, d))
				return 0;
			if (sys_unlink(m->dev, path, 0) < 0)
				return -1;
		}
		if (allowing(EEXIST, sys_mknod(m->dev, path, d->type | mode, d->number)) < 0) {
			if (errno == EEXIST)
				continue;
			return -1;
		}
		return rule && (rule->uid || rule->gid) ? sys_chown(m->dev, path, rule->uid, rule->gid) : 0;
	}
	return -1;
}

// A link's text for `path` as seen from where `name` lies: ../ for each folder of `name`.
static int link_text(char *text, size_t size, const char *name, const char *path)
{
	struct buf buf = { .text = text, .size = size };

	buf_add(&buf, "", 0);
	for (; (name = strchr(name, '/')); name++)
		buf_add(&buf, "../", 3);
	buf_add(&buf, path, strlen(path));
	return buf.truncated ? -1 : 0;
}

static int is_link_to(const struct mdev *m, const char *name, const char *text)
{
	char there[PATH_SIZE];
	ssize_t length = readlinkat(m->dev, name, there, sizeof there);

	return length == (ssize_t)strlen(text) && !memcmp(there, text, length);
}

int place_link(const struct mdev *m, const char *name, const char *path)
{
	char text[PATH_SIZE];
	struct stat st;

	if (link_text(text, sizeof text, name, path) < 0 || walk_parents(m, name, 1) < 0)
		return -1;
	if (is_link_to(m, name, text))
		return 0;
	if (!fstatat(m->dev, name, &st, AT_SYMLINK_NOFOLLOW) && sys_unlink(m->dev, name, 0) < 0)
		return -1;
	return sys_symlink(text, m->dev, name);
}

static void remove_link(const struct mdev *m, const char *name, const char *path)
{
	char text[PATH_SIZE];

	if (!link_text(text, sizeof text, name, path) && is_in_dev(m, name) && is_link_to(m, name, text))
		allowing(ENOENT, sys_unlink(m->dev, name, 0));
}

// Only what is the device's own, or leads there: its number may be another's by now, its name too.
static void remove_node(const struct mdev *m, const struct device *d, const char *path)
{
	struct stat st;

	if (d->type && is_in_dev(m, path) && !fstatat(m->dev, path, &st, 0) && is_node_of(&st, d))
		allowing(ENOENT, sys_unlink(m->dev, path, 0));
}

// As busybox has it: /dev/root leads to what "/" is mounted from.
static void link_root(const struct mdev *m, const struct device *d, const char *path)
{
	struct stat st;

	if (d->type == S_IFBLK && d->action == ADD && !*m->root && !stat("/", &st) && st.st_dev == d->number)
		place_link(m, "root", path);
}

static void place(struct mdev *m, struct device *d, const char *path, const struct rule *rule)
{
	if (place_node(m, d, path, rule) < 0)
		return;
	if (rule && rule->place && strcmp(path, d->name)) {
		if (rule->place == '>')
			place_link(m, d->name, path);
		else
			remove_node(m, d, d->name);
	}
	link_root(m, d, path);
	if (!strcmp(d->at, path))
		return;
	format_path(d->at, "%s", path);
	// Before commands are run: they may want these names.
	if (CONFIG_MDEV_LITE_DISKS && d->type == S_IFBLK)
		disk_add(m, d->event, path);
}

static void take_away(struct mdev *m, const struct device *d, const char *path, const struct rule *rule)
{
	if (rule && rule->place == '>' && strcmp(path, d->name))
		remove_link(m, d->name, path);
	if (CONFIG_MDEV_LITE_DISKS && d->type == S_IFBLK)
		disk_remove(m, path);
	remove_node(m, d, path);
}

/* Commands */

int shell_run(const char *command, char **env, int timeout)
{
	char *argv[] = { "/bin/sh", "-c", (char *)command, NULL };
	pid_t pid = spawn(argv, &(struct spawn){ .env = env, .new_session = 1 });
	int status;

	if (pid <= 0)
		return pid;
	if (wait_child(pid, timeout, &status) == 1)
		return exit_code(status);
	sys_kill(-pid, SIGKILL);
	wait_child(pid, KILLED_TIMEOUT, &status);	// one that a device never answers does not end
	return -ETIME;
}

static int has_key(char *const *list, unsigned count, const char *assignment)
{
	size_t length = strcspn(assignment, "=") + 1;

	for (unsigned i = 0; i < count; i++)
		if (!strncmp(list[i], assignment, length))
			return 1;
	return 0;
}

static void run(const struct mdev *m, const struct device *d, const struct rule *rule, const char *path)
{
	char name[PATH_SIZE + 8], *env[ENVIRONMENT + 1];
	unsigned count = d->event->count, own;

	if (format_path(name, "MDEV=%s", path) < 0)
		return;
	memcpy(env, d->event->env, count * sizeof *env);
	env[count++] = name;
	own = count;
	for (char **e = environ; *e && count < ENVIRONMENT; e++)
		if (!has_key(env, own, *e))
			env[count++] = *e;
	env[count] = NULL;
	info("%s: line %u runs %s", path, rule->line, rule->command);
	if (shell_run(rule->command, env, m->timeout) == -ETIME)
		warn("%s:%u: killed after %d s: %s", m->rules.file, rule->line, m->timeout / 1000, rule->command);
}

static int wants_command(const struct device *d, const struct rule *rule)
{
	if (d->quiet || !rule->when)
		return 0;
	return rule->when == '*' || d->action == (rule->when == '@' ? ADD : REMOVE);
}

/* Rules */

static int net_target(const struct device *d, const struct rule *rule)
{
	return rule->target && is_subsystem(d, "net") && !d->type;
}

static void rename_interface(const struct device *d, const char *name)
{
	if (d->action == ADD && strcmp(name, d->name))
		sys_link_rename(d->name, name);
}

// Where a rule wants the node: the device's name, or its target, filled in. NULL where that cannot be.
static const char *path_of(const struct mdev *m, const struct device *d, const struct rule *rule,
			   const struct match *match, char *target, size_t size)
{
	if (!rule || !rule->place || rule->place == '!')
		return d->name;
	if (!rule_target(rule, match, d->name, target, size))
		return target;
	warn("%s:%u: %s as a name for %s:", m->rules.file, rule->line, rule->target, d->name);
	return NULL;
}

// The device's name may be a link by now, which the rule before has left: then it is about where that leads.
static const char *final_path(struct device *d, const struct rule *rule, const char *path)
{
	if (rule && !rule->place && d->linked)
		return d->at;
	d->linked = rule && rule->place == '>';
	return path;
}

// What a rule that matched (or, with NULL, none) asks for; nodes of a removed device stay for its commands.
static void apply(struct mdev *m, struct device *d, const struct rule *rule, const char *path)
{
	if (rule && rule->place == '!')
		d->placed = d->unwanted = 1;
	else if (rule && net_target(d, rule))
		rename_interface(d, path);
	else if (touches_node(d) && !d->unwanted)
		place(m, d, final_path(d, rule, path), rule), d->placed = 1;
	if (rule && wants_command(d, rule))
		run(m, d, rule, path);
}

static void unplace(struct mdev *m, struct device *d, const struct rule *rule, const char *path)
{
	if (rule && rule->place == '!')
		d->placed = 1;
	else if (!d->placed)
		take_away(m, d, path, rule);
}

static void for_each_rule(struct mdev *m, struct device *d,
			  void (*step)(struct mdev *, struct device *, const struct rule *, const char *))
{
	char target[PATH_SIZE];
	struct match match;
	const char *path;

	for (size_t i = 0; i < m->rules.count; i++) {
		struct rule *rule = &m->rules.rule[i];

		if (!rule_matches(&m->rules, rule, d->event, d->name, &match))
			continue;
		if ((path = path_of(m, d, rule, &match, target, sizeof target)))
			step(m, d, rule, path);
		if (!rule->keep)
			return;
	}
	if (!d->placed)
		step(m, d, NULL, d->name);
}

static void apply_rules(struct mdev *m, struct device *d)
{
	for_each_rule(m, d, apply);
	d->placed = 0;
	if (d->action == REMOVE)
		for_each_rule(m, d, unplace);
}

// "move": DEVPATH_OLD ends in the name that the device had, and its node may have. devtmpfs does not follow.
static void remove_old_name(struct mdev *m, const struct device *d)
{
	static const char *const same[] = { "SUBSYSTEM", "DEVTYPE", "MAJOR", "MINOR", NULL };
	const char *old = uevent_get(d->event, "DEVPATH_OLD");
	char name[PATH_SIZE];
	struct uevent event;
	struct device gone;

	if (!old || !d->type || format_path(name, "%.*s%s", (int)(last_part(d->name) - d->name), d->name, last_part(old)) < 0
	    || !strcmp(name, d->name) || uevent_begin(&event, "remove", old) < 0 || uevent_add(&event, "DEVNAME", name) < 0)
		return;
	for (const char *const *key = same; *key; key++)
		if (uevent_get(d->event, *key) && uevent_add(&event, *key, uevent_get(d->event, *key)) < 0)
			return;
	if (device_from(&gone, &event) == 0)
		for_each_rule(m, &gone, unplace);
}

void device_apply(struct mdev *m, const struct uevent *event)
{
	struct device d;

	if (device_from(&d, event) < 0) {
		m->refused++;
		warn("refused the name %-s of %s", d.name, uevent_get(event, "DEVPATH"));
		return;
	}
	if (!strcmp(uevent_get(event, "ACTION"), "move"))
		remove_old_name(m, &d);
	if (d.type || m->rules.count)
		apply_rules(m, &d);
}

void device_static(struct mdev *m, const struct uevent *event, unsigned mode)
{
	struct device d;

	if (device_from(&d, event) < 0) {
		m->refused++;
		return;
	}
	d.default_mode = mode;
	d.quiet = 1;
	apply_rules(m, &d);
}

// The last rule that places it decides, as in apply.
static void note_path(struct mdev *m, struct device *d, const struct rule *rule, const char *path)
{
	(void)m;
	path = final_path(d, rule, path);
	if (path != d->at)
		format_path(d->at, "%s", path);
	d->placed = 1;
}

int device_path(struct mdev *m, const struct uevent *event, char *path, size_t size)
{
	struct device d;

	if (device_from(&d, event) < 0)
		return -1;
	for_each_rule(m, &d, note_path);
	return format(path, size, "%s", d.at);
}

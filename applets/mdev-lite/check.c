// SPDX-License-Identifier: MIT
// check - what the lines of a mdev.conf mean, and which of them a device meets

#include <string.h>
#include <unistd.h>
#include "door.h"
#include "fmt.h"
#include "log.h"
#include "mdev.h"

static void explain_match(struct buf *out, const struct rule *rule)
{
	for (unsigned i = 0; i < rule->condition_count; i++)
		buf_format(out, "%s has %s, ", rule->conditions[i].variable, rule->conditions[i].pattern.text);
	if (rule->major >= 0)
		buf_format(out, "number %d:%d to %d:%d", rule->major, rule->first, rule->major, rule->last);
	else
		buf_format(out, "%s is %s", rule->variable ? rule->variable : "name", rule->pattern.text);
}

static void explain(const struct rule *rule)
{
	char text[2048];
	struct buf out = BUF(text);

	buf_format(&out, "%u: ", rule->line);
	explain_match(&out, rule);
	buf_format(&out, ": owner %u:%u, mode %04o", rule->uid, rule->gid, rule->mode);
	if (rule->place == '!')
		buf_format(&out, ", no node");
	else if (rule->place)
		buf_format(&out, ", %s %s", rule->place == '>' ? "moved, with a link, to" : "moved to", rule->target);
	if (rule->when)
		buf_format(&out, ", on %s run %s", rule->when == '@' ? "add" : rule->when == '$' ? "remove" : "any action",
			   rule->command);
	if (rule->keep)
		buf_format(&out, "; later rules too");
	print(STDOUT_FILENO, "%s\n", text);
}

int check_file(const struct mdev *m, const char *file)
{
	struct rules rules;
	int code;

	if (access(file, R_OK) < 0 || rules_load(&rules, m->root, file) < 0) {
		warn("%s:", file);
		return 1;
	}
	rules_compile(&rules);
	for (size_t i = 0; i < rules.count; i++)
		if (rules.rule[i].pattern.state != PATTERN_BAD)
			explain(&rules.rule[i]);
	code = rules.bad != 0;
	rules_free(&rules);
	return code;
}

// Which rules win, then what would happen, as lines for a shell.
int check_device(struct mdev *m, const char *devpath)
{
	struct uevent event;
	struct match match;
	const char *name, *slash;

	if (!strncmp(devpath, "/sys/", 5))
		devpath += 5;
	if (uevent_read(m->sys, devpath + strspn(devpath, "/"), NULL, &event) < 0) {
		warn("%s:", devpath);
		return 1;
	}
	name = uevent_get(&event, "DEVNAME");
	slash = strrchr(uevent_get(&event, "DEVPATH"), '/');
	if (!name)
		name = slash + 1;
	for (char **variable = event.env; *variable; variable++)
		print(STDOUT_FILENO, "# %s\n", *variable);
	for (size_t i = 0; i < m->rules.count; i++) {
		if (!rule_matches(&m->rules, &m->rules.rule[i], &event, name, &match))
			continue;
		print(STDOUT_FILENO, "# rule of line ");
		explain(&m->rules.rule[i]);
		if (!m->rules.rule[i].keep)
			break;
	}
	door_dry_run(STDOUT_FILENO);
	device_apply(m, &event);
	return 0;
}

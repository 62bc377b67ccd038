// SPDX-License-Identifier: MIT
// rules.h - /etc/mdev.conf: lines into rules, and which of them a device meets (mdev.conf(5))
#pragma once
#include <regex.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "uevent.h"

// POSIX extended. Compiled when a device first gets as far as it: most never do.
struct pattern {
	const char *text;
	size_t prefix;		// so many characters at its start stand for themselves
	uint64_t first[2];	// a bit for each ASCII character that a match can begin with
	enum { PATTERN_NEW, PATTERN_LITERAL, PATTERN_REGEX, PATTERN_BAD } state;
	regex_t regex;
};

struct condition {
	const char *variable;
	struct pattern pattern;	// to be found anywhere in the value
};

struct rule {
	unsigned line;
	char keep;		// '-': later rules may match as well
	char place;		// '=' moves the node, '>' leaves a link as well, '!' wants none, 0
	char when;		// of the command: '@' add, '$' remove, '*' any action, 0: none
	const char *variable;	// whose value must match, NULL: the device's name
	int major, first, last;	// by number instead; major is -1 where it is not
	uid_t uid;
	gid_t gid;
	mode_t mode;
	const char *target, *command;
	struct pattern pattern;
	struct condition *conditions;
	unsigned condition_count;
};

struct rules {
	struct rule *rule;
	size_t count;
	unsigned bad;		// lines that were reported and left out
	int commands, targets;	// there are rules that run something, that move or rename
	char *text;		// the file, cut to pieces; rules point into it
	const char *file;	// its name in messages
};

// What /etc/passwd and /etc/group say; NULL where there is none: numbers work, and root.
struct ids {
	const char *passwd, *group;
};

// Takes one line apart in place. Returns 0, 1 if there is no rule on it, or -1 with *problem set.
int rule_parse(struct rule *rule, char *line, const struct ids *ids, const char **problem);
void rule_free(struct rule *rule);

// Takes `text` (of `length` bytes, then a 0; from malloc) over and cuts it to rules; a bad line is reported with its
// number and left out.
void rules_parse(struct rules *rules, const char *file, char *text, size_t length, const struct ids *ids);
// Reads `file`, ids from etc/ below `root`. Without the file there are no rules. Returns 0, or -1 with errno.
int rules_load(struct rules *rules, const char *root, const char *file);
void rules_free(struct rules *rules);

// Compiles all expressions, so that bad ones are reported now.
void rules_compile(struct rules *rules);

enum { MATCH_GROUPS = 10 };
struct match {
	const char *subject;	// what %0 to %9 are taken from
	regmatch_t group[MATCH_GROUPS];
};

// Whether a device of this name and event meets the rule. Reports a bad expression the first time.
int rule_matches(struct rules *rules, struct rule *rule, const struct uevent *event, const char *name,
		 struct match *match);

// Whether nothing but its name and numbers, which `event` has, decides what the device gets, and nothing is to be run.
int rules_need_no_more(struct rules *rules, const struct uevent *event, const char *name);

// The rule's target with its %n filled in and, behind a last '/', the device's name. Returns 0, or -1
// (ENAMETOOLONG, or EINVAL for a path that leaves /dev).
int rule_target(const struct rule *rule, const struct match *match, const char *name, char *path, size_t size);

// Whether `path` stays below the folder it starts in: not empty, not absolute, no "." or ".." in it.
int path_is_inside(const char *path);

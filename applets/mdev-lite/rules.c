// SPDX-License-Identifier: MIT
// rules - /etc/mdev.conf: lines into rules, and which of them a device meets

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "rules.h"

enum { FILE_LIMIT = 1 << 20, DEFAULT_MODE = 0660 };

static const char blanks[] = " \t\r";
static const char digits[] = "0123456789";
static const char plain_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/:-";
static const char variable_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* Fields */

// Cuts the next word off *text and returns it, NULL at the end.
static char *next_word(char **text)
{
	char *word = *text + strspn(*text, blanks), *end = word + strcspn(word, blanks);

	*text = *end ? end + 1 : end;
	*end = 0;
	return *word ? word : NULL;
}

static int parse_number(const char *text, size_t length, int *number)
{
	if (!length || length > 9 || strspn(text, digits) < length)
		return -1;
	*number = atoi(text);
	return 0;
}

// 32 bits, of which the largest stands for none: chown(2) would leave it as it is.
static int parse_id(const char *text, size_t length, id_t *id)
{
	unsigned long long number;

	if (!length || length > 10 || strspn(text, digits) < length || (number = strtoull(text, NULL, 10)) >= UINT32_MAX)
		return -1;
	*id = number;
	return 0;
}

// The line of `name` in the text of passwd(5) or group(5), behind its first colon; NULL if there is none.
static const char *find_entry(const char *file, const char *name, size_t length)
{
	for (; file && *file; file += strcspn(file, "\n"), file += *file == '\n')
		if (!strncmp(file, name, length) && file[length] == ':')
			return file + length + 1;
	return NULL;
}

// name:x:ID: the number behind the next colon.
static int entry_id(const char *entry, id_t *id)
{
	entry += strcspn(entry, ":\n");
	return *entry == ':' ? parse_id(entry + 1, strspn(entry + 1, digits), id) : -1;
}

static int find_id(const char *file, const char *name, size_t length, id_t *id)
{
	const char *entry;

	if (!parse_id(name, length, id))
		return 0;
	if ((entry = find_entry(file, name, length)))
		return entry_id(entry, id);
	if (length == 4 && !memcmp(name, "root", 4)) {
		*id = 0;
		return 0;
	}
	return -1;
}

// user, user: or user:group, each a name or a number; without a group it is the user's own.
static int parse_owner(struct rule *rule, const char *text, const struct ids *ids)
{
	size_t length = strcspn(text, ":");
	const char *group = text[length] ? text + length + 1 : "";
	id_t uid, gid;

	if (find_id(ids->passwd, text, length, &uid) < 0)
		return -1;
	gid = uid;
	if (*group) {
		if (find_id(ids->group, group, strlen(group), &gid) < 0)
			return -1;
	} else {
		const char *entry = find_entry(ids->passwd, text, length);

		if (entry) {
			entry += strcspn(entry, ":\n");
			entry += *entry == ':';
			if (entry_id(entry, &gid) < 0)
				return -1;
		}
	}
	rule->uid = uid;
	rule->gid = gid;
	return 0;
}

// One clause of chmod(1): who, then + - or = and what, that as often as wanted.
static int mode_clause(const char **text, mode_t *mode)
{
	static const char letters[] = "rwxst", copied[] = "ogu";
	static const mode_t who_bits[] = { ['u' - 'a'] = 04700, ['g' - 'a'] = 02070, ['o' - 'a'] = 01007, [0] = 07777 };
	static const mode_t what_bits[] = { 0444, 0222, 0111, 06000, 01000 };
	const char *p = *text;
	mode_t who = 0;

	for (; *p && strchr("ugoa", *p); p++)
		who |= who_bits[*p - 'a'];
	if (!who)
		who = 07777;
	if (!*p || !strchr("+-=", *p))
		return -1;
	while (*p && strchr("+-=", *p)) {
		char how = *p++;
		mode_t what = 0;
		const char *letter;

		if (*p && (letter = strchr(copied, *p))) {
			what = (*mode >> 3 * (letter - copied) & 7) * 0111;
			p++;
		}
		for (; *p && ((letter = strchr(letters, *p)) || *p == 'X'); p++)
			what |= letter ? what_bits[letter - letters] : *mode & 0111 ? 0111 : 0;
		what &= who;
		*mode = how == '+' ? *mode | what : how == '-' ? *mode & ~what : (*mode & ~who) | what;
	}
	*text = p;
	return 0;
}

static int parse_mode(struct rule *rule, const char *text)
{
	char *end;

	rule->mode = DEFAULT_MODE;
	if (*text >= '0' && *text <= '9') {
		unsigned long mode = strtoul(text, &end, 8);

		rule->mode = mode & 07777;
		return *end || mode > 07777 ? -1 : 0;
	}
	for (; !mode_clause(&text, &rule->mode); text++)
		if (*text != ',')
			return *text ? -1 : 0;
	return -1;
}

/* What a device must be like */

// Behind the alternative at `text`, which ends at a | or ) of its own level or at the end; NULL where that is not clear.
static const char *skip_alternative(const char *text)
{
	for (int depth = 0; *text && (depth || !strchr("|)", *text)); text++) {
		depth += *text == '(' ? 1 : *text == ')' ? -1 : 0;
		if (*text == '[' && !(text = strchr(text, ']')))
			return NULL;
	}
	return text;
}

// Adds the characters that a match of the alternatives at `text` can begin with. Returns where they end (at a closing
// parenthesis or the text's end), NULL where it could be any character.
static const char *add_first(uint64_t first[2], const char *text)
{
	for (;;) {
		const char *end = text + 1;

		if (*text == '(') {
			end = add_first(first, text + 1);
			if (!end || *end++ != ')')
				return NULL;
		} else if (!*text || !strchr(plain_characters, *text)) {
			return NULL;
		} else {
			first[*text / 64] |= UINT64_C(1) << *text % 64;
		}
		// What may be missing leaves the beginning to the next.
		if (*end && strchr("*?{", *end))
			return NULL;
		text = skip_alternative(text);
		if (!text || *text != '|')
			return text;
		text++;
	}
}

static int knows_first(struct pattern *pattern)
{
	const char *end;

	// Escapes, and classes that hold a ], are not worth understanding.
	if (strpbrk(pattern->text, "\\^") || strstr(pattern->text, "[:") || strstr(pattern->text, "[]"))
		return 0;
	end = add_first(pattern->first, pattern->text);
	return end && !*end;
}

// Most rules are no match by their first character: then nothing is compiled, and no matcher runs.
static int may_begin(const struct pattern *pattern, char c)
{
	return c <= 0 || (pattern->first[c / 64] >> c % 64 & 1);
}

static void pattern_set(struct pattern *pattern, const char *text)
{
	size_t prefix = strspn(text, plain_characters);

	*pattern = (struct pattern){ .text = text, .prefix = prefix };
	if (!text[prefix])
		pattern->state = PATTERN_LITERAL;
	else if (strchr(text, '|') || strchr("*?{", text[prefix]))
		pattern->prefix = strchr(text, '|') || !prefix ? 0 : prefix - 1;
	if (!knows_first(pattern))
		pattern->first[0] = pattern->first[1] = UINT64_MAX;
}

static int pattern_compile(struct pattern *pattern)
{
	if (pattern->state == PATTERN_NEW)
		pattern->state = regcomp(&pattern->regex, pattern->text, REG_EXTENDED) ? PATTERN_BAD : PATTERN_REGEX;
	return pattern->state == PATTERN_BAD ? -1 : 0;
}

static void pattern_free(struct pattern *pattern)
{
	if (pattern->state == PATTERN_REGEX)
		regfree(&pattern->regex);
}

// @major,minor or @major,minor-minor
static int parse_numbers(struct rule *rule, const char *text)
{
	size_t length = strcspn(text, ",");
	const char *minor = text + length + 1;

	if (!text[length] || parse_number(text, length, &rule->major) < 0)
		return -1;
	length = strcspn(minor, "-");
	if (parse_number(minor, length, &rule->first) < 0)
		return -1;
	rule->last = rule->first;
	return minor[length] ? parse_number(minor + length + 1, strlen(minor + length + 1), &rule->last) : 0;
}

// VARIABLE=re; before the match proper, as often as wanted. Returns where they end, NULL without memory.
static char *parse_conditions(struct rule *rule, char *text)
{
	for (;;) {
		size_t name = strspn(text, variable_characters);
		char *end = text[name] == '=' && name ? strchr(text + name, ';') : NULL;
		struct condition *all;

		if (!end)
			return text;
		all = realloc(rule->conditions, (rule->condition_count + 1) * sizeof *all);
		if (!all)
			return NULL;
		rule->conditions = all;
		text[name] = *end = 0;
		all += rule->condition_count++;
		all->variable = text;
		pattern_set(&all->pattern, text + name + 1);
		text = end + 1;
	}
}

static int parse_match(struct rule *rule, char *text, const char **problem)
{
	rule->major = -1;
	if (*text == '-') {
		rule->keep = '-';
		text++;
	}
	*problem = "out of memory";
	if (!(text = parse_conditions(rule, text)))
		return -1;
	*problem = "@MAJOR,MINOR[-MINOR] expected";
	if (*text == '@')
		return parse_numbers(rule, text + 1);
	if (*text == '$') {
		char *value = strchr(++text, '=');

		*problem = "$VARIABLE=EXPRESSION expected";
		if (!value || value == text || strspn(text, variable_characters) != (size_t)(value - text))
			return -1;
		*value = 0;
		rule->variable = text;
		text = value + 1;
	}
	*problem = "nothing to match";
	pattern_set(&rule->pattern, text);
	return *text ? 0 : -1;
}

/* Lines */

static int parse_rest(struct rule *rule, char *rest, const char **problem)
{
	rest += strspn(rest, blanks);
	if (*rest && strchr("=>!", *rest)) {
		char *target = next_word(&rest);

		rule->place = *target;
		rule->target = target + 1;
		*problem = *target == '!' ? "nothing may follow ! in its word" : "no path behind = or >";
		if ((*target == '!') == (target[1] != 0))
			return -1;
		rest += strspn(rest, blanks);
	}
	if (*rest) {
		*problem = "a command must start with @, $ or *";
		if (!strchr("@$*", *rest))
			return -1;
		rule->when = *rest;
		rule->command = rest + 1 + strspn(rest + 1, blanks);
		*problem = "no command";
		return *rule->command ? 0 : -1;
	}
	return 0;
}

int rule_parse(struct rule *rule, char *line, const struct ids *ids, const char **problem)
{
	unsigned number = rule->line;
	char *match, *owner, *mode;

	*rule = (struct rule){ .line = number };
	match = next_word(&line);
	if (!match || *match == '#')
		return 1;
	owner = next_word(&line);
	mode = next_word(&line);
	*problem = "too short: MATCH USER:GROUP MODE expected";
	if (!owner || !mode)
		return -1;
	if (parse_match(rule, match, problem) < 0)
		return -1;
	*problem = "unknown user or group";
	if (parse_owner(rule, owner, ids) < 0)
		return -1;
	*problem = "bad mode";
	if (parse_mode(rule, mode) < 0)
		return -1;
	return parse_rest(rule, line, problem);
}

void rule_free(struct rule *rule)
{
	pattern_free(&rule->pattern);
	for (unsigned i = 0; i < rule->condition_count; i++)
		pattern_free(&rule->conditions[i].pattern);
	free(rule->conditions);
}

// The line at `text`, joined with those that follow a \ at its end; *lines is how many they were. Returns the next.
static char *cut_line(char *text, const char *end, unsigned *lines)
{
	char *to = text;

	for (*lines = 1; text < end && *text != '\n'; text++) {
		if (*text == '\\' && text[1] == '\n') {
			++*lines;
			text++;
		} else {
			*to++ = *text;
		}
	}
	text += text < end;
	*to = 0;
	return text;
}

static void report(struct rules *rules, unsigned line, const char *problem)
{
	rules->bad++;
	warn("%s:%u: %s", rules->file, line, problem);
}

void rules_parse(struct rules *rules, const char *file, char *text, size_t length, const struct ids *ids)
{
	const char *end = text + length, *nul = text;	// the next, which most files have not
	unsigned line = 1, lines;

	*rules = (struct rules){ .text = text, .file = file };
	for (char *next; text < end; text = next, line += lines) {
		struct rule rule = { .line = line }, *all;
		const char *problem = "has a NUL byte";
		int result;

		if (nul <= text && !(nul = memchr(text, 0, end - text)))
			nul = end;
		next = cut_line(text, end, &lines);
		result = nul < next ? -1 : rule_parse(&rule, text, ids, &problem);
		if (!result && (all = realloc(rules->rule, (rules->count + 1) * sizeof *all))) {
			rules->rule = all;
			all[rules->count++] = rule;
			rules->commands |= rule.when && rule.when != '$';
			rules->targets |= rule.place && rule.place != '!';
			continue;
		}
		if (result < 0)
			report(rules, line, problem);
		rule_free(&rule);
	}
}

static char *load_ids(const char *root, const char *name)
{
	char path[4096];

	return format_path(path, "%s/etc/%s", root, name) < 0 ? NULL : load_file(AT_FDCWD, path, FILE_LIMIT, NULL);
}

int rules_load(struct rules *rules, const char *root, const char *file)
{
	size_t length;
	char *text = load_file(AT_FDCWD, file, FILE_LIMIT, &length);
	cleanup_free char *passwd = NULL, *group = NULL;

	*rules = (struct rules){ .file = file };
	if (!text)
		return errno == ENOENT ? 0 : -1;
	passwd = load_ids(root, "passwd");
	group = load_ids(root, "group");
	rules_parse(rules, file, text, length, &(struct ids){ passwd, group });
	return 0;
}

void rules_free(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		rule_free(&rules->rule[i]);
	free(rules->rule);
	free(rules->text);
	*rules = (struct rules){ .file = rules->file };
}

/* Matching */

static int compiled(struct rules *rules, const struct rule *rule, struct pattern *pattern)
{
	int known = pattern->state != PATTERN_NEW;

	if (!pattern_compile(pattern))
		return 1;
	if (!known)
		report(rules, rule->line, "bad regular expression");
	return 0;
}

void rules_compile(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->rule[i];

		for (unsigned c = 0; c < rule->condition_count; c++)
			compiled(rules, rule, &rule->conditions[c].pattern);
		if (rule->major < 0)
			compiled(rules, rule, &rule->pattern);
	}
}

// Whether it matches the whole of `subject`. The longest of the leftmost matches is what regexec finds.
static int matches_whole(struct rules *rules, const struct rule *rule, struct pattern *pattern, struct match *match)
{
	const char *subject = match->subject;
	size_t length = strlen(subject);

	if (!may_begin(pattern, *subject) || strncmp(subject, pattern->text, pattern->prefix))
		return 0;
	if (pattern->state == PATTERN_LITERAL) {
		if (length != pattern->prefix)
			return 0;
		match->group[0] = (regmatch_t){ .rm_so = 0, .rm_eo = length };
		return 1;
	}
	return compiled(rules, rule, pattern) && !regexec(&pattern->regex, subject, MATCH_GROUPS, match->group, 0)
		&& match->group[0].rm_so == 0 && (size_t)match->group[0].rm_eo == length;
}

static int conditions_hold(struct rules *rules, const struct rule *rule, const struct uevent *event)
{
	for (unsigned i = 0; i < rule->condition_count; i++) {
		struct condition *c = &rule->conditions[i];
		const char *value = uevent_get(event, c->variable);

		if (!value)
			return 0;
		if (c->pattern.state == PATTERN_LITERAL ? !strstr(value, c->pattern.text)
		    : !compiled(rules, rule, &c->pattern) || regexec(&c->pattern.regex, value, 0, NULL, 0))
			return 0;
	}
	return 1;
}

int rule_matches(struct rules *rules, struct rule *rule, const struct uevent *event, const char *name,
		 struct match *match)
{
	match->subject = name;
	for (int i = 0; i < MATCH_GROUPS; i++)
		match->group[i] = (regmatch_t){ -1, -1 };
	if (!conditions_hold(rules, rule, event))
		return 0;
	if (rule->major >= 0) {
		int minor = uevent_number(event, "MINOR");

		match->group[0] = (regmatch_t){ .rm_so = 0, .rm_eo = strlen(name) };
		return uevent_number(event, "MAJOR") == rule->major && minor >= rule->first && minor <= rule->last;
	}
	if (rule->variable)
		match->subject = uevent_get(event, rule->variable);
	return match->subject && matches_whole(rules, rule, &rule->pattern, match);
}

int rules_need_no_more(struct rules *rules, const struct uevent *event, const char *name)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->rule[i];
		struct match match = { .subject = name };

		// Conditions cannot make up for a name that does not match.
		if (rule->condition_count && !rule->variable && rule->major < 0
		    && !matches_whole(rules, rule, &rule->pattern, &match))
			continue;
		if (rule->condition_count || rule->variable)
			return 0;
		if (rule_matches(rules, rule, event, name, &match))
			return !rule->when && !rule->keep;
	}
	return 1;
}

int path_is_inside(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (!length || (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.'))))
			return 0;
		if (!path[length])
			return 1;
		path += length + 1;
	}
}

int rule_target(const struct rule *rule, const struct match *match, const char *name, char *path, size_t size)
{
	struct buf buf = { .text = path, .size = size };
	const char *target = rule->target;

	buf_add(&buf, "", 0);
	for (; *target; target++) {
		const regmatch_t *group;

		if (*target != '%' || target[1] < '0' || target[1] > '9') {
			buf_add(&buf, target, 1);
			continue;
		}
		group = &match->group[target[1] - '0'];
		if (group->rm_so >= 0)
			buf_add(&buf, match->subject + group->rm_so, group->rm_eo - group->rm_so);
		target++;
	}
	if (target[-1] == '/')
		buf_add(&buf, name, strlen(name));
	if (buf.truncated || !path_is_inside(path)) {
		errno = buf.truncated ? ENAMETOOLONG : EINVAL;
		return -1;
	}
	return 0;
}

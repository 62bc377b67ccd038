// SPDX-License-Identifier: MIT
// mdev-lite - mdev.conf's grammar, what rules match, and what a uevent must look like

#include <stdint.h>
#include "applets/mdev-lite/rules.h"
#include "applets/mdev-lite/set.h"
#include "applets/mdev-lite/signatures.h"
#include "log.h"
#include "tap.h"
#include "uevent.h"

static const struct ids ids = {
	.passwd = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:100::/:/bin/sh\nrootless:x:7:7::/:\nbroken\nbroken:x\n"
		  "large:x:3000000000:3000000001::/:\n",
	.group = "broken:x:\nroot:x:0:\ntty:x:5:\ndisk:x:6:\naudio:x:29:alice\n",
};

static const char *problem;

// Parses a copy of `line`, which stays until the next call.
static struct rule *parsed(const char *line)
{
	static struct rule rule;
	static char text[512];

	snprintf(text, sizeof text, "%s", line);
	problem = "";
	return rule_parse(&rule, text, &ids, &problem) == 0 ? &rule : NULL;
}

static const char *problem_of(const char *line)
{
	return parsed(line) ? "none" : problem;
}

static struct uevent *event_of(const char *text, size_t length)
{
	static struct uevent event;

	memcpy(event.text, text, length);
	return uevent_parse(&event, length) ? NULL : &event;
}
// The 0 that ends a literal ends its last variable.
#define EVENT(text) event_of(text, sizeof text)

#define BLOCK EVENT("add@/devices/pci/sda1\0ACTION=add\0DEVPATH=/devices/pci/sda1\0SUBSYSTEM=block\0" \
		    "DEVNAME=sda1\0DEVTYPE=partition\0MAJOR=8\0MINOR=1\0PARTN=1")

static struct match match;

static int matches(const char *line, const char *name)
{
	static struct rules rules = { .file = "test" };

	return rule_matches(&rules, parsed(line), BLOCK, name, &match);
}

static const char *target(const char *line, const char *name)
{
	static char path[64];
	struct rules rules = { .file = "test" };
	struct rule *rule = parsed(line);

	if (!rule || !rule_matches(&rules, rule, BLOCK, name, &match))
		return "no match";
	return rule_target(rule, &match, name, path, sizeof path) < 0 ? "refused" : path;
}

static void test_fields(void)
{
	struct rule *rule = parsed("sda1 root:disk 640");

	ok(rule && rule->uid == 0 && rule->gid == 6 && rule->mode == 0640, "name, owner by names, octal mode");
	ok(rule && !rule->keep && !rule->place && !rule->when && rule->major == -1, "nothing else is set");
	rule = parsed("sda1 12:34 0600");
	ok(rule && rule->uid == 12 && rule->gid == 34, "owner by numbers");
	rule = parsed("sda1 alice 600");
	ok(rule && rule->uid == 1000 && rule->gid == 100, "a user alone brings its own group");
	rule = parsed("sda1 4294967294:2147483648 600");
	ok(rule && rule->uid == 4294967294 && rule->gid == 2147483648, "numbers of 32 bits");
	rule = parsed("sda1 large 600");
	ok(rule && rule->uid == 3000000000 && rule->gid == 3000000001, "in /etc/passwd too");
	rule = parsed("sda1 alice: 600");
	ok(rule && rule->gid == 100, "so does one with a colon");
	rule = parsed(" \tsda1\t root:tty \t 620 ");
	ok(rule && rule->gid == 5 && rule->mode == 0620, "tabs and blanks between fields, before and after");
	rule = parsed("-sda.* 0:0 660");
	ok(rule && rule->keep == '-', "- goes on after the rule");
	rule = parsed("@8,0 0:0 660");
	ok(rule && rule->major == 8 && rule->first == 0 && rule->last == 0, "@major,minor");
	rule = parsed("@8,1-15 0:0 660");
	ok(rule && rule->first == 1 && rule->last == 15, "@major,minor-minor");
	rule = parsed("$MODALIAS=.* 0:0 660 @modprobe -b \"$MODALIAS\"");
	ok(rule && !strcmp(rule->variable, "MODALIAS") && !strcmp(rule->pattern.text, ".*"), "$VARIABLE=expression");
	is(rule ? rule->command : NULL, "modprobe -b \"$MODALIAS\"", "a command is the rest of the line");
	rule = parsed("-SUBSYSTEM=block;DEVTYPE=disk;sd[a-z] 0:0 660");
	ok(rule && rule->keep && rule->condition_count == 2 && !strcmp(rule->conditions[1].variable, "DEVTYPE")
	   && !strcmp(rule->pattern.text, "sd[a-z]"), "- and two ENV=re; conditions before the name");
	rule = parsed("ACTION=add;@8,1 0:0 660");
	ok(rule && rule->condition_count == 1 && rule->major == 8, "a condition before a number");
	rule = parsed("ACTION=add;$DEVTYPE=disk 0:0 660");
	ok(rule && rule->condition_count == 1 && rule->variable, "a condition before a variable");
}

static void test_modes(void)
{
	static const struct { const char *text; int mode; } modes[] = {
		{ "0", 0 }, { "7777", 07777 }, { "666", 0666 }, { "u=rw", 0660 }, { "o+r", 0664 }, { "g-w", 0640 },
		{ "a=r", 0444 }, { "u=rw,g=r,o=", 0640 }, { "ug+x", 0770 }, { "=rw", 0666 }, { "u+s,o+t", 05660 },
		{ "a-w+x", 0551 }, { "g=u", 0660 }, { "o=g-w", 0664 }, { "u=g,g=o", 0600 }, { "a+X", 0660 }, { "u+x,g+X", 0770 }, { "+", 0660 },
	};

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		char line[64];
		struct rule *rule;

		snprintf(line, sizeof line, "x 0:0 %s", modes[i].text);
		rule = parsed(line);
		is_number(rule ? (int)rule->mode : -1, modes[i].mode, "mode %s", modes[i].text);
	}
}

static void test_rest(void)
{
	struct rule *rule = parsed("sda 0:0 660 =disks/");

	ok(rule && rule->place == '=' && !strcmp(rule->target, "disks/") && !rule->when, "=path moves");
	rule = parsed("sda 0:0 660 >disk @echo 1");
	ok(rule && rule->place == '>' && rule->when == '@' && !strcmp(rule->command, "echo 1"), ">path and a command");
	rule = parsed("sda 0:0 660 ! *echo");
	ok(rule && rule->place == '!' && rule->when == '*', "! wants no node; * runs on every action");
	rule = parsed("sda 0:0 660 $ echo off");
	ok(rule && rule->when == '$' && !strcmp(rule->command, "echo off"), "$ runs on remove; blanks may follow it");
	rule = parsed("sda 0:0 660 @a # b");
	is(rule ? rule->command : NULL, "a # b", "# within a line is no comment");
}

static void test_problems(void)
{
	is(problem_of("sda"), "too short: MATCH USER:GROUP MODE expected", "a line of one field");
	is(problem_of("sda 0:0"), "too short: MATCH USER:GROUP MODE expected", "a line of two fields");
	is(problem_of("sda nobody:0 660"), "unknown user or group", "a user that is not there");
	is(problem_of("sda root:none 660"), "unknown user or group", "a group that is not there");
	is(problem_of("sda roo:0 660"), "unknown user or group", "the start of a user's name");
	is(problem_of("sda 4294967295 660"), "unknown user or group", "a number that means none");
	is(problem_of("sda 99999999999 660"), "unknown user or group", "a number of too many digits");
	is(problem_of("sda broken 660"), "unknown user or group", "a user whose line is broken");
	is(problem_of("sda 0:broken 660"), "unknown user or group", "a group whose line is broken");
	is(problem_of("sda 0:0 rw"), "bad mode", "a mode without + - or =");
	is(problem_of("sda 0:0 u=rw,"), "bad mode", "a clause that is missing");
	is(problem_of("sda 0:0 888"), "bad mode", "digits that are not octal");
	is(problem_of("sda 0:0 17777"), "bad mode", "a mode of too many bits");
	is(problem_of("sda 0:0 u=rw;"), "bad mode", "what is no clause");
	is(problem_of("@8 0:0 660"), "@MAJOR,MINOR[-MINOR] expected", "a number without a minor");
	is(problem_of("@8,x 0:0 660"), "@MAJOR,MINOR[-MINOR] expected", "a minor that is no number");
	is(problem_of("@8,1- 0:0 660"), "@MAJOR,MINOR[-MINOR] expected", "a range without an end");
	is(problem_of("$MODALIAS 0:0 660"), "$VARIABLE=EXPRESSION expected", "a variable without an expression");
	is(problem_of("- 0:0 660"), "nothing to match", "no expression");
	is(problem_of("sda 0:0 660 ="), "no path behind = or >", "a move to nowhere");
	is(problem_of("sda 0:0 660 !x"), "nothing may follow ! in its word", "! with a path");
	is(problem_of("sda 0:0 660 echo"), "a command must start with @, $ or *", "a command without its mark");
	is(problem_of("sda 0:0 660 @"), "no command", "a mark without its command");
}

static void parse_all(struct rules *rules, const char *text)
{
	rules_parse(rules, "test", strdup(text), strlen(text), &ids);
}

static void test_file(void)
{
	static const char with_nul[] = "one 0:0 660\ntwo 0:0 \\\n660 @a\0b\nthree 0:0 660\nfour\0";
	struct rules rules;

	parse_all(&rules, "# comment\n\n  # another\nsd.* 0:0 \\\n660 \\\n=x/\nlate 0:0 600\nbad\nlast 0:0 1");
	is_number(rules.count, 3, "comments and empty lines are none, bad ones are left out");
	is_number(rules.bad, 1, "and counted");
	is_number(rules.count > 1 ? rules.rule[1].line : 0, 7, "continued lines count in a line's number");
	is(rules.count ? rules.rule[0].target : NULL, "x/", "\\ joins lines");
	is(rules.count > 2 ? rules.rule[2].pattern.text : NULL, "last", "a last line without its end");
	rules_free(&rules);
	parse_all(&rules, "sd[ 0:0 660\n(x 0:0 660\nok 0:0 660\nA=[;x 0:0 660");
	rules_compile(&rules);
	is_number(rules.bad, 3, "bad expressions are found, one by one");
	rules_free(&rules);
	rules_parse(&rules, "test", memcpy(malloc(sizeof with_nul), with_nul, sizeof with_nul), sizeof with_nul - 1, &ids);
	is_number(rules.count, 2, "a line with a NUL byte is left out, the rest works");
	is_number(rules.bad, 2, "and reported, also at the end");
	is_number(rules.count > 1 ? rules.rule[1].line : 0, 4, "lines are still counted right");
	rules_free(&rules);
}

static void test_matching(void)
{
	ok(matches("sda1 0:0 660", "sda1"), "a plain name");
	ok(!matches("sda 0:0 660", "sda1"), "must be the whole name");
	ok(!matches("da1 0:0 660", "sda1"), "from its start");
	ok(matches("sda[0-9]+ 0:0 660", "sda1"), "an expression");
	ok(!matches("sda[0-9]? 0:0 660", "sda11"), "must match the whole name too");
	ok(matches("(sd|hd)a.* 0:0 660", "sda1") && matches("hd|sda1 0:0 660", "sda1"), "alternatives");
	ok(matches("sda1* 0:0 660", "sda"), "a repeated last letter may be missing");
	ok(matches("(x|(s|t)d)a1 0:0 660", "sda1") && matches("((a|b)c|sd.)1 0:0 660", "sda1") && !matches("(a|(b|c)d)a1 0:0 660", "sda1"),
	   "groups in groups");
	ok(matches("(x)?sda1 0:0 660", "sda1") && matches("x*sda1 0:0 660", "sda1") && matches("(a|b){0,1}sda1 0:0 660", "sda1")
	   && matches("x{0}sda1 0:0 660", "sda1"), "what may be missing at the beginning");
	ok(matches("[r-t]da1 0:0 660", "sda1") && matches("a[|)(]|sda1 0:0 660", "sda1") && matches("(a[)]|s)da1 0:0 660", "sda1")
	   && matches("[^a]da1 0:0 660", "sda1") && matches("[[:alpha:]]da1 0:0 660", "sda1"), "brackets, also around what else has a meaning");
	ok(matches("(a\\)|s)da1 0:0 660", "sda1") && matches("^sda1$ 0:0 660", "sda1") && matches(".da1 0:0 660", "sda1"),
	   "escapes, anchors and dots");
	ok(matches("snd/pcm.* 0:0 660", "snd/pcmC0D0p") && !matches("pcm.* 0:0 660", "snd/pcmC0D0p"),
	   "the name has its folders");
	ok(matches("a.c 0:0 660", "abc") && !matches("a\\.c 0:0 660", "abc"), ". is any character, \\. is a dot");
	ok(matches("@8,1 0:0 660", "sda1") && matches("@8,0-3 0:0 660", "sda1") && !matches("@8,2-3 0:0 660", "sda1")
	   && !matches("@7,1 0:0 660", "sda1"), "numbers and ranges");
	ok(matches("$DEVTYPE=part.* 0:0 660", "sda1") && !matches("$DEVTYPE=part 0:0 660", "sda1")
	   && !matches("$NONE=.* 0:0 660", "sda1"), "a variable's whole value; one that is missing matches nothing");
	ok(matches("SUBSYSTEM=lo;.* 0:0 660", "sda1") && matches("SUBSYSTEM=^b;DEVTYPE=n$;.* 0:0 660", "sda1")
	   && !matches("SUBSYSTEM=^l;.* 0:0 660", "sda1") && !matches("NONE=;.* 0:0 660", "sda1"),
	   "conditions are found anywhere in the value, and all must hold");
}

// Any expression matches what the C library's matcher alone would match, whatever is passed over to be faster.
static void test_random(void)
{
	static const char letters[] = "ab(()|)[]*?.{1}c|^";
	unsigned patterns = 0, hits = 0, wrong = 0;

	srand(1);
	for (int round = 0; round < 20000; round++) {
		char line[32] = "", name[8] = "";
		size_t length = 1 + rand() % 11;
		regmatch_t m;
		regex_t regex;
		int hit;

		for (size_t i = 0; i < length; i++)
			line[i] = letters[rand() % (sizeof letters - 1)];
		for (int i = rand() % 4; i >= 0; i--)
			name[i] = "abc1"[rand() % 4];
		if (regcomp(&regex, line, REG_EXTENDED))
			continue;
		hit = !regexec(&regex, name, 1, &m, 0) && m.rm_so == 0 && (size_t)m.rm_eo == strlen(name);
		regfree(&regex);
		strcat(line, " 0:0 660");
		if (hit != !!matches(line, name) && !wrong++)
			printf("# %s: %s\n", line, name);
		patterns++;
		hits += hit;
	}
	ok(!wrong && hits > 100, "%u random expressions, %u matches: none is passed over", patterns, hits);
}

static void test_targets(void)
{
	is(target("sd(.)([0-9]) 0:0 660 =disk/%1/%2", "sda1"), "disk/a/1", "%%n are the groups");
	is(target("sd.* 0:0 660 =x-%0", "sda1"), "x-sda1", "%%0 is the whole name");
	is(target("@8,1 0:0 660 =x-%0", "sda1"), "x-sda1", "also of a rule by number");
	is(target("$DEVTYPE=(p)(a).* 0:0 660 =%2%1", "sda1"), "ap", "groups of a variable are its value's");
	is(target("sd(a)(x)?1 0:0 660 =y%2%1", "sda1"), "ya", "a group that took no part is empty");
	is(target("sda1 0:0 660 >disks/", "sda1"), "disks/sda1", "a / at the end appends the name");
	is(target("sda1 0:0 660 =100%", "sda1"), "100%", "a %% alone stays");
	is(target("sda1 0:0 660 =../x", "sda1"), "refused", "not out of /dev by ..");
	is(target("sda1 0:0 660 =/tmp/x", "sda1"), "refused", "nor by an absolute path");
	is(target("(.*) 0:0 660 =a/%1/b", ".."), "refused", "nor by what a device is called");
	is(target("sda1 0:0 660 =12345678901234567890123456789012345678901234567890123456789012345", "sda1"), "refused",
	   "nor one that is too long");
}

static void test_paths(void)
{
	static const char *const inside[] = { "a", "a/b", ".a", "..a", "a..", "a/...", NULL };
	static const char *const outside[] = { "", "/", "/a", "..", ".", "a/../b", "a/..", "a/", "a//b", "./a", NULL };

	for (int i = 0; inside[i]; i++)
		ok(path_is_inside(inside[i]), "'%s' is inside", inside[i]);
	for (int i = 0; outside[i]; i++)
		ok(!path_is_inside(outside[i]), "'%s' is not", outside[i]);
}

static void test_uevents(void)
{
	static struct uevent event;
	struct uevent *e = BLOCK;

	ok(e, "a message of the kernel");
	is(e ? uevent_get(e, "DEVNAME") : NULL, "sda1", "its variables");
	is_number(e ? uevent_number(e, "MINOR") : 0, 1, "its numbers");
	ok(e && !uevent_get(e, "DEV") && uevent_number(e, "DEVNAME") == -1, "what is not there, or is no number");
	is_number(e ? e->count : 0, 8, "all of them");
	ok(e && !e->env[8], "as an environment");
	ok(!EVENT("add@/a"), "no variables");
	ok(!EVENT("add@/a\0ACTION=add"), "no DEVPATH");
	ok(!EVENT("add@/a\0DEVPATH=/a"), "no ACTION");
	ok(!EVENT("add@/a\0ACTION=add\0DEVPATH=/b"), "first line and DEVPATH differ");
	ok(!EVENT("del@/a\0ACTION=add\0DEVPATH=/a"), "first line and ACTION differ");
	ok(!EVENT("libudev\0ACTION=add\0DEVPATH=/a"), "udev's own messages");
	ok(!EVENT("add@a\0ACTION=add\0DEVPATH=a"), "a DEVPATH that is not absolute");
	ok(!EVENT("add@/../a\0ACTION=add\0DEVPATH=/../a"), "a DEVPATH that leads out of /sys");
	ok(!EVENT("add@/a\0ACTION=add\0DEVPATH=/a\0NOVALUE"), "a variable without a value");
	ok(!EVENT("add@/a\0ACTION=add\0DEVPATH=/a\0B-D=1"), "a name that no shell takes");
	ok(!EVENT("add@/a\0ACTION=add\0DEVPATH=/a\0DEVNAME=a\nb"), "a line break in a name");
	ok(EVENT("add@/a\0ACTION=add\0DEVPATH=/a\0NAME=\"\xc3\xa4\t\""), "any character in other values");
	ok(!event_of("add@/a\0ACTION=add\0DEVPATH=/a", 28), "no 0 at the end");
	ok(!event_of("", 0) && !event_of("", 1), "nothing");
	memset(event.text, 'A', sizeof event.text);
	ok(uevent_parse(&event, sizeof event.text), "a buffer full of letters");
	ok(!uevent_begin(&event, "remove", "/devices/x") && !uevent_add(&event, "A", "b")
	   && !strcmp(uevent_get(&event, "DEVPATH"), "/devices/x") && !strcmp(uevent_get(&event, "A"), "b"),
	   "an event of our own");
	for (int i = 0; i < 2 * UEVENT_VARIABLES; i++)
		uevent_add(&event, "N", "1");
	is_number(event.count, UEVENT_VARIABLES, "takes as many variables as there is room for");
}

static int needs_no_more(const char *text, const char *name)
{
	struct rules rules;
	int result;

	parse_all(&rules, text);
	result = rules_need_no_more(&rules, BLOCK, name);
	rules_free(&rules);
	return result;
}

static void test_by_name(void)
{
	ok(needs_no_more("", "sda1") && needs_no_more("sda1 0:0 660", "sda1") && needs_no_more("@8,1 0:0 660\nA=b;.* 0:0 1", "sda1"),
	   "names and numbers are enough where they decide");
	ok(!needs_no_more("-sda1 0:0 660", "sda1") && !needs_no_more("sda1 0:0 660 @x", "sda1") && !needs_no_more("$A=b 0:0 660", "sda1"),
	   "not where there is more to come, to run, or to know");
	ok(needs_no_more("A=b;sdb 0:0 660", "sda1") && !needs_no_more("A=b;sda. 0:0 660", "sda1") && !needs_no_more("A=b;@8,7 0:0 660", "sda1"),
	   "a condition matters if its rule may match at all");
}

static void test_set(void)
{
	struct set set = { 0 };
	size_t before;
	char text[16];
	int added = 0, again = 0;

	for (int i = 0; i < 5000; i++)
		snprintf(text, sizeof text, "%d", i), added += set_add(&set, text);
	for (int i = 0; i < 5000; i++)
		snprintf(text, sizeof text, "%d", i), again += set_add(&set, text);
	ok(added == 5000 && !again, "a set takes each text once");
	set_remove(&set, "77");
	ok(!set_has(&set, "77") && set_has(&set, "78") && set_add(&set, "77") && !set_add(&set, "77"), "and lets go of it");
	before = set.size;
	for (int i = 5000; i < 105000; i++) {
		snprintf(text, sizeof text, "%d", i);
		added += set_add(&set, text);
		set_remove(&set, text);
	}
	ok(added == 105000 && set.size <= before * 2, "what comes and goes needs no more memory");
	ok(set_has(&set, "77") && set_has(&set, "4999") && !set_has(&set, "104999"), "what stays is still there");
	free(set.slot);
}

/* Disks, in memory */

enum { DISK_SIZE = 256 << 10, SECTOR = 512 };
static unsigned char disk[DISK_SIZE];
static struct signature found;

static void put32(unsigned char *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = value >> 8 * i;
}

static const char *content(void)
{
	struct medium medium;

	medium_of_memory(&medium, disk, sizeof disk);
	signature_read(&medium, &found);
	return found.type;
}

static const char *partition(unsigned number, uint64_t start_sector)
{
	struct medium medium;

	medium_of_memory(&medium, disk, sizeof disk);
	partition_read(&medium, SECTOR, number, start_sector * SECTOR, &found);
	return found.type ? found.type : "none";
}

static uint32_t crc32_of(const unsigned char *data, size_t length)
{
	uint32_t crc = ~0u;

	while (length--) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

static void put_gpt(unsigned lba, unsigned entries)
{
	unsigned char *header = disk + lba * SECTOR;

	memset(header, 0, SECTOR);
	memcpy(header, "EFI PART\0\0\1", 12);
	put32(header + 12, 92);
	put32(header + 24, lba);
	put32(header + 72, entries);
	put32(header + 80, 128);
	put32(header + 84, 128);
	put32(header + 16, crc32_of(header, 92));
}

// Partition 2 of 3, from sector 100, called "a b".
static void put_entry(unsigned entries)
{
	unsigned char *entry = disk + entries * SECTOR + 128;

	for (int i = 0; i < 32; i++)
		entry[i] = i;
	put32(entry + 32, 100);
	memcpy(entry + 56, "a\0 \0b\0", 6);
}

static void test_gpt(void)
{
	memset(disk, 0, sizeof disk);
	disk[510] = 0x55;
	disk[511] = 0xaa;
	disk[446 + 4] = 0xee;
	put_gpt(1, 2);
	put_entry(2);
	is(partition(2, 100), "gpt", "a GPT");
	is(found.uuid, "13121110-1514-1716-1819-1a1b1c1d1e1f", "a partition's UUID, in the order of UEFI");
	is(found.label, "a\\x20b", "and its name");
	is(partition(2, 101), "none", "one that begins elsewhere is another");
	is(partition(1, 100), "none", "an empty entry is none");
	is(partition(129, 100), "none", "nor is one behind the table");
	disk[SECTOR + 40]++;
	is(partition(2, 100), "none", "a header whose sum is wrong is not believed");
	put_gpt(DISK_SIZE / SECTOR - 1, 400);
	put_entry(400);
	is(partition(2, 100), "gpt", "but the copy at the end is");
	put_gpt(1, 0x7fffffff);
	is(partition(2, 100), "none", "a table beyond the disk is none");
	memset(disk + DISK_SIZE - SECTOR, 0, SECTOR);
	put_gpt(1, 2);
	disk[SECTOR + 12] = 200;
	is(partition(2, 100), "gpt", "a header that is longer than today's");
	disk[SECTOR + 13] = 3;
	is(partition(2, 100), "none", "but not longer than its sector");
	disk[446 + 4] = 0;
	put_gpt(1, 2);
	is(partition(2, 100), "none", "without a protecting entry a GPT is an old one");
}

static void test_mbr(void)
{
	memset(disk, 0, sizeof disk);
	disk[510] = 0x55;
	disk[511] = 0xaa;
	put32(disk + 446 + 8, 63);
	is(partition(1, 63), "none", "an MBR without a signature");
	put32(disk + 440, 0xdeadbeef);
	ok(!strcmp(partition(1, 63), "dos") && !strcmp(found.uuid, "deadbeef-01"), "with one");
	is(partition(1, 64), "none", "a primary partition that begins elsewhere");
	ok(!strcmp(partition(17, 5), "dos") && !strcmp(found.uuid, "deadbeef-11"), "a logical one; its number is hexadecimal");
	disk[511] = 0;
	is(partition(1, 63), "none", "a sector without its mark");
}

static void test_content(void)
{
	memset(disk, 0, sizeof disk);
	ok(!content(), "an empty disk");
	put32(disk + 1024, 0xe0f5e1e2);
	memset(disk + 1024 + 48, 0xab, 16);
	memcpy(disk + 1024 + 64, "er\xc3\xb6\xff/x ", 8);
	is(content(), "erofs", "erofs");
	is(found.uuid, "abababab-abab-abab-abab-abababababab", "its UUID");
	is(found.label, "er\xc3\xb6\\xff\\x2fx", "its label: UTF-8 stays, other bytes are written in hex");
	put32(disk + DISK_SIZE - 65536, 0xa92b4efc);
	ok(!content() && !*found.uuid && !*found.label, "a mirror's member (md 0.90) has the array's file system, not its own");
	put32(disk + DISK_SIZE - 65536, 0);
	put32(disk + DISK_SIZE - 8192, 0xa92b4efc);
	ok(!content(), "md 1.0");
	put32(disk + DISK_SIZE - 8192, 0);
	put32(disk + 4096, 0xa92b4efc);
	ok(!content(), "md 1.2");
	put32(disk + 4096, 0);
	memcpy(disk + 512, "LABELONE", 8);
	memcpy(disk + 512 + 24, "LVM2 001", 8);
	ok(!content(), "LVM2");
	memset(disk + 512, 0, 32);
	is(content(), "erofs", "without all these it is there again");
}

static void test_names(void)
{
	char text[16] = "x";

	ok(!encode_name(text, sizeof text, "a b", 3) && !strcmp(text, "xa\\x20b"), "a name is added to");
	ok(encode_name(text, sizeof text, "   ", 3) < 0 && !strcmp(text, "xa\\x20b"), "or left as it was where it does not fit");
	text[0] = 0;
	ok(!encode_name(text, sizeof text, "\xc0\xaf", 2) && !strcmp(text, "\\xc0\\xaf"), "UTF-8 that is too long is none");
}

static void put_mark(void)
{
	memset(disk, 0, sizeof disk);
	disk[510] = 0x55;
	disk[511] = 0xaa;
}

// A root folder of two clusters (2, then `next`) of 16 entries each; the label is in the second.
static void put_fat32(unsigned next)
{
	enum { TABLE = 2 * SECTOR, DATA = 6 * SECTOR };

	put_mark();
	disk[0] = 0xeb;
	disk[12] = 2;		// 512 bytes a sector
	disk[13] = 1;		// sector a cluster
	disk[14] = 2;		// sectors before the table
	disk[16] = 1;		// table
	disk[19] = 200;		// sectors
	disk[21] = 0xf8;
	disk[36] = 4;		// sectors of the table
	disk[44] = 2;
	put32(disk + TABLE + 4 * 2, next);
	put32(disk + TABLE + 4 * 5, 0x0fffffff);
	for (int i = 0; i < 16; i++) {
		unsigned char *entry = disk + DATA + 32 * i;

		memcpy(entry, i == 3 ? "\xe5" "ELETED    " : "A FILE     ", 11);
		entry[11] = i == 3 ? 8 : i == 4 ? 0x0f : i == 5 ? 0x10 : 0x20;
	}
	memcpy(disk + DATA + 3 * SECTOR, "\5LABEL     \10", 12);
}

static void test_fat(void)
{
	put_fat32(5);
	is(content(), "vfat", "FAT32");
	is(found.label, "\\xe5LABEL", "its label is in the second cluster of its root folder; 5 stands for 0xe5");
	put_fat32(2);
	ok(content() && !*found.label, "a folder that never ends has no label");
	put_fat32(0x0ffffff0);
	ok(content() && !*found.label, "nor has one that leads out of the disk");
	disk[13] = 3;
	ok(!content(), "clusters of three sectors are no FAT");
	disk[13] = 1;
	disk[16] = 3;
	ok(!content(), "nor are three tables");
	disk[16] = 1;
	disk[21] = 0x12;
	ok(!content(), "nor an unknown medium");
	disk[21] = 0xf8;
	disk[36] = 250;
	ok(!content(), "nor a table that is larger than the disk");
	disk[12] = 3;
	ok(!content(), "nor sectors of 768 bytes");
}

static void put_exfat(unsigned next)
{
	put_mark();
	memcpy(disk + 3, "EXFAT   ", 8);
	disk[80] = 8;		// the table's sector
	disk[88] = 16;		// the first cluster's
	disk[96] = 2;		// the root folder
	put32(disk + 100, 0x1234abcd);
	disk[108] = 9;		// 512 bytes a sector and cluster
	put32(disk + 8 * SECTOR + 4 * 2, next);
	for (int i = 0; i < 16; i++)
		disk[16 * SECTOR + 32 * i] = 0x85;
	memcpy(disk + 18 * SECTOR, "\x83\x06" "a\0\xe9\0\xac\x20\x3d\xd8\0\xde\x3d\xd8", 14);
}

static void test_exfat(void)
{
	put_exfat(4);
	is(content(), "exfat", "exFAT");
	is(found.uuid, "1234-ABCD", "its number");
	is(found.label, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\xed\\xa0\\xbd",
	   "its label, in the second cluster: UTF-16 of two, three and four bytes; half of a pair is none");
	put_exfat(2);
	ok(content() && !*found.label, "a folder that never ends has no label");
	put_exfat(0x00ffffff);
	ok(content() && !*found.label, "nor has one that leads out of the disk");
	disk[108] = 8;
	ok(!content(), "sectors of 256 bytes are no exFAT");
}

static void test_iso(void)
{
	unsigned char *d = disk + 16 * 2048;

	memset(disk, 0, sizeof disk);
	memcpy(d, "\1CD001", 6);
	memcpy(d + 40, "PLAIN                           ", 32);
	memcpy(d + 813, "2026112512304599", 16);
	memcpy(d + 830, "0000000000000000", 16);
	is(content(), "iso9660", "iso9660");
	is(found.uuid, "2026-11-25-12-30-45-99", "without a date of change that of creation counts");
	is(found.label, "PLAIN", "its name");
	d[813] = '-';
	ok(content() && !*found.uuid, "what is no date is no UUID");
	memcpy(d + 2048, "\2CD001", 6);
	memcpy(d + 2048 + 40, "\0O\0t\0h\0e\0r", 10);
	memcpy(d + 2048 + 88, "%/E", 3);
	ok(content() && !strcmp(found.label, "Other"), "Joliet's name, where it is another");
}

static void test_others(void)
{
	memset(disk, 0, sizeof disk);
	memcpy(disk + 1024 + 0x38, "\x53\xef", 2);
	disk[1024 + 0x60] = 8;
	disk[1024 + 0x68] = 0x11;
	is(content(), "jbd", "a journal of its own");
	is(found.uuid, "11000000-0000-0000-0000-000000000000", "and its UUID");
	memcpy(disk, "LUKS\xba\xbe\0\3", 8);
	is(content(), "jbd", "LUKS of a version that is not known is none");
	memcpy(disk + 512, "LABELONE", 8);
	memcpy(disk + 512 + 24, "LVM2 001", 8);
	ok(!content(), "nor is what lies on a part of LVM");
	memset(disk, 0, sizeof disk);
	memcpy(disk + 4096, "\xfc\x4e\x2b\xa9", 4);
	memcpy(disk + 4086, "SWAPSPACE2", 10);
	ok(!content(), "or of md");
}

static void test_disks(void)
{
	test_gpt();
	test_mbr();
	test_content();
	test_fat();
	test_exfat();
	test_iso();
	test_others();
	test_names();
}

int main(void)
{
	log_verbosity(LOG_ERROR);
	test_fields();
	test_modes();
	test_rest();
	test_problems();
	test_file();
	test_matching();
	test_random();
	test_by_name();
	test_targets();
	test_paths();
	test_uevents();
	test_set();
	if (CONFIG_MDEV_LITE_SIGNATURES)
		test_disks();
	return tap_done();
}

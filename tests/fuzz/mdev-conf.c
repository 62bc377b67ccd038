// SPDX-License-Identifier: MIT
// mdev-conf - /etc/mdev.conf: rules, the devices they match, the paths they make (never their commands)

#include "applets/mdev-lite/rules.h"
#include "fuzz.h"

static const struct ids ids = {
	.passwd = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:100::/:/bin/sh\nbroken:x\n",
	.group = "root:x:0:\ntty:x:5:\ndisk:x:6:\n",
};

static const char *const devices[][6] = {
	{ "sda1", "SUBSYSTEM=block", "MAJOR=8", "MINOR=1", "DEVNAME=sda1", NULL },
	{ "input/event0", "SUBSYSTEM=input", "MAJOR=13", "MINOR=64", "MODALIAS=input:b0003v046Dp", NULL },
	{ "eth0", "SUBSYSTEM=net", "INTERFACE=eth0", "IFINDEX=2", NULL },
};

static void match_all(struct rules *rules, const char *const *device)
{
	struct uevent event;
	char path[256];
	struct match match;

	must(!uevent_begin(&event, "add", "/devices/fuzz"));
	for (int i = 1; i < 6 && device[i]; i++) {
		char pair[64], *value;

		snprintf(pair, sizeof pair, "%s", device[i]);
		value = strchr(pair, '=');
		*value++ = 0;
		must(!uevent_add(&event, pair, value));
	}
	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->rule[i];

		if (!rule_matches(rules, rule, &event, device[0], &match) || !rule->target || rule->place == '!')
			continue;
		if (!rule_target(rule, &match, device[0], path, sizeof path))
			must(path_is_inside(path) && strlen(path) < sizeof path);
	}
}

// The C library's regular expressions are not what is tested here, and some take it very long.
static int is_slow(const uint8_t *data, size_t size)
{
	unsigned repeats = 0;

	for (size_t i = 0; i < size; i++)
		repeats += !!memchr("{*+?(|", data[i], 6);
	return repeats > 24 || memchr(data, '{', size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules rules;

	if (size > 4096)
		return 0;
	rules_parse(&rules, "fuzz", text_of(data, size), size, &ids);
	for (size_t i = 0; i < rules.count; i++)
		must(rules.rule[i].mode <= 07777);
	if (!is_slow(data, size)) {
		rules_compile(&rules);
		for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
			match_all(&rules, devices[i]);
	}
	rules_free(&rules);
	return 0;
}

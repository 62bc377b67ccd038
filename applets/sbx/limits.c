// SPDX-License-Identifier: MIT
// limits - options that bound memory, processes, time and output; and the names of capabilities

#include <string.h>
#include <sys/resource.h>
#include "sbx.h"

enum { NANOSECONDS = 1000000000 };

static const struct { char name[12]; int resource; } resources[] = {
	{ "cpu", RLIMIT_CPU }, { "fsize", RLIMIT_FSIZE }, { "data", RLIMIT_DATA }, { "stack", RLIMIT_STACK },
	{ "core", RLIMIT_CORE }, { "rss", RLIMIT_RSS }, { "nproc", RLIMIT_NPROC }, { "nofile", RLIMIT_NOFILE },
	{ "memlock", RLIMIT_MEMLOCK }, { "as", RLIMIT_AS }, { "locks", RLIMIT_LOCKS }, { "sigpending", RLIMIT_SIGPENDING },
	{ "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE }, { "rtprio", RLIMIT_RTPRIO }, { "rttime", RLIMIT_RTTIME },
};

// In the order of their numbers (capabilities(7))
static const char capabilities[] =
	"CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
	"NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
	"SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
	"MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE";

uint64_t capability_named(const char *name)
{
	uint64_t bit = 1;

	if (!strcasecmp(name, "ALL"))
		return ~0ull >> (64 - 41);
	if (!strncasecmp(name, "CAP_", 4))
		name += 4;
	for (const char *at = capabilities; *name; bit <<= 1) {
		size_t length = strcspn(at, " ");

		if (strlen(name) == length && !strncasecmp(at, name, length))
			return bit;
		if (!at[length])
			return 0;
		at += length + 1;
	}
	return 0;
}

// 10, 10K, 10M, 10G
static int parse_bytes(enum option_id option, const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	size_t length = strlen(text);
	const char *unit = length ? strchr(units, text[length - 1] & ~0x20) : NULL;
	unsigned shift = unit && *unit ? 10 * (unsigned)(unit - units + 1) : 0;
	char digits[24];

	if (length >= sizeof digits)
		return refuse(option, "not a size: %-s", text);
	memcpy(digits, text, length + 1);
	if (shift)
		digits[length - 1] = 0;
	if (parse_number(option, digits, (uint64_t)INT64_MAX >> shift, bytes))
		return EXIT_SETUP;
	*bytes <<= shift;
	return *bytes ? 0 : refuse(option, "must be more than 0");
}

// A number with up to nine decimals, in units of 10^-9
static int parse_decimal(enum option_id option, const char *text, uint64_t most, uint64_t *value)
{
	uint64_t whole = 0, part = 0, weight = NANOSECONDS;
	const char *c = text;

	for (; *c >= '0' && *c <= '9' && whole <= most; c++)
		whole = whole * 10 + *c - '0';
	if (*c == '.' && c[1])
		for (c++; *c >= '0' && *c <= '9' && weight > 1; c++)
			part += (*c - '0') * (weight /= 10);
	if (*c || c == text || whole > most)
		return refuse(option, "not a number up to %llu: %-s", (unsigned long long)most, text);
	*value = whole * NANOSECONDS + part;
	return *value ? 0 : refuse(option, "must be more than 0");
}

static int add_rlimit(struct plan *plan, enum option_id option, int resource, uint64_t soft, uint64_t hard)
{
	if (plan->rlimit_count == sizeof plan->rlimits / sizeof *plan->rlimits)
		return refuse(option, "too many limits");
	plan->rlimits[plan->rlimit_count++] = (struct sbx_rlimit){ .resource = (uint32_t)resource, .soft = soft, .hard = hard };
	return 0;
}

static int parse_limit(const char *text, size_t length, uint64_t *value)
{
	char digits[24];

	if (length >= sizeof digits)
		return refuse(O_RLIMIT, "not a number: %-s", text);
	memcpy(digits, text, length);
	digits[length] = 0;
	if (!strcmp(digits, "unlimited")) {
		*value = ~0ull;
		return 0;
	}
	return parse_number(O_RLIMIT, digits, INT64_MAX, value);
}

static int option_rlimit(struct plan *plan, const char *text)
{
	size_t length = strcspn(text, "="), soft_length;
	uint64_t soft, hard;

	for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
		const char *value = text + length + 1;

		if (strlen(resources[i].name) != length || strncasecmp(resources[i].name, text, length) || !text[length])
			continue;
		soft_length = strcspn(value, ":");
		if (parse_limit(value, soft_length, &soft))
			return EXIT_SETUP;
		hard = soft;
		if (value[soft_length] && parse_limit(value + soft_length + 1, strlen(value + soft_length + 1), &hard))
			return EXIT_SETUP;
		if (hard < soft)
			return refuse(O_RLIMIT, "more than its hard limit: %-s", text);
		return add_rlimit(plan, O_RLIMIT, resources[i].resource, soft, hard);
	}
	return refuse(O_RLIMIT, "not NAME=NUMBER with a name of setrlimit(2): %-s", text);
}

int option_limit(struct plan *plan, enum option_id option, char **args)
{
	enum { DAYS_1000 = 86400000, CPUS = 10000, PIDS = 4194304 };
	const char *text = args[0];
	uint64_t value;

	switch (option) {
	case O_MEMORY:
		return parse_bytes(option, text, &plan->limits.memory_bytes);
	case O_PIDS:
		if (parse_number(option, text, PIDS, &plan->limits.pids))
			return EXIT_SETUP;
		return plan->limits.pids ? 0 : refuse(option, "must be more than 0");
	case O_CPU:
		if (parse_decimal(option, text, CPUS, &value))
			return EXIT_SETUP;
		plan->limits.cpu_percent = value / (NANOSECONDS / 100);
		return plan->limits.cpu_percent ? 0 : refuse(option, "less than 0.01: %-s", text);
	case O_RLIMIT:
		return option_rlimit(plan, text);
	case O_TIME_LIMIT:	// whole seconds; a second later a process that caught SIGXCPU is killed
		if (parse_decimal(option, text, DAYS_1000, &value))
			return EXIT_SETUP;
		value = (value + NANOSECONDS - 1) / NANOSECONDS;
		return add_rlimit(plan, option, RLIMIT_CPU, value, value + 1);
	case O_WALL_LIMIT:
		return parse_decimal(option, text, DAYS_1000, &plan->wall_ns);
	default:
		if (parse_bytes(option, text, &value))
			return EXIT_SETUP;
		return add_rlimit(plan, option, RLIMIT_FSIZE, value, value);
	}
}

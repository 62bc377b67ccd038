// SPDX-License-Identifier: MIT
// confine - what the command may not do: Landlock, seccomp; and the set-up's own command, which may no more than it

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fd.h"
#include "sbx_init.h"
#include "sbx_seccomp.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

int run_init_command(void)
{
	static char *env[] = { "PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL };
	size_t length;
	const char *texts = sbx_bytes(box.conf, SBX_INIT_COMMAND, &length);
	unsigned count = sbx_count(texts, length);
	int status;
	char **argv;
	pid_t pid;

	if (!texts)
		return 0;
	argv = malloc((count + 2) * sizeof *argv);
	if (!argv)
		return failed("init command", texts);
	sbx_vector(texts, count, ++argv);
	pid = run_plain(argv[0], argv, env);
	free(argv - 1);
	if (pid < 0)
		return failed_in("init command", texts);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return failed("wait for init command", texts);
	if (status) {
		errno = ECANCELED;
		return failed("init command did not exit with 0:", texts);
	}
	return 0;
}

/* Landlock: landlock.rst. The numbers stand here because headers of older systems lack some. */

struct ruleset { uint64_t fs, net, scoped; };
struct path_beneath { uint64_t allowed; int32_t parent; } __attribute__((packed));

// All rights that a version of the interface knows: one bit more at a time.
static uint64_t known_rights(int abi)
{
	static const uint64_t rights[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };

	return rights[abi > 5 ? 5 : abi];
}

enum { FILE_RIGHTS = 0x1 | 0x2 | 0x4 | 1 << 14 | 1 << 15 };	// execute, write, read, truncate, ioctl

static int add_path(int ruleset, const void *value, uint64_t known)
{
	const char *path = (const char *)value + sizeof(uint64_t);
	uint64_t access = *(const uint64_t *)value & known;
	cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
	struct path_beneath rule;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failed("landlock: open", path);
	rule = (struct path_beneath){ S_ISDIR(st.st_mode) ? access : access & FILE_RIGHTS, fd };
	return DO((int)syscall(SYS_landlock_add_rule, ruleset, 1, &rule, 0), "landlock_add_rule", path);
}

static int build(struct ruleset *rules)
{
	const struct sbx_field *field = NULL;
	int fd = DO((int)syscall(SYS_landlock_create_ruleset, rules, sizeof *rules, 0), "landlock_create_ruleset", "");

	while (fd >= 0 && (field = sbx_next(box.conf, SBX_LANDLOCK, field)))
		if (add_path(fd, sbx_value(field), rules->fs) < 0) {
			close(fd);
			return -1;
		}
	return fd;
}

int restrict_landlock(void)
{
	uint64_t must = sbx_number(box.conf, SBX_SCOPE, 0), may = sbx_number(box.conf, SBX_SCOPE_TRY, 0);
	int has_rules = sbx_has(box.conf, SBX_LANDLOCK), abi;
	struct ruleset rules = { 0 };
	cleanup_fd int fd = -1;

	if (!must && !may && !has_rules)
		return 0;
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	if (abi < 1 && (must || has_rules))
		return failed("landlock", "is not in this kernel, or is off");
	if (abi < 6 && must) {
		errno = ENOSYS;
		return failed("landlock", "scopes need Linux 6.12");
	}
	rules.scoped = abi < 6 ? 0 : must | may;
	rules.fs = has_rules ? known_rights(abi) : 0;
	if (!rules.scoped && !rules.fs)
		return 0;
	fd = build(&rules);
	return fd < 0 ? -1 : DO((int)syscall(SYS_landlock_restrict_self, fd, 0), "landlock_restrict_self", "");
}

/* seccomp(2) */

static int load(const struct sock_filter *filter, unsigned length)
{
	struct sock_fprog program = { .len = (unsigned short)length, .filter = (struct sock_filter *)filter };

	// Not seccomp(2): filters that were made for bubblewrap allow prctl(2) for the next one.
	return DO(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), "seccomp", "");
}

// They do not keep sbx-init from its work, so it has them itself, and every command inherits them at no cost.
int load_presets(void)
{
	uint32_t presets = (uint32_t)sbx_number(box.conf, SBX_SECCOMP_PRESETS, 0);
	const struct sock_filter *filter;
	unsigned length;

	if (!presets)
		return 0;
	filter = sbx_preset(presets, (uint32_t)sbx_number(box.conf, SBX_SECCOMP_FLAGS, 0), &length);
	if (!filter)
		return failed("seccomp preset", "is not in this build");
	return load(filter, length);
}

// A filter of the launcher's might: only the command gets it.
int load_filters(const struct sbx_message *message)
{
	const struct sbx_field *field = NULL;

	while ((field = sbx_next(message, SBX_SECCOMP_FILTER, field)))
		if (load(sbx_value(field), field->length / sizeof(struct sock_filter)) < 0)
			return -1;
	return 0;
}

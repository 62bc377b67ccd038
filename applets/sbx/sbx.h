// SPDX-License-Identifier: MIT
// sbx.h - the launcher's plan: filled by the options, carried out by sbx.c
#pragma once
#include <stdint.h>
#include "../../libsbx/sbx.h"

enum { EXIT_SETUP = 125 };
enum { KEPT_MAX = 200 };

enum option_id {
#define GROUP(title)
#define OPTION(id, name, count, args, help) O_##id,
#include "options.inc"
#undef GROUP
#undef OPTION
	O_COUNT
};

struct option_entry {
	const char *name;
	int count;		// arguments that follow
};
extern const struct option_entry option_table[O_COUNT];

struct texts {
	const char **list;	// ends in NULL
	unsigned count, size;
};
void texts_add(struct texts *texts, const char *text);

struct plan {
	int as_bwrap;		// by that name, where the two differ we do what it does
	struct sbx_request conf;
	unsigned namespaces, namespaces_try;	// CLONE_NEW*
	uint32_t flags;		// SBX_F_*
	int64_t uid, gid;	// -1: ours
	int userns, userns2, pidns;	// descriptors, or -1
	int share_net, disable_userns, assert_userns;
	const char *hostname, *dir, *argv0, *exec_label, *file_label;
	struct texts env, masks, command, layers, locks;
	char *const *environ;	// that the options change
	int new_session, die_with_parent, level_prefix;
	int block_fd, userns_block_fd, info_fd, status_fd, stats_fd;
	int keep[KEPT_MAX];
	unsigned keep_count;
	int has_daemon;
	uint64_t caps;
	uint32_t presets, preset_flags;
	uint32_t scopes, scopes_try;	// SBX_SCOPE_*
	int has_preset, seccomp_fd, has_filters;
	struct sbx_limits limits;
	int cgroup;		// that has them, or -1
	int ended;		// the command has run, and is over
	enum option_id untold;	// an option whose descriptor takes nothing; O_COUNT: none
	struct sbx_rlimit rlimits[16];
	unsigned rlimit_count;
	uint64_t wall_ns;
	const char *serve, *job;
	struct texts owned;	// what plan_free frees
	// From one option to the next
	unsigned seen[O_COUNT / 32 + 1];	// bits: of options that were given
	uint32_t perms;		// SBX_UNSET: none
	uint64_t size;
	unsigned used[32];	// bits: descriptors up to 1023 that an option names
};

// One command and nothing to be watched: sbx-init runs it and ends. Else it serves, and we are its client.
int is_once(const struct plan *plan);

// Says what is wrong with an option, in one line; refuse is EXIT_SETUP, and a compiler sees that.
void say_refused(enum option_id option, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define refuse(...) (say_refused(__VA_ARGS__), EXIT_SETUP)

// Memory for a text that the plan points to; it is freed with the plan. Ends the program if there is none.
char *plan_text(struct plan *plan, size_t size);

// Fills the plan. 0; EXIT_SETUP, having said why; or -1: all is done (--version).
int plan_parse(struct plan *plan, int argc, char **argv);
void plan_free(struct plan *plan);

// Options of one kind, each with its arguments: 0 or EXIT_SETUP. `limits.c`, `files.c`
int option_file(struct plan *plan, enum option_id option, char **args);
int option_limit(struct plan *plan, enum option_id option, char **args);

// Text to numbers: 0, or EXIT_SETUP having said which option it was.
int parse_fd(struct plan *plan, enum option_id option, const char *text, int *fd);
int parse_number(enum option_id option, const char *text, uint64_t most, uint64_t *number);
int parse_octal(enum option_id option, const char *text, uint32_t *mode);

// 0 if it is an absolute path that fits into a message.
int absolute_only(enum option_id option, const char *path);

// Makes sure that *path is an absolute path of the container.
int target_of(struct plan *plan, enum option_id option, const char **path);

// The bit of CAP_X, all bits for ALL, or 0.
uint64_t capability_named(const char *name);

// What is told about the container, as bubblewrap tells it. Returns the option that could not be told (errno), or O_COUNT.
enum option_id tell_started(const struct plan *plan, pid_t pid);
void tell_exit(const struct plan *plan, int code);
void tell_result(const struct plan *plan, const struct sbx_result *result, int code);

// --serve: jobs from its socket until we are told to end; the exit code. --job: gives one to such a server.
int serve_jobs(const struct plan *plan, struct sbx *box);
int run_job(struct plan *plan);

// Waits for the command of sbx_exec_begin, passing signals on. Its exit code; EXIT_SETUP having said why.
int watch_job(struct plan *plan, struct sbx *box);

// The command's fields, into a request that has none of its own descriptors after that.
void put_command(const struct plan *plan, struct sbx_request *request, int with_files);

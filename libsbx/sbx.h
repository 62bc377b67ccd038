// SPDX-License-Identifier: MIT
// sbx.h - libsbx: start containers, run commands in them, and know how they ended
//
// A container is made in three steps: fill a `struct sbx_request` with what it is (sbx_put, sbx_op ...), say
// with a `struct sbx_launch` which namespaces it gets, and sbx_start it. Then run commands with sbx_exec,
// or, if the request had SBX_F_ONCE, wait for its one command with sbx_wait. docs/sbx-protocol.md explains
// all fields; docs/examples/sbx-client.c is a whole program.
//
// Functions return 0 or a value, or -1 with errno and one line in box->error that says what failed. The
// library keeps no state of its own and prints nothing. One thread at a time may use a box; the thread that
// started it must live as long as it (prctl(2), PR_SET_PDEATHSIG).
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "sbx_proto.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Requests: the fields of a message

struct sbx_request {
	unsigned char *body;
	size_t length, size;
	int fds[SBX_FDS_MAX];	// not ours: stay open, and the caller's, until it has been sent
	unsigned fd_count;
	int error;		// errno of the first call that failed; sending it then fails with that
};

// An empty request is all zeros: struct sbx_request r = { 0 }. Frees what it holds; it is empty again.
void sbx_free(struct sbx_request *request);

// Each adds one field. A failure is kept in request->error, so a caller may look once, at the end.
void sbx_put(struct sbx_request *request, enum sbx_key key, const void *data, size_t length);
void sbx_put_u32(struct sbx_request *request, enum sbx_key key, uint32_t value);
void sbx_put_u64(struct sbx_request *request, enum sbx_key key, uint64_t value);
void sbx_put_text(struct sbx_request *request, enum sbx_key key, const char *text);
void sbx_put_texts(struct sbx_request *request, enum sbx_key key, const char *const *texts);
// Attaches a descriptor and adds a field that names it.
void sbx_put_fd(struct sbx_request *request, enum sbx_key key, int fd);
void sbx_put_rlimit(struct sbx_request *request, int resource, uint64_t soft, uint64_t hard);
void sbx_put_landlock(struct sbx_request *request, uint64_t access, const char *path);
// The command's descriptors: fds[i] becomes numbers[i], or i where numbers is NULL. Call it once, last of
// all that attach descriptors.
void sbx_put_files(struct sbx_request *request, const int *fds, const unsigned *numbers, unsigned count);

// One operation of the set-up, see enum sbx_op_type. texts ends in NULL.
struct sbx_op {
	enum sbx_op_type type;
	uint32_t flags;
	uint32_t mode;		// SBX_UNSET, or octal
	int fd;			// -1: none
	uint64_t size;
	const void *data;
	size_t data_length;
	const char *const *texts;
};
void sbx_put_op(struct sbx_request *request, const struct sbx_op *op);

// The common ones.
void sbx_bind(struct sbx_request *request, const char *source, const char *target, uint32_t flags);
void sbx_proc(struct sbx_request *request, const char *target);
void sbx_dev(struct sbx_request *request, const char *target, uint32_t flags);
void sbx_tmpfs(struct sbx_request *request, const char *target, uint64_t size, uint32_t mode);

/// Containers

struct sbx_id_map {
	uint32_t inside, outside, count;
};

struct sbx_launch {
	unsigned namespaces;	// CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS ...; sbx-init is told of them
	int cgroup;		// a cgroup2 folder to start in, or -1 (CLONE_INTO_CGROUP, Linux 5.7)
	int userns, pidns;	// descriptors of namespaces to join instead of making them, or -1
	// Id maps that the launcher writes; needs CAP_SETUID outside unless each is the caller's own id.
	// None: sbx-init maps SBX_UID to the caller's, which anyone may.
	const struct sbx_id_map *uids, *gids;
	unsigned uid_count, gid_count;
	// sbx-init's entry where it is part of this program: no exec. Else `path` is executed (NULL: "/sbin/sbx-init").
	int (*init)(int channel);
	const char *path;
	// Execute it in any case: only then may the caller's user enter its namespaces by /proc/PID/ns (slirp4netns, nsenter)
	// where this program is somebody else's.
	int enterable;
	// Wait for this descriptor (a byte, or its end) before the set-up goes on, or -1; bubblewrap's --userns-block-fd.
	int block;
	// Called with the new process's pid before it is told anything; -1: it ends, and sbx_start fails.
	int (*started)(pid_t pid, void *argument);
	void *argument;
};
#define SBX_LAUNCH { .cgroup = -1, .userns = -1, .pidns = -1, .block = -1 }

struct sbx {
	pid_t pid;		// of sbx-init, the container's PID 1, here outside
	int pidfd;		// readable when it has ended; -1 where the kernel gave none
	int channel;		// to talk to it, or -1
	int status;		// of wait(2), once it has been waited for
	int waited;
	pid_t child;		// the command's pid, here outside, once SBX_CHILD has come
	int held[SBX_HELD_MAX];	// and what came for SBX_HOLD; closed when the container has ended, or the next comes
	unsigned held_count;
	char error[256];	// what failed, one line without its end
	int conf_failed;	// the set-up failed (and no command has run)
};

// Makes the container: namespaces, id maps, sbx-init, set-up. `conf` is an SBX_CONF. Returns when the set-up
// is done; with SBX_F_ONCE, when the command has been executed. On failure nothing is left behind.
// EPERM: this program is setuid, setgid or has file capabilities, or user namespaces are not for us.
int sbx_start(struct sbx *box, const struct sbx_launch *how, struct sbx_request *conf);

// For SBX_F_ONCE: waits until the container ends. Returns its exit code as sbx-init gives it, or 128 + signal.
int sbx_wait(struct sbx *box);
// Sends a signal to sbx-init, which forwards SIGTERM, SIGQUIT (and SIGUSR2 as SIGINT) to the command.
int sbx_signal(struct sbx *box, int signal);
// Ends the container, whatever it does, and waits for that. Fine to call twice.
void sbx_end(struct sbx *box);

/// Commands to a container that serves

struct sbx_result {
	enum sbx_status status;
	unsigned code;			// exit status or signal
	uint64_t user_ns, system_ns, wall_ns;
	uint64_t peak_bytes;
};

// Within 3 seconds.
int sbx_ping(struct sbx *box);

// Runs a command and waits for its end. `synced` may be NULL; else it is called with the command's pid, when that
// has been executed, or, with SBX_X_WAIT in SBX_X_FLAGS, before; -1: it is killed. A failure to execute is -1.
int sbx_exec(struct sbx *box, struct sbx_request *job, struct sbx_result *result,
	     int (*synced)(pid_t pid, void *argument), void *argument);
// The same in two halves, so that the caller may poll box->channel in between, and call sbx_kill.
int sbx_exec_begin(struct sbx *box, struct sbx_request *job);
// Takes what has come. 1: the command has ended, *result is set. 0: SBX_CHILD or SBX_STARTED, see *type.
int sbx_exec_next(struct sbx *box, struct sbx_result *result, int *type);
int sbx_go(struct sbx *box);
int sbx_kill(struct sbx *box);

// Opens paths of the container: fds[i] is a descriptor, or -1 with errors[i]. Regular files only.
struct sbx_open_item { const char *path; int flags; mode_t mode; int parents; };
int sbx_open(struct sbx *box, const struct sbx_open_item *items, unsigned count, int *fds, int *errors);
struct sbx_link_item { const char *link, *target; };
int sbx_symlink(struct sbx *box, const struct sbx_link_item *items, unsigned count, int *errors);
int sbx_delete(struct sbx *box, const char *path);
// Empties every tmpfs of the container.
int sbx_reset(struct sbx *box);

struct sbx_figures { uint64_t user_ns, system_ns, peak_bytes, resident_bytes; unsigned processes, executed; };
int sbx_stat(struct sbx *box, struct sbx_figures *figures);

/// One command and its reply, for what is not above

struct sbx_reply {
	uint16_t type;
	unsigned char *body;	// freed with sbx_reply_free, which closes the descriptors that are left too
	size_t length;
	int fds[SBX_FDS_MAX];
	unsigned fd_count;
	pid_t pid;		// who sent it
};
// timeout_ms -1: no limit.
int sbx_send(struct sbx *box, enum sbx_type type, struct sbx_request *request);
int sbx_receive(struct sbx *box, struct sbx_reply *reply, int timeout_ms);
const void *sbx_get(const struct sbx_reply *reply, enum sbx_key key, size_t *length);
uint64_t sbx_get_number(const struct sbx_reply *reply, enum sbx_key key, uint64_t otherwise);
void sbx_reply_free(struct sbx_reply *reply);

/// Control groups, version 2

struct sbx_limits {
	uint64_t memory_bytes;	// memory.max, and no swap; 0: none
	uint64_t pids;		// pids.max
	uint64_t cpu_percent;	// cpu.max; 100: one CPU
	const char *cpus;	// cpuset.cpus, or NULL
};
// Makes `name` below `parent` (a folder of cgroup2; NULL: our own), hands it to `uid`:`gid` if we may, sets the limits.
// Returns a descriptor of the folder, or -1 with errno and *what: the file that could not be written.
int sbx_cgroup_create(const char *parent, const char *name, const struct sbx_limits *limits, uid_t uid, gid_t gid,
		      const char **what);
// memory.peak, cpu.stat's usage_usec and memory.events' oom_kill; -1 in each that is not there.
struct sbx_usage { int64_t peak_bytes, cpu_us, oom_kills; };
void sbx_cgroup_usage(int cgroup, struct sbx_usage *usage);
// Removes what is named `prefix` and the pid of a process that is no more, and whose folder nobody has open: what a
// launcher that was killed has left behind.
void sbx_cgroup_sweep(const char *parent, const char *prefix);
// Kills all that is in it, and removes it.
int sbx_cgroup_remove(const char *parent, const char *name);

#ifdef __cplusplus
}
#endif

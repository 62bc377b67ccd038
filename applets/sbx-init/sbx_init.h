// SPDX-License-Identifier: MIT
// sbx_init.h - what the files of sbx-init share
#pragma once
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "door.h"
#include "sbx_wire.h"

enum { ADOPT_WAIT_MS = 5000, DAEMON_WAIT_MS = 5000, KILL_WAIT_MS = 10000 };
enum { PROC_SUPER_MAGIC = 0x9fa0, NSFS_MAGIC = 0x6e736673 };	// linux/magic.h
enum { EXIT_SETUP = 1, EXIT_WAIT4 = 2, EXIT_OTHER = 255 };

// The container. Descriptors are -1 where there is none.
struct box {
	const struct sbx_message *conf;
	struct sbx_packet *packet;	// that it is in, until there is a command to wait for
	int *fds;		// that came with it; -1 once taken
	uint32_t flags, namespaces;
	mode_t parent_perm, point_perm;
	mode_t umask;		// the launcher's
	int channel;
	int program;		// the mount that we have been executed from, attached nowhere
	int signals;		// signalfd
	int in_place;		// the host's root, as the container's own mount namespace has it, is the container's
	unsigned over_root;	// mounts on top of that, one on another
	int base;		// the tmpfs that is the root while it is built: host/, new/, files; -1 in place
	int host;		// the host's root
	int root;		// the container's
	int proc;		// a procfs of our own, attached nowhere (while we serve)
	int resets[64];		// every tmpfs that SBX_RESET empties
	unsigned reset_count;
	uint64_t keep;		// capabilities
	int has_daemons;
	const struct sbx_message *filters;	// a server's configuration that has SBX_SECCOMP_FILTER: for each command; or NULL
};
extern struct box box;

/* Failures: the first one is what the launcher is told */

struct report {
	int error;		// errno; 0: none
	char why[1024];
};
// In memory that a forked child shares.
extern struct report *report;

// Notes "operation object" and errno; returns -1.
int failed(const char *operation, const char *object);
// Puts "operation object: " before what is noted; returns -1.
int failed_in(const char *operation, const char *object);

// What sbx_wire_receive said other than 1: -1 or the channel's end (EPIPE).
int bad_packet(int got);

// A change to the machine: through the door, silent, noted if it fails.
#define DO(call, operation, object) \
	note(allowing(ANY_ERROR, DOOR(call, operation, object, "%s", "")), operation, object)
static inline int note(int result, const char *operation, const char *object)
{
	return result < 0 ? failed(operation, object) : result;
}

/* identity.c */
int write_id_maps(void);
int tie_to_parent(void);
int set_names(void);
int limit_user_namespaces(void);
int join_user_namespace(void);
// The bounding set; what take_identity does not have to do then.
int limit_bounding_set(void);
int take_identity(void);
// Opens a file of the /proc at `dirfd` (a procfs: that is checked) to write. Returns a descriptor, or -1 noted.
int open_proc(int dirfd, const char *path);

/* network.c */
int enter_network(void);
// Reaps who has made it (SBX_F_NET_COMES). Nobody else may wait for that, or find it.
int reap_maker(void);

/* root.c */
int begin_root(void);
int finish_root(void);
// Attaches the file that we run from to a file in `dir`, which is about to be covered.
int hide_program(int dir, const char *name);

/* paths.c: all paths of the container's and the host's file system are resolved here, below a descriptor */
int host_open(const char *path, int flags);
int target_open(const char *path, int flags);
// What is at `path`, made if it is missing (with the folders on the way). O_PATH descriptor, or -1 noted.
int target_dir(const char *path, mode_t mode);
int target_file(const char *path, mode_t mode);
// The same for a folder of the host.
int host_dir(const char *path, mode_t mode);
// The folder that `path` is in; *name is its last part.
int target_parent(const char *path, const char **name);

/* mounts.c */
struct attributes { uint64_t set, clear, propagation, userns; };
enum { A_RDONLY = 1, A_NOSUID = 2, A_NODEV = 4, A_NOEXEC = 8 };	// MOUNT_ATTR_*
// A new file system, attached nowhere; options end in NULL: key, value (NULL: a flag) ...
int new_mount(const char *type, unsigned attributes, const char *const options[]);
// A second mount of what `fd` refers to, with all below it.
int clone_tree(int fd, const char *name);
// The same for what is at `name` in `dir`, itself if it is a link, and without what is mounted below it.
int clone_one(int dir, const char *name);
int set_attributes(int fd, const char *name, unsigned set, unsigned long propagation, int recursive);
int clear_attributes(int fd, const char *name, unsigned clear);
// Attaches the mount `fd` to `target`, which is made as a folder or file. The container's root may be the target.
int attach(int fd, const char *target, int is_dir);
int attach_at(int fd, int target, const char *name);
// The same for what is at `name` in `dir`, where nobody but us and the kernel has put anything.
int attach_in(int fd, int dir, const char *name);

/* ops.c */
int run_ops(void);
int run_masks(void);
// Whether the operations leave the host's root where it is; and what has to be done for them while that is as it was.
int ops_fit_in_place(void);
int begin_ops_in_place(void);
int note_tmpfs(int fd);
/* dev.c */
int op_dev(const struct sbx_wire_op *op);
// Copies of the host's nodes, which are what they should be. op_dev does it where nobody has.
int take_devices(void);
// Whether the terminal is bound as /dev/console.
int has_terminal(void);
/* overlay.c */
int op_overlay(const struct sbx_wire_op *op);
/* auto.c */
int op_auto_etc(const struct sbx_wire_op *op);
int op_auto_root(const struct sbx_wire_op *op);
int bind_source(const char *source, const char *target, uint32_t flags);
/* daemon.c */
int start_daemons(void);
void stop_daemons(void);

/* confine.c */
int run_init_command(void);
int restrict_landlock(void);
int load_presets(void);
int load_filters(const struct sbx_message *message);

/* exec.c */
struct job {
	const struct sbx_message *message;
	const int *fds;
	const char *path;	// without a slash it is looked up in the PATH of env
	char **argv, **env;	// argv has a free place before it
	void *allocated;	// both, where there are many
};
// Fills in argv and env. Returns 0, or -1 noted.
int job_prepare(struct job *job, const struct sbx_message *message, const int *fds);
void job_free(struct job *job);
// Becomes the command; returns only with a failure noted.
void job_exec(const struct job *job);
// A child that is the command. Returns its pid once it has been executed, or -1 noted.
pid_t job_start(const struct job *job);
// The same without descriptors and limits, for the set-up's own commands; argv has a free place before it.
pid_t run_plain(const char *path, char **argv, char **env);

/* reaper.c */
int open_signals(void);
// Waits for the command of SBX_F_ONCE, and returns how to exit.
int reap_once(pid_t command, unsigned adopt_wait_ms);
// Waits until a signal or a message comes. Returns 1 for a message, 0 for a signal or timeout, -1 noted.
int await_event(int timeout_ms);
long long now_ms(void);

/* server.c */
int serve(struct sbx_packet *packet);
// Sends SBX_DONE, with what is noted.
int reply_failure(void);

/* files.c */
struct reply_list {
	uint32_t errors[4096];
	unsigned count;
	int fds[SBX_FDS_MAX];
	unsigned fd_count;
};
void files_open(const struct sbx_message *message, struct reply_list *list);
void files_symlink(const struct sbx_message *message, struct reply_list *list);
void files_delete(const struct sbx_message *message, struct reply_list *list);
int files_reset(void);
// A regular file, or a new one, and none of /proc. Returns 0 and *fd, or an errno.
int open_regular(const char *path, int flags, mode_t mode, int *fd);

// SPDX-License-Identifier: MIT
// sbx_proto.h - what a launcher and sbx-init say to each other; docs/sbx-protocol.md explains it
//
// Messages go over a SOCK_SEQPACKET socket (unix(7)), in the byte order of the machine. A message is a
// header and a body of fields; descriptors come with the first packet (SCM_RIGHTS). One command is under way
// at a time, and each has one reply. Whatever is not as said here ends the container.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SBX_MAGIC 0x01786273u	// "sbx" and the version, 1, in the last byte

enum {
	SBX_PACKET_SIZE = 32768,	// a message is cut into packets of this size; the last may be shorter
	SBX_BODY_MAX = 8 << 20,		// bytes of fields in a message
	SBX_FDS_MAX = 250,		// descriptors with a message (the kernel's own limit is 253)
	SBX_HELD_MAX = 16,		// files that a command's launcher holds (SBX_HOLD)
	SBX_NET_PID = 299,		// of the process that makes the network namespace, in the container, and is gone then
	SBX_CHANNEL = 3,		// where sbx-init looks for its socket, if no argument names another
};

struct sbx_header {
	uint32_t magic;		// SBX_MAGIC
	uint16_t type;		// enum sbx_type
	uint16_t fds;		// descriptors that come with it
	uint32_t length;	// bytes of fields that follow, in this packet and the next ones
	uint32_t zero;
};

enum sbx_type {
	SBX_PING = 1,	// nothing                                             -> SBX_DONE
	SBX_CONF,	// set the container up, once                          -> SBX_DONE
	SBX_OPEN,	// SBX_ITEM: path, flags, mode                         -> SBX_DONE, SBX_ERRORS, descriptors
	SBX_SYMLINK,	// SBX_ITEM: link, target                              -> SBX_DONE, SBX_ERRORS
	SBX_DELETE,	// SBX_ITEM: path                                      -> SBX_DONE, SBX_ERRORS
	SBX_RESET,	// every tmpfs is emptied                              -> SBX_DONE
	SBX_EXECVE,	// run a command                                       -> [SBX_CHILD] [SBX_STARTED] SBX_DONE
	SBX_KILL,	// while a command runs: end it; no reply of its own
	SBX_STAT,	// figures of the container                            -> SBX_DONE
	SBX_GO,		// the answer to SBX_CHILD, where SBX_X_WAIT asked for it
	SBX_DONE = 32,	// the command is over; SBX_ERRNO and SBX_STEP if it failed
	SBX_CHILD,	// sent by the new process itself: SO_PASSCRED tells its pid; descriptors for SBX_HOLD
	SBX_STARTED,	// the command's execve(2) has succeeded
	SBX_NET,	// to sbx-init, during the set-up (SBX_F_NET_COMES): a socket of its network namespace
};

// A field: this header, `length` bytes, and zeros up to a multiple of 8.
struct sbx_field {
	uint16_t key;		// enum sbx_key
	uint16_t zero;
	uint32_t length;
};

// What a field's bytes are:
//   u32, u64  a number                texts  any number of texts, each with its 0
//   text      one text with its 0     bytes  anything
//   fd        u32: which of the message's descriptors, counted from 0
// A field stands once in a message unless "any number" is said.
enum sbx_key {
	// The container (SBX_CONF)
	SBX_FLAGS = 1,		// u32: SBX_F_*
	SBX_NAMESPACES,		// u32: CLONE_NEW* that the launcher has made for it
	SBX_UID,		// u32: who it is inside; default: the overflow id if there is a user namespace
	SBX_GID,
	SBX_HOST_UID,		// u32: who that is outside, for the map that sbx-init writes itself
	SBX_HOST_GID,
	SBX_HOSTNAME,		// text
	SBX_DOMAINNAME,		// text
	SBX_OP,			// struct sbx_wire_op and its texts and data; any number, in order
	SBX_MASK,		// texts: paths that get an empty file or folder over them, if they exist
	SBX_INIT_COMMAND,	// texts: a command that is run when all is mounted, and must exit 0
	SBX_PARENT_PERM,	// u32: mode of folders made on the way to a target, default 0755
	SBX_CAPS,		// u64: capabilities (1 << CAP_*) that the command keeps
	SBX_SECCOMP_PRESETS,	// u32: SBX_SECCOMP_*
	SBX_SECCOMP_FLAGS,	// u32: SBX_SECCOMP_MULTIARCH ...
	SBX_SECCOMP_FILTER,	// bytes: struct sock_filter[]; any number, each loaded before the next
	SBX_SCOPE,		// u32: SBX_SCOPE_*: Landlock scopes; an error where the kernel has none
	SBX_SCOPE_TRY,		// u32: the same, left out where the kernel has none
	SBX_LANDLOCK,		// u64 of LANDLOCK_ACCESS_FS_* and a path with its 0; any number
	SBX_SERVE,		// fd: after the reply, commands come from here
	SBX_FILE_LABEL,		// text: an LSM's context for the file systems that are made (context=)
	SBX_USERNS,		// fd: a user namespace that is joined when all is mounted
	SBX_POINT_PERM,		// u32: mode of folders made to be mounted on, default 0700

	// The command (SBX_EXECVE, and SBX_CONF with SBX_F_ONCE)
	SBX_PATH = 64,		// text: the file; default: argv[0] looked up in the PATH of SBX_ENV
	SBX_ARGV,		// texts
	SBX_ENV,		// texts: KEY=value
	SBX_DIR,		// text: working directory; default: the container's, which is /
	SBX_FILES,		// u32[]: the number in the command of each descriptor that no other field takes;
				// default: 0, 1, 2 ... Without any, 0 1 2 are sbx-init's own
	SBX_EXEC_FD,		// fd: execute this file (execveat(2))
	SBX_TTY,		// fd: becomes the controlling terminal
	SBX_CGROUP,		// fd: a cgroup2 folder that the command starts in
	SBX_RLIMIT,		// struct sbx_rlimit; any number
	SBX_X_FLAGS,		// u32: SBX_X_*
	SBX_WALL_LIMIT,		// u64: nanoseconds, then it is killed: SBX_TIME_LIMIT
	SBX_MEMORY_LIMIT,	// u64: bytes; a peak that reaches it is SBX_MEMORY_LIMIT_HIT
	SBX_UMASK,		// u32; default: the launcher's
	SBX_ADOPT_WAIT,		// u32: milliseconds to wait for processes left by the command, default 5000 (once) or 0
	SBX_EXEC_LABEL,		// text: an LSM's context for the command
	SBX_DIRS,		// texts: instead of SBX_DIR, the first of these that can be entered; PWD in SBX_ENV
				// (there must be one) then says which
	SBX_HOLD,		// texts: files whose descriptors come with SBX_CHILD, e.g. to be locked; read-only

	// Lists (SBX_OPEN, SBX_SYMLINK, SBX_DELETE)
	SBX_ITEM = 96,		// struct sbx_wire_item and its texts; any number, in order

	// Replies
	SBX_ERRNO = 128,	// u32: an errno; the command failed
	SBX_STEP,		// text: where, in one line
	SBX_ERRORS,		// u32[]: an errno, or 0, for each item
	SBX_STATUS,		// u32: enum sbx_status
	SBX_CODE,		// u32: exit status, or the signal
	SBX_USER_TIME,		// u64: nanoseconds
	SBX_SYSTEM_TIME,	// u64: nanoseconds
	SBX_WALL_TIME,		// u64: nanoseconds, execve to end
	SBX_PEAK_MEMORY,	// u64: bytes, of the cgroup (memory.peak) or of the largest process
	SBX_PROCESSES,		// u32: that are there now
	SBX_EXECUTED,		// u32: commands run so far
	SBX_RESIDENT,		// u64: bytes of sbx-init itself
};

enum {	// SBX_FLAGS
	SBX_F_ONCE = 1 << 0,		// the message holds the command too: run it once, then end as it did
	SBX_F_DIRECT = 1 << 1,		// with SBX_F_ONCE: no reaper, sbx-init itself executes the command
	SBX_F_MAPPED = 1 << 2,		// the launcher has written the id maps
	SBX_F_RETAIN_SESSION = 1 << 3,	// no setsid(2)
	SBX_F_FORWARD_CANCEL = 1 << 4,	// SIGUSR2 to sbx-init is SIGINT for the command
	SBX_F_PRIVILEGED = 1 << 5,	// the command keeps CAP_SYS_ADMIN
	SBX_F_SURVIVE = 1 << 6,		// do not end when the launcher does
	SBX_F_VERBOSE = 1 << 7,		// say each step on standard error
	SBX_F_READ_ONLY_ROOT = 1 << 8,	// the root itself is read-only at the end
	SBX_F_NO_USERNS = 1 << 9,	// nobody inside may make a user namespace
	SBX_F_HOST_ROOT = 1 << 10,	// no new root: no mount is made, the rest is (no ops then)
	SBX_F_JOINED_PID = 1 << 11,	// the pid namespace is another container's, joined: it has a first process
	SBX_F_NET_COMES = 1 << 12,	// of SBX_NAMESPACES, CLONE_NEWNET is still being made: SBX_NET brings it
	SBX_F_ALL = (1 << 13) - 1,
};

enum {	// SBX_X_FLAGS
	SBX_X_PID = 1 << 0,	// send SBX_CHILD
	SBX_X_WAIT = 1 << 1,	// send SBX_CHILD, and wait for SBX_GO before execve(2)
	SBX_X_STARTED = 1 << 2,	// send SBX_STARTED
	SBX_X_NEW_SESSION = 1 << 3,	// setsid(2) for the command
	SBX_X_ALL = (1 << 4) - 1,
};

enum {	// SBX_SECCOMP_PRESETS
	SBX_SECCOMP_EXT = 1,
	SBX_SECCOMP_DENY_NS = 2,
	SBX_SECCOMP_DENY_TTY = 4,
	SBX_SECCOMP_DENY_DEVEL = 8,
	SBX_SECCOMP_LINUX32 = 16,
	SBX_SECCOMP_STRICT = 15,
	SBX_SECCOMP_BASE = 1 << 16,	// what holds always, and nothing else
};

enum {	// SBX_SECCOMP_FLAGS
	SBX_SECCOMP_MULTIARCH = 1,
	SBX_SECCOMP_CAN = 2,
	SBX_SECCOMP_BLUETOOTH = 4,
};

enum {	// SBX_SCOPE: LANDLOCK_SCOPE_*, Linux 6.12
	SBX_SCOPE_ABSTRACT = 1,	// no abstract unix socket made outside
	SBX_SCOPE_SIGNAL = 2,	// no signal to a process outside
};

enum sbx_status {	// SBX_STATUS
	SBX_NORMAL,		// exit 0
	SBX_NONZERO,		// SBX_CODE: exit status
	SBX_SIGNALLED,		// SBX_CODE: signal
	SBX_TIME_LIMIT,		// SIGXCPU, SIGKILL at RLIMIT_CPU, or SBX_WALL_LIMIT
	SBX_OUTPUT_LIMIT,	// SIGXFSZ
	SBX_DISALLOWED,		// SIGSYS: a system call that a filter kills for
	SBX_MEMORY_LIMIT_HIT,	// the cgroup's OOM killer, or SBX_MEMORY_LIMIT
	SBX_KILLED,		// by SBX_KILL
};

// An operation of the set-up. Follow: `texts` texts, each with its 0, then `data` bytes.
struct sbx_wire_op {
	uint16_t type;		// enum sbx_op_type
	uint16_t texts;
	uint32_t flags;		// SBX_O_*
	uint32_t mode;		// octal permissions; SBX_UNSET: the operation's own default
	uint32_t fd;		// which of the message's descriptors; SBX_UNSET: none
	uint64_t size;		// bytes; 0: the kernel's default
	uint32_t data;
	uint32_t zero;
};
#define SBX_UNSET UINT32_MAX

// Targets are absolute paths of the container; sources are absolute paths of the host, or a descriptor.
enum sbx_op_type {	//          texts                     flags                              mode, fd, size, data
	SBX_OP_BIND = 1,  // [source,] target         OPTIONAL WRITABLE DEVICE ENSURE SLAVE   fd: instead of source
	SBX_OP_PROC,      // target                   WRITABLE: /proc/sys and its like too
	SBX_OP_DEV,       // target                   WRITABLE MQUEUE                         mode of target
	SBX_OP_TMPFS,     // target                   READ_ONLY                               mode, size
	SBX_OP_OVERLAY,   // target, upper, work, lower...  ("" "" for both: read-only, or, with WRITABLE, a tmpfs)
	SBX_OP_SYMLINK,   // content, link            DEREFERENCE REPLACE
	SBX_OP_PLACE,     // target                   WRITABLE COPY                           mode, fd or data
	SBX_OP_MKDIR,     // target                                                           mode
	SBX_OP_REMOUNT,   // target                   READ_ONLY NOEXEC NOSUID NODEV RECURSIVE
	SBX_OP_AUTO_ETC,  // [folder below /etc/.host]                                        once
	SBX_OP_AUTO_ROOT, // host folder              WRITABLE DEVICE                         once
	SBX_OP_DAEMON,    // target, path, argv...         with SBX_F_ONCE only
	SBX_OP_CHMOD,     // target                                                           mode
	SBX_OP_MQUEUE,    // target
	SBX_OP_LAST = SBX_OP_MQUEUE,
};

enum {	// flags of an operation
	SBX_O_OPTIONAL = 1 << 0,	// a source that does not exist is left out
	SBX_O_WRITABLE = 1 << 1,
	SBX_O_DEVICE = 1 << 2,		// device nodes work
	SBX_O_ENSURE = 1 << 3,		// make the source, a folder 0700, if it does not exist
	SBX_O_SLAVE = 1 << 4,		// mounts that the host makes below later show up too
	SBX_O_READ_ONLY = 1 << 5,
	SBX_O_RECURSIVE = 1 << 6,
	SBX_O_DEREFERENCE = 1 << 7,	// content is a path of the host: what that link says
	SBX_O_REPLACE = 1 << 8,		// the same link may be there already
	SBX_O_COPY = 1 << 9,		// a file of the container's own, not a mount
	SBX_O_MQUEUE = 1 << 10,		// a message queue file system on TARGET/mqueue
	SBX_O_NOEXEC = 1 << 11,
	SBX_O_NOSUID = 1 << 12,
	SBX_O_NODEV = 1 << 13,
};

struct sbx_rlimit {
	uint32_t resource;	// RLIMIT_*
	uint32_t zero;
	uint64_t soft, hard;
};

// SBX_ITEM. Follow: path; for SBX_SYMLINK: link, what it says.
struct sbx_wire_item {
	uint32_t flags;		// SBX_OPEN: O_* of open(2)
	uint32_t mode;
	uint32_t parents;	// 1: make the folders that are missing
	uint32_t zero;
};

#ifdef __cplusplus
}
#endif

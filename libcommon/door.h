// SPDX-License-Identifier: MIT
// door.h - the one door: every change to the machine goes through a sys_* function
//
// Each does its work, or, in a dry run, prints it as a line that a shell understands. A failure is
// logged in one line that names operation, object and reason; the call returns -1 with errno.
// Paths are relative to `dirfd` where there is one (AT_FDCWD: the working directory).
#pragma once
#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

// A dry run: calls print to `fd` and change nothing. -1 ends it. Unit tests use it as a recorder.
void door_dry_run(int fd);
int door_is_dry(void);

// Takes INITBOX_FAULT (CONFIG_FAULT_INJECTION) from the environment: `N` makes the Nth call fail,
// `OP[@OBJECT][#N][=ERRNO]` the Nth (default: each) of that operation, on that object; ERRNO is a number, default EIO.
void door_from_environment(void);

// Calls made so far, and those of them that failed without being allowed to.
unsigned door_calls(void);
unsigned door_failures(void);

// `allowing(EEXIST, sys_mkdir(...))`: that error is returned as ever, but not logged or counted.
#define allowing(error, call) (door_allow(error), (call))
#define ANY_ERROR (-1)
void door_allow(int error);

// `within(5000, sys_umount(...))`: made in a child, so that a kernel that does not answer (a dead network
// mount, a lost disk) costs that many milliseconds and not the caller; then it fails with ETIMEDOUT.
#define within(timeout_ms, call) (door_within(timeout_ms), (call))
void door_within(int timeout_ms);
// Asked each time the limit of a call is reached, from now on: not 0 gives it the same time once more. NULL: never.
void door_patience(int (*more)(void));

// File systems; see mount(2), umount2(2), pivot_root(2), chroot(2), swapoff(2)
int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
int sys_umount(const char *target, int flags);
int sys_chroot(const char *path);
int sys_chdir(const char *path);
int sys_swapoff(const char *path);
// Frees the loop device, e.g. /dev/loop0 (LOOP_CLR_FD, loop(4)).
int sys_loop_detach(const char *device);

// Files and folders; `mode` is exact under umask 0, which applets that use these set first.
int sys_mkdir(int dirfd, const char *path, mode_t mode);
// With all missing parents (0755); fine if it is there already.
int sys_mkdirs(const char *path, mode_t mode);
int sys_mknod(int dirfd, const char *path, mode_t mode, dev_t device);
int sys_symlink(const char *target, int dirfd, const char *path);
int sys_link(int olddirfd, const char *oldpath, int dirfd, const char *path);
int sys_rename(int dirfd, const char *from, const char *to);
int sys_unlink(int dirfd, const char *path, int flags);
int sys_chmod(int dirfd, const char *path, mode_t mode);
int sys_chown(int dirfd, const char *path, uid_t uid, gid_t gid);
// Opens to write, as openat(2); a dry run returns /dev/null opened.
int sys_open(int dirfd, const char *path, int flags, mode_t mode);
// Writes `text` to a file that exists (O_CREAT when `create`: 0644, truncated): /proc, /sys, a seed.
int sys_write(const char *path, const char *text);
int sys_write_file(const char *path, const void *data, size_t length, mode_t mode);

// The machine
int sys_sethostname(const char *name);
int sys_setrlimit(int resource, const char *name, rlim_t soft, rlim_t hard);
// System time, and the kernel's idea of local time (settimeofday(2)).
int sys_settime(const struct timespec *time);
int sys_settimezone(int minutes_west);
int sys_kill(pid_t pid, int signal);
// init starts nothing more until SIGCONT, or until this process is gone: SIGTSTP with a value (sigqueue(3)). busybox's
// init knows the signal alone, others ignore it.
enum { HOLD_WHILE_ALIVE = 0x686f6c64 };
int sys_hold(void);
int sys_reboot(int command);
int sys_sync(void);
// Network interface flags by rtnetlink(7): IFF_UP. Address: 4 or 16 bytes, prefix in bits.
int sys_link_up(const char *interface);
int sys_address_add(const char *interface, int family, const void *address, int prefix);
int sys_link_rename(const char *interface, const char *name);

// For applets that bring an operation of their own (a module, a chunk of a file):
//   static int sys_x(...) { return DOOR(x(...), "x", object, "x %-s\n", object); }
// `object` names what it is done to; the format makes the line of a dry run.
#define DOOR(call, op, object, ...) \
	(door_open(op, object, __VA_ARGS__) ? door_close(call) : door_result())
int door_open(const char *op, const char *object, const char *format, ...) __attribute__((format(printf, 3, 4)));
int door_close(int result);
int door_result(void);

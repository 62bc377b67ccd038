// SPDX-License-Identifier: MIT
// rc_shutdown.h - what rc.shutdown's rooms share
#pragma once
#include "mountinfo.h"

// processes.c. Spared: kernel threads, PID 1, this process and its ancestors, root's processes that begin with @.
// SIGTERM to all, HUP to those with a terminal, CONT; waits until the last one is gone, or so many seconds.
void processes_terminate(int seconds);
// SIGKILL to those that are left, which are named.
void processes_kill(int seconds);
// Adds who has files below `path` open to `text`, as "NAME (PID)"; returns how many.
struct buf;
int processes_holding(const char *path, struct buf *text);

// mounts.c
// Unmounts all that holds data, and what stands on that, innermost first, until nothing changes.
void mounts_unmount(void);
// What is left becomes read-only, and is named with who holds it; then the root.
void mounts_readonly(void);
// Whether one of them did not answer.
int mounts_stuck(void);
// Mounts that are left and could still be written to.
extern int mounts_left;

// rc_shutdown.c: stops swapping, but not in a container; and seconds that a call which may have to write may take without progress.
void swap_off(void);
extern int io_seconds;

// devices.c
// Detaches loop, dm and md devices that nothing is mounted from. Returns whether one went away. Errors are said if `loud`.
int devices_detach(const struct mount_table *mounts, int loud);

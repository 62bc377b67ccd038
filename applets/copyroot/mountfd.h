// SPDX-License-Identifier: MIT
// mountfd.h - mounts as file descriptors, seen by nobody until they are attached (Linux 5.2)
//
// Each goes through the door and returns a descriptor or 0, or -1 with errno; in a dry run one of "/".
#pragma once

// A file system mounted nowhere, e.g. "tmpfs", "rootfs", "size=1048576,mode=755". See fsopen(2), fsmount(2).
int sys_fsmount(const char *type, const char *source, const char *options);

// A second mount of what is at `path`, attached nowhere; `recursive`: with the mounts below it. See open_tree(2).
int sys_clone_mount(int dirfd, const char *path, int recursive);

// Moves the mount at `path` below `dirfd` to `target` below `target_fd`; "" is the descriptor. See move_mount(2).
int sys_move_mount(int dirfd, const char *path, int target_fd, const char *target);

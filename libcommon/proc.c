// SPDX-License-Identifier: MIT
// proc - /proc, mounted or not

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fd.h"
#include "proc.h"

static int detached_procfs(void)
{
	cleanup_fd int fs = syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
}

static int procfs(void)
{
	if (!access("/proc/self", F_OK))
		return open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return detached_procfs();
}

int proc_open(const char *path)
{
	cleanup_fd int fd = procfs();

	return fd < 0 ? -1 : openat(fd, path, O_RDONLY | O_CLOEXEC);
}

ssize_t proc_read(const char *path, char *text, size_t size)
{
	cleanup_fd int fd = procfs();

	return fd < 0 ? -1 : read_line_at(fd, path, text, size);
}

// The inode of the first pid namespace is fixed: PROC_PID_INIT_INO of linux/proc_ns.h.
int is_machine(void)
{
	cleanup_fd int fd = proc_open("self/ns/pid");
	struct stat st;

	return fd < 0 || fstat(fd, &st) < 0 || st.st_ino == 0xEFFFFFFC;
}

// SPDX-License-Identifier: MIT
// sys - the calls that change the machine, each through the door

#include <errno.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "mountopts.h"

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	char words[256];
	struct buf options = BUF(words);

	if (!door_is_dry())
		return DOOR(mount(source, target, type, flags, data), "mount", target, "%s", "");
	mount_options(&options, flags, data);
	if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE))	// mount(8) has these as options of its own
		return DOOR(0, "mount", target, "mount --make-%s %-s\n", words, target);
	if (!source)
		return DOOR(0, "mount", target, "mount -o %s %-s\n", words, target);
	return DOOR(0, "mount", target, "mount%s%s%s%s %-s %-s\n", type ? " -t " : "", type, *words ? " -o " : "", words,
		    source, target);
}

int sys_umount(const char *target, int flags)
{
	return DOOR(umount2(target, flags), "umount", target,
		    "umount%s%s %-s\n", flags & MNT_DETACH ? " -l" : "", flags & MNT_FORCE ? " -f" : "", target);
}

int sys_chroot(const char *path)
{
	return DOOR(chroot(path), "chroot", path, "chroot %-s\n", path);
}

int sys_chdir(const char *path)
{
	return DOOR(chdir(path), "chdir", path, "cd %-s\n", path);
}

int sys_swapoff(const char *path)
{
	return DOOR(swapoff(path), "swapoff", path, "swapoff %-s\n", path);
}

static int loop_clear(const char *device)
{
	cleanup_fd int fd = open(device, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : ioctl(fd, LOOP_CLR_FD, 0);
}

int sys_loop_detach(const char *device)
{
	return DOOR(loop_clear(device), "losetup", device, "losetup -d %-s\n", device);
}

int sys_mkdir(int dirfd, const char *path, mode_t mode)
{
	return DOOR(mkdirat(dirfd, path, mode), "mkdir", path, "mkdir -m %o %-s\n", mode, path);
}

// Makes the parents of `path`, which is cut at each slash in turn and put together again.
static int make_parents(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		int result;

		*slash = 0;
		result = mkdir(path, 0755);
		*slash = '/';
		if (result < 0 && errno != EEXIST && errno != EROFS)
			return -1;
	}
	return 0;
}

static int mkdirs(const char *path, mode_t mode)
{
	char copy[4096];
	struct stat st;

	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? 0 : (errno = ENOTDIR, -1);
	if (format_path(copy, "%s", path) < 0 || make_parents(copy) < 0)
		return -1;
	return mkdir(path, mode) < 0 && errno != EEXIST ? -1 : 0;
}

int sys_mkdirs(const char *path, mode_t mode)
{
	return DOOR(mkdirs(path, mode), "mkdir", path, "mkdir -p -m %o %-s\n", mode, path);
}

int sys_mknod(int dirfd, const char *path, mode_t mode, dev_t device)
{
	const char *type = S_ISCHR(mode) ? "c" : S_ISBLK(mode) ? "b" : S_ISFIFO(mode) ? "p" : "s";
	char numbers[32] = "";

	if (S_ISCHR(mode) || S_ISBLK(mode))
		format_path(numbers, " %u %u", major(device), minor(device));
	return DOOR(mknodat(dirfd, path, mode, device), "mknod", path,
		    "mknod -m %o %-s %s%s\n", mode & 07777, path, type, numbers);
}

int sys_symlink(const char *target, int dirfd, const char *path)
{
	return DOOR(symlinkat(target, dirfd, path), "symlink", path, "ln -s %-s %-s\n", target, path);
}

int sys_link(int olddirfd, const char *oldpath, int dirfd, const char *path)
{
	return DOOR(linkat(olddirfd, oldpath, dirfd, path, 0), "link", path, "ln %-s %-s\n", oldpath, path);
}

int sys_rename(int dirfd, const char *from, const char *to)
{
	return DOOR(renameat(dirfd, from, dirfd, to), "rename", from, "mv %-s %-s\n", from, to);
}

int sys_unlink(int dirfd, const char *path, int flags)
{
	return DOOR(unlinkat(dirfd, path, flags), "unlink", path,
		    "%s %-s\n", flags & AT_REMOVEDIR ? "rmdir" : "rm", path);
}

int sys_chmod(int dirfd, const char *path, mode_t mode)
{
	return DOOR(fchmodat(dirfd, path, mode, 0), "chmod", path, "chmod %o %-s\n", mode, path);
}

int sys_chown(int dirfd, const char *path, uid_t uid, gid_t gid)
{
	return DOOR(fchownat(dirfd, path, uid, gid, AT_SYMLINK_NOFOLLOW), "chown", path,
		    "chown -h %d:%d %-s\n", (int)uid, (int)gid, path);
}

int sys_open(int dirfd, const char *path, int flags, mode_t mode)
{
	if (door_is_dry()) {
		DOOR(0, "open", path, ": %s%-s\n", flags & O_TRUNC ? ">" : ">>", path);
		return open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	return DOOR(openat(dirfd, path, flags | O_CLOEXEC, mode), "open", path, " ");
}

static int write_to(const char *path, int flags, const void *data, size_t length, mode_t mode)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, mode);

	return fd < 0 ? -1 : write_all(fd, data, length);
}

int sys_write(const char *path, const char *text)
{
	return DOOR(write_to(path, 0, text, strlen(text), 0), "write", path, "echo %-s >%-s\n", text, path);
}

int sys_write_file(const char *path, const void *data, size_t length, mode_t mode)
{
	return DOOR(write_to(path, O_CREAT | O_TRUNC | O_NOFOLLOW, data, length, mode), "write", path,
		    ": %zu bytes >%-s\n", length, path);
}

int sys_sethostname(const char *name)
{
	return DOOR(sethostname(name, strlen(name)), "hostname", name, "hostname %-s\n", name);
}

// RLIM_INFINITY as ulimit(1p) and prlimit(1) name it.
static void limit_text(char text[32], rlim_t limit)
{
	limit == RLIM_INFINITY ? format(text, 32, "unlimited") : format(text, 32, "%llu", (unsigned long long)limit);
}

int sys_setrlimit(int resource, const char *name, rlim_t soft, rlim_t hard)
{
	struct rlimit limit = { soft, hard };
	char a[32], b[32];

	limit_text(a, soft);
	limit_text(b, hard);
	return DOOR(prlimit(0, resource, &limit, NULL), "setrlimit", name, "prlimit --pid $$ --%s=%s:%s\n", name, a, b);
}

int sys_settime(const struct timespec *time)
{
	char seconds[24];

	format_path(seconds, "%lld", (long long)time->tv_sec);
	return DOOR(clock_settime(CLOCK_REALTIME, time), "settime", seconds, "date -s @%s\n", seconds);
}

int sys_settimezone(int minutes_west)
{
	struct timezone zone = { .tz_minuteswest = minutes_west };
	char minutes[24];

	format_path(minutes, "%d", minutes_west);
	return DOOR(settimeofday(NULL, &zone), "settimezone", minutes, "hwclock --systz # %s minutes west\n", minutes);
}

int sys_kill(pid_t pid, int signal)
{
	char number[24];

	format_path(number, "%d", pid);
	return DOOR(kill(pid, signal), "kill", number, "kill -%d %s\n", signal, number);
}

int sys_hold(void)
{
	union sigval value = { .sival_int = HOLD_WHILE_ALIVE };

	return DOOR(sigqueue(1, SIGTSTP, value), "kill", "1", "kill -%d 1\n", SIGTSTP);
}

int sys_reboot(int command)
{
	const char *name = command == (int)RB_AUTOBOOT ? "reboot" : command == (int)RB_POWER_OFF ? "poweroff"
		: command == (int)RB_HALT_SYSTEM ? "halt" : command == (int)RB_KEXEC ? "kexec" : "ctrlaltdel";

	return DOOR(reboot(command), "reboot", name, "%s -%s\n", name, command == (int)RB_KEXEC ? "e" : "f");
}

static int sync_all(void)
{
	sync();
	return 0;
}

int sys_sync(void)
{
	return DOOR(sync_all(), "sync", "file systems", "sync\n");
}

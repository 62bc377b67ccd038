// SPDX-License-Identifier: MIT
// mounts - rc.init's file systems, nodes and links, as tables in the order in which they are made

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmdline.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "mountinfo.h"
#include "rc_init.h"
#include "spawn.h"
#include "trace.h"

enum { MODULES_MS = 20 * 1000 };	// for the modules of file systems

#define ARRAY(array) array, sizeof(array) / sizeof *(array)
#define API (MS_NOEXEC | MS_NOSUID | MS_NODEV)

static const struct mount_row proc_rows[] = {
	{ "proc", "/proc", "proc", API | MS_RELATIME, NULL, 0755, 0 },
};

static const struct mount_row tmpfs_rows[] = {
	{ "tmpfs", "/run", "tmpfs", API | MS_RELATIME,
	  CONFIG_RC_INIT_TMPFS_STRICT ? "size=10%,nr_inodes=800k,mode=755" : "size=10%,mode=755", 0755, 0 },
	{ "tmpfs", "/tmp", "tmpfs", API | MS_RELATIME, "size=10%,mode=1777", 01777, 0 },
	{ "tmpfs", "/var", "tmpfs", API | MS_RELATIME, "size=50%,mode=755", 0755, 0 },
};

static const struct { const char *path; mode_t mode; } var_rows[] = {
	{ "/var/cache", 0755 }, { "/var/empty", 0555 }, { "/var/lib", 0755 }, { "/var/local", 0755 },
	{ "/var/lock", 0755 }, { "/var/log", 0755 }, { "/var/opt", 0755 }, { "/var/spool", 0755 },
	{ "/var/tmp", 01777 },
};

#define DEV_DATA "size=10m,nr_inodes=248418,mode=755"
static const struct mount_row dev_row =
	{ "dev", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC | MS_RELATIME, DEV_DATA, 0755, 0 };
// For a kernel without devtmpfs, or where it cannot be mounted: without a terminal there is no shell. mdev-lite makes the
// nodes.
static const struct mount_row dev_tmpfs_row =
	{ "dev", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_RELATIME, DEV_DATA, 0755, 0 };

static const struct { const char *path; mode_t mode; unsigned major, minor; } node_rows[] = {
	{ "/dev/console", 0600, 5, 1 },
	{ "/dev/tty1", 0620, 4, 1 },
	{ "/dev/tty", 0666, 5, 0 },
	{ "/dev/null", 0666, 1, 3 },
	{ "/dev/kmsg", 0660, 1, 11 },
};

static const struct { const char *path, *target; } link_rows[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/kcore", "/proc/kcore" },
};

static const struct mount_row pts_rows[] = {
	{ "mqueue", "/dev/mqueue", "mqueue", API, NULL, 01777, 0 },
	{ "shm", "/dev/shm", "tmpfs", API | (CONFIG_RC_INIT_TMPFS_STRICT ? MS_STRICTATIME : 0), "mode=1777", 01777, 0 },
	{ "devpts", "/dev/pts", "devpts", MS_NOEXEC | MS_NOSUID, "gid=5,mode=0620", 0755, 0 },
};

static const struct mount_row sys_row = { "sysfs", "/sys", "sysfs", API, NULL, 0755, 0 };

// Left out where the kernel does not have them.
static const struct mount_row kernel_rows[] = {
	{ "securityfs", "/sys/kernel/security", "securityfs", API, NULL, 0, 0 },
	{ "debugfs", "/sys/kernel/debug", "debugfs", API, NULL, 0, 0 },
	{ "configfs", "/sys/kernel/config", "configfs", API, NULL, 0, 0 },
	{ "fusectl", "/sys/fs/fuse/connections", "fusectl", API, NULL, 0, 0 },
	{ "selinuxfs", "/sys/fs/selinux", "selinuxfs", MS_NOEXEC | MS_NOSUID, NULL, 0, 0 },
	{ "pstore", "/sys/fs/pstore", "pstore", API, NULL, 0, 0 },
	{ "bpffs", "/sys/fs/bpf", "bpf", MS_NODEV, CONFIG_RC_INIT_BPF_PRIVATE ? "mode=0700" : NULL, 0, 0 },
	{ "efivarfs", "/sys/firmware/efi/efivars", "efivarfs", API, NULL, 0, 0 },
	{ "binfmt_misc", "/proc/sys/fs/binfmt_misc", "binfmt_misc", API, NULL, 0, 0 },
};

static const struct mount_row tracefs_row = { "tracefs", "/sys/kernel/tracing", "tracefs", API, NULL, 0, 0 };
static const struct mount_row hugetlbfs_row =
	{ "hugetlbfs", "/dev/hugepages", "hugetlbfs", MS_NOSUID | MS_NODEV, NULL, 0755, 0 };

// `type` NULL: whatever its type. A dry run prints the plan for a machine that has nothing yet.
static int mounted(const char *target, const char *type)
{
	struct mount_table table;
	const struct mountinfo *there;
	int result = 0;

	if (door_is_dry() || mount_table_read(&table) < 0)
		return 0;
	there = mount_at(&table, target);
	if (there && (!type || !strcmp(there->type, type))) {
		info("%s: mounted already", target);
		result = 1;
	}
	mount_table_free(&table);
	return result;
}

static int is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

// /proc/filesystems: "nodev\tNAME" or "\tNAME" a line.
static int kernel_has(const char *type)
{
	char text[4096];
	char *rest = text, *line;

	if (read_file("/proc/filesystems", text, sizeof text) < 0)
		return 1;	// cannot tell: let mount(2) say
	while ((line = strsep(&rest, "\n"))) {
		char *tab = strchr(line, '\t');

		if (tab && !strcmp(tab + 1, type))
			return 1;
	}
	return 0;
}

// A dry run has shown the folders of / already (make_mount_points).
static int missing(const char *folder)
{
	return door_is_dry() ? strchr(folder + 1, '/') != NULL : !is_folder(folder);
}

// EINVAL: an option that this kernel does not know.
static int mount_unsure(const struct mount_row *row)
{
	char data[128];
	unsigned words = row->data ? row->unsure : 0;

	if (!words)
		return sys_mount(row->source, row->target, row->type, row->flags, row->data);
	format_path(data, "%s", row->data);
	for (; ; words--) {
		char *comma = strrchr(data, ',');

		if (!allowing(words ? EINVAL : 0, sys_mount(row->source, row->target, row->type, row->flags, data)))
			return 0;
		if (!words || errno != EINVAL)
			return -1;
		*(comma ? comma : data) = 0;
	}
}

int mount_row(const struct mount_row *row)
{
	if (!row->mode && !door_is_dry() && (!kernel_has(row->type) || !is_folder(row->target)))
		return 0;
	if (mounted(row->target, row->type))
		return 0;
	if (row->mode && missing(row->target) && sys_mkdirs(row->target, row->mode) < 0)
		return -1;
	return mount_unsure(row);
}

static void mount_rows(const struct mount_row *rows, size_t count)
{
	for (; count--; rows++)
		mount_row(rows);
}

// A read-only root cannot be given folders later. What cannot be made is said by its mount.
static void make_mount_points(void)
{
	static const struct { const char *path; mode_t mode; } folders[] = {
		{ "/proc", 0755 }, { "/run", 0755 }, { "/tmp", 01777 }, { "/var", 0755 }, { "/dev", 0755 }, { "/sys", 0755 },
	};

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (door_is_dry() || !is_folder(folders[i].path))
			allowing(ANY_ERROR, sys_mkdirs(folders[i].path, folders[i].mode));
}

// `rw` among the words of the kernel command line keeps / writable.
static int root_stays_writable(void)
{
	char value[8];

	return cmdline_get("rw", value, sizeof value) != NULL;
}

void step_proc(void)
{
	make_mount_points();
	mount_rows(ARRAY(proc_rows));
	if (!root_stays_writable())
		allowing(ANY_ERROR, sys_mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL));
}

// A disk serves as well. What is on /proc, /sys or /dev has to be of that type.
void step_tmpfs(void)
{
	for (size_t i = 0; i < sizeof tmpfs_rows / sizeof *tmpfs_rows; i++)
		if (!mounted(tmpfs_rows[i].target, NULL))
			mount_row(&tmpfs_rows[i]);
	if (!door_is_dry())
		trace_open(TRACE_FILE);
}

void step_var(void)
{
	for (size_t i = 0; i < sizeof var_rows / sizeof *var_rows; i++)
		allowing(EEXIST, sys_mkdir(AT_FDCWD, var_rows[i].path, var_rows[i].mode));
	allowing(EEXIST, sys_symlink("/run", AT_FDCWD, "/var/run"));
}

void step_dev(void)
{
	int has_devtmpfs = door_is_dry() || kernel_has("devtmpfs");

	if (has_devtmpfs && !mount_row(&dev_row))
		return;
	notice("/dev: %s, a tmpfs takes its place", has_devtmpfs ? "no devtmpfs" : "this kernel has no devtmpfs");
	mount_row(&dev_tmpfs_row);
}

// What is there already keeps its mode, but it has to be that device.
void step_nodes(void)
{
	for (size_t i = 0; i < sizeof node_rows / sizeof *node_rows; i++) {
		dev_t device = makedev(node_rows[i].major, node_rows[i].minor);
		const char *path = node_rows[i].path;
		struct stat st;

		if (!allowing(EEXIST, sys_mknod(AT_FDCWD, path, S_IFCHR | node_rows[i].mode, device)) || errno != EEXIST)
			continue;
		if (lstat(path, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != device)
			warn("%s: there, but not device %u:%u", path, node_rows[i].major, node_rows[i].minor);
	}
}

void step_links(void)
{
	for (size_t i = 0; i < sizeof link_rows / sizeof *link_rows; i++)
		allowing(EEXIST, sys_symlink(link_rows[i].target, AT_FDCWD, link_rows[i].path));
}

void step_pts(void)
{
	mount_rows(ARRAY(pts_rows));
}

// The modules of file systems that this kernel does not have yet, in one go.
static void load_file_systems(void)
{
	enum { MOST = 2 + sizeof kernel_rows / sizeof *kernel_rows };
	char aliases[MOST][32];
	char *argv[MOST + 2] = { "mdev-lite", "--load" };
	int count = 0, status;
	pid_t pid;

	if (!CONFIG_MDEV_LITE_MODULES)
		return;
	for (size_t i = 0; i < sizeof kernel_rows / sizeof *kernel_rows; i++) {
		if (!door_is_dry() && kernel_has(kernel_rows[i].type))
			continue;
		format_path(aliases[count], "fs-%s", kernel_rows[i].type);
		argv[2 + count] = aliases[count];
		count++;
	}
	if (!count)
		return;
	argv[2 + count] = NULL;
	pid = door_is_dry() ? spawn(argv, NULL) : applet_spawn("mdev-lite", argv);
	if (pid > 0 && wait_child(pid, MODULES_MS, &status) == 0)
		warn("mdev-lite --load: not done after %d s, left behind", MODULES_MS / 1000);
}

void step_sys(void)
{
	mount_row(&sys_row);
	load_file_systems();
	mount_rows(ARRAY(kernel_rows));
	if (CONFIG_RC_INIT_TRACEFS)
		mount_row(&tracefs_row);
	if (CONFIG_RC_INIT_HUGETLBFS && (door_is_dry() || kernel_has(hugetlbfs_row.type)))
		mount_row(&hugetlbfs_row);
}

void step_shared(void)
{
	sys_mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
}

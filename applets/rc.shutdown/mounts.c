// SPDX-License-Identifier: MIT
// mounts - what holds data is unmounted, or at least read-only in the end

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "cmdline.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "mountopts.h"
#include "proc.h"
#include "rc_shutdown.h"

enum {
	STUCK = 32,		// mounts that do not answer, remembered so that each is tried once
	QUIET_ROUNDS = 3,	// without a change, before what is left is given up
	PAUSE_MS = 50,		// the kernel lets go of a dead process's files a little later
};

int mounts_left;

// Kept by the kernel in memory, or a view of it: nothing to lose.
static const char *const api_types[] = {
	"proc", "sysfs", "devtmpfs", "devpts", "tmpfs", "ramfs", "rootfs", "cgroup", "cgroup2", "cpuset", "mqueue",
	"securityfs", "debugfs", "tracefs", "configfs", "fusectl", "selinuxfs", "smackfs", "apparmorfs", "pstore", "bpf",
	"efivarfs", "binfmt_misc", "hugetlbfs", "autofs", "nsfs", "pipefs", "sockfs", "rpc_pipefs", "nfsd", "resctrl",
	"functionfs", "xenfs", "spufs", "openpromfs", "usbfs", NULL
};

// The server may be gone: they are only taken out of the tree.
static const char *const network_types[] = {
	"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "ceph", "afs", "coda", "gfs", "gfs2", "ocfs2", "glusterfs",
	"fuse.sshfs", "fuse.glusterfs", "fuse.ceph", NULL
};

static int stuck[STUCK];	// their ids
static int stuck_count;

int mounts_stuck(void)
{
	return stuck_count > 0;
}

static int is_one_of(const char *const *types, const char *type)
{
	for (; *types; types++)
		if (!strcmp(*types, type))
			return 1;
	return 0;
}

static int is_api(const struct mountinfo *m)
{
	return is_one_of(api_types, m->type);
}

static int is_root(const struct mountinfo *m)
{
	return !strcmp(m->target, "/");
}

static const struct mountinfo *parent_of(const struct mount_table *table, const struct mountinfo *m)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->mounts[i].id == m->parent)
			return m->parent == m->id ? NULL : &table->mounts[i];
	return NULL;
}

static int stands_on(const struct mount_table *table, const struct mountinfo *m, const struct mountinfo *below)
{
	while (m && m != below)
		m = parent_of(table, m);
	return m != NULL;
}

static int is_in(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return !strncmp(path, folder, length) && (!path[length] || path[length] == '/');
}

// Mounted over it, or over a folder on the way to it: its path leads elsewhere.
static int hides(const struct mount_table *table, const struct mountinfo *cover, const struct mountinfo *m)
{
	if (!is_in(m->target, cover->target))	// and so is none that it stands on
		return 0;
	for (; m && m != cover; m = parent_of(table, m))
		if (is_in(m->target, cover->target) && (cover->parent == m->parent || cover->parent == m->id))
			return 1;
	return 0;
}

static int is_hidden(const struct mount_table *table, const struct mountinfo *m)
{
	for (size_t i = 0; i < table->count; i++)
		if (hides(table, &table->mounts[i], m))
			return 1;
	return 0;
}

static int hides_data(const struct mount_table *table, const struct mountinfo *m)
{
	for (size_t i = 0; i < table->count; i++)
		if (!is_api(&table->mounts[i]) && !is_root(&table->mounts[i]) && hides(table, m, &table->mounts[i]))
			return 1;
	return 0;
}

// One with data, or one that stands on such a one (/proc in a chroot on a disk) or hides it.
static int must_go(const struct mount_table *table, const struct mountinfo *m)
{
	for (; m && !is_root(m); m = parent_of(table, m))
		if (!is_api(m) || hides_data(table, m))
			return 1;
	return 0;
}

// Nothing is lost with a tmpfs, so whoever is in it, that is no reason to leave a disk below it dirty. What stands on it
// would go with it, out of sight: that comes first.
static int may_detach(const struct mount_table *table, const struct mountinfo *m)
{
	if (!is_api(m))
		return is_one_of(network_types, m->type);
	for (size_t i = 0; i < table->count; i++)
		if (!is_api(&table->mounts[i]) && stands_on(table, &table->mounts[i], m))
			return 0;
	return hides_data(table, m);
}

static int is_stuck(const struct mountinfo *m)
{
	for (int i = 0; i < stuck_count; i++)
		if (stuck[i] == m->id)
			return 1;
	return 0;
}

// Returns whether it is gone. What is busy now may not be in the next round.
static int unmount(const struct mount_table *table, const struct mountinfo *m)
{
	int flags = UMOUNT_NOFOLLOW | (may_detach(table, m) ? MNT_DETACH : 0);

	if (!allowing(ANY_ERROR, within(io_seconds * 1000, sys_umount(m->target, flags))))
		return 1;
	if (errno == ETIMEDOUT && stuck_count < STUCK) {
		warn("umount %s: not done after %d s", m->target, io_seconds);
		mounts_left++;
		stuck[stuck_count++] = m->id;
	}
	return 0;
}

static int holds_data(const struct mount_table *table, dev_t device)
{
	for (size_t i = 0; i < table->count; i++)
		if (makedev(table->mounts[i].major, table->mounts[i].minor) == device && must_go(table, &table->mounts[i]))
			return 1;
	return 0;
}

// `rc.shutdown >/data/log` would hold /data.
static void let_go_of_streams(void)
{
	cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct mount_table table;
	struct stat st;

	if (door_is_dry() || null < 0 || mount_table_read(&table) < 0)
		return;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (!fstat(fd, &st) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) && holds_data(&table, st.st_dev))
			dup2(null, fd);
	mount_table_free(&table);
}

// Returns whether something went away; *left counts what should have, and did not.
static int unmount_round(int *left)
{
	struct mount_table table;
	int progress = 0;

	*left = 0;
	if (mount_table_read(&table) < 0)
		return warn("mountinfo:"), 0;
	for (size_t i = table.count; i--; )
		if (must_go(&table, &table.mounts[i]) && !is_stuck(&table.mounts[i]))
			unmount(&table, &table.mounts[i]) ? (progress = 1) : ++*left;
	mount_table_free(&table);
	if (CONFIG_RC_SHUTDOWN_DEVICES && is_machine() && !mount_table_read(&table)) {
		progress |= devices_detach(&table, 0);
		mount_table_free(&table);
	}
	return progress;
}

void mounts_unmount(void)
{
	int left, quiet = 0;

	let_go_of_streams();
	while (quiet < QUIET_ROUNDS) {
		quiet = unmount_round(&left) ? 0 : quiet + 1;
		if (door_is_dry() || !(left || !quiet))
			break;
		if (quiet == 1)
			swap_off();	// a swap file holds its file system
		if (quiet)
			usleep(PAUSE_MS * 1000);
	}
}

/* Read-only */

// The super block's options without the words that are flags.
static void other_options(const char *super, struct buf *buf)
{
	buf_add(buf, "", 0);
	while (*super) {
		size_t length = strcspn(super, ",");

		if (!(length == 2 && super[0] == 'r' && (super[1] == 'w' || super[1] == 'o'))) {
			if (buf->length)
				buf_add(buf, ",", 1);
			buf_add(buf, super, length);
		}
		super += length + (super[length] == ',');
	}
}

// A container's mounts may be views of the host's file systems: only the view becomes read-only.
static int remount_view(const struct mountinfo *m)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | mount_flags(m->options);

	return within(io_seconds * 1000, sys_mount(NULL, m->target, NULL, flags, NULL));
}

// With the options it has, since some file systems take those that are not named for unset; without them for
// those that do not take again what they show. Returns 0 or -1.
static int remount_readonly(const struct mountinfo *m)
{
	char words[1024];
	struct buf options = BUF(words);
	unsigned long flags = MS_REMOUNT | MS_RDONLY | mount_flags(m->options);

	if (!is_machine())
		return remount_view(m);
	other_options(m->super, &options);
	if (!allowing(ANY_ERROR, within(io_seconds * 1000, sys_mount(NULL, m->target, NULL, flags, words))))
		return 0;
	return errno == EINVAL ? within(io_seconds * 1000, sys_mount(NULL, m->target, NULL, flags, NULL)) : -1;
}

// The file system, or in a container the view of it.
static int is_readonly(const struct mountinfo *m)
{
	return list_has(m->super, "ro") || (!is_machine() && list_has(m->options, "ro"));
}

static void keep_readonly(const struct mount_table *table, const struct mountinfo *m)
{
	char names[512] = "";
	struct buf text = BUF(names);
	const char *why = is_stuck(m) ? ": it does not answer" : is_hidden(table, m) ? ": another mount hides it" : NULL;
	int writable = !is_readonly(m) && (why || remount_readonly(m) < 0);

	if (!why)
		why = processes_holding(m->target, &text) ? ": held by " : ": no process holds it";
	mounts_left += writable && !is_stuck(m);
	warn("%s stays mounted, %s%s%s", m->target, writable ? "and can still be written to" : "read-only", why, names);
}

static void root_readonly(const struct mount_table *table)
{
	const struct mountinfo *root = mount_at(table, "/");

	if (!root || is_api(root) || is_readonly(root))
		return;
	if (remount_readonly(root) < 0) {
		warn("/ can still be written to:");
		mounts_left++;
	}
}

void mounts_readonly(void)
{
	struct mount_table table;

	if (mount_table_read(&table) < 0)
		return;
	for (size_t i = table.count; i-- && !door_is_dry(); )
		if (must_go(&table, &table.mounts[i]) && !is_api(&table.mounts[i]))
			keep_readonly(&table, &table.mounts[i]);
	if (CONFIG_RC_SHUTDOWN_DEVICES && is_machine())
		devices_detach(&table, 1);
	root_readonly(&table);
	mount_table_free(&table);
}

// SPDX-License-Identifier: MIT
// switch - the ways to a root that pivot_root(2) can leave
//
// The new root is made where nobody sees it (mountfd.h) and put over the old one at the very end, so no
// folder is needed for it, and a failure leaves nothing behind.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include "copyroot.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "mountfd.h"
#include "proc.h"
#include "resident.h"
#include "spawn.h"
#include "switch.h"
#include "tree.h"

enum { MODULE_TIMEOUT_MS = 10000 };

static int open_root(void)
{
	return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int readable(int mount)
{
	return openat(mount, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);
}

static int enter(int root)
{
	return fchdir(root) < 0 ? -1 : sys_chroot(".");
}

// Enters the mount `new`, and only then puts it over the old root: what can fail does so while going back is easy.
static int take_root(int new, int old)
{
	if (enter(new) < 0) {
		(void)!fchdir(old);
		return -1;
	}
	if (!sys_move_mount(new, "", old, "")) {
		sys_chdir("/");
		return 0;
	}
	enter(old);
	return -1;
}

/* Mounts below the old root */

static int mounted_at(const struct mount_table *mounts, const char *target)
{
	int n = 0;

	for (size_t i = 0; i < mounts->count; i++)
		n += !strcmp(mounts->mounts[i].target, target);
	return n;
}

// Of several mounts on one folder the lower ones go first: the upper one steps aside as a copy of itself.
static int move_stack(int old, int new, const char *path, int height)
{
	cleanup_fd int top = -1;

	if (height < 2 && !sys_move_mount(old, path, new, path))
		return 0;
	// Where it cannot be moved (a parent with shared propagation), a copy takes its place.
	top = sys_clone_mount(old, path, 1);
	if (top < 0)
		return -1;
	if (height > 1) {
		if (fchdir(old) < 0 || sys_umount(path, MNT_DETACH) < 0)
			return -1;
		move_stack(old, new, path, height - 1);
	}
	return sys_move_mount(top, "", new, path);
}

static void move_mounts(const struct mount_table *mounts, int old, int new)
{
	const struct mountinfo *root = mount_at(mounts, "/");

	for (size_t i = 0; root && i < mounts->count; i++) {
		const struct mountinfo *m = &mounts->mounts[i];

		if (m->parent != root->id || !m->target[1])
			continue;
		if (move_stack(old, new, m->target + 1, mounted_at(mounts, m->target)) < 0)
			warn("what is mounted on %s stays behind", m->target);
	}
	sys_chdir("/");
}

static const struct api {
	const char *target, *type;
	unsigned long flags;
	mode_t mode;
} api[] = {
	{ "/proc",    "proc",     MS_NOSUID | MS_NODEV | MS_NOEXEC, 0555 },
	{ "/sys",     "sysfs",    MS_NOSUID | MS_NODEV | MS_NOEXEC, 0555 },
	{ "/dev",     "devtmpfs", MS_NOSUID | MS_NOEXEC,            0755 },
	{ "/dev/pts", "devpts",   MS_NOSUID | MS_NOEXEC,            0755 },
};

void mount_api(const struct mount_table *before)
{
	for (size_t i = 0; i < sizeof api / sizeof *api; i++) {
		if (mount_at(before, api[i].target))
			continue;
		allowing(EEXIST, sys_mkdir(AT_FDCWD, api[i].target, api[i].mode));
		sys_mount(api[i].type, api[i].target, api[i].type, api[i].flags, NULL);
	}
}

/* bind: the same files by a second mount; nothing is copied */

// Before Linux 5.2 it takes a folder, any, to be mounted on for a moment.
static int bind_at(const char *folder)
{
	if (sys_mount("/", folder, NULL, MS_BIND | MS_REC, NULL) < 0)
		return -1;
	if (!sys_chdir(folder) && !sys_mount(".", "/", NULL, MS_MOVE, NULL)) {
		if (!sys_chroot("."))
			return sys_chdir("/");
	} else {
		sys_umount(folder, MNT_DETACH);
	}
	sys_chdir("/");
	return -1;
}

// The root's times are what they were before a folder was made in it.
static int bind_at_new_folder(const char *folder)
{
	struct stat st;
	int result = stat("/", &st) < 0 ? -1 : sys_mkdir(AT_FDCWD, folder, 0700);

	if (result < 0)
		return -1;
	result = bind_at(folder);
	sys_unlink(AT_FDCWD, folder, AT_REMOVEDIR);
	utimensat(AT_FDCWD, "/", (struct timespec[]){ st.st_atim, st.st_mtim }, 0);
	return result;
}

static int bind_old_way(void)
{
	static const char *const folders[] = { "/mnt", "/root", "/tmp", "/run", "/var" };

	if (!bind_at_new_folder("/.copyroot"))
		return 0;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (!access(folders[i], F_OK))
			return bind_at(folders[i]);
	return -1;
}

int switch_bind(struct settings *s, struct outcome *outcome)
{
	cleanup_fd int old = open_root(), new = sys_clone_mount(AT_FDCWD, "/", 0);

	(void)outcome;
	if (new < 0)
		return bind_old_way();
	if (old < 0 || take_root(new, old) < 0)
		return -1;
	move_mounts(s->mounts, old, new);
	return 0;
}

/* overlay: the image below, a tmpfs of limited size above */

static int have_overlay(void)
{
	char text[4096];

	return proc_read("filesystems", text, sizeof text) > 0 && strstr(text, "\toverlay");
}

// Without mdev-lite in this binary the kernel may still find it by itself (fs-overlay, get_fs_type).
static void load_overlay(void)
{
	static char *const argv[] = { "mdev-lite", "--load", "overlay", NULL };
	pid_t pid = have_overlay() ? -1 : applet_spawn(argv[0], argv);
	int status;

	if (pid > 0 && wait_child(pid, MODULE_TIMEOUT_MS, &status) != 1)
		warn("loading overlay takes more than %d s", MODULE_TIMEOUT_MS / 1000);
}

// The folder that becomes the overlay's root looks like the image's.
static int make_upper(int changes)
{
	cleanup_fd int in = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), out = -1;
	struct move attributes = { 0 };
	struct stat st;

	if (in < 0 || fstat(in, &st) < 0
	    || sys_mkdir(changes, "upper", 0755) < 0 || sys_mkdir(changes, "work", 0700) < 0)
		return -1;
	if (door_is_dry())
		return 0;
	out = openat(changes, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	attributes.xattrs = has_xattrs(in);
	return out < 0 ? -1 : copy_attributes(&attributes, in, out, "/", &st);
}

// overlayfs takes its folders by path and only from mounts of this namespace (clone_private_mount), so
// the tmpfs is attached for as long as that takes.
static int make_overlay(int changes, int old)
{
	int overlay;

	if (sys_move_mount(changes, "", old, "") < 0)
		return -1;
	overlay = fchdir(changes) < 0 ? -1
		: sys_fsmount("overlay", "overlay", "lowerdir=/,upperdir=upper,workdir=work");
	if (!door_is_dry())
		sys_umount(".", MNT_DETACH);
	sys_chdir("/");
	return overlay;
}

enum { BYTES_PER_INODE = 2048 };	// of the limit

static int make_tmpfs(uint64_t size, uint64_t inodes, const char *more)
{
	char options[96];

	if (format_path(options, "size=%llu,nr_inodes=%llu,mode=755%s", (unsigned long long)size,
			(unsigned long long)inodes, more) < 0)
		return -1;
	return sys_fsmount("tmpfs", "rootfs", options);
}

int switch_overlay(struct settings *s, struct outcome *outcome)
{
	uint64_t size = s->size ? s->size : memory_left_now() / 2;
	cleanup_fd int old = open_root(), changes = -1, overlay = -1;

	(void)outcome;
	load_overlay();
	changes = make_tmpfs(size, 0, "");
	if (changes < 0 || old < 0 || make_upper(changes) < 0 || (overlay = make_overlay(changes, old)) < 0
	    || take_root(overlay, old) < 0)
		return -1;
	move_mounts(s->mounts, old, overlay);
	return 0;
}

/* tmpfs: the files move to a root with a size limit and pages that can be swapped */

static unsigned long long mb(uint64_t bytes)
{
	return (bytes + (1 << 20) - 1) >> 20;
}

// Known before the first byte moves.
static int fits(const struct settings *s, const struct plan *plan, int keep, uint64_t available, uint64_t limit)
{
	uint64_t need = plan_need(plan, keep);

	if (s->verbose || door_is_dry()) {
		notice("%u files, %u folders, %u others: %llu MB; largest file %llu MB, in use %llu MB", plan->files,
		       plan->folders, plan->others, mb(plan->bytes), mb(plan->largest), mb(plan->held));
		notice("moving takes %llu MB of %llu MB available; limit of the tmpfs: %llu MB", mb(need), mb(available),
		       mb(limit));
	}
	if (limit < plan->bytes)
		warn("%llu MB do not fit in %llu MB", mb(plan->bytes), mb(limit));
	else if (available < need)
		warn("too little memory: %llu MB, moving the root takes %llu MB", mb(available), mb(need));
	else
		return 1;
	return 0;
}

static int move_into(struct move *m, int new, int old)
{
	if (move_tree(m) < 0)
		return -1;
	if (!take_root(new, old))
		return 0;
	m->lost = move_back(m) < 0;
	return -1;
}

// Files that neither came to the new root nor back to the old one: at least they can be reached.
static void show_lost(int new)
{
	static const char folder[] = "/copyroot.lost";

	allowing(EEXIST, sys_mkdir(AT_FDCWD, folder, 0700));
	if (!sys_move_mount(new, "", AT_FDCWD, folder))
		warn("some files are in %s", folder);
}

// Without a child that frees them later the old files go now.
static void finish(struct move *m)
{
	if (m->late)
		m->keep = !free_late(m->from);
	move_finish(m);
}

static int move_planned(const struct settings *s, struct move *m, int new, struct outcome *outcome)
{
	cleanup_fd int old = open_root(), to = readable(new);

	m->to = to;
	if (old < 0 || to < 0)
		return -1;
	if (door_is_dry())
		return take_root(new, old);
	resident_common();
	if (move_into(m, new, old) < 0) {
		if (m->lost)
			show_lost(new);
		return -1;
	}
	move_mounts(s->mounts, old, new);
	finish(m);
	*outcome = (struct outcome){ m->files, m->bytes };
	return 0;
}

// Large pages are for who has memory: one of 2 MB is there before anything of it can be freed. EINVAL: a kernel without them.
static int make_root(uint64_t size, uint64_t inodes, struct move *m)
{
	if (m->keep) {
		int new = allowing(EINVAL, make_tmpfs(size, inodes, ",huge=advise"));

		m->large = new >= 0;
		if (new >= 0 || errno != EINVAL)
			return new;
	}
	return make_tmpfs(size, inodes, "");
}

// Where memory is ample the files need not be counted first, which saves 4 us for each.
static int make_plan(const struct settings *s, const struct move *m, struct plan *plan, const char *memory)
{
	if (!s->size && !s->keep && !s->verbose && !door_is_dry()
	    && plan_guess(plan, meminfo(memory, "Cached"), meminfo(memory, "SReclaimable"), memory_left(memory), s->late))
		return 0;
	return plan_tree(m->from, m->fixed, plan);
}

// All is there twice until then.
static int can_free_late(const struct settings *s, const struct plan *plan, uint64_t available)
{
	int late = s->late && !s->keep;

	if (!late || plan_ample(plan, available))
		return late;
	notice("too little memory to free the old files late: each goes once it is copied");
	return 0;
}

static int move_if_it_fits(struct settings *s, int from, const ino_t *fixed, struct outcome *outcome)
{
	struct move m = { .from = from, .fixed = fixed, .ramfs = s->ramfs };
	uint64_t available, limit;
	struct plan plan;
	char meminfo_text[4096] = "";
	cleanup_fd int new = -1;

	if (proc_read("meminfo", meminfo_text, sizeof meminfo_text) < 0 || make_plan(s, &m, &plan, meminfo_text) < 0) {
		warn("reading the root:");
		return -1;
	}
	available = memory_left(meminfo_text);
	limit = s->size ? s->size : plan_limit(&plan, available);
	m.late = can_free_late(s, &plan, available);
	m.keep = s->keep || m.late;
	if (!fits(s, &plan, m.keep, available, limit))
		return -1;
	new = make_root(limit, plan.files + plan.folders + plan.others + limit / BYTES_PER_INODE, &m);
	return new < 0 ? -1 : move_planned(s, &m, new, outcome);
}

// Files that something is mounted on, or NULL with errno.
static ino_t *mounted_on(int from, const struct mount_table *mounts)
{
	ino_t *fixed = calloc(mounts->count + 1, sizeof *fixed), *next = fixed;
	struct stat st;

	for (size_t i = 0; fixed && i < mounts->count; i++)
		if (mounts->mounts[i].target[1] && !fstatat(from, mounts->mounts[i].target + 1, &st, AT_SYMLINK_NOFOLLOW)
		    && S_ISREG(st.st_mode))
			*next++ = st.st_ino;
	return fixed;
}

// A part of the root that is mounted a second time would lose its files. Who has all of it there looks at the old root.
static const struct mountinfo *own_mount(const struct mount_table *mounts)
{
	const struct mountinfo *root = mount_at(mounts, "/");

	for (size_t i = 0; root && i < mounts->count; i++) {
		const struct mountinfo *m = &mounts->mounts[i];

		if (m->major == root->major && m->minor == root->minor && strcmp(m->root, root->root))
			return m;
	}
	return NULL;
}

int switch_tmpfs(struct settings *s, struct outcome *outcome)
{
	// A mount of its own shows the root without what is mounted below, so no file is hidden.
	cleanup_fd int bare = sys_clone_mount(AT_FDCWD, "/", 0), from = bare < 0 ? -1 : readable(bare);
	const struct mountinfo *own = own_mount(s->mounts);
	ino_t *fixed;
	int result;

	if (own) {
		warn("%s is on %s too: they cannot move", own->root, own->target);
		return -1;
	}
	fixed = from < 0 ? NULL : mounted_on(from, s->mounts);
	result = fixed ? move_if_it_fits(s, from, fixed, outcome) : -1;
	free(fixed);
	return result;
}

// SPDX-License-Identifier: MIT
// identity - who the container is: id maps, names, user and group, capabilities, and whose child

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "netlink.h"
#include "sbx_init.h"

enum { OVERFLOW_ID = 65534 };	// who has no id in a user namespace

/* The parent */

// A parent that has died before prctl sends no signal. Its end of the channel is closed then.
int tie_to_parent(void)
{
	struct pollfd p = { .fd = box.channel };
	int closed;

	if (box.flags & SBX_F_SURVIVE)
		return 0;
	if (DO(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl", "pdeathsig") < 0)
		return -1;
	closed = poll(&p, 1, 0);
	if (closed < 0)
		return failed("poll", "");
	if (closed && p.revents & (POLLHUP | POLLERR)) {
		errno = ESRCH;
		return failed("the parent has ended", "");
	}
	return 0;
}

/* Id maps */

// CVE-2025-52881: what is written to must be a file of procfs, and not what somebody has put there.
int open_proc(int dirfd, const char *path)
{
	struct statfs fs;
	int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return failed("open", path);
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC) {
		close(fd);
		errno = EXDEV;
		return failed("not a procfs:", path);
	}
	return fd;
}

static int write_proc(const char *path, const char *text)
{
	cleanup_fd int fd = open_proc(AT_FDCWD, path);

	return fd < 0 ? -1 : DO((int)write(fd, text, strlen(text)), "write", path) < 0 ? -1 : 0;
}

static int write_map(const char *path, enum sbx_key inside, enum sbx_key outside)
{
	char text[64];
	uint64_t id = sbx_number(box.conf, inside, OVERFLOW_ID), host = sbx_number(box.conf, outside, UINT32_MAX);

	if (host == UINT32_MAX) {
		errno = EINVAL;
		return failed("no id outside is given for", path);
	}
	format_path(text, "%llu %llu 1\n", (unsigned long long)id, (unsigned long long)host);
	return write_proc(path, text);
}

/* Names */

static int set_domainname(const char *name)
{
	return DO(setdomainname(name, strlen(name)), "domain name", name);
}

static int set_hostname(const char *name)
{
	return DO(sethostname(name, strlen(name)), "host name", name);
}

int set_names(void)
{
	const char *host = sbx_text(box.conf, SBX_HOSTNAME), *domain = sbx_text(box.conf, SBX_DOMAINNAME);

	if ((host || domain) && !(box.namespaces & CLONE_NEWUTS)) {
		errno = EPERM;
		return failed("a host name needs a UTS namespace", "");
	}
	if ((host && set_hostname(host) < 0) || (domain && set_domainname(domain) < 0))
		return -1;
	return 0;
}

int limit_user_namespaces(void)
{
	if (!(box.flags & SBX_F_NO_USERNS))
		return 0;
	if (!(box.namespaces & CLONE_NEWUSER)) {
		errno = EPERM;
		return failed("forbidding user namespaces needs one around the container", "");
	}
	return write_proc("/proc/sys/user/max_user_namespaces", "0");
}

int join_user_namespace(void)
{
	uint32_t index = (uint32_t)sbx_number(box.conf, SBX_USERNS, SBX_UNSET);

	return index == SBX_UNSET ? 0 : DO(setns(box.fds[index], CLONE_NEWUSER), "setns", "user namespace");
}

/* User, groups, capabilities */

struct capabilities { uint32_t effective, permitted, inheritable; };

// Inheritable ones are for who has them ambient only (CVE-2022-29162).
static int set_capabilities(uint64_t keep, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct capabilities sets[2];

	for (int i = 0; i < 2; i++) {
		uint32_t part = (uint32_t)(keep >> 32 * i);

		sets[i] = (struct capabilities){ part, part, (uint32_t)(inheritable >> 32 * i) };
	}
	return DO((int)syscall(SYS_capset, &head, sets), "capset", "");
}

static int permitted(uint64_t *caps)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct capabilities sets[2];

	if (syscall(SYS_capget, &head, sets) < 0)
		return failed("capget", "");
	*caps = sets[0].permitted | (uint64_t)sets[1].permitted << 32;
	return 0;
}

// EINVAL says that there is no such capability any more: the last one's number differs from kernel to kernel.
static int drop_bounding(uint64_t keep)
{
	for (unsigned long cap = 0; cap < 64; cap++) {
		if (keep & 1ULL << cap)
			continue;
		if (allowing(EINVAL, DOOR(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0), "prctl", "bounding set", "%s", "")) < 0)
			return errno == EINVAL && cap > CAP_AUDIT_READ ? 0 : failed("prctl", "bounding set");
	}
	return 0;
}

static int raise_ambient(uint64_t keep)
{
	for (unsigned long cap = 0; cap < 64; cap++)
		if (keep & 1ULL << cap && DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0), "prctl", "ambient set") < 0)
			return -1;
	return 0;
}

static int set_groups(void)
{
	// Denied in a user namespace that who may not set groups has made; there is nothing to be had from them then.
	if (allowing(EPERM, DOOR((int)syscall(SYS_setgroups, 0, NULL), "setgroups", "", "%s", "")) < 0
	    && (errno != EPERM || !(box.namespaces & CLONE_NEWUSER)))
		return failed("setgroups", "");
	return 0;
}

// Capabilities survive the change, for what comes after it.
static int set_ids(uint64_t uid, uint64_t gid, uint64_t have)
{
	if (uid == UINT32_MAX && gid == UINT32_MAX)
		return 0;
	if ((uid == UINT32_MAX || uid == getuid()) && (gid == UINT32_MAX || gid == getgid())
	    && box.namespaces & CLONE_NEWUSER && !(box.flags & SBX_F_MAPPED))
		return 0;	// by the map
	if (DO(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl", "keepcaps") < 0 || set_groups() < 0)
		return -1;
	if (gid != UINT32_MAX && DO((int)syscall(SYS_setresgid, gid, gid, gid), "setresgid", "") < 0)
		return -1;
	if (uid != UINT32_MAX && DO((int)syscall(SYS_setresuid, uid, uid, uid), "setresuid", "") < 0)
		return -1;
	return set_capabilities(have, 0);	// root that becomes another has them no longer effective
}

// The launcher's own id is not in the maps that it has written: nobody can make a file as that.
static int take_mapped_ids(void)
{
	uint64_t have = 0;

	if (permitted(&have) < 0 ||
	    set_ids(sbx_number(box.conf, SBX_UID, UINT32_MAX), sbx_number(box.conf, SBX_GID, UINT32_MAX), have) < 0)
		return -1;
	return tie_to_parent();		// that goes with a change of identity
}

int write_id_maps(void)
{
	if (!(box.namespaces & CLONE_NEWUSER))
		return 0;
	if (box.flags & SBX_F_MAPPED)
		return getuid() == OVERFLOW_ID || getgid() == OVERFLOW_ID ? take_mapped_ids() : 0;
	// After an exec of a file that we may not read, /proc/self is root's
	if (DO(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl", "dumpable") < 0)
		return -1;
	if (write_map("/proc/self/uid_map", SBX_UID, SBX_HOST_UID) < 0 || write_proc("/proc/self/setgroups", "deny") < 0)
		return -1;
	return write_map("/proc/self/gid_map", SBX_GID, SBX_HOST_GID);
}

// Who stays root and keeps capabilities has those of root: they come back with execve(2), and go where the command takes
// another identity. For any other they are ambient, and root's rules are switched off for good.
static int is_root_with(uint64_t keep)
{
	return keep && !geteuid();
}

enum { SECURE = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED
		| SECBIT_KEEP_CAPS_LOCKED };

// What we have, and what of it the command keeps.
static int choose_capabilities(uint64_t *have)
{
	uint64_t keep = sbx_number(box.conf, SBX_CAPS, 0);

	if (box.flags & SBX_F_PRIVILEGED)
		keep |= 1ULL << CAP_SYS_ADMIN;
	if (box.flags & SBX_F_NO_USERNS)	// who has it could write to max_user_namespaces as well
		keep &= ~(1ULL << CAP_SYS_RESOURCE);
	if (permitted(have) < 0)
		return -1;
	box.keep = keep & *have;	// what the launcher does not have it cannot give
	return 0;
}

// With no capability there is none to drop others with; no_new_privs keeps them away.
static int bound(uint64_t have)
{
	static int done;

	if (done || !have)
		return 0;
	done = 1;
	return drop_bounding(box.keep);
}

// It takes its time, which is free while the network namespace is being made. Who joins another user namespace gets a full set.
int limit_bounding_set(void)
{
	uint64_t have = 0;

	return sbx_has(box.conf, SBX_USERNS) ? 0 : choose_capabilities(&have) < 0 ? -1 : bound(have);
}

int take_identity(void)
{
	uint64_t keep, have = 0;

	if (choose_capabilities(&have) < 0)
		return -1;
	keep = box.keep;
	if (DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl", "ambient set") < 0 || bound(have) < 0)
		return -1;
	if (set_ids(sbx_number(box.conf, SBX_UID, UINT32_MAX), sbx_number(box.conf, SBX_GID, UINT32_MAX), have) < 0)
		return -1;
	if (have && !is_root_with(keep) && DO(prctl(PR_SET_SECUREBITS, SECURE, 0, 0, 0), "prctl", "securebits") < 0)
		return -1;
	if (set_capabilities(keep, is_root_with(keep) ? 0 : keep) < 0 || (!is_root_with(keep) && raise_ambient(keep) < 0))
		return -1;
	if (DO(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", "no_new_privs") < 0)
		return -1;
	// A change of identity clears both.
	if (DO(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl", "dumpable") < 0)
		return -1;
	return tie_to_parent();
}

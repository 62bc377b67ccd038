// SPDX-License-Identifier: MIT
// cgroups - rc.init's control groups: version 2, or 1 when the kernel command line asks for it

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include "cmdline.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "rc_init.h"

#define ROOT "/sys/fs/cgroup"
#define API (MS_NOEXEC | MS_NOSUID | MS_NODEV)

static const struct mount_row v2_row = {
	"cgroup2", ROOT, "cgroup2", API,
	CONFIG_RC_INIT_CGROUP_DELEGATE ? "nsdelegate,memory_recursiveprot" : NULL,	// cgroup-v2.rst, "Mounting"
	0, 2,
};
static const struct mount_row v1_root_row =
	{ "cgroup_root", ROOT, "tmpfs", API, "mode=755,size=10m", 0755, 0 };
// Much software looks for this one.
static const struct mount_row systemd_row =
	{ "cgroup", ROOT "/systemd", "cgroup", 0, "none,name=systemd", 0555, 0 };

// A controller reaches the groups below the root only if it is enabled there (cgroup-v2.rst).
static void enable_controllers(void)
{
	char text[1024], word[64];
	const char *rest = text;

	if (door_is_dry() || read_line(ROOT "/cgroup.controllers", text, sizeof text) < 0)
		return;
	word[0] = '+';
	while (cmdline_word(&rest, word + 1, sizeof word - 1))
		sys_write(ROOT "/cgroup.subtree_control", word);
}

static void mount_controller(const char *name)
{
	char target[128];
	struct mount_row row = { name, target, "cgroup", API, name, 0555, 0 };

	if (format_path(target, ROOT "/%s", name) > 0)
		mount_row(&row);
}

// /proc/cgroups: name, hierarchy, number of groups, enabled; tabs between, one header line.
static void mount_controllers(void)
{
	char text[4096];
	char *rest = text, *line;

	if (read_file("/proc/cgroups", text, sizeof text) < 0) {
		warn("/proc/cgroups:");
		return;
	}
	while ((line = strsep(&rest, "\n"))) {
		char *end = strrchr(line, '\t');

		if (*line == '#' || !end || strcmp(end + 1, "1"))
			continue;
		mount_controller(strsep(&line, "\t"));
	}
}

static int wants_version_1(void)
{
	char value[16];

	return cmdline_get("linuxkit.unified_cgroup_hierarchy", value, sizeof value) && !strcmp(value, "0");
}

void step_cgroups(void)
{
	if (!wants_version_1()) {
		mount_row(&v2_row);
		enable_controllers();
		return;
	}
	if (mount_row(&v1_root_row) < 0)
		return;
	mount_controllers();
	// Gone from kernels that always account for the whole tree.
	if (door_is_dry() || !access(ROOT "/memory/memory.use_hierarchy", F_OK))
		sys_write(ROOT "/memory/memory.use_hierarchy", "1");
	mount_row(&systemd_row);
}

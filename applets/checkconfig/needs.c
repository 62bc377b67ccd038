// SPDX-License-Identifier: MIT
// needs - the kernel options that each applet needs, and why

#include <stddef.h>
#include "checkconfig.h"

const struct need needs[] = {
	// Nearly all
	{ "init,rc.init,rc.shutdown,copyroot,mdev-lite,sbx,sbx-init", "PROC_FS", REQUIRED, NULL,
	  "kernel command line, mounts and processes are read from /proc" },
	{ "init,rc.init,rc.shutdown", "BINFMT_SCRIPT", REQUIRED | BUILT_IN, NULL, "scripts that begin with #!" },
	{ "init,copyroot", "BINFMT_ELF", REQUIRED | BUILT_IN, NULL, "programs" },
	{ "init,rc.init,rc.shutdown,bootchart", "PRINTK", OPTIONAL, NULL,
	  "messages go to the kernel log, and bootchart shows what the kernel said" },

	// copyroot
	{ "copyroot", "BLK_DEV_INITRD", REQUIRED, NULL, "an initramfs, from which copyroot starts as /init" },
	{ "copyroot", "TMPFS", OPTIONAL, NULL, "--mode=tmpfs: the root moves to a tmpfs with a size limit" },
	{ "copyroot", "TMPFS_XATTR", OPTIONAL, NULL, "--mode=tmpfs: extended attributes (file capabilities) move along" },
	{ "copyroot", "OVERLAY_FS", OPTIONAL | (CONFIG_MDEV_LITE_MODULES ? 0 : BUILT_IN), "3.18",
	  "--mode=overlay: the image stays as it came" },

	// init
	{ "init", "SIGNALFD", REQUIRED, NULL, "signals are read from a descriptor" },
	{ "init", "TTY", OPTIONAL, NULL, "shells on a terminal (askfirst, respawn)" },
	{ "init", "KEXEC|KEXEC_FILE", OPTIONAL, NULL, "reboot into a kernel that was loaded by kexec" },

	// rc.init
	{ "rc.init", "SYSFS", REQUIRED, NULL, "step sys, and devices" },
	{ "rc.init", "TMPFS", REQUIRED | BUILT_IN, NULL, "step tmpfs: /run, /tmp and /var; step pts: /dev/shm" },
	{ "rc.init", "DEVTMPFS", OPTIONAL | BUILT_IN, "2.6.32", "step dev: nodes by the kernel, with the right modes" },
	{ "rc.init", "UNIX98_PTYS", OPTIONAL, NULL, "step pts: /dev/pts, terminals for ssh and containers" },
	{ "rc.init", "POSIX_MQUEUE", OPTIONAL, NULL, "step pts: /dev/mqueue" },
	{ "rc.init", "SECURITYFS", OPTIONAL, NULL, "step sys: /sys/kernel/security" },
	{ "rc.init", "DEBUG_FS", OPTIONAL, NULL, "step sys: /sys/kernel/debug" },
	{ "rc.init", "FTRACE", OPTIONAL, NULL, "step sys: /sys/kernel/tracing" },
	{ "rc.init", "CONFIGFS_FS", OPTIONAL, NULL, "step sys: /sys/kernel/config" },
	{ "rc.init", "FUSE_FS", OPTIONAL, NULL, "step sys: /sys/fs/fuse/connections" },
	{ "rc.init", "PSTORE", OPTIONAL, NULL, "step sys: /sys/fs/pstore, what the last kernel said before it died" },
	{ "rc.init", "BINFMT_MISC", OPTIONAL, NULL, "step sys: /proc/sys/fs/binfmt_misc" },
	{ "rc.init", "BPF_SYSCALL", OPTIONAL, "3.18", "step sys: /sys/fs/bpf" },
	{ "rc.init", "HUGETLBFS", OPTIONAL, NULL, "step sys: /dev/hugepages" },
	{ "rc.init", "CGROUPS", OPTIONAL, NULL, "step cgroups: containers need them" },
	{ "rc.init", "MEMCG", OPTIONAL, "3.6", "step cgroups: memory limits" },
	{ "rc.init", "CGROUP_PIDS", OPTIONAL, "4.3", "step cgroups: process limits" },
	{ "rc.init", "CGROUP_SCHED", OPTIONAL, NULL, "step cgroups: shares of the processors" },
	{ "rc.init", "CPUSETS", OPTIONAL, NULL, "step cgroups: choice of processors" },
	{ "rc.init", "BLK_CGROUP", OPTIONAL, NULL, "step cgroups: limits for disks" },
	{ "rc.init", "MEMCG_V1", OPTIONAL | SPLIT, "6.11", "linuxkit.unified_cgroup_hierarchy=0: memory, version 1" },
	{ "rc.init", "CPUSETS_V1", OPTIONAL | SPLIT, "6.12", "linuxkit.unified_cgroup_hierarchy=0: cpuset, version 1" },
	{ "rc.init", "NET", OPTIONAL, NULL, "step loopback" },
	{ "rc.init", "INET", OPTIONAL, NULL, "step loopback: 127.0.0.1" },
	{ "rc.init", "IPV6", OPTIONAL, NULL, "step loopback: ::1" },
	{ "rc.init", "RTC_CLASS", OPTIONAL, NULL, "step clock: the time from the hardware clock" },

	// rc.shutdown
	{ "rc.shutdown", "SWAP", OPTIONAL, NULL, "swap is turned off; without it there is none" },

	// mdev-lite
	{ "mdev-lite", "SYSFS", REQUIRED, NULL, "devices are found in /sys" },
	{ "mdev-lite", "NET", REQUIRED, NULL, "the kernel tells of devices by netlink" },
	{ "mdev-lite", "DEVTMPFS", OPTIONAL | BUILT_IN, "2.6.32", "nodes by the kernel; without it mdev-lite makes them" },
	{ "mdev-lite", "MODULES", OPTIONAL, NULL, "drivers that are modules" },
	{ "mdev-lite", "MODULE_DECOMPRESS", OPTIONAL, "5.17", "modules that are compressed with xz or zstd" },
	{ "mdev-lite", "UEVENT_HELPER", OPTIONAL | SPLIT, "3.16", "one helper process for each event, in place of the daemon" },

	// sbx and sbx-init
	{ "sbx,sbx-init", "UNIX", REQUIRED | BUILT_IN, NULL, "sbx and sbx-init talk by a socket" },
	{ "sbx,sbx-init", "NAMESPACES", REQUIRED, NULL, "a sandbox is made of namespaces" },
	{ "sbx,sbx-init", "PID_NS", REQUIRED, NULL, "its own processes" },
	{ "sbx,sbx-init", "UTS_NS", REQUIRED, NULL, "its own host name" },
	{ "sbx,sbx-init", "IPC_NS", REQUIRED, NULL, "its own shared memory and message queues" },
	{ "sbx,sbx-init", "SECCOMP", REQUIRED, NULL, "system calls are filtered" },
	{ "sbx,sbx-init", "SECCOMP_FILTER", REQUIRED, "3.5", "system calls are filtered" },
	{ "sbx,sbx-init", "TMPFS", REQUIRED, NULL, "its root is a tmpfs" },
	{ "sbx", "USER_NS", OPTIONAL, NULL, "sandboxes for users who are not root" },
	{ "sbx,sbx-init", "NET_NS", OPTIONAL, NULL, "its own network" },
	{ "sbx,sbx-init", "UNIX98_PTYS", OPTIONAL, NULL, "terminals inside" },
	{ "sbx,sbx-init", "OVERLAY_FS", OPTIONAL, "3.18", "overlay mounts" },
	{ "sbx,sbx-init", "SECURITY_LANDLOCK", OPTIONAL, "5.13", "signals and abstract sockets stay inside" },
	{ "sbx", "CGROUPS", OPTIONAL, NULL, "limits for all processes of a sandbox together" },
	{ "sbx", "MEMCG", OPTIONAL, "3.6", "a memory limit for all of them together" },
	{ "sbx", "CGROUP_PIDS", OPTIONAL, "4.3", "a limit of their number" },

	// checkconfig itself
	{ "checkconfig", "IKCONFIG_PROC", OPTIONAL, NULL, "/proc/config.gz: the running kernel tells its configuration" },
	{ NULL, NULL, 0, NULL, NULL },
};

// SPDX-License-Identifier: MIT
// sbx_seccomp_rows.h - what the seccomp presets deny, as data; scripts/seccomp-presets.c and sbx_seccomp.c read it
//
// A row holds where all of WHEN are asked for and none of UNLESS. ROW(name, when, unless, error, calls) denies whole
// calls. A MATCH(row, call, argument, comparison, a, b) denies one for some values of an argument of 64 bits:
// MASKED (argument & a) == b, or LEAST argument >= a. A call that the target does not have is no fault.
// No includes here and no guards: whoever includes it says what ROW and MATCH make of it.

ROW(COMMON, 0, 0, EPERM,
	"syslog uselib acct quotactl add_key keyctl request_key "
	"move_pages mbind get_mempolicy set_mempolicy migrate_pages")
ROW(SINGLE_ARCH, 0, FLAG(MULTIARCH), EPERM, "modify_ldt")
ROW(EXT, SBX_SECCOMP_EXT, 0, EPERM,
	"adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday "
	"delete_module finit_module init_module kexec_load kexec_file_load reboot swapon swapoff")
ROW(EXT_SINGLE_ARCH, SBX_SECCOMP_EXT, FLAG(MULTIARCH), ENOSYS, "subpage_prot switch_endian vm86 vm86old")
ROW(NS, SBX_SECCOMP_DENY_NS, 0, EPERM, "unshare setns mount umount umount2 pivot_root chroot")
// Arguments in memory cannot be looked at: as if the kernel were too old, so that callers fall back to clone(2), mount(2).
ROW(NS_UNSEEN, SBX_SECCOMP_DENY_NS, 0, ENOSYS,
	"clone3 open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr")
ROW(NS_EXT, SBX_SECCOMP_DENY_NS | SBX_SECCOMP_EXT, 0, EPERM,
	"chown chown32 fchown fchown32 lchown lchown32 fchownat setuid setuid32 setgid setgid32 setreuid setreuid32 "
	"setregid setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 "
	"setgroups setgroups32")
ROW(TTY, SBX_SECCOMP_DENY_TTY, 0, EPERM, "")
ROW(DEVEL, SBX_SECCOMP_DENY_DEVEL, 0, EPERM, "perf_event_open ptrace")
ROW(DEVEL_LINUX, SBX_SECCOMP_DENY_DEVEL | SBX_SECCOMP_LINUX32, 0, EPERM, "")
ROW(DEVEL_LINUX32, SBX_SECCOMP_DENY_DEVEL, SBX_SECCOMP_LINUX32, EPERM, "")
ROW(SOCKET, 0, 0, EAFNOSUPPORT, "")
ROW(SOCKET_CAN, 0, FLAG(CAN), EAFNOSUPPORT, "")
ROW(SOCKET_BLUETOOTH, 0, FLAG(BLUETOOTH), EAFNOSUPPORT, "")

MATCH(NS, "clone", CLONE_FLAGS, MASKED, CLONE_NEWUSER, CLONE_NEWUSER)

// The kernel takes a request for 32 bits wide: TIOCSTI + 2^32 is TIOCSTI.
MATCH(TTY, "ioctl", 1, MASKED, 0xffffffff, TIOCSTI)
MATCH(TTY, "ioctl", 1, MASKED, 0xffffffff, TIOCLINUX)

// All but PER_LINUX (0), or with linux32 all but PER_LINUX32 (8)
MATCH(DEVEL_LINUX, "personality", 0, MASKED, ~0ull, 0)
MATCH(DEVEL, "personality", 0, MASKED, ~0ull, 1)
MATCH(DEVEL, "personality", 0, MASKED, ~1ull, 2)
MATCH(DEVEL, "personality", 0, MASKED, ~3ull, 4)
MATCH(DEVEL_LINUX32, "personality", 0, MASKED, ~0ull, 8)
MATCH(DEVEL, "personality", 0, LEAST, 9, 0)

// All families but unspecified (0), Unix (1), IPv4 (2), IPv6 (10), netlink (16), and where allowed CAN (29), Bluetooth (31)
MATCH(SOCKET, "socket", 0, MASKED, ~0ull, 3)
MATCH(SOCKET, "socket", 0, MASKED, ~3ull, 4)
MATCH(SOCKET, "socket", 0, MASKED, ~1ull, 8)
MATCH(SOCKET, "socket", 0, MASKED, ~0ull, 11)
MATCH(SOCKET, "socket", 0, MASKED, ~3ull, 12)
MATCH(SOCKET, "socket", 0, MASKED, ~0ull, 17)
MATCH(SOCKET, "socket", 0, MASKED, ~1ull, 18)
MATCH(SOCKET, "socket", 0, MASKED, ~3ull, 20)
MATCH(SOCKET, "socket", 0, MASKED, ~3ull, 24)
MATCH(SOCKET, "socket", 0, MASKED, ~0ull, 28)
MATCH(SOCKET_CAN, "socket", 0, MASKED, ~0ull, 29)
MATCH(SOCKET, "socket", 0, MASKED, ~0ull, 30)
MATCH(SOCKET_BLUETOOTH, "socket", 0, MASKED, ~0ull, 31)
MATCH(SOCKET, "socket", 0, LEAST, 32, 0)

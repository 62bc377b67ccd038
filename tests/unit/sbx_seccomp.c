// SPDX-License-Identifier: MIT
// sbx_seccomp - every system call number through every combination of presets, and a few through the kernel
//
// The expectation is written down here a second time, by the numbers of the C library's headers, so that a slip
// in the presets' table or in what libseccomp made of it shows.

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "sbx_proto.h"
#include "sbx_seccomp.h"
#include "tap.h"

enum { NO_SUCH_CALL = -1000, LAST_NUMBER = 700, COMBINATIONS = 256 };

// Not on every architecture, or newer than the C library
#ifndef SYS_uselib
#define SYS_uselib NO_SUCH_CALL
#endif
#ifndef SYS_modify_ldt
#define SYS_modify_ldt NO_SUCH_CALL
#endif
#ifndef SYS_chown
#define SYS_chown NO_SUCH_CALL
#endif
#ifndef SYS_lchown
#define SYS_lchown NO_SUCH_CALL
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

enum { EXT = 1, NS = 2, TTY = 4, DEVEL = 8, LINUX32 = 16, MULTIARCH = 1, CAN = 2, BLUETOOTH = 4 };

static const struct denied {
	int presets, unless, error, calls[32];
} table[] = {
	{ 0, 0, EPERM, { SYS_syslog, SYS_uselib, SYS_acct, SYS_quotactl, SYS_add_key, SYS_keyctl, SYS_request_key, SYS_move_pages,
		SYS_mbind, SYS_get_mempolicy, SYS_set_mempolicy, SYS_migrate_pages, -1 } },
	{ 0, MULTIARCH, EPERM, { SYS_modify_ldt, -1 } },
	{ EXT, 0, EPERM, { SYS_adjtimex, SYS_clock_adjtime, SYS_clock_settime, SYS_settimeofday, SYS_delete_module,
		SYS_finit_module, SYS_init_module, SYS_kexec_load, SYS_kexec_file_load, SYS_reboot, SYS_swapon, SYS_swapoff, -1 } },
	{ NS, 0, EPERM, { SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, -1 } },
	{ NS, 0, ENOSYS, { SYS_clone3, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
		SYS_mount_setattr, -1 } },
	{ NS | EXT, 0, EPERM, { SYS_chown, SYS_fchown, SYS_lchown, SYS_fchownat, SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid,
		SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid, SYS_setgroups, -1 } },
	{ DEVEL, 0, EPERM, { SYS_perf_event_open, SYS_ptrace, -1 } },
};

#if defined __x86_64__
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define OWN_ARCH AUDIT_ARCH_AARCH64
#elif defined __riscv
#define OWN_ARCH AUDIT_ARCH_RISCV64
#elif defined __i386__
#define OWN_ARCH AUDIT_ARCH_I386
#else
#define OWN_ARCH AUDIT_ARCH_ARM
#endif

static const struct sock_filter *filter;
static unsigned length;

// Classic BPF, as far as seccomp(2) takes it; what it does not know, or a run that leaves the program, ends in 1.
static uint32_t run(const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (unsigned i = 0; i < length; i++) {
		const struct sock_filter *f = &filter[i];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f->k > sizeof *data - 4 || f->k % 4)
				return 1;
			memcpy(&a, (const char *)data + f->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K: a &= f->k; break;
		case BPF_JMP | BPF_JA: i += f->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K: i += a == f->k ? f->jt : f->jf; break;
		case BPF_JMP | BPF_JGT | BPF_K: i += a > f->k ? f->jt : f->jf; break;
		case BPF_JMP | BPF_JGE | BPF_K: i += a >= f->k ? f->jt : f->jf; break;
		case BPF_RET | BPF_K: return f->k;
		default: return 1;
		}
	}
	return 1;
}

static uint32_t answer_of(uint32_t arch, int number, uint64_t arg0, uint64_t arg1)
{
	struct seccomp_data data = { .nr = number, .arch = arch, .args = { arg0, arg1 } };

	return run(&data);
}

static uint32_t error(int number) { return SECCOMP_RET_ERRNO | (uint32_t)number; }

static int in_list(const int *calls, int number)
{
	for (; *calls != -1; calls++)
		if (*calls == number)
			return 1;
	return 0;
}

// The spec, for the calls whose arguments do not matter
static uint32_t wanted_for_number(int presets, int flags, int number)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if ((presets & table[i].presets) == table[i].presets && !(flags & table[i].unless) &&
		    in_list(table[i].calls, number))
			return error(table[i].error);
	return SECCOMP_RET_ALLOW;
}

static int family_is_allowed(uint64_t family, int flags)
{
	return family == 0 || family == 1 || family == 2 || family == 10 || family == 16 ||
		(family == 29 && flags & CAN) || (family == 31 && flags & BLUETOOTH);
}

static int wrong;

static void expect(uint32_t wanted, uint32_t got, const char *what, int presets, int flags, long long object)
{
	if (wanted == got)
		return;
	if (wrong++ < 10)
		printf("# presets %d flags %d: %s %lld: got %#x, wanted %#x\n", presets, flags, what, object, got, wanted);
}

static void check_numbers(int presets, int flags)
{
	for (int n = -1; n <= LAST_NUMBER; n++)
		if (n != SYS_personality)
			expect(wanted_for_number(presets, flags, n), answer_of(OWN_ARCH, n, 0, 0), "call", presets, flags, n);
	expect(SECCOMP_RET_ALLOW, answer_of(OWN_ARCH, 0x3fffffff, 0, 0), "call", presets, flags, 0x3fffffff);
	if (OWN_ARCH == AUDIT_ARCH_X86_64)
		for (int n = 0; n <= LAST_NUMBER; n++)
			expect(SECCOMP_RET_KILL_PROCESS, answer_of(OWN_ARCH, 0x40000000 | n, 0, 0), "x32", presets, flags, n);
}

static void check_arguments(int presets, int flags)
{
	static const uint64_t high[] = { 0, 1ull << 32, 1ull << 63, 0xffffffffull << 32 };
	uint32_t denied;

	for (unsigned h = 0; h < sizeof high / sizeof *high; h++) {
		for (uint64_t low = 0; low <= 300; low++) {
			uint64_t value = high[h] | low;
			int linux_only = value == (presets & LINUX32 ? 8 : 0);

			expect(family_is_allowed(value, flags) ? SECCOMP_RET_ALLOW : error(EAFNOSUPPORT),
			       answer_of(OWN_ARCH, SYS_socket, value, 1), "socket family", presets, flags, value);
			expect(presets & DEVEL && !linux_only ? error(EPERM) : SECCOMP_RET_ALLOW,
			       answer_of(OWN_ARCH, SYS_personality, value, 0), "personality", presets, flags, value);
		}
		denied = presets & TTY ? error(EPERM) : SECCOMP_RET_ALLOW;
		for (uint64_t request = 0x5400; request < 0x5480; request++)
			expect(request == TIOCSTI || request == TIOCLINUX ? denied : SECCOMP_RET_ALLOW,
			       answer_of(OWN_ARCH, SYS_ioctl, 0, high[h] | request), "ioctl", presets, flags, request);
		denied = presets & NS ? error(EPERM) : SECCOMP_RET_ALLOW;
		for (int bit = 0; bit < 32; bit++)
			expect(1u << bit == CLONE_NEWUSER ? denied : SECCOMP_RET_ALLOW,
			       answer_of(OWN_ARCH, SYS_clone, high[h] | 1u << bit, CLONE_NEWUSER), "clone flag", presets, flags, bit);
		expect(denied, answer_of(OWN_ARCH, SYS_clone, high[h] | 0xffffffff, 0), "clone flags", presets, flags, -1);
	}
	expect(presets & DEVEL ? error(EPERM) : SECCOMP_RET_ALLOW,
	       answer_of(OWN_ARCH, SYS_personality, 0xffffffff, 0), "personality", presets, flags, 0xffffffff);
}

static void check_architectures(int presets, int flags)
{
	static const uint32_t others[] = { AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64, AUDIT_ARCH_MIPS,
		AUDIT_ARCH_RISCV64, AUDIT_ARCH_PPC64LE, AUDIT_ARCH_S390X, 0, ~0u };
	uint32_t companion = OWN_ARCH == AUDIT_ARCH_X86_64 ? AUDIT_ARCH_I386 : OWN_ARCH == AUDIT_ARCH_AARCH64 ? AUDIT_ARCH_ARM : 1;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (others[i] == OWN_ARCH)
			continue;
		expect(flags & MULTIARCH && others[i] == companion ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS,
		       answer_of(others[i], 1, 0, 0), "architecture", presets, flags, others[i]);
	}
	if (OWN_ARCH != AUDIT_ARCH_X86_64 || !(flags & MULTIARCH))
		return;
	// i386's numbers: mount 21, ptrace 26, ioctl 54, clone 120, modify_ldt 123, clone3 435, settimeofday32 79
	expect(presets & NS ? error(EPERM) : SECCOMP_RET_ALLOW, answer_of(AUDIT_ARCH_I386, 21, 0, 0), "i386", presets, flags, 21);
	expect(presets & DEVEL ? error(EPERM) : SECCOMP_RET_ALLOW, answer_of(AUDIT_ARCH_I386, 26, 0, 0), "i386", presets, flags, 26);
	expect(presets & TTY ? error(EPERM) : SECCOMP_RET_ALLOW, answer_of(AUDIT_ARCH_I386, 54, 0, TIOCSTI), "i386", presets, flags, 54);
	expect(presets & NS ? error(EPERM) : SECCOMP_RET_ALLOW,
	       answer_of(AUDIT_ARCH_I386, 120, CLONE_NEWUSER, 0), "i386", presets, flags, 120);
	expect(presets & NS ? error(ENOSYS) : SECCOMP_RET_ALLOW, answer_of(AUDIT_ARCH_I386, 435, 0, 0), "i386", presets, flags, 435);
	expect(SECCOMP_RET_ALLOW, answer_of(AUDIT_ARCH_I386, 123, 0, 0), "i386", presets, flags, 123);
	expect(presets & EXT ? error(EPERM) : SECCOMP_RET_ALLOW, answer_of(AUDIT_ARCH_I386, 79, 0, 0), "i386", presets, flags, 79);
}

// In a child under the filter. Returns errno of what `call` did, 0 if it worked, 1000 + signal, or -1 without a filter.
static int under(int presets, long (*call)(void))
{
	int status;
	pid_t pid;

	filter = sbx_preset(presets, 0, &length);
	if (!filter)
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct sock_fprog program = { .len = (unsigned short)length, .filter = (struct sock_filter *)filter };

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
			_exit(255);
		_exit(call() < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

// The new mount interface: open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr, the same everywhere
static const long mount_calls[] = { 428, 429, 430, 431, 432, 433, 442 };
static long number;
static long try_number(void) { return syscall(number, -1, NULL, 0, NULL, 0); }
static int terminal;
static long try_clone3(void) { return syscall(SYS_clone3, NULL, 0); }
static long try_unshare(void) { return unshare(CLONE_FILES); }
static long try_tiocsti(void) { return syscall(SYS_ioctl, terminal, (unsigned long)TIOCSTI, "x"); }
static long try_tiocsti_high(void) { return syscall(SYS_ioctl, terminal, (unsigned long)((1ull << 32) | TIOCSTI), "x"); }
static long try_tioclinux(void) { return syscall(SYS_ioctl, terminal, (unsigned long)TIOCLINUX, "\2"); }
static long try_winsize(void) { struct winsize w; return ioctl(terminal, TIOCGWINSZ, &w); }
static long try_vsock(void) { return syscall(SYS_socket, 40, 1, 0); }
static long try_unix_high(void) { return syscall(SYS_socket, (1ull << 32) | 1, 1, 0); }
static long try_unix(void) { return syscall(SYS_socket, 1, 1, 0); }
static long try_x32(void) { return syscall(0x40000000 | 39); }
static long try_i386(void)
{
#ifdef __x86_64__
	long result = 20;	// getpid

	__asm__ volatile ("int $0x80" : "+a"(result) : : "memory");
	return result;
#endif
	return 0;
}

static void check_kernel(void)
{
	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	for (size_t i = 0; i < sizeof mount_calls / sizeof *mount_calls; i++) {
		number = mount_calls[i];
		is_number(under(SBX_SECCOMP_DENY_NS, try_number), ENOSYS, "CVE-2021-41133: the kernel: call %ld is ENOSYS", number);
	}
	is_number(under(SBX_SECCOMP_DENY_NS, try_clone3), ENOSYS, "CVE-2021-41133: the kernel: clone3 is ENOSYS");
	is_number(under(SBX_SECCOMP_BASE, try_clone3), EINVAL, "the kernel: clone3 is let through without deny-ns");
	is_number(under(SBX_SECCOMP_DENY_NS, try_unshare), EPERM, "the kernel: unshare is EPERM");
	is_number(under(SBX_SECCOMP_STRICT, try_tiocsti), EPERM, "the kernel: TIOCSTI is EPERM");
	is_number(under(SBX_SECCOMP_STRICT, try_tiocsti_high), EPERM, "the kernel: TIOCSTI + 2^32 is EPERM");
	is_number(under(SBX_SECCOMP_STRICT, try_tioclinux), EPERM, "the kernel: TIOCLINUX is EPERM");
	is_number(under(SBX_SECCOMP_STRICT, try_winsize), 0, "the kernel: TIOCGWINSZ works");
	is_number(under(SBX_SECCOMP_BASE, try_vsock), EAFNOSUPPORT, "the kernel: a vsock socket is EAFNOSUPPORT");
	is_number(under(SBX_SECCOMP_BASE, try_unix), 0, "the kernel: a unix socket works");
	is_number(under(SBX_SECCOMP_BASE, try_unix_high), EAFNOSUPPORT, "the kernel: family 1 + 2^32 is EAFNOSUPPORT");
	if (OWN_ARCH != AUDIT_ARCH_X86_64)
		return;
	is_number(under(SBX_SECCOMP_BASE, try_x32), 1000 + SIGSYS, "CVE-2021-41133: the kernel: a call of x32 is killed");
	is_number(under(SBX_SECCOMP_BASE, try_i386), 1000 + SIGSYS, "CVE-2021-41133: the kernel: int 0x80 is killed");
}

int main(void)
{
	static void (*const checks[])(int, int) = { check_numbers, check_arguments, check_architectures };
	static const char *const claims[] = {
		"CVE-2021-41133: every call's number, x32's too, is answered as the table says, for 256 combinations",
		"socket families, personalities, ioctls and clone's flags are compared in all of their bits",
		"foreign architectures are killed, the other one of this machine is filtered with multiarch",
	};

	if (!sbx_preset(SBX_SECCOMP_BASE, 0, &length)) {
		printf("1..0 # SKIP built without CONFIG_SBX_SECCOMP\n");
		return 0;
	}
	for (int i = 0; i < 3; i++) {
		wrong = 0;
		for (int combination = 0; combination < COMBINATIONS; combination++) {
			filter = sbx_preset(combination & 31, combination >> 5, &length);
			if (filter)
				checks[i](combination & 31, combination >> 5);
			else
				wrong++;
		}
		ok(!wrong, "%s", claims[i]);
	}
	ok(!sbx_preset(32, 0, &length) && errno == ENOSYS, "unknown presets are refused");
	ok(!sbx_preset(0, 8, &length) && errno == ENOSYS, "unknown flags are refused");
	check_kernel();
	return tap_done();
}

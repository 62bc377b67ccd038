// SPDX-License-Identifier: MIT
// sbx-inject - makes one system call fail after another, and looks whether a sandbox fails closed
//
// sbx-inject START PAYLOAD FIRST STEP -- COMMAND...
// COMMAND executes START at some time (after a change of user, say), and that, by some way, PAYLOAD. It is run again and
// again; in run n, of all system calls between the two execve's, in all processes, the n-th fails with EIO and is
// not made (seccomp_unotify(2)): no code under test knows of it. PAYLOAD prints what it sees of its confinement. After a failed
// call either it has not run and the exit code is not 0, or it has seen exactly what it sees without a failure.
// Prints "calls N closed N same N bad N", and before that what was bad; on standard error what was "same".
// As root, whatever COMMAND's user is.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT = 65536, HANG_MS = 20000, TRY_AGAIN = 97 };

static const char *start, *payload;
static int target;		// the call that fails; 0: none
static _Atomic int listener = -1;
static struct { int calls, failed, over; } *seen;	// in memory that is shared

// What cannot fail, or does its work all the same when it says so.
static const int spared[] = {
	SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_close, SYS_munmap, SYS_futex,
	SYS_umask, SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_set_tid_address,
	SYS_wait4, SYS_set_robust_list, SYS_rseq,
};

// The first text argument of a call.
static void read_path(pid_t pid, unsigned long address, char *text, size_t size)
{
	char path[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, text, size - 1, (off_t)address);
	text[n < 0 ? 0 : n] = 0;
	if (fd >= 0)
		close(fd);
}

static void *supervise(void *unused)
{
	int armed = 0;

	(void)unused;
	while (listener < 0)
		sched_yield();
	for (;;) {
		struct seccomp_notif call = { 0 };
		struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
		char path[256];

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			return NULL;
		}
		answer.id = call.id;
		if (call.data.nr == SYS_execve) {
			read_path(call.pid, call.data.args[0], path, sizeof path);
			if (!armed && !strcmp(path, start))
				armed = 1;
			else if (armed && !strcmp(path, payload))
				seen->over = 1;
		}
		if (armed && !seen->over && ++seen->calls == target) {
			answer.flags = 0;
			answer.error = -EIO;
			seen->failed = call.data.nr + 1;
		}
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

static int install(void)
{
	struct sock_filter code[sizeof spared / sizeof *spared + 8];
	struct sock_fprog program = { .filter = code };
	unsigned short n = 0, count = sizeof spared / sizeof *spared;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (unsigned short i = 0; i < count; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)spared[i], (unsigned char)(count - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = n;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

// In a process of its own: the filter cannot be taken off again.
static int supervised(char **command)
{
	pthread_t thread;
	pid_t pid;
	int status = 0, fd;

	if (pthread_create(&thread, NULL, supervise, NULL))
		return TRY_AGAIN;
	fd = install();
	if (fd < 0) {
		perror("seccomp");
		return 99;
	}
	listener = fd;		// from here on each call is asked for
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid < 0)
		return TRY_AGAIN;
	if (!pid) {
		execv(command[0], command);
		_exit(98);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Runs the command. Returns its exit code; -1: it hung. *output is what it printed.
static int run(char **command, int n, char output[OUTPUT])
{
	int pipes[2], status;
	size_t length = 0;
	ssize_t got = 0;
	pid_t pid;

	memset(seen, 0, sizeof *seen);
	target = n;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		exit(95);
	pid = fork();
	if (pid < 0) {
		close(pipes[0]);
		close(pipes[1]);
		return TRY_AGAIN;
	}
	if (!pid) {
		setpgid(0, 0);
		dup2(pipes[1], 1);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 2);
		_exit(supervised(command));
	}
	close(pipes[1]);
	while (length < OUTPUT - 1) {
		struct pollfd p = { .fd = pipes[0], .events = POLLIN };

		got = poll(&p, 1, HANG_MS) <= 0 ? -1 : read(pipes[0], output + length, OUTPUT - 1 - length);
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	output[length] = 0;
	close(pipes[0]);
	if (got)
		kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	return got ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// From the first line on that differs, one line.
static void print_difference(const char *wanted, const char *got)
{
	while (*wanted && *got) {
		size_t a = strcspn(wanted, "\n"), b = strcspn(got, "\n");

		if (a != b || strncmp(wanted, got, a))
			break;
		wanted += a + (wanted[a] == '\n');
		got += b + (got[b] == '\n');
	}
	printf("  wanted: %.*s\n     got: %.*s\n", (int)strcspn(wanted, "\n"), wanted, (int)strcspn(got, "\n"), got);
}

int main(int argc, char **argv)
{
	static char reference[OUTPUT], output[OUTPUT];
	int first, step, closed = 0, same = 0, bad = 0, again = 0, code, calls;

	if (argc < 7 || strcmp(argv[5], "--"))
		return 96;
	start = argv[1];
	payload = argv[2];
	first = atoi(argv[3]);
	step = atoi(argv[4]);
	seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	code = run(argv + 6, 0, reference);
	if (code || !seen->over || !*reference) {
		printf("does not run: exit %d, %d calls: %s\n", code, seen->calls, reference);
		return 1;
	}
	calls = seen->calls;
	for (int n = first; ; n += step) {
		code = run(argv + 6, n, output);
		if (code == TRY_AGAIN && again++ < 100) {	// the machine has no process to spare
			usleep(100000);
			n -= step;
			continue;
		}
		if (!seen->failed && !code)
			break;
		if (!*output && code > 0) {
			closed++;
		} else if (!code && !strcmp(output, reference)) {
			same++;
			fprintf(stderr, "same: call %d, number %d\n", n, seen->failed - 1);
		} else {
			bad++;
			printf("bad: call %d, number %d, exit %d\n", n, seen->failed - 1, code);
			print_difference(reference, output);
		}
	}
	printf("calls %d closed %d same %d bad %d\n", calls, closed, same, bad);
	return bad != 0;
}

// SPDX-License-Identifier: MIT
// reaper - signals and children of the container's first process
//
// All signals are blocked from the start and taken by signalfd(2), so nothing is lost and no handler has to be undone
// in a child.

#include <errno.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "log.h"
#include "sbx_init.h"

enum { SETTLE_MS = 100 };

struct range { uintptr_t start, end; };
struct ranges { struct range list[16]; unsigned count; };

static int note_read_only(struct dl_phdr_info *object, size_t size, void *argument)
{
	struct ranges *ranges = argument;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum && ranges->count < 16; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_LOAD && !(part->p_flags & PF_W))
			ranges->list[ranges->count++] = (struct range){ start, start + part->p_memsz };
	}
	return 0;
}

static void give_back(uintptr_t start, uintptr_t end)
{
	const uintptr_t page = getauxval(AT_PAGESZ);

	start &= ~(page - 1);
	madvise((void *)start, end - start, MADV_DONTNEED);	// NOLINT(performance-no-int-to-ptr): elf(5) has numbers
}

// The set-up needed much of the program, the configuration and some stack; waiting needs little, and the file's pages come
// back by themselves.
static void give_back_all(void)
{
	struct ranges ranges = { .count = 0 };
	const uintptr_t page = getauxval(AT_PAGESZ);
	const uintptr_t below = ((uintptr_t)&ranges & ~(page - 1)) - page;	// not our own frames

	dl_iterate_phdr(note_read_only, &ranges);
	give_back((uintptr_t)box.packet, (uintptr_t)(box.packet + 1));
	give_back(below - (64 << 10), below);
	for (unsigned i = 0; i < ranges.count; i++)
		give_back(ranges.list[i].start, ranges.list[i].end);
}

// poll(2); what has not come for a while may take long: then without the library's own around it, which is elsewhere in the
// program.
static int wait_events(struct pollfd *p, unsigned count, int timeout_ms)
{
	static int settled;

	if (!settled && timeout_ms < 0) {
		int ready = poll(p, count, SETTLE_MS);

		if (ready)
			return ready;
		settled = 1;
		give_back_all();
	}
	return timeout_ms >= 0 ? poll(p, count, timeout_ms)
		: (int)syscall(SYS_ppoll, p, count, NULL, NULL, (size_t)(NSIG - 1) / 8);
}

int open_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	box.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return box.signals < 0 ? failed("signalfd", "") : 0;
}

long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

// hakurei's rules: these two go on to the command, SIGUSR2 is its launcher's wish to cancel. What the container's
// own processes send (they have a pid here; who is outside has none) is of no interest.
static void forward(pid_t command, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;

	if (info->ssi_pid)
		return;
	if (signal == SIGTERM || signal == SIGQUIT)
		kill(command, signal);
	else if (signal == SIGUSR2)
		kill(command, box.flags & SBX_F_FORWARD_CANCEL ? SIGINT : SIGKILL);
}

static void take_signals(pid_t command)
{
	struct signalfd_siginfo info[8];
	ssize_t n;

	while ((n = read(box.signals, info, sizeof info)) > 0) {
		for (size_t i = 0; i < n / sizeof *info && command > 0; i++)
			forward(command, &info[i]);
		if ((size_t)n < sizeof info)
			break;
	}
}

// The time until `end` (milliseconds; -1: none) for poll(2).
static int until(long long end)
{
	long long left = end < 0 ? -1 : end - now_ms();

	return end < 0 ? -1 : left < 0 ? 0 : left > 1 << 30 ? 1 << 30 : (int)left;
}

int await_event(int timeout_ms)
{
	struct pollfd p[2] = { { .fd = box.channel, .events = POLLIN }, { .fd = box.signals, .events = POLLIN } };
	int ready;

	do
		ready = wait_events(p, 2, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return failed("poll", "");
	if (p[1].revents)
		take_signals(0);
	return p[0].revents != 0;
}

static int exit_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : EXIT_OTHER;
}

int reap_once(pid_t command, unsigned adopt_wait_ms)
{
	struct pollfd p = { .fd = box.signals, .events = POLLIN };
	long long end = -1;
	int status, code = EXIT_WAIT4;

	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid > 0 && pid == command) {
			code = exit_of(status);
			command = 0;
			end = adopt_wait_ms ? now_ms() + adopt_wait_ms : 0;
			stop_daemons();
		}
		if (pid > 0 || (pid < 0 && errno == EINTR))
			continue;
		if (pid < 0) {
			if (errno != ECHILD)
				warn("wait:");
			return errno == ECHILD && !command ? code : EXIT_WAIT4;
		}
		if (!end || (end > 0 && !until(end))) {
			if (adopt_wait_ms)
				warn("timeout exceeded waiting for lingering processes");
			return code;
		}
		wait_events(&p, 1, until(end));
		take_signals(command);
	}
}

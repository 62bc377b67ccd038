// SPDX-License-Identifier: MIT
// sbx-init - PID 1 of a container: told what to do over one socket, see docs/sbx-protocol.md
//
// It is started by sbx or libsbx, in namespaces that they have made. The table below is the whole set-up, in
// order; the first step that fails ends it, and nothing has been executed then.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "applet.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "sbx_init.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

struct box box = { .channel = -1, .signals = -1, .base = -1, .host = -1, .root = -1, .proc = -1, .program = -1 };
static struct report unshared;
struct report *report = &unshared;

int failed(const char *operation, const char *object)
{
	int saved = errno;

	report->error = saved ? saved : EIO;
	format_path(report->why, "%s%s%.*s", operation, *object ? " " : "", 600, object);
	errno = saved;
	return -1;
}

int failed_in(const char *operation, const char *object)
{
	char inner[sizeof report->why];

	format_path(inner, "%s", report->why);
	format_path(report->why, "%s%s%.*s: %.*s", operation, *object ? " " : "", 300, object, 600, inner);
	return -1;
}

int bad_packet(int got)
{
	if (got < 0)
		return failed("receive", "");
	errno = EPIPE;
	return failed("the channel's other end is closed", "");
}

/* The set-up */

static int refuse(int error, const char *why)
{
	errno = error;
	return failed(why, "");
}

static int check_place(void)
{
	if (getauxval(AT_SECURE) || getuid() != geteuid() || getgid() != getegid())
		return refuse(EPERM, "refuses to run setuid, setgid or with file capabilities");
	if (getpid() != 1 && box.namespaces & CLONE_NEWPID)
		return refuse(EPERM, "must be pid 1 of its namespace");
	if (getpid() != 1 && !(box.flags & SBX_F_DIRECT))
		return refuse(EPERM, "needs a pid namespace, unless it becomes the command (direct)");
	if (!(box.flags & SBX_F_HOST_ROOT) && !(box.namespaces & CLONE_NEWNS))
		return refuse(EPERM, "needs a mount namespace, unless the host's root is kept");
	if (syscall(442 /* mount_setattr */, -1, NULL, 0, NULL, 0) < 0 && errno == ENOSYS)
		return refuse(ENOSYS, "needs Linux 5.12 (mount_setattr)");
	return 0;
}

static int hide(void)
{
	return DO(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl", "dumpable");
}

static int new_session(void)
{
	if (box.flags & SBX_F_RETAIN_SESSION)
		return 0;
	return DO(setsid(), "setsid", "") < 0 ? -1 : 0;
}


static int keep_proc(void)
{
	// Without it, e.g. where the host's /proc is masked, only SBX_STAT says less.
	static const char *const options[] = { NULL };

	if (!(box.flags & SBX_F_ONCE) && box.namespaces & CLONE_NEWPID && box.namespaces & CLONE_NEWNS)
		box.proc = new_mount("proc", A_NOSUID | A_NODEV | A_NOEXEC, options);
	report->error = 0;
	return 0;
}

static const struct step {
	const char *name;
	int (*run)(void);
} steps[] = {
	{ "check", check_place },
	{ "parent", tie_to_parent },
	{ "id maps", write_id_maps },
	{ "hide", hide },
	{ "session", new_session },
	{ "names", set_names },
	{ "user namespaces", limit_user_namespaces },
	{ "root", begin_root },
	{ "operations", run_ops },
	{ "masks", run_masks },
	{ "own proc", keep_proc },
	{ "leave the host", finish_root },
	{ "bounding set", limit_bounding_set },
	{ "into the network", enter_network },
	{ "user namespace", join_user_namespace },
	{ "identity", take_identity },
	{ "network's maker", reap_maker },
	{ "init command", run_init_command },
	{ "landlock", restrict_landlock },
	{ "seccomp presets", load_presets },
	{ "daemons", start_daemons },
};

static int set_up(void)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		if (box.flags & SBX_F_VERBOSE)
			info("%s", steps[i].name);
		if (steps[i].run() < 0)
			return -1;
	}
	return 0;
}

/* The command of SBX_F_ONCE */

static int run_once(void)
{
	const struct sbx_message *conf = box.conf;
	unsigned wait_ms = (unsigned)sbx_number(conf, SBX_ADOPT_WAIT, ADOPT_WAIT_MS);
	struct job job;
	pid_t pid;

	if (job_prepare(&job, conf, box.fds) < 0)
		return -1;
	if (box.flags & SBX_F_DIRECT) {
		job_exec(&job);
		return -1;
	}
	pid = job_start(&job);
	if (pid < 0)
		return -1;
	if (sbx_number(conf, SBX_X_FLAGS, 0) & SBX_X_STARTED)
		sbx_wire_send(box.channel, SBX_STARTED, NULL, 0, NULL, 0);
	close(box.channel);
	for (unsigned i = 0; i < conf->fds; i++)
		if (box.fds[i] >= 0)
			close(box.fds[i]);
	_exit(reap_once(pid, wait_ms));
}

/* Receiving the configuration */

static int bad_message(const struct sbx_message *message, const char *why, unsigned key)
{
	char text[160];

	format_path(text, "message %s: %s %s", sbx_type_name(message->type), key ? sbx_key_name(key) : "it", why);
	errno = EBADMSG;
	return failed(text, "");
}

// Pings until it comes.
static int receive_conf(struct sbx_packet *packet, struct sbx_wire *wire, struct sbx_message *message)
{
	for (;;) {
		int got = sbx_wire_receive(box.channel, packet, wire);
		const char *why;
		unsigned key;

		if (got <= 0)
			return bad_packet(got);
		if (sbx_parse(wire->type, wire->body, wire->length, wire->fd_count, message, &why, &key) < 0)
			return bad_message(message, why, key);
		if (wire->type == SBX_CONF)
			return 0;
		sbx_wire_free(wire);
		if (wire->type != SBX_PING)
			return bad_message(message, "is out of order", 0);
		if (sbx_wire_send(box.channel, SBX_DONE, NULL, 0, NULL, 0) < 0)
			return failed("send", "");
	}
}

// Who has a loop of events may have made both ends of its socket such that nobody waits.
static int wait_at(int channel)
{
	return fcntl(channel, F_SETFL, 0);
}

// Where the next message comes the configuration's filters cannot stay.
static int keep_filters(struct sbx_message *message)
{
	static void *body;	// until sbx-init ends
	const char *why;
	unsigned key;

	if (!sbx_has(message, SBX_SECCOMP_FILTER))
		return 0;
	body = malloc(message->length);
	if (!body)
		return failed("memory", "");
	memcpy(body, message->body, message->length);
	box.filters = message;
	return sbx_parse(SBX_CONF, body, message->length, message->fds, message, &why, &key);
}

static int configure(struct sbx_packet *packet)
{
	static struct sbx_wire wire;
	static struct sbx_message message;

	if (receive_conf(packet, &wire, &message) < 0)
		return -1;
	box.conf = &message;
	box.fds = wire.fds;
	box.flags = (uint32_t)sbx_number(&message, SBX_FLAGS, 0);
	box.namespaces = (uint32_t)sbx_number(&message, SBX_NAMESPACES, 0);
	box.parent_perm = (mode_t)sbx_number(&message, SBX_PARENT_PERM, 0755);
	box.point_perm = (mode_t)sbx_number(&message, SBX_POINT_PERM, 0700);
	if (box.flags & SBX_F_VERBOSE)
		log_verbosity(LOG_INFO);
	if (set_up() < 0)
		return -1;
	if (box.flags & SBX_F_ONCE)
		return run_once();
	if (keep_filters(&message) < 0)
		return -1;
	if (sbx_has(&message, SBX_SERVE)) {
		if (sbx_wire_send(box.channel, SBX_DONE, NULL, 0, NULL, 0) < 0)
			return failed("send", "");
		close(box.channel);
		box.channel = wire.fds[sbx_number(&message, SBX_SERVE, 0)];
		wire.fds[sbx_number(&message, SBX_SERVE, 0)] = -1;
		if (wait_at(box.channel) < 0)
			return failed("channel", "");
	} else if (sbx_wire_send(box.channel, SBX_DONE, NULL, 0, NULL, 0) < 0) {
		return failed("send", "");
	}
	box.conf = NULL;
	box.fds = NULL;
	sbx_wire_free(&wire);
	return serve(packet);
}

/* Start */

// No signal disposition or mask of who started us goes on to the command.
static void reset_signals(void)
{
	static const long plain[8];	// struct sigaction of the kernel, SIG_DFL and nothing else

	for (int signal = 1; signal < NSIG; signal++)
		syscall(SYS_rt_sigaction, signal, plain, NULL, (size_t)(NSIG - 1) / 8);
}

static int close_between(int first, int last)
{
	if (first > last || !syscall(SYS_close_range, first, last, 0))
		return 0;
	return failed("close_range", "(needs Linux 5.12)");
}

// 0, 1 and 2 are open, the channel and our file's mount are above them, and nothing else is.
static int tidy_descriptors(void)
{
	int low, high;

	if (fcntl(box.channel, F_GETFD) < 0)
		return failed("channel", "");
	if (box.channel < 3 && (box.channel = fcntl(box.channel, F_DUPFD_CLOEXEC, 3)) < 0)
		return failed("channel", "");
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return failed("open", "/dev/null");
	if (fcntl(box.channel, F_SETFD, FD_CLOEXEC) < 0 || wait_at(box.channel) < 0)
		return failed("channel", "");
	if (box.program >= 0 && fcntl(box.program, F_SETFD, FD_CLOEXEC) < 0)
		return failed("mount", "");
	low = box.program < 0 || box.channel < box.program ? box.channel : box.program;
	high = box.channel > box.program ? box.channel : box.program;
	if (close_between(3, low - 1) < 0 || close_between(low + 1, high - 1) < 0)
		return -1;
	return close_between(high + 1, INT_MAX);
}

static int share_report(void)
{
	void *page = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return failed("mmap", "");
	report = page;
	return 0;
}

static int parse_descriptor(const char *text, int *fd)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (!*text || *end || number < 0 || number > 1 << 20)
		return usage_error("not a descriptor", text);
	*fd = (int)number;
	return 0;
}

static int sbx_init_main(int argc, char **argv)
{
	static struct sbx_packet packet __attribute__((aligned(4096)));	// most messages: one page

	if (argc > 3)
		return usage_error("unexpected argument", argv[3]);
	box.channel = SBX_CHANNEL;
	if ((argc > 1 && parse_descriptor(argv[1], &box.channel)) || (argc > 2 && parse_descriptor(argv[2], &box.program)))
		return EXIT_USAGE;
	box.packet = &packet;
	reset_signals();
	box.umask = umask(0);
	if (tidy_descriptors() < 0 || share_report() < 0 || open_signals() < 0 || configure(&packet) < 0) {
		errno = report->error;
		if (errno == EPIPE)	// who would be told has gone: the normal end of a server
			return EXIT_SETUP;
		if (box.channel < 0 || reply_failure() < 0)
			warn("%s:", report->why);
	}
	return EXIT_SETUP;
}

const struct applet sbx_init_applet = {
	.main = sbx_init_main,
	.args = "[FD [MOUNT]]",
	.help = HELP(
"PID 1 of a container, started by sbx or libsbx in new namespaces. It is\n"
"configured, and told what to execute, by messages on the socket FD (default 3).\n"
"MOUNT is a descriptor of the mount that it has been executed from, if that is\n"
"attached nowhere.\n"),
};

// SPDX-License-Identifier: MIT
// sbx - start a command in a container, as bubblewrap does; its command line on top of libsbx

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "applet.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "sbx.h"

static int fail(const char *what)
{
	log_line(LOG_ERROR, "%s", what);
	return EXIT_SETUP;
}

/// The container: what the plan says, as sbx-init's fields

int is_once(const struct plan *plan)
{
	return !plan->serve && plan->stats_fd < 0 && !plan->wall_ns;
}

static int has_gate(const struct plan *plan)
{
	return plan->block_fd >= 0 || plan->locks.count;
}

static void put_identity(struct plan *plan)
{
	int ours = plan->namespaces & CLONE_NEWUSER;	// one that is joined has its own idea of who we are

	if (ours || plan->uid >= 0)
		sbx_put_u32(&plan->conf, SBX_UID, plan->uid >= 0 ? (uint32_t)plan->uid : getuid());
	if (ours || plan->gid >= 0)
		sbx_put_u32(&plan->conf, SBX_GID, plan->gid >= 0 ? (uint32_t)plan->gid : getgid());
}

static void put_rights(struct plan *plan)
{
	if (plan->caps)
		sbx_put_u64(&plan->conf, SBX_CAPS, plan->caps);
	if (plan->scopes)
		sbx_put_u32(&plan->conf, SBX_SCOPE, plan->scopes);
	if (plan->scopes_try)
		sbx_put_u32(&plan->conf, SBX_SCOPE_TRY, plan->scopes_try);
	if (plan->has_preset) {
		sbx_put_u32(&plan->conf, SBX_SECCOMP_PRESETS, plan->presets ? plan->presets : SBX_SECCOMP_BASE);
		if (plan->preset_flags)
			sbx_put_u32(&plan->conf, SBX_SECCOMP_FLAGS, plan->preset_flags);
	}
}

static void put_container(struct plan *plan)
{
	uint32_t flags = plan->flags | (plan->new_session ? 0 : SBX_F_RETAIN_SESSION) | SBX_F_FORWARD_CANCEL |
		(plan->disable_userns ? SBX_F_NO_USERNS : 0) | (plan->userns_block_fd >= 0 ? SBX_F_MAPPED : 0);

	if (is_once(plan))
		flags |= SBX_F_ONCE;
	if (is_once(plan) && !(plan->namespaces & CLONE_NEWPID))
		flags |= SBX_F_DIRECT;	// no first process is needed to reap for it
	sbx_put_u32(&plan->conf, SBX_FLAGS, flags);
	sbx_put_u32(&plan->conf, SBX_POINT_PERM, 0755);	// bubblewrap's
	put_identity(plan);
	if (plan->userns2 >= 0)
		sbx_put_fd(&plan->conf, SBX_USERNS, plan->userns2);
	put_rights(plan);
	if (plan->hostname)
		sbx_put_text(&plan->conf, SBX_HOSTNAME, plan->hostname);
	if (plan->file_label)
		sbx_put_text(&plan->conf, SBX_FILE_LABEL, plan->file_label);
	if (plan->masks.count)
		sbx_put_texts(&plan->conf, SBX_MASK, plan->masks.list);
	plan->flags = flags;
}

static const char *variable(const struct texts *env, const char *name)
{
	size_t length = strlen(name);

	for (unsigned i = 0; i < env->count; i++)
		if (!strncmp(env->list[i], name, length) && env->list[i][length] == '=')
			return env->list[i] + length + 1;
	return NULL;
}

// Where the command is: where it shall be; or where we are, if the container has that; else at home; else /.
static void put_folder(const struct plan *plan, struct sbx_request *request)
{
	char here[4096];
	const char *home = variable(&plan->env, "HOME"), *list[4];
	unsigned count = 0;

	if (plan->dir) {
		sbx_put_text(request, SBX_DIR, plan->dir);
		return;
	}
	if (getcwd(here, sizeof here) && *here == '/')
		list[count++] = here;
	if (home && *home == '/')
		list[count++] = home;
	list[count++] = "/";
	list[count] = NULL;
	sbx_put_texts(request, SBX_DIRS, list);
}

static int is_used(const struct plan *plan, int fd)
{
	return fd < (int)(8 * sizeof plan->used) && plan->used[fd / 32] & 1u << fd % 32;
}

// bubblewrap's commands have every descriptor that it has and does not use itself.
static void keep_inherited(struct plan *plan)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd > 2 && fd != dirfd(dir) && !is_used(plan, fd) && !(fcntl(fd, F_GETFD) & FD_CLOEXEC) &&
		    plan->keep_count < KEPT_MAX)
			plan->keep[plan->keep_count++] = fd;
	}
	if (dir)
		closedir(dir);
}

static void put_files(const struct plan *plan, struct sbx_request *request, int always)
{
	int fds[3 + KEPT_MAX];
	unsigned numbers[3 + KEPT_MAX], count = 0;

	if (!plan->keep_count && !always)
		return;		// 0, 1 and 2 are sbx-init's
	for (int fd = 0; fd < 3; fd++)	// open_standard has seen to them
		fds[count++] = fd;
	for (unsigned i = 0; i < plan->keep_count; i++)
		fds[count++] = plan->keep[i];
	for (unsigned i = 0; i < count; i++)
		numbers[i] = (unsigned)fds[i];
	sbx_put_files(request, fds, numbers, count);
}

void put_command(const struct plan *plan, struct sbx_request *request, int with_files)
{
	const char *first = plan->command.list[0];

	if (plan->argv0) {
		sbx_put_text(request, SBX_PATH, first);
		plan->command.list[0] = plan->argv0;
	}
	sbx_put_texts(request, SBX_ARGV, plan->command.list);
	plan->command.list[0] = first;
	sbx_put_texts(request, SBX_ENV, plan->env.list);
	put_folder(plan, request);
	for (unsigned i = 0; i < plan->rlimit_count; i++)
		sbx_put_rlimit(request, (int)plan->rlimits[i].resource, plan->rlimits[i].soft, plan->rlimits[i].hard);
	if (!plan->has_daemon)		// what the command leaves behind is not waited for
		sbx_put_u32(request, SBX_ADOPT_WAIT, 0);
	if (plan->wall_ns)
		sbx_put_u64(request, SBX_WALL_LIMIT, plan->wall_ns);
	if (plan->limits.memory_bytes)
		sbx_put_u64(request, SBX_MEMORY_LIMIT, plan->limits.memory_bytes);
	if (plan->exec_label)
		sbx_put_text(request, SBX_EXEC_LABEL, plan->exec_label);
	if (plan->locks.count)
		sbx_put_texts(request, SBX_HOLD, plan->locks.list);
	if (has_gate(plan))
		sbx_put_u32(request, SBX_X_FLAGS, SBX_X_WAIT);
	put_files(plan, request, with_files);
}

/// Before it

static int run_init(int channel)
{
	const struct applet_entry *entry = applet_find("sbx-init");
	char number[16], *argv[] = { "sbx-init", number, NULL };

	format(number, sizeof number, "%d", channel);
	log_name("sbx-init");
	return entry ? entry->applet->main(2, argv) : EXIT_NOT_FOUND;
}

static int on_start(pid_t pid, void *argument)
{
	struct plan *plan = argument;

	plan->untold = tell_started(plan, pid);
	return plan->untold == O_COUNT ? 0 : -1;
}

// --assert-userns-disabled: nobody may be able to make one where the command is going to be.
static int userns_can_be_made(const struct plan *plan)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (plan->userns >= 0 && setns(plan->userns, CLONE_NEWUSER) < 0)
			_exit(1);
		_exit(!unshare(CLONE_NEWUSER));
	}
	return pid < 0 || waitpid(pid, &status, 0) < 0 || status;
}

// --unshare-user-try, --unshare-cgroup-try: what the kernel does not have is left out. Returns whether there is such a thing.
static int drop_impossible(struct plan *plan)
{
	static const struct { int flag; const char *path; } kinds[] = {
		{ CLONE_NEWUSER, "/proc/self/ns/user" }, { CLONE_NEWCGROUP, "/proc/self/ns/cgroup" },
	};
	const unsigned before = plan->namespaces;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (plan->namespaces_try & (unsigned)kinds[i].flag && access(kinds[i].path, F_OK) < 0 && errno == ENOENT &&
		    !access("/proc/self", F_OK))
			plan->namespaces &= ~(unsigned)kinds[i].flag;
	return plan->namespaces != before;
}

static int make_cgroup(struct plan *plan, char *name, size_t size)
{
	const char *what = "";

	if (!plan->limits.memory_bytes && !plan->limits.pids && !plan->limits.cpu_percent)
		return 0;
	format(name, size, "sbx-%d", (int)getpid());
	plan->cgroup = sbx_cgroup_create(NULL, name, &plan->limits, getuid(), getgid(), &what);
	if (plan->cgroup >= 0) {
		sbx_cgroup_sweep(NULL, "sbx-");
		return 0;
	}
	say_refused(plan->limits.memory_bytes ? O_MEMORY : plan->limits.pids ? O_PIDS : O_CPU, "cgroup2 %s: %m%s", what,
		    errno == ENOENT ? " (our group has no such controller to give)" : "");
	*name = 0;
	return EXIT_SETUP;
}

// Those that go on to the command; SIG_BLOCK or SIG_UNBLOCK.
static sigset_t hold_signals(int how)
{
	static const int passed[] = { SIGTERM, SIGQUIT, SIGINT, SIGHUP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		sigaddset(&set, passed[i]);
	sigprocmask(how, &set, NULL);
	return set;
}

static int open_signals(void)
{
	sigset_t set = hold_signals(SIG_BLOCK);

	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// The command has ended: from here on they are for us, should somebody not read what we tell.
static void close_signals(int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof info) > 0)
		;
	close(signals);
	hold_signals(SIG_UNBLOCK);
}

static int take_locks(const struct plan *plan, const struct sbx *box)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	for (unsigned i = 0; i < plan->locks.count; i++)
		if (i == box->held_count || fcntl(box->held[i], F_SETLK, &lock) < 0)
			return refuse(O_LOCK_FILE, "%s: %m", plan->locks.list[i]);
	return 0;
}

// The command waits before its execve: until what is to be locked is, and --block-fd says so.
static int open_gate(const struct plan *plan, struct sbx *box)
{
	char byte;
	ssize_t n = 0;

	if (take_locks(plan, box))
		return EXIT_SETUP;
	if (plan->block_fd >= 0)
		hold_signals(SIG_UNBLOCK);	// this may take for ever
	while (plan->block_fd >= 0 && (n = read(plan->block_fd, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n < 0)
		return refuse(O_BLOCK_FD, "%m");
	return sbx_go(box) < 0 ? fail(box->error) : 0;
}

/// While it runs

// What a terminal sends, the command has got as well. sbx-init makes SIGINT of SIGUSR2.
static void pass_signal(const struct plan *plan, struct sbx *box, int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof info) == sizeof info) {
		int signal = (int)info.ssi_signo;

		if (info.ssi_code > 0)
			continue;
		if (box->pid <= 0) {	// --job: all that we can do is end it
			sbx_kill(box);
			continue;
		}
		if (!(plan->flags & SBX_F_DIRECT))
			signal = signal == SIGINT ? SIGUSR2 : signal == SIGHUP ? SIGTERM : signal;
		sbx_signal(box, signal);
	}
}

static int await_end(struct plan *plan, struct sbx *box)
{
	struct pollfd fds[] = { { .fd = box->pidfd, .events = POLLIN }, { .fd = open_signals(), .events = POLLIN } };

	sbx_free(&plan->conf);	// while there is time
	while (box->pidfd >= 0 && poll(fds, 2, -1) >= 0 && !fds[0].revents)
		pass_signal(plan, box, fds[1].fd);
	close_signals(fds[1].fd);
	plan->ended = 1;
	return sbx_wait(box);
}

static int not_executed(const struct plan *plan, const char *error, int number)
{
	static const char held[] = "hold ";	// sbx-init's word for what --lock-file wants
	char step[200];		// box->error is cut, too

	if (!strncmp(error, held, sizeof held - 1))
		return refuse(O_LOCK_FILE, "%s", error + sizeof held - 1);
	log_line(LOG_ERROR, "%s", error);
	if (!plan->command.count)
		return EXIT_SETUP;
	format_path(step, "execute%s%s:", *plan->command.list[0] ? " " : "", plan->command.list[0]);
	if (strncmp(error, step, strlen(step)))
		return EXIT_SETUP;
	return number == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

static int code_of(const struct sbx_result *result)
{
	int limited = result->status == SBX_TIME_LIMIT || result->status == SBX_OUTPUT_LIMIT || result->status == SBX_KILLED ||
		result->status == SBX_SIGNALLED || result->status == SBX_DISALLOWED ||
		(result->status == SBX_MEMORY_LIMIT_HIT && result->code == SIGKILL);

	return limited ? 128 + (int)result->code : (int)result->code;
}

// What the container's cgroup knows better: sbx-init looks at that of a single command only.
static void ask_cgroup(const struct plan *plan, struct sbx_result *result)
{
	struct sbx_usage usage;

	if (plan->cgroup < 0)
		return;
	sbx_cgroup_usage(plan->cgroup, &usage);
	if (usage.peak_bytes >= 0)
		result->peak_bytes = (uint64_t)usage.peak_bytes;
	if (usage.oom_kills > 0 && result->status != SBX_NORMAL)
		result->status = SBX_MEMORY_LIMIT_HIT;
}

int watch_job(struct plan *plan, struct sbx *box)
{
	struct pollfd fds[] = { { .fd = box->channel, .events = POLLIN }, { .fd = open_signals(), .events = POLLIN } };
	struct sbx_result result;
	int type, over, code;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return fail("poll");
		if (fds[1].revents)
			pass_signal(plan, box, fds[1].fd);
		if (!fds[0].revents)
			continue;
		over = sbx_exec_next(box, &result, &type);
		if (over < 0)
			return not_executed(plan, box->error, errno);
		if (over)
			break;
		if (type == SBX_CHILD && has_gate(plan)) {
			if (open_gate(plan, box))
				return EXIT_SETUP;
			hold_signals(SIG_BLOCK);
		}
	}
	close_signals(fds[1].fd);
	plan->ended = 1;
	code = code_of(&result);
	ask_cgroup(plan, &result);
	tell_result(plan, &result, code);
	return code;
}

/// How it ends

// Of the one command: then it has been executed, or why not.
static int release(const struct plan *plan, struct sbx *box)
{
	if (open_gate(plan, box))
		return EXIT_SETUP;
	for (;;) {
		struct sbx_reply reply;
		int got = sbx_receive(box, &reply, -1), type = got > 0 ? reply.type : 0, error = 0;
		const char *step;
		char text[300];

		if (got <= 0)	// close-on-exec
			return 0;
		if (type == SBX_DONE) {
			error = (int)sbx_get_number(&reply, SBX_ERRNO, 0);
			step = sbx_get(&reply, SBX_STEP, NULL);
			errno = error;
			format_path(text, "%s: %m", step ? step : "");
		}
		sbx_reply_free(&reply);
		if (error)
			return not_executed(plan, text, error);
		if (type == SBX_DONE || type == SBX_STARTED)
			return 0;
	}
}

static int run_job_here(struct plan *plan, struct sbx *box)
{
	struct sbx_request job = { 0 };
	int code;

	put_command(plan, &job, 1);
	code = sbx_exec_begin(box, &job) < 0 ? not_executed(plan, box->error, errno) : watch_job(plan, box);
	sbx_free(&job);
	return code;
}

// What follows the options' own fields.
static int put_rest(struct plan *plan)
{
	put_container(plan);
	if (is_once(plan))
		put_command(plan, &plan->conf, 0);
	if (!plan->conf.error)
		return 0;
	errno = plan->conf.error;
	log_line(LOG_ERROR, "the options do not fit into a message:");
	return EXIT_SETUP;
}

static int start(struct plan *plan, struct sbx_launch *launch, struct sbx *box)
{
	const size_t length = plan->conf.length;
	const unsigned fds = plan->conf.fd_count;

	for (;;) {
		if (put_rest(plan))
			return EXIT_SETUP;
		launch->namespaces = plan->namespaces | CLONE_NEWNS;
		if (sbx_start(box, launch, &plan->conf) >= 0)
			return 0;
		if (errno != EINVAL || !drop_impossible(plan))
			return plan->untold != O_COUNT ? refuse(plan->untold, "%m") : not_executed(plan, box->error, errno);
		plan->conf.length = length;
		plan->conf.fd_count = fds;
	}
}

static int run(struct plan *plan)
{
	struct sbx_launch launch = SBX_LAUNCH;
	struct sbx box;
	int code;

	launch.cgroup = plan->cgroup;
	launch.userns = plan->userns;
	launch.pidns = plan->pidns;
	launch.block = plan->userns_block_fd;
	launch.init = run_init;
	launch.enterable = plan->info_fd >= 0 || plan->status_fd >= 0;
	launch.started = launch.enterable ? on_start : NULL;
	launch.argument = plan;
	code = start(plan, &launch, &box);
	if (code)
		return code;
	if (plan->serve)
		code = serve_jobs(plan, &box);
	else if (!is_once(plan))
		code = run_job_here(plan, &box);
	else if (has_gate(plan))
		code = release(plan, &box);
	if (is_once(plan) && !code)
		code = await_end(plan, &box);
	sbx_end(&box);
	if (plan->ended)
		tell_exit(plan, code);
	return code;
}

static int tie_to_parent(const struct plan *plan)
{
	pid_t parent = getppid();

	if (plan->die_with_parent && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
		return refuse(O_DIE_WITH_PARENT, "%m");
	return 0;
}

static int prepare(struct plan *plan)
{
	if (!is_once(plan) && !(plan->namespaces & CLONE_NEWPID))
		return refuse(plan->serve ? O_SERVE : plan->stats_fd >= 0 ? O_STATS : O_WALL_LIMIT, "needs --unshare-pid");
	if (plan->assert_userns && !plan->disable_userns && userns_can_be_made(plan))
		return refuse(O_ASSERT_USERNS_DISABLED, "user namespaces can be made");
	if (plan->as_bwrap)
		keep_inherited(plan);
	return 0;
}

// No descriptor of ours may take the place of one of these: the command has them, and messages go to the last.
static void open_standard(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", O_RDWR);
}

static int sbx_main(int argc, char **argv)
{
	static struct plan plan;
	char cgroup_name[32] = "";
	int code;

	open_standard();
	plan.as_bwrap = !strcmp(log_get_name(), "bwrap");
	plan.environ = environ;
	plan.cgroup = -1;
	plan.untold = O_COUNT;
	signal(SIGPIPE, SIG_IGN);	// who is told something may have gone
	signal(SIGCHLD, SIG_DFL);	// who has started us may ignore it, and so would not see how a child ends
	code = plan_parse(&plan, argc, argv);
	if (code)
		return code < 0 ? 0 : code;
	code = tie_to_parent(&plan);
	if (plan.job)
		return code ? code : run_job(&plan);
	if (!code)
		code = prepare(&plan);
	if (!code)
		code = make_cgroup(&plan, cgroup_name, sizeof cgroup_name);
	if (!code)
		code = run(&plan);
	if (*cgroup_name)
		sbx_cgroup_remove(NULL, cgroup_name);
	_exit(code);	// the kernel is quicker with what is left
}

static const char help[] =
	"Runs COMMAND in a container. Root and /proc, /dev and so on are what the options make of them.\n"
	"Exit codes: COMMAND's own, 128 + signal; 125 no container, 126 cannot execute, 127 not found.\n"
#define GROUP(title) "\n" title ":\n"
#define OPTION(id, name, count, args, help) "  --" name " " args "\n        " help "\n"
#include "options.inc"
	;

const struct applet sbx_applet = {
	.main = sbx_main,
	.args = "[OPTION]... [--] COMMAND [ARG]...",
	.help = HELP(help),
};

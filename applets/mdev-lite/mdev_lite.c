// SPDX-License-Identifier: MIT
// mdev-lite - device nodes and modules: coldplug, hotplug helper, netlink daemon
//
// rc.init calls it as `mdev-lite -s`, scripts and copyroot as `mdev-lite --load MODULE`.

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "applet.h"
#include "door.h"
#include "fd.h"
#include "fmt.h"
#include "log.h"
#include "mdev.h"

enum { FILE_LIMIT = 1 << 20 };
enum mode { HELPER, COLDPLUG, DAEMON, FOREGROUND, LOAD, CHECK, TEST, PROBE };

struct settings {
	enum mode mode;
	const char *argument;	// of --check, --test and --probe
	const char *pid_file;
	int ready_fd;
};

const char *mdev_path(const struct mdev *m, const char *path)
{
	static char text[1024];

	if (format_path(text, "%s%s", m->root, path) < 0)
		text[0] = 0;
	return text;
}

int mdev_configure(struct mdev *m)
{
	struct rules rules;

	if (rules_load(&rules, m->root, m->file) < 0) {
		warn("%s:", m->file);
		return -1;
	}
	rules_free(&m->rules);
	m->rules = rules;
	return 0;
}

static int open_folder(const struct mdev *m, const char *path)
{
	int fd = open(mdev_path(m, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		warn("%s:", mdev_path(m, path));
	return fd;
}

// Commands of rules run in /dev, as busybox's do: `ln -sf $MDEV cdrom`.
int mdev_open(struct mdev *m)
{
	static char file[1024];

	m->sys = open_folder(m, "/sys");
	m->dev = open_folder(m, "/dev");
	if (m->sys < 0 || m->dev < 0 || fchdir(m->dev) < 0)
		return -1;
	format_path(file, "%s", mdev_path(m, "/etc/mdev.conf"));
	m->file = file;
	umask(0);
	mdev_configure(m);
	return 0;
}

int lines_open(struct lines *lines, const char *file)
{
	*lines = (struct lines){ .file = file };
	lines->next = lines->text = load_file(AT_FDCWD, file, FILE_LIMIT, &lines->length);
	return lines->text ? 0 : -1;
}

char *lines_next(struct lines *lines)
{
	for (const char *end = lines->text + lines->length; lines->next < end;) {
		char *line = lines->next, *newline = memchr(line, '\n', end - line);
		size_t length = newline ? newline - line : end - line;

		line[length] = 0;
		lines->next = line + length + (newline != NULL);
		lines->number++;
		if (strlen(line) == length)
			return line;
		warn("%s:%u: has a NUL byte", lines->file, lines->number);
	}
	return NULL;
}

/* Modes */

static int run_coldplug(struct mdev *m)
{
	cleanup_fd int netlink = -1;

	if (mdev_open(m) < 0)
		return 1;
	netlink = uevent_open();
	if (netlink < 0)
		warn("netlink:");
	coldplug(m, netlink);
	return 0;
}

// Tells whoever started us that it may go on.
static void say_ready(const struct settings *settings, pid_t pid)
{
	char text[24];
	int length = format_path(text, "%d\n", pid);

	if (settings->pid_file)
		sys_write_file(settings->pid_file, text, length, 0644);
	if (settings->ready_fd >= 0) {
		if (write_all(settings->ready_fd, "\n", 1) < 0)
			warn("--ready-fd %d:", settings->ready_fd);
		close(settings->ready_fd);
	}
}

// As daemon(3), but the caller is told who the daemon is: it writes the pid file, which so is there when it returns.
static pid_t go_to_background(const struct settings *settings)
{
	pid_t pid = fork();
	int none;

	if (pid)
		return pid;
	setsid();
	if (settings->ready_fd > STDERR_FILENO)
		close(settings->ready_fd);
	none = open("/dev/null", O_RDWR | O_NOCTTY);
	for (int fd = STDIN_FILENO; none >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(none, fd);
	if (none > STDERR_FILENO)
		close(none);
	log_boot();	// nobody reads its standard error
	return 0;
}

// The caller goes on when all devices that are there have been seen to.
static int run_daemon(struct mdev *m, const struct settings *settings)
{
	cleanup_fd int netlink = -1;
	pid_t pid;

	m->stays = 1;
	if (mdev_open(m) < 0)
		return 1;
	netlink = uevent_open();
	if (netlink < 0) {
		warn("netlink:");
		return 1;
	}
	coldplug(m, netlink);
	if (door_is_dry())
		return 0;
	pid = settings->mode == DAEMON ? go_to_background(settings) : getpid();
	if (pid < 0) {
		warn("fork:");
		return 1;
	}
	if (pid)
		say_ready(settings, pid);
	if (pid && settings->mode == DAEMON)
		return 0;
	return daemon_run(m, netlink, settings->pid_file);
}

static int run_load(struct mdev *m, char *const *names)
{
	int code = 0;

	if (!CONFIG_MDEV_LITE_MODULES)
		return usage_error("built without it", "--load");
	if (modules_open(m, LOG_INFO) < 0)
		return 1;
	for (; *names; names++)
		if (modules_load(*names) < 0)
			code = 1;
	return code;
}

static int run_test(struct mdev *m, const char *devpath)
{
	return mdev_open(m) < 0 ? 1 : check_device(m, devpath);
}

/* Options */

enum { OPTION_LOAD = 256, OPTION_CHECK, OPTION_TEST, OPTION_PROBE, OPTION_ROOT, OPTION_PID_FILE, OPTION_READY_FD,
	OPTION_TIMEOUT };

static const struct option options[] = {
	{ "coldplug", no_argument, NULL, 's' },
	{ "daemon", no_argument, NULL, 'd' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "load", no_argument, NULL, OPTION_LOAD },
	{ "check", required_argument, NULL, OPTION_CHECK },
	{ "test", required_argument, NULL, OPTION_TEST },
	{ "probe", required_argument, NULL, OPTION_PROBE },
	{ "root", required_argument, NULL, OPTION_ROOT },
	{ "pid-file", required_argument, NULL, OPTION_PID_FILE },
	{ "ready-fd", required_argument, NULL, OPTION_READY_FD },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "verbose", no_argument, NULL, 'v' },
	{ 0 },
};

// Said now: the daemon would be ready long after, and tell nobody.
static int take_ready_fd(struct settings *settings, const char *text)
{
	char *end;
	long fd = strtol(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || fd > INT_MAX || fcntl(fd, F_GETFD) < 0) {
		usage_error("no open descriptor", text);
		return -1;
	}
	settings->ready_fd = fd;
	return 0;
}

static int take_timeout(struct mdev *m, const char *text)
{
	int seconds = parse_seconds(text);

	if (seconds < 1 || seconds > 3600) {
		usage_error("not 1 to 3600 seconds", text);
		return -1;
	}
	m->timeout = seconds * 1000;
	return 0;
}

static int take_option(struct mdev *m, struct settings *settings, int option)
{
	switch (option) {
	case 's': settings->mode = COLDPLUG; break;
	// busybox wants -d as well for the foreground: mdev -df
	case 'd': settings->mode = settings->mode == FOREGROUND ? FOREGROUND : DAEMON; break;
	case 'f': settings->mode = FOREGROUND; break;
	case OPTION_LOAD: settings->mode = LOAD; break;
	case OPTION_CHECK: settings->mode = CHECK, settings->argument = optarg; break;
	case OPTION_TEST: settings->mode = TEST, settings->argument = optarg; break;
	case OPTION_PROBE: settings->mode = PROBE, settings->argument = optarg; break;
	case OPTION_ROOT: m->root = optarg; break;
	case OPTION_PID_FILE: settings->pid_file = optarg; break;
	case OPTION_READY_FD: return take_ready_fd(settings, optarg);
	case OPTION_TIMEOUT: return take_timeout(m, optarg);
	case 'n': door_dry_run(STDOUT_FILENO); break;
	case 'v': log_verbosity(LOG_INFO); break;
	default: return -1;
	}
	return 0;
}

static int run_mode(struct mdev *m, const struct settings *settings, char *const *arguments)
{
	switch (settings->mode) {
	case COLDPLUG: return run_coldplug(m);
	case DAEMON: case FOREGROUND:
		return CONFIG_MDEV_LITE_DAEMON ? run_daemon(m, settings)
			: usage_error("built without it", "daemon");
	case LOAD: return run_load(m, arguments);
	case CHECK:
		return CONFIG_MDEV_LITE_CHECK ? check_file(m, settings->argument) : usage_error("built without it", "--check");
	case TEST:
		return CONFIG_MDEV_LITE_CHECK ? run_test(m, settings->argument) : usage_error("built without it", "--test");
	case PROBE:
		return CONFIG_MDEV_LITE_SIGNATURES ? probe_file(settings->argument) : usage_error("built without it", "--probe");
	default: return helper_run(m);
	}
}

static int mdev_main(int argc, char **argv)
{
	struct mdev m = { .root = "", .sys = -1, .dev = -1, .timeout = TIMEOUT };
	struct settings settings = { .ready_fd = -1 };
	int option;

	optind = 0;	// the caller may have used getopt before it forked
	while ((option = next_option(argc, argv, "sdfnv", options)) != -1)
		if (take_option(&m, &settings, option) < 0)
			return EXIT_USAGE;
	if (settings.mode == LOAD ? optind == argc : optind < argc && settings.mode != HELPER)
		return usage_error(settings.mode == LOAD ? "missing argument" : "needless argument",
				   settings.mode == LOAD ? "--load" : argv[optind]);
	return run_mode(&m, &settings, argv + optind);
}

const struct applet mdev_lite_applet = {
	.main = mdev_main,
	.args = "[-s | -d | -f | --load MODULE... | --check FILE | --test DEVPATH | --probe FILE] [-nv]",
	.help = HELP(
		"Makes device nodes as /etc/mdev.conf says and loads the modules of devices.\n"
		"Without a mode it handles the event in its environment (a hotplug helper).\n"
		"\n"
		"  -s, --coldplug      all devices that are there, and those that their modules bring\n"
		"  -d, --daemon        the same, then events by netlink, in the background\n"
		"  -f, --foreground    the same, in the foreground\n"
		"  --load MODULE...    load modules by name or alias\n"
		"  --check FILE        say what each line of a mdev.conf means, and what is wrong\n"
		"  --test DEVPATH      show which rules a device meets, and what would happen\n"
		"  --probe FILE        say which file system a disk or image has, its UUID and label\n"
		"  -n, --dry-run       print what would be done, change nothing\n"
		"  -v, --verbose       say what is done\n"
		"  --pid-file=FILE     write the daemon's pid there when the coldplug is done\n"
		"  --ready-fd=FD       write a line there then, and close it\n"
		"  --timeout=SECONDS   what a command or a module may take (60)\n"
		"  --root=DIR          take /sys, /dev, /etc and /lib/modules below DIR\n"),
};

// SPDX-License-Identifier: MIT
// bootchart - where the boot time went: a table, a picture, or trace events; of this boot or of a saved one

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "applet.h"
#include "bootchart.h"
#include "fd.h"
#include "log.h"
#include "out.h"
#include "trace.h"

enum { FILE_LIMIT = 64 << 20, LOG_LIMIT = 8 << 20, RECORD = 8192 };
enum { DEFAULT_LEAST_MS = 1 };

static const char kmsg[] = "/dev/kmsg";

// Each read of /dev/kmsg gives one record; EPIPE: the next one was overwritten meanwhile. NULL with errno.
static char *read_kmsg(void)
{
	cleanup_fd int fd = open(kmsg, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text = fd < 0 ? NULL : malloc(LOG_LIMIT);
	size_t length = 0;

	if (!text)
		return NULL;
	while (length < LOG_LIMIT - RECORD) {
		ssize_t n = read(fd, text + length, RECORD);

		if (n > 0)
			length += n;
		else if (!n || (errno != EPIPE && errno != EINTR))
			break;
	}
	text[length] = 0;
	return text;
}

static char *load(const char *path)
{
	char *text = strcmp(path, "-") ? load_file(AT_FDCWD, path, FILE_LIMIT, NULL) : load_fd(STDIN_FILENO, FILE_LIMIT, NULL);

	if (!text)
		warn("%s:", path);
	return text;
}

// Both texts stay to the end: what is shown points into them. Returns 0 or -1, having said why.
static int read_boot(struct boot *boot, const char *trace, const char *kernel_log)
{
	int saved = trace != NULL;
	char *text = load(trace ? trace : TRACE_FILE);

	if (!text) {
		if (!saved)
			warn("was this machine booted by rc.init? A saved trace can be named");
		return -1;
	}
	if (boot_add_trace(boot, text) < 0) {
		warn("%s:", trace);
		return -1;
	}
	if (boot->refused)
		warn("%s: lines that are not of a trace, left out: %u", saved ? trace : TRACE_FILE, boot->refused);
	if (boot->lost)
		warn("%s: lines that it had no room for: %u", saved ? trace : TRACE_FILE, boot->lost);
	if (!boot->span_count) {
		warn("%s: nothing was recorded", saved ? trace : TRACE_FILE);
		return -1;
	}
	if (!kernel_log && saved)
		return 0;
	text = kernel_log ? load(kernel_log) : read_kmsg();
	if (!text && kernel_log)
		return -1;
	if (!text)
		warn("without the kernel log: %s:", kmsg);
	else if (boot_add_kernel_log(boot, text) < 0)
		return warn("kernel log:"), -1;
	return 0;
}

static int milliseconds(const char *text, long long *us)
{
	char *end;
	unsigned long ms = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || ms > 1000000)
		return usage_error("not a number of milliseconds", text);
	*us = ms * 1000;
	return 0;
}

static const struct option options[] = {
	{ "svg", no_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "all", no_argument, NULL, 'a' },
	{ "min", required_argument, NULL, 'm' },
	{ "kernel-log", required_argument, NULL, 'k' },
	{ NULL, 0, NULL, 0 },
};

static int bootchart_main(int argc, char **argv)
{
	static struct boot boot;
	static struct out out = { .fd = STDOUT_FILENO };
	struct chart chart;
	long long least = DEFAULT_LEAST_MS * 1000LL;
	const char *kernel_log = NULL;
	int c, form = 't';

	while ((c = next_option(argc, argv, ":ak:m:", options)) != -1) {
		switch (c) {
		case 's': case 'j': form = c; break;
		case 'a': least = 0; break;
		case 'm': if (milliseconds(optarg, &least)) return EXIT_USAGE; break;
		case 'k': kernel_log = optarg; break;
		default: return EXIT_USAGE;
		}
	}
	if (argc - optind > 1)
		return usage_error("too many arguments", argv[optind + 1]);
	if ((form == 's' && !CONFIG_BOOTCHART_SVG) || (form == 'j' && !CONFIG_BOOTCHART_JSON))
		return usage_error("left out of this build", form == 's' ? "--svg" : "--json");
	if (read_boot(&boot, argv[optind], kernel_log) < 0)
		return EXIT_FAILURE;
	if (chart_make(&boot, least, &chart) < 0)
		return warn("rows:"), EXIT_FAILURE;
	if (CONFIG_BOOTCHART_SVG && form == 's')
		svg_write(&out, &chart);
	else if (CONFIG_BOOTCHART_JSON && form == 'j')
		json_write(&out, &boot, &chart);
	else
		table_write(&out, &chart);
	out_flush(&out);
	if (!out.failed)
		return 0;
	errno = out.failed;
	warn("standard output:");
	return EXIT_FAILURE;
}

const struct applet bootchart_applet = {
	.main = bootchart_main,
	.args = "[--svg | --json] [-a] [-m MS] [-k LOG] [TRACE]",
	.help = HELP(
		"Tells where the time of this boot went, or of the one that a saved TRACE is of\n"
		"(- is standard input; default: /run/initbox/trace and the kernel's log).\n"
		"\n"
		"      --svg             draw it\n"
		"      --json            print trace events, for chrome://tracing or Perfetto\n"
		"  -a, --all             show each single call\n"
		"  -m, --min=MS          show modules and calls that took so long (default: 1)\n"
		"  -k, --kernel-log=LOG  what dmesg, or a read of /dev/kmsg, printed\n"),
};

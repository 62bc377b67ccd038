// SPDX-License-Identifier: MIT
// timer - run commands in turns and tell how long each takes: the clock of all benches, on the host and in a guest
//
//   timer [-n RUNS] [-r REPEAT] [-w WARMUP] [-t SECONDS] [-p PREPARE] [-f] WHO COMMAND [WHO COMMAND]...
//
// One round runs every command once (REPEAT times, as one figure), each round beginning with the next of them, so that
// what else the machine does falls on all alike. A COMMAND with none of the shell's characters is executed directly, else
// by /bin/sh -c. PREPARE runs before each, untimed. A command that fails ends the bench, except with -f; one that
// takes longer than SECONDS (60) is killed, and that is a failure too.
//
// A line for each: WHO, median wall time (ns, of one execution), RUNS, spread (half of the middle half's width in % of
// the median), median CPU time (ns, of the command and what it waited for), largest memory (bytes; what a child of
// vfork shows before its exec counts too, which is why this program is small and static).

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 32, WORDS = 256 };

struct command {
	const char *who, *text;
	char *argv[WORDS];
	double *wall, *cpu;
	long rss;
};

static int runs = 10, repeat = 1, warmup = 1, limit = 60, failures_pass;
static const char *prepare;
static volatile pid_t child;

static void die(const char *what, const char *object)
{
	fprintf(stderr, "timer: %s: %s\n", object, what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double seconds_ns(struct timeval t)
{
	return t.tv_sec * 1e9 + t.tv_usec * 1e3;
}

// Words are cut in place of a copy; anything that a shell would treat differently goes to the shell.
static void words(char **argv, const char *text)
{
	char *word, *rest = strdup(text);
	int count = 0;

	if (strpbrk(text, "|&;<>()$`\\\"'*?[]#~=%{}!\n")) {
		argv[0] = "/bin/sh";
		argv[1] = "-c";
		argv[2] = rest;
		return;
	}
	while ((word = strsep(&rest, " \t")))
		if (*word && count < WORDS - 1)
			argv[count++] = word;
	if (!count)
		die("empty command", text);
}

static void too_long(int signal_number)
{
	(void)signal_number;
	if (child > 0)
		kill(-child, SIGKILL);
}

// Runs it; returns its wait status. A group of its own, so that a time limit ends what it started as well.
static int execute(char **argv, struct rusage *usage)
{
	int status;
	pid_t pid = vfork();

	if (pid < 0)
		die(strerror(errno), "vfork");
	if (!pid) {
		setpgid(0, 0);
		execvp(argv[0], argv);
		_exit(127);
	}
	child = pid;
	while (wait4(pid, &status, 0, usage) < 0)
		if (errno != EINTR)
			die(strerror(errno), "wait4");
	child = 0;
	return status;
}

static void check(int status, const char *text)
{
	char problem[64];

	if (!status || failures_pass)
		return;
	if (WIFSIGNALED(status))
		snprintf(problem, sizeof problem, "ended by signal %d", WTERMSIG(status));
	else
		snprintf(problem, sizeof problem, "exit code %d", WEXITSTATUS(status));
	die(problem, text);
}

static void measure(struct command *c, int run)
{
	struct rusage usage;
	double start, cpu = 0;

	if (prepare) {
		char *argv[WORDS] = { "/bin/sh", "-c", (char *)prepare };

		check(execute(argv, &usage), prepare);
	}
	alarm(limit);
	start = now();
	for (int i = 0; i < repeat; i++) {
		check(execute(c->argv, &usage), c->text);
		cpu += seconds_ns(usage.ru_utime) + seconds_ns(usage.ru_stime);
		if (usage.ru_maxrss > c->rss)
			c->rss = usage.ru_maxrss;
	}
	if (run >= 0) {
		c->wall[run] = (now() - start) / repeat;
		c->cpu[run] = cpu / repeat;
	}
	alarm(0);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

// Of sorted values: the one that `part` of them are below.
static double quantile(const double *values, double part)
{
	double place = part * (runs - 1);
	int below = (int)place;

	if (below + 1 >= runs)
		return values[runs - 1];
	return values[below] + (place - below) * (values[below + 1] - values[below]);
}

static void report(struct command *c)
{
	double median;

	qsort(c->wall, runs, sizeof *c->wall, by_value);
	qsort(c->cpu, runs, sizeof *c->cpu, by_value);
	median = quantile(c->wall, 0.5);
	printf("%s\t%.0f\t%d\t%.1f\t%.0f\t%ld\n", c->who, median, runs,
	       median > 0 ? 50 * (quantile(c->wall, 0.75) - quantile(c->wall, 0.25)) / median : 0.0,
	       quantile(c->cpu, 0.5), c->rss * 1024);
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS];
	int count = 0, option, null, out;

	while ((option = getopt(argc, argv, "+n:r:w:t:p:f")) != -1) {
		switch (option) {
		case 'n': runs = atoi(optarg); break;
		case 'r': repeat = atoi(optarg); break;
		case 'w': warmup = atoi(optarg); break;
		case 't': limit = atoi(optarg); break;
		case 'p': prepare = optarg; break;
		case 'f': failures_pass = 1; break;
		default: return 2;
		}
	}
	for (; optind + 1 < argc && count < COMMANDS; optind += 2, count++) {
		commands[count].who = argv[optind];
		commands[count].text = argv[optind + 1];
		words(commands[count].argv, argv[optind + 1]);
		commands[count].wall = calloc(runs, sizeof(double));
		commands[count].cpu = calloc(runs, sizeof(double));
	}
	if (!count || runs < 1 || repeat < 1 || optind != argc)
		die("usage: timer [OPTION...] WHO COMMAND [WHO COMMAND]...", "arguments");

	signal(SIGALRM, too_long);
	// Commands read and print nothing; the figures go to the real output.
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	out = fcntl(1, F_DUPFD_CLOEXEC, 3);
	dup2(null, 0);
	dup2(null, 1);
	for (int run = -warmup; run < runs; run++)
		for (int i = 0; i < count; i++)
			measure(&commands[(i + warmup + run) % count], run);
	dup2(out, 1);
	for (int i = 0; i < count; i++)
		report(&commands[i]);
	return 0;
}

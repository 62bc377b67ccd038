// SPDX-License-Identifier: MIT
// sbx-drive - a launcher for the tests of sbx-init, by libsbx: sbx-drive WORD... -- ACTION [ARG...] [-- ACTION...]
//
// Words:   user pid mnt ipc uts net cgroup   namespaces        init=PATH   sbx-init's file
//          once direct readonly privileged survive host verbose nouserns session forward   flags
//          uid=N gid=N map=INSIDE,OUTSIDE,COUNT   hostname=H domainname=D dir=/ env=K=V
//          op:TYPE[:FLAG,FLAG...][:mode=M][:size=N][:data=TEXT][:fd=N] TEXT... ;     an operation
//          mask=P adopt=MS rlimit=NAME:SOFT:HARD scope=N scopetry=N landlock=HEX:PATH caps=HEX presets=N
//          execfd=N tty=N userns=N pidns=N     descriptors
//          wall=MS memory=BYTES umask=OCTAL initcmd=SHELL xflags=N file=FD:NUMBER cgroupdir=PATH path=P
// Actions: exec ARGV...   ping   reset   stat   open FLAGS MODE PATH   symlink LINK TARGET   delete PATH   cat PATH
//          killafter MS ARGV...   sleep MS   times N ARGV...   raw HEX   silent ARGV... (exec, no line)
// Prints one line per action. Exit code: of the container (once), or 0; 125: the set-up failed.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "sbx.h"

#ifdef SBX_INIT_INSIDE
int sbx_init_entry(int channel);
#endif

static struct sbx_request conf, job;
static struct sbx_launch launch = SBX_LAUNCH;
static struct sbx_id_map maps[8];
static uint32_t flags, xflags;
static const char *env[256] = { "PATH=/usr/bin:/bin:/usr/sbin:/sbin" };
static unsigned env_count = 1;
static const char *masks[64];
static unsigned mask_count;
static int files[64];
static unsigned numbers[64], file_count;
static char error_text[256];

static void die(const char *what)
{
	fprintf(stderr, "sbx-drive: bad word %s\n", what);
	exit(99);
}

static const struct { const char *word; uint32_t value; } bits[] = {
	{ "once", SBX_F_ONCE }, { "direct", SBX_F_DIRECT | SBX_F_ONCE }, { "readonly", SBX_F_READ_ONLY_ROOT },
	{ "privileged", SBX_F_PRIVILEGED }, { "survive", SBX_F_SURVIVE }, { "host", SBX_F_HOST_ROOT },
	{ "verbose", SBX_F_VERBOSE }, { "nouserns", SBX_F_NO_USERNS }, { "session", SBX_F_RETAIN_SESSION },
	{ "forward", SBX_F_FORWARD_CANCEL },
}, spaces[] = {
	{ "user", CLONE_NEWUSER }, { "pid", CLONE_NEWPID }, { "mnt", CLONE_NEWNS }, { "ipc", CLONE_NEWIPC },
	{ "uts", CLONE_NEWUTS }, { "net", CLONE_NEWNET }, { "cgroup", CLONE_NEWCGROUP },
	{ "all", CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP },
}, op_flags[] = {
	{ "optional", SBX_O_OPTIONAL }, { "writable", SBX_O_WRITABLE }, { "device", SBX_O_DEVICE },
	{ "ensure", SBX_O_ENSURE }, { "slave", SBX_O_SLAVE }, { "readonly", SBX_O_READ_ONLY },
	{ "recursive", SBX_O_RECURSIVE }, { "dereference", SBX_O_DEREFERENCE }, { "replace", SBX_O_REPLACE },
	{ "copy", SBX_O_COPY }, { "mqueue", SBX_O_MQUEUE }, { "noexec", SBX_O_NOEXEC }, { "nosuid", SBX_O_NOSUID },
	{ "nodev", SBX_O_NODEV },
}, ops[] = {
	{ "bind", SBX_OP_BIND }, { "proc", SBX_OP_PROC }, { "dev", SBX_OP_DEV }, { "tmpfs", SBX_OP_TMPFS },
	{ "overlay", SBX_OP_OVERLAY }, { "symlink", SBX_OP_SYMLINK }, { "place", SBX_OP_PLACE },
	{ "mkdir", SBX_OP_MKDIR }, { "remount", SBX_OP_REMOUNT }, { "autoetc", SBX_OP_AUTO_ETC },
	{ "autoroot", SBX_OP_AUTO_ROOT }, { "daemon", SBX_OP_DAEMON }, { "chmod", SBX_OP_CHMOD },
	{ "mqueue", SBX_OP_MQUEUE },
}, limits[] = {
	{ "cpu", RLIMIT_CPU }, { "fsize", RLIMIT_FSIZE }, { "as", RLIMIT_AS }, { "nofile", RLIMIT_NOFILE },
	{ "core", RLIMIT_CORE }, { "stack", RLIMIT_STACK }, { "data", RLIMIT_DATA }, { "nproc", RLIMIT_NPROC },
};
#define FIND(table, word) find(&table[0].word, sizeof table[0], sizeof table / sizeof *table, word)

static int find(const void *first, size_t stride, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(*(const char *const *)((const char *)first + i * stride), word))
			return (int)i;
	return -1;
}
#undef FIND
#define FIND(table, w) find(&table[0].word, sizeof table[0], sizeof table / sizeof *table, w)

// op:TYPE:... TEXT... ;
static int put_op(char **argv)
{
	struct sbx_op op = { .mode = SBX_UNSET, .fd = -1 };
	char *part = strtok(argv[0] + 3, ":");
	int count = 1, at = FIND(ops, part);

	if (at < 0)
		die(part);
	op.type = (enum sbx_op_type)ops[at].value;
	while ((part = strtok(NULL, ":"))) {
		if (!strncmp(part, "mode=", 5))
			op.mode = strtoul(part + 5, NULL, 8);
		else if (!strncmp(part, "size=", 5))
			op.size = strtoull(part + 5, NULL, 10);
		else if (!strncmp(part, "fd=", 3))
			op.fd = atoi(part + 3);
		else if (!strncmp(part, "data=", 5))
			op.data = part + 5, op.data_length = strlen(part + 5);
		else {
			char *flag = part, *comma;
			do {
				comma = strchr(flag, ',');
				if (comma)
					*comma++ = 0;
				at = FIND(op_flags, flag);
				if (at < 0)
					die(flag);
				op.flags |= op_flags[at].value;
			} while ((flag = comma));
		}
	}
	while (argv[count] && strcmp(argv[count], ";"))
		count++;
	if (!argv[count])
		die("op without ;");
	argv[count] = NULL;
	op.texts = (const char *const *)argv + 1;
	sbx_put_op(&conf, &op);
	return count;
}

static struct sbx_request *command(void)
{
	return flags & SBX_F_ONCE ? &conf : &job;
}

static int starts(const char *word, const char *key, const char **value)
{
	size_t n = strlen(key);

	*value = word + n;
	return !strncmp(word, key, n);
}

static void put_word(char *word)
{
	static struct sbx_request *const both[] = { &conf, &job };
	const char *v;
	int at;

	(void)both;
	if ((at = FIND(bits, word)) >= 0)
		flags |= bits[at].value;
	else if ((at = FIND(spaces, word)) >= 0)
		launch.namespaces |= spaces[at].value;
	else if (starts(word, "init=", &v))
		launch.path = v;
	else if (starts(word, "uid=", &v))
		sbx_put_u32(&conf, SBX_UID, atoi(v));
	else if (starts(word, "gid=", &v))
		sbx_put_u32(&conf, SBX_GID, atoi(v));
	else if (starts(word, "map=", &v)) {
		struct sbx_id_map *m = &maps[launch.uid_count++];
		sscanf(v, "%u,%u,%u", &m->inside, &m->outside, &m->count);
		launch.uids = launch.gids = maps;
		launch.gid_count = launch.uid_count;
	} else if (starts(word, "hostname=", &v))
		sbx_put_text(&conf, SBX_HOSTNAME, v);
	else if (starts(word, "domainname=", &v))
		sbx_put_text(&conf, SBX_DOMAINNAME, v);
	else if (starts(word, "dir=", &v))
		sbx_put_text(command(), SBX_DIR, v);
	else if (starts(word, "path=", &v))
		sbx_put_text(command(), SBX_PATH, v);
	else if (starts(word, "env=", &v))
		env[env_count++] = v;
	else if (starts(word, "mask=", &v))
		masks[mask_count++] = v;
	else if (starts(word, "adopt=", &v))
		sbx_put_u32(command(), SBX_ADOPT_WAIT, atoi(v));
	else if (starts(word, "parentperm=", &v))
		sbx_put_u32(&conf, SBX_PARENT_PERM, strtoul(v, NULL, 8));
	else if (starts(word, "umask=", &v))
		sbx_put_u32(command(), SBX_UMASK, strtoul(v, NULL, 8));
	else if (starts(word, "scope=", &v))
		sbx_put_u32(&conf, SBX_SCOPE, atoi(v));
	else if (starts(word, "scopetry=", &v))
		sbx_put_u32(&conf, SBX_SCOPE_TRY, atoi(v));
	else if (starts(word, "caps=", &v))
		sbx_put_u64(&conf, SBX_CAPS, strtoull(v, NULL, 16));
	else if (starts(word, "presets=", &v))
		sbx_put_u32(&conf, SBX_SECCOMP_PRESETS, atoi(v));
	else if (starts(word, "wall=", &v))
		sbx_put_u64(&job, SBX_WALL_LIMIT, strtoull(v, NULL, 10) * 1000000);
	else if (starts(word, "memory=", &v))
		sbx_put_u64(&job, SBX_MEMORY_LIMIT, strtoull(v, NULL, 10));
	else if (starts(word, "xflags=", &v))
		xflags = atoi(v);
	else if (starts(word, "landlock=", &v)) {
		char *path;
		uint64_t access = strtoull(v, &path, 16);
		sbx_put_landlock(&conf, access, path + 1);
	} else if (starts(word, "execfd=", &v))
		sbx_put_fd(command(), SBX_EXEC_FD, atoi(v));
	else if (starts(word, "tty=", &v))
		sbx_put_fd(command(), SBX_TTY, atoi(v));
	else if (starts(word, "userns=", &v))
		launch.userns = atoi(v);
	else if (starts(word, "pidns=", &v))
		launch.pidns = atoi(v);
	else if (starts(word, "initcmd=", &v)) {
		const char *const sh[] = { "/bin/sh", "-c", v, NULL };
		sbx_put_texts(&conf, SBX_INIT_COMMAND, sh);
	} else if (starts(word, "rlimit=", &v)) {
		char name[32];
		unsigned long long soft, hard;
		if (sscanf(v, "%31[^:]:%llu:%llu", name, &soft, &hard) != 3 || (at = FIND(limits, name)) < 0)
			die(word);
		sbx_put_rlimit(command(), limits[at].value, soft, hard);
	} else if (starts(word, "file=", &v)) {
		if (sscanf(v, "%d:%u", &files[file_count], &numbers[file_count]) != 2)
			die(word);
		file_count++;
	} else if (starts(word, "cgroupdir=", &v)) {
		int fd = open(v, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (flags & SBX_F_ONCE)
			launch.cgroup = fd;
		else
			sbx_put_fd(&job, SBX_CGROUP, fd);
	} else
		die(word);
}

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* Actions */

static const char *const statuses[] = { "normal", "nonzero", "signalled", "time-limit", "output-limit", "disallowed",
					"memory-limit", "killed" };

static void read_name(pid_t pid, char *line, int size)
{
	char path[64];
	FILE *f;

	*line = 0;
	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	f = fopen(path, "r");
	if (f) {
		if (!fgets(line, size, f))
			*line = 0;
		fclose(f);
	}
	line[strcspn(line, "\n")] = 0;
}

static int on_sync(pid_t pid, void *argument)
{
	char line[256];

	(void)argument;
	read_name(pid, line, sizeof line);
	// execve(2) lets vfork's parent go on a moment before it changes the name
	for (int i = 0; i < 100 && xflags & SBX_X_STARTED && !strcmp(line, "sbx-init"); i++) {
		usleep(1000);
		read_name(pid, line, sizeof line);
	}
	printf("sync %s\n", line);
	fflush(stdout);
	return xflags & 1 << 30 ? -1 : 0;
}

// The job's fields that were given, and argv.
static void fill_job(struct sbx_request *r, char **argv)
{
	if (r != &conf) {
		*r = (struct sbx_request){ 0 };
		if (job.length) {
			r->body = malloc(job.length);
			memcpy(r->body, job.body, job.length);
			r->length = r->size = job.length;
		}
		memcpy(r->fds, job.fds, sizeof job.fds);
		r->fd_count = job.fd_count;
		r->error = job.error;
	}
	sbx_put_texts(r, SBX_ARGV, (const char *const *)argv);
	sbx_put_texts(r, SBX_ENV, env);
	if (xflags & SBX_X_ALL)
		sbx_put_u32(r, SBX_X_FLAGS, xflags & SBX_X_ALL);
	if (file_count)
		sbx_put_files(r, files, numbers, file_count);
}

static int failed(struct sbx *box)
{
	printf("error %s\n", box->error);
	return 0;
}

static void print_result(const struct sbx_result *r)
{
	printf("%s %u cpu=%lld wall=%lld peak=%lld\n", statuses[r->status], r->code,
	       (long long)(r->user_ns + r->system_ns) / 1000000, (long long)r->wall_ns / 1000000,
	       (long long)r->peak_bytes / 1024);
}

static int run(struct sbx *box, char **argv, int quiet)
{
	struct sbx_request r;
	struct sbx_result result;
	int got;

	fill_job(&r, argv);
	got = sbx_exec(box, &r, &result, xflags ? on_sync : NULL, NULL);
	sbx_free(&r);
	if (got < 0)
		return failed(box);
	if (!quiet)
		print_result(&result);
	return 0;
}

static int kill_after(struct sbx *box, char **argv)
{
	struct sbx_request r;
	struct sbx_result result;
	int type, got;

	fill_job(&r, argv + 1);
	if (sbx_exec_begin(box, &r) < 0)
		return failed(box);
	poll(NULL, 0, atoi(argv[0]));
	sbx_kill(box);
	while (!(got = sbx_exec_next(box, &result, &type)))
		;
	sbx_free(&r);
	if (got < 0)
		return failed(box);
	print_result(&result);
	return 0;
}

static int times(struct sbx *box, char **argv)
{
	int n = atoi(argv[0]);
	long long start = now_us();

	for (int i = 0; i < n; i++)
		if (run(box, argv + 1, 1) < 0)
			return -1;
	printf("times %d us=%lld\n", n, (now_us() - start) / n);
	return 0;
}

static int do_open(struct sbx *box, char **argv)
{
	struct sbx_open_item item = { argv[2], (int)strtol(argv[0], NULL, 0), strtoul(argv[1], NULL, 8), 1 };
	int fd, error;

	if (sbx_open(box, &item, 1, &fd, &error) < 0)
		return failed(box);
	if (fd < 0)
		printf("open %s\n", strerrorname_np(error));
	else {
		char text[256];
		ssize_t n = (item.flags & O_ACCMODE) == O_RDONLY ? read(fd, text, sizeof text - 1) : write(fd, "written\n", 8);
		text[n > 0 && (item.flags & O_ACCMODE) == O_RDONLY ? n : 0] = 0;
		printf("open ok %s", *text ? text : "\n");
		close(fd);
	}
	return 0;
}

// Any bytes, as one packet; then what comes back.
static int raw(struct sbx *box, char **argv)
{
	unsigned char bytes[70000];
	size_t n = 0;
	struct sbx_reply reply;
	int got;

	for (const char *p = argv[0]; p[0] && p[1]; p += 2) {
		char two[3] = { p[0], p[1], 0 };
		bytes[n++] = strtoul(two, NULL, 16);
	}
	send(box->channel, bytes, n, MSG_NOSIGNAL);
	got = sbx_receive(box, &reply, 5000);
	if (got <= 0)
		printf("raw end %d\n", got);
	else
		printf("raw %d %s\n", (int)sbx_get_number(&reply, SBX_ERRNO, 0),
		       sbx_get(&reply, SBX_STEP, NULL) ? (const char *)sbx_get(&reply, SBX_STEP, NULL) : "");
	return 0;
}

static int act(struct sbx *box, char **argv)
{
	const char *what = argv[0];
	int error;

	if (!strcmp(what, "exec"))
		return run(box, argv + 1, 0);
	if (!strcmp(what, "silent"))
		return run(box, argv + 1, 1);
	if (!strcmp(what, "times"))
		return times(box, argv + 1);
	if (!strcmp(what, "killafter"))
		return kill_after(box, argv + 1);
	if (!strcmp(what, "ping"))
		return sbx_ping(box) < 0 ? failed(box) : (puts("pong"), 0);
	if (!strcmp(what, "reset"))
		return sbx_reset(box) < 0 ? failed(box) : (puts("reset"), 0);
	if (!strcmp(what, "delete"))
		return sbx_delete(box, argv[1]) < 0 ? failed(box) : (puts("deleted"), 0);
	if (!strcmp(what, "sleep"))
		return poll(NULL, 0, atoi(argv[1])), 0;
	if (!strcmp(what, "open"))
		return do_open(box, argv + 1);
	if (!strcmp(what, "raw"))
		return raw(box, argv + 1);
	if (!strcmp(what, "symlink")) {
		struct sbx_link_item item = { argv[1], argv[2] };
		if (sbx_symlink(box, &item, 1, &error) < 0)
			return failed(box);
		printf("symlink %s\n", error ? strerrorname_np(error) : "ok");
		return 0;
	}
	if (!strcmp(what, "stat")) {
		struct sbx_figures f;
		if (sbx_stat(box, &f) < 0)
			return failed(box);
		printf("stat executed=%u processes=%u resident=%llu\n", f.executed, f.processes,
		       (unsigned long long)f.resident_bytes / 1024);
		return 0;
	}
	die(what);
	return -1;
}

// The first descriptor that is free tells whether one has been lost.
static int next_fd(void)
{
	int fd = dup(2);

	close(fd);
	return fd;
}

static int one(void)
{
	struct sbx box;

	if (sbx_start(&box, &launch, &conf) < 0) {
		fprintf(stderr, "sbx-drive: %s\n", box.error);
		return 125;
	}
	if (box.child && xflags & SBX_X_WAIT) {
		on_sync(box.child, NULL);
		sbx_go(&box);
	}
	return sbx_wait(&box);
}

// SBX_TIMES in the environment: so often, and what that cost.
static int repeat(void)
{
	const char *text = getenv("SBX_TIMES");
	int n = text ? atoi(text) : 0, code = one(), fd = next_fd();
	size_t bytes;
	long long start;

	bytes = mallinfo2().uordblks;
	start = now_us();

	for (int i = 0; i < n; i++)
		code = one();
	if (n)
		printf("once %d us=%lld fds=%d bytes=%zd\n", n, (now_us() - start) / n, next_fd() - fd,
		       (ssize_t)(mallinfo2().uordblks - bytes));
	return code;
}

int main(int argc, char **argv)
{
	struct sbx box;
	int i = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	launch.path = getenv("SBX_INIT");
	for (; i < argc && strcmp(argv[i], "--"); i++)
		if (!strncmp(argv[i], "op:", 3))
			i += put_op(argv + i);
		else
			put_word(argv[i]);
	if (i == argc)
		die("(no command)");
	sbx_put_u32(&conf, SBX_FLAGS, flags);
	if (mask_count)
		sbx_put_texts(&conf, SBX_MASK, masks);
	if (flags & SBX_F_ONCE) {
		fill_job(&conf, argv + i + 1);
		return repeat();
	}
	if (sbx_start(&box, &launch, &conf) < 0) {
		fprintf(stderr, "sbx-drive: %s\n", box.error);
		return 125;
	}
	while (i < argc) {
		int first = ++i;

		while (i < argc && strcmp(argv[i], "--"))
			i++;
		argv[i] = NULL;
		if (act(&box, argv + first) < 0)
			return 1;
	}
	snprintf(error_text, sizeof error_text, "%s", box.error);
	sbx_end(&box);
	return 0;
}

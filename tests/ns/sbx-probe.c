// SPDX-License-Identifier: MIT
// sbx-probe - what runs inside the containers of the tests: tries what it should not be able to do
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long result)
{
	printf("%s %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
}

// PID 1's own: none of it may be had. pid may be another.
static int peek(const char *pid)
{
	static const char *const files[] = { "environ", "mem", "maps", "root", "cwd", "exe", "fd/0", "fd/3", "fd/4",
					     "map_files", "auxv", "stack", "syscall", "io" };
	char path[64], byte[64];
	int pidfd = syscall(SYS_pidfd_open, atoi(pid), 0);

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		int fd;

		snprintf(path, sizeof path, "/proc/%s/%s", pid, files[i]);
		fd = open(path, O_RDONLY);
		if (fd < 0 ? (errno != EACCES && errno != EPERM && errno != ENOENT) : read(fd, byte, sizeof byte) >= 0)
			printf("can read %s\n", path);
		fd = open(path, O_RDWR);
		if (fd >= 0)
			printf("can write %s\n", path);
		if (readlink(path, byte, sizeof byte) > 0)
			printf("can read link %s\n", path);
	}
	if (ptrace(PTRACE_ATTACH, atoi(pid), 0, 0) >= 0)
		printf("can trace %s\n", pid);
	if (ptrace(PTRACE_SEIZE, atoi(pid), 0, 0) >= 0)
		printf("can seize %s\n", pid);
	for (int fd = 0; fd < 10; fd++)
		if (syscall(SYS_pidfd_getfd, pidfd, fd, 0) >= 0)
			printf("can get descriptor %d\n", fd);
	puts("peeked");
	return 0;
}

// CVE-2019-5736: every way to the file that pid 1 runs.
static int overwrite(void)
{
	static const char *const paths[] = { "/proc/1/exe", "/proc/self/exe" };
	int fd = open("/proc/1/exe", O_WRONLY);

	if (fd >= 0)
		puts("can open /proc/1/exe");
	fd = open("/proc/1/exe", O_PATH);
	if (fd >= 0)
		puts("can name /proc/1/exe");
	if (chmod(paths[0], 04777) >= 0 || truncate(paths[0], 0) >= 0)
		puts("can change /proc/1/exe");
	puts("tried");
	return 0;
}

// Started by an interpreter line that is /proc/self/exe, sbx-init runs as a command; watch for it and its file.
static int hunt(const char *script)
{
	char path[64];

	for (int i = 0; i < 100; i++) {
		pid_t pid = fork();
		int fd, status;

		if (!pid) {
			execl(script, script, (char *)NULL);
			_exit(1);
		}
		snprintf(path, sizeof path, "/proc/%d/exe", pid);
		fd = open(path, O_PATH);
		waitpid(pid, &status, 0);
		if (fd < 0)
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		char target[256];
		ssize_t n = readlink(path, target, sizeof target - 1);
		target[n < 0 ? 0 : n] = 0;
		if (!strstr(target, "probe")) {
			int w = open(path, O_WRONLY);
			if (w >= 0 && write(w, "#", 1) == 1)
				printf("overwrote %s\n", target);
			if (!chmod(path, 0777))
				printf("chmod of %s\n", target);
		}
		close(fd);
	}
	puts("hunted");
	return 0;
}

// The open descriptors, with this one's own folder left out.
static int descriptors(void)
{
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d ", fd);
	puts("");
	return 0;
}

static int orphans(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (!pid) {
			if (!fork())
				_exit(0);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return 0;
}

// How many zombies there are in this pid namespace once things have calmed down.
static int zombies(void)
{
	int count = 0;

	for (int tries = 0; tries < 100; tries++) {
		count = 0;
		for (int pid = 1; pid < 30000; pid++) {
			char path[32], text[512];
			int fd;
			ssize_t n;

			snprintf(path, sizeof path, "/proc/%d/stat", pid);
			fd = open(path, O_RDONLY);
			if (fd < 0)
				continue;
			n = read(fd, text, sizeof text - 1);
			close(fd);
			text[n > 0 ? n : 0] = 0;
			char *end = strrchr(text, ')');
			count += end && end[2] == 'Z';
		}
		if (!count)
			break;
		poll(NULL, 0, 20);
	}
	printf("zombies %d\n", count);
	return 0;
}

static int connect_abstract(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path + 1, name, sizeof address.sun_path - 2);
	say("connect", connect(fd, (void *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
	return 0;
}

static int listen_abstract(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path + 1, name, sizeof address.sun_path - 2);
	if (bind(fd, (void *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)) < 0 || listen(fd, 5) < 0)
		return 1;
	puts("listening");
	fflush(stdout);
	pause();
	return 0;
}

static int deep(const char *top, int depth)
{
	if (chdir(top) < 0)
		return 1;
	for (int i = 0; i < depth; i++)
		if (mkdir("d", 0700) < 0 || chdir("d") < 0)
			return 1;
	close(open("file", O_CREAT | O_WRONLY, 0600));
	chmod("..", 0);
	return 0;
}

static int allocate(size_t megabytes)
{
	char *p = mmap(NULL, megabytes << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 3;
	memset(p, 1, megabytes << 20);
	return 0;
}

// Swaps what is at a and b as fast as it can, for ever (renameat2 EXCHANGE).
static int swap(const char *a, const char *b)
{
	for (;;)
		syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2);
}

// Lines of a file that begin with one of `keys`; fields from `first` on (blanks), `count` of them.
static void print_lines(const char *path, const char *const keys[], int first, int count)
{
	char line[4096];
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof line, f)) {
		int wanted = !keys, field = 0;

		for (int i = 0; keys && keys[i]; i++)
			wanted |= !strncmp(line, keys[i], strlen(keys[i]));
		if (!wanted)
			continue;
		for (char *word = strtok(line, " \t\n"); word; word = strtok(NULL, " \t\n"), field++)
			if (field >= first && field < first + count)
				printf("%s ", word);
		puts("");
	}
	if (f)
		fclose(f);
}

// Mount points and their flags, but for those that nobody gets to: the mount that they are on has another one on its root.
static void print_mounts(void)
{
	static struct { int id, parent; char point[512], flags[128]; } m[512];
	FILE *f = fopen("/proc/self/mountinfo", "r");
	char line[4096];
	int count = 0;

	while (f && count < 512 && fgets(line, sizeof line, f))
		count += sscanf(line, "%d %d %*s %*s %511s %127s", &m[count].id, &m[count].parent, m[count].point, m[count].flags) == 4;
	for (int i = 0; i < count; i++) {
		int hidden = 0;

		for (int on = 0; on < count; on++)
			for (int cover = 0; cover < count && m[on].id == m[i].parent; cover++)
				hidden |= cover != i && m[cover].parent == m[on].id && !strcmp(m[cover].point, m[on].point);
		if (!hidden)
			printf("%s %s\n", m[i].point, m[i].flags);
	}
	if (f)
		fclose(f);
}

// All that confines us, as far as it can be seen from here. Arguments: namespaces (user:[123]) that ours must not be.
static int state(char **host)
{
	static const char *const keys[] = { "Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp", "SigBlk", "SigIgn", "SigCgt", "Umask", NULL };
	static const char *const kinds[] = { "user", "pid", "mnt", "ipc", "uts", "net", "cgroup" };
	char text[4096], path[64];
	struct rlimit limit;

	print_lines("/proc/self/status", keys, 0, 9);
	print_mounts();
	for (int i = 0; i < 7; i++) {
		int same = 0;
		ssize_t n;

		snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i]);
		n = readlink(path, text, sizeof text - 1);
		text[n < 0 ? 0 : n] = 0;
		for (char **h = host; *h; h++)
			same |= !strcmp(*h, text);
		printf("%s %s\n", kinds[i], n < 0 ? "unknown" : same ? "of the host" : "own");
	}
	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		if (!getrlimit(i, &limit))
			printf("%llx:%llx ", (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
	printf("\n%s ", getcwd(text, sizeof text) ? text : "?");
	gethostname(text, sizeof text);
	printf("%s pid %d sid %d\n", text, getpid(), getsid(0));
	for (char **e = environ; *e; e++)
		puts(*e);
	for (int fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d ", fd);
	}
	puts(access("/proc/1/environ", R_OK) || open("/proc/1/environ", O_RDONLY) < 0 ? "closed" : "open");
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "state"))
		return state(argv + 2);
	if (!strcmp(what, "peek"))
		return peek(argv[2]);
	if (!strcmp(what, "overwrite"))
		return overwrite();
	if (!strcmp(what, "hunt"))
		return hunt(argv[2]);
	if (!strcmp(what, "descriptors"))
		return descriptors();
	if (!strcmp(what, "orphans"))
		return orphans(atoi(argv[2]));
	if (!strcmp(what, "zombies"))
		return zombies();
	if (!strcmp(what, "connect"))
		return connect_abstract(argv[2]);
	if (!strcmp(what, "listen"))
		return listen_abstract(argv[2]);
	if (!strcmp(what, "deep"))
		return deep(argv[2], atoi(argv[3]));
	if (!strcmp(what, "allocate"))
		return allocate(atoi(argv[2]));
	if (!strcmp(what, "swap"))
		return swap(argv[2], argv[3]);
	if (!strcmp(what, "signal"))
		return say("kill", kill(atoi(argv[2]), atoi(argv[3]))), 0;
	if (!strcmp(what, "landlock"))
		return syscall(444, NULL, 0, 1) < atoi(argv[2]);
	if (!strcmp(what, "spin_marked"))
		return sleep(10);
	if (!strcmp(what, "spin"))
		for (;;)
			;
	if (!strcmp(what, "badcall"))
		return kill(getpid(), SIGSYS), pause();
	return 99;
}

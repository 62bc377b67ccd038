// SPDX-License-Identifier: MIT
// treetool - trees for copyroot's tests and bench: makes nasty ones, lists all that there is to know of one, and makes
// the floors that a copy is measured against
//
//   treetool nasty FOLDER [xattrs]      one of everything that a file system can hold
//   treetool files COUNT BYTES FOLDER   COUNT files of BYTES each, 500 to a folder
//   treetool check FILE                 is it what `files` wrote?
//   treetool list FOLDER                a line for each entry: type, mode, owner, links, size, blocks, device, times,
//                                       target, which entry it is another link to, extended attributes; sorted
//   treetool contents FOLDER            the names of all files that are not empty, for xargs -0 sha256sum
//   treetool floor COUNT BYTES FOLDER   create and write that much, from a buffer; no folders, no times; prints the
//                                       nanoseconds that this took
//   treetool send FROM FOLDER           sendfile(2) from the files that `files` made into new ones; no folders, no times; prints
//                                       the nanoseconds
//   treetool unlink FOLDER              removes the files that `files` made there; prints the nanoseconds
//   treetool stamp FILE COMMAND...      writes the nanoseconds of the monotonic clock to FILE and executes COMMAND
//   treetool acl FOLDER                 lists of access rights and capabilities, in few files
//   treetool map FILE STOP              keeps FILE mapped but not open until STOP exists or SIGTERM comes; prints "same" and
//                                       exits 0 if it then reads the same
//   treetool pivot FOLDER               pivot_root(2) to FOLDER, a mount, with the old root in FOLDER/old; exit 0 if it works
//
// Nothing here is forgiven: any call that fails ends it with exit code 1.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static void must(int good, const char *what, const char *object)
{
	if (good)
		return;
	fprintf(stderr, "treetool: %s %s: %s\n", what, object, strerror(errno));
	exit(1);
}

/* Making trees: all of it relative to the working directory, which `into` changes */

static void into(const char *name)
{
	must(!mkdir(name, 0755) || errno == EEXIST, "mkdir", name);
	must(!chdir(name), "chdir", name);
}

// What a file holds depends on its seed only.
static void fill(void *memory, size_t size, unsigned seed)
{
	char *buffer = memory;

	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525 + 1013904223;
		buffer[i] = (char)(seed >> 24);
	}
}

// Each block begins with where it is, so that none can take the place of another. Small, since tests count what copyroot
// takes on top of a tree, and so must not have taken more before.
static uint64_t block[(64 << 10) / 8];

static void write_at(int fd, off_t at, size_t bytes)
{
	for (size_t n; bytes; bytes -= n, at += n) {
		n = bytes < sizeof block ? bytes : sizeof block;
		if (n >= 4096)
			block[0] = at;
		must(pwrite(fd, block, n, at) == (ssize_t)n, "write", "a file");
	}
}

static int create(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	must(fd >= 0, "create", name);
	return fd;
}

static void file(const char *name, size_t bytes)
{
	int fd = create(name);

	write_at(fd, 0, bytes);
	close(fd);
}

static void attributes(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	must(!fchownat(AT_FDCWD, name, uid, gid, AT_SYMLINK_NOFOLLOW), "chown", name);
	must(!chmod(name, mode), "chmod", name);
}

// Each byte that a name may hold, and the longest name.
static void names(void)
{
	char name[256] = "x?x";

	into("names");
	for (int c = 1; c < 256; c++) {
		if (c == '/')
			continue;
		name[1] = (char)c;
		file(name, 1);
	}
	memset(name, '\377', 255);
	file(name, 2);
	file("-rf", 3);
	file("...", 4);
	must(!symlink("\001\n\377 \\ $(x)", "\n"), "symlink", "a line feed");
	must(!chdir(".."), "chdir", "..");
}

static void modes(void)
{
	char name[16];

	into("modes");
	for (int mode = 0; mode < 010000; mode += mode < 01000 || mode >= 07000 ? 1 : 0123) {
		snprintf(name, sizeof name, "%o", mode);
		file(name, 0);
		attributes(name, mode, mode & 1 ? 12 : 0, mode & 2 ? 34 : 0);
	}
	for (int mode = 0; mode < 010000; mode += 0111) {
		snprintf(name, sizeof name, "folder%o", mode);
		must(!mkdir(name, 0700), "mkdir", name);
		attributes(name, mode, mode & 1 ? 4000000000u : 0, mode & 8 ? 1 : 0);
	}
	into("sgid");	// what is made in here takes on its group, unless somebody sees to it
	attributes(".", 02775, 0, 42);
	file("in", 5);
	must(!mkdir("folder", 0700) && !mkfifo("fifo", 0600) && !symlink("to", "link"), "make", "entries");
	attributes("in", 0640, 0, 0);
	attributes("folder", 0755, 0, 0);
	attributes("fifo", 0600, 0, 0);
	must(!lchown("link", 0, 0), "chown", "link");
	must(!chdir("../.."), "chdir", "../..");
}

static void make_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, name);
	must(fd >= 0 && !bind(fd, (struct sockaddr *)&address, sizeof address), "bind", name);
	close(fd);
}

static void kinds(void)
{
	char target[4096];

	into("kinds");
	must(!mkfifo("fifo", 0622), "mkfifo", "fifo");
	make_socket("socket");
	must(!mknod("char", S_IFCHR | 0620, makedev(5, 1)), "mknod", "char");
	must(!mknod("block", S_IFBLK | 0660, makedev(4095, 1048575)), "mknod", "block");
	must(!mknod("whiteout", S_IFCHR, 0), "mknod", "whiteout");	// overlayfs's mark
	attributes("char", 04620, 3, 5);
	attributes("fifo", 02622, 5, 6);
	must(!symlink("no where", "dangling") && !lchown("dangling", 5, 6), "symlink", "dangling");
	memset(target, '7', sizeof target - 1);
	target[sizeof target - 1] = 0;
	must(!symlink(target, "longest"), "symlink", "longest");
	must(!chdir(".."), "chdir", "..");
}

// Links within and across folders, of each kind that may have them; more than one file of the same size.
static void links(void)
{
	static const char *const kinds_of[] = { "fifo", "socket", "char", "block", "dangling" };
	char name[64], from[64];

	into("links");
	into("other");
	must(!chdir(".."), "chdir", "..");
	file("large", 5 << 18);
	file("larger", (5 << 18) + 1);
	file("small", 100);
	file("none", 0);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "%ssmall%d", i % 2 ? "other/" : "", i);
		must(!link("small", name), "link", name);
	}
	must(!link("large", "other/large") && !link("larger", "other/larger") && !link("none", "other/none")
	     && !link("large", "zlarge"), "link", "large");
	for (size_t i = 0; i < sizeof kinds_of / sizeof *kinds_of; i++) {
		snprintf(from, sizeof from, "../kinds/%s", kinds_of[i]);
		must(!linkat(AT_FDCWD, from, AT_FDCWD, kinds_of[i], 0), "link", from);
	}
	attributes("small", 06755, 1, 2);
	must(!chdir(".."), "chdir", "..");
}

static void hole(const char *name, off_t size, const off_t *data)
{
	int fd = create(name);

	must(!ftruncate(fd, size), "truncate", name);
	for (; *data >= 0; data += 2)
		write_at(fd, data[0], data[1]);
	close(fd);
}

// A hole first, last, in the middle, across the chunks of copyroot, and nothing else.
static void holes(void)
{
	enum { K = 1024, M = 1024 * K };

	into("holes");
	hole("nothing", 2 * M, (const off_t[]){ -1 });
	hole("first", 1 * M, (const off_t[]){ 36 * K, 1 * M - 36 * K, -1 });
	hole("last", 2 * M + 1, (const off_t[]){ 0, 8 * K, -1 });
	hole("middle", 3 * M, (const off_t[]){ 0, 4 * K, 508 * K, 8 * K, 2 * M - 300 * K, 600 * K, 3 * M - 4 * K, 4 * K, -1 });
	hole("odd", 10001, (const off_t[]){ 0, 4, -1 });
	hole("far", 1LL << 33, (const off_t[]){ (1LL << 33) - 4 * K, 4 * K, -1 });
	file("chunk", 512 * K);
	file("chunk-1", 512 * K - 1);
	file("chunk+1", 512 * K + 1);
	file("chunks", 1536 * K + 777);
	must(!chdir(".."), "chdir", "..");
}

// A path five times as long as PATH_MAX.
static void deep(void)
{
	char name[101];
	int top = open(".", O_RDONLY | O_DIRECTORY);

	memset(name, 'd', 100);
	name[100] = 0;
	for (int i = 0; i < 200; i++)
		into(name);
	file("bottom", 6);
	must(!fchdir(top), "chdir", "top");
	close(top);
}

static void set(const char *name, const char *key, const void *value, size_t size)
{
	must(!lsetxattr(name, key, value, size, 0), "setxattr", key);
}

// linux/posix_acl_xattr.h: a version, then tag, rights and id of each entry, little-endian.
static const unsigned char acl[] = {
	2, 0, 0, 0,  1, 0, 6, 0, 255, 255, 255, 255,  2, 0, 4, 0, 7, 0, 0, 0,  4, 0, 4, 0, 255, 255, 255, 255,
	16, 0, 6, 0, 255, 255, 255, 255,  32, 0, 0, 0, 255, 255, 255, 255,
};
// struct vfs_cap_data: cap_net_bind_service and cap_net_raw.
static const unsigned char capabilities[] = { 1, 0, 0, 2, 0, 0x24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

// A file that is cut while it moves and has capabilities, and folders whose list what is made in them inherits.
static void access_lists(void)
{
	file("capable", 700000);
	attributes("capable", 0755, 7, 8);
	set("capable", "security.capability", capabilities, sizeof capabilities);
	set("capable", "security.selinux", "system_u:object_r:bin_t:s0", 27);
	file("acl", 11);
	set("acl", "system.posix_acl_access", acl, sizeof acl);
	into("inherits");
	file("before", 13);
	must(!mkdir("folder", 0750) && !symlink("x", "link") && !mkfifo("fifo", 0604), "make", "entries");
	set(".", "system.posix_acl_default", acl, sizeof acl);
	file("after", 14);
	must(!chdir(".."), "chdir", "..");
}

static void xattrs(void)
{
	char key[32], large[60000];

	into("xattrs");
	access_lists();
	must(!symlink("x", "link") && !mkdir("folder", 0755) && !mkfifo("fifo", 0600), "make", "entries");
	must(!mknod("node", S_IFCHR | 0600, makedev(1, 3)), "mknod", "node");
	set("link", "security.selinux", "system_u:object_r:link_t:s0", 28);
	set("fifo", "security.selinux", "system_u:object_r:fifo_t:s0", 28);
	set("node", "trusted.node", "n", 1);
	set("folder", "security.selinux", "system_u:object_r:etc_t:s0", 27);
	file("many", 10);
	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof key, "trusted.number%d", i);
		set("many", key, &i, sizeof i);
	}
	set("many", "trusted.empty", "", 0);
	fill(large, sizeof large, 7);
	set("many", "trusted.large", large, sizeof large);
	must(!chdir(".."), "chdir", "..");
}

static struct timespec next_time(int first, int step)
{
	static const time_t epochs[] = { 0, 1, -315619200, 946684799, 2147483647, 4102444800, 1700000000 };
	static unsigned n;

	n++;
	return (struct timespec){ epochs[n % 7] + first * (time_t)n, (first + step * (long)n) % 1000000000 };
}

// From the leaves up, so that nothing touches a folder after its time is set. Each entry has times of its own.
static void set_times(const char *name)
{
	struct timespec t[2];
	struct stat st;

	must(!lstat(name, &st), "stat", name);
	if (S_ISDIR(st.st_mode)) {
		int here = open(".", O_RDONLY | O_DIRECTORY);
		struct dirent **entries;
		int count;

		must(here >= 0 && !chdir(name), "chdir", name);
		count = scandir(".", &entries, NULL, alphasort);
		for (int i = 0; i < count; i++)
			if (strcmp(entries[i]->d_name, ".") && strcmp(entries[i]->d_name, ".."))
				set_times(entries[i]->d_name);
		must(count >= 0 && !fchdir(here), "chdir", "..");
		close(here);
	}
	t[0] = next_time(1, 7919);
	t[1] = next_time(2, 104729);
	must(!utimensat(AT_FDCWD, name, t, AT_SYMLINK_NOFOLLOW), "touch", name);
}

static void make_nasty(const char *folder, int with_xattrs)
{
	umask(022);
	fill(block, sizeof block, 1);
	into(folder);
	names();
	modes();
	kinds();
	links();
	holes();
	deep();
	if (with_xattrs)
		xattrs();
	file("plain", 4096);
	must(!mkdir("empty", 0711), "mkdir", "empty");
	set_times(".");
}

static void make_acl(const char *folder)
{
	umask(022);
	into(folder);
	access_lists();
	set_times(".");
}

static void make_files(unsigned count, size_t bytes, const char *folder)
{
	char name[32];
	struct timespec t[2] = { { 1000000000, 1 }, { 1100000000, 2 } };

	umask(022);
	fill(block, sizeof block, 2);
	into(folder);
	for (unsigned i = 0; i < count; i++) {
		if (i % 500 == 0) {
			snprintf(name, sizeof name, "folder%u", i / 500);
			must(!i || !chdir(".."), "chdir", "..");
			into(name);
		}
		snprintf(name, sizeof name, "file%u", i);
		file(name, bytes);
		must(!utimensat(AT_FDCWD, name, t, 0), "touch", name);
	}
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void make_floor(unsigned count, size_t bytes, const char *folder)
{
	static char megabyte[1 << 20];
	char name[32];
	long long start;

	into(folder);
	fill(megabyte, sizeof megabyte, 3);
	start = now();
	for (unsigned i = 0; i < count; i++) {
		int fd;

		snprintf(name, sizeof name, "%u", i);
		fd = create(name);
		for (size_t left = bytes, n; left; left -= n) {
			n = left < sizeof megabyte ? left : sizeof megabyte;
			must(write(fd, megabyte, n) == (ssize_t)n, "write", name);
		}
		close(fd);
	}
	printf("%lld\n", now() - start);
}

// Goes to the folder of the nth file that `files` made; -1 after the last.
static int next_file(unsigned n, char name[32])
{
	if (n % 500 == 0) {
		snprintf(name, 32, "folder%u", n / 500);
		if ((n && chdir("..")) || chdir(name))
			return -1;
	}
	snprintf(name, 32, "file%u", n);
	return 0;
}

static void send_files(const char *from, const char *folder)
{
	char name[32];
	long long start;
	int to;

	must(!mkdir(folder, 0755), "mkdir", folder);
	must((to = open(folder, O_RDONLY | O_DIRECTORY)) >= 0, "open", folder);
	must(!chdir(from), "chdir", from);
	start = now();
	for (unsigned n = 0; !next_file(n, name); n++) {
		int in = open(name, O_RDONLY), out;
		struct stat st;
		off_t at = 0;

		if (in < 0)
			break;
		must((out = openat(to, name, O_WRONLY | O_CREAT, 0644)) >= 0 && !fstat(in, &st), "create", name);
		while (at < st.st_size)
			must(sendfile(out, in, &at, st.st_size - at) > 0, "send", name);
		close(in);
		close(out);
	}
	printf("%lld\n", now() - start);
}

static void unlink_files(const char *folder)
{
	char name[32];
	long long start = now();

	must(!chdir(folder), "chdir", folder);
	for (unsigned n = 0; !next_file(n, name) && !unlink(name); n++)
		;
	printf("%lld\n", now() - start);
}

/* Listing */

static void print_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (name[i] > ' ' && name[i] < 127 && name[i] != '\\')
			putchar(name[i]);
		else
			printf("\\%03o", (unsigned char)name[i]);
}

// A path that grows and shrinks at its end.
static char path[65536];

static struct seen { dev_t device; ino_t inode; char *first; } *seen;
static size_t seen_count;

// The first name of a file with several.
static const char *first_name(const struct stat *st)
{
	for (size_t i = 0; i < seen_count; i++)
		if (seen[i].inode == st->st_ino && seen[i].device == st->st_dev)
			return seen[i].first;
	seen = realloc(seen, (seen_count + 1) * sizeof *seen);
	seen[seen_count++] = (struct seen){ st->st_dev, st->st_ino, strdup(path) };
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_xattrs(const char *name)
{
	static char list[65536], value[65536];
	char *keys[1024];
	size_t count = 0;
	ssize_t length = llistxattr(name, list, sizeof list);

	must(length >= 0 || errno == ENOTSUP, "listxattr", name);
	for (char *key = list; length > 0 && key < list + length && count < 1024; key += strlen(key) + 1)
		keys[count++] = key;
	qsort(keys, count, sizeof *keys, by_text);
	for (size_t i = 0; i < count; i++) {
		ssize_t size = lgetxattr(name, keys[i], value, sizeof value);

		must(size >= 0, "getxattr", keys[i]);
		printf(" %s=", keys[i]);
		for (ssize_t j = 0; j < size; j++)
			printf("%02x", (unsigned char)value[j]);
	}
}

// Sizes and links of a folder are the file system's own business, and so are blocks of what is no file.
static void print_entry(const char *name, const struct stat *st)
{
	static const char types[16] = { [1] = 'p', [2] = 'c', [4] = 'd', [6] = 'b', [8] = 'f', [10] = 'l', [12] = 's' };
	char target[4097];
	const char *first = st->st_nlink > 1 && !S_ISDIR(st->st_mode) ? first_name(st) : NULL;

	print_name(path, strlen(path));
	printf(" %c %04o %u:%u", types[(st->st_mode >> 12) & 15], st->st_mode & 07777, st->st_uid, st->st_gid);
	if (!S_ISDIR(st->st_mode))
		printf(" links=%lu size=%lld", (unsigned long)st->st_nlink, (long long)st->st_size);
	if (S_ISREG(st->st_mode))
		printf(" blocks=%lld", (long long)st->st_blocks);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		printf(" device=%u:%u", major(st->st_rdev), minor(st->st_rdev));
	printf(" a=%lld.%09ld m=%lld.%09ld", (long long)st->st_atim.tv_sec, st->st_atim.tv_nsec,
	       (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (S_ISLNK(st->st_mode)) {
		ssize_t length = readlink(name, target, sizeof target);

		must(length >= 0, "readlink", name);
		fputs(" -> ", stdout);
		print_name(target, length);
	}
	if (first) {
		fputs(" is ", stdout);
		print_name(first, strlen(first));
	}
	print_xattrs(name);
	putchar('\n');
}

static void print_content_name(const char *name, const struct stat *st)
{
	(void)name;
	// A hole of 8 GB is not worth hashing; its data are those of its blocks.
	if (S_ISREG(st->st_mode) && st->st_size && st->st_size < 1 << 30 && strlen(path) < 4000
	    && !(st->st_nlink > 1 && first_name(st))) {
		fputs(path, stdout);
		putchar(0);
	}
}

// Through the working directory, since paths may be longer than a call takes. Mounts below are not entered; only
// of a folder does the device tell, since overlayfs shows that of its layers for files.
static void walk(void (*each)(const char *, const struct stat *), dev_t device)
{
	struct dirent **entries;
	size_t length = strlen(path);
	int count = scandir(".", &entries, NULL, alphasort);

	must(count >= 0, "scandir", path);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		struct stat st;
		int here;

		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		must(!lstat(name, &st), "stat", name);
		if (S_ISDIR(st.st_mode) && st.st_dev != device)
			continue;
		snprintf(path + length, sizeof path - length, "%s%s", length ? "/" : "", name);
		each(name, &st);
		if (S_ISDIR(st.st_mode)) {
			here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			must(here >= 0 && !chdir(name), "chdir", name);
			walk(each, device);
			must(!fchdir(here), "chdir", "..");
			close(here);
		}
		path[length] = 0;
		free(entries[i]);
	}
	free(entries);
}

static void list(const char *folder, void (*each)(const char *, const struct stat *))
{
	static char buffer[1 << 16];
	struct stat st;

	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	must(!chdir(folder) && !stat(".", &st), "chdir", folder);
	path[0] = '.';
	each(".", &st);
	path[0] = 0;
	walk(each, st.st_dev);
	must(!fflush(stdout), "write", "the list");
}

/* What else tests need */

static volatile sig_atomic_t terminated;

static void on_term(int number)
{
	(void)number;
	terminated = 1;
}

static int keep_mapped(const char *name, const char *stop)
{
	struct stat st;
	int fd = open(name, O_RDONLY);
	char *text, *copy;

	must(fd >= 0 && !fstat(fd, &st), "open", name);
	text = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	copy = malloc(st.st_size);
	must(text != MAP_FAILED && copy, "mmap", name);
	memcpy(copy, text, st.st_size);
	close(fd);
	signal(SIGTERM, on_term);
	puts("mapped");
	fflush(stdout);
	while (!terminated && access(stop, F_OK))
		usleep(10000);
	madvise(text, st.st_size, MADV_DONTNEED);	// read it anew, from the file
	must(!memcmp(copy, text, st.st_size), "compare", name);	// SIGBUS where it was cut
	puts("same");
	return 0;
}

// What `files` wrote.
static int check(const char *name)
{
	static uint64_t read_back[sizeof block / sizeof *block];
	int fd = open(name, O_RDONLY);
	ssize_t n;

	must(fd >= 0, "open", name);
	fill(block, sizeof block, 2);
	for (off_t at = 0; (n = pread(fd, read_back, sizeof read_back, at)) > 0; at += n) {
		if (n >= 4096)
			block[0] = at;
		for (ssize_t i = 0; i < n / 8; i++)
			must(read_back[i] == block[i], "compare", name);
	}
	must(!n, "read", name);
	return 0;
}

static int pivot(const char *folder)
{
	must(!unshare(CLONE_NEWNS), "unshare", "mounts");
	must(!chdir(folder), "chdir", folder);
	must(!mkdir("old", 0700) || errno == EEXIST, "mkdir", "old");
	must(!syscall(SYS_pivot_root, ".", "old"), "pivot_root", folder);
	return 0;
}

static int stamp(const char *name, char **argv)
{
	char text[32];
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), length;

	length = snprintf(text, sizeof text, "%lld\n", now());
	must(fd >= 0 && write(fd, text, length) == length && !close(fd), "write", name);
	execv(argv[0], argv);
	must(0, "exec", argv[0]);
	return 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "nasty") && argc >= 3)
		return make_nasty(argv[2], argc > 3), 0;
	if (!strcmp(what, "files") && argc == 5)
		return make_files(atoi(argv[2]), atoll(argv[3]), argv[4]), 0;
	if (!strcmp(what, "floor") && argc == 5)
		return make_floor(atoi(argv[2]), atoll(argv[3]), argv[4]), 0;
	if (!strcmp(what, "list") && argc == 3)
		return list(argv[2], print_entry), 0;
	if (!strcmp(what, "contents") && argc == 3)
		return list(argv[2], print_content_name), 0;
	if (!strcmp(what, "map") && argc == 4)
		return keep_mapped(argv[2], argv[3]);
	if (!strcmp(what, "acl") && argc == 3)
		return make_acl(argv[2]), 0;
	if (!strcmp(what, "check") && argc == 3)
		return check(argv[2]);
	if (!strcmp(what, "pivot") && argc == 3)
		return pivot(argv[2]);
	if (!strcmp(what, "send") && argc == 4)
		return send_files(argv[2], argv[3]), 0;
	if (!strcmp(what, "unlink") && argc == 3)
		return unlink_files(argv[2]), 0;
	if (!strcmp(what, "stamp") && argc > 3)
		return stamp(argv[2], argv + 3);
	fputs("treetool: what?\n", stderr);
	return 2;
}

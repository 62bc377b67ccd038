// SPDX-License-Identifier: MIT
// copyroot - sizes, and whether a plan fits

#include <sys/mman.h>
#include "applets/copyroot/copyroot.h"
#include "tap.h"

enum { MB = 1 << 20 };

static void sizes(void)
{
	static const struct { const char *text; uint64_t size; } cases[] = {
		{ "4096", 4096 }, { "1k", 1024 }, { "64m", 64ULL << 20 }, { "64M", 64ULL << 20 }, { "3g", 3ULL << 30 },
		{ "1t", 1ULL << 40 }, { "50%", 500 }, { "100%", 1000 }, { "101%", 0 }, { "", 0 }, { "m", 0 }, { "-1", 0 },
		{ "1kb", 0 }, { "1 k", 0 }, { "0x10", 0 }, { "99999999999999999999", 0 }, { "18014398509481984k", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		is_number(parse_size(cases[i].text, 1000), cases[i].size, "size '%s'", cases[i].text);
}

static void memory_lines(void)
{
	static const char text[] = "MemTotal:         481296 kB\nMemFree:          4 kB\nMemAvailable:     12 kB\nCached: 7 kB\n";

	is_number(meminfo(text, "MemTotal"), 481296ULL << 10, "the first line of meminfo");
	is_number(meminfo(text, "MemAvailable"), 12 << 10, "one in the middle");
	is_number(memory_left(text), 12 << 10, "what is left");
	is_number(memory_left("MemAvailable: 12 kB\nSReclaimable: 5 kB\n"), 7 << 10, "names and inodes are not to be had");
	is_number(memory_left("MemAvailable: 12 kB\nSReclaimable: 15 kB\n"), 0, "nothing is left");
	is_number(meminfo(text, "Mem"), 0, "a part of a name is none");
	is_number(meminfo(text, "Swap"), 0, "what is not there is 0");
}

static void plans(void)
{
	struct plan plan = { .files = 100, .bytes = 100 * MB };
	uint64_t moved = plan_need(&plan, 0);

	ok(moved < 8 * MB, "moving 100 MB takes %llu KB", (unsigned long long)moved >> 10);
	ok(plan_need(&plan, 1) > 100 * MB, "keeping the old files takes it all once more");
	plan.held = 50 * MB;
	is_number(plan_need(&plan, 0), moved + 50 * MB, "files in use are there twice until the switch");
	is_number(plan_limit(&plan, 80 * MB), 140 * MB, "the limit: what is there and half of what is left");
	ok(plan_guess(&plan, 100 * MB, 0, 300 * MB, 0), "ample memory needs no count");
	is_number(plan.bytes, 100 * MB, "the page cache is the upper bound");
	ok(!plan_guess(&plan, 100 * MB, 0, 90 * MB, 0), "little memory does");
	ok(!plan_guess(&plan, 0, 0, 90 * MB, 0), "no meminfo does");
	ok(!plan_guess(&plan, 100 * MB, 0, 150 * MB, 1), "nor is it ample if all is there twice");
	ok(!plan_guess(&plan, 100 * MB, 10 * MB, 170 * MB, 1), "names and inodes too");
	ok(plan_guess(&plan, 100 * MB, 10 * MB, 195 * MB, 1), "but this is");
	is_number(plan.files, 10 * MB / 512, "files that might be: the tmpfs needs as many inodes");
	plan = (struct plan){ .bytes = 100 * MB };
	ok(!plan_ample(&plan, 165 * MB), "64 MB stay free, or the old files are freed early");
	ok(plan_ample(&plan, 175 * MB), "with more they can be freed late");
}

// What the three kinds of files hold, and which of them somebody uses.
static void trees(void)
{
	char folder[] = "/dev/shm/copyroot-XXXXXX", text[4096] = "x";	// a tmpfs, as roots are
	int fd, file, mine;
	struct plan plan;
	struct stat st;
	void *map;

	if (!mkdtemp(folder) || (fd = open(folder, O_RDONLY | O_DIRECTORY)) < 0) {
		ok(0, "a folder to look at");
		return;
	}
	mkdirat(fd, "sub", 0755);
	symlinkat("to", fd, "sub/link");
	file = openat(fd, "sub/file", O_RDWR | O_CREAT, 0600);
	ok(file >= 0 && write(file, text, sizeof text) == sizeof text, "a file that is open");
	linkat(fd, "sub/file", fd, "other", 0);
	fstat(file, &st);
	ok(!plan_tree(fd, NULL, &plan), "the tree can be read");
	is_number(plan.files, 2, "files");
	is_number(plan.folders, 1, "folders");
	is_number(plan.others, 1, "others");
	is_number(plan.bytes, st.st_blocks * 512, "two links have their bytes once");
	is_number(plan.held, st.st_blocks * 512, "an open file is in use, and its bytes are held once");
	map = mmap(NULL, sizeof text, PROT_READ, MAP_PRIVATE, file, 0);
	close(file);
	plan_tree(fd, NULL, &plan);
	is_number(plan.held, st.st_blocks * 512, "and so is one that is only mapped");
	munmap(map, sizeof text);
	plan_tree(fd, NULL, &plan);
	is_number(plan.held, 0, "and then no more");
	mine = openat(fd, "other", O_RDONLY);
	ok(!in_use(mine), "who asks does not count");
	close(mine);
	ok(is_cut(&st, NULL), "one of several links is cut");
	ok(is_cut(&st, (ino_t[]){ st.st_ino + 1, 0 }), "whatever is mounted on others");
	ok(!is_cut(&st, (ino_t[]){ st.st_ino + 1, st.st_ino, 0 }), "but not if something is mounted on it");
	st.st_nlink = 1;
	ok(!is_cut(&st, NULL), "a small file is not");
	st.st_blocks = CHUNK / 512 + 8;
	ok(is_cut(&st, NULL), "a large one is");
	unlinkat(fd, "other", 0);
	unlinkat(fd, "sub/file", 0);
	unlinkat(fd, "sub/link", 0);
	unlinkat(fd, "sub", AT_REMOVEDIR);
	rmdir(folder);
}

int main(void)
{
	sizes();
	memory_lines();
	plans();
	trees();
	return tap_done();
}

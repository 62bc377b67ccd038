// SPDX-License-Identifier: MIT
// large - one large page of a file at once: less than half of the instructions that its 512 small ones take
//
// A tmpfs mounted with huge=advise gives large pages to a mapping that asks for them and to nobody else
// (Documentation/admin-guide/mm/transhuge.rst). read(2) fills it; what fails there (memory, the limit) is an error of
// read(2) and never a signal. Only pages that are within the file and have no holes come here: none takes more than the file.

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include "copyroot.h"

// Addresses for one, at which it can be mapped whole; never given back, so that nothing else gets there.
static char *place(void)
{
	static char *found;
	char *map;

	// With other pages than these, large ones have other sizes.
	if (found || sizeof(void *) < 8 || sysconf(_SC_PAGESIZE) != SMALL_PAGE)
		return found;
	map = mmap(NULL, 2 * (size_t)LARGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map != MAP_FAILED)
		found = map + (-(uintptr_t)map & (LARGE - 1));
	return found;
}

static int64_t allocated(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_blocks * 512LL;
}

static int read_whole(int in, char *page, off_t start, size_t length)
{
	size_t have = 0;
	ssize_t n;

	while (have < length && (n = pread(in, page + have, length - have, start + have)) > 0)
		have += n;
	return have == length;
}

// The first bytes show which kind of page the kernel had. With small ones, mapped memory is the slowest way.
static int fill(int in, int out, char *page, off_t start)
{
	int64_t before = allocated(out);

	return read_whole(in, page, start, SMALL_PAGE) && allocated(out) - before == LARGE
		&& read_whole(in, page + SMALL_PAGE, start + SMALL_PAGE, LARGE - SMALL_PAGE);
}

int copy_large(int in, int out, off_t start)
{
	char *page = place();
	int done;

	if (!page || mmap(page, LARGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, out, start) == MAP_FAILED)
		return 0;
	done = !madvise(page, LARGE, MADV_HUGEPAGE) && fill(in, out, page, start);
	(void)mmap(page, LARGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	return done;
}

// SPDX-License-Identifier: MIT
// resident - memory that is there before it is needed: by mlock(2), which says so if it cannot be had

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include "applet.h"
#include "resident.h"

enum { STACK = 128 << 10 };

// By the linker, see ld(1): where the program begins, and its variables end.
extern const ElfW(Ehdr) __ehdr_start;
extern const char end[];

int resident(const void *start, size_t size)
{
	size_t before = (uintptr_t)start & (sysconf(_SC_PAGESIZE) - 1);

	return mlock((const char *)start - before, size + before);
}

void *resident_new(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (!resident(memory, size))
		return memory;
	munmap(memory, size);
	return NULL;
}

static void __attribute__((noinline)) touch_stack(void)
{
	volatile char room[STACK];

	for (size_t at = sizeof room; at >= 1024; at -= 1024)
		room[at - 1] = 0;
}

// Each segment by itself: where pages may have 64 KB (aarch64) there is a gap between them, at which mlock(2) gives up for all.
static void resident_program(void)
{
	const char *start = (const char *)&__ehdr_start;
	const ElfW(Phdr) *segment = (const void *)(start + __ehdr_start.e_phoff);

	for (int n = __ehdr_start.e_phnum; n--; segment++)
		if (segment->p_type == PT_LOAD)
			resident(start + (segment->p_vaddr - (uintptr_t)start), segment->p_filesz);
}

// Where the linker keeps the order of its input (Makefile: applets, libcommon, libraries), the variables of others than the
// applets are at the end; link-time optimisation does not keep it.
void resident_common(void)
{
	touch_stack();
	if (CONFIG_LTO || !CONFIG_STATIC) {
		mlockall(MCL_CURRENT);
		return;
	}
	resident_program();
	resident(libcommon_begins, (uintptr_t)end - (uintptr_t)libcommon_begins);
}

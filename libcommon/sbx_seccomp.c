// SPDX-License-Identifier: MIT
// sbx_seccomp - the presets: one filter with all rows in it, of which a copy keeps those that were asked for
//
// The build's scripts/seccomp-presets.c lets libseccomp compile every row into one decision tree; where a row denies, it
// returns the row's number. So there is one tree for a build (and one with the other architecture), not one for each of
// the 256 combinations, and a container has one filter to run through, not one for each preset.

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include "config.h"
#include "sbx_proto.h"
#include "sbx_seccomp.h"

#if CONFIG_SBX_SECCOMP
#include "sbx_seccomp.inc"
#else
static const struct sock_filter single_arch[] = {{ 0 }}, multi_arch[] = {{ 0 }};
#endif

enum {
	ALL_PRESETS = SBX_SECCOMP_STRICT | SBX_SECCOMP_LINUX32 | SBX_SECCOMP_BASE,
	ALL_FLAGS = SBX_SECCOMP_MULTIARCH | SBX_SECCOMP_CAN | SBX_SECCOMP_BLUETOOTH,
};

// Presets, and flags above them
#define FLAG(name) (SBX_SECCOMP_##name << 8)
static const struct row {
	unsigned short when, unless, error;
} rows[] = {
#define ROW(name, when, unless, error, calls) { when, unless, error },
#define MATCH(...)
#include "sbx_seccomp_rows.h"
};

// What the number of a row stands for, for these presets. Fails closed.
static uint32_t result_of(unsigned number, unsigned presets)
{
	const struct row *row = &rows[number];

	if (number >= sizeof rows / sizeof *rows)
		return SECCOMP_RET_KILL_PROCESS;
	if ((presets & row->when) != row->when || (presets & row->unless))
		return SECCOMP_RET_ALLOW;
	return SECCOMP_RET_ERRNO | row->error;
}

const struct sock_filter *sbx_preset(uint32_t presets, uint32_t flags, unsigned *length)
{
	static struct sock_filter filter[sizeof multi_arch / sizeof *multi_arch];
	unsigned multi = flags & SBX_SECCOMP_MULTIARCH;
	size_t size = multi ? sizeof multi_arch : sizeof single_arch;

	if (!CONFIG_SBX_SECCOMP || presets & ~(uint32_t)ALL_PRESETS || flags & ~(uint32_t)ALL_FLAGS) {
		errno = ENOSYS;
		return NULL;
	}
	memcpy(filter, multi ? multi_arch : single_arch, size);
	*length = (unsigned)(size / sizeof *filter);
	presets = (presets & 0xff) | flags << 8;
	for (struct sock_filter *f = filter; f < filter + *length; f++)
		if (f->code == (BPF_RET | BPF_K) && (f->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
			f->k = result_of(f->k & SECCOMP_RET_DATA, presets);
	return filter;
}

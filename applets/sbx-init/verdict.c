// SPDX-License-Identifier: MIT
// verdict - how a command ended, from what is known about it

#include <signal.h>
#include <sys/wait.h>
#include "verdict.h"

static enum sbx_status of_signal(const struct facts *facts, int signal)
{
	switch (signal) {
	case SIGXCPU:
		return SBX_TIME_LIMIT;
	case SIGXFSZ:
		return SBX_OUTPUT_LIMIT;
	case SIGSYS:
		return SBX_DISALLOWED;
	case SIGKILL:
		// The kernel's word for the hard limit. It counts ticks for it, of which a machine that is one of many
		// on its host may see a third too many; rusage has the real time.
		if (facts->cpu_limit_s && facts->cpu_ns / 500000000 >= facts->cpu_limit_s)
			return SBX_TIME_LIMIT;
	}
	return SBX_SIGNALLED;
}

enum sbx_status verdict(const struct facts *facts)
{
	if (facts->oom_killed || (facts->memory_limit && facts->peak >= facts->memory_limit))
		return SBX_MEMORY_LIMIT_HIT;
	if (facts->wall_over)
		return SBX_TIME_LIMIT;
	if (facts->killed)
		return SBX_KILLED;
	if (WIFSIGNALED(facts->status))
		return of_signal(facts, WTERMSIG(facts->status));
	return WEXITSTATUS(facts->status) ? SBX_NONZERO : SBX_NORMAL;
}

uint32_t verdict_code(const struct facts *facts)
{
	return (uint32_t)(WIFSIGNALED(facts->status) ? WTERMSIG(facts->status) : WEXITSTATUS(facts->status));
}

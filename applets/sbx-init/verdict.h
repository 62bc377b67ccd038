// SPDX-License-Identifier: MIT
// verdict.h - how a command ended, from what is known about it
#pragma once
#include <stdint.h>
#include "sbx_proto.h"

struct facts {
	int status;		// of wait(2)
	int killed;		// by SBX_KILL
	int wall_over, oom_killed;
	uint64_t wall_limit, cpu_ns;
	uint64_t cpu_limit_s;	// RLIMIT_CPU, hard; 0: none
	uint64_t peak, memory_limit;
};

enum sbx_status verdict(const struct facts *facts);
uint32_t verdict_code(const struct facts *facts);

// SPDX-License-Identifier: MIT
// sbx_seccomp.h - the seccomp presets, compiled by libseccomp when the suite is built
#pragma once
#include <stdint.h>

struct sock_filter;

// The filter for SBX_SECCOMP_* `presets` and `flags` (sbx_proto.h), *length instructions; it stays until the next call.
// NULL with ENOSYS for unknown bits, and in a build without presets (CONFIG_SBX_SECCOMP).
const struct sock_filter *sbx_preset(uint32_t presets, uint32_t flags, unsigned *length);

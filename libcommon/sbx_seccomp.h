// SPDX-License-Identifier: MIT
// sbx_seccomp.h - the seccomp presets, compiled by libseccomp when the suite is built
#pragma once
#include <stdint.h>

struct sock_filter;

// The filter for SBX_SECCOMP_* `presets` and `flags` (sbx_proto.h), *length instructions. NULL with ENOSYS
// where this build has none for that combination.
const struct sock_filter *sbx_preset(uint32_t presets, uint32_t flags, unsigned *length);

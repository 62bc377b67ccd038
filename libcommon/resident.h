// SPDX-License-Identifier: MIT
// resident.h - memory that is there before it is needed
//
// PID 1 that touches a page for the first time when its control group has no more is let wait for ever: nobody can be
// killed for it. A system call that needs memory fails instead, so that whoever asks beforehand can do something else.
#pragma once
#include <stddef.h>

// Has the program itself, the variables of libcommon and of the C library, and as much stack as most will need. The applets'
// own variables are not among it: each asks for its buffers. An exec gives it all back.
void resident_common(void);
// Has `size` bytes from `start` on. Returns 0, or -1 with errno: not all is there.
int resident(const void *start, size_t size);
// As much new memory, or NULL with errno.
void *resident_new(size_t size);

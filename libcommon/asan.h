// SPDX-License-Identifier: MIT
// asan.h - what AddressSanitizer cannot know of a child that shares our memory on a stack that we gave it
//
// It marks the borders of each frame on the stack, and takes the marks away when the frame is left. A child that executes
// or ends leaves none of its frames. What we keep there later is not out of bounds for that.
#ifndef ASAN_H
#define ASAN_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#endif

#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define asan_forget(stack, size) __asan_unpoison_memory_region(stack, size)
#else
#define asan_forget(stack, size) ((void)0)
#endif

#endif

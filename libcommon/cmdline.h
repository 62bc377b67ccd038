// SPDX-License-Identifier: MIT
// cmdline.h - the kernel's command line, /proc/cmdline (kernel-parameters.rst)
#pragma once
#include <stddef.h>

// Reads it once; works without /proc being mounted. Returns "" where it cannot be had.
const char *cmdline_text(void);

// The value of the last `key=value` (or "" for a bare `key`) in `text`, copied to `value` without its
// quotes; NULL if there is none. "-" and "_" in keys are the same, as for the kernel.
const char *cmdline_value(const char *text, const char *key, char *value, size_t size);
const char *cmdline_get(const char *key, char *value, size_t size);

// Whether `word` stands in the comma-separated `list`.
int list_has(const char *list, const char *word);

// The next word after *text, quotes removed; *text moves behind it. Returns its length, 0 at the end.
size_t cmdline_word(const char **text, char *word, size_t size);

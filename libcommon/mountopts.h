// SPDX-License-Identifier: MIT
// mountopts.h - mount options in words, from bits and back
#pragma once
#include "fmt.h"

// Adds "ro,nosuid,...,data"; flags as MS_* of mount(2). rw is not named.
void mount_options(struct buf *buf, unsigned long flags, const char *data);

// The bits of the words that have one ("rw,nosuid,size=1m": MS_NOSUID).
unsigned long mount_flags(const char *options);

// SPDX-License-Identifier: MIT
// seed.h - the random seed that is kept from one boot to the next (random(4), random(7))
#pragma once

enum { SEED_BYTES = 64, SEED_BITS = 256 };	// the kernel's own generator has 256 bits (drivers/char/random.c)

// Where it is kept: initbox.seed= of the kernel command line, or CONFIG_RANDOM_SEED_FILE. The text stays.
const char *seed_path(void);

// Writes a new one there, through the door. Returns 0, or -1: in silence where there is no such folder, where it cannot
// be written, or where the kernel itself has no good random numbers yet.
int seed_save(void);

// SPDX-License-Identifier: MIT
// console.h - init's own streams, and the terminals of what it starts
#pragma once
#include "inittab.h"

// Makes 0, 1 and 2 something that is open: what the kernel or a container gave, else the console, made if need be.
void console_open(void);

// Opens the kernel's other consoles, and keeps them so.
void consoles_hold(void);

// In the child that will run the entry: its terminal as 0, 1 and 2, its controlling terminal, Enter for askfirst.
// Returns 0, or -1 with one line said.
int terminal_prepare(const void *entry);

// SPDX-License-Identifier: MIT
// halt.h - what halt's rooms share
#pragma once

// Adds to /var/log/wtmp, where that is kept, that the system goes down. Returns 0, or -1 with one line said.
int record_shutdown(void);

// SPDX-License-Identifier: MIT
// scripts.h - the scripts of a folder, one after another (/etc/init.d, /etc/shutdown.d)
#pragma once

// Runs every regular file in `folder` in name order, output on the caller's. One that is not done
// after `timeout_ms` (0: no limit) is named and ended with all that descends from it. Returns how many failed;
// a folder that does not exist has no scripts.
int run_scripts(const char *folder, int timeout_ms);

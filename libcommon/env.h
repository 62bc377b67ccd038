// SPDX-License-Identifier: MIT
// env.h - this process's environment, changed without allocating (PID 1 uses it; its children inherit)
#pragma once

// Makes `assignment`, "KEY=value", part of the environment; `assignment` must stay. Beyond 256 variables the
// rest of what was inherited is dropped.
void env_set(const char *assignment);
// The same where KEY is not set yet.
void env_default(const char *assignment);
void env_unset(const char *key);

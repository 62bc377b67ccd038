// SPDX-License-Identifier: MIT
// log.h - one line for each thing worth knowing, never waiting for who reads it
//
// A line goes to standard error and, in a program that boots the machine (log_boot), to the kernel
// log too. There, standard error may be a console that nobody drains: such writes never block, and
// what did not fit is counted and said when there is room again.
#pragma once

// Severity, as in syslog(3) and the kernel log.
enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

// The name before each line; `name` must stay.
void log_name(const char *name);
const char *log_get_name(void);

// From here on lines go to the kernel log as well, and standard error is never waited for. If that is /dev/console
// they go to all that console= names.
void log_boot(void);

// Lines less severe than this are dropped from the console (default LOG_NOTICE).
void log_verbosity(enum log_level least);

// A format that ends in ':' gets " " and the text of errno. errno is kept.
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define warn(...)   log_line(LOG_WARNING, __VA_ARGS__)
#define notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define info(...)   log_line(LOG_INFO, __VA_ARGS__)

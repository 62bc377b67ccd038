// SPDX-License-Identifier: MIT
// inittab.h - /etc/inittab in memory of a fixed size
#pragma once
#include <stddef.h>
#include <sys/types.h>

// What does not fit is reported by its line and left out.
enum { INITTAB_BYTES = 16 * 1024, INITTAB_ENTRIES = 96, COMMAND_BYTES = 1024 };

// In the order in which they run.
enum action { SYSINIT, WAIT, ONCE, RESPAWN, ASKFIRST, CTRLALTDEL, SHUTDOWN, RESTART, ACTIONS };
extern const char *const action_names[ACTIONS];

struct entry {
	const char *tty;	// below /dev; "": init's own console
	const char *command;
	enum action action;
	// Its process; see jobs.c
	pid_t pid;		// 0: none
	int wanted;		// to be started when `due`
	int quick;		// processes in a row that ended at once
	int failed;		// starts in a row for which there was no process
	int offer_s;		// seconds to press Enter in, else it does not start; 0: it starts
	int status;		// of the last one, as wait(2) gives it
	long long started, due;	// microseconds since boot
};

struct inittab {
	char text[INITTAB_BYTES];
	struct entry entries[INITTAB_ENTRIES];
	int count;
};

// Takes `length` bytes in table->text apart, in place: "tty:ignored:action:command" lines, # comments, as busybox has
// them. A bad line is reported by its number and left out. Returns the number of entries.
int inittab_parse(struct inittab *table, const char *name, size_t length);

// What is done where there is no inittab. `sysinit` is its first command.
void inittab_defaults(struct inittab *table, const char *sysinit);

// Reads `path`. Returns the number of entries, or -1 with errno.
int inittab_read(struct inittab *table, const char *path);

// Takes a command apart for execve(2) in `buffer` (WORDS_BYTES): a leading "-" makes argv[0] "-sh" for a
// login shell; what needs a shell becomes /bin/sh -c. Returns the file to execute.
enum { COMMAND_WORDS = 64, WORDS_BYTES = 2 * COMMAND_BYTES };
const char *command_words(const char *command, char *buffer, char *argv[COMMAND_WORDS + 1]);

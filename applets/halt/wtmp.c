// SPDX-License-Identifier: MIT
// wtmp - the record of a shutdown for last(1)
//
// The C library's own functions are not for this: musl's do nothing, and its struct utmpx is not what is in the file.

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "halt.h"

// utmp(5), as GNU libc writes it: numbers are 32 bits wide where there were 32-bit programs before.
#if defined __aarch64__ || (defined __riscv && __riscv_xlen == 64)
typedef int64_t number;
#else
typedef int32_t number;
#endif

enum { RUN_LVL = 1 };

struct record {
	int16_t type;
	int32_t pid;
	char line[32], id[4], user[32], host[256];
	int16_t termination, exit;
	number session, seconds, microseconds;
	int32_t address[4];
	char unused[20];
};

static const char path[] = "/var/log/wtmp";

// No O_CREAT: whoever wants the file has made it.
static int append(const struct record *record)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd < 0 ? -1 : write_all(fd, record, sizeof *record);
}

int record_shutdown(void)
{
	struct record record = { .type = RUN_LVL, .line = "~~", .id = "~~", .user = "shutdown" };
	struct utsname kernel;
	struct timespec now;

	if (access(path, F_OK))
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	record.seconds = now.tv_sec;
	record.microseconds = now.tv_nsec / 1000;
	if (!uname(&kernel))
		memcpy(record.host, kernel.release, strlen(kernel.release));	// of 64 bytes at most, uname(2)
	return DOOR(append(&record), "wtmp", path, ": shutdown >>%s\n", path);
}

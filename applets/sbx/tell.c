// SPDX-License-Identifier: MIT
// tell - what is told to --info-fd, --json-status-fd and --stats: bubblewrap's JSON, and ours

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fmt.h"
#include "sbx.h"

static const struct { int flag; char name[8]; } kinds[] = {
	{ CLONE_NEWCGROUP, "cgroup" }, { CLONE_NEWIPC, "ipc" }, { CLONE_NEWNS, "mnt" },
	{ CLONE_NEWNET, "net" }, { CLONE_NEWPID, "pid" }, { CLONE_NEWUTS, "uts" },
};

// The new ones only. `between` follows a comma: new lines for --info-fd, blanks for a line of --json-status-fd.
static void add_namespaces(struct buf *buf, const struct plan *plan, pid_t pid, const char *between)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char path[64];
		struct stat st;

		format_path(path, "/proc/%d/ns/%s", (int)pid, kinds[i].name);
		if ((plan->namespaces | CLONE_NEWNS) & (unsigned)kinds[i].flag && !stat(path, &st))
			buf_format(buf, ",%s\"%s-namespace\": %llu", between, kinds[i].name, (unsigned long long)st.st_ino);
	}
}

enum option_id tell_started(const struct plan *plan, pid_t pid)
{
	char text[1024];
	struct buf info = BUF(text);

	if (plan->info_fd >= 0) {
		buf_format(&info, "{\n    \"child-pid\": %d", (int)pid);
		add_namespaces(&info, plan, pid, "\n    ");
		if (print(plan->info_fd, "%s\n}\n", text) < 0)
			return O_INFO_FD;
		close(plan->info_fd);	// its reader may wait for the end
	}
	if (plan->status_fd >= 0) {
		info = (struct buf)BUF(text);
		buf_format(&info, "{ \"child-pid\": %d", (int)pid);
		add_namespaces(&info, plan, pid, " ");
		if (print(plan->status_fd, "%s }\n", text) < 0)
			return O_JSON_STATUS_FD;
	}
	return O_COUNT;
}

void tell_exit(const struct plan *plan, int code)
{
	if (plan->status_fd >= 0 && print(plan->status_fd, "{ \"exit-code\": %d }\n", code) < 0)
		say_refused(O_JSON_STATUS_FD, "%m");
}

static const char *const statuses[] = {
	[SBX_NORMAL] = "normal", [SBX_NONZERO] = "nonzero", [SBX_SIGNALLED] = "signalled", [SBX_TIME_LIMIT] = "time-limit",
	[SBX_OUTPUT_LIMIT] = "output-limit", [SBX_DISALLOWED] = "disallowed-syscall",
	[SBX_MEMORY_LIMIT_HIT] = "memory-limit", [SBX_KILLED] = "killed",
};

void tell_result(const struct plan *plan, const struct sbx_result *result, int code)
{
	if (plan->stats_fd < 0)
		return;
	if (print(plan->stats_fd, "{ \"status\": \"%s\", \"exit-code\": %d, \"user-ns\": %llu, \"system-ns\": %llu, \"wall-ns\": %llu, "
	      "\"peak-bytes\": %llu }\n", statuses[result->status], code, (unsigned long long)result->user_ns,
	      (unsigned long long)result->system_ns, (unsigned long long)result->wall_ns, (unsigned long long)result->peak_bytes) < 0)
		say_refused(O_STATS, "%m");
}

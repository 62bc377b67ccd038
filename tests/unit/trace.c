// SPDX-License-Identifier: MIT
// trace - the lines of the trace, kept until there is a file

#include <errno.h>
#include <fcntl.h>
#include "fmt.h"
#include "log.h"
#include "tap.h"
#include "trace.h"

static char path[64];

static char *written(void)
{
	return load_file(AT_FDCWD, path, 1 << 20, NULL) ?: strdup("");
}

int main(void)
{
	char folder[] = "/tmp/trace.XXXXXX", *text, word[32];
	long long start, took;
	int pid, error;

	log_name("rc.init");
	format_path(path, "%s/trace", mkdtemp(folder));
	trace_call(trace_now(), "mount", "/early", 0);
	trace_start();
	trace_past(1000, 250, "copyroot", "switch", "bind");
	trace_step("tmpfs");
	trace_call(trace_now() - 5, "mount", "/a b", ENOENT);
	ok(access(path, F_OK) < 0, "lines are kept while there is no file");
	ok(!trace_open(path), "and written when there is one");
	trace_step(NULL);
	trace_flush();
	text = written();
	format_path(word, "1000 250 %d ", getpid());
	ok(!strncmp(text, word, strlen(word)), "what was before the trace has the times that it is given");
	is(strchr(strstr(text, word) + strlen(word), 'c') ?: "", strstr(text, "copyroot - switch bind 0\n") ?: "?",
	   "and its applet, without a step");
	ok(strstr(text, " rc.init tmpfs mount '/a b' 2\n"), "a call has applet, step, operation, object quoted, errno");
	ok(strstr(text, " rc.init tmpfs step tmpfs 0\n"), "a step ends with a line of its own");
	ok(!strstr(text, "/early"), "nothing is collected before trace_start");
	ok(sscanf(strchr(text, '\n') + 1, "%lld %lld %d %*s %*s %*s '/a b' %d", &start, &took, &pid, &error) == 4
	   && took >= 5 && took < 1000000 && pid == getpid(), "times are microseconds");
	unlink(path);
	rmdir(folder);
	return tap_done();
}

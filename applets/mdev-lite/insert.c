// SPDX-License-Identifier: MIT
// insert - the steps of one job: finit_module(2), or the command that modprobe.d has instead
//
// Compressed modules: .gz is unpacked by libkmod with zlib; .xz and .zst by the kernel (Linux 5.17, with
// CONFIG_MODULE_DECOMPRESS), or by libkmod where the system's own can do it.

#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "door.h"
#include "fd.h"
#include "job.h"
#include "log.h"
#include "mdev.h"

enum { COMPRESSED_FILE = 4 };	// MODULE_INIT_COMPRESSED_FILE of linux/module.h

int job_timeout = TIMEOUT;

/* A job as text */

static int add_text(struct job *job, const char *text)
{
	size_t length = strlen(text) + 1;

	if (length > sizeof job->text - job->length)
		return -1;
	memcpy(job->text + job->length, text, length);
	job->length += length;
	return 0;
}

void job_begin(struct job *job, const char *name)
{
	job->length = job->steps = 0;
	job->name = add_text(job, name) < 0 ? "" : job->text;
}

int job_add(struct job *job, const struct step *step)
{
	char marks[] = { step->kind, step->required, 0 };

	if (job->steps == JOB_STEPS || add_text(job, marks) < 0 || add_text(job, step->name) < 0
	    || add_text(job, step->what) < 0 || add_text(job, step->options) < 0) {
		errno = E2BIG;
		return -1;
	}
	job->steps++;
	return 0;
}

static const char *next_text(const struct job *job, size_t *from)
{
	const char *text = job->text + *from;

	*from += strlen(text) + 1;
	return text;
}

int job_next(const struct job *job, size_t *from, struct step *step)
{
	const char *marks;

	if (!*from)
		next_text(job, from);
	if (*from >= job->length)
		return 0;
	marks = next_text(job, from);
	step->kind = marks[0];
	step->required = marks[1];
	step->name = next_text(job, from);
	step->what = next_text(job, from);
	step->options = next_text(job, from);
	return 1;
}

/* Its steps */

static int has_suffix(const char *path, const char *suffix)
{
	size_t length = strlen(path), own = strlen(suffix);

	return length > own && !strcmp(path + length - own, suffix);
}

static int insert_file(const char *path, const char *options, int flags)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : (int)syscall(SYS_finit_module, fd, options, flags);
}

static int insert_by_libkmod(const char *path, const char *options)
{
	struct kmod_ctx *kmod = kmod_new("/", NULL);
	struct kmod_module *module = NULL;
	int result = kmod ? kmod_module_new_from_path(kmod, path, &module) : -ENOMEM;

	if (!result)
		result = kmod_module_insert_module(module, 0, options);
	kmod_module_unref(module);
	kmod_unref(kmod);
	if (!result)
		return 0;
	errno = -result;
	return -1;
}

// These say that the file was not understood, rather than what was in it.
static int cannot_unpack(int error)
{
	return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL || error == ENOEXEC;
}

static int insert_compressed(const struct step *step)
{
	if (!insert_file(step->what, step->options, COMPRESSED_FILE))
		return 0;
	if (!cannot_unpack(errno))
		return -1;
	if (!insert_by_libkmod(step->what, step->options))
		return 0;
	if (cannot_unpack(errno))
		errno = EOPNOTSUPP;
	return -1;
}

static int insert(const struct step *step)
{
	if (has_suffix(step->what, ".gz"))
		return insert_by_libkmod(step->what, step->options);
	if (has_suffix(step->what, ".xz") || has_suffix(step->what, ".zst"))
		return insert_compressed(step);
	return insert_file(step->what, step->options, 0);
}

// `install` lines of modprobe.d run a command instead.
static int run_command(const struct step *step)
{
	int code;

	notice("%s: modprobe.d says to run: %s", step->name, step->what);
	setenv("MODPROBE_MODULE", step->name, 1);
	code = shell_run(step->what, environ, job_timeout);
	unsetenv("MODPROBE_MODULE");
	errno = code == -ETIME ? ETIME : EIO;
	return code ? -1 : 0;
}

static int run_step(const struct step *step)
{
	if (step->kind == 'c')
		return run_command(step);
	return allowing(ANY_ERROR, DOOR(insert(step), "modprobe", step->name, "modprobe -b %-s\n", step->name));
}

int job_run(const struct job *job, struct result *result)
{
	struct step step;

	*result = (struct result){ .count = 0 };
	for (size_t from = 0; job_next(job, &from, &step);) {
		int error = run_step(&step) < 0 ? errno : 0;

		result->step[result->count++] = error;
		if (error && error != EEXIST && step.required == 'r')
			return -1;
	}
	return 0;
}

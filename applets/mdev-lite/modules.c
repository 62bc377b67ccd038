// SPDX-License-Identifier: MIT
// modules - what modprobe does, in this process, by libkmod
//
// Each alias is looked up once, each module tried once: acpi_cpufreq and its like fail with ENODEV
// every time. All modules of an alias are tried, since a device may have more than one driver.

#include <dirent.h>
#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "cmdline.h"
#include "fmt.h"
#include "job.h"
#include "log.h"
#include "mdev.h"

struct wanted {
	struct wanted *next;
	char alias[];
};

static struct kmod_ctx *kmod;
static struct set asked, tried;			// aliases, module names
static struct wanted *first, **last = &first;	// asked for, not looked up yet
static unsigned inserted;
static unsigned blacklist = KMOD_PROBE_APPLY_BLACKLIST;
static int parallel;				// nobody waits for the outcome of the single one

// "name (reason), ..." of those that did not load, and of those whose hardware is not there.
static char failed_text[512], absent_text[512];
static struct buf failed = BUF(failed_text), absent = BUF(absent_text);

/* libkmod */

static const char *const folders[] = { "/etc/modprobe.d", "/run/modprobe.d", "/lib/modprobe.d", NULL };

// With --root the configuration is read below it too. libkmod copies what it needs.
static struct kmod_ctx *new_context(const struct mdev *m, const char *modules)
{
	char text[4][512];
	const char *paths[4] = { NULL };

	if (!*m->root)
		return kmod_new(modules, NULL);
	for (int i = 0; folders[i]; i++) {
		format_path(text[i], "%s", mdev_path(m, folders[i]));
		paths[i] = text[i];
	}
	return kmod_new(modules, paths);
}

int modules_open(const struct mdev *m, enum log_level level)
{
	struct utsname kernel;
	char modules[512], index[544];

	uname(&kernel);
	format_path(modules, "%s/lib/modules/%s", m->root, kernel.release);
	if (access(modules, F_OK) < 0) {
		// A kernel without module support needs none.
		if (*m->root || !access("/proc/modules", F_OK))
			log_line(level, "no modules for this kernel: %s:", modules);
		return -1;
	}
	job_timeout = m->timeout;
	kmod = new_context(m, modules);
	format_path(index, "%s/modules.dep.bin", modules);
	// Where one index is missing (a kernel without modules.builtin) none is kept in memory, but look-ups work.
	if (!kmod || (kmod_load_resources(kmod) < 0 && access(index, R_OK) < 0)) {
		warn("cannot read the index of %s (depmod writes it)", modules);
		return -1;
	}
	return 0;
}

static void forget(struct set *set)
{
	free(set->slot);
	*set = (struct set){ 0 };
}

// A daemon mostly waits: its memory is not for the index, of which look-ups have touched megabytes.
static int index_rests;

static void rest_index(void)
{
	if (kmod)
		kmod_unload_resources(kmod);
	index_rests = 1;
}

static void wake_index(void)
{
	if (kmod && index_rests)
		kmod_load_resources(kmod);
	index_rests = 0;
}

void modules_refresh(const struct mdev *m)
{
	if (!kmod || kmod_validate_resources(kmod) == KMOD_RESOURCES_OK)
		return;
	kmod_unref(kmod);
	kmod = NULL;
	forget(&tried);
	forget(&asked);
	modules_open(m, LOG_NOTICE);
}

/* One module */

// libkmod's probe, as a dry run, says what would be inserted, in which order and with which options. It has
// no argument for us, so these are here.
static struct {
	struct job *job;
	struct kmod_module *module;
	struct kmod_list *needed;	// by `module`, without soft dependencies
	int error;
} plan;

static int is_needed(struct kmod_module *module)
{
	struct kmod_list *item;

	if (module == plan.module)
		return 1;
	kmod_list_foreach(item, plan.needed) {
		struct kmod_module *needed = kmod_module_get_module(item);

		kmod_module_unref(needed);
		if (needed == module)
			return 1;
	}
	return 0;
}

static void plan_step(struct kmod_module *module, bool install, const char *options)
{
	const char *what = install ? kmod_module_get_install_commands(module) : kmod_module_get_path(module);

	if (job_add(plan.job, &(struct step){
		.kind = install ? 'c' : 'm', .required = is_needed(module) ? 'r' : '-',
		.name = kmod_module_get_name(module), .what = what ? what : "", .options = options,
	}) < 0)
		plan.error = errno;
}

// Returns 0, 1 for a blacklisted one, or -1 with errno. Nothing is to be done for what is there already.
static int plan_module(struct kmod_module *module, struct job *job)
{
	int result;

	job_begin(job, kmod_module_get_name(module));
	plan.job = job;
	plan.module = module;
	plan.needed = kmod_module_get_dependencies(module);
	plan.error = 0;
	result = kmod_module_probe_insert_module(module, blacklist | KMOD_PROBE_DRY_RUN, NULL, NULL, NULL, plan_step);
	kmod_module_unref_list(plan.needed);
	errno = result < 0 ? -result : plan.error;
	return errno ? -1 : result > 0;
}

static int is_compressed(const char *path)
{
	size_t length = strlen(path);

	return length > 4 && (!strcmp(path + length - 3, ".xz") || !strcmp(path + length - 4, ".zst"));
}

// `step` may be NULL.
static const char *reason(const struct step *step, int error)
{
	static char text[32];

	if (error == ETIME) {
		format_path(text, "not done after %d s", job_timeout / 1000);
		return text;
	}
	if (error == EPIPE)
		return "its init ended the process that loaded it";
	if (step && step->kind == 'c' && error == EIO)
		return "its command failed";
	if (step && error == EOPNOTSUPP && is_compressed(step->what))
		return "this kernel does not unpack .xz or .zst";
	return strerror(error);
}

// "name (reason)", or "name (what it needs: reason)".
static void remember(const char *name, const struct step *step, int error)
{
	struct buf *list = error == ENODEV ? &absent : &failed;

	buf_format(list, "%s%s", list->length ? ", " : "", name);
	if (step && strcmp(step->name, name))
		buf_format(list, " (%s: %s)", step->name, reason(step, error));
	else if (error != ENODEV)
		buf_format(list, " (%s)", reason(step, error));
}

static int is_fine(int error)
{
	return !error || error == EEXIST;
}

void modules_finished(const struct job *job, const struct result *result)
{
	struct step step;
	size_t from = 0;

	for (unsigned i = 0; i < result->count && job_next(job, &from, &step); i++) {
		int error = result->step[i];

		if (!error) {
			info("loaded %s", step.name);
			inserted++;
			continue;
		}
		info("%s: %s", step.name, reason(&step, error));
		if (!is_fine(error) && step.required == 'r')
			remember(job->name, &step, error);
	}
}

void modules_lost(const char *name, int error)
{
	remember(name, NULL, error);
}

// Returns 0 if it is there (or a worker sees to that), -1 if not.
static int load_module(struct kmod_module *module)
{
	static struct job job;
	struct result result;
	const char *name = kmod_module_get_name(module);
	int planned;

	if (!set_add(&tried, name) || workers_late(name))
		return kmod_module_get_initstate(module) < 0 ? -1 : 0;
	planned = plan_module(module, &job);
	if (planned < 0)
		remember(name, NULL, errno);
	else if (planned > 0)
		info("%s is blacklisted", name);
	if (planned || !job.steps)
		return planned ? -1 : 0;
	if (parallel && workers_limit() > 1 && !workers_give(&job))
		return 0;
	planned = job_run(&job, &result);
	modules_finished(&job, &result);
	return planned;
}

// All that `alias` names. Returns how many of them are there, -1 where it names none.
static int load_alias(const char *alias)
{
	struct kmod_list *list = NULL, *item;
	int count = -1;

	if (kmod_module_new_from_lookup(kmod, alias, &list) < 0)
		return -1;
	kmod_list_foreach(item, list) {
		struct kmod_module *module = kmod_module_get_module(item);

		count += (count < 0) + !load_module(module);
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	return count;
}

/* The queue */

void modules_want(const char *alias)
{
	struct wanted *wanted;

	if (!kmod || !set_add(&asked, alias) || !(wanted = malloc(sizeof *wanted + strlen(alias) + 1)))
		return;
	wanted->next = NULL;
	strcpy(wanted->alias, alias);
	*last = wanted;
	last = &wanted->next;
}

int modules_load_next(int netlink)
{
	// The modules of the alias that is being seen to, and the next of them.
	static struct kmod_list *list, *item;
	struct wanted *wanted = first;
	struct kmod_module *module;

	if ((!item && !wanted) || !workers_free())
		return workers_wait(netlink) || ((item || wanted) && workers_free());	// those that were busy may be late now
	if (!item) {
		wake_index();
		first = wanted->next;
		if (!first)
			last = &first;
		// A helper, which has one alias, needs no process for it.
		parallel = netlink >= 0 || first;
		list = NULL;
		if (!kmod || kmod_module_new_from_lookup(kmod, wanted->alias, &list) < 0)
			list = NULL;
		item = list;
		free(wanted);
		return 1;
	}
	module = kmod_module_get_module(item);
	load_module(module);
	kmod_module_unref(module);
	item = kmod_list_next(list, item);
	if (!item)
		kmod_module_unref_list(list);
	return 1;
}

unsigned modules_inserted(void)
{
	return inserted;
}

void modules_rest(int forgets)
{
	workers_stop();
	if (failed.length)
		warn("modules not loaded: %s", failed_text);
	if (absent.length)
		info("modules without their hardware: %s", absent_text);
	failed.length = absent.length = 0;
	if (forgets) {
		forget(&asked);
		forget(&tried);
		rest_index();
	}
}

/* What is configured */

static void want_lines(const char *file)
{
	struct lines lines;

	if (lines_open(&lines, file) < 0) {
		warn("%s:", file);
		return;
	}
	for (char *line; (line = lines_next(&lines));) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t\r")] = 0;
		if (*line && *line != '#' && *line != ';')
			modules_want(line);
	}
	free(lines.text);
}

static void want_list(char *list)
{
	char *rest;

	for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
		modules_want(name);
}

static int is_configuration(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && !strcmp(entry->d_name + length - 5, ".conf");
}

// A file of /etc hides one of the same name in /run and /usr/lib (modules-load.d(5)).
static void want_folder(const struct mdev *m, const char *folder, struct set *hidden)
{
	struct dirent **entries = NULL;
	int count = scandir(mdev_path(m, folder), &entries, is_configuration, alphasort);

	for (int i = 0; i < count; i++) {
		char path[1024];

		if (set_add(hidden, entries[i]->d_name)
		    && format_path(path, "%s%s/%s", m->root, folder, entries[i]->d_name) > 0)
			want_lines(path);
		free(entries[i]);
	}
	free(entries);
}

void modules_want_configured(const struct mdev *m)
{
	static const char *const load_folders[] = { "/etc/modules-load.d", "/run/modules-load.d",
						    "/usr/lib/modules-load.d", NULL };
	static const char key[] = "modules-load=";
	struct set hidden = { 0 };
	const char *text = cmdline_text();
	char word[1024];

	while (cmdline_word(&text, word, sizeof word)) {
		char *name = strncmp(word, "rd.", 3) ? word : word + 3;
		char *underscore = strchr(name, '_');

		if (underscore)
			*underscore = '-';
		if (!strncmp(name, key, sizeof key - 1))
			want_list(name + sizeof key - 1);
	}
	for (const char *const *folder = load_folders; *folder; folder++)
		want_folder(m, *folder, &hidden);
	free(hidden.slot);
}

/* --load */

int modules_load(const char *alias)
{
	int count;

	blacklist = KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY;	// as modprobe: who names it wants it
	count = load_alias(alias);
	modules_rest(0);
	if (count < 0)
		info("%s: no such module or alias", alias);
	return count > 0 ? 0 : -1;
}

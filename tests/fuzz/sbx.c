// SPDX-License-Identifier: MIT
// sbx - its options: words with a 0 after each; what an option reads from a descriptor is the input's second half
// link: -Wl,--wrap=load_fd -Wl,--wrap=close -Wl,--wrap=getuid

#include <unistd.h>
#include "applets/sbx/sbx.h"
#include "libcommon/sbx_wire.h"
#include "fuzz.h"

enum { WORDS = 200 };

static const uint8_t *given_data;
static size_t given_size;

char *__wrap_load_fd(int fd, size_t limit, size_t *length);
char *__wrap_load_fd(int fd, size_t limit, size_t *length)
{
	size_t size = given_size < limit ? given_size : limit;

	(void)fd;
	if (length)
		*length = size;
	return text_of(given_data, size);
}

int __wrap_close(int fd);
int __wrap_close(int fd) { (void)fd; return 0; }

// Both kinds of callers
static uid_t who;
uid_t __wrap_getuid(void);
uid_t __wrap_getuid(void) { return who; }

// What is sent to sbx-init has the form that it demands.
static void check_request(const struct sbx_request *request)
{
	static struct sbx_message message;
	const char *why;
	unsigned key;

	if (request->error || !sbx_parse(SBX_CONF, request->body, request->length, request->fd_count, &message, &why, &key))
		return;
	fprintf(stderr, "refused: %s %s\n", key ? sbx_key_name(key) : "", why);
	must(!"what sbx sends is understood");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan plan;
	char *argv[WORDS + 2] = { "sbx" }, *environment[] = { "A=1", "HOME=/", "PWD=/x", NULL }, *text;
	int argc = 1, result;

	if (size < 2)
		return 0;
	memset(&plan, 0, sizeof plan);
	plan.as_bwrap = *data & 1;
	who = *data & 2 ? 0 : 1000;
	plan.environ = environment;
	data++, size--;
	given_size = size / 2;
	given_data = data + size - given_size;
	text = text_of(data, size);
	for (size_t i = 0; i < size && argc <= WORDS; i += strlen(text + i) + 1)
		argv[argc++] = text + i;
	result = plan_parse(&plan, argc, argv);
	must(result == 0 || result == -1 || result == EXIT_SETUP);
	if (!result) {
		must(plan.command.count || plan.serve);
		must(plan.env.count);
		if (plan.command.count) {
			sbx_put_u32(&plan.conf, SBX_FLAGS, SBX_F_ONCE);
			put_command(&plan, &plan.conf, 0);
			check_request(&plan.conf);
		}
	}
	plan_free(&plan);
	free(text);
	return 0;
}

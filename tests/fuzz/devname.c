// SPDX-License-Identifier: MIT
// devname - modules.devname, and the nodes that mdev-lite makes from it
// link: -Wl,--wrap=load_file

#include <unistd.h>
#include "applets/mdev-lite/mdev.h"
#include "fuzz.h"

static const uint8_t *input;
static size_t input_size;

char *__wrap_load_file(int dirfd, const char *path, size_t limit, size_t *length);
char *__wrap_load_file(int dirfd, const char *path, size_t limit, size_t *length)
{
	(void)dirfd, (void)limit;
	must(strstr(path, "modules.devname"));
	if (length)
		*length = input_size;
	return text_of(input, input_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mdev m = { .root = "/nowhere", .file = "fuzz", .dev = -1 };
	static char folder[] = "/tmp/fuzz-devname-XXXXXX";

	if (m.dev < 0) {
		must(mkdtemp(folder));
		m.dev = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		must(!rmdir(folder));
	}
	input = data;
	input_size = size;
	static_nodes(&m);
	return 0;
}

// SPDX-License-Identifier: MIT
// checkconfig - the text of a kernel's configuration, plain or compressed by gzip

#include <sys/mman.h>
#include <unistd.h>
#include "applets/checkconfig/checkconfig.h"
#include "fuzz.h"

static void check_text(const char *text)
{
	int release = config_release(text);

	must(release >= 0 && release < 1000 * 1000);
	for (const struct need *need = needs; need->applets; need++) {
		char value = config_value(text, need->option);
		enum verdict verdict = need_check(need, text);

		must(value == 'y' || value == 'm' || value == 'n');
		must(value == 'n' || strstr(text, "CONFIG_"));
		must((verdict == PRESENT || verdict == MODULE_ONLY) == (value != 'n'));
		must(verdict != MODULE_ONLY || value == 'm');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd;
	char *text;

	if (fd <= 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(!ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
	if ((text = config_load(fd)))
		check_text(text);
	free(text);
	return 0;
}

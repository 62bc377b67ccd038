// SPDX-License-Identifier: MIT
// cmdline - the kernel's command line: words, values, lists

#include "cmdline.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "initbox.skip", "console", "rw", "modules-load", "a" };
	char *text = text_of(data, size);
	const char *rest = text;
	char word[24], value[16];
	size_t length, words = 0;

	while ((length = cmdline_word(&rest, word, sizeof word))) {
		must(length < sizeof word && length == strlen(word) && rest <= text + size && !strchr(word, '"'));
		must(++words <= size);
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *found = cmdline_value(text, keys[i], value, sizeof value);

		must(!found || (found == value && strlen(value) < sizeof value));
		must(!list_has(text, keys[i]) || strstr(text, keys[i]));
	}
	free(text);
	return 0;
}

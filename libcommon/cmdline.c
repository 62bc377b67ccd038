// SPDX-License-Identifier: MIT
// cmdline - the kernel's command line

#include <ctype.h>
#include <string.h>
#include "cmdline.h"
#include "proc.h"

const char *cmdline_text(void)
{
	static char text[4096];	// COMMAND_LINE_SIZE is 4096 at most where Linux runs on Debian's architectures
	static int known;

	if (!known) {
		known = 1;
		if (proc_read("cmdline", text, sizeof text) < 0)
			text[0] = 0;
	}
	return text;
}

size_t cmdline_word(const char **text, char *word, size_t size)
{
	size_t length = 0;
	int quoted = 0;
	const char *p = *text;

	while (isspace((unsigned char)*p))
		p++;
	for (; *p && (quoted || !isspace((unsigned char)*p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (length < size - 1)
			word[length++] = *p;
	}
	word[length] = 0;
	*text = p;
	return length;
}

static int same_key(const char *word, const char *key)
{
	for (; *key; word++, key++)
		if (*word != *key && !(*word == '-' && *key == '_') && !(*word == '_' && *key == '-'))
			return 0;
	return !*word || *word == '=';
}

const char *cmdline_value(const char *text, const char *key, char *value, size_t size)
{
	char word[1024];
	const char *found = NULL;

	while (cmdline_word(&text, word, sizeof word))
		if (same_key(word, key)) {
			const char *from = word + strlen(key);
			size_t length;

			from += *from == '=';
			length = strnlen(from, size - 1);
			memcpy(value, from, length);
			value[length] = 0;
			found = value;
		}
	return found;
}

const char *cmdline_get(const char *key, char *value, size_t size)
{
	return cmdline_value(cmdline_text(), key, value, size);
}

int list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == length && !memcmp(list, word, length))
			return 1;
	return 0;
}

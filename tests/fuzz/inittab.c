// SPDX-License-Identifier: MIT
// inittab - /etc/inittab, and what its commands become for execve(2)

#include "applets/init/inittab.h"
#include "fuzz.h"

static void check_entry(const struct inittab *table, const struct entry *entry)
{
	static char buffer[WORDS_BYTES];
	char *argv[COMMAND_WORDS + 1];
	const char *file;
	int words = 0;

	must(entry->command >= table->text && entry->command < table->text + sizeof table->text);
	must(*entry->tty != '/' && !strstr(entry->tty, ".."));
	must(entry->action >= 0 && entry->action < ACTIONS);
	file = command_words(entry->command, buffer, argv);
	must(*file);
	while (words < COMMAND_WORDS && argv[words])
		must(strlen(argv[words++]) < WORDS_BYTES);
	must(words > 0 && !argv[words]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct inittab *table;
	int count;

	if (size >= INITTAB_BYTES)
		return 0;
	table = malloc(sizeof *table);
	memcpy(table->text, data, size);
	count = inittab_parse(table, "fuzz", size);
	must(count >= 0 && count <= INITTAB_ENTRIES && count == table->count);
	for (int i = 0; i < count; i++)
		check_entry(table, &table->entries[i]);
	free(table);
	return 0;
}

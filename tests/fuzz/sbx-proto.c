// SPDX-License-Identifier: MIT
// sbx-proto - a message to or from sbx-init: what the parser lets through can be read as its readers do
//
// The first two bytes are the message's type and its number of descriptors, the rest is its body.

#include "sbx_wire.h"
#include "fuzz.h"

static size_t total;	// keeps the reads

static void read_texts(const char *text, unsigned count, size_t length)
{
	char **vector = malloc((count + 1) * sizeof *vector);
	size_t sum = 0;

	sbx_vector(text, count, vector);
	for (unsigned i = 0; i < count; i++)
		sum += strlen(vector[i]) + 1;
	must(sum == length && !vector[count]);
	free(vector);
}

static void read_op(const struct sbx_message *message, const struct sbx_field *field)
{
	const struct sbx_wire_op *op = sbx_value(field);
	const char *text = sbx_op_texts(op);

	must(op->type && op->type <= SBX_OP_LAST && field->length >= sizeof *op);
	must(op->fd == SBX_UNSET || op->fd < message->fds);
	must(op->mode == SBX_UNSET || op->mode <= 07777);
	for (unsigned i = 0; i < op->texts; i++, text = sbx_after(text))
		total += strlen(text);
	must((const char *)sbx_value(field) + field->length == text + op->data);
	for (uint32_t i = 0; i < op->data; i++)
		total += (unsigned char)text[i];
}

static void read_message(const struct sbx_message *message)
{
	static const enum sbx_key texts[] = { SBX_ARGV, SBX_ENV, SBX_MASK, SBX_INIT_COMMAND };
	static const enum sbx_key fds[] = { SBX_SERVE, SBX_EXEC_FD, SBX_TTY, SBX_CGROUP };
	const struct sbx_field *field = NULL;
	size_t length;

	while ((field = sbx_next(message, SBX_OP, field)))
		read_op(message, field);
	while ((field = sbx_next(message, SBX_ITEM, field)))
		total += strlen((const char *)sbx_value(field) + sizeof(struct sbx_wire_item));
	while ((field = sbx_next(message, SBX_LANDLOCK, field)))
		must(((const char *)sbx_value(field))[8] == '/');
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *data = sbx_bytes(message, texts[i], &length);

		if (data)
			read_texts(data, sbx_count(data, length), length);
	}
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		must(sbx_number(message, fds[i], 0) < message->fds || !sbx_has(message, fds[i]));
	if (sbx_text(message, SBX_HOSTNAME))
		must(strlen(sbx_text(message, SBX_HOSTNAME)) <= 64);
	if (sbx_bytes(message, SBX_FILES, &length))
		must(length / 4 == message->free_fds);
	must(message->free_fds <= message->fds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sbx_message message;
	const char *why = NULL;
	unsigned key;
	void *body;

	if (size < 2)
		return 0;
	body = malloc(size - 1);	// of its exact size, and aligned
	memcpy(body, data + 2, size - 2);
	if (!sbx_parse(data[0], body, size - 2, data[1], &message, &why, &key))
		read_message(&message);
	else
		must(why && *why && *sbx_key_name(key));
	free(body);
	return 0;
}

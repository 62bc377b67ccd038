// SPDX-License-Identifier: MIT
// request - the fields of a message, put together

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sbx.h"

enum { FIRST_SIZE = 4096 };

void sbx_free(struct sbx_request *request)
{
	free(request->body);
	memset(request, 0, sizeof *request);
}

// Room for `length` more bytes, all 0; NULL once something has failed.
static unsigned char *room(struct sbx_request *request, size_t length)
{
	size_t size = request->size ? request->size : FIRST_SIZE;
	unsigned char *larger, *at;

	if (request->error)
		return NULL;
	if (length > SBX_BODY_MAX - request->length) {
		request->error = EMSGSIZE;
		return NULL;
	}
	while (size - request->length < length)
		size *= 2;
	if (size != request->size) {
		larger = realloc(request->body, size);
		if (!larger) {
			request->error = ENOMEM;
			return NULL;
		}
		request->body = larger;
		request->size = size;
	}
	at = request->body + request->length;
	memset(at, 0, length);
	request->length += length;
	return at;
}

// A field's head and room for its value.
static unsigned char *field(struct sbx_request *request, enum sbx_key key, size_t length)
{
	struct sbx_field head = { .key = (uint16_t)key, .length = (uint32_t)length };
	unsigned char *at;

	if (length > SBX_BODY_MAX) {
		request->error = request->error ? request->error : EMSGSIZE;
		return NULL;
	}
	at = room(request, sizeof head + ((length + 7) & ~(size_t)7));
	return at ? (unsigned char *)memcpy(at, &head, sizeof head) + sizeof head : NULL;
}

void sbx_put(struct sbx_request *request, enum sbx_key key, const void *data, size_t length)
{
	unsigned char *at = field(request, key, length);

	if (at && length)
		memcpy(at, data, length);
}

void sbx_put_u32(struct sbx_request *request, enum sbx_key key, uint32_t value)
{
	sbx_put(request, key, &value, sizeof value);
}

void sbx_put_u64(struct sbx_request *request, enum sbx_key key, uint64_t value)
{
	sbx_put(request, key, &value, sizeof value);
}

void sbx_put_text(struct sbx_request *request, enum sbx_key key, const char *text)
{
	sbx_put(request, key, text, strlen(text) + 1);
}

static size_t texts_length(const char *const *texts)
{
	size_t length = 0;

	for (; *texts; texts++)
		length += strlen(*texts) + 1;
	return length;
}

static void copy_texts(unsigned char *at, const char *const *texts)
{
	for (; *texts; texts++) {
		size_t n = strlen(*texts) + 1;

		memcpy(at, *texts, n);
		at += n;
	}
}

void sbx_put_texts(struct sbx_request *request, enum sbx_key key, const char *const *texts)
{
	size_t length = texts_length(texts);
	unsigned char *at = length ? field(request, key, length) : NULL;	// none: no field

	if (at)
		copy_texts(at, texts);
}

// The number by which a field names `fd`; SBX_UNSET if it cannot be attached.
static uint32_t attach(struct sbx_request *request, int fd)
{
	if (request->fd_count == SBX_FDS_MAX || fd < 0) {
		if (!request->error)
			request->error = fd < 0 ? EBADF : EMFILE;
		return SBX_UNSET;
	}
	request->fds[request->fd_count] = fd;
	return request->fd_count++;
}

void sbx_put_fd(struct sbx_request *request, enum sbx_key key, int fd)
{
	sbx_put_u32(request, key, attach(request, fd));
}

void sbx_put_files(struct sbx_request *request, const int *fds, const unsigned *numbers, unsigned count)
{
	uint32_t list[SBX_FDS_MAX];

	for (unsigned i = 0; i < count; i++)
		if (attach(request, fds[i]) != SBX_UNSET)
			list[i] = numbers ? numbers[i] : i;
	if (!request->error)
		sbx_put(request, SBX_FILES, list, count * sizeof *list);
}

void sbx_put_rlimit(struct sbx_request *request, int resource, uint64_t soft, uint64_t hard)
{
	struct sbx_rlimit limit = { .resource = (uint32_t)resource, .soft = soft, .hard = hard };

	sbx_put(request, SBX_RLIMIT, &limit, sizeof limit);
}

void sbx_put_landlock(struct sbx_request *request, uint64_t access, const char *path)
{
	size_t length = strlen(path) + 1;
	unsigned char *at = field(request, SBX_LANDLOCK, sizeof access + length);

	if (at) {
		memcpy(at, &access, sizeof access);
		memcpy(at + sizeof access, path, length);
	}
}

void sbx_put_op(struct sbx_request *request, const struct sbx_op *op)
{
	static const char *const none[] = { NULL };
	const char *const *texts = op->texts ? op->texts : none;
	size_t length = texts_length(texts);
	struct sbx_wire_op wire = {
		.type = (uint16_t)op->type, .flags = op->flags, .mode = op->mode, .size = op->size,
		.data = (uint32_t)op->data_length,
		.fd = op->fd < 0 ? SBX_UNSET : attach(request, op->fd),
	};
	unsigned char *at;

	if (op->data_length > SBX_BODY_MAX) {
		request->error = request->error ? request->error : EMSGSIZE;
		return;
	}
	while (texts[wire.texts])
		wire.texts++;
	at = field(request, SBX_OP, sizeof wire + length + op->data_length);
	if (!at)
		return;
	memcpy(at, &wire, sizeof wire);
	copy_texts(at + sizeof wire, texts);
	if (op->data_length)
		memcpy(at + sizeof wire + length, op->data, op->data_length);
}

/* The common operations */

static void put_simple(struct sbx_request *request, enum sbx_op_type type, uint32_t flags, uint32_t mode, uint64_t size,
		       const char *first, const char *second)
{
	const char *const texts[] = { first, second, NULL };

	sbx_put_op(request, &(struct sbx_op){ .type = type, .flags = flags, .mode = mode, .fd = -1, .size = size,
					      .texts = texts });
}

void sbx_bind(struct sbx_request *request, const char *source, const char *target, uint32_t flags)
{
	put_simple(request, SBX_OP_BIND, flags, SBX_UNSET, 0, source, target);
}

void sbx_proc(struct sbx_request *request, const char *target)
{
	put_simple(request, SBX_OP_PROC, 0, SBX_UNSET, 0, target, NULL);
}

void sbx_dev(struct sbx_request *request, const char *target, uint32_t flags)
{
	put_simple(request, SBX_OP_DEV, flags, SBX_UNSET, 0, target, NULL);
}

void sbx_tmpfs(struct sbx_request *request, const char *target, uint64_t size, uint32_t mode)
{
	put_simple(request, SBX_OP_TMPFS, 0, mode, size, target, NULL);
}

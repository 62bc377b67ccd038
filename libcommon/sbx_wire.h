// SPDX-License-Identifier: MIT
// sbx_wire.h - messages of docs/sbx-protocol.md: sent, received, taken apart; for both ends
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "sbx_proto.h"

enum { SBX_KEYS = 160, SBX_PATH_MAX = 4096 };

// A message as it came. `packet` is the caller's: room for one; a longer body is mapped.
struct sbx_wire {
	uint16_t type;
	const unsigned char *body;
	size_t length;
	int fds[SBX_FDS_MAX];	// the receiver's, close-on-exec
	unsigned fd_count;
	pid_t pid;		// the sender's, where the socket has SO_PASSCRED; else 0
	void *mapped;
};
struct sbx_packet {
	struct sbx_header header;
	unsigned char body[SBX_PACKET_SIZE - sizeof(struct sbx_header)];
} __attribute__((aligned(8)));

// Returns 0, or -1 with errno.
int sbx_wire_send(int socket, uint16_t type, const void *body, size_t length, const int *fds, unsigned fd_count);
// Returns 1, 0 at the end (nobody has the other end any more), or -1 with errno: EBADMSG for what is no message
// of this version; the descriptors of such a one are closed.
int sbx_wire_receive(int socket, struct sbx_packet *packet, struct sbx_wire *wire);
// Unmaps; closes the descriptors that are left (those not set to -1).
void sbx_wire_free(struct sbx_wire *wire);

// A message taken apart: the first field of each key.
struct sbx_message {
	uint16_t type;
	unsigned fds;
	const unsigned char *body;
	size_t length;
	const struct sbx_field *at[SBX_KEYS];
	unsigned free_fds;	// descriptors that no field takes: the command's
	unsigned char taken[(SBX_FDS_MAX + 7) / 8];
};

// Checks everything that docs/sbx-protocol.md says about form. Returns 0, or -1 with *why and, where there is one,
// *key, the field's number. A message that passes can be read without any further check.
int sbx_parse(uint16_t type, const void *body, size_t length, unsigned fds, struct sbx_message *message,
	      const char **why, unsigned *key);

int sbx_has(const struct sbx_message *message, enum sbx_key key);
uint64_t sbx_number(const struct sbx_message *message, enum sbx_key key, uint64_t otherwise);
const char *sbx_text(const struct sbx_message *message, enum sbx_key key);	// NULL: none
const void *sbx_bytes(const struct sbx_message *message, enum sbx_key key, size_t *length);
// The next field of `key` after `previous` (NULL: the first), or NULL.
const struct sbx_field *sbx_next(const struct sbx_message *message, enum sbx_key key, const struct sbx_field *previous);
const void *sbx_value(const struct sbx_field *field);

// Texts: how many, and the one after `text`.
unsigned sbx_count(const void *texts, size_t length);
static inline const char *sbx_after(const char *text)
{
	while (*text++)
		;
	return text;
}
// Pointers to `count` texts, and a NULL: `vector` has room for count + 1.
void sbx_vector(const char *texts, unsigned count, char **vector);
// The texts and the data of an operation.
static inline const char *sbx_op_texts(const struct sbx_wire_op *op)
{
	return (const char *)(op + 1);
}

const char *sbx_op_name(unsigned type);
const char *sbx_key_name(unsigned key);
const char *sbx_type_name(unsigned type);

// SPDX-License-Identifier: MIT
// sbx_proto - the one parser of docs/sbx-protocol.md: tables of fields and operations, and what checks them
//
// Part of libsbx too, so it knows nothing of the rest of the suite. A message that has passed sbx_parse is read
// without any further check of its form.

#include <string.h>
#include <sys/resource.h>
#include "sbx_wire.h"

/* What there is */

enum kind { NONE, U32, U64, TEXT, NAME, PATH, TEXTS, PATHS, BYTES, FD, NUMBERS, OP, RLIMIT, LANDLOCK, FILTER, ITEM };
enum { CONF = 1, EXEC = 2, LIST = 4, REPLY = 8, MANY = 16 };

static const struct key {
	const char *name;
	unsigned char kind, where;
	uint64_t max;	// of a number; of a NAME's length
} keys[SBX_KEYS] = {
	[SBX_FLAGS] = { "flags", U32, CONF, SBX_F_ALL },
	[SBX_NAMESPACES] = { "namespaces", U32, CONF, UINT32_MAX },
	[SBX_UID] = { "uid", U32, CONF, UINT32_MAX - 1 },
	[SBX_GID] = { "gid", U32, CONF, UINT32_MAX - 1 },
	[SBX_HOST_UID] = { "host uid", U32, CONF, UINT32_MAX - 1 },
	[SBX_HOST_GID] = { "host gid", U32, CONF, UINT32_MAX - 1 },
	[SBX_HOSTNAME] = { "host name", NAME, CONF, 64 },
	[SBX_DOMAINNAME] = { "domain name", NAME, CONF, 64 },
	[SBX_OP] = { "operation", OP, CONF | MANY, 0 },
	[SBX_MASK] = { "mask", PATHS, CONF, 0 },
	[SBX_INIT_COMMAND] = { "init command", TEXTS, CONF, 0 },
	[SBX_PARENT_PERM] = { "mode of folders", U32, CONF, 07777 },
	[SBX_POINT_PERM] = { "mode of mount points", U32, CONF, 07777 },
	[SBX_CAPS] = { "capabilities", U64, CONF, UINT64_MAX },
	[SBX_SECCOMP_PRESETS] = { "seccomp presets", U32, CONF, 31 | SBX_SECCOMP_BASE },
	[SBX_SECCOMP_FLAGS] = { "seccomp flags", U32, CONF, 7 },
	[SBX_SECCOMP_FILTER] = { "seccomp filter", FILTER, CONF | EXEC | MANY, 0 },
	[SBX_SCOPE] = { "scope", U32, CONF, 3 },
	[SBX_SCOPE_TRY] = { "scope", U32, CONF, 3 },
	[SBX_LANDLOCK] = { "landlock rule", LANDLOCK, CONF | MANY, 0 },
	[SBX_SERVE] = { "channel to serve", FD, CONF, 0 },
	[SBX_FILE_LABEL] = { "file label", TEXT, CONF, 0 },
	[SBX_USERNS] = { "user namespace", FD, CONF, 0 },
	[SBX_PATH] = { "path", TEXT, EXEC, 0 },
	[SBX_ARGV] = { "arguments", TEXTS, EXEC, 0 },
	[SBX_ENV] = { "environment", TEXTS, EXEC, 0 },
	[SBX_DIR] = { "working directory", PATH, EXEC, 0 },
	[SBX_FILES] = { "files", NUMBERS, EXEC, 65535 },
	[SBX_EXEC_FD] = { "file to execute", FD, EXEC, 0 },
	[SBX_TTY] = { "terminal", FD, EXEC, 0 },
	[SBX_CGROUP] = { "cgroup", FD, EXEC, 0 },
	[SBX_RLIMIT] = { "rlimit", RLIMIT, EXEC | MANY, 0 },
	[SBX_X_FLAGS] = { "command's flags", U32, EXEC, SBX_X_ALL },
	[SBX_WALL_LIMIT] = { "wall limit", U64, EXEC, INT64_MAX },
	[SBX_MEMORY_LIMIT] = { "memory limit", U64, EXEC, UINT64_MAX },
	[SBX_UMASK] = { "umask", U32, EXEC, 0777 },
	[SBX_ADOPT_WAIT] = { "adopt wait", U32, EXEC, INT32_MAX },
	[SBX_EXEC_LABEL] = { "exec label", TEXT, EXEC, 0 },
	[SBX_DIRS] = { "working directories", PATHS, EXEC, 0 },
	[SBX_HOLD] = { "files to hold", PATHS, EXEC, 0 },
	[SBX_ITEM] = { "item", ITEM, LIST | MANY, 0 },
	[SBX_ERRNO] = { "errno", U32, REPLY, 4095 },
	[SBX_STEP] = { "step", TEXT, REPLY, 0 },
	[SBX_ERRORS] = { "errors", NUMBERS, REPLY, 4095 },
	[SBX_STATUS] = { "status", U32, REPLY, SBX_KILLED },
	[SBX_CODE] = { "code", U32, REPLY, UINT32_MAX },
	[SBX_USER_TIME] = { "user time", U64, REPLY, UINT64_MAX },
	[SBX_SYSTEM_TIME] = { "system time", U64, REPLY, UINT64_MAX },
	[SBX_WALL_TIME] = { "wall time", U64, REPLY, UINT64_MAX },
	[SBX_PEAK_MEMORY] = { "peak memory", U64, REPLY, UINT64_MAX },
	[SBX_PROCESSES] = { "processes", U32, REPLY, UINT32_MAX },
	[SBX_EXECUTED] = { "executed", U32, REPLY, UINT32_MAX },
	[SBX_RESIDENT] = { "resident", U64, REPLY, UINT64_MAX },
};

static const struct type {
	const char *name;
	unsigned char where;	// which fields it may hold
	unsigned char fds;	// whether descriptors may come with it
} types[] = {
	[SBX_PING] = { "ping", 0, 0 },
	[SBX_CONF] = { "conf", CONF, 1 },	// and EXEC with SBX_F_ONCE
	[SBX_OPEN] = { "open", LIST, 0 },
	[SBX_SYMLINK] = { "symlink", LIST, 0 },
	[SBX_DELETE] = { "delete", LIST, 0 },
	[SBX_RESET] = { "reset", 0, 0 },
	[SBX_EXECVE] = { "execve", EXEC, 1 },
	[SBX_KILL] = { "kill", 0, 0 },
	[SBX_STAT] = { "stat", 0, 0 },
	[SBX_GO] = { "go", 0, 0 },
	[SBX_DONE] = { "done", REPLY, 1 },
	[SBX_CHILD] = { "child", 0, 1 },
	[SBX_STARTED] = { "started", 0, 0 },
	[SBX_NET] = { "net", REPLY, 1 },
};

enum { MODE = 1, FILE_FD = 2, SIZE = 4, DATA = 8, FD_FOR_SOURCE = 16 };
enum { REST = 31 };	// bit of `paths` for all texts from there on

static const struct operation {
	const char *name;
	unsigned char least, most;	// texts
	unsigned char uses;
	uint32_t flags;
	uint32_t paths;			// bit i: text i is an absolute path
} operations[] = {
	[SBX_OP_BIND] = { "bind", 2, 2, FD_FOR_SOURCE,
			  SBX_O_OPTIONAL | SBX_O_WRITABLE | SBX_O_DEVICE | SBX_O_ENSURE | SBX_O_SLAVE, 3 },
	[SBX_OP_PROC] = { "proc", 1, 1, 0, SBX_O_WRITABLE, 1 },
	[SBX_OP_DEV] = { "dev", 1, 1, MODE, SBX_O_WRITABLE | SBX_O_MQUEUE, 1 },
	[SBX_OP_TMPFS] = { "tmpfs", 1, 1, MODE | SIZE, SBX_O_READ_ONLY, 1 },
	[SBX_OP_OVERLAY] = { "overlay", 4, 64, 0, SBX_O_WRITABLE, 1 },
	[SBX_OP_SYMLINK] = { "symlink", 2, 2, 0, SBX_O_DEREFERENCE | SBX_O_REPLACE, 2 },
	[SBX_OP_PLACE] = { "place", 1, 1, MODE | FILE_FD | DATA, SBX_O_WRITABLE | SBX_O_COPY, 1 },
	[SBX_OP_MKDIR] = { "mkdir", 1, 1, MODE, 0, 1 },
	[SBX_OP_REMOUNT] = { "remount", 1, 1, 0,
			     SBX_O_READ_ONLY | SBX_O_NOEXEC | SBX_O_NOSUID | SBX_O_NODEV | SBX_O_RECURSIVE, 1 },
	[SBX_OP_AUTO_ETC] = { "auto-etc", 0, 1, 0, 0, 0 },
	[SBX_OP_AUTO_ROOT] = { "auto-root", 1, 1, 0, SBX_O_WRITABLE | SBX_O_DEVICE, 1 },
	[SBX_OP_DAEMON] = { "daemon", 3, 255, 0, 0, 3 },
	[SBX_OP_CHMOD] = { "chmod", 1, 1, MODE, 0, 1 },
	[SBX_OP_MQUEUE] = { "mqueue", 1, 1, 0, 0, 1 },
};

const char *sbx_op_name(unsigned type)
{
	return type && type <= SBX_OP_LAST ? operations[type].name : "?";
}

const char *sbx_key_name(unsigned key)
{
	return key < SBX_KEYS && keys[key].name ? keys[key].name : "?";
}

const char *sbx_type_name(unsigned type)
{
	return type < sizeof types / sizeof *types && types[type].name ? types[type].name : "?";
}

/* Reading what has been checked */

const void *sbx_value(const struct sbx_field *field)
{
	return field + 1;
}

static size_t padded(size_t length)
{
	return (length + 7) & ~(size_t)7;
}

const struct sbx_field *sbx_next(const struct sbx_message *message, enum sbx_key key, const struct sbx_field *previous)
{
	const unsigned char *end = message->body + message->length;
	const unsigned char *at = (const unsigned char *)previous;

	if (!previous)
		return message->at[key];
	for (at += sizeof *previous + padded(previous->length); at < end;) {
		const struct sbx_field *field = (const void *)at;

		if (field->key == key)
			return field;
		at += sizeof *field + padded(field->length);
	}
	return NULL;
}

int sbx_has(const struct sbx_message *message, enum sbx_key key)
{
	return message->at[key] != NULL;
}

const void *sbx_bytes(const struct sbx_message *message, enum sbx_key key, size_t *length)
{
	const struct sbx_field *field = message->at[key];

	*length = field ? field->length : 0;
	return field ? field + 1 : NULL;
}

static uint32_t get_u32(const void *data)
{
	uint32_t value;

	memcpy(&value, data, sizeof value);
	return value;
}

static uint64_t get_u64(const void *data)
{
	uint64_t value;

	memcpy(&value, data, sizeof value);
	return value;
}

uint64_t sbx_number(const struct sbx_message *message, enum sbx_key key, uint64_t otherwise)
{
	const struct sbx_field *field = message->at[key];

	if (!field)
		return otherwise;
	return field->length == 4 ? get_u32(field + 1) : get_u64(field + 1);
}

const char *sbx_text(const struct sbx_message *message, enum sbx_key key)
{
	size_t length;

	return sbx_bytes(message, key, &length);
}

unsigned sbx_count(const void *texts, size_t length)
{
	const char *text = texts;
	unsigned count = 0;

	for (size_t i = 0; i < length; i++)
		count += !text[i];
	return count;
}

void sbx_vector(const char *texts, unsigned count, char **vector)
{
	for (unsigned i = 0; i < count; i++, texts = sbx_after(texts))
		vector[i] = (char *)texts;
	vector[count] = NULL;
}

/* Checks: each returns NULL, or what is wrong */

struct parse {
	struct sbx_message *message;
	const struct key *key;
};

// The length of the text at `text`, with its 0; 0 where it has none before `length` bytes are over.
static size_t text_length(const char *text, size_t length)
{
	const char *end = memchr(text, 0, length);

	return end ? end - text + 1 : 0;
}

static const char *check_path(const char *path, size_t length)
{
	if (!length)
		return "has no end";
	if (*path != '/')
		return "is not absolute";
	return length > SBX_PATH_MAX ? "is too long" : NULL;
}

static const char *check_text(const char *text, size_t length)
{
	return length && text_length(text, length) == length ? NULL : "is not one text";
}

static const char *check_texts(const char *text, size_t length, int paths)
{
	if (!length || text[length - 1])
		return "has no end";
	for (const char *end = text + length; paths && text < end; text = sbx_after(text)) {
		const char *bad = check_path(text, strlen(text) + 1);

		if (bad)
			return bad;
	}
	return NULL;
}

static const char *take_fd(struct sbx_message *message, uint32_t fd)
{
	if (fd >= message->fds)
		return "names a descriptor that did not come";
	if (message->taken[fd / 8] & 1 << fd % 8)
		return "names a descriptor that another field has";
	message->taken[fd / 8] |= 1 << fd % 8;
	message->free_fds--;
	return NULL;
}

static const char *check_numbers(const void *data, size_t length, uint64_t max)
{
	if (length % 4)
		return "is no list of numbers";
	for (size_t i = 0; i < length; i += 4)
		if (get_u32((const char *)data + i) > max)
			return "is out of range";
	return NULL;
}

static const char *check_rlimit(const void *data, size_t length)
{
	struct sbx_rlimit limit;

	if (length != sizeof limit)
		return "has the wrong size";
	memcpy(&limit, data, sizeof limit);
	if (limit.resource >= RLIM_NLIMITS || limit.zero)
		return "is no limit that there is";
	return limit.soft > limit.hard ? "is above its hard limit" : NULL;
}

static const char *op_texts(const struct sbx_wire_op *op, const struct operation *is, const char *text, size_t length)
{
	int from_fd = is->uses & FD_FOR_SOURCE && op->fd != SBX_UNSET;
	unsigned least = is->least - from_fd, most = is->most - from_fd;

	if (op->texts < least || op->texts > most)
		return "has the wrong number of texts";
	for (unsigned i = 0; i < op->texts; i++) {
		size_t n = text_length(text, length);
		const char *bad = !n ? "has no end" : (is->paths & 1u << (i < REST ? i : REST)) ? check_path(text, n)
			: n > SBX_PATH_MAX && op->type != SBX_OP_DAEMON ? "is too long" : NULL;

		if (bad)
			return bad;
		text += n;
		length -= n;
	}
	return length ? "has bytes after its texts" : NULL;
}

// upper and work: both or neither; a lower of its own for each, and two if nothing is on top.
static const char *check_overlay(const struct sbx_wire_op *op)
{
	const char *upper = sbx_after(sbx_op_texts(op)), *work = sbx_after(upper), *lower = sbx_after(work);

	if (!*upper != !*work)
		return "needs both upper and work, or neither";
	if (*upper && (*upper != '/' || *work != '/' || op->flags & SBX_O_WRITABLE))
		return "has an upper or work that is not absolute, or not needed";
	if (!*upper && !(op->flags & SBX_O_WRITABLE) && op->texts < 5)
		return "is read-only and needs two lowers";
	for (unsigned i = 3; i < op->texts; i++, lower = sbx_after(lower))
		if (*lower != '/')
			return "has a lower that is not absolute";
	return NULL;
}

static const char *check_op_more(const struct sbx_wire_op *op)
{
	const char *text = sbx_op_texts(op);

	switch (op->type) {
	case SBX_OP_OVERLAY:
		return check_overlay(op);
	case SBX_OP_AUTO_ETC:
		return op->texts && (!*text || strchr(text, '/') || !strcmp(text, ".") || !strcmp(text, ".."))
			? "has a name that is none" : NULL;
	case SBX_OP_SYMLINK:
		if (!*text)
			return "has no content";
		return op->flags & SBX_O_DEREFERENCE && *text != '/' ? "is not absolute" : NULL;
	case SBX_OP_PLACE:
		if (op->fd != SBX_UNSET && op->data)
			return "has both a descriptor and data";
		return (op->flags & SBX_O_COPY) && (op->flags & SBX_O_WRITABLE) ? "is copied and a mount" : NULL;
	case SBX_OP_CHMOD:
		return op->mode == SBX_UNSET ? "has no mode" : NULL;
	case SBX_OP_REMOUNT:
		return (op->flags & ~SBX_O_RECURSIVE) ? NULL : "changes nothing";
	case SBX_OP_BIND:
		return op->fd != SBX_UNSET && op->flags & (SBX_O_OPTIONAL | SBX_O_ENSURE) ? "has a source already" : NULL;
	}
	return NULL;
}

static const char *check_op(struct sbx_message *message, const void *data, size_t length)
{
	const struct sbx_wire_op *op = data;
	const struct operation *is;
	const char *bad;

	if (length < sizeof *op)
		return "is too short";
	if (!op->type || op->type > SBX_OP_LAST || op->zero)
		return "is none that there is";
	is = &operations[op->type];
	if (op->flags & ~is->flags)
		return "has a flag that is not its own";
	if (op->mode != SBX_UNSET && (!(is->uses & MODE) || op->mode > 07777))
		return "has a mode that is none";
	if (op->fd != SBX_UNSET && !(is->uses & (FILE_FD | FD_FOR_SOURCE)))
		return "takes no descriptor";
	if (op->size && !(is->uses & SIZE))
		return "has no size";
	if (op->data > length - sizeof *op || (op->data && !(is->uses & DATA)))
		return "has data that do not fit";
	if ((bad = op_texts(op, is, sbx_op_texts(op), length - sizeof *op - op->data)))
		return bad;
	if (op->fd != SBX_UNSET && (bad = take_fd(message, op->fd)))
		return bad;
	return check_op_more(op);
}

static const char *check_item(const struct sbx_message *message, const void *data, size_t length)
{
	const struct sbx_wire_item *item = data;
	const char *text = (const char *)(item + 1);
	unsigned texts = message->type == SBX_SYMLINK ? 2 : 1;
	const char *bad;

	if (length < sizeof *item)
		return "is too short";
	length -= sizeof *item;
	if (item->zero || item->parents > 1 || item->mode > 07777)
		return "has a number out of range";
	if (message->type != SBX_OPEN && (item->flags || item->mode))
		return "has flags";
	if (!length || text[length - 1] || sbx_count(text, length) != texts)
		return "has the wrong number of texts";
	if ((bad = check_path(text, strlen(text) + 1)))
		return bad;
	text = sbx_after(text);
	return texts == 2 && (!*text || strlen(text) >= SBX_PATH_MAX) ? "has a bad target" : NULL;
}

static const char *check_landlock(const void *data, size_t length)
{
	const char *path = (const char *)data + 8;

	if (length < 8 + 2 || text_length(path, length - 8) != length - 8)
		return "is not one number and one path";
	return check_path(path, length - 8);
}

static const char *check_number(uint64_t value, const struct key *key)
{
	return value > key->max ? "is out of range" : NULL;
}

static const char *check_value(struct sbx_message *message, const struct key *key, const void *data, size_t length)
{
	switch (key->kind) {
	case U32:
		return length != 4 ? "is no number" : check_number(get_u32(data), key);
	case U64:
		return length != 8 ? "is no number" : check_number(get_u64(data), key);
	case TEXT:
		return check_text(data, length);
	case NAME:
		return length > key->max + 1 ? "is too long" : check_text(data, length);
	case PATH:
		return text_length(data, length) != length ? "is not one text" : check_path(data, length);
	case TEXTS:
		return check_texts(data, length, 0);
	case PATHS:
		return check_texts(data, length, 1);
	case FD:
		return length != 4 ? "is no number" : take_fd(message, get_u32(data));
	case NUMBERS:
		return check_numbers(data, length, key->max);
	case OP:
		return check_op(message, data, length);
	case RLIMIT:
		return check_rlimit(data, length);
	case LANDLOCK:
		return check_landlock(data, length);
	case FILTER:	// struct sock_filter has 8 bytes; BPF_MAXINSNS (4096) of them
		return !length || length % 8 || length > 32768 ? "is no filter" : NULL;
	case ITEM:
		return check_item(message, data, length);
	}
	return NULL;
}

static const char *check_field(struct sbx_message *message, const struct sbx_field *field, size_t left)
{
	const struct key *key = field->key < SBX_KEYS ? &keys[field->key] : &keys[0];
	const unsigned char *data = (const void *)(field + 1);

	if (!key->kind || field->zero)
		return "is none that there is";
	if (field->length > left || padded(field->length) > left)
		return "is cut";
	for (size_t i = field->length; i < padded(field->length); i++)
		if (data[i])
			return "has padding that is not 0";
	if (message->at[field->key] && !(key->where & MANY))
		return "stands there twice";
	if (!message->at[field->key])
		message->at[field->key] = field;
	return check_value(message, key, data, field->length);
}

static int has_daemon(const struct sbx_message *message)
{
	const struct sbx_field *field = NULL;

	while ((field = sbx_next(message, SBX_OP, field)))
		if (((const struct sbx_wire_op *)sbx_value(field))->type == SBX_OP_DAEMON)
			return 1;
	return 0;
}

// What hangs together.
static const char *check_whole(const struct sbx_message *message, unsigned where, unsigned *key)
{
	uint64_t flags = sbx_number(message, SBX_FLAGS, 0);

	for (*key = 0; *key < SBX_KEYS; ++*key)
		if (message->at[*key] && !(keys[*key].where & where))
			return "has no place in this message";
	*key = SBX_ARGV;
	if (where & EXEC && !sbx_has(message, SBX_ARGV))
		return "are missing";
	*key = SBX_FILES;
	if (sbx_has(message, SBX_FILES) && message->at[SBX_FILES]->length / 4 != message->free_fds)
		return "are not as many as the descriptors";
	if (message->free_fds && !(where & EXEC) && message->type < SBX_DONE)
		return "came, and no field takes them";
	*key = SBX_FLAGS;
	if (flags & SBX_F_DIRECT && !(flags & SBX_F_ONCE))
		return "say direct, and not once";
	if (flags & SBX_F_DIRECT && has_daemon(message))
		return "say direct, and a daemon needs a reaper";
	if (!(flags & SBX_F_ONCE) && has_daemon(message))
		return "do not say once, and there is a daemon";
	if (flags & SBX_F_HOST_ROOT && (sbx_has(message, SBX_OP) || sbx_has(message, SBX_MASK)))
		return "say the host's root, and there are operations";
	*key = SBX_SERVE;
	if (sbx_has(message, SBX_SERVE) && flags & SBX_F_ONCE)
		return "makes no sense where only one command is run";
	*key = SBX_HOLD;
	if (sbx_has(message, SBX_HOLD) && !(sbx_number(message, SBX_X_FLAGS, 0) & (SBX_X_PID | SBX_X_WAIT)))
		return "are for who wants to know of the child";
	*key = SBX_PATH;
	if (sbx_has(message, SBX_PATH) && sbx_has(message, SBX_EXEC_FD))
		return "and a file to execute are both there";
	*key = 0;
	return NULL;
}

int sbx_parse(uint16_t type, const void *body, size_t length, unsigned fds, struct sbx_message *message,
	      const char **why, unsigned *key)
{
	const unsigned char *at = body, *end = at + length;
	const char *bad = NULL;
	unsigned where;

	*key = 0;
	memset(message, 0, sizeof *message);
	*message = (struct sbx_message){ .type = type, .fds = fds, .free_fds = fds, .body = body, .length = length };
	if (type >= sizeof types / sizeof *types || !types[type].name)
		bad = "no such message";
	else if (fds > SBX_FDS_MAX || (fds && !types[type].fds))
		bad = "too many descriptors";
	while (!bad && at < end) {
		const struct sbx_field *field = (const void *)at;

		if ((size_t)(end - at) < sizeof *field) {
			bad = "bytes after the last field";
			break;
		}
		*key = field->key;
		bad = check_field(message, field, end - at - sizeof *field);
		at += sizeof *field + padded(field->length);
	}
	if (!bad) {
		where = types[type].where;
		if (type == SBX_CONF && sbx_number(message, SBX_FLAGS, 0) & SBX_F_ONCE)
			where |= EXEC;
		bad = check_whole(message, where, key);
	}
	*why = bad;
	return bad ? -1 : 0;
}

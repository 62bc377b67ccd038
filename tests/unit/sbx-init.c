// SPDX-License-Identifier: MIT
// sbx-init - the parser of its protocol: what passes, and each thing that must not; packets; how a command's end is judged

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "applets/sbx-init/verdict.h"
#include "libsbx/sbx.h"
#include "sbx_wire.h"
#include "tap.h"

static const char *why;
static unsigned key;
static struct sbx_message message;

static int parse(uint16_t type, const struct sbx_request *request)
{
	return sbx_parse(type, request->body, request->length, request->fd_count, &message, &why, &key);
}

// Parses and frees it; "" or "KEY WHAT IS WRONG".
static const char *fault(uint16_t type, struct sbx_request *request)
{
	static char text[200];
	int result = request->error ? -2 : parse(type, request);

	snprintf(text, sizeof text, "%s%s%s", result == -2 ? "request" : result && key ? sbx_key_name(key) : "",
		 result && key ? " " : "", result == -1 ? why : "");
	sbx_free(request);
	return text;
}

/* What passes */

static const char *const argv[] = { "/bin/sh", "-c", "", NULL };

static struct sbx_request with_command(uint32_t flags)
{
	struct sbx_request r = { 0 };

	sbx_put_u32(&r, SBX_FLAGS, flags);
	sbx_put_texts(&r, SBX_ARGV, argv);
	return r;
}

static void test_reading(void)
{
	struct sbx_request r = with_command(SBX_F_ONCE);
	const struct sbx_field *field;
	const struct sbx_wire_op *op;
	char *vector[4];
	size_t length;
	const void *data;

	sbx_bind(&r, "/usr", "/u", SBX_O_OPTIONAL);
	sbx_put_text(&r, SBX_HOSTNAME, "box");
	sbx_tmpfs(&r, "/tmp", 4096, 01777);
	sbx_put_u64(&r, SBX_CAPS, 1ULL << 40);
	sbx_put_rlimit(&r, RLIMIT_CORE, 0, 0);
	sbx_put_fd(&r, SBX_EXEC_FD, 5);
	sbx_put_files(&r, (const int[]){ 0, 1 }, (const unsigned[]){ 7, 9 }, 2);
	ok(!parse(SBX_CONF, &r), "a configuration with its command passes");
	is(sbx_text(&message, SBX_HOSTNAME), "box", "a text");
	is_number(sbx_number(&message, SBX_FLAGS, 0), SBX_F_ONCE, "a number");
	ok(sbx_number(&message, SBX_CAPS, 0) == 1ULL << 40, "a number of 64 bits");
	is_number(sbx_number(&message, SBX_UID, 77), 77, "a number that is not there");
	data = sbx_bytes(&message, SBX_ARGV, &length);
	is_number(sbx_count(data, length), 3, "three texts, one of them empty");
	sbx_vector(data, 3, vector);
	ok(!strcmp(vector[1], "-c") && !*vector[2] && !vector[3], "as a vector");
	is_number(message.free_fds, 2, "descriptors that no field takes are the command's");
	ok(message.taken[0] == 1, "the one that a field takes is not");
	field = sbx_next(&message, SBX_OP, NULL);
	op = sbx_value(field);
	is(sbx_op_texts(op), "/usr", "the first operation");
	op = sbx_value(sbx_next(&message, SBX_OP, field));
	ok(op->type == SBX_OP_TMPFS && op->size == 4096 && op->mode == 01777, "the second, behind another field");
	ok(!sbx_next(&message, SBX_OP, sbx_next(&message, SBX_OP, field)), "and no third");
	sbx_free(&r);
}

/* What does not pass: each row is one message with one fault */

static void no_command(struct sbx_request *r) { sbx_put_u32(r, SBX_FLAGS, SBX_F_ONCE); }
static void command_without_once(struct sbx_request *r) { sbx_put_texts(r, SBX_ARGV, argv); }
static void twice(struct sbx_request *r) { sbx_put_u32(r, SBX_UID, 1); sbx_put_u32(r, SBX_UID, 1); }
static void flag(struct sbx_request *r) { sbx_put_u32(r, SBX_FLAGS, 1u << 31); }
static void id(struct sbx_request *r) { sbx_put_u32(r, SBX_UID, UINT32_MAX); }
static void short_number(struct sbx_request *r) { sbx_put(r, SBX_UID, "abc", 3); }
static void long_name(struct sbx_request *r) { char name[66]; memset(name, 'a', 65); name[65] = 0; sbx_put_text(r, SBX_HOSTNAME, name); }
static void two_texts(struct sbx_request *r) { sbx_put(r, SBX_HOSTNAME, "a\0b", 4); }
static void no_end(struct sbx_request *r) { sbx_put(r, SBX_HOSTNAME, "abc", 3); }
static void no_text(struct sbx_request *r) { sbx_put(r, SBX_HOSTNAME, "", 0); }
static void a_reply(struct sbx_request *r) { sbx_put_u32(r, SBX_ERRNO, 1); }
static void key_0(struct sbx_request *r) { sbx_put_u32(r, (enum sbx_key)0, 1); }
static void key_high(struct sbx_request *r) { sbx_put_u32(r, (enum sbx_key)60000, 1); }
static void relative_mask(struct sbx_request *r) { sbx_put_texts(r, SBX_MASK, (const char *const[]){ "/a", "b", NULL }); }
static void direct(struct sbx_request *r) { sbx_put_u32(r, SBX_FLAGS, SBX_F_DIRECT); }
static void host_root(struct sbx_request *r) { sbx_put_u32(r, SBX_FLAGS, SBX_F_HOST_ROOT); sbx_proc(r, "/proc"); }
static void no_fd(struct sbx_request *r) { sbx_put_u32(r, SBX_SERVE, 0); }
static void stray_fd(struct sbx_request *r) { r->fds[r->fd_count++] = 0; }
static void shared_fd(struct sbx_request *r) { sbx_put_fd(r, SBX_SERVE, 0); sbx_put_op(r, &(struct sbx_op){
	.type = SBX_OP_PLACE, .mode = SBX_UNSET, .texts = (const char *const[]){ "/a", NULL }, .fd = -1 });
	((struct sbx_wire_op *)(r->body + r->length - 40))->fd = 0; }
static void odd_filter(struct sbx_request *r) { sbx_put(r, SBX_SECCOMP_FILTER, "1234567", 7); }
static void empty_filter(struct sbx_request *r) { sbx_put(r, SBX_SECCOMP_FILTER, "", 0); }
static void rlimit_number(struct sbx_request *r) { sbx_put_u32(r, SBX_FLAGS, 1); sbx_put_texts(r, SBX_ARGV, argv); sbx_put_rlimit(r, 99, 1, 1); }
static void rlimit_order(struct sbx_request *r) { sbx_put_u32(r, SBX_FLAGS, 1); sbx_put_texts(r, SBX_ARGV, argv); sbx_put_rlimit(r, 0, 2, 1); }
static void landlock(struct sbx_request *r) { sbx_put_landlock(r, 1, "relative"); }
static void serve_once(struct sbx_request *r) { *r = with_command(SBX_F_ONCE); sbx_put_fd(r, SBX_SERVE, 0); }
static void path_and_fd(struct sbx_request *r) { *r = with_command(SBX_F_ONCE); sbx_put_fd(r, SBX_EXEC_FD, 0); sbx_put_text(r, SBX_PATH, "/x"); }
static void files(struct sbx_request *r) { *r = with_command(SBX_F_ONCE); sbx_put_files(r, (const int[]){ 0, 1 }, NULL, 2); r->fd_count = 1; }

static void held(struct sbx_request *r) { *r = with_command(SBX_F_ONCE); sbx_put_texts(r, SBX_HOLD, (const char *const[]){ "/a", NULL }); }

static const struct fault_row {
	void (*build)(struct sbx_request *request);
	const char *wanted;
} faults[] = {
	{ no_command, "arguments are missing" },
	{ command_without_once, "arguments has no place in this message" },
	{ twice, "uid stands there twice" },
	{ flag, "flags is out of range" },
	{ id, "uid is out of range" },
	{ short_number, "uid is no number" },
	{ long_name, "host name is too long" },
	{ two_texts, "host name is not one text" },
	{ no_end, "host name is not one text" },
	{ no_text, "host name is not one text" },
	{ a_reply, "errno has no place in this message" },
	{ key_0, "is none that there is" },
	{ key_high, "? is none that there is" },
	{ relative_mask, "mask is not absolute" },
	{ direct, "flags say direct, and not once" },
	{ host_root, "flags say the host's root, and there are operations" },
	{ no_fd, "channel to serve names a descriptor that did not come" },
	{ stray_fd, "files came, and no field takes them" },
	{ shared_fd, "operation names a descriptor that another field has" },
	{ odd_filter, "seccomp filter is no filter" },
	{ empty_filter, "seccomp filter is no filter" },
	{ rlimit_number, "rlimit is no limit that there is" },
	{ rlimit_order, "rlimit is above its hard limit" },
	{ landlock, "landlock rule is not absolute" },
	{ serve_once, "channel to serve makes no sense where only one command is run" },
	{ path_and_fd, "path and a file to execute are both there" },
	{ held, "files to hold are for who wants to know of the child" },
	{ files, "files are not as many as the descriptors" },
};

static void test_faults(void)
{
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct sbx_request r = { 0 };

		faults[i].build(&r);
		is(fault(SBX_CONF, &r), faults[i].wanted, "fault %zu: %s", i + 1, faults[i].wanted);
	}
}

/* Operations */

static const struct op_row {
	struct sbx_op op;
	const char *texts[6];
	const char *wanted;	// "": passes
} rows[] = {
	{ { .type = SBX_OP_BIND }, { "/a", "/b" }, "" },
	{ { .type = SBX_OP_BIND }, { "/a" }, "wrong number of texts" },
	{ { .type = SBX_OP_BIND }, { "/a", "b" }, "not absolute" },
	{ { .type = SBX_OP_BIND }, { "a", "/b" }, "not absolute" },
	{ { .type = SBX_OP_BIND, .flags = SBX_O_COPY }, { "/a", "/b" }, "flag that is not its own" },
	{ { .type = SBX_OP_BIND, .size = 1 }, { "/a", "/b" }, "has no size" },
	{ { .type = SBX_OP_BIND, .data = "x", .data_length = 1 }, { "/a", "/b" }, "data that do not fit" },
	{ { .type = (enum sbx_op_type)99 }, { "/a" }, "none that there is" },
	{ { .type = SBX_OP_PROC }, { "/proc" }, "" },
	{ { .type = SBX_OP_PROC, .mode = 1 }, { "/proc" }, "mode that is none" },
	{ { .type = SBX_OP_DEV, .flags = SBX_O_MQUEUE }, { "/dev" }, "" },
	{ { .type = SBX_OP_TMPFS, .mode = 010000 }, { "/t" }, "mode that is none" },
	{ { .type = SBX_OP_OVERLAY }, { "/t", "", "", "/l", "/m" }, "" },
	{ { .type = SBX_OP_OVERLAY }, { "/t", "", "", "/l" }, "needs two lowers" },
	{ { .type = SBX_OP_OVERLAY, .flags = SBX_O_WRITABLE }, { "/t", "", "", "/l" }, "" },
	{ { .type = SBX_OP_OVERLAY }, { "/t", "/u", "", "/l" }, "both upper and work" },
	{ { .type = SBX_OP_OVERLAY }, { "/t", "/u", "/w", "/l" }, "" },
	{ { .type = SBX_OP_OVERLAY, .flags = SBX_O_WRITABLE }, { "/t", "/u", "/w", "/l" }, "not needed" },
	{ { .type = SBX_OP_OVERLAY }, { "/t", "/u", "/w", "l" }, "lower that is not absolute" },
	{ { .type = SBX_OP_SYMLINK }, { "any where", "/l" }, "" },
	{ { .type = SBX_OP_SYMLINK }, { "", "/l" }, "no content" },
	{ { .type = SBX_OP_SYMLINK, .flags = SBX_O_DEREFERENCE }, { "x", "/l" }, "not absolute" },
	{ { .type = SBX_OP_PLACE, .data = "\0\1", .data_length = 2 }, { "/p" }, "" },
	{ { .type = SBX_OP_PLACE, .flags = SBX_O_COPY | SBX_O_WRITABLE }, { "/p" }, "copied and a mount" },
	{ { .type = SBX_OP_MKDIR }, { "/d" }, "" },
	{ { .type = SBX_OP_REMOUNT }, { "/d" }, "changes nothing" },
	{ { .type = SBX_OP_REMOUNT, .flags = SBX_O_RECURSIVE }, { "/d" }, "changes nothing" },
	{ { .type = SBX_OP_REMOUNT, .flags = SBX_O_NODEV }, { "/d" }, "" },
	{ { .type = SBX_OP_AUTO_ETC }, { NULL }, "" },
	{ { .type = SBX_OP_AUTO_ETC }, { "a/b" }, "name that is none" },
	{ { .type = SBX_OP_AUTO_ETC }, { ".." }, "name that is none" },
	{ { .type = SBX_OP_AUTO_ROOT }, { "/" }, "" },
	{ { .type = SBX_OP_CHMOD }, { "/d" }, "has no mode" },
	{ { .type = SBX_OP_DAEMON }, { "/d", "/p", "argv" }, "do not say once" },
	{ { .type = SBX_OP_DAEMON }, { "/d", "/p" }, "wrong number of texts" },
	{ { .type = SBX_OP_MQUEUE }, { "/q", "/r" }, "wrong number of texts" },
};

static void test_operations(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sbx_request r = { 0 };
		struct sbx_op op = rows[i].op;
		const char *got;

		op.fd = -1;
		op.mode = op.mode ? op.mode : SBX_UNSET;
		op.texts = rows[i].texts;
		sbx_put_op(&r, &op);
		got = fault(SBX_CONF, &r);
		ok(*rows[i].wanted ? strstr(got, rows[i].wanted) != NULL : !*got, "%s %s: %s", sbx_op_name(op.type),
		   rows[i].texts[0] ? rows[i].texts[0] : "", *rows[i].wanted ? rows[i].wanted : "fine");
	}
}

// Every byte of a good message, changed: nothing may be read outside of it. It stands at the end of a page, and the
// next page is not there.
static void test_edges(void)
{
	struct sbx_request r = with_command(SBX_F_ONCE);
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at;
	unsigned passed = 0, cut = 0;

	sbx_bind(&r, "/usr", "/u", 0);
	sbx_put_landlock(&r, 1, "/a");
	mprotect(two + page, page, PROT_NONE);
	at = two + page - r.length;
	for (size_t i = 0; i < r.length; i++)
		for (int bit = 0; bit < 8; bit++) {
			memcpy(at, r.body, r.length);
			at[i] ^= 1 << bit;
			passed += !sbx_parse(SBX_CONF, at, r.length, 0, &message, &why, &key);
		}
	ok(passed > 20 && passed < r.length * 8, "of %zu messages with one bit changed some pass (%u)", r.length * 8, passed);
	for (size_t length = 8; length < r.length; length += 8) {
		at = two + page - length;
		memcpy(at, r.body, length);
		cut += !sbx_parse(SBX_CONF, at, length, 0, &message, &why, &key);
	}
	ok(cut < 5, "a message that is cut passes at the end of a field only (%u)", cut);
	munmap(two, 2 * page);
	sbx_free(&r);
}

/* Packets */

static void test_packets(void)
{
	static struct sbx_packet packet;
	static unsigned char body[100000];
	struct sbx_wire wire;
	int pair[2], fds[SBX_FDS_MAX], before = dup(0);
	struct sbx_header bad = { .magic = SBX_MAGIC, .type = SBX_PING, .length = 9 };

	close(before);
	for (unsigned i = 0; i < SBX_FDS_MAX; i++)
		fds[i] = 0;
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (unsigned char)(i * 7);
	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
	ok(!sbx_wire_send(pair[0], SBX_PING, NULL, 0, NULL, 0), "an empty message is sent");
	ok(sbx_wire_receive(pair[1], &packet, &wire) == 1 && wire.type == SBX_PING && !wire.length, "and received");
	sbx_wire_free(&wire);
	ok(!sbx_wire_send(pair[0], SBX_CONF, body, sizeof body, fds, SBX_FDS_MAX), "one of four packets, with as many descriptors as there may be");
	ok(sbx_wire_receive(pair[1], &packet, &wire) == 1 && wire.length == sizeof body && !memcmp(wire.body, body, sizeof body),
	   "arrives as it was");
	ok(wire.fd_count == SBX_FDS_MAX && fcntl(wire.fds[9], F_GETFD) == FD_CLOEXEC, "its descriptors are close-on-exec");
	sbx_wire_free(&wire);
	ok(sbx_wire_send(pair[0], SBX_CONF, NULL, 0, fds, SBX_FDS_MAX + 1) < 0 && errno == EMSGSIZE, "too many descriptors");
	ok(sbx_wire_send(pair[0], SBX_CONF, body, SBX_BODY_MAX + 1u, NULL, 0) < 0 && errno == EMSGSIZE, "too long");
	send(pair[0], &bad, sizeof bad, 0);
	ok(sbx_wire_receive(pair[1], &packet, &wire) < 0 && errno == EBADMSG, "a packet that is shorter than it says");
	send(pair[0], body, SBX_PACKET_SIZE + 1, 0);
	ok(sbx_wire_receive(pair[1], &packet, &wire) < 0 && errno == EBADMSG, "one that is longer than a packet may be");
	close(pair[0]);
	is_number(sbx_wire_receive(pair[1], &packet, &wire), 0, "the end");
	close(pair[1]);
	is_number(dup(0), before, "no descriptor is left open");
}

/* Verdicts */

static void test_verdicts(void)
{
	static const struct { struct facts facts; enum sbx_status wanted; uint32_t code; const char *what; } cases[] = {
		{ { .status = 0 }, SBX_NORMAL, 0, "exit 0" },
		{ { .status = 3 << 8 }, SBX_NONZERO, 3, "exit 3" },
		{ { .status = SIGSEGV }, SBX_SIGNALLED, SIGSEGV, "a signal" },
		{ { .status = SIGSEGV | 0x80 }, SBX_SIGNALLED, SIGSEGV, "a signal with a core" },
		{ { .status = SIGXCPU }, SBX_TIME_LIMIT, SIGXCPU, "XCPU" },
		{ { .status = SIGXFSZ }, SBX_OUTPUT_LIMIT, SIGXFSZ, "XFSZ" },
		{ { .status = SIGSYS }, SBX_DISALLOWED, SIGSYS, "SYS" },
		{ { .status = SIGKILL }, SBX_SIGNALLED, SIGKILL, "KILL without a limit" },
		{ { .status = SIGKILL, .cpu_limit_s = 2, .cpu_ns = 2000000000 }, SBX_TIME_LIMIT, SIGKILL, "KILL at the CPU limit" },
		{ { .status = SIGKILL, .cpu_limit_s = 2, .cpu_ns = 100000000 }, SBX_SIGNALLED, SIGKILL, "KILL long before it" },
		{ { .status = SIGKILL, .cpu_limit_s = UINT64_MAX, .cpu_ns = 1000000000 }, SBX_SIGNALLED, SIGKILL, "KILL with an infinite one" },
		{ { .status = SIGKILL, .wall_over = 1 }, SBX_TIME_LIMIT, SIGKILL, "the wall limit" },
		{ { .status = SIGKILL, .killed = 1 }, SBX_KILLED, SIGKILL, "killed on demand" },
		{ { .status = SIGKILL, .oom_killed = 1 }, SBX_MEMORY_LIMIT_HIT, SIGKILL, "out of memory" },
		{ { .status = 1 << 8, .peak = 10, .memory_limit = 10 }, SBX_MEMORY_LIMIT_HIT, 1, "a peak at the limit" },
		{ { .status = 1 << 8, .peak = 9, .memory_limit = 10 }, SBX_NONZERO, 1, "a peak below it" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ok(verdict(&cases[i].facts) == cases[i].wanted && verdict_code(&cases[i].facts) == cases[i].code, "verdict: %s",
		   cases[i].what);
}

int main(void)
{
	test_reading();
	test_faults();
	test_operations();
	test_edges();
	test_packets();
	test_verdicts();
	return tap_done();
}

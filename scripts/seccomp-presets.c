// SPDX-License-Identifier: MIT
// seccomp-presets ARCH TIOCSTI TIOCLINUX - run by the build: libcommon/sbx_seccomp_rows.h as BPF for ARCH, in C, on stdout
//
// Only the build's own machine runs this. ARCH is libseccomp's name for the target. A denied call returns ERRNO with the number of its row; see libcommon/sbx_seccomp.c.

#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum row_number {
#define ROW(name, when, unless, error, calls) ROW_##name,
#define MATCH(...)
#include "sbx_seccomp_rows.h"
#undef ROW
#undef MATCH
};

enum comparison { MASKED, LEAST };
enum { CLONE_FLAGS = -1 };	// the first argument, or on s390 the second
static unsigned tiocsti, tioclinux;
#undef TIOCSTI
#undef TIOCLINUX
#define TIOCSTI tiocsti
#define TIOCLINUX tioclinux

static void fail(const char *what, const char *object, int error)
{
	fprintf(stderr, "seccomp-presets: %s%s%s%s%s\n", what, *object ? " " : "", object,
		error ? ": " : "", error ? strerror(-error) : "");
	exit(1);
}

// Architectures whose programs a kernel for the first runs as well
static const char *const companions[][2] = {
	{ "x86_64", "x86" }, { "aarch64", "arm" }, { "ppc64", "ppc" }, { "s390x", "s390" },
};

static const char *target;
// One architecture's part
struct part {
	scmp_filter_ctx filter;
	const char *name;
	uint32_t arch;
};

static void deny(const struct part *part, enum row_number row, const char *call, unsigned count, struct scmp_arg_cmp *match)
{
	int number = seccomp_syscall_resolve_name(call);	// in all of its calls: this machine's number
	int error;

	if (number == __NR_SCMP_ERROR)
		fail("this libseccomp is too old to know the call", call, 0);
	if (seccomp_syscall_resolve_name_arch(part->arch, call) < 0)
		return;		// not on that architecture
	error = seccomp_rule_add_exact_array(part->filter, SCMP_ACT_ERRNO(row), number, count, match);
	// socketcall(2) keeps its arguments in memory: on x86, s390 and ppc families cannot be told from each other.
	if (error && !(error == -EINVAL && !strcmp(call, "socket")))
		fail("cannot deny", call, error);
}

static void deny_all(const struct part *part, enum row_number row, const char *calls)
{
	char name[32];
	int length;

	for (; sscanf(calls, " %31s%n", name, &length) == 1; calls += length)
		deny(part, row, name, 0, NULL);
}

static void deny_match(const struct part *part, enum row_number row, const char *call, int argument,
		       enum comparison comparison, unsigned long long a, unsigned long long b)
{
	struct scmp_arg_cmp match = { .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = a, .datum_b = b };

	if (argument == CLONE_FLAGS)
		match.arg = !strncmp(part->name, "s390", 4);
	if (comparison == LEAST)
		match.op = SCMP_CMP_GE;
	else if (a == ~0ull)
		match = SCMP_CMP64(match.arg, SCMP_CMP_EQ, b);
	deny(part, row, call, 1, &match);
}

static struct part make_part(const char *name)
{
	struct part made = { seccomp_init(SCMP_ACT_ALLOW), name, seccomp_arch_resolve_name(name) }, *part = &made;

	if (!made.filter)
		fail("no memory", "", 0);
	if (!made.arch)
		fail("this libseccomp does not know the architecture", name, 0);
	if (made.arch != seccomp_arch_native() &&
	    (seccomp_arch_remove(made.filter, SCMP_ARCH_NATIVE) || seccomp_arch_add(made.filter, made.arch)))
		fail("this libseccomp cannot compile for", name, 0);
	// A foreign architecture ends the process; so do x32's numbers, which have x86_64's architecture.
	if (seccomp_attr_set(made.filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) ||
	    seccomp_attr_set(made.filter, SCMP_FLTATR_CTL_OPTIMIZE, 2))
		fail("this libseccomp is too old", "(2.5 is needed)", 0);
#define ROW(name, when, unless, error, calls) deny_all(part, ROW_##name, calls);
#define MATCH(row, ...) deny_match(part, ROW_##row, __VA_ARGS__);
#include "sbx_seccomp_rows.h"
	return made;
}

// The target's byte order, as libseccomp exports it
static void print_filter(scmp_filter_ctx filter, const char *name)
{
	FILE *file = tmpfile();
	unsigned char code[sizeof(struct sock_filter)];
	int error, big = strstr(" ppc ppc64 s390 s390x mips mips64 parisc ", target) != NULL;

	if (!file || (error = seccomp_export_bpf(filter, fileno(file))))
		fail("cannot export", name, file ? error : -errno);
	rewind(file);
	printf("static const struct sock_filter %s[] = {\n", name);
	while (fread(code, sizeof code, 1, file) == 1)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", big ? code[0] << 8 | code[1] : code[1] << 8 | code[0], code[2], code[3],
		       big ? (unsigned)code[4] << 24 | code[5] << 16 | code[6] << 8 | code[7]
			   : (unsigned)code[7] << 24 | code[6] << 16 | code[5] << 8 | code[4]);
	printf("};\n");
	fclose(file);
}

static void compile(const char *name, const char *other)
{
	struct part part = make_part(target);
	int error;

	if (other && (error = seccomp_merge(part.filter, make_part(other).filter)))
		fail("cannot add", other, error);
	print_filter(part.filter, name);
	seccomp_release(part.filter);
}

int main(int argc, char **argv)
{
	const char *other = NULL;

	if (argc != 4)
		fail("usage: seccomp-presets ARCH TIOCSTI TIOCLINUX", "", 0);
	target = argv[1];
	tiocsti = strtoul(argv[2], NULL, 0);
	tioclinux = strtoul(argv[3], NULL, 0);
	for (size_t i = 0; i < sizeof companions / sizeof *companions; i++)
		if (!strcmp(companions[i][0], target))
			other = companions[i][1];
	printf("// made by seccomp-presets for %s\n", target);
	compile("single_arch", NULL);
	if (other)
		compile("multi_arch", other);
	else
		printf("#define multi_arch single_arch\n");
	return fflush(stdout) || ferror(stdout);
}

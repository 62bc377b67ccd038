// SPDX-License-Identifier: MIT
// checkconfig - values and releases of a kernel's configuration, and what follows for a need

#include "applets/checkconfig/checkconfig.h"
#include "tap.h"

static const char text[] =
	"CONFIG_FIRST=y\n#\n# Linux/x86 6.1.140 Kernel Configuration\n#\nCONFIG_PROC_FS=y\nCONFIG_FUSE_FS=m\n"
	"# CONFIG_SWAP is not set\nCONFIG_NAME=\"m\"\nCONFIG_ABCD=y\nCONFIG_MAX=mmm\nCONFIG_OFF=n\nCONFIG_LAST=m";

static void values(void)
{
	static const struct { const char *option; char value; } wanted[] = {
		{ "FIRST", 'y' }, { "PROC_FS", 'y' }, { "FUSE_FS", 'm' }, { "SWAP", 'n' }, { "NOSUCH", 'n' }, { "LAST", 'm' },
		{ "ABC", 'n' }, { "BCD", 'n' }, { "NAME", 'y' }, { "MAX", 'y' }, { "OFF", 'n' }, { "PROC", 'n' },
		{ "NOSUCH|FUSE_FS", 'm' }, { "FUSE_FS|PROC_FS", 'y' }, { "PROC_FS|FUSE_FS", 'y' }, { "NOSUCH|SWAP", 'n' },
		{ "FUSE_FS|NOSUCH", 'm' }, { "", 'n' },
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		is_number(config_value(text, wanted[i].option), wanted[i].value, "value of '%s'", wanted[i].option);
}

static void releases(void)
{
	is_number(config_release(text), 6001, "the release of a configuration");
	is_number(config_release("CONFIG_A=y\n"), 0, "one that does not say");
	is_number(config_release("# Linux/x86\nCONFIG_A=y\n"), 0, "one that breaks off");
	is_number(release_number("6.11"), 6011, "6.11 is later than 6.2");
	ok(release_number("6.2") < release_number("6.11"), "which is earlier");
	is_number(release_number("x"), 0, "a word is no release");
	is_number(release_number("99999.1"), 0, "nor is nonsense");
}

static void verdicts(void)
{
	struct need need = { "a", "FUSE_FS", REQUIRED, NULL, "" };

	ok(need_check(&need, text) == PRESENT, "a module will do");
	need.degree |= BUILT_IN;
	ok(need_check(&need, text) == MODULE_ONLY, "except where it comes too late");
	need = (struct need){ "a", "NEWER", OPTIONAL | SPLIT, "6.2", "" };
	ok(need_check(&need, text) == NOT_APPLICABLE, "an option that came later does not count before");
	need.since = "6.1";
	ok(need_check(&need, text) == MISSING, "but from then on");
	ok(need_check(&need, "CONFIG_A=y\n") == MISSING, "and where the release is not known");
	need.degree = OPTIONAL, need.since = "6.2";
	ok(need_check(&need, text) == MISSING, "what came later is missing before");
}

static void table(void)
{
	for (const struct need *need = needs; need->applets; need++) {
		int degrees = !!(need->degree & REQUIRED) + !!(need->degree & OPTIONAL);

		ok(degrees == 1 && *need->why && (!need->since || release_number(need->since))
		   && (!(need->degree & SPLIT) || need->since), "entry %s for %s", need->option, need->applets);
	}
}

int main(void)
{
	values();
	releases();
	verdicts();
	table();
	return tap_done();
}

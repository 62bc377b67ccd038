# SPDX-License-Identifier: MIT
# tests.mk - make check: TAP under prove, by floor: unit (C programs), ns (namespaces), vm (QEMU)

# A unit test is one C file, linked with all of the suite but main.o. One that bears an
# applet's name is built when that applet is.
applet-dirs := $(notdir $(patsubst %/,%,$(dir $(kbuilds))))
unit-names := $(filter-out $(filter-out $(names),$(applet-dirs)),$(basename $(notdir $(wildcard tests/unit/*.c))))
unit-bins := $(unit-names:%=$(obj)/tests/unit/%)
unit-objs := $(filter-out %/main.o,$(objs))

$(obj)/tests/unit/%: tests/unit/%.c tests/unit/tap.h $(unit-objs) $(obj)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(flags) -I. -Itests/unit $(ldflags) -MMD -MF $@.d -o $@ $< $(unit-objs) $(ldlibs)
	$(Q)$(AWK) -f scripts/fixdep.awk $(obj) $@.d

# As on aarch64, where pages may have 64 KB: between the segments is a gap.
$(obj)/tests/unit/resident: private ldflags += -Wl,-z,max-page-size=65536

-include $(unit-bins:=.d)

unit: $(unit-bins)

bench-timer := $(obj)/tests/bench/timer

# What a run executes; TESTS= names some.
TESTS ?= $(unit-bins) $(wildcard tests/unit/*.t tests/ns/*.t tests/vm/*.t tests/fuzz/*.t tests/analyse/*.t)
JOBS  ?= $(shell nproc 2>/dev/null || echo 1)

# Tests build with every compiler and C library, so these come before any of them runs.
check-needs := prove:perl unshare:util-linux gcc:gcc clang:clang pkgconf:pkgconf \
               /usr/include/stdlib.h:libc6-dev /usr/include/libkmod.h:libkmod-dev

do-check: all unit $(bench-timer)
	$(Q)sh scripts/need $(check-needs)
	$(Q)INITBOX=$(abspath $(O)/$(NAME)) prove -j $(JOBS) --timer --failures --comments $(TESTS)

# Packages for others, in minutes: a Debian with each initramfs generator, made once, and virtual machines.
check-packaging:
	$(Q)sh scripts/need $(build-needs) prove:perl
	$(Q)$(MAKE) do-check TESTS='$(wildcard tests/packaging/*.t)'

# Two releases, compared, and linked anew; in minutes.
check-release:
	$(Q)sh scripts/need $(build-needs) prove:perl git:git cpio:cpio
	$(Q)$(MAKE) do-check TESTS='$(wildcard tests/release/*.t)'

## Fuzzing: tests/fuzz/fuzz.t builds these with clang in a folder of its own, and runs them
fuzz-bins := $(patsubst tests/fuzz/%.c,$(obj)/tests/fuzz/%,$(wildcard tests/fuzz/*.c))
fuzz-bins: $(fuzz-bins)
$(obj)/tests/fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.h $(unit-objs) $(obj)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(flags) -I. -Itests/fuzz -fsanitize=fuzzer $(ldflags) -o $@ $< $(unit-objs) $(ldlibs) $$(sed -n 's|^// link: ||p' $<)

# FUZZ= names some targets, FUZZ_SECONDS= is for each of them
fuzz:
	$(Q)sh scripts/need $(build-needs) prove:perl
	$(Q)prove -v tests/fuzz/fuzz.t

## Analysers: two of them are part of make check, clang-tidy is not
objects: $(objs)
analyse:
	$(Q)sh scripts/need $(build-needs) prove:perl
	$(Q)ANALYSERS='cppcheck gcc clang-tidy' prove -v tests/analyse/analyse.t

## Torture: long runs; TORTURE= names some of tests/torture, TORTURE_SECONDS=, BOOTS=, FAULTS= shorten them
TORTURE ?= $(patsubst tests/torture/%.t,%,$(wildcard tests/torture/*.t))
do-torture: all
	$(Q)sh scripts/need $(check-needs)
	$(Q)INITBOX=$(abspath $(O)/$(NAME)) prove -v --timer $(TORTURE:%=tests/torture/%.t)

# Lines that the tests reach, per applet: TESTS= names some
coverage:
	$(Q)sh scripts/need $(build-needs)
	$(Q)sh tests/coverage/run.sh $(if $(filter file,$(origin TESTS)),,$(TESTS))

# Cross builds, booted: ARCHS= names some
arch:
	$(Q)sh scripts/need $(build-needs) prove:perl
	$(Q)prove -v tests/arch/arch.t

## Benches: BENCH= names some; tests/bench/lib.sh tells how one is written
BENCH ?=
$(bench-timer): tests/bench/timer.c $(obj)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(cc) -O2 -Wall -Wextra -static -o $@ $<

do-bench: all $(bench-timer)
	$(Q)INITBOX=$(abspath $(O)/$(NAME)) CC='$(cc)' timer=$(abspath $(bench-timer)) sh tests/bench/run.sh $(BENCH)
# What the last runs left, without running anything.
bench-report:
	$(Q)sh tests/bench/run.sh -r $(BENCH)

.PHONY: unit objects do-check check-packaging check-release analyse arch do-torture coverage
.PHONY: fuzz fuzz-bins do-bench bench-report

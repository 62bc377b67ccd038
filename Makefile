# SPDX-License-Identifier: MIT
# Makefile - build, install, run, check and measure initbox; needs cc, make and awk
#
# make                  build O/initbox for O/.config (configs/defconfig where there is none)
# make run              boot the suite on a Debian kernel in QEMU; ends at a shell, poweroff leaves
# make check            run all tests (TESTS='tests/ns/*.t' for some of them)
# make install          install the binary and its links below DESTDIR
# make install-doc      install man pages and completion for bash below DESTDIR
# make bench            time and size against peers (BENCH='copyroot sbx' for some), into O/build/bench
# make fuzz             all parsers with made-up input, FUZZ_SECONDS (1) each (FUZZ='inittab uevent' for some)
# make analyse          cppcheck, gcc -fanalyzer, clang-tidy
# make check-packaging  packages for other systems, built, installed and booted (minutes)
# make check-release    two releases, compared, and linked anew (minutes)
# make torture          faults, little memory, 200 boots, kills, full disks ... (TORTURE='boots kill' for some)
# make coverage         lines that the tests reach, per applet
# make arch             static builds for three architectures, booted; a table of sizes
# make size             bytes of code and data per applet
# make menuconfig       choose applets and options (also oldconfig, olddefconfig, savedefconfig,
#                       defconfig, allnoconfig, allyesconfig, NAME_defconfig)
# make release          source, static binaries, checksums and SBOM in O/build/release, the same bytes anywhere
# make sizes            write the sizes of all configurations into README.md
# make option-cost      write what each option costs into the help texts of Config.in (takes many minutes)
# make clean            remove what was built (distclean: .config and build/ as well)
#
# Settings: O=DIR (build there), V=1 (show commands), WERROR=1, CC=, CROSS_COMPILE=, CFLAGS=,
# LDFLAGS=, HOSTCC=, HOST_CFLAGS=, PKG_CONFIG= (take libkmod and zlib from where that says), DESTDIR=, PREFIX=,
# SOURCE_DATE_EPOCH=, CACHE=DIR (for what is downloaded and unpacked)
NAME    := initbox
VERSION := 0.1.0

O     ?= .
CACHE ?= $(abspath $(O))/build/cache
PREFIX ?=
CFLAGS ?= -Os -g

ifneq ($(words $(CURDIR) $(O)),2)
$(error Make cannot work with names that contain a space: '$(CURDIR)', O='$(O)')
endif

export LC_ALL := C
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n' $(1) $(2))
have = command -v $(firstword $(1)) >/dev/null || { echo 'no $(firstword $(1)) here: a build needs cc, make and awk' >&2; exit 1; }

# $(obj)/X holds the text of variable X. What depends on it is rebuilt when that changes, and only then:
# $(call changed,X) is FORCE if the file does not say the same, and $(call record,X) writes it.
changed = $(if $(subst x$(strip $($(1))),,x$(strip $(file <$(obj)/$(1)))),FORCE)
record = mkdir -p $(obj) && printf '%s\n' '$(subst ','\'',$(strip $($(1))))' >$@

all: $(O)/$(NAME)

## Configuration
obj    := $(patsubst ./%,%,$(O)/obj)
config := $(patsubst ./%,%,$(O)/.config)
include scripts/config.mk

# Targets that build nothing need no configuration.
building := $(filter-out %config clean distclean help release sizes option-cost,$(or $(MAKECMDGOALS),all))
ifneq ($(building),)
$(if $(filter %config,$(MAKECMDGOALS)),$(error First make $(filter %config,$(MAKECMDGOALS)), then make $(building)))
include $(obj)/auto.conf
endif

## What to build
# An applet's Kbuild, with CONFIG_X being y or empty, adds to
#   applet-y  PATH         the folder's own command: sbin/halt, from applets/halt
#   alias-y   PATH=NAME    another path that runs applet NAME
#   src-y     FILE         a source file that is built only with this option
#   pkgs-y    PACKAGE      a library, by its pkg-config name
kbuilds := $(sort $(wildcard applets/*/Kbuild))
include $(kbuilds)

names := $(sort $(notdir $(applet-y)))
srcs  := $(sort $(filter-out $(src-),$(wildcard libcommon/*.c $(names:%=applets/%/*.c) $(if $(filter sbx,$(names)),libsbx/*.c))))
objs  := $(srcs:%.c=$(obj)/%.o)
pkgs  := $(sort $(pkgs-y))

## Toolchain
# Static means musl where this machine has it (musl-gcc, or the same around clang), unless CC is something else.
cc := $(if $(filter default,$(origin CC)),$(CROSS_COMPILE)gcc,$(CC))
ifeq ($(CONFIG_STATIC)$(CROSS_COMPILE),y)
ifneq ($(filter clang%,$(notdir $(cc))),)
cc := $(CURDIR)/scripts/musl-clang $(cc)
else ifeq ($(origin CC),default)
cc := $(or $(shell command -v musl-gcc),gcc)
endif
endif
STRIP ?= $(CROSS_COMPILE)strip

# Libraries: a static build makes its own from Debian's sources, unless PKG_CONFIG names where to look.
# They are kept by what makes them, so they are never out of date.
ifeq ($(CONFIG_STATIC)$(origin PKG_CONFIG),yundefined)
deps-key := $(subst $(CURDIR)/,,$(cc)) $(CFLAGS)
deps := $(CACHE)/deps-$(shell { echo '$(deps-key)'; cat scripts/static-deps.sh; } | cksum | cut -d ' ' -f 1)
deps-ready := $(if $(pkgs)$(findstring musl,$(cc)),$(deps)/deps.mk)
-include $(deps-ready)
else
PKG_CONFIG ?= $(CROSS_COMPILE)pkg-config
deps-cflags := $(if $(pkgs),$(shell $(PKG_CONFIG) --cflags $(pkgs)))
deps-libs   := $(if $(pkgs),$(shell $(PKG_CONFIG) --libs $(if $(CONFIG_STATIC),--static) $(pkgs)))
endif

cppflags := -D_GNU_SOURCE -I$(obj) -Ilibcommon -include $(obj)/config.h $(deps-cflags) $(CPPFLAGS)
cflags   := -std=gnu11 -Wall -Wextra -Wundef -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wvla -Wno-format-nonliteral $(if $(WERROR),-Werror) -ffunction-sections -fdata-sections \
            -fno-asynchronous-unwind-tables -fno-unwind-tables \
            -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(abspath $(obj))=obj -ffile-prefix-map=$(obj)=obj \
            $(if $(deps),-ffile-prefix-map=$(deps)=deps) \
            $(if $(CONFIG_LTO),-flto=auto) $(CFLAGS) $(CONFIG_EXTRA_CFLAGS)
# No start-up code of a static program makes pages read-only, so there is nothing to pad for (up to 4 KB).
static-ldflags := -static -Wl,-z,norelro
ldflags  := -Wl,--gc-sections,--build-id=none,-z,noseparate-code $(if $(CONFIG_STATIC),$(static-ldflags)) $(LDFLAGS)
ldlibs   := $(if $(pkgs),$(deps-libs))

## Rules
flags := $(cc) $(cppflags) $(cflags)
link  := $(cc) $(cflags) $(ldflags) $(objs) $(ldlibs)

$(O)/$(NAME): $(obj)/$(NAME)
	$(call say,STRIP,$@)
	$(Q)$(STRIP) -s -R .comment -R .note.gnu.property -o $@ $<

$(obj)/$(NAME): $(objs) $(obj)/link
	$(call say,LD,$@)
	$(Q)$(link) -Wl,-Map=$@.map -o $@

$(obj)/%.o: %.c $(obj)/flags | $(obj)/config.h $(obj)/applets.inc $(obj)/version.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(flags) -MMD -c -o $@ $<
	$(Q)$(AWK) -f scripts/fixdep.awk $(obj) $(@:.o=.d)

-include $(objs:.o=.d)

ifdef deps-ready
$(deps-ready):
	$(call say,DEPS,$(deps))
	$(Q)mkdir -p $(CACHE)
	$(Q)CACHE='$(CACHE)' CC='$(cc)' CFLAGS='$(CFLAGS)' $(if $(shell command -v flock),flock $(CACHE)/lock) \
		sh scripts/static-deps.sh $(deps)
endif

sym = $(subst .,_,$(subst -,_,$(1)))
# A path in the root itself (/init) is a name of its own beside the one it ends in (/sbin/init).
name-of = $(if $(findstring /,$(1)),$(notdir $(1)),/$(1))
entry = APPLET_ENTRY("/$(1)", "$(call name-of,$(1))", $(call sym,$(2)))
entries := $(foreach p,$(applet-y),'$(call entry,$(p),$(notdir $(p)))') \
           $(foreach a,$(alias-y),'$(call entry,$(word 1,$(subst =, ,$(a))),$(word 2,$(subst =, ,$(a))))')
$(obj)/applets.inc: $(obj)/entries
	$(Q)printf '%s\n' $(entries) | sort -t '"' -k 4,4 >$@

epoch := $(or $(SOURCE_DATE_EPOCH),$(if $(wildcard .git),$(shell git log -1 --format=%ct 2>/dev/null)),$(shell date -r Makefile +%s))
version := $(VERSION) $(epoch)
$(obj)/version.h: $(obj)/version
	$(Q)printf '#define INITBOX_VERSION "%s"\n#define INITBOX_EPOCH %s\n' $(version) >$@

$(obj)/flags: $(call changed,flags)
	$(Q)$(call have,$(cc))
	$(Q)$(call record,flags)
$(obj)/flags $(obj)/link: $(if $(strip $(deps-libs)),,$(if $(pkgs),no-libraries))
no-libraries:
	@echo 'no $(pkgs) for $(or $(PKG_CONFIG),a static build)' >&2; exit 1
$(obj)/link: $(call changed,link)
	$(Q)$(call record,link)
$(obj)/entries: $(call changed,entries)
	$(Q)$(call record,entries)
$(obj)/version: $(call changed,version)
	$(Q)$(call record,version)

# Seccomp presets: a program for this machine makes them with libseccomp, for the target that cc compiles for.
HOSTCC ?= cc
seccomp-tool := $(obj)/host/seccomp-presets
$(obj)/libcommon/sbx_seccomp.o: $(if $(CONFIG_SBX_SECCOMP),$(obj)/sbx_seccomp.inc)
$(obj)/sbx_seccomp.inc: $(seccomp-tool) scripts/seccomp-target.h $(obj)/flags | $(obj)/config.h
	$(call say,GEN,$@)
	$(Q)$(flags) -w -E -P -o $@.target scripts/seccomp-target.h
	$(Q)$(seccomp-tool) $$(tail -n 1 $@.target) >$@

$(seccomp-tool): scripts/seccomp-presets.c libcommon/sbx_seccomp_rows.h
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include <seccomp.h>' | $(HOSTCC) $(HOST_CFLAGS) -E - >/dev/null 2>&1 || { \
		echo 'no libseccomp here to compile the seccomp presets with: install libseccomp-dev, or set CONFIG_SBX_SECCOMP=n' >&2; exit 1; }
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -O1 -Wall -Wextra -Ilibcommon -o $@ $< -lseccomp

# libsbx, for other programs: with the compiler and C library that those have, not with musl.
lib-cc   := $(if $(filter default,$(origin CC)),$(CROSS_COMPILE)gcc,$(CC))
lib-objs := $(patsubst %.c,$(obj)/lib/%.o,$(wildcard libsbx/*.c) libcommon/sbx_proto.c libcommon/sbx_wire.c)
lib      := $(if $(CONFIG_LIBSBX),$(O)/libsbx.a)
ar       := $(if $(filter default,$(origin AR)),$(CROSS_COMPILE)ar,$(AR))
all: $(lib)

$(O)/libsbx.a: $(lib-objs)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(ar) rcD $@ $^

lib-flags := $(lib-cc) -std=gnu11 -D_GNU_SOURCE -Ilibcommon -fPIC -fvisibility=default -Wall -Wextra -Wundef -Wshadow \
             -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(WERROR),-Werror) -ffunction-sections -fdata-sections \
             -ffile-prefix-map=$(CURDIR)=. $(CFLAGS)
$(obj)/lib/%.o: %.c $(obj)/lib-flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(lib-flags) -MMD -c -o $@ $<
-include $(lib-objs:.o=.d)
$(obj)/lib-flags: $(call changed,lib-flags)
	$(Q)$(call have,$(lib-cc))
	$(Q)$(call record,lib-flags)

## Install, run, check, measure
links := $(addprefix /,$(applet-y) $(foreach a,$(alias-y),$(word 1,$(subst =, ,$(a)))))
root := $(DESTDIR)$(PREFIX)
install: all
	$(Q)install -D -m 755 $(O)/$(NAME) $(root)/bin/$(NAME)
	$(Q)for l in $(links); do \
		mkdir -p "$(root)$${l%/*}"; \
		case $$l in /bin/*) t=$(NAME) ;; /*/*) t=../bin/$(NAME) ;; *) t=bin/$(NAME) ;; esac; \
		ln -sf $$t "$(root)$$l"; \
	done
	$(Q)$(if $(lib),install -D -m 644 $(O)/libsbx.a "$(root)/lib/libsbx.a"; \
		install -D -m 644 -t "$(root)/include" libsbx/sbx.h libcommon/sbx_proto.h)

# Man pages of the applets that are built and of the suite, and completion for bash.
DATADIR ?= $(or $(PREFIX),/usr)/share
pages := $(wildcard docs/man/*.[1-8] $(names:%=applets/%/*.[1-8]))
install-doc:
	$(Q)for p in $(pages); do \
		install -D -m 644 $$p "$(DESTDIR)$(DATADIR)/man/man$${p##*.}/$${p##*/}" || exit 1; \
	done
	$(Q)install -D -m 644 packaging/bash-completion/initbox "$(DESTDIR)$(DATADIR)/bash-completion/completions/initbox"
	$(Q)for l in $(notdir $(filter-out /init,$(links))); do \
		ln -sf initbox "$(DESTDIR)$(DATADIR)/bash-completion/completions/$$l"; \
	done

# On a fresh machine the tools come first, and make is read again: it looks for musl-gcc.
build-needs := $(if $(CONFIG_SBX_SECCOMP),/usr/include/seccomp.h:libseccomp-dev /usr/include/stdio.h:libc6-dev) make:make awk:mawk $(if $(filter default,$(origin CC)),$(if $(CROSS_COMPILE),,gcc:gcc musl-gcc:musl-tools))
run check bench torture:
	$(Q)sh scripts/need $(build-needs)
	$(Q)$(MAKE) do-$@

export O CACHE
export MAKE
do-run: all
	$(Q)INITBOX=$(abspath $(O)/$(NAME)) sh scripts/run.sh

size: $(obj)/$(NAME) $(O)/$(NAME)
	$(Q)$(AWK) -f scripts/size.awk obj=$(obj) file=$$(wc -c <$(O)/$(NAME)) $<.map

release:
	$(Q)sh scripts/need $(build-needs) git:git cpio:cpio
	$(Q)sh scripts/release $(abspath $(O))/build/release
sizes:
	$(Q)sh scripts/sizes --write
option-cost:
	$(Q)sh scripts/option-cost --write

include tests/tests.mk

compile_commands.json: $(obj)/auto.conf FORCE
	$(Q)printf '[\n$(foreach s,$(srcs),{"directory":"$(CURDIR)","file":"$(s)","command":"$(cc) $(cppflags) $(cflags) -c $(s)"},\n)' | sed '$$s/,$$/\n]/' >$@

clean:
	rm -rf $(obj) $(O)/$(NAME) $(O)/libsbx.a
distclean: clean
	rm -rf build $(config) $(config).old

help:
	@sed -n '/^# make  /,/^NAME/s/^# \{0,1\}//p' Makefile

FORCE:
.PHONY: all no-libraries install install-doc release sizes option-cost run check bench torture do-run size clean distclean help FORCE

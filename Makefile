# SPDX-License-Identifier: MIT
# Makefile - build, install, run, check and measure initbox; needs cc, make and awk
#
# make                  build O/initbox for O/.config (configs/defconfig where there is none)
# make run              boot the suite on a Debian kernel in QEMU; ends at a shell, poweroff leaves
# make check            run all tests (TESTS='tests/ns/*.t' for some of them)
# make install          install the binary and its links below DESTDIR
# make size             bytes of code and data per applet
# make menuconfig       choose applets and options (also oldconfig, olddefconfig, savedefconfig,
#                       defconfig, allnoconfig, allyesconfig, NAME_defconfig)
# make clean            remove what was built
#
# Settings: O=DIR (build there), V=1 (show commands), WERROR=1, CC=, CROSS_COMPILE=, CFLAGS=,
# LDFLAGS=, PKG_CONFIG= (take the system's libkmod), DESTDIR=, PREFIX=, SOURCE_DATE_EPOCH=, CACHE=DIR
NAME    := initbox
VERSION := 0.1.0

O     ?= .
CACHE ?= $(CURDIR)/build/cache
PREFIX ?=
CFLAGS ?= -Os -g

export LC_ALL := C
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n' $(1) $(2))
unquote = $(subst ",,$(1))

all: $(O)/$(NAME)

## Configuration
obj := $(O)/obj
config := $(O)/.config
config-in := Config.in $(sort $(wildcard applets/*/Config.in))
include scripts/config.mk

# Targets that build nothing need no configuration.
ifneq ($(filter-out %config clean distclean help,$(or $(MAKECMDGOALS),all)),)
-include $(obj)/auto.conf
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
srcs  := $(sort $(filter-out $(src-),$(wildcard libcommon/*.c $(names:%=applets/%/*.c))))
objs  := $(srcs:%.c=$(obj)/%.o)
pkgs  := $(sort $(pkgs-y))

## Toolchain
# Static means musl where this machine has it (musl-gcc, or the same around clang).
musl-cc = $(if $(findstring clang,$(1)),$(CURDIR)/scripts/musl-clang,$(shell command -v musl-gcc || echo $(1)))
asked-cc := $(CROSS_COMPILE)$(if $(filter default,$(origin CC)),gcc,$(CC))
ifeq ($(CONFIG_STATIC)$(CROSS_COMPILE),y)
ifneq ($(filter default,$(origin CC))$(filter clang%,$(notdir $(CC))),)
musl := y
endif
endif
cc := $(if $(musl),$(call musl-cc,$(asked-cc)),$(asked-cc))
STRIP ?= $(CROSS_COMPILE)strip
SIZE  ?= $(CROSS_COMPILE)size

# Libraries: a static build makes its own from Debian's sources, unless PKG_CONFIG names where to look.
ifeq ($(CONFIG_STATIC)$(origin PKG_CONFIG),yundefined)
deps := $(CACHE)/deps-$(shell echo '$(cc) $(CFLAGS)' | cksum | cut -d ' ' -f 1)
deps-ready := $(if $(pkgs)$(musl),$(deps)/deps.mk)
-include $(deps-ready)
else
PKG_CONFIG ?= $(CROSS_COMPILE)pkg-config
deps-cflags = $(if $(pkgs),$(shell $(PKG_CONFIG) --cflags $(pkgs)))
deps-libs   = $(if $(pkgs),$(shell $(PKG_CONFIG) --libs $(if $(CONFIG_STATIC),--static) $(pkgs)))
endif

cppflags := -D_GNU_SOURCE -I$(obj) -Ilibcommon -include $(obj)/config.h $(deps-cflags) $(CPPFLAGS)
cflags   := -std=gnu11 -Wall -Wextra -Wundef -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wvla -Wno-format-nonliteral $(if $(WERROR),-Werror) -ffunction-sections -fdata-sections \
            -fno-asynchronous-unwind-tables -fno-unwind-tables \
            -ffile-prefix-map=$(abspath $(obj))=obj -ffile-prefix-map=$(obj)=obj -ffile-prefix-map=$(CURDIR)=. \
            $(if $(CONFIG_LTO),-flto) $(CFLAGS) $(call unquote,$(CONFIG_EXTRA_CFLAGS))
ldflags  := -Wl,--gc-sections,--build-id=none,-z,noseparate-code $(if $(CONFIG_STATIC),-static) $(LDFLAGS)
ldlibs   := $(if $(pkgs),$(deps-libs))

## Rules
$(O)/$(NAME): $(obj)/$(NAME)
	$(call say,STRIP,$@)
	$(Q)$(STRIP) -s -R .comment -R .note.gnu.property -o $@ $<

$(obj)/$(NAME): $(objs) $(obj)/flags
	$(call say,LD,$@)
	$(Q)$(cc) $(cflags) $(ldflags) -o $@ $(objs) $(ldlibs)

$(obj)/%.o: %.c $(obj)/config.h $(obj)/applets.inc $(obj)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(cc) $(cppflags) $(cflags) -MMD -MP -c -o $@ $<

-include $(objs:.o=.d)

# Rewrite $@ only if its content would change, so that nothing else is rebuilt.
update = { mkdir -p $(@D); cat >$@.new; cmp -s $@.new $@ && rm $@.new || mv $@.new $@; }

ifdef deps-ready
$(deps-ready): scripts/static-deps.sh
	$(call say,DEPS,$(deps))
	$(Q)CACHE='$(CACHE)' CC='$(cc)' CFLAGS='$(CFLAGS)' sh scripts/static-deps.sh $(deps)
endif

sym = $(subst .,_,$(subst -,_,$(1)))
# A path in the root itself (/init) is a name of its own beside the one it ends in (/sbin/init).
name-of = $(if $(findstring /,$(1)),$(notdir $(1)),/$(1))
entry = echo 'APPLET_ENTRY("/$(1)", "$(call name-of,$(1))", $(call sym,$(2)))';
$(obj)/applets.inc: $(obj)/auto.conf $(kbuilds)
	$(Q){ $(foreach p,$(applet-y),$(call entry,$(p),$(notdir $(p)))) \
	$(foreach a,$(alias-y),$(call entry,$(word 1,$(subst =, ,$(a))),$(word 2,$(subst =, ,$(a))))) :; } \
	| sort -t '"' -k 4,4 | $(update)

epoch := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),$(shell date -r Makefile +%s))
$(obj)/version.h: FORCE
	$(Q)printf '#define INITBOX_VERSION "%s"\n#define INITBOX_EPOCH %s\n' $(VERSION) $(epoch) | $(update)
$(objs): | $(obj)/version.h

$(obj)/flags: FORCE
	$(Q)echo '$(cc) $(cppflags) $(cflags) $(ldflags) $(ldlibs)' | $(update)

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

export O CACHE
export MAKE
run: all
	$(Q)INITBOX=$(abspath $(O)/$(NAME)) sh scripts/run.sh

size: $(obj)/$(NAME) $(O)/$(NAME)
	$(Q)$(SIZE) $(objs) | awk -f scripts/size.awk
	$(Q)$(SIZE) $(O)/$(NAME)
	$(Q)wc -c $(O)/$(NAME)

include tests/tests.mk

compile_commands.json: $(obj)/auto.conf FORCE
	$(Q)printf '[\n$(foreach s,$(srcs),{"directory":"$(CURDIR)","file":"$(s)","command":"$(cc) $(cppflags) $(cflags) -c $(s)"},\n)' | sed '$$s/,$$/\n]/' >$@

clean:
	rm -rf $(obj) $(O)/$(NAME)
distclean: clean
	rm -rf build $(config) $(config).old

help:
	@sed -n '/^# make /,/^# Settings/s/^# \{0,1\}//p' Makefile

FORCE:
.PHONY: all install run size clean distclean help FORCE

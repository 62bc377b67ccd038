# SPDX-License-Identifier: MIT
# config.mk - from Config.in and .config to what make and C read
#
# kconfig.awk does it all but menuconfig and oldconfig, which are Kconfiglib's (Debian: python3-kconfiglib).
AWK    ?= awk
PYTHON ?= python3
config-in := Config.in $(sort $(wildcard applets/*/Config.in))
presets   := $(notdir $(wildcard configs/*defconfig))
kconfig = $(AWK) -f scripts/kconfig.awk

# .config may be partial or old: every symbol gets its value. $(obj)/config/X is touched where X has changed.
$(obj)/auto.conf: $(config) $(config-in) scripts/kconfig.awk $(obj)/config-in
	$(Q)mkdir -p $(obj)/config
	$(Q)$(kconfig) auto $(obj) $(config-in) -- $(config)

$(obj)/config-in: $(call changed,config-in)
	$(Q)$(call record,config-in)

# Made with auto.conf, which make includes and so makes first. An option that is gone makes what used it
# compile again, and fail.
$(obj)/config.h: ;
$(obj)/config/%: ;

# Written whole or not at all, and not touched where nothing changes.
configure = $(call have,$(AWK)) && mkdir -p $(@D) $(O) && \
	{ $(kconfig) $(1) >$(config).new || { rm -f $(config).new; exit 1; }; } && \
	if cmp -s $(config).new $(config); then rm $(config).new; else mv $(config).new $(config); fi

$(config):
	$(Q)$(call configure,config $(config-in) -- configs/defconfig)
olddefconfig: $(config)
	$(Q)$(call configure,config $(config-in) -- $(config))
allnoconfig allyesconfig:
	$(Q)$(call configure,$@ $(config-in))
$(presets): %: configs/%
	$(Q)$(call configure,config $(config-in) -- $<)
savedefconfig: $(config)
	$(Q)$(kconfig) $@ $(config-in) -- $(config) >$(O)/defconfig

# Config.in names files from here, whatever srctree a caller's environment holds.
kconfiglib = for python in $(PYTHON) /usr/bin/python3; do \
		$$python -c 'import kconfiglib' 2>/dev/null || continue; \
		exec env srctree= KCONFIG_CONFIG=$(config) $$python -m $@ Config.in; \
	done
menuconfig oldconfig: $(config)
	$(Q)$(kconfiglib); sh scripts/need /usr/lib/python3/dist-packages/kconfiglib.py:python3-kconfiglib && $(kconfiglib); \
	echo '$@: needs Kconfiglib (python3-kconfiglib)' >&2; exit 1

.PHONY: menuconfig oldconfig olddefconfig savedefconfig allnoconfig allyesconfig $(presets)

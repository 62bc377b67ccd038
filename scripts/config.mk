# SPDX-License-Identifier: MIT
# config.mk - from Config.in and .config to what make and C read
#
# menuconfig and oldconfig need Kconfiglib (Debian: python3-kconfiglib); all else is done by kconfig.awk.
PYTHON ?= python3
evaluate = awk -f scripts/kconfig.awk -v mode=$(1) $(config-in)
kconfiglib = KCONFIG_CONFIG=$(config) $(PYTHON) -m $(1)

# .config may be partial or old: the evaluator fills in every symbol.
$(obj)/auto.conf: $(config) $(config-in) scripts/kconfig.awk
	$(Q)$(call evaluate,config) $(config) | $(update)

# Every symbol is defined, as 0 or 1: a misspelt CONFIG_ name does not compile.
$(obj)/config.h: $(obj)/auto.conf
	$(Q)sed -n $< \
		-e 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$$/#define \1 0/p' \
		-e 's/^\(CONFIG_[A-Z0-9_]*\)=y$$/#define \1 1/p;t' \
		-e 's/^\(CONFIG_[A-Z0-9_]*\)=/#define \1 /p' | $(update)

$(config):
	$(Q)mkdir -p $(@D)
	$(Q)$(call evaluate,config) configs/defconfig >$@

menuconfig oldconfig:
	$(Q)mkdir -p $(O)
	$(Q)$(call kconfiglib,$@) Config.in
.PHONY: menuconfig oldconfig

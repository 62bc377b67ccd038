################################################################################
#
# initbox
#
################################################################################

# The tree that this folder is a part of.
INITBOX_VERSION = 0.1.0
INITBOX_SITE = $(BR2_EXTERNAL_INITBOX_PATH)/../..
INITBOX_SITE_METHOD = local
INITBOX_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /obj --exclude /build --exclude /.config --exclude /initbox
INITBOX_LICENSE = MIT
INITBOX_LICENSE_FILES = LICENSE
INITBOX_DEPENDENCIES = host-pkgconf kmod zlib

INITBOX_KCONFIG_FILE = $(call qstrip,$(BR2_PACKAGE_INITBOX_CONFIG))
INITBOX_KCONFIG_EDITORS = menuconfig
INITBOX_MAKE_OPTS = $(TARGET_CONFIGURE_OPTS)
INITBOX_KCONFIG_OPTS = $(INITBOX_MAKE_OPTS)

# The seccomp presets are compiled on the build machine, by its libseccomp.
ifeq ($(wildcard /usr/include/seccomp.h),)
INITBOX_SECCOMP = $(call KCONFIG_DISABLE_OPT,CONFIG_SBX_SECCOMP)
endif

define INITBOX_KCONFIG_FIXUP_CMDS
	$(call KCONFIG_DISABLE_OPT,CONFIG_STATIC)
	$(INITBOX_SECCOMP)
endef

define INITBOX_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) $(INITBOX_MAKE_OPTS) -C $(@D)
endef

ifeq ($(BR2_PACKAGE_INITBOX_INITTAB),y)
define INITBOX_INSTALL_INITTAB
	$(INSTALL) -D -m 0644 $(@D)/packaging/inittab $(TARGET_DIR)/etc/inittab
endef
endif

define INITBOX_INSTALL_TARGET_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) $(INITBOX_MAKE_OPTS) -C $(@D) install DESTDIR=$(TARGET_DIR)
	$(INITBOX_INSTALL_INITTAB)
endef

$(eval $(kconfig-package))

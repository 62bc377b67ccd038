#!/bin/sh
# SPDX-License-Identifier: MIT
# others.t - the packages of systems that are not here: Alpine's functions and Buildroot's commands are run as those systems would
. tests/packaging/lib.sh
copy() {
	mkdir -p "$1"
	sources | while read -r file; do [ ! -e "$file" ] || echo "$file"; done | tar cf - -T - | tar xf - -C "$1"
}
listing() { (cd "$1" && find . ! -type d | sort); }

## Alpine: abuild sources APKBUILD, and runs build, package and each subpackage in the unpacked source

copy "$tmp/alpine"
cat >"$tmp/abuild" <<'END'
set -eu
srcdir=$1 builddir=$1 pkgdir=$2/pkg subpkgdir=$2/init
mkdir -p "$pkgdir" "$subpkgdir"
. "$builddir/packaging/alpine/APKBUILD"
[ "$pkgver" = "$(sed -n 's/^VERSION := //p' "$builddir/Makefile")" ] || { echo "pkgver is $pkgver"; exit 1; }
cd "$builddir"
build
package
init
END
ok "Alpine: the functions of APKBUILD run" env -i PATH="$PATH" CACHE="$CACHE" sh "$tmp/abuild" "$tmp/alpine" "$tmp/apk"
like "$(listing "$tmp/apk/pkg")" '^\./usr/sbin/mdev-lite$' "initbox has its applets"
unlike "$(listing "$tmp/apk/pkg")" 'bin/(init|halt|poweroff|reboot|bwrap|mdev)$|^\./init$' "and takes no name of busybox or bubblewrap"
is "$(listing "$tmp/apk/init")" "./sbin/halt
./sbin/init
./sbin/poweroff
./sbin/reboot
./usr/share/initbox/inittab" "initbox-init takes init and its like"
is "$("$tmp/apk/pkg/usr/bin/initbox" --version)" "$("$INITBOX" --version)" "the binary runs"

## Buildroot: a stand-in for its kconfig-package that runs the package's commands in Buildroot's order

cat >"$tmp/Buildroot" <<'END'
BR2_EXTERNAL_INITBOX_PATH := $(TREE)/packaging/buildroot
BR2_PACKAGE_INITBOX_CONFIG := "$(BR2_EXTERNAL_INITBOX_PATH)/../../configs/defconfig"
BR2_PACKAGE_INITBOX_INITTAB := y
TARGET_CONFIGURE_OPTS := CC="gcc" CFLAGS="-Os" PKG_CONFIG="pkg-config" STRIP="strip"
INSTALL := install
qstrip = $(strip $(subst ",,$(1)))
KCONFIG_DISABLE_OPT = sed -i -e '/^$(1)=/d' $(DOTCONFIG); echo '\# $(1) is not set' >>$(DOTCONFIG)
DOTCONFIG = $(@D)/.config
define kconfig-package
$(BUILD)/built:
	cp -r $$(INITBOX_SITE) $$(@D)
	cp $$(INITBOX_KCONFIG_FILE) $$(@D)/.config
	$$(INITBOX_KCONFIG_FIXUP_CMDS)
	$$(MAKE) -C $$(@D) $$(INITBOX_KCONFIG_OPTS) olddefconfig
	$$(INITBOX_BUILD_CMDS)
	$$(INITBOX_INSTALL_TARGET_CMDS)
endef
include $(BR2_EXTERNAL_INITBOX_PATH)/external.mk
END
copy "$tmp/tree"
ok "Buildroot: the package's commands run" env -i PATH="$PATH" make -f "$tmp/Buildroot" TREE="$tmp/tree" BUILD="$tmp/br" \
	TARGET_DIR="$tmp/target" "$tmp/br/built"
like "$(listing "$tmp/target")" '^\./sbin/init$' "/sbin/init is in the target"
like "$(listing "$tmp/target")" '^\./etc/inittab$' "and an inittab"
is "$("$tmp/target/bin/initbox" --version 2>&1)" "$("$INITBOX" --version)" "the binary runs"
like "$(ldd "$tmp/target/bin/initbox")" 'libkmod' "with the shared libkmod"
is "$(sed -n 's/^INITBOX_VERSION = //p' packaging/buildroot/package/initbox/initbox.mk)" "$(sed -n 's/^VERSION := //p' Makefile)" "its version is this one"
done_testing

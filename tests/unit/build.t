#!/bin/sh
# SPDX-License-Identifier: MIT
# build.t - what a build promises: the same bytes anywhere, nothing done twice, nothing left behind
# shellcheck disable=SC1091,SC2154,SC2034 # build.sh
set -eu
cd "$(dirname "$0")/../.."
. tests/unit/build.sh
cd "$tmp"

## The same bytes

small_tree "$tmp/a"
mkdir b && cp -rp a b/elsewhere
ok "builds from an archive, without git" mk -C a
snapshot() { (cd "$1" && find . | sort && find . -type f -exec cksum {} + | sort); }
before=$(snapshot b/elsewhere)
ok "builds with O=" mk -C b/elsewhere O=../out
ok "O= in another folder gives the same bytes" cmp a/initbox b/out/initbox
ok "... before stripping too" cmp a/obj/initbox b/out/obj/initbox
is "$(snapshot b/elsewhere)" "$before" "O= leaves the source tree as it was"
unlike "$(strings -a a/obj/initbox)" "$tmp" "no path of this machine is in the binary"

## Nothing twice

ok "nothing is left to do" mk -q -C a
like "$(mk -C a)" "Nothing to be done" "a second make does nothing"
ok "... with O= too" mk -q -C b/elsewhere O=../out

out=$(mk -C a olddefconfig && mk -C a)
is "$(echo "$out" | compiled)" "" "olddefconfig that changes nothing compiles nothing"

set_option a DEMO_LOUD y
is "$(mk -C a | compiled)" "applets/demo-x/demo " "a changed option compiles only what names it"
is "$(a/initbox demo-x)" "demo-x!" "... and counts"
set_option a DEMO_INIT n
is "$(mk -C a | compiled)" "libcommon/applets " "an alias less compiles the table only"
set_option a DEMO n
is "$(mk -C a | compiled)" "libcommon/applets " "an applet less compiles the table only"
is "$(a/initbox --list)" "" "... and counts"
set_option a DEMO y
set_option a DEMO_KMOD y
is "$(mk -C a | compiled)" "applets/demo-x/demo applets/demo-x/kmod libcommon/applets " "a library more compiles what names its option"
ok "... and links" a/initbox demo-x
set_option a DEMO_KMOD n
ok "an option's source file goes again" mk -C a
unlike "$(strings -a a/obj/initbox)" "demo_kmod" "... out of the binary too"

touch a/applets/demo-x/demo.h
is "$(mk -C a | compiled)" "applets/demo-x/demo applets/demo-x/other " "a header compiles what includes it"
rm a/applets/demo-x/demo.h
echo 'int demo_kmod(void);' >a/applets/demo-x/new.h
sed -i 's/demo\.h/new.h/' a/applets/demo-x/*.c
ok "a renamed header is no obstacle" mk -C a
out=$(mk -C a LDFLAGS=-Wl,-O1)
is "$(echo "$out" | compiled)" "" "LDFLAGS compile nothing"
like "$out" "LD " "... but link"
total=$(find a/obj -name '*.o' ! -path '*/kmod.o' | wc -l)
is "$(mk -C a CPPFLAGS=-DX='"a b"' | compiled | wc -w)" "$total" "other flags compile all"
sed -i '/config DEMO_LOUD/,/bool/d' a/applets/demo-x/Config.in
like "$(mk -C a || :)" "CONFIG_DEMO_LOUD.*undeclared" "an option that is gone is missed by who names it"

## What is asked for is done

like "$(mk -C b/elsewhere O=../out V=1 LDFLAGS=-Wl,-O1)" "gcc.* -o .*/obj/initbox" "V=1 shows commands"
mk -C b/elsewhere O=../out SOURCE_DATE_EPOCH=12345 >/dev/null
like "$(cat b/out/obj/version.h)" "INITBOX_EPOCH 12345$" "SOURCE_DATE_EPOCH counts"

mk -C b/elsewhere O=../out install DESTDIR="$tmp/root" PREFIX=/usr >/dev/null
is "$(cd root && find . -type l -printf '%p %l\n' | sort)" './usr/bin/demo-x initbox
./usr/init bin/initbox
./usr/sbin/zdemo ../bin/initbox' "install makes relative links below DESTDIR and PREFIX"
is "$(stat -c %a root/usr/bin/initbox)" 755 "... and the binary"
if [ "$(id -u)" = 0 ]; then is "$(chroot root /usr/sbin/zdemo)" /usr/sbin/zdemo "... which runs by its link"
else skip "not root" "... which runs by its link"; fi

like "$(mk -C b/elsewhere O=../out size)" "^ +[0-9]+ +[0-9]+  applets/demo-x$" "size names the applet"
like "$(mk -C b/elsewhere O=../out size)" "^ +$(stat -c %s b/out/initbox) +the stripped file" "... and the file"
mk -C b/elsewhere O=../out clean >/dev/null
is "$(ls -A b/out)" .config "clean leaves the configuration"

# Tools under a prefix: each says its name and runs the real one.
mkdir bin
for tool in gcc strip; do
	printf '#!/bin/sh\necho %s >>%s\nexec %s "$@"\n' $tool "$tmp/used" $tool >bin/any-$tool
	chmod +x bin/any-$tool
done
echo CONFIG_STATIC=n >b/out/.config
PATH=$tmp/bin:$PATH mk -C b/elsewhere O=../out CROSS_COMPILE=any- CFLAGS=-O0 >/dev/null
is "$(sort -u used | tr '\n' ' ')" "gcc strip " "CROSS_COMPILE= goes before cc and strip"
printf '#!/bin/sh\necho -DANY_PKG_CONFIG\n' >bin/any-pkg-config
chmod +x bin/any-pkg-config
echo CONFIG_DEMO_KMOD=y >>b/out/.config
like "$(PATH=$tmp/bin:$PATH mk -n -C b/elsewhere O=../out CROSS_COMPILE=any-)" "ANY_PKG_CONFIG" "... and before pkg-config"
echo CONFIG_STATIC=n >b/out/.config
like "$(mk -C b/elsewhere O=../out V=1 CROSS_COMPILE=any- CC=gcc STRIP=strip)" "^gcc " "... but not before a CC that is given"

## Configuration

cd b/elsewhere
is "$(mk O=../new olddefconfig savedefconfig)" "" "configuration targets work in a new O="
is "$(cd ../new && find . -type f | sort | tr '\n' ' ')" "./.config ./defconfig " "... and write there only"
is "$(cat ../new/defconfig)" "" "the defaults need no line"
mk O=../new allyesconfig >/dev/null; like "$(cat ../new/.config)" "^CONFIG_DEMO_KMOD=y" "allyesconfig"
mk O=../new allnoconfig >/dev/null; unlike "$(cat ../new/.config)" "=y" "allnoconfig"
mk O=../new savedefconfig >/dev/null; like "$(cat ../new/defconfig)" "^# CONFIG_DEMO is not set" "savedefconfig keeps what differs"
echo CONFIG_DEMO_LOUD=y >configs/loud_defconfig
mk O=../new loud_defconfig >/dev/null; like "$(cat ../new/.config)" "^CONFIG_DEMO_LOUD=y" "NAME_defconfig"
mk O=../new defconfig >/dev/null; like "$(cat ../new/.config)" "^# CONFIG_DEMO_LOUD is not set" "defconfig"
like "$(mk O=../new nosuch_defconfig || :)" "No rule to make target 'nosuch_defconfig'" "an unknown NAME_defconfig is an error"
like "$(mk O=../new defconfig all || :)" "First make defconfig, then make all" "configuring and building in one go is refused"
for python in python3 /usr/bin/python3 none; do $python -c 'import kconfiglib' 2>/dev/null && break; done
if [ "$python" != none ]; then
	cp ../new/.config ../new/wanted
	SRCTREE=/nowhere
	ok "oldconfig, whatever srctree says" mk O=../new oldconfig
	ok "... finds nothing to change" cmp ../new/.config ../new/wanted
else skip "no Kconfiglib (python3-kconfiglib)" "oldconfig"; fi

## What is missing is said in one line

cd "$tmp"
like "$(mk -C b/elsewhere O=../missing CC=nocc || :)" "^no nocc here: a build needs cc, make and awk" "no compiler"
like "$(mk -C b/elsewhere O=../missing2 AWK=noawk || :)" "^no noawk here: a build needs cc, make and awk" "no awk"
mv b/elsewhere "b/a space"
like "$(mk -C "b/a space" || :)" "names that contain a space" "a space in the path"

done_testing

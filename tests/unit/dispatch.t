#!/bin/sh
# SPDX-License-Identifier: MIT
# dispatch.t - which applet runs by which name, and what the binary says by itself
# shellcheck disable=SC1091,SC2154 # build.sh
set -eu
cd "$(dirname "$0")/../.."
. tests/unit/build.sh
small_tree "$tmp/tree"
cat >"$tmp/tree/applets/demo-x/Kbuild" <<'END'
applet-$(CONFIG_DEMO) += sbin/demo-x
alias-$(CONFIG_DEMO) += init=demo-x sbin/init=other sbin/a=demo-x bin/Z=demo-x
applet-$(CONFIG_DEMO) += bin/other
END
mkdir "$tmp/tree/applets/other"
sed 's/demo_/other_/g; s/demo_x/other/; s/other_x_/other_/; s/"%s%s/"other %s%s/; /demo\.h/d; s/CONFIG_DEMO_KMOD.*: 0/0/' \
	"$tmp/tree/applets/demo-x/demo.c" >"$tmp/tree/applets/other/other.c"
mk -C "$tmp/tree" CFLAGS=-O1 >"$tmp/log" || { diag "$(cat "$tmp/log")"; exit 1; }
cp "$tmp/tree/initbox" "$tmp/initbox"
cd "$tmp"

## By itself

is "$(./initbox --list)" '/init
/bin/Z
/sbin/a
/sbin/demo-x
/sbin/init
/bin/other' "--list: the paths, sorted by name"
like "$(./initbox --version)" '^initbox [0-9.]+$' "--version"
like "$(./initbox --help)" '^usage: initbox APPLET' "--help"
like "$(./initbox --help)" ' demo-x .*other' "... names the applets"
is "$(./initbox 2>/dev/null || echo $?)" 2 "no arguments: exit 2, nothing on standard output"
like "$(./initbox 2>&1 || :)" '^usage:' "... but the usage"
is "$(./initbox nosuch 2>&1 || echo $?)" 'initbox: nosuch: no such applet (see initbox --list)
127' "an unknown applet: exit 127 and one line"
mkdir links
for name in nosuch demo-x a Z init; do ln -s ../initbox links/$name; done
is "$(links/nosuch 2>/dev/null || echo $?)" 2 "a link with an unknown name is as the binary itself"

## By name

is "$(./initbox demo-x)" demo-x "the first argument names the applet"
is "$(links/demo-x)" links/demo-x "so does the name of a link"
is "$(links/a)" links/a "an alias runs its applet"
is "$(links/Z)" links/Z "... capital letters too"
is "$(links/nosuch other)" "other other" "a name that is none leaves it to the first argument"
like "$(links/demo-x --help)" '^usage: demo-x' "--help of an applet"
is "$(links/init)" "other links/init" "init in a folder is /sbin/init"
if [ "$(id -u)" = 0 ]; then
	mkdir root && cp initbox root/init && ln -s init root/other
	is "$(chroot root /init)" /init "/init is the alias in the root itself"
	is "$(chroot root /other)" "other /other" "... and /NAME is otherwise as any NAME"
else skip "not root" "/init"; fi
is "$(./initbox /init)" /init "/init as the first argument"

## With no applet

echo CONFIG_DEMO=n >tree/.config
mk -C tree CFLAGS=-O1 >/dev/null
is "$(tree/initbox --list)" "" "no applets: --list is empty"
is "$(tree/initbox demo-x 2>/dev/null || echo $?)" 127 "... and any name is unknown"
is "$(tree/initbox 2>/dev/null || echo $?)" 2 "... and no arguments is a usage error"

done_testing

# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# build.sh - for the tests of the build: copies of the source tree, and make without this run's settings
. tests/tap.sh
source_tree=$PWD
cache=${CACHE:-$PWD/build/cache}
tmpdir

# mk ARGUMENT... - make with a clean environment but for the cache of libraries
mk() { env -i PATH="$PATH" HOME="${HOME:-/}" CACHE="$cache" ${SRCTREE:+srctree=$SRCTREE} make --no-print-directory -j2 "$@" 2>&1; }

# copy_tree DIR - what a source archive holds, and no .git
copy_tree() {
	mkdir -p "$1"
	(cd "$source_tree" && tar cf - Makefile Config.in applets configs libcommon libsbx scripts tests/tests.mk) | (cd "$1" && tar xf -)
}

# small_tree DIR - the same with one stand-in applet, so that these tests say the same whatever applets there are
small_tree() {
	copy_tree "$1"
	rm -rf "$1"/applets/*
	mkdir "$1/applets/demo-x"
	cat >"$1/applets/demo-x/Config.in" <<-'END'
	config DEMO
		bool "demo-x"
		default y
	if DEMO
	config DEMO_INIT
		bool "as /init"
		default y
	config DEMO_LOUD
		bool "loud"
	config DEMO_KMOD
		bool "with libkmod"
	endif
	END
	cat >"$1/applets/demo-x/Kbuild" <<-'END'
	applet-$(CONFIG_DEMO) += bin/demo-x
	alias-$(CONFIG_DEMO_INIT) += init=demo-x
	alias-$(CONFIG_DEMO) += sbin/zdemo=demo-x
	src-$(CONFIG_DEMO_KMOD) += applets/demo-x/kmod.c
	pkgs-$(CONFIG_DEMO_KMOD) += libkmod
	END
	cat >"$1/applets/demo-x/demo.c" <<-'END'
	#include <unistd.h>
	#include "applet.h"
	#include "demo.h"
	#include "fmt.h"
	static int demo_main(int argc, char **argv)
	{
		(void)argc;
		print(STDOUT_FILENO, "%s%s\n", argv[0], CONFIG_DEMO_LOUD ? "!" : "");
		return CONFIG_DEMO_KMOD ? demo_kmod() : 0;
	}
	const struct applet demo_x_applet = { demo_main, "", "" };
	END
	echo 'int demo_kmod(void);' >"$1/applets/demo-x/demo.h"
	printf '// CONFIG_DEMO_LOUD is not for this file\n#include "demo.h"\nint demo_other(void);\nint demo_other(void) { return 1; }\n' \
		>"$1/applets/demo-x/other.c"
	printf '#include <libkmod.h>\n#include "demo.h"\nint demo_kmod(void) { return !kmod_new(0, 0); }\n' >"$1/applets/demo-x/kmod.c"
	: >"$1/configs/defconfig"
}

# set_option DIR NAME VALUE - change one line of DIR/.config
set_option() {
	grep -v "CONFIG_$2[ =]" "$1/.config" >"$1/.config.tmp" || :
	echo "CONFIG_$2=$3" >>"$1/.config.tmp"
	mv "$1/.config.tmp" "$1/.config"
}

# The sources that a make run has compiled, from its output
compiled() { sed -n 's,.*CC .*obj/\(.*\)\.o$,\1,p' | sort | tr '\n' ' '; }

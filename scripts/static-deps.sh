#!/bin/sh
# SPDX-License-Identifier: MIT
# static-deps.sh OUTDIR [SOURCEDIR] - build static libz.a and libkmod.a (only kmod_* visible) from Debian's sources
#
# Debian ships no libkmod.a, and a libz.a for glibc only. Neither autotools nor meson is used: the few files are
# compiled with $CC, $CFLAGS and a config.h written here. Nothing outside OUTDIR and $CACHE changes.
#
# SOURCEDIR: a folder that has kmod and zlib as source archives (or unpacked, kmod*/ and zlib*/); no network is used.
# Without it they are fetched once into $CACHE/src with apt, which verifies the archive's signature.
# Writes OUTDIR/lib, OUTDIR/include, OUTDIR/lib/pkgconfig, and OUTDIR/deps.mk for make (deps-cflags, deps-libs).
set -eu

kmod_version=30+20221128-1	# the pins: Debian 12
zlib_version=1:1.2.13.dfsg-1

top=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || { echo "usage: static-deps.sh OUTDIR [SOURCEDIR]" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cache=${CACHE:-$top/build/cache}
cross=${CROSS_COMPILE:-}
CC=${CC:-musl-gcc} AR=${AR:-${cross}ar} LD=${LD:-${cross}ld} OBJCOPY=${OBJCOPY:-${cross}objcopy}
log=$out/log

fail() {
	echo "static-deps: $*" >&2
	exit 1
}

# run WHAT COMMAND... - quiet when fine; else one line and the end of what was said
run() {
	what=$1; shift
	"$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "$what failed (above: the end of $log)"; }
}

## Sources

# Debian's own entries of this machine's apt sources, as deb-src, in a folder of our own: its configuration stays.
private_apt() {
	apt=$cache/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	list=$apt/debian.list
	if [ -e /etc/apt/sources.list.d/debian.sources ]; then
		list=$apt/debian.sources
		sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >"$list"
	else
		cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
			sed -n '/cdrom:/d; s/^deb /deb-src /p' >"$list"
	fi
	[ -s "$list" ] || fail "found no entry in apt's sources"
}

apt() {
	tool=$1; shift
	"$tool" -qq -o Dir::Etc::sourcelist="$list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt/lists" \
		-o Dir::Cache="$apt/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" "$@"
}

# pick PACKAGE VERSION - PACKAGE=VERSION, or the newest and a notice where the archive no longer has that version
pick() {
	versions=$(apt apt-cache showsrc --only-source "$1" 2>/dev/null | sed -n 's/^Version: //p')
	[ "$versions" ] || fail "the archive has no source package $1"
	if echo "$versions" | grep -qxF "$2"; then echo "$1=$2"; return; fi
	newest=
	for version in $versions; do
		if [ ! "$newest" ] || dpkg --compare-versions "$version" gt "$newest"; then newest=$version; fi
	done
	echo "static-deps: $1 $2 is gone from the archive, taking $newest" >&2
	echo "$1=$newest"
}

download() { (cd "$1" && shift && apt apt-get source --download-only "$@"); }

fetch() {
	command -v apt-get >/dev/null ||
		fail "no apt-get here: name a folder with the kmod and zlib sources, or build with CONFIG_STATIC=n"
	private_apt
	run "apt-get update" apt apt-get update
	kmod=$(pick kmod "${KMOD_VERSION:-$kmod_version}")
	zlib=$(pick zlib "${ZLIB_VERSION:-$zlib_version}")
	new=$cache/src.$$
	mkdir -p "$new"
	echo "static-deps: fetching $kmod $zlib" >&2
	run "apt-get source" download "$new" "$kmod" "$zlib"
	# Whole or not at all, also where another build was faster.
	mv -T "$new" "$cache/src" 2>/dev/null || rm -rf "$new"
	rm -rf "$apt"
}

# first FILE... - the first that exists
first() {
	for file; do
		if [ -e "$file" ]; then echo "$file"; return; fi
	done
}

need_for() {
	case $1 in
	*.xz) "$top/scripts/need" xz:xz-utils ;;
	*.bz2) "$top/scripts/need" bzip2:bzip2 ;;
	*.gz) "$top/scripts/need" gzip:gzip ;;
	esac
}

# unpack NAME - $out/NAME from an unpacked folder, or from an archive with Debian's patches put on
unpack() {
	rm -rf "${out:?}/$1"
	tree=$(first "$sources/$1"[-_]*/ "$sources/$1/")
	if [ "$tree" ]; then cp -R "$tree" "$out/$1"; return; fi
	archive=$(first "$sources/$1"_*.orig.tar.?z* "$sources/$1"_*.orig.tar.bz2 "$sources/$1"-*.tar.*)
	[ "$archive" ] || fail "no $1 source in $sources"
	need_for "$archive"
	mkdir "$out/$1"
	run "unpacking $archive" tar -xf "$archive" -C "$out/$1" --strip-components=1
	debian=$(first "$sources/$1"_*.debian.tar.*)
	[ "$debian" ] || return 0
	need_for "$debian"
	run "unpacking $debian" tar -xf "$debian" -C "$out/$1"
	[ -e "$out/$1/debian/patches/series" ] || return 0
	"$top/scripts/need" patch:patch
	sed 's/[[:space:]]*#.*//; /^$/d' "$out/$1/debian/patches/series" | while read -r patch; do
		run "$1: $patch" patch -d "$out/$1" -p1 -i "debian/patches/$patch"
	done
}

## Compiling (everything from within $out, with relative paths: the same bytes wherever $out is)

# compiles - does the program on stdin?
compiles() { $CC -x c -Werror=implicit-function-declaration -c -o /dev/null - >/dev/null 2>&1; }
declared() {
	if printf '#define _GNU_SOURCE\n#include <%s>\n%s\n' "$1" "$2" | compiles; then echo 1; else echo 0; fi
}

# musl's compilers leave out /usr/include, and with it the kernel's headers: three links put these back alone.
kernel_headers() {
	rm -rf kernel-headers
	if echo '#include <linux/module.h>' | compiles; then return; fi
	arch=$($CC -dumpmachine); arch=${arch%%-*}
	mkdir kernel-headers
	for name in linux asm asm-generic; do
		from=$(first "/usr/$arch-linux-gnu/include/$name" /usr/include/"$arch"-linux-gnu*/$name "/usr/include/$name")
		[ "$from" ] || fail "no kernel headers: install linux-libc-dev"
		ln -s "$from" "kernel-headers/$name"
	done
}

compile() {	# FOLDER-OF-OBJECTS FLAGS FILE...
	mkdir -p "$1"; objects=$1 flags=$2; shift 2
	for file; do
		object=${file##*/}
		# shellcheck disable=SC2086
		$CC $cflags $flags -c "$file" -o "$objects/${object%.c}.o" >>"$objects.log" 2>&1 ||
			{ tail -n 20 "$objects.log" >&2; fail "$CC failed on $file"; }
	done
}

# NO_GZCOMPRESS: gzclose would drag the compressor in (20 kB)
build_zlib() {
	set --
	for name in adler32 crc32 deflate inffast inflate inftrees trees zutil compress uncompr \
		gzclose gzlib gzread gzwrite infback; do set -- "$@" zlib/$name.c; done
	compile obj/zlib '-DNO_GZCOMPRESS -D_LARGEFILE64_SOURCE=1 -DHAVE_HIDDEN -DHAVE_UNISTD_H=1 -DHAVE_STDARG_H=1' "$@"
	$AR rcsD lib/libz.a obj/zlib/*.o
}

kmod_config() {
	cat <<-END
	#define _GNU_SOURCE 1
	#define PACKAGE "kmod"
	#define VERSION "static"
	#define KMOD_FEATURES "-ZSTD -XZ +ZLIB -LIBCRYPTO"
	#define SYSCONFDIR "/etc"
	#define DISTCONFDIR "/lib"
	#define MODULE_DIRECTORY "/lib/modules"
	#define HAVE_LINUX_MODULE_H 1
	#define HAVE_STRUCT_STAT_ST_MTIM 1
	#define HAVE_STATIC_ASSERT 1
	#define HAVE_NORETURN 1
	#define HAVE_SECURE_GETENV 1
	#define HAVE_OPEN64 0
	#define HAVE_STAT64 0
	#define HAVE_FOPEN64 0
	#define HAVE___STAT64_TIME64 0
	#define HAVE_DECL___XSTAT 0
	#define HAVE_DECL_BE32TOH 1
	#define HAVE_DECL_STRNDUPA $(declared string.h 'char *f(char *s) { return strndupa(s, 1); }')
	#define HAVE_DECL_BASENAME $(declared string.h 'char *f(char *s) { return basename(s); }')
	#define HAVE___BUILTIN_CLZ 1
	#define HAVE___BUILTIN_TYPES_COMPATIBLE_P 1
	#define HAVE___BUILTIN_UADD_OVERFLOW 1
	#define HAVE___BUILTIN_UADDL_OVERFLOW 1
	#define HAVE___BUILTIN_UADDLL_OVERFLOW 1
	#define HAVE___BUILTIN_UMUL_OVERFLOW 1
	#define HAVE___BUILTIN_UMULL_OVERFLOW 1
	#define HAVE___BUILTIN_UMULLL_OVERFLOW 1
	#define ENABLE_ZLIB 1
	END
	# Up to kmod 32 the code asks "#ifdef ENABLE_X", from 33 on "#if ENABLE_X".
	[ -e kmod/libkmod/libkmod-file-zlib.c ] || return 0
	for name in LOGGING DEBUG ELFDBG ZLIB_DLOPEN XZ XZ_DLOPEN ZSTD ZSTD_DLOPEN OPENSSL; do
		echo "#define ENABLE_$name 0"
	done
}

# One object in which only kmod_* is global: libkmod's hash_*, array_*, strbuf_*, mkdir_p ... would meet our own.
build_kmod() {
	set --
	for file in kmod/shared/*.c kmod/libkmod/*.c; do
		case $file in *-xz.c | *-zstd.c | *-openssl.c | *-mbedtls.c | */tmpfile-util.c) continue ;; esac
		set -- "$@" "$file"
	done
	compile obj/kmod "-std=gnu11 -include obj/config.h -Ikmod -Iinclude $headers -fvisibility=hidden" "$@"
	$LD -r -o obj/libkmod-all.o obj/kmod/*.o
	$OBJCOPY --localize-hidden obj/libkmod-all.o obj/libkmod.o
	$AR rcsD lib/libkmod.a obj/libkmod.o
}

## What the caller reads

write_flags() {
	mkdir -p lib/pkgconfig
	version=$(sed -n 's/^Version: *//p' "$(first "$sources"/kmod_*.dsc /dev/null)" | head -n 1)
	cat >lib/pkgconfig/libkmod.pc <<-END
	Name: libkmod
	Description: libkmod, static, with zlib
	Version: ${version:-0}
	Libs: -L$out/lib -lkmod -lz
	Cflags: -I$out/include
	END
	cat >lib/pkgconfig/zlib.pc <<-END
	Name: zlib
	Description: zlib, static
	Version: $(sed -n 's/^#define ZLIB_VERSION "\(.*\)"/\1/p' include/zlib.h)
	Libs: -L$out/lib -lz
	Cflags: -I$out/include
	END
	# By the name that the Makefile has for OUTDIR: a cache may be moved.
	cat >deps.mk <<-END
	deps-cflags := -isystem \$(deps)/include$([ ! "$headers" ] || echo " -isystem \$(deps)/kernel-headers")
	deps-libs := \$(deps)/lib/libkmod.a \$(deps)/lib/libz.a
	END
}

if [ $# -gt 1 ]; then sources=$(cd "$2" && pwd); else sources=$cache/src; fi
cd "$out"

# Two builds may share OUTDIR: one makes the libraries, the other waits and finds them.
exec 7>"$out/lock"
if command -v flock >/dev/null; then flock 7; fi

# What made the libraries that are there; the same again is nothing to do.
# shellcheck disable=SC2086
stamp="$out|$CC|$($CC --version 2>/dev/null | head -n 1)|${CFLAGS=-Os}|$AR $LD $OBJCOPY|$sources|$(cksum <"$top/scripts/static-deps.sh")"
if [ "$(cat stamp 2>/dev/null)" = "$stamp" ] && [ -e deps.mk ]; then
	touch deps.mk
	exit 0
fi
rm -rf stamp deps.mk lib include obj
mkdir -p lib include obj

case ${CC%% *} in
*musl-gcc) "$top/scripts/need" musl-gcc:musl-tools /usr/include/linux:linux-libc-dev ;;
*musl-clang) "$top/scripts/need" "/usr/include/$(uname -m)-linux-musl:musl-dev" /usr/include/linux:linux-libc-dev gcc:gcc ;;
esac
command -v "${CC%% *}" >/dev/null || fail "no compiler $CC"
"$top/scripts/need" "${LD%% *}:binutils" "${OBJCOPY%% *}:binutils"
[ -e "$sources" ] || fetch
unpack zlib
unpack kmod
kernel_headers
headers=; [ ! -d kernel-headers ] || headers=-isystem\ kernel-headers

# The caller's flags, less those that fit only its own code: warnings, and LTO (its objects cannot be localised).
cflags=
for flag in $CFLAGS; do
	case $flag in -W[!lap]* | -flto*) ;; *) cflags="$cflags $flag" ;; esac
done
cflags="$cflags -w -ffile-prefix-map=$out=. -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables"

# shellcheck disable=SC2086
echo 'int x;' | run "$CC $cflags" $CC $cflags -x c -c -o /dev/null -

cp zlib/zlib.h zlib/zconf.h kmod/libkmod/libkmod.h include/
kmod_config >obj/config.h
build_zlib & zlib=$!
build_kmod
wait $zlib
write_flags
rm -rf obj zlib kmod log
echo "$stamp" >stamp

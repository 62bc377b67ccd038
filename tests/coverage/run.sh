#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh [TEST...] - lines that the tests reach, for each applet: unit, ns and vm floors together (default: all of them)
#
# Builds with gcc's counters in O/build/coverage, runs the tests with that binary, and writes the table to table.md and
# the lines not reached to missed.txt there. Tests that fail do not end it: some notice the descriptor by which counters leave.
# COVERAGE_LEAST=90: exit 1 where an applet has less.
set -eu
out=$(mkdir -p "${O:-.}/build/coverage" && cd "${O:-.}/build/coverage" && pwd)
top=$(pwd)
make=${MAKE:-make}
scripts/need gcc:gcc musl-gcc:musl-tools python3:python3 prove:perl qemu-system-x86_64:qemu-system-x86

rm -rf "$out/dumps" "$out/gcov"
mkdir -p "$out/dumps" "$out/bin" "$out/gcov"
chmod 1777 "$out/dumps"

# The flags: a list of counters that dump.c can walk, and its hands on every way out of a process.
libgcov=$(gcc -print-file-name=libgcov.a)
include=$(dirname "$libgcov")/include
musl-gcc -Os -idirafter "$include" -c tests/coverage/dump.c -o "$out/dump.o"
wraps=''
for name in _exit reboot execve execv execvp execvpe poll syscall; do wraps="$wraps -Wl,--wrap=$name"; done
cflags='-O0 -g --coverage -fprofile-info-section=gcov_info -fprofile-update=atomic'
# Tests that make an image call make themselves, and must not build another binary.
cat >"$out/bin/make" <<END
#!/bin/sh
unset MAKEFLAGS MAKELEVEL WERROR
exec $(command -v "$make") "\$@" CFLAGS='$cflags' LDFLAGS='$out/dump.o $wraps'
END
chmod +x "$out/bin/make"
"$out/bin/make" -s -j"$(nproc)" O="$out" CACHE="${CACHE:-$top/build/cache}" all unit

# QEMU with a debug console whose text is a dump.
real=$(command -v qemu-system-x86_64)
cat >"$out/bin/qemu-system-x86_64" <<END
#!/bin/sh
exec $real "\$@" -chardev file,id=coverage,path=$out/dumps/vm-\$\$ -device isa-debugcon,iobase=0x505,chardev=coverage
END
chmod +x "$out/bin/qemu-system-x86_64"

if [ $# = 0 ]; then
	set -- "$out"/obj/tests/unit/* tests/unit/*.t tests/ns/*.t tests/vm/*.t
fi
tests=''
for test; do
	case $test in *.d | */build.t | */compilers.t | */kconfig.t | */bench.t | */sanitizers.t | */run.t) ;; *) tests="$tests $test" ;; esac
done
# shellcheck disable=SC2086 # words; bash, since dash has no descriptors above 9
PATH=$out/bin:$PATH MAKE=$out/bin/make INITBOX=$out/initbox O=$out SANITIZED=1 bash -c 'exec 1000<"$0"; shift; exec prove -j '"${JOBS:-2}"' --timer "$@"' \
	"$out/dumps" x $tests || echo "coverage: some tests failed with the counting build" >&2

python3 tests/coverage/merge.py "$out/obj" "$out/dumps" >&2
sh tests/coverage/report.sh "$out"

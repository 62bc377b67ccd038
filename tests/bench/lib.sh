# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# lib.sh - a bench: tests/bench/NAME.sh, run by `make bench BENCH=NAME`; it sources this first, and exits 0 unless broken
#
# A figure has a CASE (a sentence: "bind, 10 MB image"), a WHO ("initbox" is us, all others are peers or floors), a VALUE
# in a unit: ns and bytes are printed as one would say them, any other as it is. Ratios are initbox / WHO.
#
#   result CASE WHO VALUE UNIT [N [SPREAD]]    a figure measured otherwise; SPREAD in %
#   point CASE WHO SIZE VALUE UNIT             one of a growth series: time or memory against SIZE; the report has the slope
#   compare [OPTION...] CASE WHO COMMAND [WHO COMMAND]...
#                                              commands in turns by timer.c: median and spread of their wall time
#       -n RUNS (10)  -r REPEAT (1: executions a run)  -w WARMUP (1)  -t SECONDS (60)  -p PREPARE  -f failing is fine
#       -s SIZE       points of a series instead       -x cpu, -x rss  CPU time, memory as well
#   target CASE WHO MAX      what was promised: initbox <= MAX x WHO; shown as met or missed (BENCH_STRICT=1: exit code)
#   limit CASE MAX           initbox's own value <= MAX (in the unit of the result: ns, bytes)
#   slope CASE MAX           initbox's exponent <= MAX (1: linear; from a line through the logarithms)
#   skipped CASE REASON      said in the report
#   peer NAME FILE PACKAGE...    Debian packages unpacked aside (the libraries too); prints the folder; fails, having
#                                called `skipped`, where it cannot be had
#
# Benches in a guest: `with_vm` first, then tests/vm/lib.sh's machine, modules, put, guest, boot. The guest script has
# result, point, compare, target, limit, slope and skipped as well, and ok, is, fail ... for what has to hold before a
# figure counts: a failure fails the bench. Two more:
#
#   icount_boot [OPTION...]  boot with -icount shift=0,sleep=off: one instruction is one nanosecond of the guest's clock and
#                            waiting takes no time, so figures repeat within a few % however busy this machine is
#   guest_figure CASE WHO    in the guest: `guest_figure CASE WHO COMMAND...` runs it once and takes its time as a result
#
# Interleaving is why this is not hyperfine: on a shared machine the second of two commands may find another machine.
# Environment: INITBOX, O, CACHE, BENCH_FAST=1 (few runs, to try a bench out: figures then mean little; see fast).

. tests/tap.sh
tmpdir
tmp=${tmp:?}
INITBOX=${INITBOX:-$PWD/initbox}
timer=${timer:-${O:-.}/obj/tests/bench/timer}
# shellcheck source=tests/bench/measure.sh
. tests/bench/measure.sh

# fast A B - B where the bench is only tried out, else A
fast() { if [ "${BENCH_FAST:-}" ]; then echo "$2"; else echo "$1"; fi; }

fail() {
	failures=$((failures + 1))
	echo "$1: failed${2:+: $2}" >&2
}
pass() { :; }

finish() { [ "$failures" = 0 ] || exit 1; exit 0; }

# has APPLET-PATH - is it built in? (has /sbin/init)
has() { "$INITBOX" --list | grep -qx "$1"; }

peer() {
	peer_name=$1 peer_file=$2; shift 2
	peer_dir=${CACHE:-build/cache}/peers/$peer_name
	if [ ! -e "$peer_dir/$peer_file" ]; then
		rm -rf "$peer_dir"
		scripts/unpack-deb "$peer_dir" "$@" >&2 || { skipped "$peer_name" "cannot be downloaded"; return 1; }
	fi
	[ -e "$peer_dir/$peer_file" ] || { skipped "$peer_name" "no $peer_file in $*"; return 1; }
	peer_deb=$(find "${CACHE:-build/cache}/deb/$1" -name '*.deb' | head -n 1)
	peer_version=${peer_deb##*/}; peer_version=${peer_version#*_}
	record peer "$1" "$(echo "${peer_version%_*}" | sed 's/%3a/:/')"
	(cd "$peer_dir" && pwd)
}

## Guests

with_vm() {
	why=$(scripts/need qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod 2>&1 && scripts/kernel 2>&1 >/dev/null) ||
		{ skipped "all in a guest" "no QEMU or no kernel: $(echo "$why" | tail -n 1)"; exit 0; }
	rm -rf "$tmp"
	. tests/vm/lib.sh
	fail() {
		failures=$((failures + 1))
		echo "$1: failed${2:+: $2}" >&2
	}
	pass() { :; }
	# Figures go to the report; what was claimed and does not hold fails the bench.
	guest_results() {
		finished=''
		while IFS= read -r line; do
			case $line in
			'bench	'*) echo "$line" >&3 ;;
			'not ok - '*) fail "in the guest: ${line#not ok - }" ;;
			'ok - '*) ;;
			end) finished=y ;;
			*) echo "$line" >&2 ;;
			esac
		done <"$vm/results"
		[ "$finished" ] || { fail "the guest script reached its end" "$(how_ended)"; tail -n 30 "$vm/console" >&2; }
	}
	guest_claims() {
		put /test/measure.sh <tests/bench/measure.sh
		put /test/timer 755 <"$timer"
		put /test/claims.sh <<-'END'
		. /test/measure.sh
		pass() { :; }
		fail() { echo "not ok - $1" >&3; [ $# -lt 2 ] || diag "$2" >&3; }
		skip() { skipped "$2" "$1"; }
		guest_figure() {
			figure_case=$1 figure_who=$2; shift 2
			cat >/tmp/figure <<-FIGURE
			#!/bin/sh
			$*
			FIGURE
			compare -n 1 -w 0 -t 600 "$figure_case" "$figure_who" "/bin/sh /tmp/figure"
		}
		END
	}
}

icount_boot() {
	icount='-- -icount shift=0,sleep=off'
	for word; do [ "$word" != -- ] || icount='-icount shift=0,sleep=off'; done
	# shellcheck disable=SC2086
	ACCEL=tcg boot "$@" $icount
}

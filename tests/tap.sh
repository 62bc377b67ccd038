# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# tap.sh - TAP for tests in shell; a test sources it, calls what is below, and ends with done_testing (or starts with plan)
#
#   ok TEXT COMMAND...      passes if the command succeeds; else its output is shown
#   is GOT WANTED TEXT      like STRING ERE TEXT      unlike STRING ERE TEXT
#   pass TEXT               fail TEXT [WHY]           skip REASON TEXT
#   diag TEXT               skip_all REASON           plan N
#   tmpdir                  makes $tmp, removed at the end whatever happens
#
# A test that stops half-way prints no plan, which prove calls a failure.

tests=0 failures=0 planned=''

diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

pass() {
	tests=$((tests + 1))
	echo "ok $tests - $1"
}

fail() {
	tests=$((tests + 1)) failures=$((failures + 1))
	echo "not ok $tests - $1"
	[ $# -lt 2 ] || diag "$2"
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $2 # SKIP $1"
}

ok() {
	ok_text=$1; shift
	if ok_output=$("$@" 2>&1); then pass "$ok_text"; else fail "$ok_text" "exit $? of: $*
$ok_output"; fi
}

is() {
	if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "     got: $1
  wanted: $2"; fi
}

like() {
	if printf '%s\n' "$1" | grep -Eqe "$2"; then pass "$3"; else fail "$3" "no /$2/ in:
$1"; fi
}

unlike() {
	if printf '%s\n' "$1" | grep -Eqe "$2"; then fail "$3" "/$2/ is in:
$1"; else pass "$3"; fi
}

plan() {
	planned=$1
	echo "1..$1"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

at_end() { :; }	# for a library on top of this one

done_testing() {
	at_end
	[ "$planned" ] || echo "1..$tests"
	if [ "${planned:-$tests}" != "$tests" ]; then diag "planned $planned tests, ran $tests"; exit 1; fi
	if [ "$tests" = 0 ]; then diag "no test ran"; exit 1; fi
	[ "$failures" = 0 ] || exit 1
	exit 0
}

tmpdir() {
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 1' HUP INT TERM
}

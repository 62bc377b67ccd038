# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# lib.sh - torture: what is too long for make check; a piece is tests/torture/NAME.t, `make torture TORTURE=NAME` runs it
#
# On top of tests/vm/lib.sh (a piece without a VM sources tests/tap.sh alone):
#
#   run [OPTION...]          boot once what was packed (tests/vm/lib.sh: pack, one initrd for many boots), as `boot` does,
#                            but the guest's results are counted and not claimed one by one: $done is y where its script
#                            reached its end, $broken the claims that did not hold
#   row WORD...              a line of the table that ends the piece, also in O/build/torture/NAME.tsv
#   seconds DEFAULT          TORTURE_SECONDS, or DEFAULT: how long a piece goes on
. tests/vm/lib.sh

table=$(mkdir -p "${O:-.}/build/torture" && cd "${O:-.}/build/torture" && pwd)/$(basename "$0" .t).tsv
: >"$table"

seconds() { echo "${TORTURE_SECONDS:-$1}"; }

row() { (IFS='	'; printf '%s\n' "$*" >>"$table"; diag "$*"); }

run() {
	start 90 "$@"
	done='' broken=$(grep '^not ok' "$vm/results")
	if grep -qx end "$vm/results"; then done=y; fi
}

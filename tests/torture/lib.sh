# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# lib.sh - torture: what is too long for make check; a piece is tests/torture/NAME.t, `make torture TORTURE=NAME` runs it
#
# On top of tests/vm/lib.sh (a piece without a VM sources tests/tap.sh alone):
#
#   pack                     the guest described so far as one initrd for many boots ($vm/kept)
#   run [OPTION...]          boot it once, as `boot` does, but the guest's results are counted and not claimed one by one:
#                            $done is y where its script reached its end, $broken the claims that did not hold
#   row WORD...              a line of the table that ends the piece, also in O/build/torture/NAME.tsv
#   seconds DEFAULT          TORTURE_SECONDS, or DEFAULT: how long a piece goes on
. tests/vm/lib.sh

table=$(mkdir -p "${O:-.}/build/torture" && cd "${O:-.}/build/torture" && pwd)/$(basename "$0" .t).tsv
: >"$table"

seconds() { echo "${TORTURE_SECONDS:-$1}"; }

row() { (IFS='	'; printf '%s\n' "$*" >>"$table"; diag "$*"); }

pack() {
	case $module_set in all | none | '') ;; *) some_modules || exit 1 ;; esac
	scripts/cpio.sh "$root" >"$vm/kept" || exit 1
	[ "$module_set" != all ] || cat "${kernel:?}/modules.cpio" >>"$vm/kept"
}

run() {
	options='' append='' deadline=90
	while [ $# -gt 0 ]; do
		case $1 in
		-a) append=$2; shift ;;
		-t) deadline=$2; shift ;;
		-m) options="$options -m $2"; shift ;;
		-n) options="$options -n" ;;
		--) shift; break ;;
		esac
		shift
	done
	: >"$vm/results.raw"
	vm_started=$(date +%s)
	# shellcheck disable=SC2086 # words
	scripts/vm.sh $options -t "$deadline" -a "$append" "$vm/kept" -serial "file:$vm/results.raw" "$@" \
		</dev/null >"$vm/console.raw" 2>"$vm/qemu" && vm_status=0 || vm_status=$?
	vm_seconds=$(($(date +%s) - vm_started))
	tr -d '\r' <"$vm/console.raw" >"$vm/console"
	tr -d '\r' <"$vm/results.raw" >"$vm/results"
	done='' broken=$(grep '^not ok' "$vm/results")
	if grep -qx end "$vm/results"; then done=y; fi
}

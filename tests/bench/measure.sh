# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# measure.sh - what a bench says about its figures, on the host and in a guest alike; see lib.sh
#
# Each is a line of words with tabs between, on descriptor 3: a kind, then what the functions below get.

record() { (IFS='	'; printf 'bench\t%s\n' "$*" >&3); }

result() { record result "$1" "$2" "$3" "$4" "${5:-1}" "${6:-0}"; }
point() { record point "$1" "$2" "$3" "$4" "$5"; }
skipped() { record skip "$1" "$2"; }
target() { record target "$1" "$2" "$3"; }
limit() { record limit "$1" "$2"; }
slope() { record slope "$1" "$2"; }

# compare [OPTION of the timer...] [-s SIZE] [-x CPU|RSS...] CASE WHO COMMAND [WHO COMMAND]...
compare() {
	compare_size='' compare_extra='' compare_options=''
	while :; do
		case $1 in
		-s) compare_size=$2; shift 2 ;;
		-x) compare_extra="$compare_extra $2"; shift 2 ;;
		-p) compare_prepare=$2; shift 2 ;;
		-f) compare_options="$compare_options -f"; shift ;;
		-?) compare_options="$compare_options $1 $2"; shift 2 ;;
		*) break ;;
		esac
	done
	compare_case=$1; shift
	# shellcheck disable=SC2086 # words
	"${timer:-/test/timer}" $compare_options ${compare_prepare:+-p "$compare_prepare"} "$@" \
		>"${tmp:-/tmp}/timer.out" 2>"${tmp:-/tmp}/timer.err" || {
		unset compare_prepare
		fail "$compare_case" "$(tail -n 3 "${tmp:-/tmp}/timer.err")"
		return 1
	}
	unset compare_prepare
	while IFS='	' read -r who wall n spread cpu rss; do
		if [ "$compare_size" ]; then
			point "$compare_case" "$who" "$compare_size" "$wall" ns
		else
			result "$compare_case" "$who" "$wall" ns "$n" "$spread"
		fi
		case $compare_extra in *cpu*) result "$compare_case: CPU time" "$who" "$cpu" ns "$n" ;; esac
		case $compare_extra in *rss*)
			if [ "$compare_size" ]; then
				point "$compare_case: memory" "$who" "$compare_size" "$rss" bytes
			else
				result "$compare_case: memory" "$who" "$rss" bytes "$n"
			fi ;;
		esac
	done <"${tmp:-/tmp}/timer.out"
}

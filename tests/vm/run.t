#!/bin/sh
# SPDX-License-Identifier: MIT
# run.t - make run without a terminal: boots, reports, powers off; and says when it did not
. tests/tap.sh
scripts/need qemu-system-x86_64:qemu-system-x86 >/dev/null 2>&1 || skip_all "no QEMU"
run() {
	APPEND=$1 sh scripts/run.sh </dev/null >"$tmp/output" 2>&1 && status=0 || status=$?
	output=$(cat "$tmp/output")
}
tmpdir

run ''
is "$status" 0 "make run boots and powers off"
like "$output" '^rc.init: boot [0-9.]+ s: .*scripts [0-9.]+' "and prints how long each step took"
run rdinit=/bin/false
is "$status" 1 "a boot that fails is an exit code"
like "$output" '^run: the kernel panicked' "and a line that says why"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# rc.init.t - the whole plan of a boot, compared with the table of the documentation, and the command line
. tests/tap.sh
tmpdir
run="$INITBOX rc.init"

# What depends on this machine stays out of the comparison: host name, resolv.conf, scripts, kernel options.
steps='proc tmpfs var dev nodes links pts sys cgroups shared hotplug loopback limits'
# shellcheck disable=SC2086 # words
$run --dry-run $steps >"$tmp/plan" 2>&1
is "$(diff tests/unit/rc.init.golden "$tmp/plan")" "" "rc.init --dry-run prints the plan of tests/unit/rc.init.golden"

is "$($run --list | cut -d ' ' -f 1 | tr '\n' ' ')" \
	"proc tmpfs var dev nodes links pts sys cgroups shared hotplug clock loopback limits hostname resolvconf scripts " \
	"rc.init --list names the 17 steps in order"
all=$($run --dry-run 2>&1 | sed -n 's/^# \([a-z]*\):.*/\1/p' | tr '\n' ' ')
is "$all" "$($run --list | cut -d ' ' -f 1 | tr '\n' ' ')" "rc.init --dry-run goes through all of them, on a running machine too"
unlike "$($run --dry-run --skip=hotplug,clock)" '^# (hotplug|clock):' "--skip leaves steps out"
is "$($run --dry-run --container | sed -n 's/^# \([a-z]*\):.*/\1/p' | tr '\n' ' ')" "limits hostname resolvconf scripts " \
	"--container runs the four steps that apply there"

status=0; message=$($run --no-such 2>&1) || status=$?
is "$status $message" "2 rc.init: --no-such: unknown option (see rc.init --help)" "an unknown option is one line and exit 2"
status=0; message=$($run sys nowhere 2>&1) || status=$?
is "$status $message" "2 rc.init: nowhere: no such step (see rc.init --help)" "an unknown step too, and nothing ran"
like "$($run --help)" '--dry-run' "--help names the options"

before=$(cat /proc/self/mountinfo; ls -l /dev; hostname)
$run --dry-run >"$tmp/plan" 2>&1
is "$(cat /proc/self/mountinfo; ls -l /dev; hostname)" "$before" "a dry run changes no mount, node or host name"
done_testing

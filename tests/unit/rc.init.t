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
	"proc tmpfs var dev nodes links pts sys cgroups shared hotplug clock seed sysctl loopback limits hostname machine-id resolvconf scripts " \
	"rc.init --list names the steps in order"
all=$($run --dry-run 2>&1 | sed -n 's/^# \([a-z-]*\):.*/\1/p' | tr '\n' ' ')
is "$all" "$($run --list | cut -d ' ' -f 1 | tr '\n' ' ')" "rc.init --dry-run goes through all of them, on a running machine too"
unlike "$($run --dry-run --skip=hotplug,clock)" '^# (hotplug|clock):' "--skip leaves steps out"
is "$($run --dry-run --container | sed -n 's/^# \([a-z]*\):.*/\1/p' | tr '\n' ' ')" "limits hostname resolvconf scripts " \
	"--container runs the four steps that apply there"

status=0; message=$($run --no-such 2>&1) || status=$?
is "$status $message" "2 rc.init: --no-such: unknown option (see rc.init --help)" "an unknown option is one line and exit 2"
status=0; message=$($run sys nowhere 2>&1) || status=$?
is "$status $message" "2 rc.init: nowhere: no such step (see rc.init --help)" "an unknown step too, and nothing ran"
like "$($run --help)" '--dry-run' "--help names the options"
for wrong in --skip=loopback,nowhere --script-timeout=1h --script-timeout=; do
	status=0; message=$($run --dry-run "$wrong" 2>&1) || status=$?
	is "$status $(printf '%s\n' "$message" | grep -c .)" "2 1" "$wrong is one line and exit 2"
done

## What the kernel command line may say is in the man page
for key in $(sed -n 's/.*cmdline_get("\([a-z][a-z._-]*\)".*/\1/p' applets/rc.init/*.c applets/rc.shutdown/*.c libcommon/seed.c | sort -u); do
	ok "$key is in rc.init.8" grep -q "^\.It Cm $key\( \|\$\)" applets/rc.init/rc.init.8
done
for step in $($run --list | cut -d ' ' -f 1); do
	ok "step $step is in rc.init.8" grep -q "^\.It Cm $step\$" applets/rc.init/rc.init.8
done

## Every step can be left out of the build
off=$tmp/off
mkdir "$off"
sed -n 's/^config \(RC_INIT_[A-Z_]*\)$/# CONFIG_\1 is not set/p' applets/rc.init/Config.in |
	grep -Ev '_(PREFIX|SECONDS) ' >"$off/.config"
log=$(env -u MAKEFLAGS -u MAKELEVEL "${MAKE:-make}" -s O="$off" all 2>&1) || diag "$log"
is "$("$off/initbox" rc.init --list)" "" "a build without them has no steps"
for step in $($run --list | cut -d ' ' -f 1); do
	like "$("$off/initbox" rc.init --dry-run "$step" 2>&1)" "^rc.init: $step: left out of this build" "$step can be left out"
done

before=$(cat /proc/self/mountinfo; ls -l /dev; hostname)
$run --dry-run >"$tmp/plan" 2>&1
is "$(cat /proc/self/mountinfo; ls -l /dev; hostname)" "$before" "a dry run changes no mount, node or host name"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# contributing.t - the worked example of CONTRIBUTING.md: its commands add an applet, which touches one folder, and remove it again
# shellcheck disable=SC1091,SC2154 # build.sh
set -eu
cd "$(dirname "$0")/../.."
. tests/unit/build.sh
copy_tree "$tmp/tree"
mkdir -p "$tmp/tree/tests/unit"
cp tests/unit/tap.h tests/unit/fmt.c "$tmp/tree/tests/unit/"
cp CONTRIBUTING.md "$tmp/tree/"
cd "$tmp/tree"
# The other applets would only take time.
for folder in applets/*/; do [ "$folder" = applets/halt/ ] || rm -r "$folder"; done
: >configs/defconfig
files() { find applets tests Makefile Config.in libcommon scripts configs -type f -exec cksum {} + | sort -k 3; }
blocks() { awk -v n="$1" '/^```sh$/ { on = ++count == n; next } /^```/ { on = 0 } on' CONTRIBUTING.md; }
run_block() {
	blocks "$1" >"$tmp/block"
	env -i PATH="$PATH" HOME=/ CACHE="$cache" sh -eu "$tmp/block" >"$tmp/log" 2>&1
}

before=$(files)
for n in 1 2 3; do ok "step $n" run_block $n; done
changed=$(files | awk '{ print $3 }' | grep -vxF "$(echo "$before" | awk '{ print $3 }')" | sort | tr '\n' ' ')
is "$changed" "applets/since/Config.in applets/since/Kbuild applets/since/since.8 applets/since/since.c applets/since/since.h tests/unit/since.c " \
	"the applet is a folder and its test"
is "$(files | grep -v since)" "$before" "and no other file is another"
ok "it is built, run and tested" run_block 4
log=$(cat "$tmp/log")
like "$log" '^[0-9]+d [0-9][0-9]:[0-9][0-9]:[0-9][0-9]$' "it runs"
like "$log" '^usage: since \[-s\]' "it has help"
like "$log" '^ok 2 - a day, an hour' "its test runs"
like "$log" '^ +[0-9]+ +[0-9]+  applets/since$' "make size knows it"
is "$(./initbox --list | grep since)" /bin/since "it will be installed"
is "$(./initbox since x 2>&1 || echo $?)" "since: x: too many arguments (see since --help)
2" "and takes no nonsense"
if command -v mandoc >/dev/null; then is "$(mandoc -Tlint -Wwarning applets/since/since.8)" "" "its page has no faults"
else skip "no mandoc" "its page has no faults"; fi
ok "it is removed" run_block 5
is "$(./initbox --list | grep since || echo gone)" gone "without a trace"
is "$(blocks 6)" "" "that was all"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# sandboxes.t - SANDBOXES (64) sandboxes at once, again and again for TORTURE_SECONDS (600): right exit codes, nothing left
. tests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "needs root"
"$INITBOX" --list | grep -qx /bin/sbx || skip_all "sbx is not built in"
tmpdir
table=$(mkdir -p "${O:-.}/build/torture" && cd "${O:-.}/build/torture" && pwd)/sandboxes.tsv
: >"$table"
row() { (IFS='	'; printf '%s\n' "$*" >>"$table"; diag "$*"); }
SANDBOXES=${SANDBOXES:-64} TORTURE_SECONDS=${TORTURE_SECONDS:-600}

# A copy under a name of its own, so that what is left can be told from others' processes.
name=sbxtorture$$
mkdir "$tmp/bin"
cp "$INITBOX" "$tmp/bin/$name"
sandbox() { "$tmp/bin/$name" sbx --unshare-all --die-with-parent --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp "$@"; }
sandbox sh -c 'exit 7' 2>"$tmp/first" && code=0 || code=$?
is "$code" 7 "one sandbox runs" || { diag "$(cat "$tmp/first")"; done_testing; }

left_processes() { for exe in /proc/[0-9]*/exe; do readlink "$exe" 2>/dev/null; done | grep -c "$name"; }
mounts() { wc -l </proc/self/mountinfo; }
before=$(mounts)
end=$(($(date +%s) + TORTURE_SECONDS))
worker() {
	runs=0 bad=0
	while [ "$(date +%s)" -lt $end ]; do
		wanted=$(((runs * 7 + $1) % 100))
		sandbox sh -c "[ \$\$ -lt 10 ] && echo x >/tmp/file && exit $wanted" 2>>"$tmp/err.$1" && code=0 || code=$?
		[ $code = $wanted ] || bad=$((bad + 1))
		runs=$((runs + 1))
	done
	echo "$runs $bad" >"$tmp/worker.$1"
}
i=0
while [ $i -lt "$SANDBOXES" ]; do
	worker $i &
	i=$((i + 1))
done
wait
total=$(awk '{ r += $1; b += $2 } END { print r, b }' "$tmp"/worker.*)
is "$(find "$tmp" -name 'worker.*' | wc -l)" "$SANDBOXES" "all $SANDBOXES went on to the end"
is "${total#* }" 0 "${total% *} sandboxes in $TORTURE_SECONDS s, each with its exit code" ||
	diag "$(sort "$tmp"/err.* | uniq -c | sort -rn | head)"
sleep 1
is "$(left_processes)" 0 "no process is left"
is "$(mounts)" "$before" "no mount is left"
row "at once" "$SANDBOXES" seconds "$TORTURE_SECONDS" sandboxes "${total% *}" wrong "${total#* }"
done_testing

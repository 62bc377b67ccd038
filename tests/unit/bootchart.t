#!/bin/sh
# SPDX-License-Identifier: MIT
# bootchart.t - bootchart on a saved boot: the table word for word, pictures and trace events that others can read
. tests/tap.sh
"$INITBOX" --list | grep -q /bootchart$ || skip_all "this build has no bootchart"
tmpdir
bootchart() { "$INITBOX" bootchart "$@"; }

cat >"$tmp/trace" <<'END'
2000000 21036 78 copyroot - switch bind 0
2050000 2651 78 rc.init proc step proc 0
2060000 713761 78 rc.init hotplug step hotplug 0
2061000 700000 81 mdev-lite modules step modules 0
2070000 46000 81 mdev-lite modules modprobe virtio_net 0
2120000 40000 81 mdev-lite modules modprobe powernow_k8 19
2170000 400 81 mdev-lite modules modprobe quick 0
2780000 155900 78 rc.init scripts step scripts 0
2781000 154000 78 rc.init scripts script '/etc/init.d/10 <hello> & "more"' 0
END
cat >"$tmp/log" <<'END'
[    0.000000] Linux version 6.1
[    1.100000] Trying to unpack rootfs image as initramfs...
[    1.900000] Freeing initrd memory: 92860K
[    1.990000] Run /init as init process
[    2.100000] too late
END
is "$(bootchart -k "$tmp/log" "$tmp/trace")" 'boot 2.935 s: kernel 2.000, copyroot 0.021 (bind), init 0.028, rc.init 0.872

   start      took  what (seconds since boot)
   0.000     2.000  kernel
   0.000     1.100    until: Trying to unpack rootfs image as initramfs...
   1.100     0.800    until: Freeing initrd memory: 92860K
   1.900     0.090    until: Run /init as init process
   2.000     0.021  copyroot
   2.021     0.028  init
   2.050     0.002  rc.init proc
   2.060     0.713  rc.init hotplug
   2.061     0.700    mdev-lite modules
   2.070     0.046      module virtio_net
   2.120     0.040      module powernow_k8 (No such device)
   2.780     0.155  rc.init scripts
   2.781     0.154    script /etc/init.d/10 <hello> & "more"' "the table"
is "$(bootchart "$tmp/trace" | grep -c until)" 0 "a saved trace without a log has no pauses"
is "$(bootchart - <"$tmp/trace")" "$(bootchart "$tmp/trace")" "- is standard input"
like "$(bootchart -a "$tmp/trace")" 'module quick' "-a shows short calls"
unlike "$(bootchart -m 41 "$tmp/trace")" 'module quick' "--min leaves out what took less"
sed 's/^\[ *\([0-9]*\)\.\([0-9]*\)\] /6,1,\1\2,-;/; s/,0*\([0-9][0-9]*,-\)/,\1/' "$tmp/log" >"$tmp/kmsg"
is "$(bootchart -k "$tmp/kmsg" "$tmp/trace")" "$(bootchart -k "$tmp/log" "$tmp/trace")" "a saved /dev/kmsg is as good as dmesg"

## For others to read

bootchart --svg -k "$tmp/log" "$tmp/trace" >"$tmp/svg"
bootchart --json -k "$tmp/log" "$tmp/trace" >"$tmp/json"
if command -v python3 >/dev/null; then
	is "$(python3 - "$tmp/svg" 2>&1 <<'END'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
ns = "{http://www.w3.org/2000/svg}"
print(root.tag == ns + "svg", len(root.findall(ns + "g")))
width = int(root.get("width"))
for group in root.findall(ns + "g"):
    bar = group.find(ns + "rect")
    if int(bar.get("x")) + int(bar.get("width")) > width or int(bar.get("y")) + 18 > int(root.get("height")):
        print("outside:", group.find(ns + "title").text)
print([group.find(ns + "title").text for group in root.findall(ns + "g")][-1])
END
)" 'True 13
/etc/init.d/10 <hello> & "more": from 2.781000 s, 154 ms' "--svg is XML with a bar for each row, all of them inside"
	is "$(python3 - "$tmp/json" 2>&1 <<'END'
import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
spans = [e for e in events if e["ph"] == "X" and e["pid"] == 1 and e["tid"] != 1]
print(len(spans), sum(e["ph"] == "i" for e in events), sorted(e["args"]["name"] for e in events if e["ph"] == "M"))
last = max(spans, key=lambda e: e["ts"])
print(last["name"], last["ts"], last["dur"], last["args"]["step"])
print([e["name"] for e in events if e["ph"] == "X" and e["pid"] == 0][:2])
END
)" '9 5 ['"'initbox', 'kernel', 'mdev-lite', 'rc.init'"']
/etc/init.d/10 <hello> & "more" 2781000 154000 scripts
['"'kernel', 'Trying to unpack rootfs image as initramfs...'"']' "--json is trace events: all calls and messages"
else skip "no python3" "--svg is XML"; skip "no python3" "--json is trace events"; fi
printf '%s\n' "2050000 9000 78 rc.init x step x 0" "2051000 2000 78 rc.init x open /etc/machine-id 30" "2054000 2000 81 mdev-lite x modprobe a 19" \
	"2057000 2000 78 rc.init x mount /a 13" | bootchart --svg - >"$tmp/vain"
is "$(grep -o 'read-only\|no such device\|, failed</text>\|#d62728' "$tmp/vain" | sort -u | tr '\n' ' ')$(grep -c '#d62728' "$tmp/vain")" \
	"#d62728 , failed</text> no such device read-only 1" "what is tried in vain is no fault; the rest is red"

## What is wrong is said

is "$(bootchart "$tmp/none" 2>&1 || echo $?)" "bootchart: $tmp/none: No such file or directory
1" "no such file: one line"
echo nonsense >"$tmp/bad"
is "$(bootchart "$tmp/bad" 2>&1 || echo $?)" "bootchart: $tmp/bad: lines that are not of a trace, left out: 1
bootchart: $tmp/bad: nothing was recorded
1" "no trace: what it is not"
{ cat "$tmp/trace"; echo '# 7 lines did not fit'; } >"$tmp/cut"
like "$(bootchart "$tmp/cut" 2>&1)" '^bootchart: .*/cut: lines that it had no room for: 7$' "an incomplete trace is said to be one"
is "$(bootchart -m x 2>&1 || echo $?)" "bootchart: x: not a number of milliseconds (see bootchart --help)
2" "a wrong number"
is "$(bootchart a b 2>&1 || echo $?)" "bootchart: b: too many arguments (see bootchart --help)
2" "two traces"
is "$(bootchart "$tmp/trace" 2>&1 >/dev/full || echo $?)" "bootchart: standard output: No space left on device
1" "a full disk is a failure"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# bootchart.t - bootchart and checkconfig on a machine that has just booted
. tests/vm/lib.sh
machine
modules virtio_pci virtio_blk virtio_net
put /etc/init.d/10-slow 755 <<'END'
#!/bin/sh
sleep 0.3
END
guest <<'END'
table=$(bootchart)
like "$table" '^boot [0-9.]+ s: kernel [0-9.]+, copyroot [0-9.]+ \([a-z]+\), init [0-9.]+, rc.init [0-9.]+' "the parts of this boot"
like "$table" ' until: [A-Z]' "the kernel's pauses, from its log"
like "$table" ' rc.init hotplug$' "rc.init's steps"
like "$table" ' module virtio_(net|blk)' "modules"
like "$table" ' 0\.[3-9][0-9]*    script /etc/init.d/10-slow$' "a script that took its time"
is "$(bootchart 2>&1 >/dev/null)" "" "without a complaint"
sum() { echo "$1" | awk '/^boot/ { gsub(",", ""); for (i = 4; i < NF; i++) if ($(i + 1) ~ /^[0-9.]+$/) sum += $(i + 1); print int(sum * 100 + 0.5), int($2 * 100 + 0.5) }'; }
set -- $(sum "$table")
ok "the parts are the whole ($1 and $2 hundredths)" test "$1" -le "$2" -a "$1" -ge $(($2 * 9 / 10))
bootchart --svg >/tmp/svg
like "$(tail -n 1 /tmp/svg)" '^</svg>$' "a picture"
like "$(grep -c '<g>' /tmp/svg)" '^[3-9][0-9]$' "with its rows"
like "$(bootchart --json | tail -n 2 | head -n 1)" '"errno":[0-9]+' "trace events"
cp /run/initbox/trace /tmp/trace; dmesg >/tmp/log
is "$(bootchart -k /tmp/log /tmp/trace | grep -c .)" "$(bootchart | grep -c .)" "the saved boot shows the same"
rm -r /run/initbox
is "$(bootchart 2>&1 | head -n 1)" "bootchart: /run/initbox/trace: No such file or directory" "no trace: said"
checkconfig >/tmp/none 2>&1
is "$?" 3 "checkconfig: Debian's kernel tells nobody its configuration (no /proc/config.gz): exit 3"
END
boot
ended poweroff "the machine powered off"
done_testing

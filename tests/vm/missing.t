#!/bin/sh
# SPDX-License-Identifier: MIT
# missing.t - images that lack what one takes for granted: one clear line each, and the boot goes as far as it can
. tests/vm/lib.sh

said_once() {	# ERE TEXT
	is "$(grep -acE "$1" "$vm/console")" 1 "$2"
}

## No folder to mount on
machine
modules none
rm -rf "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" "$root/var" "$root/etc/hostname" "$root/etc/resolv.conf"
guest <<'END'
for folder in /dev /proc /sys /run /tmp /var; do
	ok "$folder is mounted" grep -q " $folder " /proc/self/mountinfo
done
like "$(dmesg)" 'rc.init: boot ' "the report is in the kernel log"
END
boot -n
console_has '^rc.init: boot ' "without /dev, /proc and all their like the boot is complete"
ended poweroff "and ends by power-off"

## No inittab: rc.init, a shell for whoever presses Enter, rc.shutdown
machine
modules none
guest <<'END'
pass "what /etc/init.d starts without an inittab runs"
END
rm "$root/etc/inittab"
put /etc/init.d/90-test 755 <<'END'
#!/bin/sh
(sleep 1; exec setsid /bin/sh /test/run) >/dev/console 2>&1 </dev/null &
END
boot -n
said_once 'init: .*/etc/inittab' "a missing inittab is one line"
ended poweroff "without an inittab the machine boots and powers off"

## No shell
machine
modules none
guest <<'END'
pass "what needs no shell runs"
END
rm "$root/bin/sh"
put /etc/inittab <<'END'
::sysinit:/bin/rc.init
::once:/bin/busybox sh /test/run
ttyS0::respawn:-/bin/sh
::shutdown:/bin/rc.shutdown noop
END
boot -n
console_has 'init: .*/bin/sh: No such file' "a missing shell is said"
ok "and not a hundred times" test "$(grep -ac '/bin/sh: No such file' "$vm/console")" -le 12
ended poweroff "without a shell the machine boots and powers off"

## No rc.init, no rc.shutdown
machine
modules none
guest <<'END'
pass "init goes on without rc.init"
END
rm "$root/bin/rc.init" "$root/bin/rc.shutdown"
boot -n
said_once '/bin/rc.init: No such file' "a missing rc.init is one line"
ended poweroff "without rc.init and rc.shutdown the machine powers off"

## No init: copyroot must not let PID 1 end
machine
modules none
rm "$root/sbin/init"
boot -n -t 20
console_has '/sbin/init: No such file' "a missing /sbin/init is said"
console_lacks 'Kernel panic' "and is no panic"
ended timeout "something waits on the console"

## No module tree, but devices
machine
modules none
guest <<'END'
pass "the boot gets to the end"
END
boot
said_once 'mdev-lite: .*modules' "a missing module tree is one line"
ended poweroff "and the machine powers off"
done_testing

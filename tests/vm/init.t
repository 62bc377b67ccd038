#!/bin/sh
# SPDX-License-Identifier: MIT
# init.t - PID 1 of a machine: its limits and size, what it hands on, no process to be had, a kernel that refuses, odd boots
. tests/vm/lib.sh

## PID 1 itself
machine
modules none
guest <<'END'
like "$(sed -n 's/^Max open files *//p' /proc/1/limits)" '^1048576 +1048576' "RLIMIT_NOFILE"
like "$(sed -n 's/^Max processes *//p' /proc/1/limits)" '^unlimited +unlimited' "RLIMIT_NPROC"
is "$(sed -n 's/^SigBlk:.\(.*\)/\1/p' /proc/self/status)" 0000000000000000 "a child's signal mask is empty"
unlike "$(env)" '^INITBOX_(BOOT|COPYROOT)=.' "what was for rc.init is not handed on"
is "$(readlink /proc/1/cwd)" / "its working directory"
for fd in /proc/1/fd/*; do
	like "$(readlink $fd)" '/dev/console' "its descriptor ${fd##*/} is the console"
done
own=$(awk '/^Anonymous/ { n += $2 } END { print n }' /proc/1/smaps_rollup)
ok "its own memory, beside the program's text, is at most 64 kB ($own)" test "$own" -le 64

# Ctrl-Alt-Del is ours: the kernel tells init.
is "$(cat /proc/sys/kernel/ctrl-alt-del)" 0 "Ctrl-Alt-Del is a signal to init"

# No more processes: cgroup 2's pids controller for PID 1 and what it starts.
mkdir /sys/fs/cgroup/few
echo 1 >/sys/fs/cgroup/few/cgroup.procs
echo "null::respawn:/bin/sh -c 'echo x >>/run/late; exec sleep 1000'" >>/tmp/inittab
cat /etc/inittab >>/tmp/inittab
mount --bind /tmp/inittab /etc/inittab
echo 1 >/sys/fs/cgroup/few/pids.max
kill -HUP 1
sleep 2
ok "with no process to be had nothing is started" test ! -e /run/late
echo max >/sys/fs/cgroup/few/pids.max
sleep 2
is "$(cat /run/late)" x "and as soon as there is one it is"
is "$(dmesg | grep -c 'no process for it')" 1 "one line said so"
END
boot -n
ended poweroff "and it powers off"

## The kernel refuses to switch off: PID 1 stays
machine
modules none
guest <<'END'
pass "up"
END
boot -n -t 20 -a 'INITBOX_FAULT=reboot@poweroff'
console_has 'init: the kernel did not take that: a shell on the console' "a power-off that fails ends in a shell"
console_lacks 'Kernel panic' "and not in a panic"
machine
modules none
guest <<'END'
pass "up"
END
boot -n -t 30 -a 'INITBOX_FAULT=reboot@poweroff#1'
ended poweroff "one that fails once is tried again"

## Asked for a shell
machine
modules none
put /etc/inittab <<'END'
::sysinit:/bin/rc.init
::sysinit:/bin/busybox echo the sysinit entry
::wait:/bin/busybox echo the wait entry
::once:/sbin/poweroff
END
put /etc/profile <<'END'
echo "a shell as $(id -u)"
exit
END
for row in 'single single' 'rescue rescue'; do
	set -- $row
	boot -n -t 40 -a "$1"
	console_has '^a shell as 0' "$1: a shell on the console"
	ended poweroff "$1: when it ends the boot goes on"
	order=$(grep -aE '^(the|a shell)' "$vm/console" | sed 's/^a shell.*/shell/; s/^the \([a-z]*\).*/\1/' | tr '\n' ' ')
	case $1 in
	single) is "$order" "sysinit shell wait " "single: it comes after sysinit" ;;
	rescue) is "$order" "shell sysinit wait " "rescue: it comes first" ;;
	esac
done

## rdinit=/sbin/init: init switches root by itself
machine
modules none
guest <<'END'
root=$(grep ' / / ' /proc/self/mountinfo | tail -n 1)
unlike "$root" '^([0-9]+) \1 ' "the root is not the kernel's first one"
END
boot -n -a 'rdinit=/sbin/init'
ended poweroff "rdinit=/sbin/init: it boots and powers off"
console_has '^copyroot: ' "by way of copyroot"

## No console at all
machine
modules none
rm -rf "$root/dev"
guest <<'END'
like "$(readlink /proc/1/fd/2)" 'console|null' "init's streams are open"
END
boot -n
ended poweroff "without /dev: it powers off"
done_testing

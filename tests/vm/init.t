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
put /etc/profile <<'END'
echo "a shell"
/bin/busybox poweroff -f
END
boot -n -a 'INITBOX_FAULT=reboot@poweroff'
console_has 'init: the kernel did not take that: a shell on the console' "a power-off that fails ends in a shell"
console_has '^a shell' "which is there"
ended poweroff "and not in a panic"
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
echo "a shell as $(id -u), $(: </dev/tty && echo controlling)"
exit
END
for row in 'single single' 'rescue rescue'; do
	set -- $row
	boot -n -t 40 -a "$1"
	console_has '^a shell as 0' "$1: a shell on the console"
	[ "$1" = rescue ] || console_has '^a shell as 0, controlling' "$1: its controlling terminal"	# no /dev/tty yet
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
boot -n -a 'rdinit=/sbin/init INITBOX_FAULT=reboot@ctrlaltdel'
ended poweroff "rdinit=/sbin/init: it boots and powers off"
console_has '^copyroot: ' "by way of copyroot"

## Two consoles, and a boot that fails badly
machine
modules none
put /etc/inittab <<'END'
::sysinit:/bin/rc.init
::sysinit:/bin/missing
::wait:/bin/busybox echo goes on
END
boot -n -a 'console=ttyS1,115200 console=ttyS0 initbox.panic=poweroff'
ended poweroff "initbox.panic=poweroff: it powers off"
console_lacks '^goes on' "at once"
for message in 'copyroot: bind' 'rc.init: boot' 'init: /bin/missing: a sysinit entry failed badly: powering off'; do
	console_has "^$message" "/dev/console shows: $message"
	ok "and so does the other console" grep -aq "^$message" "$vm/results"
done

## A loaded kernel
cat >"$tmp/load.c" <<'END'
// kexec_file_load(2): KERNEL INITRD COMMAND-LINE
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	return syscall(SYS_kexec_file_load, open(argv[1], O_RDONLY), open(argv[2], O_RDONLY), strlen(argv[3]) + 1, argv[3], 0L) != 0;
}
END
if $(command -v musl-gcc || echo gcc) -static -o "$tmp/load" "$tmp/load.c" 2>"$tmp/why"; then
	mkdir -p "$tmp/second/bin" "$tmp/second/dev"
	cp "${CACHE:-build/cache}/busybox/bin/busybox" "$tmp/second/bin/busybox"
	printf '%s\n' '#!/bin/busybox sh' '/bin/busybox mount -t devtmpfs dev /dev' \
		'echo "the second kernel" >/dev/console; /bin/busybox poweroff -f' >"$tmp/second/init"
	chmod 755 "$tmp/second/init"
	scripts/cpio.sh "$tmp/second" >"$tmp/second.initrd"
	for how in '/sbin/reboot kexec' '/bin/rc.shutdown kexec'; do
		machine
		modules none
		cp "$tmp/load" "$root/bin/load"
		cp "$tmp/second.initrd" "$kernel/vmlinuz" "$root"
		guest <<-END
		[ "$how" != '/sbin/reboot kexec' ] || like "\$(/sbin/reboot kexec 2>&1)" 'no kernel is loaded' "without a kernel: nothing"
		ok "a kernel is loaded" load /vmlinuz /second.initrd 'console=ttyS0 panic=-1 quiet'
		echo end >&3
		$how
		sleep 60
		END
		boot -n -t 90
		[ "$how" != '/sbin/reboot kexec' ] || console_has '^init: rebooting' "$how tells init"
		console_has '^the second kernel' "$how: the kernel that is loaded starts"
		ended poweroff "$how: and that goes on"
	done
else
	skip "no static C library: $(cat "$tmp/why")" "a loaded kernel"
fi

## A hardware watchdog
if with_kernel generic; then
	esb='-device i6300esb,id=watchdog0'
	machine
	modules i6300esb
	guest <<-'END'
	while [ "$(cat /sys/class/watchdog/watchdog0/state)" != active ]; do sleep 0.1; done
	is "$(cat /sys/class/watchdog/watchdog0/timeout)" 4 "initbox.watchdog=4: the watchdog is on, with that time"
	sleep 6
	pass "and does nothing while init runs"
	mkdir /sys/fs/cgroup/frozen
	echo 1 >/sys/fs/cgroup/frozen/cgroup.procs
	echo end >&3
	echo 1 >/sys/fs/cgroup/frozen/cgroup.freeze
	sleep 100
	END
	boot -n -a 'initbox.watchdog=4' -t 90 -- $esb
	console_has 'init: /dev/watchdog: resets the machine when init does not run for 4 s' "which is said"
	is "$(how_ended)" died "when init does not run it resets the machine"
	machine
	modules i6300esb
	guest <<-'END'
	while [ "$(cat /sys/class/watchdog/watchdog0/state)" != active ]; do sleep 0.1; done
	echo end >&3
	halt
	sleep 60
	END
	boot -n -a 'initbox.watchdog=2' -t 40 -- $esb
	console_has 'reboot: System halted' "halt"
	console_lacks 'did not stop' "the watchdog is stopped before"
	is "$(how_ended)" timeout "and a machine that is halted stays so"
	with_kernel cloud
else
	skip "$(tail -n 1 "$tmp/why")" "a hardware watchdog"
fi

## The other end of the serial line says stop (XOFF), and never go
machine
modules none
guest <<'END'
echo "stop now" >/dev/ttyS0
tries=0
# The driver takes 4 kB before anyone waits.
head -c 8192 /dev/zero | tr '\0' '\n' >/tmp/much
while timeout 1 dd if=/tmp/much of=/dev/ttyS0 bs=8k 2>/dev/null && [ $tries -lt 50 ]; do
	tries=$((tries + 1))
	usleep 100000
done
ok "who writes to the line waits" test $tries -lt 50
cp /etc/inittab /tmp/inittab
echo "null::respawn:/bin/missing" >>/tmp/inittab
mount --bind /tmp/inittab /etc/inittab
kill -HUP 1
sleep 2
like "$(dmesg)" 'init: /bin/missing: ends at once' "init does not: it goes on, and the kernel log has its words"
echo "ttyS0::respawn:/bin/sh -c 'echo goes again; exec sleep 1000'" >>/tmp/inittab
kill -HUP 1
sleep 1
END
mkfifo "$tmp/line"
exec 5<>"$tmp/line"
(while ! grep -aq '^stop now' "$vm/console.raw" 2>/dev/null; do sleep 0.1; done; printf '\023' >&5) &
asks=$!
input=$tmp/line
boot -n
input='' && kill $asks 2>/dev/null
exec 5>&-
console_has '^goes again' "an entry of that terminal sets it going"
ended poweroff "XOFF: it powers off"

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

#!/bin/sh
# SPDX-License-Identifier: MIT
# start.sh - what it costs to start the binary at all: kernel exec, C library, finding the applet
. tests/bench/lib.sh
with_vm

## On this machine: a command that prints its help and ends, the floor being a static program that does nothing
printf 'int main(void) { return 0; }' >"$tmp/nothing.c"
"${CC:-musl-gcc}" -Os -static -o "$tmp/nothing" "$tmp/nothing.c" || { fail "the floor's build"; finish; }
busybox=$(peer busybox bin/busybox busybox-static) || finish
ln -s "$INITBOX" "$tmp/halt"
compare -n "$(fast 60 5)" -r 20 -x rss 'start an applet' initbox "$tmp/halt --help" \
	busybox "$busybox/bin/busybox true" 'nothing, static' "$tmp/nothing"
target 'start an applet' busybox 1.1

## In a guest, in instructions
machine busybox
modules none
put /bin/initbox 755 <"$INITBOX"
put /bin/nothing 755 <"$tmp/nothing"
guest <<'END'
ln -s /bin/initbox /bin/rc.shutdown
compare -n 10 -r 10 'start an applet, guest instructions' initbox '/bin/rc.shutdown --help' \
	busybox '/bin/busybox true' 'nothing, static' /bin/nothing
END
icount_boot -n -m 256
target 'start an applet, guest instructions' busybox 1.1
finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# smoke.t - the VM harness itself: it believes a guest that works, and no guest that fails, stops, hangs or panics
. tests/vm/lib.sh

machine busybox
modules virtio_pci virtio_net
put /etc/motd <<'END'
hello
END
guest <<'END'
is "$(cat /etc/motd)" hello "a file put into the guest is there"
modprobe -a virtio_pci virtio_net
ok "the chosen modules bring up the virtio NIC" test -e /sys/class/net/eth0
skip "nothing to test" "the guest can skip"
END
boot -a harness.word=1
console_has 'Power down' "the console is kept"
console_lacks 'panic' "the console shows no panic"
ended poweroff "the guest ended by power-off"
ended_within 60 "within a minute"

# Each of these is a test of its own, run as prove would: it must fail, and say why.
inner() { { echo '. tests/vm/lib.sh; machine busybox; modules none'; cat; echo done_testing; } >"$tmp/inner.t"; }
run_inner() {
	inner
	inner_output=$(sh "$tmp/inner.t" 2>&1) && inner_status=0 || inner_status=$?
	is "$inner_status" 1 "$1: the test fails"
	like "$inner_output" "$2" "$1: it says so"
	like "$inner_output" '^# \| .*'"$3" "$1: the console follows"
}

run_inner "a check fails in the guest" '^not ok [0-9]+ - water is dry' 'reboot: Power down' <<'END'
guest <<'GUEST'
fail "water is dry"
GUEST
boot
END

run_inner "the guest's script stops half-way" '^not ok 2 - the guest script reached its end' 'Power down' <<'END'
guest <<'GUEST'
pass "half-way"
exit 0
GUEST
boot
END

run_inner "the guest hangs" 'the machine: timeout' 'the last words' <<'END'
guest <<'GUEST'
echo "the last words" >/dev/console
sleep 1000
GUEST
boot -t 12
END

run_inner "the kernel panics" 'the machine: panic' 'Kernel panic' <<'END'
guest <<'GUEST'
echo c >/proc/sysrq-trigger
GUEST
boot
END

run_inner "a guest without a script ends the wrong way" 'got: reboot' 'Restarting system' <<'END'
put /init 755 <<'INIT'
#!/bin/sh
reboot -f
INIT
boot
ended poweroff "the guest ended by power-off"
END

done_testing

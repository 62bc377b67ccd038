# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# sysfs.sh - a made-up /sys below $r, for the tests of mdev-lite

# device class/SUBSYSTEM DEVICE LINE... - a device as sysfs shows it
device() {
	subsystem=$1 path=$2; shift 2
	mkdir -p "${r:?}/sys/devices/$path" "$r/sys/$subsystem"
	printf '%s\n' "$@" >"$r/sys/devices/$path/uevent"
	ln -sfn "../../devices/$path" "$r/sys/$subsystem/${path##*/}"
	ln -sfn "../../../$subsystem" "$r/sys/devices/$path/subsystem"
}

#!/bin/sh
# SPDX-License-Identifier: MIT
# copyroot.sh - from the start of copyroot as PID 1 to the first instruction of INIT, in guest instructions
#
# Each figure is a boot of its own: /init makes a tree in the kernel's first root, a ramfs, and execs copyroot, or a shell
# that runs busybox's cp -a and switch_root. The floors are taken in the guest of copyroot: what the kernel needs to
# write as many bytes, or to make and write as many files, in a tmpfs; to send them there from a ramfs, knowing nothing of
# them but their names; and to remove the old ones, which has to be paid for before INIT runs or, with --free=late, beside it.
#
# BENCH_LONG=1 adds the largest points of the growth series: 100,000 files, 1,000 MB.
. tests/bench/lib.sh
has /init || { skipped "copyroot" "not built in as /init"; finish; }
with_vm
. tests/treetool.sh
need_treetool

# run WHO MODE FILL FLOOR MEMORY [WHEN] - a boot; sets $took and, of the floor's, $wrote, $sent and $freed (ns); WHEN as
# for --free
run() {
	machine busybox
	modules "${module_choice:-none}"
	mkdir -p "$root/data" "$root/new" "$root/run"
	cp "$INITBOX" "$root/sbin/copyroot"
	cp "$treetool" "$root/bin/treetool"
	rm "$root/init"
	# What the guest needs and no more: the floors write the data alone, and 400 links would be 10 ms beside them.
	for link in "$root"/bin/*; do
		case ${link##*/} in busybox | treetool | sh | mount | umount | cat | cp | stat | switch_root | poweroff) ;; *) rm "$link" ;; esac
	done
	case $1 in
	busybox) how='/bin/sh /peer' ;;
	*) how="/sbin/copyroot --mode=$2 --free=${6:-early}" ;;
	esac
	put /init 755 <<-END
	#!/bin/sh
	export PATH=/bin:/sbin
	$3
	exec treetool stamp /start $how /bin/treetool stamp /end /sbin/init
	END
	put /peer 755 <<-'END'
	#!/bin/sh
	mount -t tmpfs -o size=90% new /new
	for name in /*; do [ "$name" = /new ] || cp -a "$name" /new/; done
	exec switch_root /new "$@"
	END
	put /sbin/init 755 <<-END
	#!/bin/sh
	export PATH=/bin:/sbin
	mount -t devtmpfs dev /dev
	exec 3>/dev/ttyS1
	echo "took \$((\$(cat /end) - \$(cat /start)))" >&3
	$4
	echo end >&3
	poweroff -f
	END
	scripted='' took='' wrote='' sent='' freed=''
	icount_boot -n -m "$5" -t 600 -a rootfstype=ramfs
	grep -q '^end' "$vm/results" || { fail "$1, $3" "$(how_ended) $(tail -n 5 "$vm/console")"; return 1; }
	took=$(sed -n 's/^took //p' "$vm/results")
	wrote=$(sed -n 's/^wrote //p' "$vm/results")
	sent=$(sed -n 's/^sent //p' "$vm/results")
	freed=$(sed -n 's/^freed //p' "$vm/results")
	[ "$1" = busybox ] || grep -q "copyroot: $2:" "$vm/console" || fail "$3" "copyroot did not take mode $2"
	! grep 'too little memory' "$vm/console" || fail "$3" "the guest is too small"
	rm -rf "$vm"
}

# floor COUNT BYTES - the guest's commands; what copyroot moves is these and the programs of the image
floor() {
	cat <<-END
	mount -t tmpfs -o size=90% floor /run
	image=\$((\$(stat -c %s /bin/busybox) + \$(stat -c %s /bin/treetool) + \$(stat -c %s /sbin/copyroot)))
	echo "wrote \$((\$(treetool floor $1 $2 /run/floor) + \$(treetool floor 1 \$image /run/image)))" >&3; umount /run
	mount -t ramfs floor /run && treetool files $1 $2 /run/floor && mount -t tmpfs -o size=90% floor /new
	echo "sent \$(treetool send /run/floor /new/floor)" >&3; umount /new
	echo "freed \$(treetool unlink /run/floor)" >&3; umount /run
	END
}

# moved CASE FLOOR-NAME MEMORY - our figures, both ways, and the floors; then what is the peer's: against CASE MEMORY TARGET
moved() {
	run initbox tmpfs "$fill" "$floor" "$3" || return
	result "$1" initbox "$took" ns
	result "$1" "$2" "$wrote" ns
	result "$1" "$2, remove the old" $((wrote + freed)) ns
	result "$1" "create, sendfile, remove the old" $((sent + freed)) ns
	result "$1, --free=late" "$2" "$wrote" ns
	result "$1, --free=late" "create, sendfile" "$sent" ns
	run initbox tmpfs "$fill" : "$3" late || return
	result "$1, --free=late" initbox "$took" ns
}
against() {
	run busybox '' "$fill" : "$2" || return
	for case in "$1" "$1, --free=late"; do
		result "$case" busybox "$took" ns
		target "$case" busybox "$3"
	done
}

# versus CASE COUNT BYTES FLOOR-NAME TARGET-BUSYBOX TARGET-FLOOR MEMORY
versus() {
	fill="treetool files $2 $3 /data" floor=$(floor "$2" "$3")
	if moved "$1" "$4" "$7"; then
		target "$1" "$4" "$6"
		target "$1, --free=late" "$4" "$6"
	fi
	against "$1" "$(($7 * 3 / 2))" "$5"
}

## tmpfs mode
versus '100 files of 1 MB' 100 1048576 'write' 0.6 1.15 600
versus '10,000 files of 2 KB' 10000 2048 'create, write' 0.55 1.5 400
versus 'one file of 100 MB' 1 104857600 'write' 0.6 1.15 600

## Debian's modules, as the kernel has unpacked them
bytes=$(find "$kernel/root/lib/modules" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
files=$(find "$kernel/root/lib/modules" -type f | wc -l)
module_choice=all fill=: floor=$(floor "$files" $((bytes / files)))
moved "Debian's $files modules, $((bytes >> 20)) MB" 'create, write' 600
against "Debian's $files modules, $((bytes >> 20)) MB" 900 0.6
module_choice=none

## bind: the same for any tree
for size in 1 100; do
	run initbox bind "treetool files $size 1048576 /data" : 400 || continue
	result "bind, $size MB" initbox "$took" ns
	limit "bind, $size MB" 2000000
done
run initbox bind "treetool files 10000 100 /data" : 400 && {
	result "bind, 10,000 files" initbox "$took" ns
	limit "bind, 10,000 files" 2000000
}

## Growth
grow() {	# CASE SIZE COUNT BYTES MEMORY
	run initbox tmpfs "treetool files $3 $4 /data" : "$5" && point "$1" initbox "$2" "$took" ns
	run busybox '' "treetool files $3 $4 /data" : "$(($5 * 3 / 2))" && point "$1" busybox "$2" "$took" ns
	:
}
for count in 1000 10000 ${BENCH_LONG:+100000}; do grow 'files of 2 KB' $count $count 2048 $((300 + count / 80)); done
slope 'files of 2 KB' 1.05
for mb in 1 10 100 ${BENCH_LONG:+1000}; do grow 'MB, in files of 1 MB' $mb $mb 1048576 $((300 + mb * 2)); done
slope 'MB, in files of 1 MB' 1.05
finish

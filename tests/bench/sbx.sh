#!/bin/sh
# SPDX-License-Identifier: MIT
# sbx.sh - containers: one at a time, many at once, with many mounts, and commands in one that stays
#
# Peers are Debian's bubblewrap, crun and runc, each in all namespaces with the same root, /proc and /dev. crun has its cgroup
# switched off and sees nothing but cgroup2, since it refuses machines that have both. Floors are what the kernel takes for the
# same namespaces, and for the same mounts too, by a program that does nothing else (sbx-floor.c).
# shellcheck disable=SC2086 # words
. tests/bench/lib.sh
has /bin/sbx || { skipped 'all' 'built without sbx'; finish; }
[ "$(id -u)" = 0 ] || { skipped 'all' 'needs root, for crun and runc'; finish; }

printf 'int main(void) { return 0; }' >"$tmp/nothing.c"
small() { "${CC:-musl-gcc}" -O2 -static -D_GNU_SOURCE -o "$tmp/$1" "$2"; }
{ small nothing "$tmp/nothing.c" && small floor tests/bench/sbx-floor.c && small many tests/bench/sbx-many.c; } ||
	{ fail "the floors' build"; finish; }
cp "$INITBOX" "$tmp/initbox"	# as make install does: how the linker left it in the page cache is not how it is found there
ln -s initbox "$tmp/sbx"
libraries='libc6 libselinux1 libcap2 libpcre2-8-0'
bubblewrap=$(peer bubblewrap usr/bin/bwrap bubblewrap $libraries) && bubblewrap=$bubblewrap/usr/bin/bwrap || bubblewrap=''
if [ "$bubblewrap" ] && ! "$bubblewrap" --ro-bind / / true; then skipped bubblewrap 'does not run here'; bubblewrap=''; fi
crun=$(peer crun usr/bin/crun crun libyajl2 libsystemd0 libseccomp2 $libraries) && crun=$crun/usr/bin/crun || crun=''
runc=$(peer runc usr/sbin/runc runc libseccomp2 $libraries) && runc=$runc/usr/sbin/runc || runc=''

## One container after another

host_timer=$timer
box="--unshare-all --unshare-user --ro-bind / / --proc /proc --dev /dev $tmp/nothing"
mkdir -p "$tmp/bundle/rootfs/proc" "$tmp/bundle/rootfs/dev"
cp "$tmp/nothing" "$tmp/bundle/rootfs/nothing"
cat >"$tmp/bundle/config.json" <<'END'
{ "ociVersion": "1.0.0", "root": { "path": "rootfs", "readonly": true }, "hostname": "x",
  "process": { "user": { "uid": 0, "gid": 0 }, "args": [ "/nothing" ], "env": [ "PATH=/" ], "cwd": "/", "noNewPrivileges": true,
    "capabilities": { "bounding": [], "effective": [], "permitted": [] } },
  "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc", "options": [ "nosuid", "noexec", "nodev" ] },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": [ "nosuid", "mode=755" ] } ],
  "linux": { "namespaces": [ { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" },
    { "type": "cgroup" } ] } }
END
set -- initbox "$tmp/sbx $box" 'vfork and exec' "$tmp/nothing" 'the namespaces alone' "$tmp/floor namespaces" \
	'the same mounts by system calls alone' "$tmp/floor mounts $tmp/nothing"
[ ! "$bubblewrap" ] || set -- "$@" bubblewrap "$bubblewrap $box"
# Another view of /sys/fs/cgroup costs nobody anything, so all run in it.
cat >"$tmp/cgroup2" <<'END'
umount -l /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"
END
view="unshare -m --propagation private sh $tmp/cgroup2"
printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$view" "$timer" >"$tmp/timer"
chmod 755 "$tmp/timer"
crun_command="$crun --cgroup-manager=disabled --root $tmp/crun run --bundle $tmp/bundle bench-crun"
if [ "$crun" ] && $view $crun_command 2>"$tmp/why"; then
	set -- "$@" crun "$crun_command"
	timer=$tmp/timer
else skipped crun "does not run here: $(head -n 1 "$tmp/why")"; crun='' view=''; fi
runc_command="$runc --root $tmp/runc run --bundle $tmp/bundle bench-runc"
if [ "$runc" ] && $view $runc_command 2>"$tmp/why"; then set -- "$@" runc "$runc_command"
else skipped runc "does not run here: $(head -n 1 "$tmp/why")"; runc=''; fi
compare -n "$(fast 100 5)" -x cpu 'a container, all namespaces' "$@"
timer=$host_timer
[ ! "$bubblewrap" ] || target 'a container, all namespaces' bubblewrap 0.35
[ ! "$crun" ] || target 'a container, all namespaces' crun 0.2

few="--unshare-pid --unshare-ipc --ro-bind / / --proc /proc --dev /dev $tmp/nothing"
set -- initbox "$tmp/sbx $few" 'the same mounts by system calls alone' "$tmp/floor few $tmp/nothing"
[ ! "$bubblewrap" ] || set -- "$@" bubblewrap "$bubblewrap $few"
compare -n "$(fast 100 5)" 'a container, without network and user namespace' "$@"
[ ! "$bubblewrap" ] || target 'a container, without network and user namespace' bubblewrap 0.35

## Many mounts

for count in 1 10 100 2000; do
	n=0
	while [ $n -lt $count ]; do
		printf '%s\0' --ro-bind "$tmp/nothing.c" "/tmp/p$n"
		n=$((n + 1))
	done >"$tmp/args.$count"
	set -- initbox "$tmp/sbx --ro-bind / / --tmpfs /tmp --bind $tmp $tmp --args 9 $tmp/nothing 9<$tmp/args.$count"
	[ ! "$bubblewrap" ] || set -- "$@" bubblewrap "$bubblewrap --ro-bind / / --tmpfs /tmp --bind $tmp $tmp --args 9 $tmp/nothing 9<$tmp/args.$count"
	# bubblewrap takes half a minute for as many
	compare -n "$(fast "$([ $count = 2000 ] && echo 1 || echo 20)" 1)" -w 0 -x rss -s $count 'binds' "$@"
	[ $count != 2000 ] || compare -n "$(fast 10 2)" -w 0 '2000 binds' initbox "$2"
done
limit '2000 binds' 200000000

## A container that stays

if "${HOSTCC:-cc}" -O2 -D_GNU_SOURCE -Ilibsbx -Ilibcommon -o "$tmp/warm" tests/bench/sbx-warm.c libsbx/*.c libcommon/sbx_proto.c libcommon/sbx_wire.c; then
	# As sbx-init, by that name
	if read -r warm bare first <<-END
	$("$tmp/warm" "$(fast 2000 50)" "$INITBOX" "$tmp/nothing")
	END
	then
		result 'a command in a container that serves' initbox "$warm" ns
		result 'a command in a container that serves' 'vfork and exec' "$bare" ns
		target 'a command in a container that serves' 'vfork and exec' 1.5
		result 'such a container is ready' initbox "$first" ns
	else fail 'the server'; fi
else fail "the client's build"; fi

## Many at once

# each TURNS WHAT ARGUMENT... - `many WHAT ARGUMENT...` for us and for bubblewrap in turns, into $tmp/turns
each() {
	each_turns=$1; shift
	: >"$tmp/turns"
	while [ "$each_turns" -gt 0 ]; do
		each_turns=$((each_turns - 1))
		for who in initbox bubblewrap; do
			case $who in initbox) command=$tmp/sbx ;; *) command=$bubblewrap ;; esac
			[ ! "$command" ] || echo "$who $("$tmp/many" "$@" "$command" ${box% *} $run)" >>"$tmp/turns"
		done
	done
}
# median WHO FIELD - of what `each` has left
median() { awk -v who="$1" -v field="$2" '$1 == who && NF >= field { print $field }' "$tmp/turns" | sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }

run=$tmp/nothing
for parallel in 1 2 8 64; do
	each 3 rate $parallel "$(fast 128 16)"
	for who in initbox ${bubblewrap:+bubblewrap}; do
		rate=$(median $who 2)
		[ "$rate" ] || { fail "$parallel at once: $who"; continue; }
		result "$parallel at once, containers a second" $who "$rate" /s 3
	done
done
run="$tmp/many hold"
for count in 1 8 64 $(fast 512); do
	each $((count > 64 ? 1 : 3)) alive $count
	for who in initbox ${bubblewrap:+bubblewrap}; do
		time=$(median $who 2) bytes=$(median $who 3)
		[ "$bytes" ] || { fail "$count that stay: $who"; continue; }
		point 'containers that stay: until all are there' $who $count "$time" ns
		point 'containers that stay: memory' $who $count "$bytes" bytes
	done
done
slope 'containers that stay: until all are there' 1.2
slope 'containers that stay: memory' 1.1

## What stays in memory, and on the disk

"$tmp/sbx" --unshare-all --ro-bind / / --proc /proc --info-fd 9 sleep 2 9>"$tmp/info" & job=$!
sleep 0.5
init=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' "$tmp/info")
rss=$(awk '/^Rss:/ { print $2 * 1024 }' "/proc/$init/smaps_rollup")
private=$(awk '/^Private/ { n += $2 * 1024 } END { print n }' "/proc/$init/smaps_rollup")
wait $job
result 'sbx-init, resident' initbox "$rss" bytes
limit 'sbx-init, resident' 204800
result 'sbx-init, of its own' initbox "$private" bytes
# container_defconfig has what belongs into the container; sbx, outside, is the other half of a machine that has both
build() { env -u MAKEFLAGS -u MAKELEVEL "${MAKE:-make}" -s O="$tmp/container" CACHE="${CACHE:-build/cache}" "$@" >"$tmp/why" 2>&1; }
with_sbx() {
	sed '/CONFIG_SBX is not set/d' "$tmp/container/.config" >"$tmp/config"
	echo CONFIG_SBX=y >>"$tmp/config"
	mv "$tmp/config" "$tmp/container/.config"
}
if build container_defconfig && build all && cp "$tmp/container/initbox" "$tmp/plain" && with_sbx && build all; then
	result 'container_defconfig' initbox "$(wc -c <"$tmp/plain")" bytes
	limit 'container_defconfig' 122880
	result 'container_defconfig, with sbx too' initbox "$(wc -c <"$tmp/container/initbox")" bytes
else fail 'container_defconfig' "$(tail -n 3 "$tmp/why")"; fi
finish

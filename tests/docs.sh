# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# docs.sh - follows a page of docs/ as a reader would: its ```sh blocks, in order, in one shell, in a fresh copy of this tree
#
#   page NAME     runs docs/NAME.md; blocks that begin with "```sh not-run: REASON" are skipped with that reason
#   $log          what the commands printed; $console what virtual machines said (a shell there is told `poweroff`)

. tests/tap.sh
tmpdir
export CACHE="${CACHE:-$PWD/build/cache}"
clone=$tmp/clone log=$tmp/log
needed=$(scripts/need git:git qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod 2>&1) || skip_all "$needed"
accel=$(scripts/vm.sh -p 2>"$tmp/why") || skip_all "$(tail -n 1 "$tmp/why")"

# A page says qemu-system-x86_64 as a reader types it; here somebody has to sit at the keyboard.
keyboard() {
	mkdir "$tmp/bin"
	cat >"$tmp/bin/qemu-system-x86_64" <<-END
	#!/bin/sh
	PATH=\${PATH#*:}
	mkfifo "$tmp/keys.\$\$"
	exec 3<>"$tmp/keys.\$\$"
	console=$tmp/console
	: >"\$console"
	timeout --foreground -k 2 90 qemu-system-x86_64 -accel $accel "\$@" <&3 >"\$console" 2>&1 &
	qemu=\$!
	while kill -0 \$qemu 2>/dev/null; do
		if grep -aqE '^(/|~) # |^sh-[0-9.]+# |(^| )# \$' "\$console"; then
			case "\$*" in *microvm*) echo reboot >&3 ;; *) echo poweroff >&3 ;; esac
			break
		fi
		sleep 0.2
	done
	wait \$qemu
	END
	chmod 755 "$tmp/bin/qemu-system-x86_64"
}

fresh_copy() {
	mkdir "$clone"
	{ git ls-files -co --exclude-standard 2>/dev/null || find . -type f ! -path './build/*' ! -path './obj/*'; } |
		while read -r file; do [ ! -e "$file" ] || echo "$file"; done | tar cf - -T - | tar xf - -C "$clone"
	(cd "$clone" && git init -q && git add -A && git -c user.name=test -c user.email=test@localhost commit -q -m all)
}

# The commands of a page, and the reasons of what is left out.
commands() { awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on' "docs/$1.md"; }
reasons() { sed -n 's/^```sh not-run: //p' "docs/$1.md"; }

page() {
	[ -d "$clone" ] || { keyboard; fresh_copy; }
	commands "$1" >"$tmp/commands"
	reasons "$1" >"$tmp/reasons"
	while read -r reason; do skip "$reason" "docs/$1.md: some commands"; done <"$tmp/reasons"
	: >"$tmp/console"
	if (cd "$clone" && env -i PATH="$tmp/bin:$PATH:/usr/sbin:/sbin" HOME="$tmp" CACHE="$CACHE" ${KERNEL:+KERNEL="$KERNEL"} \
		sh -eu "$tmp/commands") >"$log" 2>&1 </dev/null; then
		pass "docs/$1.md: all its commands run as they are written ($(wc -l <"$tmp/commands") lines)"
	else
		fail "docs/$1.md: all its commands run as they are written" "$(tail -n 15 "$log"; tail -n 15 "$tmp/console")"
	fi
	console=$(tr -d '\r' <"$tmp/console")
}

#!/bin/sh
# SPDX-License-Identifier: MIT
# debian.t - the Debian packages: they are built, hold what they should, and only initbox-sysv takes /sbin/init
. tests/packaging/lib.sh
debs
files() { dpkg -c "$debs/$1"_*.deb | sed 's/^\S* *\S* *\S* *\S* *\S* *\.//' | grep -v '/$'; }
names() { files "$1" | sed 's/ -> .*//'; }

plain=$(names initbox)
for name in $("$INITBOX" --list | sed 's|.*/||' | sort -u); do
	case $name in
	init | halt | poweroff | reboot | mdev | bwrap) unlike "$plain" "bin/$name\$" "initbox leaves $name to others" ;;
	*) like "$plain" "bin/$name\$" "initbox has $name" ;;
	esac
done
unlike "$plain" '^/init$|^/usr/init$|/sbin/init$' "initbox does not take init"
like "$plain" '/man8/rc.init.8.gz$' "it has man pages"
unlike "$plain" '/man8/(init|halt).8.gz|man5/inittab' "but none that systemd's or sysvinit's packages have"
like "$plain" '/completions/initbox$' "and completion"
like "$(dpkg -f "$debs"/initbox_*.deb Depends)" 'libkmod2' "it takes the system's libkmod"
is "$(dpkg -f "$debs"/initbox_*.deb Conflicts)" "" "it conflicts with nothing"
is "$(files initbox-sysv | grep '^/sbin/' | sort)" "/sbin/halt -> /usr/bin/initbox
/sbin/init -> /usr/bin/initbox
/sbin/poweroff -> /usr/bin/initbox
/sbin/reboot -> /usr/bin/initbox" "initbox-sysv has init and its like"
like "$(dpkg -f "$debs"/initbox-sysv_*.deb Conflicts)" 'systemd-sysv.*sysvinit-core' "and gives way to no other init in silence"
is "$(names initbox-initramfs | grep -cE '^/usr/share/initramfs-tools/(hooks|scripts/init-top|scripts/init-bottom)/initbox$|90initbox/')" 5 \
	"initbox-initramfs has the hooks"
mkdir "$tmp/root"
dpkg -x "$debs"/initbox_*.deb "$tmp/root"
is "$("$tmp/root/usr/bin/initbox" --version)" "$("$INITBOX" --version)" "the binary runs"
done_testing

#!/bin/sh
# SPDX-License-Identifier: MIT
# completion.t - bash completes applets, the options of each, and what some of them take
. tests/tap.sh
command -v bash >/dev/null || skip_all "no bash"
tmpdir
mkdir "$tmp/bin"
cp "$INITBOX" "$tmp/bin/initbox"
for path in $("$INITBOX" --list); do ln -sf initbox "$tmp/bin/${path##*/}"; done

# complete WORD... - what is offered for the last word, one a line
complete() {
	PATH=$tmp/bin:$PATH bash -c '. packaging/bash-completion/initbox; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _initbox
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | sort
}

is "$(complete initbox '')" "$({ "$INITBOX" --list | sed 's|.*/||'; printf '%s\n' --list --help --version; } | sort -u)" \
	"initbox: its applets"
is "$(complete initbox rc.i)" rc.init "the beginning of a name"
for name in $("$INITBOX" --list | sed 's|.*/||' | sort -u); do
	offered=$(complete "$name" -)
	missing=$("$INITBOX" "$name" --help | grep -oE '^ +(-[a-zA-Z], )?--?[a-zA-Z][a-z-]*' | grep -oE -- '--?[a-zA-Z][a-z-]*' | sort -u |
		while read -r option; do
			printf '%s\n' "$offered" | grep -qE -e "^$option=?\$" || echo "$option"
		done)
	is "$missing" "" "$name: all options of its --help"
	is "$(complete initbox "$name" -)" "$offered" "$name: the same behind initbox"
done
if "$INITBOX" --list | grep -q rc.init$; then
	is "$(complete rc.init hot)" hotplug "rc.init: its steps"
	is "$(complete initbox rc.init hot)" hotplug "... behind initbox too"
fi
if "$INITBOX" --list | grep -q rc.shutdown$; then is "$(complete rc.shutdown p)" poweroff "rc.shutdown: its actions"; fi
if "$INITBOX" --list | grep -q checkconfig$; then is "$(complete checkconfig copy)" copyroot "checkconfig: applets"; fi
like "$(PATH=$tmp/bin:$PATH bash -c '. packaging/bash-completion/initbox; complete -p rc.init')" '_initbox rc.init' "the names are registered"
done_testing

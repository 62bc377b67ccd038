#!/bin/sh
# SPDX-License-Identifier: MIT
# release.t - a release is the same bytes wherever it is made, is what its checksums and its SBOM say, and can be linked anew
. tests/tap.sh
tmpdir
export CACHE="${CACHE:-$PWD/build/cache}"
unset O MAKEFLAGS MAKELEVEL

# The tree as it is here, as a commit, in two folders of different depth.
copy() {
	mkdir -p "$1"
	git ls-files -co --exclude-standard | while read -r file; do [ ! -e "$file" ] || echo "$file"; done |
		tar cf - -T - | tar xf - -C "$1"
	(cd "$1" && git init -q && git add -A &&
		GIT_COMMITTER_DATE='2026-01-02T03:04:05Z' GIT_AUTHOR_DATE='2026-01-02T03:04:05Z' \
		git -c user.name=test -c user.email=test@localhost commit -q -m all)
}
[ -e .git ] || skip_all "not a git repository"
copy "$tmp/one"
copy "$tmp/a/deeper/two"
one=$tmp/one/build/release two=$tmp/a/deeper/two/build/release
ok "a release is made" make -C "$tmp/one" release
ok "another in another folder, at another time" make -C "$tmp/a/deeper/two" release
ok "both are the same, byte for byte" diff -r "$one" "$two"
ok "the checksums are right" sh -c "cd $one && sha256sum -c SHA256SUMS"
version=$(sed -n 's/^VERSION := //p' Makefile)
name=initbox-$version arch=$(uname -m)
is "$(cd "$one" && ls | wc -l)" "$(grep -c . "$one/SHA256SUMS" | awk '{ print $1 + 1 }')" "each file has one"
for configuration in default linuxkit microvm tiny container; do
	binary=$one/$name-$configuration-$arch
	is "$("$binary" --version 2>&1)" "initbox $version" "the binary of $configuration runs"
done
unlike "$(strings -a "$one/$name-default-$arch")" "$tmp" "no folder of this machine is in it"
mkdir "$tmp/unpacked"
tar xzf "$one/$name.tar.gz" -C "$tmp/unpacked"
is "$(cd "$tmp/unpacked/$name" && find . -type f | sort)" "$(cd "$tmp/one" && git ls-files | sed 's|^|./|' | sort)" \
	"the source archive has what git has"
is "$(find "$tmp/unpacked/$name" -newermt 2026-01-03 | wc -l)" 0 "with the commit's time"

## SBOM

if command -v python3 >/dev/null; then
	is "$(python3 - "$one" "$name" <<'END'
import hashlib, json, os, sys
folder, name = sys.argv[1:]
sbom = json.load(open(f"{folder}/{name}.spdx.json"))
assert sbom["spdxVersion"] == "SPDX-2.3" and sbom["dataLicense"] == "CC0-1.0" and sbom["documentNamespace"].startswith("https://")
files = {f["fileName"][2:]: f for f in sbom["files"]}
there = set(os.listdir(folder)) - {f"{name}.spdx.json", "SHA256SUMS"}
print("files", "equal" if set(files) == there else set(files) ^ there)
for file, entry in files.items():
    data = open(f"{folder}/{file}", "rb").read()
    sums = {c["algorithm"]: c["checksumValue"] for c in entry["checksums"]}
    assert sums == {"SHA1": hashlib.sha1(data).hexdigest(), "SHA256": hashlib.sha256(data).hexdigest()}, file
ids = {p["SPDXID"] for p in sbom["packages"]} | {f["SPDXID"] for f in sbom["files"]} | {"SPDXRef-DOCUMENT"}
assert len(ids) == len(sbom["packages"]) + len(sbom["files"]) + 1
for r in sbom["relationships"]:
    assert r["spdxElementId"] in ids and r["relatedSpdxElement"] in ids, r
linked = sorted(r["spdxElementId"].split("-")[3] for r in sbom["relationships"] if r["relatedSpdxElement"] == "SPDXRef-libkmod")
print("libkmod in", *linked)
print(*sorted(f"{p['name']} {p['licenseDeclared']}" for p in sbom["packages"]), sep=", ")
END
)" "files equal
libkmod in default linuxkit
initbox MIT, libkmod LGPL-2.1-or-later, musl MIT, zlib Zlib" "the SBOM names each file with its checksums, and what is in it"
else skip "no python3" "the SBOM"; fi

## LGPL: linked anew

for configuration in microvm tiny container; do
	is "$(strings -a "$one/$name-$configuration-$arch" | grep -c modules.softdep)" 0 "$configuration has no libkmod, and needs no objects"
done
kit=$name-default-$arch-relink
tar xzf "$one/$kit.tar.gz" -C "$tmp/unpacked"
ok "the objects link again" sh "$tmp/unpacked/$kit/relink.sh" "$tmp/again"
ok "to the same binary" cmp "$tmp/again" "$one/$name-default-$arch"
# A change in libkmod: the folder of its configuration has another name.
mkdir "$tmp/sources"
tar xf "$one/$name-libraries.tar" -C "$tmp/unpacked"
libraries=$tmp/unpacked/$name-libraries
for library in kmod zlib; do
	mkdir "$tmp/sources/$library"
	tar xf "$libraries/${library}"_*.orig.tar.* -C "$tmp/sources/$library" --strip-components=1
done
sed -i 's|"/modprobe\.d"|"/my-own-modprobe.d"|; s|/lib/modprobe\.d|/lib/my-own-modprobe.d|; s|/run/modprobe\.d|/run/my-own-modprobe.d|' \
	"$tmp/sources/kmod/libkmod/libkmod.c"
ok "a libkmod with a change is built from the released sources" env CC=musl-gcc CACHE="$CACHE" \
	sh "$tmp/unpacked/$name/scripts/static-deps.sh" "$tmp/mine" "$tmp/sources"
ok "and linked" sh "$tmp/unpacked/$kit/relink.sh" "$tmp/changed" "$tmp/mine/lib/libkmod.a" "$tmp/mine/lib/libz.a"
like "$(strings -a "$tmp/changed")" 'my-own-modprobe.d' "the change is in the binary"
is "$("$tmp/changed" --list)" "$("$one/$name-default-$arch" --list)" "which runs"
done_testing

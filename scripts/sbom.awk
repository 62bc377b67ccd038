# SPDX-License-Identifier: MIT
# sbom.awk - the SPDX 2.3 document (JSON) of a release, from lines "FILE SHA1 SHA256 LINKED", LINKED: has libkmod in it
#
# Environment: name, version, kmod_version, zlib_version, musl_version. Variable: created (a time in UTC).

function q(text) { gsub(/[\\"]/, "\\\\&", text); return "\"" text "\"" }
function id(text) { gsub(/[^A-Za-z0-9.-]/, "-", text); return "SPDXRef-" text }

{ file[++n] = $1; sha1[$1] = $2; sha256[$1] = $3; linked[$1] = $4 }

function package(ref, name, version, license, copyright, where, last) {
	printf "    {\n      \"SPDXID\": %s,\n      \"name\": %s,\n      \"versionInfo\": %s,\n", q(ref), q(name), q(version)
	printf "      \"downloadLocation\": %s,\n      \"filesAnalyzed\": false,\n", q(where)
	printf "      \"licenseConcluded\": %s,\n      \"licenseDeclared\": %s,\n      \"copyrightText\": %s\n    }%s\n", \
		q(license), q(license), q(copyright), last ? "" : ","
}

function related(from, type, to) {
	printf "%s\n    { \"spdxElementId\": %s, \"relationshipType\": %s, \"relatedSpdxElement\": %s }", comma, q(from), q(type), q(to)
	comma = ","
}

END {
	printf "{\n  \"spdxVersion\": \"SPDX-2.3\",\n  \"dataLicense\": \"CC0-1.0\",\n  \"SPDXID\": \"SPDXRef-DOCUMENT\",\n"
	printf "  \"name\": %s,\n  \"documentNamespace\": %s,\n", q(ENVIRON["name"]), \
		q("https://spdx.org/spdxdocs/" ENVIRON["name"] "-" sha256[ENVIRON["name"] ".tar.gz"])
	printf "  \"creationInfo\": { \"created\": %s, \"creators\": [ \"Tool: initbox-make-release\" ] },\n", q(created)
	printf "  \"packages\": [\n"
	package("SPDXRef-initbox", "initbox", ENVIRON["version"], "MIT", "Copyright (c) 2026 The initbox authors", "NOASSERTION")
	package("SPDXRef-libkmod", "libkmod", ENVIRON["kmod_version"], "LGPL-2.1-or-later", "NOASSERTION", "NOASSERTION")
	package("SPDXRef-zlib", "zlib", ENVIRON["zlib_version"], "Zlib", "NOASSERTION", "NOASSERTION")
	package("SPDXRef-musl", "musl", ENVIRON["musl_version"], "MIT", "NOASSERTION", "NOASSERTION", 1)
	printf "  ],\n  \"files\": [\n"
	for (i = 1; i <= n; i++) {
		printf "    {\n      \"SPDXID\": %s,\n      \"fileName\": %s,\n", q(id(file[i])), q("./" file[i])
		printf "      \"checksums\": [\n        { \"algorithm\": \"SHA1\", \"checksumValue\": %s },\n", q(sha1[file[i]])
		printf "        { \"algorithm\": \"SHA256\", \"checksumValue\": %s }\n      ],\n", q(sha256[file[i]])
		printf "      \"licenseConcluded\": %s,\n      \"copyrightText\": \"NOASSERTION\"\n    }%s\n", \
			q(linked[file[i]] == "yes" ? "MIT AND LGPL-2.1-or-later AND Zlib" : file[i] ~ /-libraries/ ? "LGPL-2.1-or-later AND Zlib" : "MIT"), \
			i < n ? "," : ""
	}
	printf "  ],\n  \"relationships\": ["
	related("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-initbox")
	for (i = 1; i <= n; i++) {
		related("SPDXRef-initbox", "CONTAINS", id(file[i]))
		if (file[i] ~ /-libraries/ || file[i] ~ /\.gz$/) continue
		related(id(file[i]), "STATIC_LINK", "SPDXRef-musl")
		if (linked[file[i]] != "yes") continue
		related(id(file[i]), "STATIC_LINK", "SPDXRef-libkmod")
		related(id(file[i]), "STATIC_LINK", "SPDXRef-zlib")
	}
	printf "\n  ]\n}\n"
}

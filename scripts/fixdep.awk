# SPDX-License-Identifier: MIT
# fixdep.awk - let an object depend on the options that its sources name, not on all of config.h
#
# usage: awk -f fixdep.awk OBJDIR FILE.d   rewrites FILE.d, as the compiler's -MMD wrote it
#
# config.h becomes OBJDIR/config/CONFIG_X for each CONFIG_X in the other files. A line that is a comment names
# nothing; a name that ends in _ is pasted together (CONFIG_A_##x) and stands for all that begin so.

BEGIN {
	dir = ARGV[1]; deps = ARGV[2]
	read_options(dir "/config.h")
	read_deps()
	for (i = 1; i <= nfiles; i++) find_options(files[i])
	for (i = 1; i <= nfiles; i++) target = target " \\\n " files[i]
	for (name in used) target = target " \\\n " dir "/config/" name
	print target > deps
	# A header that is gone is no reason to stop.
	for (i = 2; i <= nfiles; i++) print files[i] ":" > deps
}

function read_options(header,   line, words) {
	while ((getline line < header) > 0) { split(line, words, " "); option[words[2]] }
}

function read_deps(   line, n, words, i) {
	while ((getline line < deps) > 0) {
		sub(/\\$/, "", line)
		n = split(line, words, " ")
		for (i = 1; i <= n; i++)
			if (words[i] ~ /:$/) target = words[i]
			else if (words[i] != dir "/config.h") files[++nfiles] = words[i]
	}
	close(deps)
}

function find_options(file,   line) {
	while ((getline line < file) > 0) {
		if (line ~ /^[ \t]*\/\//) continue
		while (match(line, /[A-Za-z0-9_]*CONFIG_[A-Za-z0-9_]*/)) {
			use(substr(line, RSTART, RLENGTH))
			line = substr(line, RSTART + RLENGTH)
		}
	}
	close(file)
}

function use(name,   each) {
	if (name in option) used[name]
	else if (name ~ /^CONFIG_.*_$/) { for (each in option) if (index(each, name) == 1) used[each] }
}

// SPDX-License-Identifier: MIT
// mountinfo - the parser of /proc/self/mountinfo

#include "mountinfo.h"
#include "tap.h"

static int parse(struct mountinfo *m, const char *line)
{
	static char copy[512];

	strcpy(copy, line);
	return mountinfo_parse(copy, m);
}

int main(void)
{
	static const char *const bad[] = {
		"", "36", "36 35", "36 35 98", "36 35 98:0", "36 35 98:0 / /mnt", "36 35 98:0 / /mnt rw",
		"36 35 98:0 / /mnt rw shared:1", "36 35 98:0 / /mnt rw - ext4",
	};
	struct mountinfo m;
	struct mount_table table;

	is_number(parse(&m, "36 35 98:7 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue"), 0,
		  "a line with optional fields");
	is_number(m.id, 36, "mount id");
	is_number(m.parent, 35, "parent id");
	is_number(m.major * 1000 + m.minor, 98007, "device");
	is(m.root, "/mnt1", "root");
	is(m.target, "/mnt2", "mount point");
	is(m.options, "rw,noatime", "mount options");
	is(m.type, "ext3", "type behind the hyphen");
	is(m.source, "/dev/root", "source");
	is(m.super, "rw,errors=continue", "options of the file system");
	is_number(parse(&m, "1 1 0:2 / /a\\040b\\011c\\134d rw - tmpfs none rw"), 0, "octal escapes");
	is(m.target, "/a b\tc\\d", "are decoded");
	is_number(parse(&m, "1 1 0:2 / /a\\04 rw - tmpfs none rw"), 0, "half an escape");
	is(m.target, "/a\\04", "stays as it is");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		is_number(parse(&m, bad[i]), -1, "'%s' is no mountinfo line", bad[i]);
	is_number(mount_table_read(&table), 0, "this process's own table is read");
	ok(mount_at(&table, "/") && mount_at(&table, "/proc"), "with / and /proc in it");
	ok(!mount_at(&table, "/no/such"), "and nothing that is not there");
	mount_table_free(&table);
	return tap_done();
}

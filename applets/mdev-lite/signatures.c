// SPDX-License-Identifier: MIT
// signatures - what is on a disk: its file system's UUID and label, its partition table's names for a partition
//
// Disks are anybody's input: every offset that is read from one is checked by medium.read against its size, every
// loop has a bound, nothing is allocated. Layouts are those of the kernel's headers and of the UEFI, ECMA-119 and exFAT
// specifications.

#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include "fmt.h"
#include "signatures.h"

/* Media */

static int read_fd(const struct medium *medium, uint64_t offset, void *data, size_t length)
{
	if (offset > medium->size || length > medium->size - offset)
		return -1;
	if (offset < medium->front && length <= medium->front - offset) {
		memcpy(data, medium->memory + offset, length);
		return 0;
	}
	return pread(medium->fd, data, length, offset) == (ssize_t)length ? 0 : -1;
}

static int read_memory(const struct medium *medium, uint64_t offset, void *data, size_t length)
{
	if (offset > medium->size || length > medium->size - offset)
		return -1;
	memcpy(data, medium->memory + offset, length);
	return 0;
}

void medium_of_fd(struct medium *medium, int fd)
{
	static unsigned char front[68 << 10];	// up to btrfs
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t length = size <= 0 ? 0 : pread(fd, front, sizeof front, 0);

	*medium = (struct medium){ .read = read_fd, .size = size < 0 ? 0 : size, .fd = fd, .memory = front,
				   .front = length < 0 ? 0 : length };
}

void medium_of_memory(struct medium *medium, const void *data, size_t size)
{
	*medium = (struct medium){ .read = read_memory, .size = size, .fd = -1, .memory = data };
}

static unsigned le16(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t le32(const unsigned char *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t le64(const unsigned char *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* Texts */

// How many bytes the UTF-8 character at `text` has, 0 if it is none or a control character.
static size_t utf8_length(const unsigned char *text, size_t length)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
	unsigned code;

	if (*text < 0xc2 || *text > 0xf4 || n > length)
		return 0;
	code = *text & (0xff >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	return code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || code < 0xa0 ? 0 : n;
}

static int is_plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("#+-.:=@_", c));
}

int encode_name(char *out, size_t size, const char *text, size_t length)
{
	const unsigned char *p = (const void *)text;
	size_t before = strlen(out);
	struct buf buf = { .text = out, .size = size, .length = before };

	while (length) {
		size_t n = is_plain(*p) ? 1 : utf8_length(p, length);

		if (n)
			buf_add(&buf, (const char *)p, n);
		else
			buf_format(&buf, "\\x%02x", *p);
		p += n ? n : 1;
		length -= n ? n : 1;
	}
	if (!buf.truncated)
		return 0;
	out[before] = 0;
	return -1;
}

// A label of a fixed field: up to its 0, without blanks at its end.
static void set_label(struct signature *s, const void *field, size_t size)
{
	size_t length = strnlen(field, size);

	while (length && strchr(" \t\n", ((const char *)field)[length - 1]))
		length--;
	s->label[0] = 0;
	encode_name(s->label, sizeof s->label, field, length);
}

// UTF-16 of `count` units, up to a 0, as UTF-8. Returns the length.
static size_t from_utf16(char *out, size_t size, const unsigned char *units, size_t count, int big_endian)
{
	size_t length = 0;

	for (size_t i = 0; i < count && length + 4 < size; i++, units += 2) {
		uint32_t code = big_endian ? (uint32_t)units[0] << 8 | units[1] : le16(units);

		if (!code)
			break;
		if (code >= 0xd800 && code < 0xdc00 && i + 1 < count) {
			uint32_t low = big_endian ? (uint32_t)units[2] << 8 | units[3] : le16(units + 2);

			if (low >= 0xdc00 && low < 0xe000) {
				code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
				i++;
				units += 2;
			}
		}
		if (code < 0x80) {
			out[length++] = code;
			continue;
		}
		if (code < 0x800) {
			out[length++] = 0xc0 | code >> 6;
		} else {
			if (code < 0x10000) {
				out[length++] = 0xe0 | code >> 12;
			} else {
				out[length++] = 0xf0 | code >> 18;
				out[length++] = 0x80 | (code >> 12 & 0x3f);
			}
			out[length++] = 0x80 | (code >> 6 & 0x3f);
		}
		out[length++] = 0x80 | (code & 0x3f);
	}
	return length;
}

static int is_zero(const unsigned char *p, size_t length)
{
	while (length && !*p)
		p++, length--;
	return !length;
}

// 16 bytes in the order in which they are written.
static void set_uuid(struct signature *s, const unsigned char *p)
{
	struct buf buf = BUF(s->uuid);

	s->uuid[0] = 0;
	if (is_zero(p, 16))
		return;
	for (int i = 0; i < 16; i++)
		buf_format(&buf, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", p[i]);
}

// A GUID of UEFI has its first three numbers in little endian.
static void set_guid(struct signature *s, const unsigned char *p)
{
	static const unsigned char order[] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	unsigned char uuid[16];

	for (int i = 0; i < 16; i++)
		uuid[i] = p[order[i]];
	set_uuid(s, uuid);
}

static void set_serial(struct signature *s, const unsigned char *p)
{
	static const char digits[] = "0123456789ABCDEF";
	struct buf buf = BUF(s->uuid);

	for (int i = 3; i >= 0 && le32(p); i--) {
		buf_add(&buf, digits + (p[i] >> 4), 1);
		buf_add(&buf, digits + (p[i] & 15), 1);
		if (i == 2)
			buf_add(&buf, "-", 1);
	}
}

/* File systems: each takes what it finds and returns its type, or NULL */

static const char *read_luks(const struct medium *m, struct signature *s)
{
	unsigned char header[208];
	unsigned version;

	if (m->read(m, 0, header, sizeof header) < 0 || memcmp(header, "LUKS\xba\xbe", 6))
		return NULL;
	version = header[6] << 8 | header[7];
	if (version == 2)
		set_label(s, header + 24, 48);
	else if (version != 1)
		return NULL;
	encode_name(s->uuid, sizeof s->uuid, (char *)header + 168, strnlen((char *)header + 168, 40));
	return "crypto_LUKS";
}

enum {
	EXT_JOURNAL = 4,			// compatible: has a journal
	EXT_JOURNAL_DEVICE = 8,			// incompatible: is one
	EXT3_INCOMPATIBLE = 2 | 4 | 16,		// file types, recovery, meta block groups
	EXT3_READ_ONLY = 1 | 2 | 4,		// sparse superblocks, large files, B-tree folders
};

static const char *read_ext(const struct medium *m, struct signature *s)
{
	unsigned char super[0x88];
	uint32_t compatible, incompatible, read_only;

	if (m->read(m, 1024, super, sizeof super) < 0 || le16(super + 0x38) != 0xef53)
		return NULL;
	compatible = le32(super + 0x5c);
	incompatible = le32(super + 0x60);
	read_only = le32(super + 0x64);
	set_uuid(s, super + 0x68);
	set_label(s, super + 0x78, 16);
	if (incompatible & EXT_JOURNAL_DEVICE)
		return "jbd";
	if ((incompatible & ~EXT3_INCOMPATIBLE) || (read_only & ~EXT3_READ_ONLY))
		return "ext4";
	return compatible & EXT_JOURNAL ? "ext3" : "ext2";
}

static const char *read_xfs(const struct medium *m, struct signature *s)
{
	unsigned char super[120];

	if (m->read(m, 0, super, sizeof super) < 0 || memcmp(super, "XFSB", 4))
		return NULL;
	set_uuid(s, super + 32);
	set_label(s, super + 108, 12);
	return "xfs";
}

static const char *read_btrfs(const struct medium *m, struct signature *s)
{
	unsigned char super[0x12b + 256];

	if (m->read(m, 64 << 10, super, sizeof super) < 0 || memcmp(super + 0x40, "_BHRfS_M", 8))
		return NULL;
	set_uuid(s, super + 0x20);
	set_label(s, super + 0x12b, 256);
	return "btrfs";
}

// The signature ends the first page, whose size is the machine's that made it.
static const char *read_swap(const struct medium *m, struct signature *s)
{
	unsigned char header[44], magic[10];

	for (unsigned page = 4096; page <= 65536; page *= 2) {
		if (m->read(m, page - sizeof magic, magic, sizeof magic) < 0)
			return NULL;
		if (!memcmp(magic, "SWAPSPACE2", sizeof magic) && !m->read(m, 1024, header, sizeof header)) {
			set_uuid(s, header + 12);
			set_label(s, header + 28, 16);
			return "swap";
		}
	}
	return NULL;
}

static const char *read_squashfs(const struct medium *m, struct signature *s)
{
	unsigned char super[32];

	(void)s;
	// Version 4: earlier ones, and those of big endian, no kernel since 2.6.29 mounts.
	if (m->read(m, 0, super, sizeof super) < 0 || memcmp(super, "hsqs", 4) || le16(super + 28) != 4)
		return NULL;
	return "squashfs";
}

static const char *read_erofs(const struct medium *m, struct signature *s)
{
	unsigned char super[80];

	if (m->read(m, 1024, super, sizeof super) < 0 || le32(super) != 0xe0f5e1e2)
		return NULL;
	set_uuid(s, super + 48);
	set_label(s, super + 64, 16);
	return "erofs";
}

static const char *read_exfat(const struct medium *m, struct signature *s)
{
	enum { ENTRY = 32, ENTRIES = 4096, CHAIN = 64, LABEL = 0x83 };
	unsigned char boot[512], entry[ENTRY];
	unsigned sector_bits, cluster_bits;
	uint64_t fat, heap, cluster;

	if (m->read(m, 0, boot, sizeof boot) < 0 || memcmp(boot + 3, "EXFAT   ", 8) || le16(boot + 510) != 0xaa55)
		return NULL;
	sector_bits = boot[108];
	cluster_bits = boot[108] + boot[109];
	if (sector_bits < 9 || sector_bits > 12 || cluster_bits > 25)
		return NULL;
	set_serial(s, boot + 100);
	fat = (uint64_t)le32(boot + 80) << sector_bits;
	heap = (uint64_t)le32(boot + 88) << sector_bits;
	cluster = le32(boot + 96);
	// The root folder's entries, cluster after cluster by the allocation table.
	for (unsigned chain = 0, entries = 0; chain < CHAIN && cluster >= 2 && cluster < 0xfffffff7; chain++) {
		uint64_t at = heap + ((cluster - 2) << cluster_bits);
		unsigned char next[4];

		for (unsigned i = 0; i < 1u << cluster_bits && entries < ENTRIES; i += ENTRY, entries++) {
			if (m->read(m, at + i, entry, ENTRY) < 0 || !entry[0])
				return "exfat";
			if (entry[0] == LABEL && entry[1] <= 11) {
				char label[64];

				s->label[0] = 0;
				encode_name(s->label, sizeof s->label, label, from_utf16(label, sizeof label, entry + 2, entry[1], 0));
				return "exfat";
			}
		}
		if (m->read(m, fat + cluster * 4, next, sizeof next) < 0)
			break;
		cluster = le32(next);
	}
	return "exfat";
}

// What a FAT's boot sector says about its layout; `fat_bits` is 12, 16 or 32 by the number of clusters, as the kernel has it.
struct fat {
	unsigned sector, cluster, fat_bits;	// bytes, bytes
	uint64_t table, root, root_entries, data;	// bytes; entries of the fixed root folder (FAT12, FAT16)
	uint32_t root_cluster;
};

static int read_fat_layout(const unsigned char *boot, struct fat *fat)
{
	unsigned per_cluster = boot[13], reserved = le16(boot + 14), fats = boot[16];
	uint64_t sectors = le16(boot + 19) ? le16(boot + 19) : le32(boot + 32);
	uint64_t length = le16(boot + 22) ? le16(boot + 22) : le32(boot + 36), root_sectors, clusters, used;

	*fat = (struct fat){ .sector = le16(boot + 11), .root_entries = le16(boot + 17) };
	if (fat->sector < 512 || fat->sector > 4096 || (fat->sector & (fat->sector - 1)))
		return -1;
	if (!per_cluster || (per_cluster & (per_cluster - 1)) || !reserved || !fats || fats > 2 || !length || !sectors)
		return -1;
	if (boot[21] < 0xf8 && boot[21] != 0xf0)
		return -1;
	root_sectors = (fat->root_entries * 32 + fat->sector - 1) / fat->sector;
	used = reserved + fats * length + root_sectors;
	if (used >= sectors)
		return -1;
	clusters = (sectors - used) / per_cluster;
	fat->fat_bits = !le16(boot + 22) && le32(boot + 36) ? 32 : clusters < 4085 ? 12 : 16;
	fat->cluster = per_cluster * fat->sector;
	fat->table = (uint64_t)reserved * fat->sector;
	fat->root = fat->table + fats * length * fat->sector;
	fat->data = fat->root + root_sectors * fat->sector;
	fat->root_cluster = le32(boot + 44);
	return 0;
}

enum { FAT_ENTRY = 32, FAT_ENTRIES = 4096, FAT_LABEL = 8, FAT_VOLUME_OR_FOLDER = 0x18, FAT_LONG_NAME = 0x0f };

// Looks for the volume's entry among `count` at `at`, of all that `*left` still allows. Returns 1 where the search is over.
static int find_fat_label(const struct medium *m, uint64_t at, uint64_t count, unsigned *left, struct signature *s)
{
	unsigned char entry[FAT_ENTRY];

	for (; count; count--, at += FAT_ENTRY) {
		if (!(*left)--)
			return 1;
		if (m->read(m, at, entry, FAT_ENTRY) < 0 || !entry[0])
			return 1;
		if (entry[0] == 0xe5 || (entry[11] & 0x3f) == FAT_LONG_NAME || (entry[11] & FAT_VOLUME_OR_FOLDER) != FAT_LABEL)
			continue;
		if (entry[0] == 0x05)
			entry[0] = 0xe5;
		set_label(s, entry, 11);
		return 1;
	}
	return 0;
}

static void read_fat_root(const struct medium *m, const struct fat *fat, struct signature *s)
{
	uint32_t cluster = fat->root_cluster;
	unsigned left = FAT_ENTRIES;

	if (fat->fat_bits != 32) {
		find_fat_label(m, fat->root, fat->root_entries, &left, s);
		return;
	}
	while (cluster >= 2 && cluster < 0x0ffffff7) {
		uint64_t at = fat->data + (uint64_t)(cluster - 2) * fat->cluster;
		unsigned char next[4];

		if (find_fat_label(m, at, fat->cluster / FAT_ENTRY, &left, s)
		    || m->read(m, fat->table + (uint64_t)cluster * 4, next, sizeof next) < 0)
			return;
		cluster = le32(next) & 0x0fffffff;
	}
}

// The label of the boot sector counts where the root folder has none.
static const char *read_vfat(const struct medium *m, struct signature *s)
{
	unsigned char boot[512];
	const unsigned char *extended;
	struct fat fat;

	if (m->read(m, 0, boot, sizeof boot) < 0 || le16(boot + 510) != 0xaa55 || (boot[0] != 0xeb && boot[0] != 0xe9)
	    || read_fat_layout(boot, &fat) < 0)
		return NULL;
	extended = boot + (fat.fat_bits == 32 ? 64 : 36);
	if (extended[2] == 0x28 || extended[2] == 0x29)
		set_serial(s, extended + 3);
	if (extended[2] == 0x29 && memcmp(extended + 7, "NO NAME    ", 11))
		set_label(s, extended + 7, 11);
	read_fat_root(m, &fat, s);
	return "vfat";
}

// ECMA-119 8.4.26: 16 digits, then the zone. "2023121012345600" is 2023-12-10-12-34-56-00.
static int set_iso_date(struct signature *s, const unsigned char *date)
{
	struct buf buf = BUF(s->uuid);

	for (int i = 0; i < 16; i++)
		if (date[i] < '0' || date[i] > '9')
			return -1;
	if (!memcmp(date, "0000000000000000", 16))
		return -1;
	for (int i = 0; i < 16; i++)
		buf_format(&buf, "%s%c", i >= 4 && !(i & 1) ? "-" : "", date[i]);
	return 0;
}

// Joliet's name has up to 16 characters of any kind, the plain one up to 32 capitals. Where the one begins like the
// other, the rest of the longer one is added: so does libblkid, and links should not change with the tool.
static void set_iso_label(struct signature *s, const unsigned char *plain, const unsigned char *joliet)
{
	char label[32 * 4 + 1];
	size_t length = from_utf16(label, sizeof label, joliet, 16, 1), start = 0;

	while (start < 16 && (joliet[2 * start] || joliet[2 * start + 1]))
		start++;
	for (size_t i = 0; i < start; i++) {
		unsigned char c = joliet[2 * i + 1], p = plain[i];

		if (c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		if (p >= 'a' && p <= 'z')
			p -= 'a' - 'A';
		// '_' stands for what is no capital.
		if (p != '_' && (joliet[2 * i] || c != p)) {
			set_label(s, label, length);
			return;
		}
	}
	memcpy(label + length, plain + start, 32 - start);
	set_label(s, label, length + 32 - start);
}

static const char *read_iso9660(const struct medium *m, struct signature *s)
{
	enum { SECTOR = 2048, FIRST = 16, DESCRIPTORS = 16, PRIMARY = 1, SUPPLEMENTARY = 2 };
	unsigned char d[SECTOR], plain[32];
	int found = 0;

	for (int i = 0; i < DESCRIPTORS; i++) {
		if (m->read(m, (uint64_t)(FIRST + i) * SECTOR, d, sizeof d) < 0)
			break;
		// A bridge: the same disc as UDF (ECMA-167), by which it is mounted, and whose name for itself is another.
		if (found && !memcmp(d + 1, "NSR0", 4)) {
			s->uuid[0] = 0;
			return "udf";
		}
		if (memcmp(d + 1, "CD001", 5) && memcmp(d + 1, "BEA01", 5))
			break;
		if (d[0] == PRIMARY && !found) {
			found = 1;
			memcpy(plain, d + 40, sizeof plain);
			set_label(s, plain, sizeof plain);
			// Of modification, else of creation.
			if (set_iso_date(s, d + 830) < 0)
				set_iso_date(s, d + 813);
		} else if (d[0] == SUPPLEMENTARY && found == 1 && d[88] == '%' && d[89] == '/' && strchr("@CE", d[90]) && d[90]) {
			found = 2;
			set_iso_label(s, plain, d + 40);
		}
	}
	return found ? "iso9660" : NULL;
}

/* Members of arrays: the file system that seems to be there is the array's */

static const char md_magic[] = "\xfc\x4e\x2b\xa9";

static int has_magic(const struct medium *m, uint64_t at, const char *magic, size_t length)
{
	char there[16];

	return !m->read(m, at, there, length) && !memcmp(there, magic, length);
}

// LVM2 labels are in one of the first four sectors; md's superblocks, from version 1.1 on, at the beginning (md(4)).
static int is_member(const struct medium *m)
{
	for (unsigned sector = 0; sector < 4; sector++)
		if (has_magic(m, sector * 512ULL, "LABELONE", 8) && has_magic(m, sector * 512ULL + 24, "LVM2 001", 8))
			return 1;
	return has_magic(m, 0, md_magic, 4) || has_magic(m, 4096, md_magic, 4);
}

// Versions 0.90 and 1.0 have theirs at the end: a mirror's file system begins where its member begins.
static int is_mirror(const struct medium *m)
{
	uint64_t size = m->size & ~(uint64_t)511;

	return (size >= 128 << 10 && has_magic(m, (size & ~(uint64_t)0xffff) - 0x10000, md_magic, 4))
		|| (size >= 16 << 10 && has_magic(m, (size - 8192) & ~(uint64_t)4095, md_magic, 4));
}

void signature_read(const struct medium *medium, struct signature *s)
{
	// FAT last: its signature is the weakest.
	static const char *(*const readers[])(const struct medium *, struct signature *) = {
		read_luks, read_xfs, read_ext, read_btrfs, read_swap, read_squashfs, read_erofs, read_exfat, read_iso9660, read_vfat,
	};

	*s = (struct signature){ 0 };
	if (is_member(medium))
		return;
	for (size_t i = 0; i < sizeof readers / sizeof *readers && !s->type; i++) {
		s->uuid[0] = s->label[0] = 0;
		s->type = readers[i](medium, s);
	}
	if (!s->type || is_mirror(medium))
		*s = (struct signature){ 0 };
}

/* Partition tables */

static uint32_t crc32_of(uint32_t crc, const unsigned char *data, size_t length)
{
	for (crc = ~crc; length; length--) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

enum { GPT_HEADER = 92, GPT_ENTRY = 128, GPT_NAME = 36 };

static int read_gpt_header(const struct medium *m, uint64_t lba, unsigned sector, unsigned char *header)
{
	static const unsigned char none[4];
	uint32_t crc;

	if (m->read(m, lba * sector, header, GPT_HEADER) < 0 || memcmp(header, "EFI PART", 8) || le64(header + 24) != lba)
		return -1;
	// Its own sum counts as 0. A larger header than today's could be summed only if all of it were read.
	if (le32(header + 12) != GPT_HEADER)
		return le32(header + 12) > GPT_HEADER && le32(header + 12) <= sector ? 0 : -1;
	crc = crc32_of(0, header, 16);
	crc = crc32_of(crc, none, sizeof none);
	return crc32_of(crc, header + 20, GPT_HEADER - 20) == le32(header + 16) ? 0 : -1;
}

static void read_gpt(const struct medium *m, unsigned sector, unsigned number, uint64_t start, struct signature *s)
{
	unsigned char header[GPT_HEADER], entry[GPT_ENTRY];
	char name[GPT_NAME * 4 + 1];
	uint64_t entries, size;

	// The copy is in the last sector.
	if (read_gpt_header(m, 1, sector, header) < 0
	    && (m->size < 2ULL * sector || read_gpt_header(m, m->size / sector - 1, sector, header) < 0))
		return;
	entries = le64(header + 72);
	size = le32(header + 84);
	if (number > le32(header + 80) || size < GPT_ENTRY || size > 4096 || entries > m->size / sector
	    || m->read(m, entries * sector + (number - 1) * size, entry, sizeof entry) < 0)
		return;
	if (is_zero(entry, 16) || le64(entry + 32) > m->size / sector || le64(entry + 32) * sector != start)
		return;
	s->type = "gpt";
	set_guid(s, entry + 16);
	encode_name(s->label, sizeof s->label, name, from_utf16(name, sizeof name, entry + 56, GPT_NAME, 0));
}

void partition_read(const struct medium *disk, unsigned sector, unsigned number, uint64_t start, struct signature *s)
{
	unsigned char boot[512];

	*s = (struct signature){ 0 };
	if (!number || sector < 512 || sector > 65536 || disk->read(disk, 0, boot, sizeof boot) < 0 || le16(boot + 510) != 0xaa55)
		return;
	// An entry of type 0xee protects a GPT from tools that know none.
	for (int i = 0; i < 4; i++)
		if (boot[446 + 16 * i + 4] == 0xee) {
			read_gpt(disk, sector, number, start, s);
			return;
		}
	if (!le32(boot + 440))
		return;
	// Primary partitions can be checked; logical ones have 5 and on.
	if (number <= 4 && (uint64_t)le32(boot + 446 + 16 * (size_t)(number - 1) + 8) * sector != start)
		return;
	s->type = "dos";
	format_path(s->uuid, "%08x-%02x", le32(boot + 440), number);
}

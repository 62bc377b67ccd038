// SPDX-License-Identifier: MIT
// door - dry run, fault injection and error lines of the sys_* functions

#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "tap.h"

static void everything(void)
{
	struct timespec t = { .tv_sec = 86400 };

	sys_mount("tmpfs", "/a b", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m");
	sys_mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
	sys_mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	sys_mount("/x", "/y", NULL, MS_BIND | MS_REC, NULL);
	sys_umount("/y", MNT_DETACH);
	sys_mkdir(AT_FDCWD, "/d", 01777);
	sys_mkdirs("/d/e", 0700);
	sys_mknod(AT_FDCWD, "/n", S_IFCHR | 0666, makedev(1, 3));
	sys_mknod(AT_FDCWD, "/p", S_IFIFO | 0600, 0);
	sys_symlink("/run", AT_FDCWD, "/var/run");
	sys_unlink(AT_FDCWD, "/d", AT_REMOVEDIR);
	sys_chmod(AT_FDCWD, "/n", 0640);
	sys_chown(AT_FDCWD, "/n", 0, 5);
	sys_write("/proc/x", "it's");
	sys_sethostname("h");
	sys_setrlimit(RLIMIT_NPROC, "nproc", RLIM_INFINITY, 7);
	sys_settime(&t);
	sys_kill(-1, SIGTERM);
	sys_link_up("lo");
	sys_reboot(RB_POWER_OFF);
}

static const char golden[] =
	"mount -t tmpfs -o nosuid,nodev,size=1m tmpfs '/a b'\n"
	"mount --make-rshared /\n"
	"mount -o remount,ro /\n"
	"mount -o rbind /x /y\n"
	"umount -l /y\n"
	"mkdir -m 1777 /d\n"
	"mkdir -p -m 700 /d/e\n"
	"mknod -m 666 /n c 1 3\n"
	"mknod -m 600 /p p\n"
	"ln -s /run /var/run\n"
	"rmdir /d\n"
	"chmod 640 /n\n"
	"chown -h 0:5 /n\n"
	"echo 'it'\\''s' >/proc/x\n"
	"hostname h\n"
	"prlimit --pid $$ --nproc=unlimited:7\n"
	"date -s @86400\n"
	"kill -15 -1\n"
	"ip link set lo up\n"
	"poweroff -f\n";

static int fault(const char *text)
{
	setenv("INITBOX_FAULT", text, 1);
	door_from_environment();
	return 0;
}

static int slowly(int ms)
{
	return usleep(ms * 1000);
}

static int asked;

static int ten_times(void)
{
	return asked++ < 10;
}

// A limit, and what gives it more time.
static void limits(void)
{
	is_number(within(5000, DOOR(slowly(1), "sleep", "briefly", " ")), 0, "a call within its limit");
	is_number(allowing(ETIMEDOUT, within(50, DOOR(slowly(60000), "sleep", "long", " "))), -1, "one beyond it fails");
	is_number(errno, ETIMEDOUT, "by ETIMEDOUT");
	door_patience(ten_times);
	is_number(within(100, DOOR(slowly(300), "sleep", "with progress", " ")), 0, "one that makes progress gets more time");
	ok(asked >= 1 && asked < 10, "which is asked for at each limit (%d)", asked);
	asked = 8;
	is_number(allowing(ETIMEDOUT, within(50, DOOR(slowly(60000), "sleep", "no more", " "))), -1, "until there is none");
	is_number(asked, 11, "and no longer");
	door_patience(NULL);
}

int main(void)
{
	char *plan = tap_record(everything);
	unsigned failures;

	is(plan, golden, "a dry run prints each call as a line for a shell");
	free(plan);
	failures = door_failures();
	is_number(allowing(ENOENT, sys_unlink(AT_FDCWD, "/no/such/file", 0)), -1, "an allowed error is returned");
	is_number(errno, ENOENT, "with its errno");
	is_number(door_failures(), failures, "and not counted");
	is_number(allowing(EEXIST, sys_unlink(AT_FDCWD, "/no/such/file", 0)), -1, "another is returned too");
	is_number(door_failures(), failures + 1, "and counted");
	fault("mkdir@/tmp/never-made#2=28");
	is_number(allowing(ANY_ERROR, sys_unlink(AT_FDCWD, "/tmp/never-made", AT_REMOVEDIR)), -1, "other calls go on");
	ok(sys_mkdir(AT_FDCWD, "/tmp/never-made", 0700) == 0 || errno == EEXIST, "the first such call works");
	is_number(sys_mkdir(AT_FDCWD, "/tmp/never-made", 0700), -1, "the second fails");
	is_number(errno, ENOSPC, "with the errno asked for");
	sys_unlink(AT_FDCWD, "/tmp/never-made", AT_REMOVEDIR);
	limits();
	return tap_done();
}

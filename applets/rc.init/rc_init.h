// SPDX-License-Identifier: MIT
// rc_init.h - the steps of rc.init, by the file that holds them
#pragma once

// mounts.c
void step_proc(void);
void step_tmpfs(void);
void step_var(void);
void step_dev(void);
void step_nodes(void);
void step_links(void);
void step_pts(void);
void step_sys(void);
void step_shared(void);

// cgroups.c
void step_cgroups(void);

// hardware.c
void step_hotplug(void);
void step_clock(void);

// seed.c
void step_seed(void);

// sysctl.c
void step_sysctl(void);

// identity.c
void step_loopback(void);
void step_limits(void);
void step_hostname(void);
void step_machine_id(void);
void step_resolvconf(void);

// One row of a mount table.
struct mount_row {
	const char *source, *target, *type;
	unsigned long flags;
	const char *data;
	unsigned mode;		// of the folder where it has to be made; 0: only where the kernel made it
	unsigned unsure;	// so many of the last words of data are left out, one by one, where the kernel refuses them
};

// Mounts it unless that is mounted already; makes the folder. Returns 0, or -1 with one line said.
// A row without `mode` is left out in silence where the kernel does not have the file system.
int mount_row(const struct mount_row *row);

// SPDX-License-Identifier: MIT
// netlink.h - the few requests to rtnetlink(7) that a boot needs; sys_link_up and its like use them
#pragma once

// Each returns 0 or -1 with errno, as the kernel acknowledged it. `interface` is its name.
int netlink_set_up(const char *interface);
int netlink_rename(const char *interface, const char *name);
// `address` has 4 (AF_INET) or 16 (AF_INET6) bytes; 127/8 and ::1 get scope host.
int netlink_add_address(const char *interface, int family, const void *address, int prefix);

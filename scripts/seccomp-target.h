// SPDX-License-Identifier: MIT
// seccomp-target.h - preprocessed for the target: what scripts/seccomp-presets.c has to know about it, as its arguments
#include <sys/ioctl.h>

#if defined __x86_64__
#define ARCH x86_64
#elif defined __i386__
#define ARCH x86
#elif defined __aarch64__
#define ARCH aarch64
#elif defined __arm__
#define ARCH arm
#elif defined __riscv && __riscv_xlen == 64
#define ARCH riscv64
#elif defined __powerpc64__ && defined __LITTLE_ENDIAN__
#define ARCH ppc64le
#elif defined __powerpc64__
#define ARCH ppc64
#elif defined __s390x__
#define ARCH s390x
#elif defined __loongarch64
#define ARCH loongarch64
#else
#error "seccomp presets: set CONFIG_SBX_SECCOMP=n for this architecture"
#endif
ARCH TIOCSTI TIOCLINUX

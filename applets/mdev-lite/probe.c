// SPDX-License-Identifier: MIT
// probe - what is on a disk or in an image, for scripts

#include <fcntl.h>
#include <unistd.h>
#include "fd.h"
#include "fmt.h"
#include "mdev.h"
#include "signatures.h"

int probe_file(const char *file)
{
	cleanup_fd int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct signature signature;
	struct medium medium;

	if (fd < 0) {
		warn("%s:", file);
		return 1;
	}
	medium_of_fd(&medium, fd);
	signature_read(&medium, &signature);
	if (!signature.type) {
		info("%s: nothing known", file);
		return 1;
	}
	print(STDOUT_FILENO, "TYPE=%s\n", signature.type);
	if (*signature.uuid)
		print(STDOUT_FILENO, "UUID=%s\n", signature.uuid);
	if (*signature.label)
		print(STDOUT_FILENO, "LABEL=%s\n", signature.label);
	return 0;
}

// SPDX-License-Identifier: MIT
// text - texts put together without stdio, which would be a tenth of a small static program

#include <stdarg.h>
#include <string.h>
#include "launch.h"

size_t sbx_join(char *to, size_t size, ...)
{
	size_t length = 0;
	const char *part;
	va_list parts;

	va_start(parts, size);
	while ((part = va_arg(parts, const char *)))
		for (; *part; part++, length++)
			if (length + 1 < size)
				to[length] = *part;
	va_end(parts);
	to[length < size ? length : size - 1] = 0;
	return length;
}

const char *sbx_decimal(uint64_t number, char digits[SBX_DIGITS])
{
	char *at = digits + SBX_DIGITS - 1;

	*at = 0;
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	return at;
}

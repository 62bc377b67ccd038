// SPDX-License-Identifier: MIT
// launch.h - between the files of libsbx
#pragma once
#include "sbx.h"

// Fills box->error with "operation object: errno" and returns -1; errno stays.
int sbx_failed(struct sbx *box, const char *operation, const char *object);

// What SBX_CHILD brings, and the end of that.
void sbx_take_child(struct sbx *box, struct sbx_reply *reply);
void sbx_release(struct sbx *box);

// Joins texts up to a NULL, cut to `size`; returns the length of all of them.
size_t sbx_join(char *to, size_t size, ...) __attribute__((sentinel));
enum { SBX_DIGITS = 21 };
const char *sbx_decimal(uint64_t number, char digits[SBX_DIGITS]);

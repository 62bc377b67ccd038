// SPDX-License-Identifier: MIT
// launch.h - between the files of libsbx
#pragma once
#include "sbx.h"

// Fills box->error with "operation object: errno" and returns -1; errno stays.
int sbx_failed(struct sbx *box, const char *operation, const char *object);

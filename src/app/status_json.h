/* SPDX-License-Identifier: ISC */
/*
 * Pools as JSON, for monitoring: `leat status --json`. Names stay, new ones
 * may come; a number that is not known is null.
 */
#ifndef LEAT_APP_STATUS_JSON_H
#define LEAT_APP_STATUS_JSON_H

#include "app/pools.h"
#include "base/buffer.h"

void status_json_print(struct buffer *out, const struct pools *pools,
		       const char *folder);

#endif

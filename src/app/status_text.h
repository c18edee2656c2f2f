/* SPDX-License-Identifier: ISC */
/*
 * Pools in words and tables, for `leat status` and `leat top`.
 */
#ifndef LEAT_APP_STATUS_TEXT_H
#define LEAT_APP_STATUS_TEXT_H

#include "app/pools.h"
#include "app/terminal.h"

/* folder: where was looked. Nothing there is a sentence, too. */
void status_text_print(struct terminal *terminal, const struct pools *pools,
		       const char *folder);

/* "45 s", "2 h 5 min", "3 d 4 h". */
void status_text_duration(char out[32], uint64_t ms);
/* What a state means, and what to do about it, after "leat on … ". */
void status_text_explain(char *out, size_t size, const struct pool_view *view);

#endif

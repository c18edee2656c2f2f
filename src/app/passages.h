/* SPDX-License-Identifier: ISC */
/*
 * Passages for people and programs: a list on a terminal, or JSON.
 */
#ifndef LEAT_APP_PASSAGES_H
#define LEAT_APP_PASSAGES_H

#include "app/terminal.h"
#include "base/buffer.h"
#include "core/ask.h"

/* Title, heading, address and the beginning of the text, under its number. */
void passages_put(struct terminal *terminal, const struct passage *passage,
		  size_t number, unsigned snippet_bytes);

/* {"query":…,"passages":[{"n":1,"title":…,"heading":…,"url":…,"snippet":…,
 * "score":…}]} */
void passages_put_json(struct buffer *out, struct slice query,
		       const struct passage *passages, size_t count,
		       unsigned snippet_bytes);

#endif

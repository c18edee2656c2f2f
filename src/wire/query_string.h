/* SPDX-License-Identifier: ISC */
/*
 * Query strings: name=value pairs, percent-encoded, `+` is a space.
 */
#ifndef LEAT_WIRE_QUERY_STRING_H
#define LEAT_WIRE_QUERY_STRING_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Takes the first pair off *rest; false at the end. The decoded texts
 * replace what was in the buffers. *is_valid: escapes and UTF-8 are whole. */
bool query_string_next(struct slice *rest, struct buffer *name,
		       struct buffer *value, bool *is_valid);
/* The first value of that name, decoded into out; false: not there. */
bool query_string_get(struct slice query_string, const char *name,
		      struct buffer *out);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The look at JSON text before json-c sees it: how deep, how many values,
 * and does it have escapes that need help. One pass, no memory.
 */
#ifndef LEAT_BASE_JSON_SCAN_H
#define LEAT_BASE_JSON_SCAN_H

#include "base/slice.h"

enum json_scan_result {
	JSON_SCAN_OK,
	JSON_SCAN_TOO_DEEP,
	JSON_SCAN_TOO_MANY_VALUES
};

struct json_scan {
	unsigned max_depth;
	unsigned max_values;
	bool has_surrogates;   /* out: a \uD8xx to \uDFxx escape occurs */
	unsigned member_count; /* out: members of all objects */
};

enum json_scan_result json_scan(struct json_scan *scan, struct slice text);

struct buffer;
/* A copy in which every lonely half of a surrogate pair, written as an
 * escape, is the three bytes that its number would be in UTF-8. */
void json_scan_mark_halves(struct buffer *out, struct slice text);

#endif

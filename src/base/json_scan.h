/* SPDX-License-Identifier: ISC */
/*
 * The look at JSON text before json-c sees it: how deep, how many values, is
 * every token one of RFC 8259 (json-c 0.16 takes more: names in single
 * quotes, which would hide the rest from this look, NaN, 1., -01, control
 * bytes), and are there escapes that need help. The grammar above tokens is
 * json-c's work. One pass, no memory.
 */
#ifndef LEAT_BASE_JSON_SCAN_H
#define LEAT_BASE_JSON_SCAN_H

#include "base/slice.h"

enum json_scan_result {
	JSON_SCAN_OK,
	JSON_SCAN_TOO_DEEP,
	JSON_SCAN_TOO_MANY_VALUES,
	JSON_SCAN_BAD_TOKEN,
	JSON_SCAN_CONTROL_BYTE, /* in a string, unescaped */
	JSON_SCAN_NUL_IN_NAME	/* json-c would see the name cut off */
};

struct json_scan {
	unsigned max_depth;
	unsigned max_values;
	/* Control bytes in strings, NaN and Infinity are let through. */
	bool is_lenient;

	size_t at;	       /* out: where the scan ended */
	bool has_surrogates;   /* out: a \uD8xx to \uDFxx escape occurs */
	unsigned member_count; /* out: members of all objects */
};

enum json_scan_result json_scan(struct json_scan *scan, struct slice text);

struct buffer;
/* A copy in which every lonely half of a surrogate pair, written as an
 * escape, is the three bytes that its number would be in UTF-8. */
void json_scan_mark_halves(struct buffer *out, struct slice text);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Small questions about text: UTF-8, percent-encoding, ASCII case.
 */
#ifndef LEAT_BASE_TEXT_H
#define LEAT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Valid UTF-8 (RFC 3629: no surrogates, nothing above U+10FFFF). */
bool text_is_utf8(const char *data, size_t len);
/* The largest n <= len at which no UTF-8 character of data is cut. */
size_t text_utf8_floor(const char *data, size_t len);
/* Decodes the character at *at, which is before end (never reads past it);
 * advances *at. Broken bytes give U+FFFD, one at a time. */
uint32_t text_utf8_next(const char **at, const char *end);
/* Appends a code point; surrogates and values out of range become U+FFFD. */
bool text_utf8_append(struct buffer *out, uint32_t code_point);
/* Copies, with each broken byte replaced by U+FFFD. */
bool text_utf8_clean(struct buffer *out, struct slice text);
/* Number of code points of valid UTF-8. */
size_t text_utf8_count(const char *data, size_t len);

bool text_starts_with(struct slice text, const char *prefix);
bool text_equal_nocase(struct slice a, const char *b); /* ASCII */
struct slice text_trim(struct slice text);	       /* ASCII white space */
char text_lower(char c);			       /* ASCII */

/* Percent-decoding; with plus_is_space as in application/x-www-form-
 * urlencoded. False on a broken escape (what stands there is kept as is). */
bool text_percent_decode(struct buffer *out, struct slice text,
			 bool plus_is_space);
/* Percent-encodes all but RFC 3986 "unreserved" and the bytes of `keep`. */
bool text_percent_encode(struct buffer *out, struct slice text,
			 const char *keep);

/* A whole decimal number without sign, of at most 19 digits, or false. */
bool text_parse_uint(struct slice text, uint64_t *value);

#endif

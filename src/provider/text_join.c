/* SPDX-License-Identifier: ISC */
#include "provider/text_join.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { HALF_LEN = 3 };

/* A surrogate in three bytes, or 0. */
static unsigned surrogate_at(const char *at, const char *end)
{
	const unsigned char *p = (const unsigned char *)at;

	if (end - at < HALF_LEN || p[0] != 0xED || p[1] < 0xA0 || p[1] > 0xBF ||
	    p[2] < 0x80 || p[2] > 0xBF)
		return 0;
	return 0xD000u | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
}

static bool is_high(unsigned surrogate)
{
	return surrogate >= 0xD800 && surrogate < 0xDC00;
}

/* Where the end begins that later text may still complete: the beginning of
 * a character, a high half, or a high half and the beginning of the low one;
 * at most five bytes. */
static size_t find_tail(struct slice text)
{
	size_t floor = text_utf8_floor(text.data, text.len);
	const char *end = text.data + floor;

	if (floor < HALF_LEN || !is_high(surrogate_at(end - HALF_LEN, end)))
		return floor;
	if (floor == text.len || (unsigned char)*end == 0xED)
		return floor - HALF_LEN;
	return floor;
}

static void write_characters(struct slice text, struct buffer *out)
{
	const char *at = text.data;
	const char *end = slice_end(text);

	while (at < end) {
		unsigned first = surrogate_at(at, end);
		unsigned second =
		    is_high(first) ? surrogate_at(at + HALF_LEN, end) : 0;

		if (second && !is_high(second)) {
			text_utf8_append(out, 0x10000 +
						  ((first - 0xD800) << 10) +
						  (second - 0xDC00));
			at += 2 * HALF_LEN;
		} else if (first) {
			text_utf8_append(out, 0xFFFD);
			at += HALF_LEN;
		} else {
			text_utf8_append(out, text_utf8_next(&at, end));
		}
	}
}

struct slice text_join_feed(struct text_join *join, struct slice text,
			    struct buffer *scratch)
{
	char *whole;
	size_t len;
	size_t tail;

	if (text.len == 0)
		return SLICE_NONE;
	if (join->held_len == 0 && text_is_utf8(text.data, text.len))
		return text;
	len = join->held_len + text.len;
	whole = memory_alloc(len);
	memcpy(whole, join->held, join->held_len);
	memcpy(whole + join->held_len, text.data, text.len);
	tail = find_tail(slice_make(whole, len));
	buffer_clear(scratch);
	write_characters(slice_make(whole, tail), scratch);
	join->held_len = (unsigned char)(len - tail);
	memcpy(join->held, whole + tail, join->held_len);
	memory_free(whole);
	return buffer_slice(scratch);
}

struct slice text_join_end(struct text_join *join)
{
	bool has_held = join->held_len > 0;

	join->held_len = 0;
	return has_held ? SLICE_LITERAL("\xEF\xBF\xBD") : SLICE_NONE;
}

/* SPDX-License-Identifier: ISC */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

void json_put_comma(struct buffer *out)
{
	char last = out->len ? out->data[out->len - 1] : '{';

	if (last != '{' && last != '[' && last != ',' && last != ':')
		buffer_append_char(out, ',');
}

void json_put_name(struct buffer *out, const char *name)
{
	json_put_comma(out);
	buffer_append_char(out, '"');
	buffer_append_string(out, name);
	buffer_append(out, "\":", 2);
}

/* The escape of a byte that may not stand in a string (RFC 8259, 7). */
static void put_escape(struct buffer *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

	switch (c) {
	case '"':
		buffer_append(out, "\\\"", 2);
		break;
	case '\\':
		buffer_append(out, "\\\\", 2);
		break;
	case '\n':
		buffer_append(out, "\\n", 2);
		break;
	case '\r':
		buffer_append(out, "\\r", 2);
		break;
	case '\t':
		buffer_append(out, "\\t", 2);
		break;
	default:
		buffer_append(out, escape, sizeof escape);
	}
}

/* The marks that json_parse() leaves for half surrogates: ED A0..BF xx. */
static uint32_t half_at(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *)p;

	if (end - p < 3 || u[0] != 0xED || (u[1] & 0xE0) != 0xA0 ||
	    (u[2] & 0xC0) != 0x80)
		return 0;
	return 0xD000u | (u[1] & 0x3Fu) << 6 | (u[2] & 0x3Fu);
}

/* Writes the half, or the pair, that stands at the mark; past it. */
static const char *put_half(struct buffer *out, const char *p, const char *end)
{
	uint32_t high = half_at(p, end);
	uint32_t low = half_at(p + 3, end);

	if (high >= 0xDC00 || low < 0xDC00) {
		text_utf8_append(out, 0xFFFD);
		return p + 3;
	}
	text_utf8_append(out, 0x10000 + ((high & 0x3FF) << 10 | (low & 0x3FF)));
	return p + 6;
}

/* Past what may stand in a string as it is. */
static const char *skip_plain(const char *p, const char *end)
{
	while (p < end) {
		unsigned char c = (unsigned char)*p;
		const char *next = p;

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F)
			break;
		if (c >= 0x80) {
			text_utf8_next(&next, end);
			if (next == p + 1)
				break;
			p = next;
		} else {
			p++;
		}
	}
	return p;
}

void json_put_string_part(struct buffer *out, struct slice text)
{
	const char *p = text.data;
	const char *end = slice_end(text);

	while (p < end) {
		const char *start = p;

		p = skip_plain(p, end);
		buffer_append(out, start, (size_t)(p - start));
		if (p == end)
			break;
		if (half_at(p, end)) {
			p = put_half(out, p, end);
		} else if ((unsigned char)*p >= 0x80) {
			text_utf8_append(out, 0xFFFD);
			p++;
		} else {
			put_escape(out, (unsigned char)*p++);
		}
	}
}

void json_put_string(struct buffer *out, struct slice text)
{
	buffer_append_char(out, '"');
	json_put_string_part(out, text);
	buffer_append_char(out, '"');
}

void json_put_int(struct buffer *out, int64_t value)
{
	if (value < 0) {
		buffer_append_char(out, '-');
		buffer_append_uint(out, 0 - (uint64_t)value);
	} else {
		buffer_append_uint(out, (uint64_t)value);
	}
}

void json_put_number(struct buffer *out, double value)
{
	char digits[40];

	if (!isfinite(value)) {
		buffer_append_string(out, "null");
		return;
	}
	snprintf(digits, sizeof digits, "%.15g", value);
	if (strtod(digits, NULL) != value)
		snprintf(digits, sizeof digits, "%.17g", value);
	buffer_append_string(out, digits);
}

void json_put_bool(struct buffer *out, bool value)
{
	buffer_append_string(out, value ? "true" : "false");
}

void json_put_string_member(struct buffer *out, const char *name,
			    struct slice text)
{
	json_put_name(out, name);
	json_put_string(out, text);
}

void json_put_int_member(struct buffer *out, const char *name, int64_t value)
{
	json_put_name(out, name);
	json_put_int(out, value);
}

void json_put_bool_member(struct buffer *out, const char *name, bool value)
{
	json_put_name(out, name);
	json_put_bool(out, value);
}

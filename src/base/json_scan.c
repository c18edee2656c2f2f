/* SPDX-License-Identifier: ISC */
#include "base/json_scan.h"

#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* Past the closing quote of the string whose opening quote is at p. */
static const char *skip_string(const char *p, const char *end,
			       bool *has_surrogates)
{
	for (p++; p < end && *p != '"'; p++) {
		if (*p != '\\')
			continue;
		p++;
		if (end - p >= 3 && p[0] == 'u' && text_lower(p[1]) == 'd' &&
		    (p[2] >= '8'))
			*has_surrogates = true;
	}
	return p + 1;
}

enum json_scan_result json_scan(struct json_scan *scan, struct slice text)
{
	const char *p = text.data;
	const char *end = p + text.len;
	unsigned depth = 0;
	unsigned values = 0;

	scan->has_surrogates = false;
	scan->member_count = 0;
	while (p < end) {
		switch (*p) {
		case '"':
			p = skip_string(p, end, &scan->has_surrogates);
			continue;
		case '{':
		case '[':
			values++;
			if (++depth > scan->max_depth)
				return JSON_SCAN_TOO_DEEP;
			break;
		case '}':
		case ']':
			depth -= depth > 0;
			break;
		case ',':
			values++;
			break;
		case ':':
			scan->member_count++;
			break;
		}
		if (values > scan->max_values)
			return JSON_SCAN_TOO_MANY_VALUES;
		p++;
	}
	return JSON_SCAN_OK;
}

/* The number of a \uXXXX escape at p, or 0. */
static uint32_t escape_value(const char *p, const char *end)
{
	uint32_t value = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return 0;
	for (int i = 2; i < 6; i++) {
		char c = text_lower(p[i]);
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (digit < 0)
			return 0;
		value = value << 4 | (uint32_t)digit;
	}
	return value;
}

static bool is_high(uint32_t value)
{
	return value >= 0xD800 && value <= 0xDBFF;
}

static bool is_low(uint32_t value)
{
	return value >= 0xDC00 && value <= 0xDFFF;
}

void json_scan_mark_halves(struct buffer *out, struct slice text)
{
	const char *p = text.data;
	const char *end = p + text.len;

	while (p < end) {
		uint32_t value = *p == '\\' ? escape_value(p, end) : 0;

		if (is_high(value) && is_low(escape_value(p + 6, end))) {
			buffer_append(out, p, 12);
			p += 12;
		} else if (is_high(value) || is_low(value)) {
			char bytes[3] = {(char)0xED,
					 (char)(0x80 | (value >> 6 & 0x3F)),
					 (char)(0x80 | (value & 0x3F))};

			buffer_append(out, bytes, 3);
			p += 6;
		} else if (*p == '\\' && end - p >= 2) {
			buffer_append(out, p, 2);
			p += 2;
		} else {
			buffer_append_char(out, *p++);
		}
	}
}

/* SPDX-License-Identifier: ISC */
#include "base/json_scan.h"

#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* What one pass knows while it runs. */
struct look {
	struct json_scan *scan;
	unsigned depth;
	unsigned values;
	bool has_nul; /* the last string has an escaped NUL */
};

/* The four digits of a \u escape are at p. */
static void note_escape(struct look *look, const char *p)
{
	if (text_lower(p[0]) == 'd' && p[1] >= '8')
		look->scan->has_surrogates = true;
	else if (!memcmp(p, "0000", 4))
		look->has_nul = true;
}

/* Past the closing quote of the string whose opening quote is at p; NULL at a
 * byte that must be escaped. json-c finds a missing quote. */
static const char *skip_string(struct look *look, const char *p,
			       const char *end)
{
	look->has_nul = false;
	for (p++; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20 && !look->scan->is_lenient)
			return NULL;
		if (*p != '\\')
			continue;
		if (++p == end)
			return end;
		if (*p == 'u' && end - p >= 5)
			note_escape(look, p + 1);
	}
	return p < end ? p + 1 : end;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Past one digit or more; NULL when there is none. */
static const char *skip_digits(const char *p, const char *end)
{
	if (p == end || !is_digit(*p))
		return NULL;
	while (p < end && is_digit(*p))
		p++;
	return p;
}

static const char *skip_exponent(const char *p, const char *end)
{
	if (p == end || text_lower(*p) != 'e')
		return p;
	p++;
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	return skip_digits(p, end);
}

/* RFC 8259, section 6; NULL when no number is there. */
static const char *skip_number(const char *p, const char *end)
{
	if (p < end && *p == '-')
		p++;
	p = p < end && *p == '0' ? p + 1 : skip_digits(p, end);
	if (p && p < end && *p == '.')
		p = skip_digits(p + 1, end);
	return p ? skip_exponent(p, end) : NULL;
}

/* Past the number or name that stands at p, whole; NULL at anything else. */
static const char *skip_word(const char *p, const char *end, bool is_lenient)
{
	static const char *const words[] = {"true", "false",	"null",
					    "NaN",  "Infinity", "-Infinity"};
	const size_t count = is_lenient ? 6 : 3;
	struct slice rest = slice_make(p, (size_t)(end - p));
	const char *next = NULL;

	for (size_t i = 0; i < count && !next; i++)
		if (text_starts_with(rest, words[i]))
			next = p + strlen(words[i]);
	if (!next)
		next = skip_number(p, end);
	if (next && next < end && !strchr(" \t\n\r,:]}", *next))
		return NULL;
	return next;
}

static bool is_filler(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',';
}

static enum json_scan_result go_down(struct look *look)
{
	look->values++;
	look->depth++;
	return look->depth > look->scan->max_depth ? JSON_SCAN_TOO_DEEP
						   : JSON_SCAN_OK;
}

/* The string before a colon was a name, not a value. */
static enum json_scan_result take_name(struct look *look)
{
	look->values -= look->values > 0;
	look->scan->member_count++;
	return look->has_nul && !look->scan->is_lenient ? JSON_SCAN_NUL_IN_NAME
							: JSON_SCAN_OK;
}

/* One token, from p to *next. */
static enum json_scan_result look_at(struct look *look, const char *p,
				     const char *end, const char **next)
{
	*next = p + 1;
	switch (*p) {
	case '{':
	case '[':
		return go_down(look);
	case '}':
	case ']':
		look->depth -= look->depth > 0;
		return JSON_SCAN_OK;
	case ':':
		return take_name(look);
	case '"':
		look->values++;
		*next = skip_string(look, p, end);
		return *next ? JSON_SCAN_OK : JSON_SCAN_CONTROL_BYTE;
	default:
		if (is_filler(*p))
			return JSON_SCAN_OK;
		look->values++;
		*next = skip_word(p, end, look->scan->is_lenient);
		return *next ? JSON_SCAN_OK : JSON_SCAN_BAD_TOKEN;
	}
}

enum json_scan_result json_scan(struct json_scan *scan, struct slice text)
{
	struct look look = {.scan = scan};
	const char *p = text.data;
	const char *end = p + text.len;
	enum json_scan_result result = JSON_SCAN_OK;

	scan->has_surrogates = false;
	scan->member_count = 0;
	while (p < end) {
		const char *next;

		result = look_at(&look, p, end, &next);
		if (result == JSON_SCAN_OK && look.values > scan->max_values)
			result = JSON_SCAN_TOO_MANY_VALUES;
		if (result != JSON_SCAN_OK)
			break;
		p = next;
	}
	scan->at = (size_t)(p - text.data);
	return result;
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
		const char *escape = memchr(p, '\\', (size_t)(end - p));
		uint32_t value;

		if (!escape)
			escape = end;
		buffer_append(out, p, (size_t)(escape - p));
		p = escape;
		value = escape_value(p, end);
		if (is_high(value) && is_low(escape_value(p + 6, end))) {
			buffer_append(out, p, 12);
			p += 12;
		} else if (is_high(value) || is_low(value)) {
			char bytes[3] = {(char)0xED,
					 (char)(0x80 | (value >> 6 & 0x3F)),
					 (char)(0x80 | (value & 0x3F))};

			buffer_append(out, bytes, 3);
			p += 6;
		} else {
			size_t len = end - p < 2 ? (size_t)(end - p) : 2;

			buffer_append(out, p, len);
			p += len;
		}
	}
}

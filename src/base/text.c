/* SPDX-License-Identifier: ISC */
#include "base/text.h"

static bool is_tail(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

/* How many bytes a character has that begins so; 0: none does. */
static size_t lead_len(unsigned char c)
{
	if (c < 0xC2 || c > 0xF4)
		return 0;
	return c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Is it the shortest form, no surrogate, and not beyond U+10FFFF? */
static bool is_second(unsigned char lead, unsigned char c)
{
	switch (lead) {
	case 0xE0:
		return c >= 0xA0;
	case 0xED:
		return c <= 0x9F;
	case 0xF0:
		return c >= 0x90;
	case 0xF4:
		return c <= 0x8F;
	default:
		return true;
	}
}

/* The length of the valid character at p, 0 when there is none
 * (RFC 3629, section 4: the syntax of UTF-8 byte sequences). */
static size_t char_len(const unsigned char *p, size_t left)
{
	size_t len;

	if (p[0] < 0x80)
		return 1;
	len = lead_len(p[0]);
	if (len == 0 || left < len || !is_second(p[0], p[1]))
		return 0;
	for (size_t i = 1; i < len; i++)
		if (!is_tail(p[i]))
			return 0;
	return len;
}

bool text_is_utf8(const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *)data;
	size_t at = 0;

	while (at < len) {
		uint64_t eight;
		size_t n;

		/* Most text is ASCII. */
		if (len - at >= sizeof eight) {
			memcpy(&eight, p + at, sizeof eight);
			if (!(eight & 0x8080808080808080u)) {
				at += sizeof eight;
				continue;
			}
		}
		n = char_len(p + at, len - at);
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

size_t text_utf8_floor(const char *data, size_t len)
{
	size_t at = len;
	size_t back = 0;

	while (at > 0 && back < 4) {
		unsigned char c = (unsigned char)data[at - 1];

		at--;
		back++;
		if (is_tail(c))
			continue;
		if (c < 0x80)
			return len;
		return back >= (c >= 0xF0   ? 4u
				: c >= 0xE0 ? 3u
					    : 2u)
			   ? len
			   : at;
	}
	return len;
}

uint32_t text_utf8_next(const char **at, const char *end)
{
	const unsigned char *p = (const unsigned char *)*at;
	size_t len = char_len(p, (size_t)(end - *at));
	uint32_t value;

	if (len == 0) {
		*at += 1;
		return 0xFFFD;
	}
	*at += len;
	if (len == 1)
		return p[0];
	value = p[0] & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++)
		value = value << 6 | (p[i] & 0x3F);
	return value;
}

bool text_utf8_append(struct buffer *out, uint32_t c)
{
	char bytes[4];
	size_t len;

	if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		c = 0xFFFD;
	if (c < 0x80) {
		bytes[0] = (char)c;
		len = 1;
	} else if (c < 0x800) {
		bytes[0] = (char)(0xC0 | c >> 6);
		len = 2;
	} else if (c < 0x10000) {
		bytes[0] = (char)(0xE0 | c >> 12);
		len = 3;
	} else {
		bytes[0] = (char)(0xF0 | c >> 18);
		len = 4;
	}
	for (size_t i = len; i-- > 1;) {
		bytes[i] = (char)(0x80 | (c & 0x3F));
		c >>= 6;
	}
	return buffer_append(out, bytes, len);
}

bool text_utf8_clean(struct buffer *out, struct slice text)
{
	const unsigned char *p = (const unsigned char *)text.data;
	size_t kept = 0;
	size_t at = 0;
	bool fits = true;

	while (at < text.len) {
		size_t len = char_len(p + at, text.len - at);

		at += len;
		if (len)
			continue;
		fits &= buffer_append(out, p + kept, at - kept) &&
			text_utf8_append(out, 0xFFFD);
		kept = ++at;
	}
	return at == kept ? fits
			  : buffer_append(out, p + kept, at - kept) && fits;
}

size_t text_utf8_count(const char *data, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += !is_tail((unsigned char)data[i]);
	return count;
}

char text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_starts_with(struct slice text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len && (len == 0 || !memcmp(text.data, prefix, len));
}

bool text_equal_nocase(struct slice a, const char *b)
{
	if (a.len != strlen(b))
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (text_lower(a.data[i]) != text_lower(b[i]))
			return false;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice text_trim(struct slice text)
{
	while (text.len && is_space(text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = text_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_percent_decode(struct buffer *out, struct slice text,
			 bool plus_is_space)
{
	bool is_clean = true;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '%') {
			bool is_whole = text.len - i > 2;
			int high = is_whole ? hex_value(text.data[i + 1]) : -1;
			int low = is_whole ? hex_value(text.data[i + 2]) : -1;

			if (high >= 0 && low >= 0) {
				c = (char)(high << 4 | low);
				i += 2;
			} else {
				is_clean = false;
			}
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		is_clean &= buffer_append_char(out, c);
	}
	return is_clean;
}

bool text_percent_encode(struct buffer *out, struct slice text,
			 const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";
	bool fits = true;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		char lower = text_lower((char)c);

		if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
		    (c && strchr("-._~", c)) || (c && strchr(keep, c))) {
			fits &= buffer_append_char(out, (char)c);
		} else {
			char escape[3] = {'%', digits[c >> 4], digits[c & 15]};

			fits &= buffer_append(out, escape, 3);
		}
	}
	return fits;
}

bool text_parse_uint(struct slice text, uint64_t *value)
{
	uint64_t result = 0;

	if (text.len == 0 || text.len > 19)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		result = result * 10 + (uint64_t)(text.data[i] - '0');
	}
	*value = result;
	return true;
}

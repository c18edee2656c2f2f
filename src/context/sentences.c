/* SPDX-License-Identifier: ISC */
#include "context/sentences.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "context/unicode.h"

/* Lower case, without the final dot. Never at a sentence's end, or so seldom
 * that joining two sentences is the smaller fault. */
static const char abbreviations[] =
    " mr mrs ms dr prof sr jr st vs etc e.g i.e eg ie cf al fig figs no nos "
    "vol vols pp p ed eds est dept univ inc ltd co corp bros approx ca c "
    "gen col lt sgt capt maj cmdr adm rev hon gov sen rep pres jan feb mar "
    "apr jun jul aug sep sept oct nov dec mt ft ave blvd rd u.s u.k d.c "
    "a.m p.m ph.d z.b d.h u.a bzw usw ggf nr bsp abb evtl inkl max min "
    "vgl sog tel str m mme mlle ex env ej pág núm av ";

static bool is_terminator(uint32_t c)
{
	return c == '.' || c == '!' || c == '?' || c == 0x2026 || /* … */
	       c == 0x061F || c == 0x06D4 ||		  /* Arabic, Urdu */
	       c == 0x0964 || c == 0x0965 || c == 0x0589; /* Hindi, Armenian */
}

static bool is_dense_terminator(uint32_t c)
{
	return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF61;
}

static bool is_closing(uint32_t c)
{
	return c == '"' || c == '\'' || c == ')' || c == ']' || c == 0x2019 ||
	       c == 0x201D || c == 0xBB || c == 0x300D || c == 0x300F ||
	       c == 0xFF09 || c == 0x3011 || c == 0x300B;
}

static bool is_opening(uint32_t c)
{
	return c == '"' || c == '\'' || c == '(' || c == '[' || c == 0x2018 ||
	       c == 0x201C || c == 0x201E || c == 0xAB || c == 0xBF ||
	       c == 0xA1 || c == '`' || c == '-' || c == 0x2022;
}

/* May a sentence begin with it? Scripts without case always may. */
static bool may_begin(uint32_t c)
{
	enum unicode_class class;

	if (is_opening(c) || unicode_is_upper(c))
		return true;
	class = unicode_class(unicode_fold(c));
	if (class == UNICODE_DIGIT || class == UNICODE_ARABIC ||
	    class == UNICODE_DENSE)
		return true;
	return class == UNICODE_LETTER && unicode_script(c) > UNICODE_ARMENIAN;
}

/* The word before the dot at `dot`, back to a space or a bracket. */
static struct slice word_before(struct slice text, size_t from, size_t dot)
{
	size_t start = dot;

	while (start > from && !strchr(" \n(\"'[", text.data[start - 1]))
		start--;
	return slice_make(text.data + start, dot - start);
}

static bool is_abbreviation(struct slice word)
{
	char padded[16];
	size_t len = word.len;

	if (len == 0 || len > sizeof(padded) - 2)
		return false;
	/* An initial: "J. Smith". */
	if (len == 1 && word.data[0] >= 'A' && word.data[0] <= 'Z' &&
	    word.data[0] != 'I')
		return true;
	padded[0] = ' ';
	for (size_t i = 0; i < len; i++)
		padded[i + 1] = text_lower(word.data[i]);
	padded[len + 1] = ' ';
	return memmem(abbreviations, sizeof(abbreviations) - 1, padded,
		      len + 2) != NULL;
}

/* "3. Install it": the number of a list's item. */
static bool is_item_number(struct slice text, size_t from, struct slice word)
{
	if (word.len == 0 || word.len > 3 || word.data != text.data + from)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
	return true;
}

static size_t skip_space(struct slice text, size_t at, unsigned *lines)
{
	const char *p = text.data + at, *end = slice_end(text);

	*lines = 0;
	while (p < end) {
		const char *next = p;
		uint32_t c = text_utf8_next(&next, end);

		if (!unicode_is_space(c))
			break;
		*lines += c == '\n';
		p = next;
	}
	return (size_t)(p - text.data);
}

static size_t skip_closing(struct slice text, size_t at)
{
	const char *p = text.data + at, *end = slice_end(text);

	while (p < end) {
		const char *next = p;
		uint32_t c = text_utf8_next(&next, end);

		if (!is_closing(c) && !is_terminator(c) &&
		    !is_dense_terminator(c))
			break;
		p = next;
	}
	return (size_t)(p - text.data);
}

/* Where the next sentence begins when this one ends with the terminator that
 * stands before `after`; 0 when it does not end. */
static size_t end_after(struct slice text, size_t from, size_t terminator,
			size_t after, bool is_dot)
{
	size_t closed = skip_closing(text, after), next;
	const char *at = text.data + closed;
	unsigned lines;

	if (is_dot) {
		struct slice word = word_before(text, from, terminator);

		if (closed == after &&
		    (is_abbreviation(word) || is_item_number(text, from, word)))
			return 0;
	}
	next = skip_space(text, closed, &lines);
	if (next == text.len)
		return next;
	if (next == closed)
		return 0;
	at = text.data + next;
	return may_begin(text_utf8_next(&at, slice_end(text))) ? next : 0;
}

size_t sentences_next(struct slice text, size_t from)
{
	const char *at = text.data + from, *end = slice_end(text);
	unsigned lines;

	while (at < end) {
		size_t start = (size_t)(at - text.data), next = 0;
		uint32_t c = text_utf8_next(&at, end);
		size_t after = (size_t)(at - text.data);

		if (is_dense_terminator(c)) {
			next = skip_closing(text, after);
			return skip_space(text, next, &lines);
		}
		if (c == '\n') {
			next = skip_space(text, start, &lines);
			if (lines > 1)
				return next;
			continue;
		}
		if (is_terminator(c))
			next = end_after(text, from, start, after, c == '.');
		if (next > 0)
			return next;
	}
	return text.len;
}

/* SPDX-License-Identifier: ISC */
#include "context/quote_span.h"

#include <string.h>

#include "base/text.h"

struct search {
	struct slice passage;
	const struct quote_unit *units;
	size_t count;
	size_t first; /* of the units in the span */
	size_t last;
	size_t max_characters;
};

static struct slice span_of(const struct search *search, size_t first,
			    size_t last)
{
	const char *from = search->units[first].text.data;
	struct slice end = search->units[last].text;

	return slice_make(from, (size_t)(slice_end(end) - from));
}

static bool take(struct search *search, size_t first, size_t last)
{
	struct slice text = span_of(search, first, last);

	if (text_utf8_count(text.data, text.len) > search->max_characters)
		return false;
	search->first = first;
	search->last = last;
	return true;
}

static bool same_paragraph(const struct search *search, size_t a, size_t b)
{
	return search->units[a].paragraph == search->units[b].paragraph;
}

/* A sentence that begins so says little without the one before it. */
static bool leans_back(struct slice text)
{
	static const char *const beginnings[] = {
	    "It ",     "They ",	    "He ",	 "She ",    "This ", "These ",
	    "Those ",  "That ",	    "Its ",	 "Their ",  "His ",  "Her ",
	    "However", "Therefore", "But ",	 "And ",    "Also",  "So ",
	    "Thus",    "Then ",	    "Otherwise", "Instead", "Er ",   "Sie ",
	    "Es ",     "Dies",	    "Diese",	 "Dabei",   "Dazu",  "Daher",
	    "Jedoch",  "Aber ",	    "Il ",	 "Elle ",   "Ils ",  "Elles ",
	    "Cela ",   "Ce ",	    "Cette ",	 "Este ",   "Esta ", "Esto "};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (text_starts_with(text, beginnings[i]))
			return true;
	return false;
}

static bool ends_with_colon(struct slice text)
{
	return text.len > 0 && text.data[text.len - 1] == ':';
}

static bool is_block_kind(enum quote_unit_kind kind)
{
	return kind != UNIT_SENTENCE;
}

/* The last unit of the list, table or code that begins at `unit`. */
static size_t block_end(const struct search *search, size_t unit)
{
	while (unit + 1 < search->count &&
	       same_paragraph(search, unit, unit + 1))
		unit++;
	return unit;
}

static size_t block_start(const struct search *search, size_t unit)
{
	while (unit > 0 && same_paragraph(search, unit - 1, unit))
		unit--;
	return unit;
}

static void grow_sentence(struct search *search, size_t best)
{
	if (ends_with_colon(search->units[best].text) &&
	    best + 1 < search->count &&
	    is_block_kind(search->units[best + 1].kind)) {
		size_t end = block_end(search, best + 1);

		/* As much of the list as fits. */
		while (end > best && !take(search, best, end))
			end--;
	}
	if (leans_back(search->units[best].text) && best > 0 &&
	    same_paragraph(search, best - 1, best))
		take(search, best - 1, search->last);
}

static void grow_block(struct search *search, size_t best, bool is_how_to)
{
	size_t start = block_start(search, best);
	bool is_introduced = start > 0 &&
			     ends_with_colon(search->units[start - 1].text) &&
			     search->units[start - 1].kind == UNIT_SENTENCE;

	if (is_how_to || search->units[best].kind == UNIT_CODE) {
		size_t end = block_end(search, best);

		while (end > best && !take(search, start, end))
			end--;
	}
	if (is_introduced && search->first == start)
		take(search, start - 1, search->last);
}

/* Of code or a sentence that is too long alone: what fits, up to a line's or
 * a word's end. */
static struct slice cut(struct slice text, size_t max_characters)
{
	const char *at = text.data, *end = slice_end(text);
	size_t len, floor;

	while (at < end && max_characters-- > 0)
		text_utf8_next(&at, end);
	len = (size_t)(at - text.data);
	for (floor = len; floor > len / 2; floor--)
		if (text.data[floor - 1] == '\n')
			return slice_make(text.data, floor - 1);
	for (floor = len; floor > len / 2; floor--)
		if (text.data[floor - 1] == ' ')
			return slice_make(text.data, floor - 1);
	return slice_make(text.data, len);
}

struct quote_span quote_span_find(struct slice passage,
				  const struct quote_unit *units, size_t count,
				  size_t best, struct quote_wish wish)
{
	/* A cut quote of a few words is worse than none. */
	enum { CUT_CHARACTERS = 200 };
	struct search search = {.passage = passage,
				.units = units,
				.count = count,
				.max_characters = wish.max_characters};
	struct quote_span span = {SLICE_NONE, is_block_kind(units[best].kind)};

	if (!take(&search, best, best)) {
		if (wish.max_characters >= CUT_CHARACTERS)
			span.text = cut(units[best].text, wish.max_characters);
		return span;
	}
	if (units[best].kind == UNIT_SENTENCE)
		grow_sentence(&search, best);
	else
		grow_block(&search, best, wish.is_how_to);
	span.text = span_of(&search, search.first, search.last);
	for (size_t i = search.first; i <= search.last; i++)
		span.is_block = span.is_block || is_block_kind(units[i].kind);
	return span;
}

/* SPDX-License-Identifier: ISC */
/*
 * Any file, read as HTML (H), Markdown (M) or text by its first byte: its
 * passages are valid UTF-8 of 1 to 1,200 characters, what can be quoted of
 * them lies inside them, and their words are tokens.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "context/charset.h"
#include "context/html_reader.h"
#include "context/markdown_reader.h"
#include "context/passage_split.h"
#include "context/quote_span.h"
#include "context/text_analysis.h"
#include "context/text_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_so)
{
	if (!is_so)
		abort();
}

static void check_quotes(struct slice text)
{
	static struct quote_unit units[QUOTE_UNITS_MAX];
	size_t count = quote_units_find(text, units);

	for (size_t i = 0; i < count; i++) {
		struct slice quote =
		    quote_span_find(text, units, count, i,
				    (struct quote_wish){i % 2, 600})
			.text;

		require(quote.len == 0 ||
			(quote.data >= text.data &&
			 quote.data + quote.len <= text.data + text.len &&
			 text_is_utf8(quote.data, quote.len)));
	}
}

static bool on_passage(void *state, const struct split_passage *passage)
{
	struct text_analysis *analysis = state;
	struct slice text = passage->text;
	size_t characters = text_utf8_count(text.data, text.len);
	struct token_list list;

	require(text_is_utf8(text.data, text.len));
	require(characters >= 1 && characters <= PASSAGE_MAX);
	check_quotes(text);
	text_analysis_init_list(&list);
	text_analysis_index(analysis, text, language_guess(text), &list);
	for (size_t i = 0; i < list.count; i++)
		require(!memchr(text_analysis_token(&list, i).data, '"',
				list.items[i].len));
	text_analysis_fini_list(&list);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_analysis *analysis;
	struct document document;
	struct buffer text;
	char kind;

	if (size == 0)
		return 0;
	kind = (char)data[0];
	buffer_init(&text, 1 << 24);
	charset_to_utf8(&text, slice_make((const char *)data + 1, size - 1),
			kind == 'H');
	document_init(&document);
	if (kind == 'H')
		html_reader_read(&document, buffer_slice(&text), NULL);
	else if (kind == 'M')
		markdown_reader_read(&document, buffer_slice(&text));
	else
		text_reader_read(&document, buffer_slice(&text));
	document_complete(&document, SLICE_LITERAL("name"));
	analysis = text_analysis_new();
	require(passage_split_document(&document, on_passage, analysis));
	text_analysis_free(analysis);
	document_fini(&document);
	buffer_fini(&text);
	return 0;
}

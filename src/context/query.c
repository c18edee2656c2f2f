/* SPDX-License-Identifier: ISC */
#include "context/query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Weights are written as whole numbers: no locale can put a comma in them. */
#define SCORE_UNIT 0.001

/* A single character of a dense script is looked up as a prefix, whose
 * frequency is not in the table: about one in eight passages. */
#define PREFIX_IDF 2.0

/* A word that is in more than a tenth of the passages is common. */
#define COMMON_IDF 2.3

enum { ENOUGH_PASSAGES = 40 };

void query_init(struct query *query, struct index_reader *reader,
		struct text_analysis *analysis)
{
	memset(query, 0, sizeof(*query));
	arena_init(&query->arena);
	query->reader = reader;
	query->analysis = analysis;
	query->language_count =
	    index_reader_languages(reader, query->languages);
}

void query_fini(struct query *query)
{
	memory_free(query->terms);
	arena_fini(&query->arena);
}

static struct query_term *find_term(struct query *query, struct slice token,
				    bool is_prefix)
{
	struct query_term *term;

	for (size_t i = 0; i < query->term_count; i++)
		if (slice_equal(query->terms[i].token, token) &&
		    query->terms[i].is_prefix == is_prefix)
			return &query->terms[i];
	if (query->term_count == query->cap) {
		query->cap = query->cap ? query->cap * 2 : 32;
		query->terms =
		    memory_realloc(query->terms, query->cap * sizeof(*term));
	}
	term = &query->terms[query->term_count++];
	memset(term, 0, sizeof(*term));
	term->token = arena_copy(&query->arena, token);
	term->is_prefix = is_prefix;
	term->idf =
	    is_prefix ? PREFIX_IDF : index_reader_idf(query->reader, token);
	return term;
}

/* The question in each of the index's languages; words have the same numbers
 * in all of them. */
struct readings {
	struct token_list lists[INDEX_READER_LANGUAGES_MAX];
	bool *is_stop; /* by word */
	size_t words;
	size_t content_words;
};

/* Stop words are those of the language that the question is in: "die" says
 * something in English. Those of any language when that is not known. */
static void find_stop_words(struct query *query, struct slice text,
			    struct readings *readings)
{
	struct language asked = language_guess(text);
	bool is_known = false;

	for (size_t i = 0; i < query->language_count; i++)
		is_known =
		    is_known || language_equal(asked, query->languages[i]);
	readings->words = readings->lists[0].words;
	readings->is_stop = arena_alloc(&query->arena, readings->words + 1);
	for (size_t i = 0; i < query->language_count; i++) {
		const struct token_list *list = &readings->lists[i];

		if (is_known && !language_equal(asked, query->languages[i]))
			continue;
		for (size_t k = 0; k < list->count; k++)
			if (list->items[k].is_stop)
				readings->is_stop[list->items[k].word] = true;
	}
	for (size_t i = 0; i < readings->words; i++)
		readings->content_words += !readings->is_stop[i];
}

/* A word counts as often as it stands in the question; that two languages
 * make the same token of it does not count twice. */
static void add_reading(struct query *query, const struct readings *readings,
			size_t language)
{
	const struct token_list *list = &readings->lists[language];

	for (size_t i = 0; i < list->count; i++) {
		struct query_term *term;

		if (readings->content_words > 0 &&
		    readings->is_stop[list->items[i].word])
			continue;
		term = find_term(query, text_analysis_token(list, i),
				 list->items[i].is_prefix);
		if (term->seen_in == 0 || term->seen_in & 1u << language) {
			term->count++;
			term->seen_in |= 1u << language;
		}
		query->sums[language] += term->idf;
	}
}

/* A question of several KiB is cut: what it is about stands at its
 * beginning as often as anywhere. */
static struct slice cut(struct slice text)
{
	if (text.len > QUERY_BYTES_MAX)
		text.len = text_utf8_floor(text.data, QUERY_BYTES_MAX);
	return text;
}

void query_add_question(struct query *query, struct slice text)
{
	struct readings readings;

	memset(&readings, 0, sizeof(readings));
	text = cut(text);
	for (size_t i = 0; i < query->language_count; i++) {
		text_analysis_init_list(&readings.lists[i]);
		text_analysis_query(query->analysis, text, query->languages[i],
				    &readings.lists[i]);
	}
	find_stop_words(query, text, &readings);
	query->content_words = readings.content_words;
	for (size_t i = 0; i < query->language_count; i++)
		add_reading(query, &readings, i);
	for (size_t i = 0; i < query->language_count; i++)
		text_analysis_fini_list(&readings.lists[i]);
}

static int by_rarity(const void *a, const void *b)
{
	const struct query_term *left = a, *right = b;
	double x = left->idf * left->count, y = right->idf * right->count;

	return x < y ? 1 : x > y ? -1 : 0;
}

void query_add_context(struct query *query, struct slice text, double weight,
		       size_t limit)
{
	size_t own = query->term_count;
	struct token_list list;

	text_analysis_init_list(&list);
	text_analysis_query(query->analysis, cut(text), query->languages[0],
			    &list);
	for (size_t i = 0; i < list.count; i++) {
		struct query_term *term;

		if (list.items[i].is_stop || list.items[i].is_prefix)
			continue;
		term = find_term(query, text_analysis_token(&list, i), false);
		if (term >= query->terms + own)
			term->count = weight;
	}
	text_analysis_fini_list(&list);
	if (query->term_count > own)
		qsort(query->terms + own, query->term_count - own,
		      sizeof(*query->terms), by_rarity);
	if (query->term_count > own + limit)
		query->term_count = own + limit;
	for (size_t i = own; i < query->term_count; i++)
		for (size_t k = 0; k < query->language_count; k++)
			query->sums[k] += weight * query->terms[i].idf;
}

/* A passage that has none but common words of a question is not looked at
 * when there are others with enough of the rarer ones: most of a search's
 * time would go into rows that cannot win. */
static bool is_common(const struct query_term *term)
{
	return term->idf < COMMON_IDF && !term->is_prefix;
}

static bool has_enough_without(const struct query *query, size_t count)
{
	double passages = (double)index_reader_passages(query->reader);

	for (size_t i = 0; i < count; i++) {
		double idf = query->terms[i].idf;

		if (!query->terms[i].is_prefix && idf >= COMMON_IDF &&
		    exp(idf) * ENOUGH_PASSAGES < passages)
			return true;
	}
	return false;
}

/* Which of the terms a group has. */
enum group { GROUP_ALL, GROUP_RARE, GROUP_COMMON };

struct query_writer {
	const struct query *query;
	size_t count; /* of its terms */
	struct buffer *expression;
	struct buffer *weights;
};

/* Each term counts `share` of its weight. */
static void write_group(const struct query_writer *writer, enum group group,
			double share)
{
	struct buffer *expression = writer->expression;
	struct buffer *weights = writer->weights;
	bool is_first = true;

	buffer_append_char(expression, '(');
	for (size_t i = 0; i < writer->count; i++) {
		const struct query_term *term = &writer->query->terms[i];
		double weight = share * term->idf * term->count / SCORE_UNIT;

		if (group != GROUP_ALL &&
		    is_common(term) != (group == GROUP_COMMON))
			continue;
		if (!is_first)
			buffer_append_string(expression, " OR ");
		is_first = false;
		/* No token has a quotation mark in it. */
		buffer_append_char(expression, '"');
		buffer_append_slice(expression, term->token);
		buffer_append_string(expression,
				     term->is_prefix ? "\" *" : "\"");
		if (weights->data[weights->len - 1] != '(')
			buffer_append_char(weights, ',');
		buffer_append_uint(weights, (unsigned long long)weight);
	}
	buffer_append_char(expression, ')');
}

bool query_write(struct query *query, struct buffer *expression,
		 struct buffer *weights)
{
	struct query_writer writer = {query, 0, expression, weights};
	size_t count = query->term_count, common = 0;

	if (count == 0)
		return false;
	qsort(query->terms, count, sizeof(*query->terms), by_rarity);
	if (count > QUERY_TERMS_MAX)
		count = QUERY_TERMS_MAX;
	for (size_t i = 0; i < count; i++)
		common += is_common(&query->terms[i]);
	writer.count = count;
	buffer_append_string(weights, "leat_bm25(");
	if (common == 0 || !has_enough_without(query, count)) {
		write_group(&writer, GROUP_ALL, 1);
	} else {
		/* "a" OR ("a" AND "b"): with a, and b counts where it is.
		 * The second "a" is there for the sake of the syntax. */
		write_group(&writer, GROUP_RARE, 1);
		buffer_append_string(expression, " OR (");
		write_group(&writer, GROUP_RARE, 0);
		buffer_append_string(expression, " AND ");
		write_group(&writer, GROUP_COMMON, 1);
		buffer_append_char(expression, ')');
	}
	buffer_append_char(weights, ')');
	return true;
}

double query_score_unit(void)
{
	return SCORE_UNIT;
}

double query_confidence(const struct query *query, double score,
			struct language language)
{
	double sum = query->sums[0];

	for (size_t i = 0; i < query->language_count; i++)
		if (language_equal(query->languages[i], language))
			sum = query->sums[i];
	return sum > 0 ? score / sum : 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * A question, ready to be searched for: its tokens in each of the index's
 * languages, how often they stand there and how rare they are. From here on
 * there is no user text any more, only tokens (context/text_analysis.h), and
 * those are quoted: nothing a user writes is FTS5 syntax.
 */
#ifndef LEAT_CONTEXT_QUERY_H
#define LEAT_CONTEXT_QUERY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "context/index_reader.h"
#include "context/text_analysis.h"

enum { QUERY_TERMS_MAX = 60, QUERY_BYTES_MAX = 8192 };

struct query_term {
	struct slice token;
	double count; /* how often, times what it counts */
	double idf;
	unsigned seen_in; /* bit n: language n brought it */
	bool is_prefix;
};

struct query {
	struct arena arena;
	struct index_reader *reader;
	struct text_analysis *analysis;
	struct language languages[INDEX_READER_LANGUAGES_MAX];
	size_t language_count;
	struct query_term *terms;
	size_t term_count;
	size_t cap;
	/* What a passage that has every word could reach, by language. */
	double sums[INDEX_READER_LANGUAGES_MAX];
	size_t content_words; /* words of the question but its stop words */
};

/* Both are borrowed. */
void query_init(struct query *query, struct index_reader *reader,
		struct text_analysis *analysis);
void query_fini(struct query *query);
/* The words of the question, all of them when none but stop words are in
 * it. */
void query_add_question(struct query *query, struct slice text);
/* At most `limit` more words, the rarest of the text, each counting
 * `weight`. Words that are there already stay as they are. */
void query_add_context(struct query *query, struct slice text, double weight,
		       size_t limit);
/* The MATCH expression and the arguments of the ranking function; false when
 * there is nothing to search for. */
bool query_write(struct query *query, struct buffer *expression,
		 struct buffer *weights);
/* Scores of leat_bm25() are in this unit. */
double query_score_unit(void);
/* score / what could be reached, for a passage in this language. */
double query_confidence(const struct query *query, double score,
			struct language language);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * From text to the tokens that are indexed and searched. Documents and
 * questions go the same way, so that the same words meet:
 *   - words of alphabetic scripts: folded, stemmed (Snowball) in the
 *     document's language, else cut after five letters; no accents;
 *   - compounds (mod_rewrite, DocumentRoot, e-mail): their parts, and the
 *     whole without its joints; c++ and c# are words;
 *   - Arabic script: overlapping 4-grams of each word;
 *   - scripts without spaces (Chinese, Japanese, Thai, …): overlapping
 *     bigrams, and the last character of each run;
 *   - numbers: 3,214 is 3214; 2.4.57 is also 2.4.
 * A token is made of lower-case ASCII letters, digits, '+', '#', '.' and of
 * what is beyond ASCII: nothing that FTS5 or its "ascii" tokenizer would
 * take for syntax or a boundary.
 */
#ifndef LEAT_CONTEXT_TEXT_ANALYSIS_H
#define LEAT_CONTEXT_TEXT_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "context/language.h"

/* Holds the stemmers that were needed so far; for one thread at a time. */
struct text_analysis;

struct token {
	uint32_t start; /* in token_list.text */
	uint32_t len;
	uint32_t word;	/* number of the word it comes from */
	bool is_stop;	/* a stop word: only when asked for */
	bool is_prefix; /* a lone character of a dense script: a question for
			 * it means every bigram that begins with it */
};

struct token_list {
	struct buffer text; /* the tokens, a space after each */
	struct token *items;
	size_t count;
	size_t cap;
	uint32_t words;
};

struct text_analysis *text_analysis_new(void);
void text_analysis_free(struct text_analysis *analysis);

void text_analysis_init_list(struct token_list *list);
void text_analysis_fini_list(struct token_list *list);
void text_analysis_clear_list(struct token_list *list); /* keeps memory */
struct slice text_analysis_token(const struct token_list *list, size_t n);

/* Appends the tokens of `text` (any bytes: what is no UTF-8 separates). */
void text_analysis_index(struct text_analysis *analysis, struct slice text,
			 struct language language, struct token_list *list);
/* The same for a question: stop words are marked. */
void text_analysis_query(struct text_analysis *analysis, struct slice text,
			 struct language language, struct token_list *list);

#endif

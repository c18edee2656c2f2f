/* SPDX-License-Identifier: ISC */
/*
 * A question as the quoter sees it: its words and how much each says, the
 * kind of answer it wants, and whether it asks how to do something.
 */
#ifndef LEAT_CONTEXT_QUESTION_H
#define LEAT_CONTEXT_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "context/text_analysis.h"
#include "context/word_weights.h"
#include "core/ask.h"

enum { QUESTION_WORDS_MAX = 64 };

/* What an answer must have in it. */
enum answer_type {
	ANSWER_ANY,
	ANSWER_NUMBER,
	ANSWER_DATE,
	ANSWER_NAME,
	ANSWER_PLACE,
	ANSWER_DEFINITION
};

struct question_word {
	uint64_t hash; /* of its token */
	double idf;
	uint64_t next; /* hash of the word after it; 0: the last */
};

/* In one language. */
struct question {
	struct language language;
	struct question_word words[QUESTION_WORDS_MAX];
	size_t count;
	double sum; /* of idf */
	enum answer_type type;
	bool is_how_to;
};

/* For a follow-up, the words of the question before it count a little. */
void question_read(struct question *question, const struct ask *ask,
		   struct language language, struct text_analysis *analysis,
		   const struct word_weights *weights);
/* The words that are looked for, as the user wrote them, ", " between. */
struct slice question_search_words(struct slice text, struct language language,
				   struct arena *arena);

#endif

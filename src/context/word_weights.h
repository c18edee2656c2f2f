/* SPDX-License-Identifier: ISC */
/*
 * How rare words are: the idf of the words of recent questions. The
 * retriever learns them from the index when it searches; the quoter, which
 * never touches a file, looks them up here. A table of fixed size where new
 * words push out old ones; it belongs to the loop's thread.
 */
#ifndef LEAT_CONTEXT_WORD_WEIGHTS_H
#define LEAT_CONTEXT_WORD_WEIGHTS_H

#include "base/slice.h"

struct word_weights;

struct word_weights *word_weights_new(void);
void word_weights_free(struct word_weights *weights);
/* `word` is a token of context/text_analysis.h. */
void word_weights_put(struct word_weights *weights, struct slice word,
		      double idf);
/* The idf, or `unknown`. NULL weights know nothing. */
double word_weights_get(const struct word_weights *weights, struct slice word,
			double unknown);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * How well a unit of a passage answers a question: the share of the
 * question's words in it (rare ones count more), words that stand side by
 * side in both, the heading over it, the passage's own score, its place, and
 * whether it has what the question asks for (a number, a name, …).
 */
#ifndef LEAT_CONTEXT_QUOTE_SCORE_H
#define LEAT_CONTEXT_QUOTE_SCORE_H

#include "context/question.h"
#include "context/quote_units.h"

/* What is the same for all units of a passage. */
struct quote_passage {
	const struct passage *passage;
	bool in_title[QUESTION_WORDS_MAX]; /* words of the question */
	double share;			   /* of the best passage's score */
};

struct quote_score {
	double total;
	double coverage; /* 0 to 1: of the question, in it and its title */
	double own;	 /* 0 to 1: of the question, in the unit itself */
};

void quote_score_passage(struct quote_passage *out,
			 const struct passage *passage, double best_score,
			 const struct question *question,
			 struct text_analysis *analysis);
/* `place` counts the units before it in the passage. */
struct quote_score quote_score_unit(const struct quote_passage *passage,
				    const struct quote_unit *unit, size_t place,
				    const struct question *question,
				    struct text_analysis *analysis);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Choosing what to quote from passages, as the extractive provider sees it;
 * context/ implements it (it owns words, stems and sentences).
 */
#ifndef LEAT_CORE_QUOTER_H
#define LEAT_CORE_QUOTER_H

#include "base/arena.h"
#include "core/ask.h"

enum quote_confidence {
	QUOTE_NOTHING, /* nothing fits the question */
	QUOTE_CLOSEST, /* no direct answer: these are the closest passages */
	QUOTE_DIRECT   /* the passages answer it */
};

struct quote {
	struct slice text; /* verbatim: a sentence, list or code block */
	size_t passage;	   /* index into ask->passages */
	bool is_block;	   /* starts on a line of its own (list, code) */
};

struct quotation {
	enum quote_confidence confidence;
	struct quote *quotes; /* in the order in which to show them */
	size_t count;
	struct slice search_words; /* the words looked for, ", " between */
};

struct quoter {
	/* About a millisecond; the result lives in the arena (texts may point
	 * into the ask). */
	void (*quote)(struct quoter *quoter, const struct ask *ask,
		      struct arena *arena, struct quotation *out);
	void (*free)(struct quoter *quoter);
};

#endif

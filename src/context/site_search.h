/* SPDX-License-Identifier: ISC */
/*
 * One search, start to end, in the calling thread: question and history in,
 * passages out. The retriever runs it on a pool thread.
 */
#ifndef LEAT_CONTEXT_SITE_SEARCH_H
#define LEAT_CONTEXT_SITE_SEARCH_H

#include "base/arena.h"
#include "context/index_reader.h"
#include "context/text_analysis.h"
#include "core/retriever.h"

struct site_search_word {
	struct slice token;
	double idf;
};

struct site_search_result {
	struct passage *passages; /* best first */
	size_t count;
	struct site_search_word *words; /* of the question */
	size_t word_count;
};

/* What a search needs: all borrowed. */
struct site_search {
	struct index_reader *reader;
	struct text_analysis *analysis;
	/* Its max_passages and max_characters must be set. */
	const struct retrieval_ask *ask;
	struct arena *arena; /* everything in the result lives there */
};

/* False and a fault. */
bool site_search_run(const struct site_search *job,
		     struct site_search_result *result, struct fault *fault);

#endif

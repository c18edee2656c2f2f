/* SPDX-License-Identifier: ISC */
/*
 * The retriever that searches an index file (context/index_build.h).
 *
 * Searches run on the loop's thread pool, each on a connection of its own.
 * The file is looked at (stat) at most once a second, when somebody asks: a
 * new index is taken up without a restart; a missing or broken one is an
 * answer with a fault, never a reason to stop.
 */
#ifndef LEAT_CONTEXT_SITE_RETRIEVER_H
#define LEAT_CONTEXT_SITE_RETRIEVER_H

#include "core/retriever.h"

struct loop;
struct word_weights;

struct site_retriever_options {
	const char *path;   /* of the index file; copied */
	int max_passages;   /* 0: 6 */
	int max_characters; /* 0: 6000 */
	int look_every_ms;  /* how often the file is looked at; 0: 1000 */
	/* Filled with how rare the words of each question are, for the quoter;
	 * borrowed, may be NULL (context/word_weights.h). */
	struct word_weights *weights;
};

/* The loop must outlive it. Never NULL: a missing index is no error here. */
struct retriever *site_retriever_new(
    struct loop *loop, const struct site_retriever_options *options);

#endif

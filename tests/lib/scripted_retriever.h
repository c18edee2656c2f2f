/* SPDX-License-Identifier: ISC */
/*
 * A retriever that finds what the test tells it to, when it tells it to: one
 * search at a time.
 */
#ifndef LEAT_TESTS_SCRIPTED_RETRIEVER_H
#define LEAT_TESTS_SCRIPTED_RETRIEVER_H

#include "core/retriever.h"

struct scripted_retriever {
	struct retriever base;
	long passage_count; /* in the index; -1: there is none */
	const char *why;    /* there is none */
	int starts;
	int cancels;
	bool is_pending;
	const struct retrieval_ask *ask; /* of the pending search */
	struct arena *arena;
	retrieval_done *on_done;
	void *state;
};

/* 3,214 passages. */
void scripted_retriever_init(struct scripted_retriever *retriever);
/* Ends the search with so many passages: texts "text 1", urls "/1", … */
void scripted_retriever_find(struct scripted_retriever *retriever,
			     size_t count);
void scripted_retriever_fail(struct scripted_retriever *retriever,
			     enum error_code code, const char *hint);

#endif

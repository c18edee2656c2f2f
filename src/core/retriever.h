/* SPDX-License-Identifier: ISC */
/*
 * Finding passages, as the turn and web/ see it; context/ implements it.
 */
#ifndef LEAT_CORE_RETRIEVER_H
#define LEAT_CORE_RETRIEVER_H

#include "base/arena.h"
#include "base/error.h"
#include "core/ask.h"

struct retriever;
struct retrieval;

struct retrieval_ask {
	struct slice query;
	/* Earlier messages, newest last: a follow-up ("and on Apache?") takes
	 * missing words from them. */
	const struct message *history;
	size_t history_count;
	int max_passages;   /* 0: as configured */
	int max_characters; /* of all passages together; 0: as configured */
};

struct retrieval_result {
	bool is_ok;
	struct fault fault; /* context_failed: no index, broken, too busy */
	struct passage *passages; /* best first; in the arena given at start */
	size_t passage_count;
};

typedef void retrieval_done(void *state, const struct retrieval_result *result);

struct retriever_ops {
	/* Runs off the loop. on_done comes exactly once, from the loop, never
	 * from inside start() or cancel(); after cancel() too (is_ok false).
	 * `arena` is filled on the loop's thread just before on_done; ask (its
	 * texts too) and arena must live until then. Never NULL. */
	struct retrieval *(*start)(struct retriever *retriever,
				   const struct retrieval_ask *ask,
				   struct arena *arena, retrieval_done *on_done,
				   void *state);
	void (*cancel)(struct retrieval *retrieval);
	/* Passages in the index now served; -1: there is none, and *why (when
	 * not NULL) is a sentence that lives until the next call. */
	long (*size)(struct retriever *retriever, const char **why);
	void (*free)(struct retriever *retriever); /* no retrieval is running */
};

/* Embedded first in the concrete retriever. */
struct retriever {
	const struct retriever_ops *ops;
};

#endif

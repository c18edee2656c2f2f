/* SPDX-License-Identifier: ISC */
/*
 * An ask: what the client wants. Made by wire/ from a request, completed by
 * chat/, read by providers. It lives in an arena of its own and does not
 * change once its provider was called.
 */
#ifndef LEAT_CORE_ASK_H
#define LEAT_CORE_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT };

struct message {
	enum role role;
	struct slice content;
};

enum { ASK_STOPS_MAX = 4 };

/* A passage found for the ask: context/ makes it, the prompt and the
 * extractive provider read it, `sources` of the final event show it. */
struct passage {
	struct slice text;     /* UTF-8, at most 1,200 characters */
	struct slice title;    /* of the document */
	struct slice heading;  /* headings, " > " between; may be empty */
	struct slice url;      /* public address, with #anchor when known */
	struct slice language; /* "en"; empty when unknown */
	double score;	       /* larger is better; within one search */
	double confidence;     /* score / sum of the query's idf */
};

struct ask {
	struct arena arena; /* owns everything below */
	struct message *messages;
	size_t message_count; /* the last one is the user's question */
	struct slice query;   /* text of the last user message */
	struct slice model;   /* as the client named it; empty: default */
	double temperature;   /* NAN: not given */
	double top_p;	      /* NAN: not given */
	int64_t max_tokens;   /* 0: not given */
	struct slice stops[ASK_STOPS_MAX];
	size_t stop_count;
	bool wants_context;   /* true unless `context` is false */
	int context_passages; /* 0: the configured number */
	struct slice turn;    /* client-chosen id; empty: none */
	bool wants_no_wait;   /* "wait": 0 */

	/* Filled in by chat/ before a provider sees the ask. */
	struct slice system;		/* whole system prompt, may be empty */
	bool was_searched;		/* the documents, without a fault */
	const struct passage *passages; /* "[1]" is passages[0] */
	size_t passage_count;
	struct slice turn_id; /* for logs and upstream request ids */
};

/* An ask with nothing in it, on the heap; its arena goes with it. */
struct ask *ask_new(void);
void ask_free(struct ask *ask);

#endif

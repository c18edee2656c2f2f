/* SPDX-License-Identifier: ISC */
/*
 * Chat: the registry of turns, and the services that web/ needs (asking,
 * attaching, stopping, searching). It knows no dialect and no socket.
 */
#ifndef LEAT_CHAT_CHAT_H
#define LEAT_CHAT_CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "core/ask.h"
#include "core/journal.h"
#include "core/provider.h"
#include "core/retriever.h"

struct chat;
struct loop;
struct turn;

struct chat_options {
	const char *system; /* the owner's system prompt; may be NULL */
	struct journal_limits journal;
	unsigned linger_ms;	    /* of a polled or finished turn: 30 s */
	unsigned recall_timeout_ms; /* 5 s: then the turn goes on without */
	unsigned total_timeout_ms;  /* 300 s */
	unsigned max_readers;	    /* per turn: 10,000 */
	unsigned max_turns;	    /* open in this worker; 0: no limit */
	unsigned snippet_bytes;	    /* of a source's text shown; 0: 300 */
	bool logs_questions;
};

/* Borrowed; each outlives the chat. */
struct chat_parts {
	struct loop *loop;
	struct metrics *metrics;
	struct provider *provider;   /* the default: what chat {} names */
	struct provider **providers; /* all that a model name may choose */
	size_t provider_count;
	struct retriever *retriever; /* NULL: no context is configured */
	struct turn_place self;
};

struct chat *chat_new(const struct chat_options *options,
		      const struct chat_parts *parts); /* options are copied */
/* Every turn has ended. */
void chat_free(struct chat *chat);

/* Starts a turn; the ask is the chat's from now on, also on failure (NULL
 * and a fault: model_not_found, overloaded, …). The turn runs from the next
 * pass on. When ask->turn names a turn that is known here, that one is
 * returned instead and *attached is set. */
struct turn *chat_ask(struct chat *chat, struct ask *ask, bool *attached,
		      struct fault *fault);
/* NULL: unknown here (never was, or is forgotten). */
struct turn *chat_find(struct chat *chat, struct slice id);
/* Ends every running turn as `interrupted` (draining is over). */
void chat_interrupt_all(struct chat *chat);
unsigned chat_open_turns(const struct chat *chat);
/* Calls with ids_hash() of each id that a client chose, running turns first,
 * until it returns false. */
void chat_each_named(const struct chat *chat,
		     bool (*on_name)(void *state, uint64_t hash), void *state);
/* No turn runs, and none that ended could still be read again. */
bool chat_is_empty(const struct chat *chat);

struct slice turn_id(const struct turn *turn);
struct journal *turn_journal(const struct turn *turn);
bool turn_is_ended(const struct turn *turn);
/* A reader attaches after event n of the turn's journal. False: too many
 * readers. When the last reader leaves, the turn is cancelled, unless it
 * lingers (turn_linger()). */
bool turn_attach(struct turn *turn, struct journal_reader *reader,
		 uint32_t after_n,
		 void (*on_more)(struct journal_reader *reader));
void turn_detach(struct turn *turn, struct journal_reader *reader);
/* Somebody polls: the turn lives on for linger_ms without a reader. */
void turn_linger(struct turn *turn);
/* The client asked to stop: the turn ends with final, finish_reason
 * cancelled, and keeps what was said. */
void turn_stop(struct turn *turn);

/* Searching alone (GET search). */
struct retriever *chat_retriever(struct chat *chat);
/* Bytes of a passage's text that are shown. */
size_t chat_snippet_bytes(const struct chat *chat);
/* Why a question would not be answered now; NULL when it would. */
const char *chat_not_ready(struct chat *chat);

#endif

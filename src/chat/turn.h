/* SPDX-License-Identifier: ISC */
/*
 * A turn from the inside: for chat/ alone. What others may do with a turn
 * stands in chat/chat.h.
 *
 *            +---------- context wanted ----------+
 *   ADMIT ---+                                    +--> CALL --> STREAM
 *            +--> RECALL: until the search has ---+               |
 *                 answered, failed, or taken too long             |
 *                                                                 v
 *   (from everywhere: stop, last reader left, deadline) ------> ENDING
 *                                                                 |
 *   ENDED <-- until search and call have reported ----------------+
 *
 * RECALL and STREAM wait; a search's or call's report, a timer, a stop or the
 * last reader's leaving wakes them by marking the turn runnable. ENDING
 * writes the terminal event at once, cancels what is pending and waits for
 * its reports; then the ask goes. The journal stays for a while, for readers
 * that come back.
 */
#ifndef LEAT_CHAT_TURN_H
#define LEAT_CHAT_TURN_H

#include "base/list.h"
#include "chat/chat.h"
#include "io/loop.h"

enum turn_state {
	TURN_ADMIT,
	TURN_RECALL,
	TURN_CALL,
	TURN_STREAM,
	TURN_ENDING,
	TURN_ENDED
};

/* Why a turn is to end before its provider says so. */
enum turn_wish {
	WISH_NONE,
	WISH_STOP,	/* the client asked */
	WISH_LEFT,	/* nobody reads any more */
	WISH_INTERRUPT, /* the process ends */
	WISH_FAULT	/* a deadline or a cap: see `fault` */
};

struct turn {
	struct chat *chat;
	struct turn *hash_next;
	struct list node;     /* all turns of the chat, or those that ended */
	struct list run_node; /* in the run queue */
	struct journal *journal;
	struct ask *ask; /* NULL once the turn has ended */
	enum turn_state state;

	struct retrieval *recall; /* NULL: not pending */
	bool recall_done;
	bool recall_cancelled;
	const struct retrieval_result *recalled; /* in the ask's arena */
	struct provider_call *call;		 /* NULL: not pending */
	struct provider_sink sink;
	struct provider *provider;
	struct slice model; /* for the provider; empty: its own */
	bool call_done;
	struct event_final final; /* from the provider's ending */

	enum turn_wish wish;
	const struct fault *fault; /* in the ask's arena; NULL: none */
	struct timer recall_timer;
	struct timer deadline;
	struct timer linger;
	bool lingers;

	uint64_t began_ms;
	int32_t first_token_ms; /* -1: none yet */
	int32_t last_token_ms;
};

struct turn *turn_new(struct chat *chat, struct ask *ask, struct slice id);
void turn_free(struct turn *turn); /* ended, no readers */
/* Runs steps until one waits. */
void turn_run(struct turn *turn);
void turn_wish(struct turn *turn, enum turn_wish wish);
void turn_mark(struct turn *turn); /* runnable */
/* Why it will end, unless that is settled already: most turns need no room
 * for it. */
void turn_blame(struct turn *turn, const struct fault *fault);
/* What others must not know: in chat.c. */
const struct chat_options *chat_options_of(const struct chat *chat);
const struct chat_parts *chat_parts_of(const struct chat *chat);
void chat_mark(struct chat *chat, struct turn *turn);
void chat_on_turn_ended(struct chat *chat, struct turn *turn);
void chat_forget(struct chat *chat, struct turn *turn);

#endif

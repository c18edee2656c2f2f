/* SPDX-License-Identifier: ISC */
/*
 * A journal: the numbered events of one turn, through which everyone reads.
 *
 * Events are numbered from 1; the last one is final or error, and nothing
 * follows it. Readers are told of new events by on_more and read with
 * journal_next() at a place of their own, as fast as their client takes
 * bytes: what waits for a slow client is the answer's own text, and that is
 * capped.
 *
 * The journal is counted: the turn and each reader hold it, and it outlives
 * the turn for as long as a reader is still reading.
 */
#ifndef LEAT_CORE_JOURNAL_H
#define LEAT_CORE_JOURNAL_H

#include "base/buffer.h"
#include "base/list.h"
#include "core/event.h"

struct journal;

struct journal_limits {
	/* Content, reasoning and tools together; descriptions of status events
	 * have the same again. */
	size_t max_answer_bytes;
	uint32_t max_events; /* the terminal one included */
	/* Longer content and reasoning becomes several events, cut between
	 * characters; at least 4. */
	size_t max_event_bytes;
};

struct journal *journal_new(struct slice turn_id,
			    const struct journal_limits *limits);
struct journal *journal_ref(struct journal *journal);
void journal_unref(struct journal *journal);

struct slice journal_turn_id(const struct journal *journal);
uint32_t journal_tail(const struct journal *journal); /* number of events */
bool journal_is_ended(const struct journal *journal);
size_t journal_bytes(const struct journal *journal); /* memory it holds */

/* Copies the event in and calls every reader's on_more. False when a cap
 * does not allow it (answer_too_large: nothing of the event was kept) or
 * after the terminal event (internal); a terminal event always fits.
 * Passages of a final event are copied too. */
bool journal_append(struct journal *journal, const struct event *event,
		    struct fault *fault);

/* The whole content so far, appended to out. */
void journal_answer(const struct journal *journal, struct buffer *out);
size_t journal_answer_bytes(const struct journal *journal);

/* A place in a journal: before its first event when zeroed. */
struct journal_place {
	uint32_t n;	/* number of the last event read */
	uint32_t bytes; /* where the next one begins */
};

/* The event after *place, which moves on; false at the tail. The event's
 * texts are borrowed until the next append. */
bool journal_next(const struct journal *journal, struct journal_place *place,
		  struct event *event);
/* Puts *place after event n (n past the tail: at the tail). O(n). */
void journal_seek(const struct journal *journal, uint32_t n,
		  struct journal_place *place);

/* A reader, zeroed before journal_attach(). on_more is called by
 * journal_append(), and by journal_attach() when there is something to read:
 * it may only mark work, or detach its own reader. */
struct journal_reader {
	struct list node;
	struct journal *journal; /* NULL: not attached */
	struct journal_place place;
	void (*on_more)(struct journal_reader *reader);
};

void journal_attach(struct journal *journal, struct journal_reader *reader,
		    uint32_t after_n,
		    void (*on_more)(struct journal_reader *reader));
/* May free the journal; a second time does nothing. */
void journal_detach(struct journal_reader *reader);
uint32_t journal_reader_count(const struct journal *journal);

#endif

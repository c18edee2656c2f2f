/* SPDX-License-Identifier: ISC */
/*
 * Reads one streamed answer: HTTP/1.1 head, chunks, Server-Sent Events, and
 * the marks (mark.h) that the scripted upstream put into them. No I/O and no
 * clock: bytes and the time of their arrival come in.
 *
 * An answer is complete when every mark came once and in order, then the
 * dialect's terminal event, then the end of the HTTP body, and nothing else.
 * Where the terminal event carries the whole answer, it must hold every mark.
 */
#ifndef BENCH_READER_H
#define BENCH_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"

#define READER_TURN_MAX 64

enum reader_failure {
	READER_OK,
	READER_STATUS,	  /* not 200 */
	READER_BAD_HTTP,  /* not HTTP, or not Server-Sent Events */
	READER_CUT,	  /* ended before the terminal event */
	READER_MISSING,	  /* fewer marks than there should be */
	READER_DISORDER,  /* a mark twice, or not in its order */
	READER_ERROR,	  /* the answer is an error event */
	READER_AFTER_END, /* something after the terminal event */
	READER_FAILURES
};

/* What all readers of a run count together. */
struct reader_tally {
	uint64_t events; /* content events; a slow reader's may hold several */
	uint64_t marks;
	struct hist delay;
	char first_failure[256]; /* an excerpt of what was not understood */
};

struct reader {
	/* Set by the caller; the rest is zero. */
	struct reader_tally *tally;
	unsigned marks_wanted;
	bool is_native; /* ends with `final`, not with [DONE] */

	/* When it came, 0: not yet. */
	uint64_t first_body_ns;
	uint64_t first_status_ns;
	uint64_t first_content_ns;
	char turn[READER_TURN_MAX + 1]; /* of leat, by its header */

	enum reader_failure failure;
	unsigned status; /* of HTTP, 0: none came */
	bool is_whole;	 /* the HTTP body has ended in the right way */
	bool has_ended;	 /* the terminal event has come */
	unsigned marks;
	int phase;
	bool is_chunked;
	size_t chunk_left;
	char *held; /* an unfinished line */
	size_t held_len;
	size_t held_room;
};

/* Takes what has arrived. False: failed or complete, nothing more to read. */
bool reader_feed(struct reader *reader, const char *bytes, size_t len,
		 uint64_t now_ns);

/* The connection has ended. */
void reader_end(struct reader *reader);

/* Frees what reader_feed() held. */
void reader_fini(struct reader *reader);

const char *reader_failure_name(enum reader_failure failure);

#endif

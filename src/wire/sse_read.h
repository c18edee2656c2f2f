/* SPDX-License-Identifier: ISC */
/*
 * Reading Server-Sent Events as the WHATWG HTML standard has them ("Parsing
 * an event stream", "Interpreting an event stream"), from input cut anywhere.
 *
 * Bytes go in as they come; events are pulled out one at a time. The time is
 * linear in the bytes, however they are cut. An event that lies whole in one
 * piece of input, with one data line, is not copied.
 *
 * Invariants: between two calls with empty input nothing borrowed is kept;
 * one event (its data, and the line being read) never holds more than
 * max_event_bytes; an event's type and id never more than
 * SSE_READ_NAME_MAX. Comments are skipped whatever their length.
 */
#ifndef LEAT_WIRE_SSE_READ_H
#define LEAT_WIRE_SSE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

enum { SSE_READ_NAME_MAX = 4096 };

struct sse_event {
	struct slice type; /* empty: "message" */
	struct slice data; /* data lines, a LF between; may be empty */
	struct slice id;   /* the last id seen so far in the stream */
};

enum sse_read_status {
	SSE_READ_MORE,	/* the input is used up: come again with more */
	SSE_READ_EVENT, /* *event is filled in */
	/* A line that begins with a brace and so is no field; event->data is
	 * the line. The standard has it ignored, but some providers write a
	 * bare JSON error into their stream: who does not care calls again. */
	SSE_READ_STRAY,
	SSE_READ_TOO_LARGE /* a cap is reached; nothing more will come */
};

struct sse_read {
	/* The event's data so far, then the line that is not complete. */
	struct buffer text;
	size_t data_len;
	struct slice whole; /* data that still lies in the input */
	struct buffer type;
	struct buffer id;
	int64_t retry_ms;	/* the last `retry:` seen; -1: none */
	unsigned char bom_seen; /* bytes of a byte order mark; 3: past it */
	bool has_data;
	bool after_cr;	   /* a LF that comes now belongs to the last line */
	bool in_comment;   /* the line being skipped */
	bool is_delivered; /* the last call returned the text */
	bool is_dead;	   /* a cap was reached */
};

void sse_read_init(struct sse_read *reader, size_t max_event_bytes);
void sse_read_fini(struct sse_read *reader);

/* Takes bytes from the front of *input up to the end of an event. The
 * event's slices are borrowed from the reader and the input until the next
 * call. SSE_READ_MORE means that *input is empty now. */
enum sse_read_status sse_read_next(struct sse_read *reader, struct slice *input,
				   struct sse_event *event);

/* At the end of the stream, called until it says SSE_READ_MORE: the event
 * that no blank line ended, if it had data, or a stray line. The standard has
 * both discarded; many servers end like this. */
enum sse_read_status sse_read_end(struct sse_read *reader,
				  struct sse_event *event);

#endif

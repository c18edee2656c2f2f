/* SPDX-License-Identifier: ISC */
/*
 * Dialects: how events look to a kind of client. Each is a small table of
 * pure functions that append bytes to a buffer; dialect_encode() is the one
 * way from a journal to bytes.
 */
#ifndef LEAT_WIRE_DIALECT_H
#define LEAT_WIRE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "core/journal.h"

enum dialect { DIALECT_NATIVE, DIALECT_SIMPLE, DIALECT_TEXT, DIALECT_COUNT };

struct dialect_ops {
	const char *name;
	const char *content_type;
	bool is_event_stream; /* headers, comment and heartbeats at once */
	/* One event, or neighbouring content events merged into `text` (then
	 * n is the last one's number). */
	void (*put_event)(struct buffer *out, const struct journal *journal,
			  uint32_t n, const struct event *event);
	void (*put_text)(struct buffer *out, const struct journal *journal,
			 struct journal_place from, uint32_t last_n);
};

const struct dialect_ops *dialect_ops(enum dialect dialect);
bool dialect_find(struct slice name, enum dialect *dialect);

/* What an event stream begins with: a comment (so that a web server that
 * holds headers until the first byte lets them go) and the retry time. */
void dialect_put_prelude(struct buffer *out, enum dialect dialect);
/* A comment line that no client minds (no blank line after it). */
void dialect_put_heartbeat(struct buffer *out);
/* Asks an EventSource to come back in that time. */
void dialect_put_retry(struct buffer *out, unsigned ms);

/* Encodes events from *place on until the tail or until out holds at least
 * soft_max bytes; *place moves on. Content events that wait together are
 * merged, up to 16 KiB of text a frame. Returns the number of frames. */
unsigned dialect_encode(struct buffer *out, enum dialect dialect,
			const struct journal *journal,
			struct journal_place *place, size_t soft_max);

/* "id: {turn}.{n}\ndata: ": how a numbered frame begins. */
void dialect_put_frame_start(struct buffer *out, const struct journal *journal,
			     uint32_t n);
/* An id without an event: an EventSource remembers it, a page sees nothing. */
void dialect_put_id_alone(struct buffer *out, const struct journal *journal,
			  uint32_t n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The native dialect, and the JSON objects that answers outside a stream
 * share with it (INTERFACE, section 2).
 */
#ifndef LEAT_WIRE_NATIVE_H
#define LEAT_WIRE_NATIVE_H

#include "base/error.h"
#include "wire/dialect.h"

extern const struct dialect_ops native_dialect;

/* {"type":…} of one event, without framing. */
void native_put_object(struct buffer *out, const struct journal *journal,
		       const struct event *event);
/* The `result` object of a final event. */
void native_put_result(struct buffer *out, const struct journal *journal,
		       const struct event_final *final);
/* n, title, heading, url and snippet of a passage, as members: the caller
 * writes the braces and may add more. The snippet is cut at a character. */
void native_put_passage(struct buffer *out, size_t n,
			const struct passage *passage, size_t snippet_max);
/* The error object for a fault that has no turn. */
void native_put_fault(struct buffer *out, const struct fault *fault);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The native dialect, and the JSON objects that answers outside a stream
 * share with it (INTERFACE, section 2).
 */
#ifndef LEAT_WIRE_NATIVE_H
#define LEAT_WIRE_NATIVE_H

#include "base/error.h"
#include "wire/dialect.h"

struct retrieval_result;

extern const struct dialect_ops native_dialect;

/* {"type":…} of one event, without framing. */
void native_put_object(struct buffer *out, const struct journal *journal,
		       const struct event *event);
/* The `result` object of a final event. */
void native_put_result(struct buffer *out, const struct journal *journal,
		       const struct event_final *final);
/* What a search found: {"query":…,"passages":[{"n":1,"title":…,"heading":…,
 * "url":…,"snippet":…,"score":…}]} and a line feed. Snippets are cut at a
 * character. */
void native_put_search(struct buffer *out, struct slice query,
		       const struct retrieval_result *result,
		       size_t snippet_max);
/* The error object for a fault that has no turn. */
void native_put_fault(struct buffer *out, const struct fault *fault);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * One request to the site, and waiting for it: the probes are written as
 * plain steps, and while one waits the others under way go on (the loop runs
 * only inside visit_wait() and visitor_pause()).
 *
 *   start --> open --whole, full, late, cancelled, broken--> done
 *
 * Ctrl-C ends all visits at once; from then on every one ends as it starts.
 */
#ifndef LEAT_DOCTOR_VISIT_H
#define LEAT_DOCTOR_VISIT_H

#include "base/buffer.h"
#include "doctor/measure.h"
#include "doctor/visitor.h"

struct visit_options {
	const char *url;
	const char *headers[3]; /* "Name: value" */
	char *body;		/* memory_alloc(); becomes the visit's */
	size_t body_len;
	const char *accept_encoding;
	bool is_chunked;
	bool is_http_2; /* where it is offered; else HTTP/1.1 */
	bool is_alone;
	unsigned deadline_ms; /* for all of it */
	size_t body_max; /* of the answer; at so much the visit ends well */
	/* Instead of keeping the answer; may call visit_cancel(). */
	void (*on_piece)(void *state, struct slice piece, uint64_t now_us);
	/* Inside it, http_response_header() answers. May be NULL. */
	void (*on_head)(void *state, const struct http_response *response);
	void *state;
};

struct visit {
	struct visitor *visitor;
	struct list node;
	struct visit_options options;
	struct http_headers *headers;
	struct http_request *request;
	struct timer timer;
	struct measure_answer answer;
	struct buffer body;
	uint64_t started_us;
	bool is_open;
	bool is_full; /* body_max was reached */
};

/* The visit must stay where it is until visit_fini(), which waits for
 * nothing: an open one is cancelled first. */
void visit_start(struct visit *visit, struct visitor *visitor,
		 const struct visit_options *options);
void visit_wait(struct visit *visit);
/* Ends it now; answer.failure becomes HTTP_CANCELLED. */
void visit_cancel(struct visit *visit);
void visit_fini(struct visit *visit);

#endif

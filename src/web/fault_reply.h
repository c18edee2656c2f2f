/* SPDX-License-Identifier: ISC */
/*
 * Errors before the first byte, in a form that the client can read.
 */
#ifndef LEAT_WEB_FAULT_REPLY_H
#define LEAT_WEB_FAULT_REPLY_H

#include "base/error.h"

struct buffer;
struct peer;
struct reply_head;
struct request;

/* An HTTP status with the error event's object; for an EventSource, which
 * cannot read a 4xx and never comes back from it, a stream of one error
 * event, or, where waiting helps, of nothing but the time to wait. */
void fault_reply(struct peer *peer, const struct fault *fault);
/* The same for a request (NULL: unknown) that no peer has: head is filled,
 * the body appended. */
void fault_reply_make(const struct request *request, const struct fault *fault,
		      struct reply_head *head, struct buffer *body);

#endif

/* SPDX-License-Identifier: ISC */
#include "web/fault_reply.h"

#include "base/log.h"
#include "web/peer.h"
#include "web/route.h"
#include "web/server_private.h"
#include "wire/native.h"

enum { RETRY_MIN_MS = 5000, RETRY_SPREAD_MS = 10000 };

static bool is_event_source(const struct request *request)
{
	return request && request_is(request, "GET") &&
	       request_wants_events(request);
}

static bool waiting_helps(enum error_code code)
{
	return code == ERROR_RATE_LIMITED || code == ERROR_TOO_MANY_STREAMS ||
	       code == ERROR_OVERLOADED || code == ERROR_DRAINING;
}

/* So that all who were sent away do not come back together. */
static unsigned jittered_ms(void)
{
	char letters[9];

	ids_random(letters, sizeof letters - 1);
	return RETRY_MIN_MS +
	       (unsigned)(ids_hash(slice_of(letters)) % RETRY_SPREAD_MS);
}

/* An EventSource that comes back with what it saw would come back for ever. */
static bool is_told_already(const struct request *request,
			    const struct fault *fault)
{
	return is_event_source(request) && request->last_event_id.len > 0 &&
	       !waiting_helps(fault->code);
}

static void put_stream(struct buffer *body, const struct fault *fault)
{
	buffer_append_string(body, ":\n");
	if (waiting_helps(fault->code)) {
		dialect_put_retry(body, jittered_ms());
		return;
	}
	/* It will ask again, and name this: that is answered with 204. */
	buffer_append_string(body, "id: refused\ndata: ");
	native_put_fault(body, fault);
	buffer_append_string(body, "\n\n");
}

void fault_reply_make(const struct request *request, const struct fault *fault,
		      struct reply_head *head, struct buffer *body)
{
	*head = (struct reply_head){.status = error_http_status(fault->code),
				    .content_type = "application/json",
				    .retry_after_ms = fault->retry_after_ms};
	if (waiting_helps(fault->code) && head->retry_after_ms == 0)
		head->retry_after_ms = RETRY_MIN_MS;
	if (is_told_already(request, fault)) {
		*head = (struct reply_head){.status = 204};
	} else if (is_event_source(request)) {
		head->status = 200;
		head->content_type = "text/event-stream";
		head->is_stream = true;
		put_stream(body, fault);
	} else {
		native_put_fault(body, fault);
		buffer_append_char(body, '\n');
	}
}

void fault_reply(struct peer *peer, const struct fault *fault)
{
	struct reply_head head;
	struct buffer body;

	log_debug("web", "refused: %s %s %s", error_name(fault->code),
		  fault->hint, fault->detail);
	buffer_init(&body, BUFFER_UNLIMITED);
	fault_reply_make(peer->request, fault, &head, &body);
	if (fault->code == ERROR_METHOD_NOT_ALLOWED && head.status != 204)
		head.allow = route_allowed_methods(peer);
	peer_reply(peer, &head, buffer_slice(&body));
	buffer_fini(&body);
}

/* SPDX-License-Identifier: ISC */
#include "web/stream_turn.h"

#include "base/json.h"
#include "core/event.h"
#include "web/server_private.h"
#include "web/stream.h"
#include "wire/native.h"

enum { POLL_MAX_BYTES = 256 * 1024 };

static void on_more(struct journal_reader *reader)
{
	server_mark_pump(LIST_ENTRY(reader, struct peer, reader));
}

static bool is_at_end(const struct peer *peer)
{
	const struct journal *journal = peer->reader.journal;

	return journal_is_ended(journal) &&
	       peer->reader.place.n >= journal_tail(journal);
}

/* The terminal event, once the journal has ended. */
static void read_terminal(const struct journal *journal, struct event *event)
{
	struct journal_place place = {0, 0};

	while (journal_next(journal, &place, event))
		continue;
}

static void put_head(struct peer *peer, struct buffer *out)
{
	const struct dialect_ops *ops = dialect_ops(peer->dialect);
	const struct journal *journal = peer->reader.journal;
	struct reply_head head = {.status = 200,
				  .content_type = ops->content_type,
				  .is_stream = true,
				  .turn = journal_turn_id(journal)};
	struct event event;

	if (!ops->is_event_stream && journal_answer_bytes(journal) == 0) {
		read_terminal(journal, &event);
		if (event.type == EVENT_ERROR) {
			head.status = error_http_status(event.error.code);
			head.retry_after_ms = event.error.retry_after_ms;
		}
	}
	reply_put_head(out, &head, peer->request,
		       peer->server->options.cors_origins);
	dialect_put_prelude(out, peer->dialect);
	stream_head_sent(peer);
}

/* A dialect without comments has nothing to say before the first content. */
static bool may_begin(const struct peer *peer)
{
	return peer->head_sent || dialect_ops(peer->dialect)->is_event_stream ||
	       journal_answer_bytes(peer->reader.journal) > 0 ||
	       journal_is_ended(peer->reader.journal);
}

static void pump_stream(struct peer *peer)
{
	struct server *server = peer->server;
	struct buffer *out = &server->scratch;
	bool is_over = false;

	if (!may_begin(peer))
		return;
	do {
		size_t start;
		unsigned frames;

		buffer_clear(out);
		start = record_begin(out);
		if (!peer->head_sent)
			put_head(peer, out);
		frames = dialect_encode(
		    out, peer->dialect, peer->reader.journal,
		    &peer->reader.place, server->options.max_unwritten_bytes);
		metrics_add(server->metrics, METRIC_FRAMES, frames);
		record_end(out, start, peer->request_id);
		is_over = is_at_end(peer);
		if (is_over)
			record_put_end(out, peer->request_id);
		peer_send(peer, out);
	} while (!is_over && peer->out.len == 0 &&
		 peer->reader.place.n < journal_tail(peer->reader.journal));
	if (is_over) {
		stream_leave(peer);
		peer_finish(peer);
	}
}

static void answer_with(struct peer *peer, const struct event *event)
{
	struct journal *journal = journal_ref(peer->reader.journal);
	struct reply_head head = {.status = 200,
				  .content_type = "application/json",
				  .turn = journal_turn_id(journal)};
	struct buffer body;

	buffer_init(&body, BUFFER_UNLIMITED);
	if (event->type == EVENT_FINAL) {
		native_put_result(&body, journal, &event->final);
	} else {
		head.status = error_http_status(event->error.code);
		head.retry_after_ms = event->error.retry_after_ms;
		native_put_object(&body, journal, event);
	}
	buffer_append_char(&body, '\n');
	stream_leave(peer);
	peer_reply(peer, &head, buffer_slice(&body));
	buffer_fini(&body);
	journal_unref(journal);
}

static void answer_result(struct peer *peer)
{
	struct event event;

	read_terminal(peer->reader.journal, &event);
	answer_with(peer, &event);
}

/* The turn may go on for others, who have more time; this one gets what was
 * said so far. */
static void answer_late(struct peer *peer)
{
	struct event event = {.type = EVENT_ERROR,
			      .error = {.code = ERROR_UPSTREAM_TOTAL_TIMEOUT,
					.is_retryable = error_retryable(
					    ERROR_UPSTREAM_TOTAL_TIMEOUT)}};

	answer_with(peer, &event);
}

static void answer_poll(struct peer *peer)
{
	struct journal *journal = journal_ref(peer->reader.journal);
	struct reply_head head = {.status = 200,
				  .content_type = "application/json",
				  .turn = journal_turn_id(journal)};
	struct buffer body;
	struct event event;

	buffer_init(&body, BUFFER_UNLIMITED);
	buffer_append_string(&body, "{\"events\":[");
	while (body.len < POLL_MAX_BYTES &&
	       journal_next(journal, &peer->reader.place, &event)) {
		json_put_comma(&body);
		native_put_object(&body, journal, &event);
	}
	buffer_append_char(&body, ']');
	json_put_int_member(&body, "next", peer->reader.place.n);
	json_put_bool_member(&body, "ended", is_at_end(peer));
	buffer_append_string(&body, "}\n");
	stream_leave(peer);
	peer_reply(peer, &head, buffer_slice(&body));
	buffer_fini(&body);
	journal_unref(journal);
}

static void pump(struct peer *peer)
{
	const struct journal *journal = peer->reader.journal;

	switch (peer->mode) {
	case PEER_MODE_STREAM:
		pump_stream(peer);
		break;
	case PEER_MODE_RESULT:
		if (journal_is_ended(journal))
			answer_result(peer);
		break;
	case PEER_MODE_POLL:
		if (journal_is_ended(journal) ||
		    peer->reader.place.n < journal_tail(journal))
			answer_poll(peer);
		break;
	}
}

static void heartbeat(struct peer *peer)
{
	if (!peer->head_sent || !dialect_ops(peer->dialect)->is_event_stream)
		peer_touch(peer, &peer->server->streaming);
	else
		stream_send_heartbeats(peer);
}

/* RESULT and POLL have waited long enough. */
static void on_timer(struct peer *peer)
{
	switch (peer->mode) {
	case PEER_MODE_STREAM:
		stream_send_heartbeat(peer);
		break;
	case PEER_MODE_POLL:
		answer_poll(peer);
		break;
	case PEER_MODE_RESULT:
		answer_late(peer);
		break;
	}
}

static void leave(struct peer *peer)
{
	struct turn *turn = peer->turn;

	peer->turn = NULL;
	turn_detach(turn, &peer->reader);
}

static const struct stream_ops turn_ops = {pump, heartbeat, on_timer, leave};

void stream_turn_start(struct peer *peer, const struct stream_turn *options)
{
	struct fault fault;

	peer->turn = options->turn;
	peer->dialect = options->dialect;
	peer->mode = options->mode;
	if (!turn_attach(options->turn, &peer->reader, options->after_n,
			 on_more)) {
		peer->turn = NULL;
		stream_leave(peer);
		fault_set(&fault, ERROR_TOO_MANY_STREAMS, "readers of a turn");
		peer_reply_fault(peer, &fault);
		return;
	}
	stream_begin(peer, &turn_ops, NULL);
	if (peer->mode != PEER_MODE_STREAM) {
		peer_touch(peer, &peer->server->waiting);
		timer_start(&peer->timer, options->wait_ms);
	}
}

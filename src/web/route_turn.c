/* SPDX-License-Identifier: ISC */
#include "web/route_turn.h"

#include "base/text.h"
#include "web/route.h"
#include "web/server_private.h"
#include "web/stream.h"
#include "web/stream_turn.h"

static bool is_self(const struct server *server, struct turn_place place)
{
	return place.slot == server->self.slot &&
	       place.incarnation == server->self.incarnation;
}

/* Hands the peer over; the peer is gone or answered afterwards. */
static void hand_over(struct peer *peer, struct turn_place owner, bool *is_gone)
{
	struct server *server = peer->server;
	struct fault fault;
	enum hand_over_result result;

	*is_gone = false;
	watch_set(peer->watch, 0);
	result = server->hooks.hand_over(server->hooks.state, owner, peer->fd,
					 record_request(&peer->in));
	if (result == HAND_OVER_SENT) {
		metrics_inc(server->metrics, METRIC_HANDOVERS_OUT);
		peer_release(peer);
		return;
	}
	watch_set(peer->watch, WATCH_READ | WATCH_GONE);
	if (result == HAND_OVER_GONE) {
		*is_gone = true;
		return;
	}
	fault_set(&fault, ERROR_OVERLOADED, "the turn's worker is busy");
	fault.retry_after_ms = 1000;
	peer_reply_fault(peer, &fault);
}

static void answer_busy(struct peer *peer)
{
	struct fault fault;

	fault_set(&fault, ERROR_OVERLOADED, "the turn's worker is busy");
	peer_reply_fault(peer, &fault);
}

/* A request came back, and its turn must not be begun here. An id that the
 * client chose has another owner in a moment, which would begin it, too. */
static bool is_owner_missing(const struct peer *peer, struct slice id)
{
	return peer->adopted_why == ADOPT_OWNER_BUSY ||
	       (peer->adopted_why == ADOPT_OWNER_GONE &&
		ids_is_client_turn(id));
}

enum route_finding route_turn_find(struct peer *peer, struct slice id,
				   struct turn **turn)
{
	struct server *server = peer->server;
	struct turn_place owner;
	bool is_gone = true;

	*turn = chat_find(server->chat, id);
	if (*turn)
		return FOUND_HERE;
	if (peer->is_adopted) {
		if (!is_owner_missing(peer, id))
			return FOUND_NOWHERE;
		answer_busy(peer);
		return FOUND_ELSEWHERE;
	}
	if (!server->hooks.hand_over)
		return FOUND_NOWHERE;
	if (ids_read_turn(id, &owner)) {
		if (owner.incarnation == 0)
			return FOUND_NOWHERE; /* no worker ever had it */
	} else {
		if (!ids_is_client_turn(id) || !server->hooks.owner_of)
			return FOUND_NOWHERE;
		owner =
		    server->hooks.owner_of(server->hooks.state, ids_hash(id));
	}
	if (!is_self(server, owner))
		hand_over(peer, owner, &is_gone);
	return is_gone ? FOUND_NOWHERE : FOUND_ELSEWHERE;
}

void route_turn_attach(struct peer *peer, struct turn *turn, uint32_t after_n,
		       enum dialect dialect)
{
	struct stream_turn options = {.turn = turn,
				      .after_n = after_n,
				      .dialect = dialect,
				      .mode = PEER_MODE_STREAM};
	struct fault fault;

	if (turn_is_ended(turn) && after_n >= journal_tail(turn_journal(turn)))
		peer_reply_empty(peer, 204);
	else if (!stream_admit(peer, 1, &fault))
		peer_reply_fault(peer, &fault);
	else
		stream_turn_start(peer, &options);
}

static void answer_missing(struct peer *peer, struct slice id)
{
	struct turn_place ignored;
	struct fault fault;

	if (ids_read_turn(id, &ignored) || ids_is_client_turn(id))
		fault_set_hint(
		    &fault, ERROR_GONE,
		    "The turn has ended and is forgotten, or never was.");
	else
		fault_set_hint(&fault, ERROR_NOT_FOUND,
			       "This is not the id of a turn.");
	peer_reply_fault(peer, &fault);
}

void route_turn_stop(struct peer *peer, struct slice id)
{
	struct turn *turn;

	switch (route_turn_find(peer, id, &turn)) {
	case FOUND_HERE:
		turn_stop(turn);
		peer_reply_empty(peer, 204);
		break;
	case FOUND_NOWHERE:
		answer_missing(peer, id);
		break;
	case FOUND_ELSEWHERE:
		break;
	}
}

/* offset, wait and format of a GET chat/{turn}/stream. */
struct stream_query {
	uint64_t after_n;
	uint64_t wait_s;
	bool is_poll;
	enum dialect dialect;
};

/* -1 is the beginning, as Durable Streams write it. */
static bool read_offset(struct stream_query *query, struct slice value)
{
	if (!slice_is(value, "-1"))
		return text_parse_uint(value, &query->after_n) &&
		       query->after_n <= UINT32_MAX;
	query->after_n = 0;
	return true;
}

static bool read_one(void *state, struct slice name, struct slice value,
		     struct fault *fault)
{
	struct stream_query *query = state;

	if (slice_is(name, "offset")) {
		if (!read_offset(query, value))
			return fault_set_hint(fault, ERROR_BAD_REQUEST,
					      "\"offset\" must be a number.");
	} else if (slice_is(name, "wait")) {
		if (!text_parse_uint(value, &query->wait_s))
			return fault_set_hint(
			    fault, ERROR_BAD_REQUEST,
			    "\"wait\" must be a number of seconds.");
		if (query->wait_s > UINT32_MAX)
			query->wait_s = UINT32_MAX;
	} else if (slice_is(name, "live")) {
		query->is_poll = slice_is(value, "long-poll");
		if (!query->is_poll && !slice_is(value, "sse"))
			return fault_set_hint(
			    fault, ERROR_BAD_REQUEST,
			    "\"live\" must be long-poll or sse.");
	} else if (slice_is(name, "format")) {
		if (!dialect_find(value, &query->dialect))
			return fault_set_hint(
			    fault, ERROR_BAD_REQUEST,
			    "\"format\" must be native, simple or text.");
	} else {
		return fault_set_hint(
		    fault, ERROR_UNSUPPORTED_FIELD,
		    "Only offset, live, wait and format are supported.");
	}
	return true;
}

static void poll_turn(struct peer *peer, struct turn *turn,
		      const struct stream_query *query)
{
	unsigned max_ms = peer->server->options.long_poll_ms;
	struct stream_turn options = {.turn = turn,
				      .after_n = (uint32_t)query->after_n,
				      .mode = PEER_MODE_POLL,
				      .wait_ms =
					  query->wait_s * 1000 < max_ms
					      ? (unsigned)query->wait_s * 1000
					      : max_ms};
	struct fault fault;

	turn_linger(turn);
	if (stream_admit(peer, 1, &fault))
		stream_turn_start(peer, &options);
	else
		peer_reply_fault(peer, &fault);
}

void route_turn_stream(struct peer *peer, struct slice id)
{
	struct stream_query query = {.wait_s = UINT32_MAX};
	struct slice last = peer->request->last_event_id;
	struct slice last_turn;
	struct fault fault;
	struct turn *turn;
	uint32_t last_n;

	if (!route_read_query(peer, read_one, &query, &fault)) {
		peer_reply_fault(peer, &fault);
		return;
	}
	if (ids_read_event(last, &last_turn, &last_n) &&
	    slice_equal(last_turn, id))
		query.after_n = last_n;
	switch (route_turn_find(peer, id, &turn)) {
	case FOUND_HERE:
		if (query.is_poll)
			poll_turn(peer, turn, &query);
		else
			route_turn_attach(peer, turn, (uint32_t)query.after_n,
					  query.dialect);
		break;
	case FOUND_NOWHERE:
		/* An EventSource that comes back asks until it gets 204. */
		if (last.len)
			peer_reply_empty(peer, 204);
		else
			answer_missing(peer, id);
		break;
	case FOUND_ELSEWHERE:
		break;
	}
}

/* SPDX-License-Identifier: ISC */
#include "web/peer_read.h"

#include <errno.h>
#include <sys/socket.h>

#include "web/route.h"
#include "web/server_private.h"

enum {
	DRAINS_PER_EVENT = 8,
	/* No web server sends a next request before it has its answer; one may
	 * wait, more is nonsense. */
	AFTER_REQUEST_MAX = 64 * 1024
};

/* An answer to a request that was not read to its end. Before one has begun
 * there is nobody to tell. */
static void refuse(struct peer *peer, const struct fault *fault)
{
	if (!peer->in.has_begun) {
		peer_close(peer);
		return;
	}
	peer->request_id = peer->in.request_id;
	peer_cut(peer);
	peer_reply_fault(peer, fault);
}

static void reject(struct peer *peer, enum record_status status)
{
	const struct server_options *options = &peer->server->options;
	struct fault fault;

	metrics_inc(peer->server->metrics, METRIC_REQUESTS_BROKEN);
	switch (status) {
	case RECORD_PARAMS_TOO_LARGE:
		fault_set_hint(&fault, ERROR_TOO_LARGE,
			       "Its headers take more than %zu bytes.",
			       options->max_params_bytes);
		break;
	case RECORD_BODY_TOO_LARGE:
		fault_set_hint(&fault, ERROR_TOO_LARGE,
			       "Its body has more than %zu bytes.",
			       options->max_body_bytes);
		break;
	default:
		fault_set(&fault, ERROR_BAD_REQUEST, "malformed record");
	}
	refuse(peer, &fault);
}

void peer_read_late(struct peer *peer)
{
	struct fault fault;

	metrics_inc(peer->server->metrics, METRIC_REQUESTS_BROKEN);
	fault_set(&fault, ERROR_REQUEST_TIMEOUT, "request");
	refuse(peer, &fault);
}

static enum record_status look(struct peer *peer)
{
	const struct server_options *options = &peer->server->options;
	struct record_limits limits = {options->max_params_bytes,
				       options->max_body_bytes};

	return record_scan(&peer->in, &limits);
}

void peer_read_make_way(struct peer *peer)
{
	struct fault fault;

	metrics_inc(peer->server->metrics, METRIC_REQUESTS_BROKEN);
	/* Whom to answer stands in the first bytes. */
	if (!peer->in.has_begun)
		look(peer);
	fault_set(&fault, ERROR_OVERLOADED, "no room to read it");
	fault.retry_after_ms = 1000;
	refuse(peer, &fault);
}

/* What has taken longest to come goes first: whoever fills the room with
 * requests that never end sends himself away, and not those who come now.
 * False: that was this one. */
static bool make_room(struct peer *peer)
{
	struct server *server = peer->server;

	while (server->held_bytes > server->options.max_held_bytes) {
		struct peer *victim = server_oldest_holder(server);

		if (!victim)
			victim = peer;
		peer_read_make_way(victim);
		if (victim == peer)
			return false;
	}
	return true;
}

void peer_read_answer(struct peer *peer, const struct fault *fault)
{
	struct server *server = peer->server;

	metrics_inc(server->metrics, METRIC_REQUESTS);
	peer->state = PEER_WORKING;
	peer_touch(peer, &server->waiting);
	if (peer->is_adopted && server->hooks.taken &&
	    peer->adopted_why == ADOPT_OWN)
		server->hooks.taken(server->hooks.state, peer->hand_over_id);
	if (fault)
		peer_reply_fault(peer, fault);
	else
		route_request(peer);
}

static void start_work(struct peer *peer)
{
	struct fault fault;
	bool is_ok;

	peer->request_id = peer->in.request_id;
	peer->keeps_connection = peer->in.keeps_connection;
	peer->has_records = true;
	peer->request = request_new();
	is_ok = request_decode(peer->request, record_request(&peer->in),
			       peer->server->options.max_body_bytes, &fault);
	peer_read_answer(peer, is_ok ? NULL : &fault);
}

void peer_read_scan(struct peer *peer)
{
	struct server *server = peer->server;
	enum record_status status = look(peer);

	switch (status) {
	case RECORD_MORE:
		break;
	case RECORD_COMPLETE:
		/* Taken back in the same breath: it must cost nothing. */
		if (record_aborts(&peer->in, peer->in.request_id)) {
			metrics_inc(server->metrics, METRIC_REQUESTS_BROKEN);
			peer_close(peer);
		} else {
			start_work(peer);
		}
		break;
	case RECORD_UNKNOWN_ROLE:
		buffer_clear(&server->scratch);
		record_put_unknown_role(&server->scratch, peer->in.request_id);
		peer->is_cut = true;
		peer_send(peer, &server->scratch);
		peer_finish(peer);
		break;
	case RECORD_ABORTED:
		metrics_inc(server->metrics, METRIC_REQUESTS_BROKEN);
		peer_close(peer);
		break;
	default:
		reject(peer, status);
	}
}

void peer_read_end(struct peer *peer)
{
	if (peer->state == PEER_READING && peer->in.has_begun)
		metrics_inc(peer->server->metrics, METRIC_REQUESTS_BROKEN);
	if (peer->state == PEER_STREAMING || peer->state == PEER_WORKING)
		metrics_inc(peer->server->metrics, METRIC_READERS_LEFT);
	peer_close(peer);
}

/* Reads and throws away; bounded by the sweep. */
static void drain(struct peer *peer)
{
	ssize_t got = 1;

	for (int i = 0; i < DRAINS_PER_EVENT && got > 0; i++)
		got = recv(peer->fd, peer->server->received,
			   SERVER_RECEIVE_BYTES, MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		peer_close(peer);
}

/* Bytes that came while an answer is under way: only its end is of interest;
 * a next request may wait, but not much more. */
static void look_ahead(struct peer *peer)
{
	if (record_aborts(&peer->in, peer->request_id) ||
	    peer->in.bytes.len - peer->in.kept > AFTER_REQUEST_MAX)
		peer_read_end(peer);
}

static void take_request_bytes(struct peer *peer)
{
	if (peer->is_idle)
		peer_touch(peer, &peer->server->reading);
	peer->is_idle = false;
	server_hold(peer->server, peer, peer->in.bytes.cap);
	if (make_room(peer))
		peer_read_scan(peer);
}

/* One piece an event: what is left brings the next event. */
void peer_read(struct peer *peer)
{
	struct server *server = peer->server;
	ssize_t got;

	if (peer->state == PEER_DRAINING ||
	    (peer->state == PEER_FLUSHING && peer->is_cut)) {
		drain(peer);
		return;
	}
	do
		got = recv(peer->fd, server->received, SERVER_RECEIVE_BYTES,
			   MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		peer_read_end(peer);
		return;
	}
	buffer_append(&peer->in.bytes, server->received, (size_t)got);
	if (peer->state == PEER_READING)
		take_request_bytes(peer);
	else
		look_ahead(peer);
}

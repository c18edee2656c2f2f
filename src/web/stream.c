/* SPDX-License-Identifier: ISC */
#include "web/stream.h"

#include "base/log.h"
#include "web/address.h"
#include "web/server_private.h"

enum { SECOND_HEARTBEAT_MS = 100 };

uint64_t stream_address_key(const struct peer *peer)
{
	const char *const *proxies = peer->server->options.trusted_proxies;
	const struct request *request = peer->request;

	return address_key(
	    address_of_client(request->remote_address, request->forwarded_for,
			      proxies[0] ? proxies : address_near));
}

/* Behind a proxy that nobody told us of, its visitors share one address. */
static void note_refused(struct peer *peer)
{
	struct server *server = peer->server;

	if (peer->request->forwarded_for.len == 0 ||
	    server->options.trusted_proxies[0] || server->has_named_proxy)
		return;
	server->has_named_proxy = true;
	log_warn("web",
		 "%u streams are open from %.*s, and more were refused: if "
		 "this is a proxy or a CDN, list it in trusted_proxies",
		 server->options.max_streams_per_address,
		 (int)peer->request->remote_address.len,
		 peer->request->remote_address.data);
}

static bool admit_address(struct peer *peer, struct fault *fault)
{
	struct server *server = peer->server;
	unsigned limit = server->options.max_streams_per_address;
	uint64_t key;

	if (limit == 0 || !server->hooks.address_acquire)
		return true;
	key = stream_address_key(peer);
	if (key == 0)
		return true;
	if (!server->hooks.address_acquire(server->hooks.state, key, limit)) {
		note_refused(peer);
		return fault_set(fault, ERROR_TOO_MANY_STREAMS,
				 "%u from one address", limit);
	}
	peer->address_key = key;
	peer->counts_address = true;
	return true;
}

static void release(struct peer *peer)
{
	const struct server_hooks *hooks = &peer->server->hooks;

	if (peer->counts_address)
		hooks->address_release(hooks->state, peer->address_key);
	if (peer->is_admitted && hooks->stream_release)
		hooks->stream_release(hooks->state);
	peer->counts_address = false;
	peer->is_admitted = false;
}

/* 0 stays "no limit", and of a small room there is always one place. */
static unsigned part_of(unsigned limit, unsigned share)
{
	return limit / share + (limit % share != 0);
}

bool stream_admit(struct peer *peer, unsigned share, struct fault *fault)
{
	struct server *server = peer->server;
	unsigned own_limit = part_of(server->options.max_streams, share);
	unsigned limit = part_of(server->options.max_all_streams, share);

	if (server->is_interrupting)
		return fault_set(fault, ERROR_DRAINING, "draining");
	if (own_limit && server->stream_count >= own_limit)
		return fault_set(fault, ERROR_OVERLOADED, "%u streams",
				 server->stream_count);
	if (server->hooks.stream_acquire &&
	    !server->hooks.stream_acquire(server->hooks.state, limit))
		return fault_set(fault, ERROR_OVERLOADED,
				 "%u streams in all workers", limit);
	peer->is_admitted = true;
	if (admit_address(peer, fault))
		return true;
	release(peer);
	return false;
}

void stream_begin(struct peer *peer, const struct stream_ops *ops, void *state)
{
	peer->stream = ops;
	peer->stream_state = state;
	peer->hides_leaving = request_hides_leaving(peer->request);
	peer_drop_records(peer);
	peer->state = PEER_STREAMING;
	server_count_stream(peer->server, 1);
	peer_touch(peer, &peer->server->streaming);
	server_mark_pump(peer);
}

void stream_leave(struct peer *peer)
{
	const struct stream_ops *ops = peer->stream;

	release(peer);
	if (!ops)
		return;
	peer->stream = NULL;
	server_count_stream(peer->server, -1);
	timer_stop(&peer->timer);
	ops->leave(peer);
}

void stream_head_sent(struct peer *peer)
{
	peer->head_sent = true;
	request_free(peer->request);
	peer->request = NULL;
}

void stream_send_heartbeat(struct peer *peer)
{
	struct buffer *out = &peer->server->scratch;
	size_t start;

	buffer_clear(out);
	start = record_begin(out);
	dialect_put_heartbeat(out);
	record_end(out, start, peer->request_id);
	metrics_inc(peer->server->metrics, METRIC_HEARTBEATS);
	peer_send(peer, out);
}

void stream_send_heartbeats(struct peer *peer)
{
	stream_send_heartbeat(peer);
	if (peer->hides_leaving)
		timer_start(&peer->timer, SECOND_HEARTBEAT_MS);
}

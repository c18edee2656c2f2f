/* SPDX-License-Identifier: ISC */
/*
 * A peer that is answered with a stream: who may have one, its beginning, its
 * heartbeats, its end. What is streamed is another's matter: a turn's journal
 * (stream_turn.h) or a selftest (stream_selftest.h).
 */
#ifndef LEAT_WEB_STREAM_H
#define LEAT_WEB_STREAM_H

#include "web/peer.h"

/* After each of these but leave() the peer may be gone. */
struct stream_ops {
	/* There may be something to write, and the socket takes it. */
	void (*pump)(struct peer *peer);
	/* Nothing was written for a while: writes, or peer_touch()es. */
	void (*heartbeat)(struct peer *peer);
	/* peer->timer has rung. */
	void (*on_timer)(struct peer *peer);
	/* The end, whoever wanted it: gives back what the stream holds. */
	void (*leave)(struct peer *peer);
};

/* May one more reader be served? False and a fault: overloaded,
 * too_many_streams, draining. True: stream_leave() pairs with it. share: only
 * while not more than one part in so many of the room is taken; 1 is all. */
bool stream_admit(struct peer *peer, unsigned share, struct fault *fault);
/* By which its streams are counted: the visitor's address. Where no proxies
 * are configured, those on this machine and in private networks are believed
 * (for this alone: a wrong count locks nobody in or out of anything else).
 * 0: it has none. */
uint64_t stream_address_key(const struct peer *peer);
/* The admitted peer streams from now on; its first pump() comes with this
 * pass. state: peer->stream_state. */
void stream_begin(struct peer *peer, const struct stream_ops *ops, void *state);
/* Counts it no longer; nothing if it was not admitted. */
void stream_leave(struct peer *peer);

/* The head is in what is sent: the request has served. */
void stream_head_sent(struct peer *peer);
void stream_send_heartbeat(struct peer *peer);
/* One, and where the web server hides a client that leaves a second one a
 * moment later, by peer->timer. */
void stream_send_heartbeats(struct peer *peer);

#endif

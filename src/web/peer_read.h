/* SPDX-License-Identifier: ISC */
/*
 * Reading: what a peer sends, until a request is complete, and its end
 * while an answer is under way. The peer may be gone after each of these.
 */
#ifndef LEAT_WEB_PEER_READ_H
#define LEAT_WEB_PEER_READ_H

#include "web/peer.h"

/* The descriptor has bytes, or its end. */
void peer_read(struct peer *peer);
/* Goes on with the bytes that are there. */
void peer_read_scan(struct peer *peer);
/* peer->request is there: it goes to its route, or the fault is the answer
 * (NULL: none). */
void peer_read_answer(struct peer *peer, const struct fault *fault);
/* Another request needs its room: overloaded, or closed where none has
 * begun. The peer may be gone afterwards. */
void peer_read_make_way(struct peer *peer);
/* The request is not complete in time. */
void peer_read_late(struct peer *peer);
/* The peer has left: counted, and closed. */
void peer_read_end(struct peer *peer);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A peer that reads a turn's journal: as a stream, for one result at the
 * end, or for the events there are.
 */
#ifndef LEAT_WEB_STREAM_H
#define LEAT_WEB_STREAM_H

#include <stdint.h>

#include "web/peer.h"

struct stream_options {
	struct turn *turn;
	uint32_t after_n;
	enum dialect dialect;
	enum peer_mode mode;
	unsigned wait_ms; /* RESULT and POLL */
};

/* The peer becomes a reader of the turn; answers by itself from now on.
 * Refusals (too many readers) are answered too. */
void stream_start(struct peer *peer, const struct stream_options *options);
/* Writes what there is; the peer may be gone afterwards. */
void stream_pump(struct peer *peer);
/* Leaves the journal, if it reads one. */
void stream_leave(struct peer *peer);
void stream_heartbeat(struct peer *peer);
/* RESULT and POLL have waited long enough. */
void stream_on_timer(void *peer);

/* May one more reader be served? False and a fault: overloaded,
 * too_many_streams, draining. */
bool stream_admit(struct peer *peer, struct fault *fault);

#endif

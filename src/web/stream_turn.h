/* SPDX-License-Identifier: ISC */
/*
 * A peer that reads a turn's journal: as a stream, for one result at the
 * end, or for the events there are.
 */
#ifndef LEAT_WEB_STREAM_TURN_H
#define LEAT_WEB_STREAM_TURN_H

#include <stdint.h>

#include "web/peer.h"

struct stream_turn {
	struct turn *turn;
	uint32_t after_n;
	enum dialect dialect;
	enum peer_mode mode;
	unsigned wait_ms; /* RESULT and POLL */
};

/* The peer, which was admitted, becomes a reader of the turn; answers by
 * itself from now on. Refusals (too many readers) are answered too. */
void stream_turn_start(struct peer *peer, const struct stream_turn *options);

#endif

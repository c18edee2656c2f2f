/* SPDX-License-Identifier: ISC */
/*
 * A stream without a turn: frames at a measured pace, or silence, so that
 * `leat doctor` can see from outside what the web server does with them.
 */
#ifndef LEAT_WEB_STREAM_SELFTEST_H
#define LEAT_WEB_STREAM_SELFTEST_H

#include "web/peer.h"

enum {
	STREAM_SELFTEST_MAX = 16, /* in one process */
	/* Half of the room for streams is kept for who asks something. */
	STREAM_SELFTEST_SHARE = 2
};

struct stream_selftest {
	unsigned frames;
	unsigned every_ms;
	unsigned frame_bytes; /* each is at least that long */
	unsigned silent_ms;   /* before the first, without heartbeats */
	unsigned wait_ms;     /* before the first, with them */
};

/* Answers by itself from now on; refusals are answered too. */
void stream_selftest_start(struct peer *peer,
			   const struct stream_selftest *plan);
/* Those of all peers come to their end now. */
void stream_selftest_end_all(struct server *server);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What the files of the server share.
 */
#ifndef LEAT_WEB_SERVER_PRIVATE_H
#define LEAT_WEB_SERVER_PRIVATE_H

#include "base/buffer.h"
#include "base/list.h"
#include "chat/chat.h"
#include "io/loop.h"
#include "web/peer.h"
#include "web/server.h"

enum { SERVER_LISTENERS_MAX = 8, SERVER_RECEIVE_BYTES = 64 * 1024 };

struct listener {
	struct server *server;
	int fd;
	struct watch *watch;
	struct timer pause; /* not polling for a moment */
	bool must_accept;   /* after a pause one is taken whatever the mean */
};

struct server {
	struct loop *loop;
	struct server_options options;
	struct server_hooks hooks;
	struct chat *chat;
	struct metrics *metrics;
	struct turn_place self;

	struct listener listeners[SERVER_LISTENERS_MAX];
	unsigned listener_count;
	int reserve_fd;

	struct list peers;
	unsigned peer_count;
	unsigned stream_count;
	unsigned selftest_count;
	size_t held_bytes;

	/* Peers by age, oldest first. */
	struct list reading;   /* since the request began */
	struct list idle;      /* kept alive, no request begun */
	struct list streaming; /* since the last write */
	struct list slow;      /* since the socket last took something */
	struct list draining;
	struct list waiting; /* no clock of the server's runs for them */
	struct timer sweep;

	struct list pump;      /* peers whose journal has more */
	char *received;	       /* SERVER_RECEIVE_BYTES, for any peer */
	struct buffer scratch; /* one pass's bytes of one peer */

	bool has_named_proxy; /* the log says so once */
	bool is_draining;
	bool is_interrupting;
	struct timer drain_timer;
	void (*on_drained)(void *state);
	void *drained_state;
};

/* So many bytes are held for the request that the peer sends. */
void server_hold(struct server *server, struct peer *peer, size_t bytes);
/* Of the peers whose requests are being read and hold bytes, the one that has
 * taken longest; NULL: there is none. */
struct peer *server_oldest_holder(const struct server *server);
void server_mark_pump(struct peer *peer);
void server_on_peer_gone(struct server *server);
void server_count_stream(struct server *server, int delta);

#endif

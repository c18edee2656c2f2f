/* SPDX-License-Identifier: ISC */
/*
 * A peer: one connection from the web server, one request at a time.
 *
 *   READING --> WORKING --stream_begin()--> STREAMING
 *    ^   |          |                           |
 *    |   +-refused--+-------one answer----------+--> FLUSHING --> closed
 *    |                                                |  |
 *    +---------the connection is kept-----------------+  +--cut--> DRAINING
 *
 * READING waits for a complete request; WORKING: a route has it and owes an
 * answer; STREAMING: the peer follows a stream, of whatever kind (stream.h);
 * FLUSHING: the reply is complete and its last bytes leave; DRAINING: what the
 * web server still sends is thrown away for a moment, so that it sees our
 * answer instead of a reset.
 *
 * Whatever happens, peer_close() is the one end: it tells the route's work
 * (on_gone), leaves the stream and frees.
 */
#ifndef LEAT_WEB_PEER_H
#define LEAT_WEB_PEER_H

#include "base/buffer.h"
#include "base/list.h"
#include "chat/chat.h"
#include "io/loop.h"
#include "web/record.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/server.h"
#include "wire/dialect.h"

struct stream_ops;

enum peer_state {
	PEER_READING,
	PEER_WORKING,
	PEER_STREAMING,
	PEER_FLUSHING,
	PEER_DRAINING
};

/* What a peer does with the journal that it reads. */
enum peer_mode {
	PEER_MODE_STREAM, /* every event, as it comes */
	PEER_MODE_RESULT, /* one JSON answer at the end */
	PEER_MODE_POLL	  /* the events there are, at once or a little later */
};

struct peer {
	struct server *server;
	int fd;
	struct watch *watch;
	enum peer_state state;
	struct list node;      /* all peers of the server */
	struct list time_node; /* one of the server's lists by age */
	struct list pump_node; /* has something to write */
	uint64_t since_ms;     /* age in that list */

	struct record_reader in;
	uint16_t request_id;
	bool keeps_connection;
	bool head_sent;
	bool is_raw;		 /* no FastCGI: peer_open_raw() */
	bool is_cut;		 /* the request was not read to its end */
	struct request *request; /* NULL once the head was sent */
	struct buffer out;	 /* what the socket did not take */
	size_t held_bytes;	 /* counted in server->held_bytes */

	enum server_adopt adopted_why;
	bool is_adopted;
	uint64_t hand_over_id;

	/* A route's pending work; on_gone is called once if the peer goes
	 * before the work has answered. */
	void *work;
	void (*on_gone)(struct peer *peer);

	const struct stream_ops *stream; /* while STREAMING; else NULL */
	void *stream_state;
	struct turn *turn;
	struct journal_reader reader;
	enum dialect dialect;
	enum peer_mode mode;
	struct timer timer; /* RESULT and POLL: when to answer at the latest;
			     * STREAM: the second heartbeat of a pair */
	uint64_t address_key;
	bool is_admitted; /* counts as a stream */
	bool counts_address;
	bool hides_leaving; /* heartbeats come in pairs */
	bool is_idle;	    /* kept alive, and no request has begun */
	bool has_records;   /* `in` still holds the request */
};

struct peer *peer_open(struct server *server, int fd);
/* For the one request of a CGI program, which was read and is the peer's from
 * now on. Replies go to fd (a pipe, a socket or a file) as they are. */
struct peer *peer_open_raw(struct server *server, int fd,
			   struct request *request);
void peer_close(struct peer *peer);
/* A request that another worker read. */
void peer_adopt(struct peer *peer, struct slice bytes, uint64_t hand_over_id,
		enum server_adopt why);
/* The descriptor went to another worker: close our copy, say nothing. */
void peer_release(struct peer *peer);

/* What came of a request that will not be read to its end is forgotten; its
 * answer is to come, and then the connection is closed. */
void peer_cut(struct peer *peer);
/* The records have served: their memory goes. */
void peer_drop_records(struct peer *peer);

/* One whole answer. After each of these the peer may be gone. */
void peer_reply(struct peer *peer, const struct reply_head *head,
		struct slice body);
void peer_reply_json(struct peer *peer, int status, struct slice body);
void peer_reply_empty(struct peer *peer, int status);
/* The error in the form the client can read (INTERFACE, "Errors"). */
void peer_reply_fault(struct peer *peer, const struct fault *fault);

/* Sends what a record holds: content is the encoded part of a reply. */
void peer_send(struct peer *peer, struct buffer *framed);
/* END_REQUEST is in what was sent: back to READING, or close. The peer may
 * be gone afterwards. */
void peer_finish(struct peer *peer);
/* Goes on where a pass left off. The peer may be gone afterwards. */
void peer_run(struct peer *peer);
/* Moves into one of the server's lists by age, as of now. */
void peer_touch(struct peer *peer, struct list *list);

#endif

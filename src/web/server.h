/* SPDX-License-Identifier: ISC */
/*
 * The FastCGI server of one worker: accepts peers, reads requests without
 * blocking, answers them through chat/. It knows nothing of processes: what
 * the pool offers comes in as hooks.
 */
#ifndef LEAT_WEB_SERVER_H
#define LEAT_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/metrics.h"
#include "base/slice.h"

struct chat;
struct loop;
struct server;

enum { SERVER_LIST_MAX = 32 };

struct server_options {
	const char *mount; /* "/ask"; NULL or "": found from the request */
	const char *cors_origins[SERVER_LIST_MAX + 1];	/* NULL ends */
	const char *metrics_allow[SERVER_LIST_MAX + 1]; /* CIDR or address */
	const char *trusted_proxies[SERVER_LIST_MAX + 1];
	const char *routes_off[SERVER_LIST_MAX + 1]; /* names of routes */
	size_t max_params_bytes;		     /* 64 KiB */
	size_t max_body_bytes;			     /* 8 MiB */
	size_t max_held_bytes;	     /* of all requests being read: 64 MiB */
	size_t max_unwritten_bytes;  /* per reader: 16 KiB */
	unsigned request_timeout_ms; /* 10 s */
	unsigned heartbeat_ms;	     /* 10 s */
	unsigned write_timeout_ms;   /* 60 s */
	unsigned long_poll_ms;	     /* 30 s */
	unsigned answer_timeout_ms;  /* not streaming: 100 s */
	unsigned max_streams;	     /* open readers, this worker */
	unsigned max_all_streams;    /* all workers; 0: no limit */
	unsigned max_unanswered;     /* connections without an answer under
				      * way; 0: no limit */
	unsigned max_streams_per_address; /* 0: no limit */
	size_t max_query_bytes;		  /* 8 KiB */
	unsigned max_messages;		  /* 200 */
	bool allow_system_role;
	bool ends_with_reply;	      /* no later request reaches a turn */
	const char *process;	      /* "pool", "alone" or "cgi": a word for
				       * whoever asks; decides nothing */
	unsigned max_selftests;	      /* at a time, per address: 4 */
	unsigned selftest_timeout_ms; /* 130 s */
	const char *notes_dir; /* where selftests leave notes; absolute */
};

enum hand_over_result {
	HAND_OVER_SENT, /* the descriptor went; the caller closes its copy */
	HAND_OVER_GONE, /* the owner died: 410 */
	HAND_OVER_BUSY	/* the owner is full or does not answer: 503 */
};

/* What a pool offers its worker; state is passed back. Each hook may be NULL
 * (one process alone). */
struct server_hooks {
	void *state;
	/* Another accept now? False: ask again in a millisecond. */
	bool (*may_accept)(void *state);
	/* The worker to which a client-chosen turn id belongs. */
	struct turn_place (*owner_of)(void *state, uint64_t hash);
	/* The peer's descriptor and the bytes read from it so far go to the
	 * worker that owns the turn. */
	enum hand_over_result (*hand_over)(void *state, struct turn_place owner,
					   int fd, struct slice bytes);
	/* The handed-over request with this number is being answered here:
	 * called before the first byte of the reply. */
	void (*taken)(void *state, uint64_t hand_over_id);
	/* Sum of all workers' counters. */
	void (*sum_metrics)(void *state, struct metrics *out);
	/* One more open stream, unless all workers together have `limit`
	 * already (0: no limit); false: refused. release pairs with true. */
	bool (*stream_acquire)(void *state, unsigned limit);
	void (*stream_release)(void *state);
	/* One more open stream for this address over all workers, unless it
	 * has `limit` already; false: refused. release pairs with true. */
	bool (*address_acquire)(void *state, uint64_t key, unsigned limit);
	void (*address_release)(void *state, uint64_t key);
	/* Open connections changed: for accept balance and status. */
	void (*on_open_count)(void *state, unsigned open);
};

/* Borrowed; each outlives the server. */
struct server_parts {
	struct loop *loop;
	struct chat *chat;
	struct metrics *metrics;
	struct turn_place self;
};

/* options, hooks (may be NULL) and parts are copied. */
struct server *server_new(const struct server_options *options,
			  const struct server_hooks *hooks,
			  const struct server_parts *parts);
void server_free(struct server *server); /* nothing is open any more */

/* Starts accepting on a listening socket; at most 8. The caller keeps the
 * descriptor, which becomes non-blocking. */
bool server_listen(struct server *server, int fd);

/* A request that another worker read. fd is the server's from now on; bytes
 * are copied. */
enum server_adopt { ADOPT_OWN, ADOPT_OWNER_GONE, ADOPT_OWNER_BUSY };
void server_adopt(struct server *server, int fd, struct slice bytes,
		  uint64_t hand_over_id, enum server_adopt why);

/* Stops accepting. Running streams go on; on_drained comes from the loop
 * when the last peer has left, or at the latest after timeout_ms, when what
 * is left is ended (error `interrupted` where a turn still ran). Kept-alive
 * connections are closed after their answer. */
void server_drain(struct server *server, unsigned timeout_ms,
		  void (*on_drained)(void *state), void *state);
unsigned server_open_peers(const struct server *server);
unsigned server_open_streams(const struct server *server);

#endif

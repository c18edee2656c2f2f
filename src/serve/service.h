/* SPDX-License-Identifier: ISC */
/*
 * A process that answers: what a worker of a pool, a process alone on its
 * socket and one that serves a single CGI request have in common. Loop,
 * providers, chat and server are put together, looked after once a second,
 * and ended in order.
 *
 * It knows slots, for limits and for whoever watches, but neither a master
 * nor where requests come from: its owner adds hooks and listens.
 */
#ifndef LEAT_SERVE_SERVICE_H
#define LEAT_SERVE_SERVICE_H

#include <stdbool.h>

#include "base/ids.h"
#include "base/metrics.h"
#include "io/loop.h"
#include "pool/slots.h"
#include "serve/assemble.h"
#include "web/server.h"

struct config;

/* As it was told last. */
struct service_index {
	bool is_known;
	long passages; /* -1: none, and why: */
	char why[160];
};

struct service {
	/* Set before service_init(). */
	void *owner;	       /* what has this in it; for its hooks */
	struct config *config; /* with its keys; outlives the service */
	struct slots *slots;   /* NULL: nothing is counted over processes */
	struct turn_place self;
	const char *process; /* "pool", "alone" or "cgi" */
	bool is_short_lived; /* one request, then gone */
	bool is_quiet;	     /* another process tells of the index */

	struct slot *slot;	 /* ours; NULL without slots */
	struct metrics *metrics; /* the slot's, or: */
	struct metrics own_metrics;
	struct assembly assembly;
	struct server *server;
	struct service_index index;
	struct timer tick;
	struct timer finish;
	unsigned finish_tries;
};

/* A web server's thread may have blocked SIGTERM for itself, and what it starts
 * inherits that. */
void service_unblock_signals(void);
/* Opens the log that the configuration names. False with errno: it cannot be
 * opened. */
bool service_open_log(const struct config *config, const char *ident);

/* What slots offer the server: sums and limits over the processes that share
 * them. Their state is the service; the owner may add its own. */
struct server_hooks service_hooks(struct service *service);

/* Nothing happens before loop_run(). False and a fault: a provider cannot be
 * made; nothing is left then. Signals SIGPIPE and SIGHUP are ignored from
 * here on. */
bool service_init(struct service *service, const struct server_hooks *hooks,
		  struct fault *fault);
/* Ticks, and says in its slot that it is ready. */
void service_start(struct service *service);
/* Running streams go on, at most for timeout_ms: server_drain(). */
void service_drain(struct service *service, unsigned timeout_ms,
		   void (*on_drained)(void *state), void *state);
/* Nothing comes any more: what is here ends, and then the loop stops; at the
 * latest after some seconds. */
void service_finish(struct service *service);
/* After loop_run(): returns if everything has ended. What still runs must not
 * lose its ground, and is not waited for: then the process ends here. */
void service_settle(struct service *service);
/* Frees all but configuration and slots. */
void service_fini(struct service *service);

/* service_index.c: looks at the index, and logs what has changed. */
void service_index_look(struct service *service);

#endif

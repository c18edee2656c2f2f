/* SPDX-License-Identifier: ISC */
/*
 * What the files of a worker share.
 */
#ifndef LEAT_SERVE_WORKER_PRIVATE_H
#define LEAT_SERVE_WORKER_PRIVATE_H

#include <stdbool.h>

#include "io/loop.h"
#include "pool/listen.h"
#include "pool/slots.h"
#include "pool/worker_args.h"
#include "serve/assemble.h"

struct config;
struct server;
struct server_hooks;
struct worker_link;

/* Each state is left to one below it only. */
enum worker_phase {
	WORKER_SERVES,
	WORKER_DRAINS,	/* running streams go on */
	WORKER_LEAVES,	/* drained; the master may still send requests */
	WORKER_FINISHES /* nothing comes any more; what is here ends */
};

/* As it was told last. */
struct worker_index {
	bool is_known;
	long passages; /* -1: none, and why: */
	char why[160];
};

struct worker {
	struct worker_args args;
	struct config *config;
	struct slots *slots;
	struct slot *slot; /* ours */
	struct assembly assembly;
	struct server *server;
	struct worker_link *link;
	struct listen_socket listeners[LISTEN_MAX];
	struct worker_index index;
	enum worker_phase phase;
	struct timer tick;
	struct timer orphan; /* without a master: is there another? */
	struct timer leave;  /* waits for BYE, then for the last peer */
	unsigned leave_tries;
};

/* worker_hooks.c: what the pool offers the server of this worker. */
struct server_hooks worker_hooks(struct worker *worker);

/* worker_index.c: looks at the index, and logs what has changed. */
void worker_index_look(struct worker *worker);

/* worker_leave.c: how a worker ends. */
void worker_leave_init(struct worker *worker);
void worker_leave_fini(struct worker *worker);
void worker_leave_start(struct worker *worker, unsigned timeout_ms);
void worker_leave_on_bye(void *state);
void worker_leave_on_master_gone(void *state);
/* No peer, no turn, and no job of theirs on another thread is left. */
bool worker_leave_is_over(const struct worker *worker);

#endif

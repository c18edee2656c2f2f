/* SPDX-License-Identifier: ISC */
/*
 * What the files of a worker share.
 */
#ifndef LEAT_SERVE_WORKER_PRIVATE_H
#define LEAT_SERVE_WORKER_PRIVATE_H

#include "io/loop.h"
#include "pool/listen.h"
#include "pool/worker_args.h"
#include "serve/service.h"

struct worker_link;

/* Each state is left to one below it only. */
enum worker_phase {
	WORKER_SERVES,
	WORKER_DRAINS,	/* running streams go on */
	WORKER_LINGERS, /* after a reload: turns that may be read again */
	WORKER_LEAVES,	/* drained; the master may still send requests */
	WORKER_FINISHES /* nothing comes any more; what is here ends */
};

struct worker {
	struct worker_args args;
	struct service service; /* its slot is ours in the pool */
	struct worker_link *link;
	struct listen_socket listeners[LISTEN_MAX];
	enum worker_phase phase;
	struct timer orphan; /* without a master: is there another? */
	struct timer leave;  /* lingers, then waits for BYE */
	bool may_linger;
	uint64_t linger_end_ms;
};

/* worker_hooks.c: what the pool offers the server of this worker. */
struct server_hooks worker_hooks(struct worker *worker);

/* worker_leave.c: how a worker ends. */
void worker_leave_init(struct worker *worker);
void worker_leave_fini(struct worker *worker);
void worker_leave_start(struct worker *worker, unsigned timeout_ms);
void worker_leave_on_bye(void *state);
void worker_leave_on_drain(void *state, unsigned timeout_ms);
void worker_leave_on_master_gone(void *state);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * SERVES --SIGTERM, replaced orphan--> DRAINS --drained--> LEAVES --BYE-->
 * FINISHES --last peer and turn--> (the loop ends)
 *
 * Told to drain by a reload: SERVES --> DRAINS --drained--> LINGERS --last
 * turn is forgotten, or time is up--> LEAVES. Its turns are polled and read
 * again through the others meanwhile.
 *
 * The master may send requests for our turns until it has read LEAVE; what
 * it sent before BYE is still answered. Without a master LEAVES is skipped.
 */
#include <unistd.h>

#include "base/log.h"
#include "chat/chat.h"
#include "pool/worker_link.h"
#include "serve/worker_private.h"

enum {
	ORPHAN_LOOK_MS = 200,
	LINGER_LOOK_MS = 100,
	ORPHAN_DRAIN_MS = 60000,
	BYE_MS = 2000 /* a master that does not answer is not waited for */
};

static void finish(struct worker *worker)
{
	worker->phase = WORKER_FINISHES;
	service_finish(&worker->service);
}

static void leave(struct worker *worker)
{
	log_debug("pool", "drained");
	if (!worker_link_is_up(worker->link)) {
		finish(worker);
		return;
	}
	worker->phase = WORKER_LEAVES;
	worker_link_say(worker->link, CHANNEL_LEAVE, 0);
	timer_start(&worker->leave, BYE_MS);
}

static void look_whether_forgotten(struct worker *worker)
{
	const struct service *service = &worker->service;

	if ((server_open_peers(service->server) == 0 &&
	     chat_is_empty(service->assembly.chat)) ||
	    loop_now_ms(service->assembly.loop) >= worker->linger_end_ms)
		leave(worker);
	else
		timer_start(&worker->leave, LINGER_LOOK_MS);
}

static void on_leave_timer(void *state)
{
	struct worker *worker = state;

	if (worker->phase == WORKER_LINGERS)
		look_whether_forgotten(worker);
	else if (worker->phase == WORKER_LEAVES)
		finish(worker);
}

static void on_drained(void *state)
{
	struct worker *worker = state;

	if (worker->may_linger) {
		worker->phase = WORKER_LINGERS;
		look_whether_forgotten(worker);
	} else {
		leave(worker);
	}
}

static void drain(struct worker *worker, unsigned timeout_ms)
{
	worker->phase = WORKER_DRAINS;
	timer_stop(&worker->orphan);
	service_drain(&worker->service, timeout_ms, on_drained, worker);
	/* The server has taken the backlog; from now on connecting fails at
	 * once, or reaches the socket that stands in the place of ours. */
	for (unsigned i = 0; i < worker->args.listener_count; i++) {
		close(worker->listeners[i].fd);
		worker->listeners[i].fd = -1;
	}
}

/* Also when it drains already: what it was told last counts. */
void worker_leave_start(struct worker *worker, unsigned timeout_ms)
{
	worker->may_linger = false;
	if (worker->phase == WORKER_SERVES)
		drain(worker, timeout_ms);
	else if (worker->phase == WORKER_DRAINS)
		server_drain(worker->service.server, timeout_ms, NULL, NULL);
	else if (worker->phase == WORKER_LINGERS)
		leave(worker);
}

static bool keep_name(void *state, uint64_t hash)
{
	struct worker *worker = state;

	return slots_keep_name(worker->service.slots, worker->args.place.slot,
			       hash);
}

void worker_leave_on_drain(void *state, unsigned timeout_ms)
{
	struct worker *worker = state;

	worker->linger_end_ms =
	    loop_now_ms(worker->service.assembly.loop) + timeout_ms;
	if (worker->phase == WORKER_SERVES) {
		worker->may_linger = true;
		chat_each_named(worker->service.assembly.chat, keep_name,
				worker);
		drain(worker, timeout_ms);
	} else if (worker->phase == WORKER_DRAINS) {
		server_drain(worker->service.server, timeout_ms, NULL, NULL);
	}
}

void worker_leave_on_bye(void *state)
{
	struct worker *worker = state;

	if (worker->phase != WORKER_LEAVES)
		return;
	timer_stop(&worker->leave);
	finish(worker);
}

static void on_orphan_timer(void *state)
{
	struct worker *worker = state;

	for (unsigned i = 0; i < worker->args.listener_count; i++)
		if (listen_is_replaced(&worker->listeners[i])) {
			log_info("pool",
				 worker->listeners[i].is_passed
				     ? "%s was passed: leaving it to the "
				       "next leat"
				     : "another master serves %s",
				 worker->listeners[i].address);
			worker_leave_start(worker, ORPHAN_DRAIN_MS);
			return;
		}
	timer_start(&worker->orphan, ORPHAN_LOOK_MS);
}

void worker_leave_on_master_gone(void *state)
{
	struct worker *worker = state;

	switch (worker->phase) {
	case WORKER_SERVES:
		log_warn("pool", "the master is gone; going on until "
				 "another one has come");
		timer_start(&worker->orphan, ORPHAN_LOOK_MS);
		break;
	case WORKER_LEAVES:
		timer_stop(&worker->leave);
		finish(worker);
		break;
	default:
		break;
	}
}

void worker_leave_init(struct worker *worker)
{
	struct loop *loop = worker->service.assembly.loop;

	timer_init(&worker->orphan, loop, on_orphan_timer, worker);
	timer_init(&worker->leave, loop, on_leave_timer, worker);
}

void worker_leave_fini(struct worker *worker)
{
	timer_stop(&worker->orphan);
	timer_stop(&worker->leave);
}

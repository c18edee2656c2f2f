/* SPDX-License-Identifier: ISC */
#include "app/pool_view.h"

#include <string.h>

#include "base/memory.h"
#include "pool/slots.h"

static const char *const pool_names[] = {
    [POOL_RUNNING] = "running",	  [POOL_STARTING] = "starting",
    [POOL_DEGRADED] = "degraded", [POOL_DRAINING] = "draining",
    [POOL_ORPHANED] = "orphaned", [POOL_DEAD] = "dead",
};
static const char *const worker_names[] = {
    [WORKER_STARTING] = "starting", [WORKER_READY] = "ready",
    [WORKER_DRAINING] = "draining", [WORKER_BACKING_OFF] = "backing off",
    [WORKER_HUNG] = "hung",	    [WORKER_DEAD] = "dead",
};

static uint64_t since(uint64_t then_ms, uint64_t now_ms)
{
	return then_ms && then_ms < now_ms ? now_ms - then_ms : 0;
}

static enum worker_state state_of(const struct worker_view *worker,
				  uint32_t slot_state)
{
	if (slot_state == SLOT_WAITING)
		return WORKER_BACKING_OFF;
	if (!worker->process.lives)
		return WORKER_DEAD;
	if (slot_state == SLOT_STARTING)
		return WORKER_STARTING;
	if (worker->process.is_stopped || worker->still_ms >= POOL_VIEW_HUNG_MS)
		return WORKER_HUNG;
	return slot_state == SLOT_DRAINING ? WORKER_DRAINING : WORKER_READY;
}

static const struct worker_view *find(const struct pool_view *view,
				      const struct worker_view *worker)
{
	for (unsigned i = 0; view && i < view->count; i++)
		if (view->workers[i].slot == worker->slot &&
		    view->workers[i].incarnation == worker->incarnation)
			return &view->workers[i];
	return NULL;
}

static double rate(uint64_t before, uint64_t now, uint64_t ms)
{
	return now > before ? (double)(now - before) * 1000 / (double)ms : 0;
}

static void compare(struct worker_view *worker,
		    const struct worker_view *before, uint64_t ms)
{
	worker->request_rate = worker->frame_rate = worker->cpu_percent = -1;
	if (!before || ms == 0)
		return;
	worker->request_rate = rate(before->requests, worker->requests, ms);
	worker->frame_rate = rate(before->frames, worker->frames, ms);
	worker->cpu_percent =
	    rate(before->process.cpu_ms, worker->process.cpu_ms, ms) / 10;
	if (worker->tick == before->tick)
		worker->still_ms = before->still_ms + (uint32_t)ms;
}

static void take_worker(struct worker_view *worker, struct slot *slot,
			struct pool_times now)
{
	const struct metrics *metrics = &slot->metrics;

	worker->generation = atomic_load(&slot->generation);
	worker->incarnation = atomic_load(&slot->incarnation);
	worker->tick = atomic_load(&slot->tick);
	worker->deaths = atomic_load(&slot->deaths);
	worker->streams = atomic_load(&slot->open_streams);
	worker->peers = atomic_load(&slot->open_peers);
	worker->pid = atomic_load(&slot->pid);
	worker->requests = metrics->values[METRIC_REQUESTS];
	worker->frames = metrics->values[METRIC_FRAMES];
	worker->age_ms = since(atomic_load(&slot->started_ms), now.wall_ms);
	worker->wait_ms = since(now.wall_ms, atomic_load(&slot->next_start_ms));
	process_look_at(&worker->process, worker->pid,
			atomic_load(&slot->started_ms));
}

static void take_workers(struct pool_view *view, struct slots *slots,
			 const struct pool_view *before, struct pool_times now)
{
	uint64_t ms = before ? now.monotonic_ms - before->taken_ms : 0;

	view->workers =
	    memory_zalloc(slots_count(slots) * sizeof *view->workers);
	for (unsigned i = 0; i < slots_count(slots); i++) {
		struct slot *slot = slots_at(slots, i);
		uint32_t state = atomic_load(&slot->state);
		struct worker_view *worker = &view->workers[view->count];

		if (state == SLOT_EMPTY)
			continue;
		view->count++;
		worker->slot = i;
		take_worker(worker, slot, now);
		compare(worker, find(before, worker), ms);
		worker->state = state_of(worker, state);
		view->streams += worker->streams;
		view->peers += worker->peers;
	}
}

static unsigned count_in(const struct pool_view *view, enum worker_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < view->count; i++)
		count += view->workers[i].state == state;
	return count;
}

static enum pool_state judge(const struct pool_view *view)
{
	unsigned draining = count_in(view, WORKER_DRAINING);
	unsigned dead =
	    count_in(view, WORKER_DEAD) + count_in(view, WORKER_BACKING_OFF);

	if (!view->master.lives)
		return view->count > dead ? POOL_ORPHANED : POOL_DEAD;
	if (view->about.generation == 0)
		return POOL_STARTING;
	if (view->ready >= view->about.workers && view->hung == 0)
		return POOL_RUNNING;
	if (view->ready == 0 && draining > 0 && draining + dead == view->count)
		return POOL_DRAINING;
	return POOL_DEGRADED;
}

static void count(struct pool_view *view)
{
	for (unsigned i = 0; i < view->count; i++) {
		const struct worker_view *worker = &view->workers[i];

		view->hung += worker->state == WORKER_HUNG;
		/* An old generation's worker that has not been told to drain
		 * yet is none of those that are wanted. */
		view->ready += worker->state == WORKER_READY &&
			       worker->generation == view->about.generation;
	}
}

void pool_view_init(struct pool_view *view, struct slots *slots,
		    const struct pool_view *before, struct pool_times now)
{
	uint64_t ms = before ? now.monotonic_ms - before->taken_ms : 0;

	memset(view, 0, sizeof *view);
	view->taken_ms = now.monotonic_ms;
	slots_get_about(slots, &view->about);
	view->age_ms = since(view->about.started_ms, now.wall_ms);
	view->generation_age_ms = since(view->about.reloaded_ms, now.wall_ms);
	process_look_at(&view->master, view->about.master_pid,
			view->about.started_ms);
	take_workers(view, slots, before, now);
	slots_sum(slots, &view->total);
	view->request_rate = view->frame_rate = -1;
	if (ms) {
		view->request_rate =
		    rate(before->total.values[METRIC_REQUESTS],
			 view->total.values[METRIC_REQUESTS], ms);
		view->frame_rate = rate(before->total.values[METRIC_FRAMES],
					view->total.values[METRIC_FRAMES], ms);
	}
	count(view);
	view->state = judge(view);
}

void pool_view_fini(struct pool_view *view)
{
	memory_free(view->workers);
	view->workers = NULL;
	view->count = 0;
}

const char *pool_view_name(enum pool_state state)
{
	return pool_names[state];
}

const char *pool_view_worker_name(enum worker_state state)
{
	return worker_names[state];
}

bool pool_view_is_unsure(const struct pool_view *view)
{
	for (unsigned i = 0; i < view->count; i++) {
		const struct worker_view *worker = &view->workers[i];

		if (worker->still_ms > 0 && (worker->state == WORKER_READY ||
					     worker->state == WORKER_DRAINING))
			return true;
	}
	return false;
}

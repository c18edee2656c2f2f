/* SPDX-License-Identifier: ISC */
#include "master/master_pool_keep.h"

#include "master/master_exchange_keep.h"
#include "master/master_pool_private.h"
#include "master/master_state.h"

static struct master_state_worker keep_worker(const struct master_pool *pool,
					      unsigned slot)
{
	const struct pool_worker *worker = &pool->workers[slot];
	struct master_state_worker kept = {
	    .place = {(uint16_t)slot, 0},
	    .generation = worker->generation,
	    .pid = worker->pid,
	    .phase = worker->state,
	    .was_ready = worker->was_ready,
	    .started_ms = worker->started_ms,
	    .due_ms = worker->due_ms,
	    .end_ms = worker->end_ms,
	    .deaths = worker->watch.deaths,
	    .missed = worker->watch.missed,
	    .last_tick = worker->watch.last_tick,
	    .is_blind = worker->is_blind,
	    .channel_fd = -1,
	};

	if (worker->pid > 0)
		master_exchange_keep_port(pool->exchange, &kept);
	return kept;
}

bool master_pool_keep_save(struct master_pool *pool, struct master_state *state)
{
	state->last_generation = pool->last_generation;
	state->generation = pool->current.number;
	state->wanted = pool->current.wanted;
	state->config_fd = pool->current.config_fd;
	state->exe_fd = pool->current.exe_fd;
	for (unsigned i = 0; i < pool->count; i++) {
		struct master_state_worker kept;

		if (pool->workers[i].state == WORKER_NONE)
			continue;
		kept = keep_worker(pool, i);
		master_state_add_worker(state, &kept);
	}
	return master_exchange_keep_transfers(pool->exchange, state);
}

static void adopt_worker(struct master_pool *pool,
			 const struct master_state_worker *kept)
{
	pool->workers[kept->place.slot] =
	    (struct pool_worker){.state = kept->phase,
				 .generation = kept->generation,
				 .pid = kept->pid,
				 .started_ms = kept->started_ms,
				 .due_ms = kept->due_ms,
				 .end_ms = kept->end_ms,
				 .was_ready = kept->was_ready,
				 .is_blind = kept->is_blind,
				 .watch = {.deaths = kept->deaths,
					   .last_tick = kept->last_tick,
					   .missed = kept->missed}};
	master_exchange_keep_join(pool->exchange, kept);
}

void master_pool_keep_restore(struct master_pool *pool,
			      const struct master_state *state)
{
	pool->last_generation = state->last_generation;
	pool->current = (struct master_generation){
	    state->generation, state->wanted, state->config_fd, state->exe_fd};
	pool->was_ready = true;
	for (size_t i = 0; i < state->worker_count; i++)
		if (state->workers[i].place.slot < pool->count)
			adopt_worker(pool, &state->workers[i]);
	master_exchange_keep_restore(pool->exchange, state);
}

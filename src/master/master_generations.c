/* SPDX-License-Identifier: ISC */
#include "master/master_generations.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "master/master_exchange.h"
#include "master/master_pool_private.h"
#include "pool/slots.h"

enum {
	KILL_MS = 5000, /* after the time that a worker was given */
	DEATHS_MAX = 3	/* of a worker that was never ready */
};

static void close_generation(struct master_generation *generation)
{
	if (generation->config_fd >= 0)
		close(generation->config_fd);
	if (generation->exe_fd >= 0)
		close(generation->exe_fd);
	*generation = (struct master_generation){.config_fd = -1, .exe_fd = -1};
}

static bool is_old(const struct master_pool *pool, unsigned slot)
{
	const struct pool_worker *worker = &pool->workers[slot];

	return worker->pid > 0 && worker->generation != pool->current.number &&
	       worker->generation != pool->next.number;
}

static uint32_t find_oldest(const struct master_pool *pool, uint32_t above)
{
	uint32_t oldest = 0;

	for (unsigned i = 0; i < pool->count; i++) {
		uint32_t number = pool->workers[i].generation;

		if (is_old(pool, i) && number > above &&
		    (!oldest || number < oldest))
			oldest = number;
	}
	return oldest;
}

unsigned master_generations_count_old(const struct master_pool *pool)
{
	unsigned count = 0;

	for (uint32_t at = find_oldest(pool, 0); at; at = find_oldest(pool, at))
		count++;
	return count;
}

static void drain_worker(struct master_pool *pool, unsigned slot,
			 unsigned timeout_ms, uint64_t now_ms)
{
	struct pool_worker *worker = &pool->workers[slot];

	worker->state = WORKER_DRAINING;
	worker->end_ms = now_ms + timeout_ms + KILL_MS;
	master_exchange_drain(pool->exchange, slot, timeout_ms);
}

/* Nobody reads from it, and nothing runs in it. Of a blind one we know
 * nothing. */
static bool is_idle(const struct master_pool *pool, unsigned slot)
{
	const struct slot *place = slots_at(pool->options.slots, slot);

	return !pool->workers[slot].is_blind &&
	       atomic_load(&place->open_peers) == 0 &&
	       place->metrics.values[METRIC_TURNS_OPEN] == 0;
}

static void hurry_oldest(struct master_pool *pool, uint64_t now_ms)
{
	unsigned timeout_ms = pool->options.drain_timeout_ms;
	uint32_t oldest = find_oldest(pool, 0);
	bool is_told = false;

	for (unsigned i = 0; i < pool->count; i++) {
		struct pool_worker *worker = &pool->workers[i];

		if (!is_old(pool, i) || worker->generation != oldest ||
		    (worker->end_ms &&
		     worker->end_ms <= now_ms + timeout_ms + KILL_MS &&
		     !is_idle(pool, i)))
			continue;
		is_told |= !is_idle(pool, i);
		drain_worker(pool, i, is_idle(pool, i) ? 0 : timeout_ms,
			     now_ms);
	}
	if (is_told)
		log_info("pool",
			 "generation %u has %u s left: two younger ones drain, "
			 "too",
			 oldest, (timeout_ms + 999) / 1000);
}

static unsigned count_free(const struct master_pool *pool)
{
	unsigned count = 0;

	for (unsigned i = 0; i < pool->count; i++)
		count += pool->workers[i].state == WORKER_NONE;
	return count;
}

bool master_generations_make_room(struct master_pool *pool, uint64_t now_ms)
{
	if (master_generations_count_old(pool) <= MASTER_GENERATIONS_OLD &&
	    count_free(pool) >= pool->current.wanted)
		return true;
	hurry_oldest(pool, now_ms);
	return false;
}

uint32_t master_generations_new_number(struct master_pool *pool)
{
	return ++pool->last_generation;
}

unsigned master_generations_begin(struct master_pool *pool,
				  const struct master_generation *generation,
				  uint64_t now_ms)
{
	unsigned given = 0;

	pool->next = *generation;
	pool->next_end_ms = now_ms + MASTER_GENERATIONS_START_MS;
	pool->why[0] = '\0';
	for (unsigned i = 0; i < pool->count && given < generation->wanted;
	     i++) {
		struct pool_worker *worker = &pool->workers[i];

		if (worker->state != WORKER_NONE)
			continue;
		*worker = (struct pool_worker){.state = WORKER_WAITING,
					       .generation = generation->number,
					       .due_ms = now_ms};
		given++;
	}
	pool->next.wanted = given;
	return given;
}

static bool is_ready(const struct master_pool *pool)
{
	for (unsigned i = 0; i < pool->count; i++)
		if (pool->workers[i].state != WORKER_NONE &&
		    pool->workers[i].generation == pool->next.number &&
		    pool->workers[i].state != WORKER_RUNNING)
			return false;
	return true;
}

/* Everything but the workers of `number` drains. */
static void drain_others(struct master_pool *pool, uint32_t number,
			 unsigned timeout_ms, uint64_t now_ms)
{
	for (unsigned i = 0; i < pool->count; i++) {
		struct pool_worker *worker = &pool->workers[i];

		if (worker->state == WORKER_NONE ||
		    worker->state == WORKER_DRAINING ||
		    worker->generation == number)
			continue;
		if (worker->state == WORKER_WAITING)
			master_pool_release(pool, i);
		else
			drain_worker(pool, i, timeout_ms, now_ms);
	}
}

static void promote(struct master_pool *pool, uint64_t now_ms)
{
	close_generation(&pool->current);
	pool->current = pool->next;
	pool->next = (struct master_generation){.config_fd = -1, .exe_fd = -1};
	drain_others(pool, pool->current.number,
		     pool->options.reload_timeout_ms, now_ms);
	if (master_generations_count_old(pool) > MASTER_GENERATIONS_OLD)
		hurry_oldest(pool, now_ms);
}

static void give_up(struct master_pool *pool, uint64_t now_ms)
{
	close_generation(&pool->next);
	drain_others(pool, pool->current.number, pool->options.drain_timeout_ms,
		     now_ms);
	pool->event = MASTER_EVENT_FAILED;
}

void master_generations_on_death(struct master_pool *pool, unsigned slot,
				 bool refused, uint64_t now_ms)
{
	const struct pool_worker *worker = &pool->workers[slot];

	if (!pool->current.number) {
		/* The first start: there is nothing to go back to. */
		if (refused && !pool->was_ready)
			pool->has_failed = true;
		return;
	}
	if (!refused &&
	    (worker->was_ready || worker->watch.deaths + 1 < DEATHS_MAX))
		return;
	if (!pool->why[0])
		snprintf(pool->why, sizeof pool->why, "a worker of it %s",
			 refused ? "refuses to start"
				 : "died three times before it was ready");
	give_up(pool, now_ms);
}

enum master_event master_generations_check(struct master_pool *pool,
					   uint64_t now_ms)
{
	enum master_event event;

	if (pool->next.number && !pool->is_draining) {
		if (is_ready(pool)) {
			promote(pool, now_ms);
			pool->event = MASTER_EVENT_SERVES;
		} else if (pool->current.number &&
			   now_ms >= pool->next_end_ms) {
			snprintf(pool->why, sizeof pool->why,
				 "not all of its workers were ready within "
				 "%d s",
				 MASTER_GENERATIONS_START_MS / 1000);
			give_up(pool, now_ms);
		}
	}
	event = pool->event;
	pool->event = MASTER_EVENT_NONE;
	return event;
}

bool master_generations_is_starting(const struct master_pool *pool)
{
	return pool->next.number != 0;
}

const struct master_generation *master_generations_current(
    const struct master_pool *pool)
{
	return &pool->current;
}

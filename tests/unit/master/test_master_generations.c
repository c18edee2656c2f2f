/* SPDX-License-Identifier: ISC */
#include "master/master_generations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "master/master_pool_private.h"
#include "pool/channel.h"
#include "pool/listen.h"
#include "pool/slots.h"

enum { WORKERS = 2, SLOTS = 10, DRAIN_MS = 30000, RELOAD_MS = 600000 };

static struct slots *slots;
static struct listen_set listeners;
static struct master_pool *pool;
static uint64_t now_ms;

static int set_up(void **state)
{
	struct master_pool_options options = {.listeners = &listeners,
					      .first_config_fd = -1,
					      .drain_timeout_ms = DRAIN_MS,
					      .reload_timeout_ms = RELOAD_MS};

	(void)state;
	now_ms = 1000;
	slots = slots_new(NULL, SLOTS);
	options.slots = slots;
	pool = master_pool_new(&options);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	/* There are no processes behind these. */
	master_pool_free(pool);
	slots_free(slots);
	return 0;
}

static unsigned begin(unsigned wanted)
{
	const struct master_generation generation = {
	    .number = master_generations_new_number(pool),
	    .wanted = wanted,
	    .config_fd = -1,
	    .exe_fd = -1};

	return master_generations_begin(pool, &generation, now_ms);
}

/* As if a worker had been started, with nobody at its channel. */
static void make_run(unsigned slot, enum worker_state state)
{
	struct pool_worker *worker = &pool->workers[slot];

	slots_claim(slots, slot, worker->generation);
	worker->pid = 100000000 + (pid_t)slot; /* more than there can be */
	worker->state = state;
	/* A stream is open. */
	atomic_store(&slots_at(slots, slot)->open_peers, 1);
}

static void make_ready(void)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (pool->workers[i].generation == pool->next.number &&
		    pool->workers[i].state != WORKER_NONE)
			make_run(i, WORKER_RUNNING);
}

static void die(unsigned slot, int status)
{
	master_pool_on_exit(pool, pool->workers[slot].pid, status, now_ms);
}

static void reload(void)
{
	assert_int_equal(begin(WORKERS), WORKERS);
	make_ready();
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_SERVES);
}

static void a_generation_serves_when_every_worker_is_ready(void **state)
{
	(void)state;
	begin(WORKERS);
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_NONE);
	make_run(0, WORKER_RUNNING);
	make_run(1, WORKER_STARTING);
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_NONE);
	assert_int_equal(master_generations_current(pool)->number, 0);
	pool->workers[1].state = WORKER_RUNNING;
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_SERVES);
	assert_int_equal(master_generations_current(pool)->number, 1);
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_NONE);
}

static void old_workers_drain_only_when_the_new_ones_are_ready(void **state)
{
	(void)state;
	reload();
	begin(WORKERS);
	assert_true(master_generations_is_starting(pool));
	make_run(2, WORKER_RUNNING);
	master_generations_check(pool, now_ms);
	assert_int_equal(pool->workers[0].state, WORKER_RUNNING);
	make_run(3, WORKER_RUNNING);
	master_generations_check(pool, now_ms);
	assert_int_equal(pool->workers[0].state, WORKER_DRAINING);
	assert_true(pool->workers[0].end_ms >= now_ms + RELOAD_MS);
	assert_int_equal(pool->workers[2].state, WORKER_RUNNING);
	assert_int_equal(master_generations_count_old(pool), 1);
	die(0, 0);
	die(1, 0);
	assert_int_equal(master_generations_count_old(pool), 0);
	assert_int_equal(pool->workers[0].state, WORKER_NONE);
	assert_int_equal(atomic_load(&slots_at(slots, 0)->generation), 0);
}

static void a_generation_that_refuses_is_given_up_and_the_old_goes_on(
    void **state)
{
	(void)state;
	reload();
	begin(WORKERS);
	make_run(2, WORKER_RUNNING);
	make_run(3, WORKER_STARTING);
	die(3, CHANNEL_FAILED_STATUS << 8);
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_FAILED);
	assert_int_equal(master_generations_current(pool)->number, 1);
	assert_false(master_generations_is_starting(pool));
	assert_int_equal(pool->workers[0].state, WORKER_RUNNING);
	assert_int_equal(pool->workers[2].state, WORKER_DRAINING);
	assert_int_equal(pool->workers[3].state, WORKER_NONE);
	/* The number is not used again. */
	assert_int_equal(master_generations_new_number(pool), 3);
}

static void new_workers_may_die_twice_but_not_three_times(void **state)
{
	(void)state;
	reload();
	begin(WORKERS);
	for (int i = 0; i < 2; i++) {
		make_run(2, WORKER_STARTING);
		die(2, 9);
		assert_int_equal(master_generations_check(pool, now_ms),
				 MASTER_EVENT_NONE);
		assert_int_equal(pool->workers[2].state, WORKER_WAITING);
	}
	make_run(2, WORKER_STARTING);
	die(2, 9);
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_FAILED);
	assert_non_null(strstr(master_pool_why(pool), "died three times"));
}

static void a_generation_that_is_not_ready_in_time_is_given_up(void **state)
{
	(void)state;
	reload();
	begin(WORKERS);
	make_run(2, WORKER_STARTING);
	now_ms += MASTER_GENERATIONS_START_MS - 1;
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_NONE);
	now_ms++;
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_FAILED);
	assert_int_equal(pool->workers[3].state, WORKER_NONE);
}

static void the_first_generation_is_waited_for(void **state)
{
	(void)state;
	begin(WORKERS);
	now_ms += 10ull * MASTER_GENERATIONS_START_MS;
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_NONE);
	make_run(0, WORKER_STARTING);
	die(0, CHANNEL_FAILED_STATUS << 8);
	assert_non_null(master_pool_failure(pool));
}

static void the_third_old_generation_hurries_the_oldest(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		reload();
	assert_int_equal(master_generations_count_old(pool), 2);
	assert_true(pool->workers[0].end_ms >= now_ms + RELOAD_MS);
	assert_true(master_generations_make_room(pool, now_ms));
	reload();
	assert_int_equal(master_generations_count_old(pool), 3);
	assert_true(pool->workers[0].end_ms < now_ms + RELOAD_MS);
	assert_true(pool->workers[0].end_ms >= now_ms + DRAIN_MS);
	assert_true(pool->workers[2].end_ms >= now_ms + RELOAD_MS);
	assert_false(master_generations_make_room(pool, now_ms));
	die(0, 0);
	die(1, 0);
	assert_true(master_generations_make_room(pool, now_ms));
}

static void who_only_lingers_makes_room_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		reload();
	atomic_store(&slots_at(slots, 0)->open_peers, 0);
	assert_false(master_generations_make_room(pool, now_ms));
	assert_true(pool->workers[0].end_ms < now_ms + DRAIN_MS);
}

static void who_counts_in_another_file_may_be_busy(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		reload();
	for (unsigned i = 0; i < WORKERS; i++) {
		atomic_store(&slots_at(slots, i)->open_peers, 0);
		pool->workers[i].is_blind = true;
	}
	master_generations_make_room(pool, now_ms);
	assert_true(pool->workers[0].end_ms >= now_ms + DRAIN_MS);
}

static void more_workers_than_slots_are_not_started(void **state)
{
	(void)state;
	reload();
	assert_int_equal(begin(50), SLOTS - WORKERS);
	make_ready();
	assert_int_equal(master_generations_check(pool, now_ms),
			 MASTER_EVENT_SERVES);
	assert_int_equal(master_generations_current(pool)->wanted,
			 SLOTS - WORKERS);
}

static void a_dead_old_worker_is_not_started_again(void **state)
{
	(void)state;
	reload();
	pool->workers[1].pid = 0;
	pool->workers[1].state = WORKER_WAITING;
	reload();
	assert_int_equal(pool->workers[1].state, WORKER_NONE);
	die(0, 9);
	assert_int_equal(pool->workers[0].state, WORKER_NONE);
	/* One of the present generation is. */
	die(2, 9);
	assert_int_equal(pool->workers[2].state, WORKER_WAITING);
	assert_int_equal(atomic_load(&slots_at(slots, 2)->state), SLOT_WAITING);
	assert_int_equal(atomic_load(&slots_at(slots, 2)->deaths), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_generation_serves_when_every_worker_is_ready),
	    TEST(old_workers_drain_only_when_the_new_ones_are_ready),
	    TEST(a_generation_that_refuses_is_given_up_and_the_old_goes_on),
	    TEST(new_workers_may_die_twice_but_not_three_times),
	    TEST(a_generation_that_is_not_ready_in_time_is_given_up),
	    TEST(the_first_generation_is_waited_for),
	    TEST(the_third_old_generation_hurries_the_oldest),
	    TEST(who_only_lingers_makes_room_at_once),
	    TEST(who_counts_in_another_file_may_be_busy),
	    TEST(more_workers_than_slots_are_not_started),
	    TEST(a_dead_old_worker_is_not_started_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "master/master_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_first_death_is_mended_at_once(void **state)
{
	struct master_watch watch = {0};

	(void)state;
	assert_int_equal(master_watch_pause_ms(&watch, true, 50), 0);
}

static void deaths_in_a_row_wait_longer_up_to_a_bound(void **state)
{
	static const unsigned pauses[] = {0,	1000,  2000,  4000,
					  8000, 16000, 30000, 30000};
	struct master_watch watch = {0};

	(void)state;
	for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++)
		assert_int_equal(master_watch_pause_ms(&watch, false, 20),
				 pauses[i]);
	watch.deaths = 4000000000u;
	assert_int_equal(master_watch_pause_ms(&watch, false, 20), 30000);
}

static void a_healthy_life_is_forgiven(void **state)
{
	struct master_watch watch = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		master_watch_pause_ms(&watch, true, 100);
	assert_int_equal(master_watch_pause_ms(&watch, true, 9999), 8000);
	assert_int_equal(master_watch_pause_ms(&watch, true, 10000), 0);
	assert_int_equal(master_watch_pause_ms(&watch, true, 100), 1000);
}

static void a_long_start_that_failed_is_no_healthy_life(void **state)
{
	struct master_watch watch = {0};

	(void)state;
	master_watch_pause_ms(&watch, false, 20000);
	assert_int_equal(master_watch_pause_ms(&watch, false, 20000), 1000);
}

static void a_worker_that_ticks_misses_nothing(void **state)
{
	struct master_watch watch = {0};

	(void)state;
	for (uint32_t tick = 1; tick < 100; tick++)
		assert_int_equal(master_watch_tick(&watch, tick), 0);
}

static void missed_ticks_count_in_a_row(void **state)
{
	struct master_watch watch = {0};

	(void)state;
	master_watch_tick(&watch, 7);
	assert_int_equal(master_watch_tick(&watch, 7), 1);
	assert_int_equal(master_watch_tick(&watch, 7), 2);
	assert_int_equal(master_watch_tick(&watch, 8), 0);
	assert_int_equal(master_watch_tick(&watch, 8), 1);
	master_watch_restart(&watch);
	assert_int_equal(master_watch_tick(&watch, 1), 0);
}

/* The worker's counter may wrap, or jump while the master was frozen. */
static void any_other_number_is_a_sign_of_life(void **state)
{
	struct master_watch watch = {0};

	(void)state;
	master_watch_tick(&watch, UINT32_MAX);
	assert_int_equal(master_watch_tick(&watch, 0), 0);
	assert_int_equal(master_watch_tick(&watch, 500), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_death_is_mended_at_once),
	    cmocka_unit_test(deaths_in_a_row_wait_longer_up_to_a_bound),
	    cmocka_unit_test(a_healthy_life_is_forgiven),
	    cmocka_unit_test(a_long_start_that_failed_is_no_healthy_life),
	    cmocka_unit_test(a_worker_that_ticks_misses_nothing),
	    cmocka_unit_test(missed_ticks_count_in_a_row),
	    cmocka_unit_test(any_other_number_is_a_sign_of_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/delays.h"

enum { COUNT = 40, EVERY_US = 50000, BYTES = 200 };

static struct delay_frame frames[COUNT];

/* Written every 50 ms by a clock that is far away from ours; received 30 ms
 * later. */
static void set_up_steady(void)
{
	for (unsigned i = 0; i < COUNT; i++) {
		frames[i].written_us = 7000000000ull + i * EVERY_US;
		frames[i].received_us = 1030000 + i * EVERY_US;
		frames[i].bytes = (i + 1) * BYTES;
	}
}

static struct delays count(void)
{
	struct delays delays;

	delays_count(&delays, frames, COUNT);
	return delays;
}

static void frames_in_their_time_are_steady_whatever_the_distance(void **state)
{
	struct delays delays;

	(void)state;
	set_up_steady();
	frames[20].received_us += 4000;
	delays = count();
	assert_int_equal(delays.shape, DELAY_STEADY);
	assert_int_equal(delays.arrivals, COUNT);
	assert_true(delays.median_ms < 0.001);
	assert_true(delays.max_ms > 3.9 && delays.max_ms < 4.1);
	assert_true(delays.gap_ms > 53.9 && delays.gap_ms < 54.1);
	assert_int_equal(delays.batch_bytes, BYTES);
}

static void frames_that_all_come_last_are_held_to_the_end(void **state)
{
	struct delays delays;

	(void)state;
	set_up_steady();
	for (unsigned i = 0; i < COUNT; i++)
		frames[i].received_us = frames[COUNT - 1].received_us + i;
	delays = count();
	assert_int_equal(delays.shape, DELAY_END);
	assert_int_equal(delays.arrivals, 1);
	assert_int_equal(delays.batch_bytes, COUNT * BYTES);
	assert_true(delays.median_ms > 900 && delays.median_ms < 1100);
}

static void a_head_that_came_early_does_not_hide_that_the_rest_is_held(
    void **state)
{
	(void)state;
	set_up_steady();
	for (unsigned i = 2; i < COUNT; i++)
		frames[i].received_us = frames[COUNT - 1].received_us + i;
	assert_int_equal(count().shape, DELAY_END);
}

static void frames_that_come_ten_at_a_time_are_batches(void **state)
{
	struct delays delays;

	(void)state;
	set_up_steady();
	for (unsigned i = 0; i < COUNT; i++)
		frames[i].received_us = frames[i / 10 * 10 + 9].received_us;
	delays = count();
	assert_int_equal(delays.shape, DELAY_BATCHES);
	assert_int_equal(delays.arrivals, 4);
	assert_int_equal(delays.batch_bytes, 10 * BYTES);
}

static void a_first_frame_that_waits_for_the_second_is_a_held_head(void **state)
{
	struct delays delays;

	(void)state;
	set_up_steady();
	frames[0].received_us += 100000;
	frames[1].received_us += 50000;
	delays = count();
	assert_int_equal(delays.shape, DELAY_HEAD);
	assert_true(delays.first_ms > 99 && delays.first_ms < 101);
}

static void a_stumbling_line_is_uneven_and_no_fault_of_a_buffer(void **state)
{
	(void)state;
	set_up_steady();
	for (unsigned i = 18; i < 25; i++)
		frames[i].received_us = frames[25].received_us;
	assert_int_equal(count().shape, DELAY_UNEVEN);
}

static void of_four_frames_nothing_is_said(void **state)
{
	struct delays delays;

	(void)state;
	set_up_steady();
	delays_count(&delays, frames, 4);
	assert_int_equal(delays.shape, DELAY_NONE);
	delays_count(&delays, frames, 0);
	assert_int_equal(delays.shape, DELAY_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		frames_in_their_time_are_steady_whatever_the_distance),
	    cmocka_unit_test(frames_that_all_come_last_are_held_to_the_end),
	    cmocka_unit_test(
		a_head_that_came_early_does_not_hide_that_the_rest_is_held),
	    cmocka_unit_test(frames_that_come_ten_at_a_time_are_batches),
	    cmocka_unit_test(
		a_first_frame_that_waits_for_the_second_is_a_held_head),
	    cmocka_unit_test(
		a_stumbling_line_is_uneven_and_no_fault_of_a_buffer),
	    cmocka_unit_test(of_four_frames_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void the_systems_clock_counts_milliseconds(void **state)
{
	uint64_t first = clock_monotonic_ms(&clock_system);
	struct timespec now;
	uint64_t expected;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &now);
	expected =
	    (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	assert_in_range(expected - first, 0, 5000);
	assert_true(clock_monotonic_ms(&clock_system) >= first);
	assert_in_range((uint64_t)time(NULL) * 1000 + 5000 -
			    clock_wall_ms(&clock_system),
			0, 10000);
}

static uint64_t say_monotonic(void *state)
{
	return *(uint64_t *)state;
}

static uint64_t say_wall(void *state)
{
	return *(uint64_t *)state + 1000;
}

static void a_clock_can_be_turned_by_hand(void **state)
{
	uint64_t now = 7;
	const struct clock clock = {say_monotonic, say_wall, &now};

	(void)state;
	assert_int_equal(clock_monotonic_ms(&clock), 7);
	now = 8;
	assert_int_equal(clock_monotonic_ms(&clock), 8);
	assert_int_equal(clock_wall_ms(&clock), 1008);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_systems_clock_counts_milliseconds),
	    cmocka_unit_test(a_clock_can_be_turned_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

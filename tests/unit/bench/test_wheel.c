/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wheel.h"

#define TICK_NS 100000
#define TIMERS	3000

static struct wheel wheel;
static struct wheel_timer timers[TIMERS];

static void timers_fire_once_never_early_and_at_most_a_tick_late(void **state)
{
	uint64_t now = 123456789;
	unsigned fired = 0;

	(void)state;
	srand(1);
	wheel_init(&wheel, TICK_NS, now);
	/* Up to ten times further than the wheel reaches. */
	for (unsigned i = 0; i < TIMERS; i++)
		wheel_add(&wheel, &timers[i],
			  now + (uint64_t)rand() % 16000000000);
	while (wheel_next_ns(&wheel) != UINT64_MAX) {
		struct wheel_timer *timer;

		now = wheel_next_ns(&wheel);
		while ((timer = wheel_pop(&wheel, now))) {
			assert_true(timer->due_ns <= now);
			assert_true(now - timer->due_ns <= TICK_NS);
			assert_null(timer->link);
			fired++;
		}
	}
	assert_int_equal(fired, TIMERS);
}

static void a_cancelled_timer_never_fires(void **state)
{
	(void)state;
	wheel_init(&wheel, TICK_NS, 0);
	for (unsigned i = 0; i < 3; i++)
		wheel_add(&wheel, &timers[i], 500000);
	wheel_cancel(&wheel, &timers[1]);
	wheel_cancel(&wheel, &timers[1]);
	assert_int_equal(wheel_next_ns(&wheel), 500000);
	assert_ptr_equal(wheel_pop(&wheel, 600000), &timers[2]);
	assert_ptr_equal(wheel_pop(&wheel, 600000), &timers[0]);
	assert_null(wheel_pop(&wheel, 600000));
	assert_int_equal(wheel_next_ns(&wheel), UINT64_MAX);
}

static void what_is_overdue_fires_at_once(void **state)
{
	(void)state;
	wheel_init(&wheel, TICK_NS, 0);
	assert_null(wheel_pop(&wheel, 90000000000));
	wheel_add(&wheel, &timers[0], 1000);
	assert_ptr_equal(wheel_pop(&wheel, 90000000000), &timers[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		timers_fire_once_never_early_and_at_most_a_tick_late),
	    cmocka_unit_test(a_cancelled_timer_never_fires),
	    cmocka_unit_test(what_is_overdue_fires_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

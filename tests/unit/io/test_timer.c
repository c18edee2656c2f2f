/* SPDX-License-Identifier: ISC */
/*
 * Timers on a loop that never runs: its time is set by hand, and due timers
 * are run by hand.
 */
#include "io/loop_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TIMERS = 300, ROUNDS = 20000 };

/* What ran, in order, one letter each. */
static char ran[64];

struct alarm {
	struct timer timer;
	struct alarm *stops; /* stops this one when it rings */
	struct alarm *starts;
	uint64_t starts_after_ms;
	char name;
};

static void on_alarm(void *state)
{
	struct alarm *alarm = state;
	size_t len = strlen(ran);

	assert_true(len + 1 < sizeof ran);
	assert_false(timer_is_running(&alarm->timer));
	ran[len] = alarm->name;
	ran[len + 1] = '\0';
	if (alarm->stops)
		timer_stop(&alarm->stops->timer);
	if (alarm->starts)
		timer_start(&alarm->starts->timer, alarm->starts_after_ms);
}

static struct alarm make_alarm(struct loop *loop, char name)
{
	struct alarm alarm = {.name = name};

	timer_init(&alarm.timer, loop, on_alarm, NULL);
	return alarm;
}

/* Timers live where they were put: state is set once they do not move. */
static void start(struct alarm *alarm, uint64_t delay_ms)
{
	alarm->timer.state = alarm;
	timer_start(&alarm->timer, delay_ms);
}

static void turn_to(struct loop *loop, uint64_t now_ms)
{
	loop->uv.time = now_ms;
	timer_run_due(loop);
}

static int set_up(void **state)
{
	struct loop *loop = loop_new();

	loop->uv.time = 1000;
	ran[0] = '\0';
	*state = loop;
	return 0;
}

static int tear_down(void **state)
{
	loop_free(*state);
	return 0;
}

static void timers_ring_in_the_order_of_their_times(void **state)
{
	struct loop *loop = *state;
	struct alarm a = make_alarm(loop, 'a');
	struct alarm b = make_alarm(loop, 'b');
	struct alarm c = make_alarm(loop, 'c');

	start(&b, 20);
	start(&c, 30);
	start(&a, 10);
	turn_to(loop, 1009);
	assert_string_equal(ran, "");
	turn_to(loop, 1010);
	assert_string_equal(ran, "a");
	turn_to(loop, 5000);
	assert_string_equal(ran, "abc");
	assert_int_equal(loop->heap_count, 0);
}

static void timers_of_one_time_ring_in_the_order_of_their_starts(void **state)
{
	struct loop *loop = *state;
	struct alarm alarms[20];

	for (int i = 0; i < 20; i++) {
		alarms[i] = make_alarm(loop, (char)('a' + i));
		start(&alarms[i], 10);
	}
	turn_to(loop, 1010);
	assert_string_equal(ran, "abcdefghijklmnopqrst");
}

static void a_timer_that_is_started_again_moves(void **state)
{
	struct loop *loop = *state;
	struct alarm a = make_alarm(loop, 'a');
	struct alarm b = make_alarm(loop, 'b');

	start(&a, 10);
	start(&b, 20);
	start(&a, 30);
	assert_int_equal(loop->heap_count, 2);
	turn_to(loop, 1020);
	assert_string_equal(ran, "b");
	turn_to(loop, 1030);
	assert_string_equal(ran, "ba");
}

static void a_stopped_timer_does_not_ring(void **state)
{
	struct loop *loop = *state;
	struct alarm a = make_alarm(loop, 'a');

	start(&a, 10);
	assert_true(timer_is_running(&a.timer));
	timer_stop(&a.timer);
	timer_stop(&a.timer);
	assert_false(timer_is_running(&a.timer));
	turn_to(loop, 2000);
	assert_string_equal(ran, "");
}

static void a_timer_that_was_never_started_can_be_stopped(void **state)
{
	struct alarm zeroed = {.name = 'z'};
	struct alarm made = make_alarm(*state, 'm');

	timer_stop(&zeroed.timer);
	timer_stop(&made.timer);
	assert_false(timer_is_running(&made.timer));
}

static void a_callback_can_stop_another_that_is_due_too(void **state)
{
	struct loop *loop = *state;
	struct alarm a = make_alarm(loop, 'a');
	struct alarm b = make_alarm(loop, 'b');
	struct alarm c = make_alarm(loop, 'c');

	a.stops = &b;
	start(&a, 1);
	start(&b, 2);
	start(&c, 3);
	turn_to(loop, 1100);
	assert_string_equal(ran, "ac");
	assert_false(timer_is_running(&b.timer));
}

static void a_restart_with_0_rings_once_per_pass(void **state)
{
	struct loop *loop = *state;
	struct alarm again = make_alarm(loop, 'a');
	struct alarm later[5];

	again.starts = &again;
	start(&again, 0);
	for (int i = 0; i < 5; i++) {
		later[i] = make_alarm(loop, 'x');
		start(&later[i], 1000000);
	}
	turn_to(loop, 1000);
	assert_string_equal(ran, "a");
	turn_to(loop, 1000);
	assert_string_equal(ran, "aa");
	for (int i = 0; i < 5; i++)
		timer_stop(&later[i].timer);
	timer_stop(&again.timer);
}

static void a_restart_with_0_does_not_overtake_who_was_due(void **state)
{
	struct loop *loop = *state;
	struct alarm a = make_alarm(loop, 'a');
	struct alarm b = make_alarm(loop, 'b');
	struct alarm c = make_alarm(loop, 'c');

	a.starts = &c;
	start(&a, 5);
	start(&b, 50);
	turn_to(loop, 1050);
	assert_string_equal(ran, "ab");
	c.timer.state = &c;
	turn_to(loop, 1050);
	assert_string_equal(ran, "abc");
}

static void the_count_of_starts_may_wrap(void **state)
{
	struct loop *loop = *state;
	struct alarm a = make_alarm(loop, 'a');
	struct alarm b = make_alarm(loop, 'b');
	struct alarm c = make_alarm(loop, 'c');

	loop->timer_starts = UINT32_MAX - 1;
	start(&a, 10);
	start(&b, 10);
	start(&c, 10);
	turn_to(loop, 1010);
	assert_string_equal(ran, "abc");
}

static void a_delay_beyond_all_time_never_rings(void **state)
{
	struct loop *loop = *state;
	struct alarm a = make_alarm(loop, 'a');

	start(&a, UINT64_MAX);
	turn_to(loop, UINT64_MAX - 1);
	assert_string_equal(ran, "");
	timer_stop(&a.timer);
}

static void assert_heap(const struct loop *loop)
{
	for (uint32_t i = 1; i <= loop->heap_count; i++) {
		assert_int_equal(loop->heap[i]->place, i);
		if (i > 1)
			assert_true(loop->heap[i / 2]->due_ms <=
				    loop->heap[i]->due_ms);
	}
}

static uint64_t last_due_ms;

static void on_random(void *state)
{
	struct timer *timer = state;

	assert_true(timer->due_ms >= last_due_ms);
	assert_true(timer->due_ms <= loop_now_ms(timer->loop));
	last_due_ms = timer->due_ms;
}

/* Starts, moves and stops at random, beside a plain table of what must be. */
static void the_heap_stays_a_heap(void **state)
{
	struct loop *loop = *state;
	static struct timer timers[TIMERS];
	static uint64_t due[TIMERS];

	srandom(7);
	for (int i = 0; i < TIMERS; i++)
		timer_init(&timers[i], loop, on_random, &timers[i]);
	for (int round = 0; round < ROUNDS; round++) {
		int i = (int)(random() % TIMERS);
		uint32_t running = 0;

		if (random() % 3 == 0) {
			timer_stop(&timers[i]);
			due[i] = 0;
		} else {
			uint64_t delay = (uint64_t)(random() % 500);

			timer_start(&timers[i], delay);
			due[i] = loop_now_ms(loop) + delay;
		}
		if (random() % 8 == 0) {
			last_due_ms = 0;
			turn_to(loop,
				loop_now_ms(loop) + (uint64_t)(random() % 40));
		}
		for (int j = 0; j < TIMERS; j++) {
			bool is_due = due[j] <= loop_now_ms(loop);

			if (due[j] && is_due && !timer_is_running(&timers[j]))
				due[j] = 0;
			assert_int_equal(timer_is_running(&timers[j]),
					 due[j] != 0);
			running += due[j] != 0;
		}
		assert_int_equal(running, loop->heap_count);
		if (round % 16 == 0)
			assert_heap(loop);
	}
	for (int i = 0; i < TIMERS; i++)
		timer_stop(&timers[i]);
}

static void the_alarm_is_set_for_the_earliest(void **state)
{
	struct loop *loop = *state;
	struct alarm a = make_alarm(loop, 'a');
	struct alarm b = make_alarm(loop, 'b');

	timer_arm(loop);
	assert_int_equal(loop->alarm_ms, 0);
	start(&a, 500);
	timer_arm(loop);
	assert_int_equal(loop->alarm_ms, 1500);
	start(&b, 100);
	timer_arm(loop);
	assert_int_equal(loop->alarm_ms, 1100);
	/* Moving it back would cost more than a pass for nothing. */
	timer_stop(&b.timer);
	timer_arm(loop);
	assert_int_equal(loop->alarm_ms, 1100);
	timer_stop(&a.timer);
	timer_arm(loop);
	assert_int_equal(loop->alarm_ms, 0);
	assert_false(uv_is_active((uv_handle_t *)&loop->alarm));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(timers_ring_in_the_order_of_their_times),
	    TEST(timers_of_one_time_ring_in_the_order_of_their_starts),
	    TEST(a_timer_that_is_started_again_moves),
	    TEST(a_stopped_timer_does_not_ring),
	    TEST(a_timer_that_was_never_started_can_be_stopped),
	    TEST(a_callback_can_stop_another_that_is_due_too),
	    TEST(a_restart_with_0_rings_once_per_pass),
	    TEST(a_restart_with_0_does_not_overtake_who_was_due),
	    TEST(the_count_of_starts_may_wrap),
	    TEST(a_delay_beyond_all_time_never_rings),
	    TEST(the_heap_stays_a_heap),
	    TEST(the_alarm_is_set_for_the_earliest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "base/log.h"
#include "io/loop_private.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A loop that would wait for ever is ended by SIGALRM, which fails the test
 * program. */
enum { PATIENCE_S = 20, WAKERS = 5, PASSES = 50 };

struct scene {
	struct loop *loop;
	char seen[128]; /* what happened, a letter each */
	int passes;
	int stop_after;
	bool goes_again;
	int pipes[WAKERS][2];
};

static void note(struct scene *scene, char letter)
{
	size_t len = strlen(scene->seen);

	assert_true(len + 1 < sizeof scene->seen);
	scene->seen[len] = letter;
	scene->seen[len + 1] = '\0';
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);

	alarm(PATIENCE_S);
	scene->loop = loop_new();
	for (int i = 0; i < WAKERS; i++)
		if (pipe(scene->pipes[i]) != 0)
			return -1;
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	loop_free(scene->loop);
	for (int i = 0; i < WAKERS; i++) {
		close(scene->pipes[i][0]);
		close(scene->pipes[i][1]);
	}
	free(scene);
	alarm(0);
	return 0;
}

static void on_pass(void *state)
{
	struct scene *scene = state;

	if (++scene->passes >= scene->stop_after)
		loop_stop(scene->loop);
	else if (scene->goes_again)
		loop_again(scene->loop);
}

static void the_first_pass_comes_without_an_event(void **state)
{
	struct scene *scene = *state;

	scene->stop_after = 1;
	loop_on_pass(scene->loop, on_pass, scene);
	loop_run(scene->loop);
	assert_int_equal(scene->passes, 1);
}

static void a_pass_that_asks_for_another_gets_it_at_once(void **state)
{
	struct scene *scene = *state;

	scene->stop_after = PASSES;
	scene->goes_again = true;
	loop_on_pass(scene->loop, on_pass, scene);
	loop_run(scene->loop);
	assert_int_equal(scene->passes, PASSES);
}

static void stop_now(void *state)
{
	loop_stop(((struct scene *)state)->loop);
}

static void without_work_a_loop_sleeps(void **state)
{
	struct scene *scene = *state;
	struct timer timer;

	scene->stop_after = 1000;
	timer_init(&timer, scene->loop, stop_now, scene);
	timer_start(&timer, 40);
	loop_on_pass(scene->loop, on_pass, scene);
	loop_run(scene->loop);
	/* The first, the timer's, and some for rounding of times. */
	assert_in_range(scene->passes, 2, 8);
}

static void a_loop_that_was_told_to_stop_before_it_ran_stops(void **state)
{
	struct scene *scene = *state;

	scene->stop_after = 1000;
	loop_on_pass(scene->loop, on_pass, scene);
	loop_stop(scene->loop);
	loop_run(scene->loop);
	assert_int_equal(scene->passes, 0);
}

static void nothing(void *state, unsigned events)
{
	(void)state;
	(void)events;
}

static void a_loop_that_was_stopped_is_freed_whole(void **state)
{
	struct scene *scene = *state;

	watch_close(
	    watch_open(scene->loop, scene->pipes[0][0], nothing, scene));
	loop_stop(scene->loop);
	/* tear_down() frees it; a leak of the watch is the sanitizer's. */
}

static void note_1(void *state)
{
	note(state, '1');
}

static void note_2(void *state)
{
	note(state, '2');
}

static void note_t(void *state)
{
	note(state, 't');
}

static void on_readable(void *state, unsigned events)
{
	assert_int_equal(events, WATCH_READ);
	note(state, 'r');
}

/* Five descriptors and a timer are ready in one pass: the passes' callbacks
 * come once, after all of them, in the order in which they were added. */
static void passes_come_once_after_all_callbacks_in_order(void **state)
{
	struct scene *scene = *state;
	struct watch *watches[WAKERS];
	struct timer timer;

	for (int i = 0; i < WAKERS; i++) {
		watches[i] = watch_open(scene->loop, scene->pipes[i][0],
					on_readable, scene);
		watch_set(watches[i], WATCH_READ);
		assert_int_equal(write(scene->pipes[i][1], "x", 1), 1);
	}
	timer_init(&timer, scene->loop, note_t, scene);
	timer_start(&timer, 0);
	scene->stop_after = 1;
	loop_on_pass(scene->loop, note_1, scene);
	loop_on_pass(scene->loop, note_2, scene);
	loop_on_pass(scene->loop, on_pass, scene);
	loop_run(scene->loop);
	assert_string_equal(scene->seen, "rrrrrt12");
	for (int i = 0; i < WAKERS; i++)
		watch_close(watches[i]);
}

static void start_soon(void *state)
{
	struct scene *scene = state;
	static struct timer timer;

	if (scene->passes++ > 0)
		return;
	timer_init(&timer, scene->loop, stop_now, scene);
	timer_start(&timer, 1);
}

static void a_timer_started_by_a_pass_rings(void **state)
{
	struct scene *scene = *state;

	loop_on_pass(scene->loop, start_soon, scene);
	loop_run(scene->loop);
	assert_in_range(scene->passes, 2, 5);
}

static void the_clock_stands_still_within_a_pass(void **state)
{
	struct scene *scene = *state;
	const struct clock *clock = loop_clock(scene->loop);
	uint64_t wall = clock_wall_ms(clock);

	assert_int_equal(clock_monotonic_ms(clock), loop_now_ms(scene->loop));
	assert_true(clock_monotonic_ms(clock) > 0);
	assert_in_range(wall, clock_wall_ms(&clock_system) - 5000,
			clock_wall_ms(&clock_system));
}

static void be_slow(void *state)
{
	struct scene *scene = state;
	uint64_t start = uv_hrtime();

	if (scene->passes++ == 1)
		while (uv_hrtime() - start < 60000000)
			continue;
	if (scene->passes == 3)
		loop_stop(scene->loop);
	loop_again(scene->loop);
}

static void a_slow_pass_is_counted(void **state)
{
	struct scene *scene = *state;
	const struct log_options quiet = {.level = LOG_LEVEL_ERROR};

	log_open(&quiet);
	loop_on_pass(scene->loop, be_slow, scene);
	assert_int_equal(loop_slow_passes(scene->loop), 0);
	loop_run(scene->loop);
	assert_int_equal(scene->passes, 3);
	assert_int_equal(loop_slow_passes(scene->loop), 1);
}

static void on_signal(void *state, int signal_number)
{
	struct scene *scene = state;

	note(scene, signal_number == SIGUSR1 ? 'u' : 'h');
	if (strlen(scene->seen) == 2)
		loop_stop(scene->loop);
}

static void signals_come_as_callbacks(void **state)
{
	struct scene *scene = *state;

	loop_on_signal(scene->loop, SIGUSR1, on_signal, scene);
	loop_on_signal(scene->loop, SIGHUP, on_signal, scene);
	raise(SIGUSR1);
	assert_string_equal(scene->seen, "");
	raise(SIGHUP);
	loop_run(scene->loop);
	assert_string_equal(scene->seen, "uh");
}

static void errors_have_words(void **state)
{
	(void)state;
	assert_string_equal(loop_strerror(UV_EAI_NONAME),
			    "unknown node or service");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_first_pass_comes_without_an_event),
	    TEST(a_pass_that_asks_for_another_gets_it_at_once),
	    TEST(without_work_a_loop_sleeps),
	    TEST(a_loop_that_was_told_to_stop_before_it_ran_stops),
	    TEST(a_loop_that_was_stopped_is_freed_whole),
	    TEST(passes_come_once_after_all_callbacks_in_order),
	    TEST(a_timer_started_by_a_pass_rings),
	    TEST(the_clock_stands_still_within_a_pass),
	    TEST(a_slow_pass_is_counted),
	    TEST(signals_come_as_callbacks),
	    TEST(errors_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

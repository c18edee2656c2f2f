/* SPDX-License-Identifier: ISC */
#include "fake_loop_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

struct lookup {
	struct loop *loop;
	lookup_done *on_done;
	void *state;
};

static uint64_t read_monotonic(void *state)
{
	return ((struct loop *)state)->now_ms;
}

static uint64_t read_wall(void *state)
{
	/* 2026-11-21T00:00:00Z when the loop's clock is 0. */
	return ((struct loop *)state)->now_ms + 1795219200000;
}

struct loop *fake_loop_new(void)
{
	struct loop *loop = memory_zalloc(sizeof *loop);

	loop->now_ms = 1000;
	loop->clock = (struct clock){read_monotonic, read_wall, loop};
	loop->jobs_max = JOBS_MAX;
	return loop;
}

void fake_loop_free(struct loop *loop)
{
	assert_int_equal(loop->timer_count, 0);
	assert_int_equal(loop->lookup_count, 0);
	assert_int_equal(loop->job_count, 0);
	for (unsigned i = 0; i < loop->watch_count; i++)
		assert_null(loop->watches[i]);
	memory_free(loop);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

const struct clock *loop_clock(const struct loop *loop)
{
	return &loop->clock;
}

void timer_init(struct timer *timer, struct loop *loop,
		void (*on_timer)(void *state), void *state)
{
	memset(timer, 0, sizeof *timer);
	timer->loop = loop;
	timer->on_timer = on_timer;
	timer->state = state;
}

bool timer_is_running(const struct timer *timer)
{
	return timer->place != 0;
}

void timer_start(struct timer *timer, uint64_t delay_ms)
{
	struct loop *loop = timer->loop;

	timer_stop(timer);
	assert_true(loop->timer_count < TIMERS_MAX);
	loop->timers[loop->timer_count++] = timer;
	timer->place = loop->timer_count;
	timer->due_ms = loop->now_ms + delay_ms;
}

void timer_stop(struct timer *timer)
{
	struct loop *loop = timer->loop;

	if (timer->place == 0)
		return;
	for (unsigned i = timer->place; i < loop->timer_count; i++) {
		loop->timers[i - 1] = loop->timers[i];
		loop->timers[i - 1]->place = i;
	}
	loop->timer_count--;
	timer->place = 0;
}

static struct timer *first_timer(const struct loop *loop)
{
	struct timer *first = NULL;

	for (unsigned i = 0; i < loop->timer_count; i++)
		if (!first || loop->timers[i]->due_ms < first->due_ms)
			first = loop->timers[i];
	return first;
}

bool fake_loop_run_due(struct loop *loop)
{
	struct timer *timer = first_timer(loop);

	if (!timer || timer->due_ms > loop->now_ms)
		return false;
	timer_stop(timer);
	timer->on_timer(timer->state);
	return true;
}

void fake_loop_advance(struct loop *loop, uint64_t ms)
{
	uint64_t end_ms = loop->now_ms + ms;
	struct timer *next;

	fake_loop_settle(loop);
	while ((next = first_timer(loop)) && next->due_ms <= end_ms) {
		if (next->due_ms > loop->now_ms)
			loop->now_ms = next->due_ms;
		fake_loop_run_due(loop);
		fake_loop_settle(loop);
	}
	loop->now_ms = end_ms;
}

struct lookup *lookup_start(struct loop *loop, const char *host,
			    lookup_done *on_done, void *state)
{
	struct lookup *lookup = memory_zalloc(sizeof *lookup);

	assert_non_null(host);
	assert_true(loop->lookup_count < LOOKUPS_MAX);
	lookup->loop = loop;
	lookup->on_done = on_done;
	lookup->state = state;
	loop->lookups[loop->lookup_count++] = lookup;
	loop->lookups_started++;
	return lookup;
}

static void forget(struct loop *loop, unsigned at)
{
	loop->lookup_count--;
	memmove(&loop->lookups[at], &loop->lookups[at + 1],
		(loop->lookup_count - at) * sizeof loop->lookups[0]);
}

void lookup_cancel(struct lookup *lookup)
{
	struct loop *loop = lookup->loop;

	for (unsigned i = 0; i < loop->lookup_count; i++) {
		if (loop->lookups[i] == lookup)
			forget(loop, i);
	}
	memory_free(lookup);
}

unsigned fake_loop_lookups(const struct loop *loop)
{
	return loop->lookups_started;
}

void fake_loop_answer(struct loop *loop, int status, const char *address)
{
	struct lookup *lookup = loop->lookups[0];
	char addresses[LOOKUP_MAX][LOOKUP_ADDRESS_SIZE];
	int count = 0;

	assert_true(loop->lookup_count > 0);
	forget(loop, 0);
	if (status == 0) {
		snprintf(addresses[0], sizeof addresses[0], "%s", address);
		snprintf(addresses[1], sizeof addresses[1], "::1");
		count = 2;
	}
	lookup->on_done(lookup->state, status, addresses, count);
	memory_free(lookup);
}

const char *loop_strerror(int status)
{
	return status ? "a lookup's error" : "no error";
}

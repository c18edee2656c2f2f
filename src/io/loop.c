/* SPDX-License-Identifier: ISC */
#include "io/loop_private.h"

#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"

enum { PACE_US = 500, PACE_WINDOW_US = 50000, PACE_EVENTS = 250 };

static unsigned long long clock_ms(void)
{
	return uv_hrtime() / 1000000;
}

static void run_pass(struct loop *loop)
{
	/* libuv read its clock when polling ended. */
	const unsigned long long start_ms = uv_now(&loop->uv);
	const unsigned long long events_ms = clock_ms();
	unsigned long long timers_ms;
	unsigned long long end_ms;

	/* Not in on_again(): libuv asks for idle handles after it ran them,
	 * and would wait. */
	uv_idle_stop(&loop->again);
	timer_run_due(loop);
	timers_ms = clock_ms();
	for (unsigned i = 0; i < loop->pass_count; i++)
		loop->passes[i].callback(loop->passes[i].state);
	end_ms = clock_ms();
	if (end_ms - start_ms <= LOOP_SLOW_PASS_MS)
		return;
	loop->slow_passes++;
	log_warn("loop",
		 "a pass took %llu ms: events %llu, timers %llu, "
		 "turns and replies %llu",
		 end_ms - start_ms, events_ms - start_ms, timers_ms - events_ms,
		 end_ms - timers_ms);
}

static void on_check(uv_check_t *check)
{
	run_pass(check->data);
}

/* A loop that thousands of streams keep awake would poll for each frame
 * alone, and sleep and wake between them. So, while sockets have something to
 * say more than 5,000 times a second, polls are PACE_US apart: what has come
 * by then (three frames or more) is served together. Half of that time saves
 * nothing: then sleeping twice costs what polling less often gains. A loop
 * with less to do never waits. */
static void pace(struct loop *loop)
{
	struct timespec rest = {0, 0};
	uint64_t now_us = uv_hrtime() / 1000;

	if (now_us - loop->window_us > PACE_WINDOW_US) {
		loop->is_busy = loop->window_events > PACE_EVENTS;
		loop->window_us = now_us;
		loop->window_events = 0;
	}
	if (loop->is_busy && !loop->is_hurried &&
	    now_us - loop->polled_us < PACE_US) {
		rest.tv_nsec =
		    (long)(PACE_US - (now_us - loop->polled_us)) * 1000;
		nanosleep(&rest, NULL);
	}
	loop->is_hurried = false;
	loop->polled_us = uv_hrtime() / 1000;
}

static void on_prepare(uv_prepare_t *prepare)
{
	pace(prepare->data);
	timer_arm(prepare->data);
}

static void on_again(uv_idle_t *again)
{
	(void)again;
}

static uint64_t monotonic_ms(void *state)
{
	return uv_now(&((struct loop *)state)->uv);
}

static uint64_t wall_ms(void *state)
{
	(void)state;
	return clock_wall_ms(&clock_system);
}

struct loop *loop_new(void)
{
	struct loop *loop = memory_zalloc(sizeof *loop);

	if (uv_loop_init(&loop->uv) != 0)
		abort();
	loop->uv.data = loop;
	loop->clock = (struct clock){monotonic_ms, wall_ms, loop};
	uv_check_init(&loop->uv, &loop->check);
	uv_prepare_init(&loop->uv, &loop->prepare);
	uv_timer_init(&loop->uv, &loop->alarm);
	uv_idle_init(&loop->uv, &loop->again);
	loop->check.data = loop;
	loop->prepare.data = loop;
	loop->alarm.data = loop;
	loop->again.data = loop;
	uv_check_start(&loop->check, on_check);
	uv_prepare_start(&loop->prepare, on_prepare);
	return loop;
}

static void close_all(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	uv_walk(&loop->uv, close_all, NULL);
	/* Again when a loop_stop() was still to be heard. */
	do
		uv_run(&loop->uv, UV_RUN_DEFAULT);
	while (uv_loop_close(&loop->uv) == UV_EBUSY);
	memory_free(loop->heap);
	memory_free(loop);
}

unsigned loop_jobs(const struct loop *loop)
{
	unsigned count = 0;

	for (int kind = 0; kind < JOB_KINDS; kind++)
		count += loop->job_counts[kind];
	return count;
}

unsigned loop_lookups(const struct loop *loop)
{
	return loop->lookup_count;
}

void loop_run(struct loop *loop)
{
	uv_update_time(&loop->uv);
	loop_again(loop);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return uv_now(&loop->uv);
}

const struct clock *loop_clock(const struct loop *loop)
{
	return &loop->clock;
}

void loop_on_pass(struct loop *loop, void (*callback)(void *state), void *state)
{
	if (loop->pass_count == LOOP_PASS_MAX)
		abort();
	loop->passes[loop->pass_count].callback = callback;
	loop->passes[loop->pass_count].state = state;
	loop->pass_count++;
}

void loop_hurry(struct loop *loop)
{
	loop->is_hurried = true;
}

void loop_again(struct loop *loop)
{
	uv_idle_start(&loop->again, on_again);
}

uint64_t loop_slow_passes(const struct loop *loop)
{
	return loop->slow_passes;
}

static void on_signal(uv_signal_t *handle, int signal_number)
{
	struct loop_signal *entry = handle->data;

	entry->callback(entry->state, signal_number);
}

void loop_on_signal(struct loop *loop, int signal_number,
		    void (*callback)(void *state, int signal_number),
		    void *state)
{
	struct loop_signal *entry = &loop->signals[loop->signal_count];

	if (loop->signal_count++ == LOOP_SIGNAL_MAX)
		abort();
	entry->callback = callback;
	entry->state = state;
	uv_signal_init(&loop->uv, &entry->handle);
	entry->handle.data = entry;
	uv_signal_start(&entry->handle, on_signal, signal_number);
	uv_unref((uv_handle_t *)&entry->handle);
}

const char *loop_strerror(int status)
{
	return uv_strerror(status);
}

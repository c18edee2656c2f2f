/* SPDX-License-Identifier: ISC */
#include "io/loop_private.h"

#include "base/memory.h"

/* A binary heap of pointers, heap[1] first; each timer knows its place. Timers
 * of one time ring in the order in which they were started. */

void timer_init(struct timer *timer, struct loop *loop,
		void (*on_timer)(void *state), void *state)
{
	timer->loop = loop;
	timer->on_timer = on_timer;
	timer->state = state;
	timer->due_ms = 0;
	timer->started = 0;
	timer->place = 0;
}

bool timer_is_running(const struct timer *timer)
{
	return timer->place != 0;
}

static bool is_before(const struct timer *a, const struct timer *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	/* The count of starts may wrap. */
	return (int32_t)(a->started - b->started) < 0;
}

static void put(struct loop *loop, uint32_t place, struct timer *timer)
{
	loop->heap[place] = timer;
	timer->place = place;
}

static void sift_up(struct loop *loop, uint32_t place, struct timer *timer)
{
	while (place > 1 && is_before(timer, loop->heap[place / 2])) {
		put(loop, place, loop->heap[place / 2]);
		place /= 2;
	}
	put(loop, place, timer);
}

static void sift_down(struct loop *loop, uint32_t place, struct timer *timer)
{
	for (;;) {
		uint32_t child = place * 2;

		if (child > loop->heap_count)
			break;
		if (child < loop->heap_count &&
		    is_before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (is_before(timer, loop->heap[child]))
			break;
		put(loop, place, loop->heap[child]);
		place = child;
	}
	put(loop, place, timer);
}

void timer_start(struct timer *timer, uint64_t delay_ms)
{
	struct loop *loop = timer->loop;

	timer_stop(timer);
	timer->due_ms = loop_now_ms(loop) + delay_ms;
	if (timer->due_ms < delay_ms)
		timer->due_ms = UINT64_MAX;
	timer->started = loop->timer_starts++;
	if (loop->heap_count + 2 > loop->heap_size) {
		loop->heap_size = loop->heap_size ? loop->heap_size * 2 : 64;
		loop->heap = memory_realloc(loop->heap, loop->heap_size *
							    sizeof *loop->heap);
	}
	loop->heap_count++;
	sift_up(loop, loop->heap_count, timer);
}

void timer_stop(struct timer *timer)
{
	struct loop *loop = timer->loop;
	uint32_t place = timer->place;
	struct timer *last;

	if (place == 0)
		return;
	timer->place = 0;
	last = loop->heap[loop->heap_count--];
	if (last == timer)
		return;
	if (place > 1 && is_before(last, loop->heap[place / 2]))
		sift_up(loop, place, last);
	else
		sift_down(loop, place, last);
}

void timer_run_due(struct loop *loop)
{
	/* Only those started before: one may start itself again with 0. */
	uint32_t starts = loop->timer_starts;

	while (loop->heap_count > 0) {
		struct timer *timer = loop->heap[1];

		if (timer->due_ms > loop_now_ms(loop) ||
		    (int32_t)(timer->started - starts) >= 0)
			break;
		timer_stop(timer);
		timer->on_timer(timer->state);
	}
}

static void on_alarm(uv_timer_t *alarm)
{
	((struct loop *)alarm->data)->alarm_ms = 0;
}

void timer_arm(struct loop *loop)
{
	uint64_t due_ms = loop->heap_count ? loop->heap[1]->due_ms : 0;
	uint64_t now_ms = loop_now_ms(loop);

	if (due_ms == 0) {
		if (loop->alarm_ms)
			uv_timer_stop(&loop->alarm);
		loop->alarm_ms = 0;
		return;
	}
	/* An alarm that rings too early costs one empty pass; moving it at
	 * every pass would cost more. */
	if (loop->alarm_ms && loop->alarm_ms <= due_ms)
		return;
	loop->alarm_ms = due_ms;
	uv_timer_start(&loop->alarm, on_alarm,
		       due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

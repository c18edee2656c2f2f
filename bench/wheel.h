/* SPDX-License-Identifier: ISC */
/*
 * A timer wheel: thousands of timers, each armed and fired in constant time.
 *
 * A timer never fires early; it may fire up to one tick late. Timers further
 * away than the wheel reaches are parked and armed again on the way. The wheel
 * owns no timer: whoever embeds one cancels it before it goes.
 */
#ifndef BENCH_WHEEL_H
#define BENCH_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#define WHEEL_SLOTS 16384

struct wheel_timer {
	struct wheel_timer *next;
	struct wheel_timer **link; /* what points at us; NULL: not armed */
	uint64_t due_ns;
	unsigned slot;
};

struct wheel {
	uint64_t tick_ns;
	uint64_t tick; /* every slot before this one is empty */
	struct wheel_timer *slots[WHEEL_SLOTS];
	uint64_t busy[WHEEL_SLOTS / 64];
};

void wheel_init(struct wheel *wheel, uint64_t tick_ns, uint64_t now_ns);

/* Arms the timer, which must not be armed already. */
void wheel_add(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_ns);

/* Does nothing to a timer that is not armed. */
void wheel_cancel(struct wheel *wheel, struct wheel_timer *timer);

/* When wheel_pop() is worth calling next; UINT64_MAX when no timer is armed. */
uint64_t wheel_next_ns(const struct wheel *wheel);

/* Disarms and returns one timer that is due, NULL when none is left. */
struct wheel_timer *wheel_pop(struct wheel *wheel, uint64_t now_ns);

#endif

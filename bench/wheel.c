/* SPDX-License-Identifier: ISC */
#include "wheel.h"

#include <stddef.h>
#include <string.h>

void wheel_init(struct wheel *wheel, uint64_t tick_ns, uint64_t now_ns)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->tick_ns = tick_ns;
	wheel->tick = now_ns / tick_ns;
}

void wheel_add(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_ns)
{
	/* Rounded up, so that no timer is early. */
	uint64_t tick = (due_ns + wheel->tick_ns - 1) / wheel->tick_ns;
	struct wheel_timer **head;

	if (tick < wheel->tick)
		tick = wheel->tick;
	if (tick >= wheel->tick + WHEEL_SLOTS)
		tick = wheel->tick + WHEEL_SLOTS - 1;
	timer->due_ns = due_ns;
	timer->slot = (unsigned)(tick % WHEEL_SLOTS);
	head = &wheel->slots[timer->slot];
	timer->next = *head;
	timer->link = head;
	if (timer->next)
		timer->next->link = &timer->next;
	*head = timer;
	wheel->busy[timer->slot / 64] |= UINT64_C(1) << timer->slot % 64;
}

void wheel_cancel(struct wheel *wheel, struct wheel_timer *timer)
{
	if (!timer->link)
		return;
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	timer->link = NULL;
	if (!wheel->slots[timer->slot])
		wheel->busy[timer->slot / 64] &=
		    ~(UINT64_C(1) << timer->slot % 64);
}

/* How many ticks lie between the wheel's own and its next busy slot. */
static uint64_t ticks_to_busy(const struct wheel *wheel)
{
	unsigned from = (unsigned)(wheel->tick % WHEEL_SLOTS);
	unsigned words = WHEEL_SLOTS / 64;
	unsigned word = from / 64;
	uint64_t bits = wheel->busy[word] & (~UINT64_C(0) << from % 64);

	for (unsigned i = 0; i <= words; i++) {
		if (bits) {
			unsigned slot =
			    word * 64 + (unsigned)__builtin_ctzll(bits);
			return (slot + WHEEL_SLOTS - from) % WHEEL_SLOTS;
		}
		word = (word + 1) % words;
		bits = wheel->busy[word];
	}
	return UINT64_MAX;
}

uint64_t wheel_next_ns(const struct wheel *wheel)
{
	uint64_t ticks = ticks_to_busy(wheel);

	if (ticks == UINT64_MAX)
		return UINT64_MAX;
	return (wheel->tick + ticks) * wheel->tick_ns;
}

struct wheel_timer *wheel_pop(struct wheel *wheel, uint64_t now_ns)
{
	for (;;) {
		uint64_t next_ns = wheel_next_ns(wheel);
		struct wheel_timer *timer;

		if (next_ns > now_ns) {
			/* Move on, but never past what is still armed. */
			if (now_ns / wheel->tick_ns > wheel->tick)
				wheel->tick = now_ns / wheel->tick_ns;
			return NULL;
		}
		wheel->tick = next_ns / wheel->tick_ns;
		timer = wheel->slots[wheel->tick % WHEEL_SLOTS];
		wheel_cancel(wheel, timer);
		if (timer->due_ns <= now_ns)
			return timer;
		wheel_add(wheel, timer, timer->due_ns); /* it was parked */
	}
}

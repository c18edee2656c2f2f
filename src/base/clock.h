/* SPDX-License-Identifier: ISC */
/*
 * Time comes in through a struct clock, so that tests can turn it.
 */
#ifndef LEAT_BASE_CLOCK_H
#define LEAT_BASE_CLOCK_H

#include <stdint.h>

struct clock {
	uint64_t (*monotonic_ms)(void *state); /* never goes back */
	uint64_t (*wall_ms)(void *state);      /* since 1970, UTC */
	void *state;
};

extern const struct clock clock_system;

/* Of the system's monotonic clock: to measure with, not to decide by. */
uint64_t clock_system_us(void);

static inline uint64_t clock_monotonic_ms(const struct clock *clock)
{
	return clock->monotonic_ms(clock->state);
}

static inline uint64_t clock_wall_ms(const struct clock *clock)
{
	return clock->wall_ms(clock->state);
}

#endif

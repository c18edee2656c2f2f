/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <time.h>

static uint64_t read_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t monotonic_ms(void *state)
{
	(void)state;
	return read_ms(CLOCK_MONOTONIC);
}

static uint64_t wall_ms(void *state)
{
	(void)state;
	return read_ms(CLOCK_REALTIME);
}

uint64_t clock_system_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

const struct clock clock_system = {monotonic_ms, wall_ms, NULL};

/* SPDX-License-Identifier: ISC */
#include "master/master_watch.h"

unsigned master_watch_pause_ms(struct master_watch *watch, bool was_ready,
			       uint64_t lived_ms)
{
	unsigned pause_ms = MASTER_WATCH_FIRST_MS;

	if (was_ready && lived_ms >= MASTER_WATCH_HEALTHY_MS)
		watch->deaths = 0;
	if (watch->deaths++ == 0)
		return 0;
	for (unsigned i = 2; i < watch->deaths; i++) {
		if (pause_ms > MASTER_WATCH_LAST_MS / 2)
			return MASTER_WATCH_LAST_MS;
		pause_ms *= 2;
	}
	return pause_ms;
}

void master_watch_restart(struct master_watch *watch)
{
	watch->last_tick = 0;
	watch->missed = 0;
}

unsigned master_watch_tick(struct master_watch *watch, uint32_t tick)
{
	watch->missed = tick == watch->last_tick ? watch->missed + 1 : 0;
	watch->last_tick = tick;
	return watch->missed;
}

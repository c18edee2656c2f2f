/* SPDX-License-Identifier: ISC */
/*
 * When to start a worker again, and when one hangs: rules only, no clock and
 * no process.
 */
#ifndef LEAT_MASTER_MASTER_WATCH_H
#define LEAT_MASTER_MASTER_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum {
	MASTER_WATCH_HEALTHY_MS = 10000, /* who lived so long was well */
	MASTER_WATCH_FIRST_MS = 1000,
	MASTER_WATCH_LAST_MS = 30000,
	MASTER_WATCH_STUCK = 2,	 /* missed ticks: gets nothing new */
	MASTER_WATCH_KILLED = 20 /* missed ticks: is replaced */
};

struct master_watch {
	unsigned deaths; /* in a row, none after a healthy life */
	uint32_t last_tick;
	unsigned missed;
};

/* How long to wait after a death: one that had lived well is missed and comes
 * back at once, as does one after its first death; then 1 s doubling to
 * 30 s. */
unsigned master_watch_pause_ms(struct master_watch *watch, bool was_ready,
			       uint64_t lived_ms);
/* A new process. */
void master_watch_restart(struct master_watch *watch);
/* One of the master's own seconds, whatever a clock says: freezing and
 * thawing everything makes nobody late. Returns the ticks missed in a row. */
unsigned master_watch_tick(struct master_watch *watch, uint32_t tick);

#endif

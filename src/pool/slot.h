/* SPDX-License-Identifier: ISC */
/*
 * One worker's place in the shared file (slots.h). Its worker alone writes the
 * numbers; generation, the times and deaths are the master's.
 */
#ifndef LEAT_POOL_SLOT_H
#define LEAT_POOL_SLOT_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/metrics.h"

enum {
	SLOTS_VERSION = 2,
	SLOTS_WORKERS_MAX = 256,
	SLOTS_GENERATIONS = 3,
	SLOTS_MAX = SLOTS_WORKERS_MAX * SLOTS_GENERATIONS,
	SLOTS_ADDRESSES = 16384,
	SLOTS_NAMES = 1024
};

enum slot_state {
	SLOT_EMPTY,
	SLOT_STARTING,
	SLOT_READY, /* accepts */
	SLOT_DRAINING,
	SLOT_WAITING /* dead; is started again at next_start_ms */
};

struct slot {
	_Atomic uint32_t incarnation; /* 0: no worker */
	_Atomic uint32_t state;
	_Atomic uint32_t generation; /* 0: nobody's */
	_Atomic int32_t pid;
	_Atomic uint64_t started_ms;	/* wall clock; of this worker */
	_Atomic uint64_t next_start_ms; /* wall clock; WAITING */
	_Atomic uint32_t deaths; /* in a row, none after a healthy life */
	_Atomic uint32_t tick;	 /* +1 per second while the loop turns */
	_Atomic uint32_t open_streams;
	_Atomic uint32_t open_peers;
	struct metrics metrics;
	/* Open streams by address, hashed: two addresses that meet in one
	 * counter share a limit, which with this many is rare. */
	_Atomic uint16_t addresses[SLOTS_ADDRESSES];
	/* Of a worker that drains after a reload: hashes of ids that clients
	 * chose for its turns, which stay its own. */
	_Atomic uint32_t name_count;
	_Atomic uint64_t names[SLOTS_NAMES];
};

#endif

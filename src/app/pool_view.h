/* SPDX-License-Identifier: ISC */
/*
 * One slots file as an operator sees it: who lives, in which state, how much
 * happens. Taken again and again from the file; what needs two looks (rates,
 * does a tick stand still) compares with the look before. Nobody is asked
 * and nothing is written: a hung pool looks as clear as a healthy one.
 */
#ifndef LEAT_APP_POOL_VIEW_H
#define LEAT_APP_POOL_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "app/process_look.h"
#include "base/metrics.h"
#include "pool/slots_about.h"

struct slots;

enum worker_state {
	WORKER_STARTING,
	WORKER_READY,
	WORKER_DRAINING,
	WORKER_BACKING_OFF, /* dead; is started again in a while */
	WORKER_HUNG,	    /* lives, but its tick stands still */
	WORKER_DEAD	    /* and nobody has noticed yet, or nobody can */
};

enum pool_state {
	POOL_RUNNING,
	POOL_STARTING,
	POOL_DEGRADED, /* answers, with fewer workers than it wants */
	POOL_DRAINING,
	POOL_ORPHANED, /* the master is dead; workers go on */
	POOL_DEAD
};

/* A tick stands still for so long: the master's own measure is 20 s to kill,
 * and 2 s to hand nothing over. */
enum { POOL_VIEW_HUNG_MS = 2500 };

struct worker_view {
	enum worker_state state;
	unsigned slot;
	uint32_t generation;
	uint32_t incarnation;
	uint32_t tick;
	uint32_t still_ms; /* for how long the tick was seen to stand still */
	uint32_t deaths;
	uint32_t streams;
	uint32_t peers;
	int32_t pid;
	uint64_t age_ms;
	uint64_t wait_ms; /* BACKING_OFF: until it is started */
	uint64_t requests;
	uint64_t frames;
	struct process_look process;
	/* Per second, since the look before; negative: there was none. */
	double request_rate;
	double frame_rate;
	double cpu_percent; /* of one core */
};

struct pool_view {
	enum pool_state state;
	struct slots_about about;
	struct process_look master;
	uint64_t taken_ms; /* monotonic */
	uint64_t age_ms;
	uint64_t generation_age_ms;
	unsigned ready; /* of the present generation */
	unsigned hung;
	unsigned streams;
	unsigned peers;
	struct metrics total; /* since the start, the dead included */
	double request_rate;
	double frame_rate;
	struct worker_view *workers; /* in the order of their slots */
	unsigned count;
};

struct pool_times {
	uint64_t monotonic_ms;
	uint64_t wall_ms;
};

/* before: NULL, or what was seen of the same file last. */
void pool_view_init(struct pool_view *view, struct slots *slots,
		    const struct pool_view *before, struct pool_times now);
void pool_view_fini(struct pool_view *view);

const char *pool_view_name(enum pool_state state);
const char *pool_view_worker_name(enum worker_state state);
/* Some worker's tick has not moved since the look before: a third one will
 * tell whether it hangs. */
bool pool_view_is_unsure(const struct pool_view *view);

#endif

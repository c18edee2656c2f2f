/* SPDX-License-Identifier: ISC */
/*
 * What the files of the fake loop share.
 */
#ifndef LEAT_TESTS_FAKE_LOOP_PRIVATE_H
#define LEAT_TESTS_FAKE_LOOP_PRIVATE_H

#include "fake_loop.h"

enum {
	TIMERS_MAX = 128,
	LOOKUPS_MAX = 128,
	WATCHES_MAX = 64,
	JOBS_MAX = 16,
	PASSES_MAX = 4
};

struct fake_job {
	void (*work)(void *state);
	void (*on_done)(void *state);
	void *state;
};

struct loop {
	uint64_t now_ms;
	struct clock clock;
	struct timer *timers[TIMERS_MAX];
	unsigned timer_count;
	struct lookup *lookups[LOOKUPS_MAX];
	unsigned lookup_count;
	unsigned lookups_started;

	struct watch *watches[WATCHES_MAX]; /* NULL: closed */
	unsigned watch_count;
	struct fake_job jobs[JOBS_MAX];
	unsigned job_count;
	unsigned jobs_max;
	bool holds_jobs;
	struct {
		void (*callback)(void *state);
		void *state;
	} passes[PASSES_MAX];
	unsigned pass_count;
	bool again;
};

/* Runs the timers that are due now; false: none was. */
bool fake_loop_run_due(struct loop *loop);

#endif

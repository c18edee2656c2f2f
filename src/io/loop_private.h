/* SPDX-License-Identifier: ISC */
/*
 * What the files of the loop share. Nobody else includes this.
 */
#ifndef LEAT_IO_LOOP_PRIVATE_H
#define LEAT_IO_LOOP_PRIVATE_H

#include <uv.h>

#include "io/loop.h"

enum { LOOP_PASS_MAX = 4, LOOP_SIGNAL_MAX = 8, LOOP_SLOW_PASS_MS = 50 };

struct loop_signal {
	uv_signal_t handle;
	void (*callback)(void *state, int signal_number);
	void *state;
};

struct loop {
	uv_loop_t uv;
	struct clock clock;
	uv_check_t check;     /* after polling: end of a pass */
	uv_prepare_t prepare; /* before polling: arms the timer */
	uv_timer_t alarm;     /* for the earliest timer of the heap */
	uv_idle_t again;
	uint64_t slow_passes;
	uint64_t window_us; /* see pace() */
	uint64_t polled_us;
	unsigned window_events; /* of sockets */
	bool is_busy;
	bool is_hurried;

	struct {
		void (*callback)(void *state);
		void *state;
	} passes[LOOP_PASS_MAX];
	unsigned pass_count;

	struct loop_signal signals[LOOP_SIGNAL_MAX];
	unsigned signal_count;

	struct timer **heap; /* heap[1] is due first */
	uint32_t heap_count;
	uint32_t heap_size;
	uint32_t timer_starts; /* how often a timer was started */
	uint64_t alarm_ms;     /* when the alarm rings; 0: it is off */

	bool has_threads; /* job_can_run() has said so */
	unsigned job_counts[JOB_KINDS];
	unsigned lookup_count; /* cancelled ones that still run too */
};

/* job.c: false when no thread can be started (shared hosting limits them, as
 * processes); libuv would end the process. */
bool job_can_run(struct loop *loop);
/* Runs the timers that are due. */
void timer_run_due(struct loop *loop);
/* Sets the alarm for the earliest timer. */
void timer_arm(struct loop *loop);

#endif

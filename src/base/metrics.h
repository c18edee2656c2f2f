/* SPDX-License-Identifier: ISC */
/*
 * Counters of one worker. They may live in shared memory: one process writes
 * (plain stores of aligned words), others read and sum.
 */
#ifndef LEAT_BASE_METRICS_H
#define LEAT_BASE_METRICS_H

#include <stdint.h>

#include "base/buffer.h"

enum metric {
	METRIC_REQUESTS,	  /* complete requests read */
	METRIC_REQUESTS_REJECTED, /* answered with 4xx or 5xx */
	METRIC_REQUESTS_BROKEN,	  /* peers that sent nonsense or vanished */
	METRIC_TURNS_STARTED,
	METRIC_TURNS_COMPLETE,
	METRIC_TURNS_ERROR,
	METRIC_TURNS_CANCELLED,
	METRIC_TURNS_OPEN,	 /* gauge */
	METRIC_STREAMS_OPEN,	 /* gauge: readers that stream */
	METRIC_READERS_LEFT,	 /* left before the end */
	METRIC_READERS_DROPPED,	 /* write_timeout */
	METRIC_UPSTREAM_ABORTED, /* upstream requests closed by us */
	METRIC_UPSTREAM_CALLS,
	METRIC_FRAMES,
	METRIC_HEARTBEATS,
	METRIC_HANDOVERS_OUT,
	METRIC_HANDOVERS_IN,
	METRIC_SLOW_PASSES, /* passes of the loop over 50 ms */
	METRIC_CPU_USER_US,
	METRIC_CPU_SYSTEM_US,
	METRIC_COUNT
};

enum { METRICS_BUCKETS = 12 };

struct metrics {
	uint64_t values[METRIC_COUNT];
	uint64_t first_token_buckets[METRICS_BUCKETS + 1];
	uint64_t first_token_sum_ms;
};

static inline void metrics_add(struct metrics *metrics, enum metric metric,
			       int64_t delta)
{
	metrics->values[metric] += (uint64_t)delta;
}

static inline void metrics_inc(struct metrics *metrics, enum metric metric)
{
	metrics->values[metric]++;
}

void metrics_set(struct metrics *metrics, enum metric metric, uint64_t value);
void metrics_first_token(struct metrics *metrics, uint64_t ms);
/* The time within which so many of 100 first tokens came, as near as the
 * buckets tell it; 0: there was none. */
uint64_t metrics_first_token_at(const struct metrics *metrics,
				unsigned percent);
void metrics_sum(struct metrics *into, const struct metrics *from);
/* Reads the CPU time of this process (getrusage). */
void metrics_read_cpu(struct metrics *metrics);
/* The Prometheus text format, version 0.0.4. */
void metrics_print(struct buffer *out, const struct metrics *metrics);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A histogram of durations: logarithmic with 128 steps to an octave, so that a
 * percentile is right to 1 % from a nanosecond to an hour, in fixed memory.
 *
 * Not safe between threads; hist_merge() sums what several have counted.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

#define HIST_STEP_BITS 7
#define HIST_OCTAVES   40
#define HIST_BUCKETS   ((HIST_OCTAVES + 2) << HIST_STEP_BITS)

struct hist {
	uint64_t count;
	uint64_t max_ns;
	uint64_t buckets[HIST_BUCKETS];
};

/* Counts one value; those beyond the last octave count as its end. */
void hist_add(struct hist *hist, uint64_t value_ns);

void hist_merge(struct hist *into, const struct hist *from);

/* The value that `percent` of all counted values do not exceed; 0 when there
 * is none. */
uint64_t hist_percentile(const struct hist *hist, double percent);

/* A member of a JSON object, with a comma in front, on standard output:
 * count, p50, p90, p99 and max in milliseconds. */
void hist_print(const struct hist *hist, const char *name);

#endif

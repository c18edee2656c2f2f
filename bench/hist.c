/* SPDX-License-Identifier: ISC */
#include "hist.h"

#include <stddef.h>
#include <stdio.h>

static size_t index_of(uint64_t value_ns)
{
	unsigned shift = 0;
	size_t index;

	if (value_ns >> HIST_STEP_BITS)
		shift =
		    63 - (unsigned)__builtin_clzll(value_ns) - HIST_STEP_BITS;
	index = ((size_t)shift << HIST_STEP_BITS) + (value_ns >> shift);
	return index < HIST_BUCKETS ? index : HIST_BUCKETS - 1;
}

/* The middle of a bucket: the inverse of index_of(). */
static uint64_t value_of(size_t index)
{
	size_t step = (size_t)1 << HIST_STEP_BITS;
	unsigned shift;

	if (index < 2 * step)
		return index;
	shift = (unsigned)(index >> HIST_STEP_BITS) - 1;
	return ((uint64_t)(index - ((size_t)shift << HIST_STEP_BITS))
		<< shift) +
	       ((uint64_t)1 << shift) / 2;
}

void hist_add(struct hist *hist, uint64_t value_ns)
{
	hist->buckets[index_of(value_ns)]++;
	hist->count++;
	if (value_ns > hist->max_ns)
		hist->max_ns = value_ns;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
	into->count += from->count;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

uint64_t hist_percentile(const struct hist *hist, double percent)
{
	uint64_t seen = 0;
	double wanted = (double)hist->count * percent / 100.0;

	if (!hist->count)
		return 0;
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		seen += hist->buckets[i];
		if (seen && (double)seen >= wanted)
			return value_of(i) < hist->max_ns ? value_of(i)
							  : hist->max_ns;
	}
	return hist->max_ns;
}

void hist_print(const struct hist *hist, const char *name)
{
	printf(",\"%s\":{\"count\":%llu,\"p50\":%.4f,\"p90\":%.4f,\"p99\":"
	       "%.4f,\"max\":%.4f}",
	       name, (unsigned long long)hist->count,
	       (double)hist_percentile(hist, 50) / 1e6,
	       (double)hist_percentile(hist, 90) / 1e6,
	       (double)hist_percentile(hist, 99) / 1e6,
	       (double)hist->max_ns / 1e6);
}

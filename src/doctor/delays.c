/* SPDX-License-Identifier: ISC */
#include "doctor/delays.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
	FRAMES_LEAST = 5,
	/* What came within this time came together. */
	TOGETHER_US = 3000,
	HEAD_MS = 80,
	UNEVEN_MS = 200
};

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

static double lateness_us(const struct delay_frame *frame)
{
	return (double)frame->received_us - (double)frame->written_us;
}

static void count_delays(struct delays *out, const struct delay_frame *frames,
			 unsigned count)
{
	double *sorted = memory_alloc(count * sizeof(*sorted));
	double least = lateness_us(&frames[0]);

	for (unsigned i = 1; i < count; i++)
		if (lateness_us(&frames[i]) < least)
			least = lateness_us(&frames[i]);
	for (unsigned i = 0; i < count; i++)
		sorted[i] = (lateness_us(&frames[i]) - least) / 1000;
	out->first_ms = sorted[0];
	qsort(sorted, count, sizeof(*sorted), compare);
	out->median_ms = sorted[count / 2];
	out->p99_ms = sorted[(count - 1) * 99 / 100];
	out->max_ms = sorted[count - 1];
	memory_free(sorted);
}

/* What came at one moment. */
struct arrival {
	unsigned frames;
	size_t from_bytes; /* of the stream, before it */
};

static void end_arrival(struct delays *out, const struct arrival *arrival,
			size_t bytes)
{
	out->arrivals++;
	if (bytes - arrival->from_bytes > out->batch_bytes)
		out->batch_bytes = bytes - arrival->from_bytes;
}

/* Returns how many frames came last, at one moment. */
static unsigned count_arrivals(struct delays *out,
			       const struct delay_frame *frames, unsigned count)
{
	struct arrival arrival = {1, 0};

	for (unsigned i = 1; i < count; i++) {
		uint64_t gap_us =
		    frames[i].received_us - frames[i - 1].received_us;

		if ((double)gap_us / 1000 > out->gap_ms)
			out->gap_ms = (double)gap_us / 1000;
		if (gap_us > TOGETHER_US) {
			end_arrival(out, &arrival, frames[i - 1].bytes);
			arrival = (struct arrival){0, frames[i - 1].bytes};
		}
		arrival.frames++;
	}
	end_arrival(out, &arrival, frames[count - 1].bytes);
	return arrival.frames;
}

static enum delay_shape shape_of(const struct delays *delays, unsigned last)
{
	double interval_ms = delays->span_ms / (delays->count - 1);

	if (last * 5 >= delays->count * 4 &&
	    delays->max_ms > delays->span_ms / 2)
		return DELAY_END;
	if (delays->arrivals * 5 <= delays->count * 2 &&
	    delays->median_ms > interval_ms / 2)
		return DELAY_BATCHES;
	if (delays->first_ms >= HEAD_MS && delays->median_ms < interval_ms)
		return DELAY_HEAD;
	return delays->p99_ms > UNEVEN_MS ? DELAY_UNEVEN : DELAY_STEADY;
}

void delays_count(struct delays *out, const struct delay_frame *frames,
		  unsigned count)
{
	unsigned last;

	memset(out, 0, sizeof(*out));
	out->count = count;
	if (count < FRAMES_LEAST)
		return;
	out->span_ms =
	    (double)(frames[count - 1].written_us - frames[0].written_us) /
	    1000;
	count_delays(out, frames, count);
	last = count_arrivals(out, frames, count);
	out->shape = shape_of(out, last);
}

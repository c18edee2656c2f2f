/* SPDX-License-Identifier: ISC */
/*
 * How late the frames of a test stream came, and in which shape: one by one,
 * in batches, all at the end.
 *
 * The two clocks have nothing in common: a frame's delay is counted from the
 * least (received - written) of the stream. So what every frame has in common
 * (the distance) is not in it.
 */
#ifndef LEAT_DOCTOR_DELAYS_H
#define LEAT_DOCTOR_DELAYS_H

#include <stddef.h>
#include <stdint.h>

struct delay_frame {
	uint64_t written_us;  /* by the server's clock */
	uint64_t received_us; /* by ours */
	size_t bytes;	      /* of the stream, up to its end */
};

enum delay_shape {
	DELAY_NONE,   /* too few frames to say */
	DELAY_STEADY, /* one by one */
	DELAY_UNEVEN, /* one by one, but some are much late */
	DELAY_HEAD,   /* the first one is held, the others are not */
	DELAY_BATCHES,
	DELAY_END /* all of them when the stream ended */
};

struct delays {
	enum delay_shape shape;
	unsigned count;
	unsigned arrivals; /* moments at which any came */
	double median_ms;
	double p99_ms;
	double max_ms;
	double first_ms;    /* of the first frame */
	double gap_ms;	    /* the longest time without a frame */
	double span_ms;	    /* from the first written to the last */
	size_t batch_bytes; /* the most that came at one moment */
};

/* Sorts nothing and keeps nothing. */
void delays_count(struct delays *out, const struct delay_frame *frames,
		  unsigned count);

#endif

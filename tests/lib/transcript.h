/* SPDX-License-Identifier: ISC */
/*
 * A provider's sink that writes down what it is told, one line per event,
 * for tests to compare.
 */
#ifndef LEAT_TESTS_TRANSCRIPT_H
#define LEAT_TESTS_TRANSCRIPT_H

#include "base/buffer.h"
#include "core/provider.h"

struct transcript {
	struct buffer text;
	struct buffer taken;
	struct provider_sink sink;
	struct fault fault; /* of the ending */
	int endings;
	int events_left; /* the sink says false after so many; -1: never */
	void (*on_event)(void *state); /* may be NULL: called for each */
	void *state;
};

void transcript_init(struct transcript *transcript);
void transcript_fini(struct transcript *transcript);
/* What was written since the last call; lives until the next one. */
const char *transcript_take(struct transcript *transcript);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The body of a Chat Completions request. Pure.
 */
#ifndef LEAT_PROVIDER_OPENAI_REQUEST_H
#define LEAT_PROVIDER_OPENAI_REQUEST_H

#include "base/buffer.h"
#include "core/ask.h"

/* What an upstream turns out not to take: learned from its 400s, kept once
 * a request that respects it was answered. */
struct openai_habits {
	bool refuses_usage;	      /* no stream_options */
	bool takes_usage;	      /* it has answered with them */
	bool wants_completion_tokens; /* max_completion_tokens instead */
};

/* max_tokens (0: none) holds where the ask has no lower limit. */
void openai_request_write(struct buffer *out, const struct ask *ask,
			  struct slice model, unsigned max_tokens,
			  const struct openai_habits *habits);
/* Reads a refusal of such a body. True when something was learned, so that
 * asking again may help; each thing is learned once. */
bool openai_request_learn(struct openai_habits *habits, int status,
			  struct slice body);

#endif

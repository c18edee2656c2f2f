/* SPDX-License-Identifier: ISC */
/*
 * Errors as OpenAI-compatible servers tell them, in a chunk, a body or with
 * an HTTP status. What they say is for the log, without the key; the code
 * and whether a retry may help is for us. Pure.
 */
#ifndef LEAT_PROVIDER_OPENAI_ERROR_H
#define LEAT_PROVIDER_OPENAI_ERROR_H

#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"

struct json;

/* The error in a chunk or body; NULL when it holds none. With
 * is_error_event the event's type said that it is one. */
const struct json *openai_error_find(const struct json *root,
				     bool is_error_event);
/* The lines of `secret` are blotted out of the detail. */
void openai_error_read(struct fault *fault, const struct json *error,
		       struct slice secret);
/* The fault in a response that is not 2xx; body may be anything. */
void openai_error_refusal(struct fault *fault, int status, struct slice body,
			  struct slice secret);

#endif

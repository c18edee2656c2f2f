/* SPDX-License-Identifier: ISC */
/*
 * What an upstream that does not answer means to us: HTTP statuses, the
 * words of error objects, Retry-After. Pure.
 */
#ifndef LEAT_PROVIDER_REFUSAL_H
#define LEAT_PROVIDER_REFUSAL_H

#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

/* An HTTP status that is not 2xx. The hint names the status only: what the
 * provider says of it is for the log. */
void refusal_from_status(struct fault *fault, int status);
/* An error object's type or code ("rate_limit_exceeded"), as OpenAI and its
 * likes use them: sets code and retry only. False, and *fault untouched, when
 * it says nothing. */
bool refusal_from_word(struct fault *fault, struct slice word);
/* The detail of the log: the text with its control characters made spaces
 * and every occurrence of a line of `secrets` blotted out. */
void refusal_set_detail(struct fault *fault, struct slice text,
			struct slice secrets);

/* Milliseconds to wait, 0 when the headers do not say: retry-after-ms before
 * Retry-After, which is seconds or a date (RFC 9110, section 10.2.3). At
 * most an hour. */
int refusal_retry_after(struct slice retry_after_ms, struct slice retry_after,
			uint64_t wall_ms);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * One table of errors for the whole program: code, public name, HTTP status,
 * public sentence, whether trying again may help.
 *
 * A struct fault carries what was seen from where it was seen to where it is
 * handled. `detail` is for the log only; `hint` may be shown to the client.
 * No secret (key, header value, local path) may ever enter either.
 */
#ifndef LEAT_BASE_ERROR_H
#define LEAT_BASE_ERROR_H

#include <stdbool.h>

enum error_code {
	ERROR_NONE,
	ERROR_BAD_REQUEST,
	ERROR_UNSUPPORTED_FIELD,
	ERROR_UNAUTHORIZED,
	ERROR_FORBIDDEN,
	ERROR_NOT_FOUND,
	ERROR_METHOD_NOT_ALLOWED,
	ERROR_MODEL_NOT_FOUND,
	ERROR_REQUEST_TIMEOUT,
	ERROR_GONE,
	ERROR_TOO_LARGE,
	ERROR_RATE_LIMITED,
	ERROR_TOO_MANY_STREAMS,
	ERROR_OVERLOADED,
	ERROR_DRAINING,
	ERROR_STORE_UNAVAILABLE,
	ERROR_CONTEXT_FAILED,
	ERROR_UPSTREAM_REFUSED,
	ERROR_UPSTREAM_UNAVAILABLE,
	ERROR_UPSTREAM_OVERLOADED,
	ERROR_UPSTREAM_CONNECT_TIMEOUT,
	ERROR_UPSTREAM_FIRST_TOKEN_TIMEOUT,
	ERROR_UPSTREAM_IDLE_TIMEOUT,
	ERROR_UPSTREAM_TOTAL_TIMEOUT,
	ERROR_UPSTREAM_TRUNCATED,
	ERROR_UPSTREAM_INVALID,
	ERROR_ANSWER_TOO_LARGE,
	ERROR_CANCELLED,
	ERROR_INTERRUPTED,
	ERROR_INTERNAL,
	ERROR_COUNT
};

enum fault_retry { FAULT_RETRY_DEFAULT, FAULT_RETRY_YES, FAULT_RETRY_NO };

struct fault {
	enum error_code code;
	enum fault_retry retry;
	int retry_after_ms; /* 0: none */
	char hint[160];	    /* shown to the client after the public sentence */
	char detail[240];   /* logged, never shown */
};

const char *error_name(enum error_code code);
int error_http_status(enum error_code code);
const char *error_sentence(enum error_code code);
bool error_retryable(enum error_code code);

bool fault_retryable(const struct fault *fault);

/* Each overwrites the fault and returns false, so that a function can end
 * with `return fault_set(...)`. A NULL fault is allowed. Text that is too
 * long is cut at a UTF-8 character. */
bool fault_set(struct fault *fault, enum error_code code, const char *detail,
	       ...) __attribute__((format(printf, 3, 4)));
bool fault_set_hint(struct fault *fault, enum error_code code, const char *hint,
		    ...) __attribute__((format(printf, 3, 4)));

#endif

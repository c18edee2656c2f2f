/* SPDX-License-Identifier: ISC */
/*
 * The only home of libfcgi: it decodes complete requests. They reach it
 * through a memfd, never through a live socket, so that reading cannot
 * block, and only after web/record.c has checked them.
 */
#ifndef LEAT_WEB_FCGI_H
#define LEAT_WEB_FCGI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/slice.h"

/* Decodes the records of one request. on_params gets the NULL-terminated
 * "NAME=value" strings, borrowed for the call. The body is the caller's
 * (memory_free()); NULL when empty. False: bad_request. */
struct fcgi_sink {
	void (*on_params)(void *state, char *const *params);
	void *state;
};
bool fcgi_decode(struct slice records, size_t max_body_bytes,
		 const struct fcgi_sink *sink, struct slice *body,
		 struct fault *fault);

#endif

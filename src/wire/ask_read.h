/* SPDX-License-Identifier: ISC */
/*
 * Reading what a client asks, from a JSON body or a query string
 * (INTERFACE, section 2). Pure; may run on any thread.
 *
 * Strict: an unknown field, a wrong type or a number out of range is an
 * error that names the field. `null` is the same as leaving a field out.
 */
#ifndef LEAT_WIRE_ASK_READ_H
#define LEAT_WIRE_ASK_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/slice.h"
#include "core/ask.h"
#include "wire/dialect.h"

struct ask_limits {
	size_t max_query_bytes;
	unsigned max_messages;
	bool allow_system_role;
};

enum ask_streaming { STREAMING_UNSAID, STREAMING_YES, STREAMING_NO };

struct ask_form {
	struct ask *ask; /* the caller's: ask_free() */
	enum ask_streaming streaming;
	bool came_as_message;
	bool has_format;
	enum dialect format;
};

/* False and a fault (bad_request, unsupported_field, too_large): form->ask
 * is NULL then. */
bool ask_read_json(struct ask_form *form, struct slice body,
		   const struct ask_limits *limits, struct fault *fault);
/* `query=…&streaming=true`: the same names and the same rules. */
bool ask_read_query(struct ask_form *form, struct slice query_string,
		    const struct ask_limits *limits, struct fault *fault);
/* Only format and streaming may stand in the query string of a POST; they
 * win over the body's. */
bool ask_read_post_query(struct ask_form *form, struct slice query_string,
			 struct fault *fault);

#endif

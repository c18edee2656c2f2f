/* SPDX-License-Identifier: ISC */
/*
 * What the files that read an ask share.
 */
#ifndef LEAT_WIRE_ASK_READ_PRIVATE_H
#define LEAT_WIRE_ASK_READ_PRIVATE_H

#include "base/json.h"
#include "wire/ask_read.h"

struct ask_reading {
	struct ask_form *form;
	struct ask *ask;
	const struct ask_limits *limits;
	struct fault *fault;
	bool has_question; /* query, message or messages was there */
};

/* Each sets the fault and is false. */
bool ask_read_refuse_type(struct ask_reading *reading, const char *name,
			  const char *wanted, const struct json *value);
/* unsupported_field; the name is shown cut, after `before`. */
bool ask_read_refuse_field(struct ask_reading *reading, const char *before,
			   struct slice name);
/* A copy in the ask's arena that is valid UTF-8: half a character becomes
 * U+FFFD. */
struct slice ask_read_keep(struct ask_reading *reading, struct slice text);

#endif

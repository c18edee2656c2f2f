/* SPDX-License-Identifier: ISC */
/*
 * The question in an ask: `query`, `message` or `messages`, of which one must
 * be there (INTERFACE, section 2). For wire/ask_read.c alone.
 */
#ifndef LEAT_WIRE_ASK_QUESTION_H
#define LEAT_WIRE_ASK_QUESTION_H

#include <stdbool.h>

struct ask_reading;
struct json;

/* The value of the field of that name; false and a fault: it is refused. */
bool ask_question_read(struct ask_reading *reading, const char *name,
		       const struct json *value);
bool ask_question_read_messages(struct ask_reading *reading, const char *name,
				const struct json *value);

#endif

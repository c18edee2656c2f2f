/* SPDX-License-Identifier: ISC */
/*
 * JSON. Reading is json-c's work behind this header (its only home); before
 * json-c sees anything, a scan refuses what would cost it too much (depth,
 * number of values) and what is no token of RFC 8259. Writing appends to a
 * buffer, without an object tree, and writes valid UTF-8 whatever it is given.
 *
 * A lone surrogate escape (half a character, as providers that cut between
 * two deltas send it) reaches the reader as three bytes ED A0..BF xx;
 * json_put_string() writes a whole pair as the character and a lonely half
 * as U+FFFD. Never hand such text to anything else.
 */
#ifndef LEAT_BASE_JSON_H
#define LEAT_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

struct fault;
struct json; /* a value inside a parsed document, or its root */

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json_limits {
	unsigned max_depth;
	unsigned max_values;
	/* As providers write it: of duplicate keys the last one wins, invalid
	 * UTF-8 and control bytes in strings pass through, NaN and Infinity
	 * are numbers without a value. */
	bool is_lenient;
};

extern const struct json_limits json_limits_request;  /* 32, 50,000 */
extern const struct json_limits json_limits_upstream; /* 64, 200,000 */

/* The root of a parsed text (RFC 8259), owned by the caller: json_free().
 * NULL and a bad_request fault whose hint says what is wrong, and where; a
 * text that is just `null` is refused too. */
struct json *json_parse(struct slice text, const struct json_limits *limits,
			struct fault *fault);
void json_free(struct json *root);

/* Values below belong to their root. A NULL value is JSON_NULL, and every
 * question about it has an empty answer: chains need no checks. */
enum json_kind json_kind(const struct json *value);
const char *json_kind_name(enum json_kind kind);
const struct json *json_member(const struct json *object, const char *name);
size_t json_count(const struct json *value); /* items or members */
const struct json *json_item(const struct json *array, size_t index);
/* Walks the members of an object in the text's order; of anything else, there
 * are none:
 *
 *   struct json_walk walk = json_walk(object);
 *   while (json_walk_next(&walk, &name, &value))
 */
struct json_walk {
	const void *next;
};
struct json_walk json_walk(const struct json *object);
bool json_walk_next(struct json_walk *walk, struct slice *name,
		    const struct json **value);
/* Each is false, and leaves *out alone, when the value is of another kind or
 * out of range (json_integer also takes 3.0). */
bool json_string(const struct json *value, struct slice *out);
bool json_integer(const struct json *value, int64_t *out);
bool json_number(const struct json *value, double *out);
bool json_boolean(const struct json *value, bool *out);
/* The value as JSON text again, without white space. */
void json_print(struct buffer *out, const struct json *value);

/* Writing. `"name":` with a comma before it where one is needed: the writer
 * looks at the last byte of out. */
void json_put_name(struct buffer *out, const char *name);
void json_put_comma(struct buffer *out);
/* What is no UTF-8 is written as U+FFFD. */
void json_put_string(struct buffer *out, struct slice text);
/* The same without the quotes, to write a string in pieces (a surrogate pair
 * must not be cut between two pieces). */
void json_put_string_part(struct buffer *out, struct slice text);
void json_put_int(struct buffer *out, int64_t value);
/* null when it is not finite. */
void json_put_number(struct buffer *out, double value);
void json_put_bool(struct buffer *out, bool value);
/* "name":"text" and so on. */
void json_put_string_member(struct buffer *out, const char *name,
			    struct slice text);
void json_put_int_member(struct buffer *out, const char *name, int64_t value);
void json_put_bool_member(struct buffer *out, const char *name, bool value);

#endif

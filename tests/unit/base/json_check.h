/* SPDX-License-Identifier: ISC */
/*
 * JSON text that must be taken or refused, for the tests of base/json.h.
 */
#ifndef LEAT_TESTS_JSON_CHECK_H
#define LEAT_TESTS_JSON_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"

/* From a copy of its own size, so that reading past the end is seen. */
static inline struct json *parse_copy(struct slice text,
				      const struct json_limits *limits,
				      struct fault *fault)
{
	char *copy = memory_alloc(text.len);
	struct json *root;

	if (text.len)
		memcpy(copy, text.data, text.len);
	root = json_parse(slice_make(copy, text.len), limits, fault);
	memory_free(copy);
	return root;
}

static inline struct json *parse(const char *text)
{
	struct fault fault;
	struct json *root =
	    parse_copy(slice_of(text), &json_limits_request, &fault);

	if (!root)
		fail_msg("refused: %s: %s", text, fault.hint);
	return root;
}

static inline struct json *parse_lenient(const char *text)
{
	struct json *root =
	    parse_copy(slice_of(text), &json_limits_upstream, NULL);

	assert_non_null(root);
	return root;
}

static inline void assert_refused_bytes(struct slice text, const char *why)
{
	struct fault fault = {.code = ERROR_NONE};

	if (parse_copy(text, &json_limits_request, &fault))
		fail_msg("taken: %.*s", (int)text.len, text.data);
	assert_int_equal(fault.code, ERROR_BAD_REQUEST);
	if (!strstr(fault.hint, why))
		fail_msg("%.*s: \"%s\", not \"%s\"", (int)text.len, text.data,
			 fault.hint, why);
}

static inline void assert_refused(const char *text, const char *why)
{
	assert_refused_bytes(slice_of(text), why);
}

static inline uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#endif

/* SPDX-License-Identifier: ISC */
#include "base/error.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void every_code_has_a_whole_row(void **state)
{
	(void)state;
	for (int i = ERROR_NONE + 1; i < ERROR_COUNT; i++) {
		enum error_code code = (enum error_code)i;
		const char *name = error_name(code);
		const char *sentence = error_sentence(code);

		assert_non_null(name);
		for (const char *c = name; *c; c++)
			assert_true(islower((unsigned char)*c) || *c == '_');
		assert_in_range(error_http_status(code), 400, 599);
		assert_true(isupper((unsigned char)sentence[0]));
		assert_int_equal(sentence[strlen(sentence) - 1], '.');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name,
						error_name((enum error_code)j));
	}
}

struct expected {
	enum error_code code;
	const char *name;
	int status;
	bool is_retryable;
};

static void clients_can_rely_on_names_and_statuses(void **state)
{
	static const struct expected all[] = {
	    {ERROR_BAD_REQUEST, "bad_request", 400, false},
	    {ERROR_UNSUPPORTED_FIELD, "unsupported_field", 400, false},
	    {ERROR_UNAUTHORIZED, "unauthorized", 401, false},
	    {ERROR_FORBIDDEN, "forbidden", 403, false},
	    {ERROR_NOT_FOUND, "not_found", 404, false},
	    {ERROR_METHOD_NOT_ALLOWED, "method_not_allowed", 405, false},
	    {ERROR_MODEL_NOT_FOUND, "model_not_found", 404, false},
	    {ERROR_GONE, "gone", 410, false},
	    {ERROR_TOO_LARGE, "too_large", 413, false},
	    {ERROR_RATE_LIMITED, "rate_limited", 429, true},
	    {ERROR_TOO_MANY_STREAMS, "too_many_streams", 429, true},
	    {ERROR_OVERLOADED, "overloaded", 503, true},
	    {ERROR_DRAINING, "draining", 503, true},
	    {ERROR_STORE_UNAVAILABLE, "store_unavailable", 503, true},
	    {ERROR_UPSTREAM_REFUSED, "upstream_refused", 502, false},
	    {ERROR_UPSTREAM_UNAVAILABLE, "upstream_unavailable", 502, true},
	    {ERROR_UPSTREAM_OVERLOADED, "upstream_overloaded", 503, true},
	    {ERROR_UPSTREAM_CONNECT_TIMEOUT, "upstream_connect_timeout", 504,
	     true},
	    {ERROR_UPSTREAM_FIRST_TOKEN_TIMEOUT, "upstream_first_token_timeout",
	     504, true},
	    {ERROR_UPSTREAM_IDLE_TIMEOUT, "upstream_idle_timeout", 504, true},
	    {ERROR_UPSTREAM_TOTAL_TIMEOUT, "upstream_total_timeout", 504, true},
	    {ERROR_UPSTREAM_TRUNCATED, "upstream_truncated", 502, true},
	    {ERROR_UPSTREAM_INVALID, "upstream_invalid", 502, true},
	    {ERROR_ANSWER_TOO_LARGE, "answer_too_large", 502, false},
	    {ERROR_CANCELLED, "cancelled", 499, true},
	    {ERROR_INTERRUPTED, "interrupted", 500, true},
	    {ERROR_INTERNAL, "internal", 500, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_string_equal(error_name(all[i].code), all[i].name);
		assert_int_equal(error_http_status(all[i].code), all[i].status);
		assert_int_equal(error_retryable(all[i].code),
				 all[i].is_retryable);
	}
}

static void an_unknown_code_is_internal(void **state)
{
	(void)state;
	assert_string_equal(error_name((enum error_code)9999), "internal");
	assert_int_equal(error_http_status((enum error_code) - 1), 500);
}

static void a_fault_says_what_happened_and_is_false(void **state)
{
	struct fault fault;

	(void)state;
	memset(&fault, 0xFF, sizeof fault);
	assert_false(fault_set(&fault, ERROR_GONE, "no %s %d", "turn", 7));
	assert_int_equal(fault.code, ERROR_GONE);
	assert_string_equal(fault.detail, "no turn 7");
	assert_string_equal(fault.hint, "");
	assert_int_equal(fault.retry, FAULT_RETRY_DEFAULT);
	assert_int_equal(fault.retry_after_ms, 0);
	assert_false(fault_set_hint(&fault, ERROR_BAD_REQUEST, "\"%s\"", "x"));
	assert_int_equal(fault.code, ERROR_BAD_REQUEST);
	assert_string_equal(fault.hint, "\"x\"");
	assert_string_equal(fault.detail, "");
	assert_false(fault_set(NULL, ERROR_GONE, "nobody listens"));
	assert_false(fault_set_hint(NULL, ERROR_GONE, "nobody listens"));
}

static void a_fault_may_be_made_of_its_own_words(void **state)
{
	struct fault fault;

	(void)state;
	fault_set(&fault, ERROR_GONE, "inner");
	fault_set(&fault, ERROR_INTERNAL, "outer: %s", fault.detail);
	assert_string_equal(fault.detail, "outer: inner");
	fault_set_hint(&fault, ERROR_GONE, "of %s", fault.detail);
	assert_string_equal(fault.hint, "of outer: inner");
}

static void long_words_are_cut_between_characters(void **state)
{
	struct fault fault;
	char text[600];

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i + 3 < sizeof text; i += 3)
			memcpy(text + i, "\xE2\x82\xAC", 4);
		fault_set(&fault, ERROR_GONE, "%s", text);
		assert_in_range(strlen(fault.detail), sizeof fault.detail - 3,
				sizeof fault.detail - 1);
		assert_true(text_is_utf8(fault.detail, strlen(fault.detail)));
		fault_set_hint(&fault, ERROR_GONE, "%s", text);
		assert_in_range(strlen(fault.hint), sizeof fault.hint - 3,
				sizeof fault.hint - 1);
		assert_true(text_is_utf8(fault.hint, strlen(fault.hint)));
	}
}

static void a_fault_can_know_better_whether_to_retry(void **state)
{
	struct fault fault;

	(void)state;
	fault_set(&fault, ERROR_UPSTREAM_REFUSED, "401");
	assert_false(fault_retryable(&fault));
	fault.retry = FAULT_RETRY_YES;
	assert_true(fault_retryable(&fault));
	fault_set(&fault, ERROR_OVERLOADED, "full");
	assert_true(fault_retryable(&fault));
	fault.retry = FAULT_RETRY_NO;
	assert_false(fault_retryable(&fault));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_code_has_a_whole_row),
	    cmocka_unit_test(clients_can_rely_on_names_and_statuses),
	    cmocka_unit_test(an_unknown_code_is_internal),
	    cmocka_unit_test(a_fault_says_what_happened_and_is_false),
	    cmocka_unit_test(a_fault_may_be_made_of_its_own_words),
	    cmocka_unit_test(long_words_are_cut_between_characters),
	    cmocka_unit_test(a_fault_can_know_better_whether_to_retry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

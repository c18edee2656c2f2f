/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "provider/openai_error.h"

#define SECRET "sk-test-secret"

static bool is_error(const char *text, bool is_error_event)
{
	struct json *root =
	    json_parse(slice_of(text), &json_limits_upstream, NULL);
	bool found;

	assert_non_null(root);
	found = openai_error_find(root, is_error_event) != NULL;
	json_free(root);
	return found;
}

static void an_error_is_found_in_every_shape(void **state)
{
	static const char *const yes[] = {
	    "{\"error\":{}}", "{\"error\":\"x\"}",	"{\"error\":5}",
	    "{\"error\":[]}", "{\"object\":\"error\"}", "{\"type\":\"error\"}"};
	static const char *const no[] = {
	    "{}", "{\"error\":null}", "{\"error\":false}",
	    "{\"object\":\"chat.completion\"}", "{\"errors\":{}}"};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		assert_true(is_error(yes[i], false));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		assert_false(is_error(no[i], false));
		assert_true(is_error(no[i], true));
	}
}

static void a_refused_request_says_why(void **state)
{
	struct fault fault;

	(void)state;
	openai_error_refusal(
	    &fault, 401,
	    SLICE_LITERAL("{\"error\":{\"message\":\"bad key " SECRET
			  "\",\"type\":\"x\",\"code\":\"invalid_api_key\"}}"),
	    SLICE_LITERAL(SECRET));
	assert_int_equal(fault.code, ERROR_UPSTREAM_REFUSED);
	assert_string_equal(fault.hint, "HTTP 401");
	assert_string_equal(fault.detail,
			    "HTTP 401 invalid_api_key x bad key ***");
	openai_error_refusal(
	    &fault, 429,
	    SLICE_LITERAL("{\"error\":{\"code\":\"insufficient_quota\"}}"),
	    SLICE_NONE);
	assert_int_equal(fault.code, ERROR_UPSTREAM_REFUSED);
	assert_false(fault_retryable(&fault));
	openai_error_refusal(&fault, 503, SLICE_LITERAL("<html>"), SLICE_NONE);
	assert_int_equal(fault.code, ERROR_UPSTREAM_UNAVAILABLE);
	assert_string_equal(fault.detail, "HTTP 503");
	openai_error_refusal(&fault, 422,
			     SLICE_LITERAL("{\"detail\":[{\"loc\":[\"x\"]}]}"),
			     SLICE_NONE);
	assert_string_equal(fault.detail, "HTTP 422 [{\"loc\":[\"x\"]}]");
	openai_error_refusal(&fault, 500, SLICE_NONE, SLICE_NONE);
	assert_string_equal(fault.detail, "HTTP 500");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_error_is_found_in_every_shape),
	    cmocka_unit_test(a_refused_request_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

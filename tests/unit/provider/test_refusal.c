/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "provider/refusal.h"

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define WALL_MS ((uint64_t)784111777000)

static void statuses_have_their_codes(void **state)
{
	static const struct {
		int status;
		enum error_code code;
		bool is_retryable;
	} cases[] = {
	    {400, ERROR_UPSTREAM_REFUSED, false},
	    {401, ERROR_UPSTREAM_REFUSED, false},
	    {403, ERROR_UPSTREAM_REFUSED, false},
	    {404, ERROR_UPSTREAM_REFUSED, false},
	    {408, ERROR_UPSTREAM_REFUSED, true},
	    {409, ERROR_UPSTREAM_REFUSED, true},
	    {422, ERROR_UPSTREAM_REFUSED, false},
	    {429, ERROR_UPSTREAM_OVERLOADED, true},
	    {529, ERROR_UPSTREAM_OVERLOADED, true},
	    {500, ERROR_UPSTREAM_UNAVAILABLE, true},
	    {503, ERROR_UPSTREAM_UNAVAILABLE, true},
	    {599, ERROR_UPSTREAM_UNAVAILABLE, true},
	    {302, ERROR_UPSTREAM_REFUSED, false},
	    {204, ERROR_UPSTREAM_INVALID, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fault fault;

		refusal_from_status(&fault, cases[i].status);
		assert_int_equal(fault.code, cases[i].code);
		assert_int_equal(fault_retryable(&fault),
				 cases[i].is_retryable);
		assert_memory_equal(fault.hint, "HTTP ", 5);
	}
}

static void an_empty_account_is_not_worth_a_retry(void **state)
{
	struct fault fault = {0};

	(void)state;
	assert_true(
	    refusal_from_word(&fault, SLICE_LITERAL("insufficient_quota")));
	assert_int_equal(fault.code, ERROR_UPSTREAM_REFUSED);
	assert_false(fault_retryable(&fault));
	assert_true(
	    refusal_from_word(&fault, SLICE_LITERAL("rate_limit_exceeded")));
	assert_int_equal(fault.code, ERROR_UPSTREAM_OVERLOADED);
	assert_true(fault_retryable(&fault));
}

static void an_unknown_word_says_nothing(void **state)
{
	struct fault fault = {.code = ERROR_GONE};

	(void)state;
	assert_false(refusal_from_word(&fault, SLICE_LITERAL("odd")));
	assert_false(refusal_from_word(&fault, SLICE_NONE));
	assert_int_equal(fault.code, ERROR_GONE);
}

static int retry_after(const char *ms, const char *value)
{
	return refusal_retry_after(slice_of(ms), slice_of(value), WALL_MS);
}

static void retry_after_is_read_in_every_form(void **state)
{
	(void)state;
	assert_int_equal(retry_after(NULL, "7"), 7000);
	assert_int_equal(retry_after(NULL, " 61 "), 61000);
	assert_int_equal(retry_after(NULL, "0.5"), 500);
	assert_int_equal(retry_after("250", "7"), 250);
	assert_int_equal(retry_after("1500.5", NULL), 1500);
	assert_int_equal(retry_after(NULL, "Sun, 06 Nov 1994 08:49:47 GMT"),
			 10000);
	assert_int_equal(retry_after(NULL, "Sun Nov  6 08:50:37 1994"), 60000);
}

static void two_digit_years_are_of_this_century(void **state)
{
	(void)state;
	/* 2094 is more than an hour away. */
	assert_int_equal(retry_after(NULL, "Sunday, 06-Nov-94 08:50:37 GMT"),
			 3600000);
}

static void a_retry_after_that_makes_no_sense_is_none(void **state)
{
	static const char *const values[] = {"",
					     "-1",
					     "soon",
					     "1e9",
					     "7s",
					     ".",
					     "Sun, 06 Nov 1994 08:49:36 GMT",
					     "Sun, 06 Foo 1994 08:50:37 GMT",
					     "Sun, 06 ovD 1994 08:50:37 GMT",
					     "06 Nov"};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		assert_int_equal(retry_after(NULL, values[i]), 0);
	assert_int_equal(retry_after("-5", "2"), 2000);
	assert_int_equal(retry_after(NULL, NULL), 0);
	assert_int_equal(retry_after(NULL, "99999999999"), 3600000);
}

static void the_detail_never_holds_the_key(void **state)
{
	struct fault fault = {0};
	char text[2000];

	(void)state;
	refusal_set_detail(
	    &fault,
	    SLICE_LITERAL("wrong key sk-12345678, \r\n\033[31mnot sk-1\xFF"),
	    SLICE_LITERAL("sk-12345678"));
	assert_string_equal(fault.detail,
			    "wrong key ***,    [31mnot sk-1\xEF\xBF\xBD");
	refusal_set_detail(&fault,
			   SLICE_LITERAL("tell-tale, tell-tale-2 and sk-1"),
			   SLICE_LITERAL("sk-1\ntell-tale\ntell-tale-2"));
	assert_string_equal(fault.detail, "***, *** and ***");
	/* Not even half of it, where the detail is cut. */
	for (size_t shift = 0; shift < 20; shift++) {
		memset(text, 'x', sizeof text);
		memcpy(text + 220 + shift, "sk-12345678", 11);
		refusal_set_detail(&fault, slice_make(text, sizeof text),
				   SLICE_LITERAL("sk-12345678"));
		assert_null(strstr(fault.detail, "sk"));
	}
}

static void a_long_detail_is_cut_at_a_character(void **state)
{
	struct fault fault = {0};
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof text; i += 3)
		memcpy(text + i, "\xE2\x82\xAC", 3);
	for (size_t skip = 0; skip < 3; skip++) {
		text[0] = 'x';
		text[1] = 'x';
		text[2] = 'x';
		refusal_set_detail(&fault,
				   slice_make(text + skip, sizeof text - skip),
				   SLICE_NONE);
		assert_true(text_is_utf8(fault.detail, strlen(fault.detail)));
		assert_true(strlen(fault.detail) > 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(statuses_have_their_codes),
	    cmocka_unit_test(an_empty_account_is_not_worth_a_retry),
	    cmocka_unit_test(an_unknown_word_says_nothing),
	    cmocka_unit_test(retry_after_is_read_in_every_form),
	    cmocka_unit_test(two_digit_years_are_of_this_century),
	    cmocka_unit_test(a_retry_after_that_makes_no_sense_is_none),
	    cmocka_unit_test(the_detail_never_holds_the_key),
	    cmocka_unit_test(a_long_detail_is_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/query_string.h"

static struct buffer name;
static struct buffer value;

static int set_up(void **state)
{
	(void)state;
	buffer_init(&name, BUFFER_UNLIMITED);
	buffer_init(&value, BUFFER_UNLIMITED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_fini(&name);
	buffer_fini(&value);
	return 0;
}

static void expect_pair(struct slice *rest, const char *wanted_name,
			const char *wanted_value)
{
	bool is_valid = false;

	assert_true(query_string_next(rest, &name, &value, &is_valid));
	assert_true(is_valid);
	assert_string_equal(buffer_string(&name), wanted_name);
	assert_string_equal(buffer_string(&value), wanted_value);
}

static void expect_end(struct slice *rest)
{
	bool is_valid;

	assert_false(query_string_next(rest, &name, &value, &is_valid));
}

static void pairs_come_in_order(void **state)
{
	struct slice rest = slice_of("a=1&b=2&a=3");

	(void)state;
	expect_pair(&rest, "a", "1");
	expect_pair(&rest, "b", "2");
	expect_pair(&rest, "a", "3");
	expect_end(&rest);
}

static void empty_pairs_are_skipped_and_empty_parts_kept(void **state)
{
	struct slice rest = slice_of("&&a&=v&b=&&=&c==d=&");

	(void)state;
	expect_pair(&rest, "a", "");
	expect_pair(&rest, "", "v");
	expect_pair(&rest, "b", "");
	expect_pair(&rest, "", "");
	expect_pair(&rest, "c", "=d=");
	expect_end(&rest);
}

static void names_and_values_are_decoded(void **state)
{
	struct slice rest = slice_of("a%26b+c=%3D+%2b%C3%A9");

	(void)state;
	expect_pair(&rest, "a&b c", "= +\xC3\xA9");
}

static void what_is_broken_is_said(void **state)
{
	static const char *const broken[] = {
	    "a=%", "a=%4", "a=%GG", "%=1", "a=%FF", "%80=1", "a=%ED%A0%80"};

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct slice rest = slice_of(broken[i]);
		bool is_valid = true;

		assert_true(query_string_next(&rest, &name, &value, &is_valid));
		assert_false(is_valid);
	}
}

static void the_first_value_of_a_name_is_found(void **state)
{
	struct slice text = slice_of("x=1&q=a+b&q=c&r=%ff");

	(void)state;
	assert_true(query_string_get(text, "q", &value));
	assert_string_equal(buffer_string(&value), "a b");
	assert_true(query_string_get(text, "x", &value));
	assert_string_equal(buffer_string(&value), "1");
	assert_false(query_string_get(text, "y", &value));
	assert_int_equal(value.len, 0);
	assert_false(query_string_get(text, "r", &value));
	assert_int_equal(value.len, 0);
	assert_false(query_string_get(SLICE_NONE, "q", &value));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(pairs_come_in_order),
	    EACH(empty_pairs_are_skipped_and_empty_parts_kept),
	    EACH(names_and_values_are_decoded),
	    EACH(what_is_broken_is_said),
	    EACH(the_first_value_of_a_name_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static struct buffer out;

static int set_up(void **state)
{
	(void)state;
	buffer_init(&out, BUFFER_UNLIMITED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_fini(&out);
	return 0;
}

static void assert_written(const char *expected)
{
	assert_string_equal(buffer_string(&out), expected);
	buffer_clear(&out);
}

static void assert_string(const char *text, const char *expected)
{
	json_put_string(&out, slice_of(text));
	assert_written(expected);
}

static void plain_text_is_written_as_it_is(void **state)
{
	(void)state;
	assert_string("", "\"\"");
	json_put_string(&out, SLICE_NONE);
	assert_written("\"\"");
	assert_string("plain / text's", "\"plain / text's\"");
	assert_string("é€😀", "\"é€😀\"");
	/* Separators for JavaScript, but not for JSON or event streams. */
	assert_string("a\u2028b\u2029c", "\"a\u2028b\u2029c\"");
	assert_string("\xC2\x85\u00A0", "\"\xC2\x85\u00A0\"");
}

static void what_may_not_stand_there_is_escaped(void **state)
{
	(void)state;
	assert_string("\"\\", "\"\\\"\\\\\"");
	assert_string("a\nb\rc\td", "\"a\\nb\\rc\\td\"");
	for (int c = 1; c < 0x20; c++) {
		const char text[2] = {(char)c, 0};
		char expected[16];

		if (c == '\n' || c == '\r' || c == '\t')
			continue;
		snprintf(expected, sizeof expected, "\"\\u%04x\"", (unsigned)c);
		assert_string(text, expected);
	}
	assert_string("\x7F", "\"\\u007f\"");
	json_put_string(&out, SLICE_LITERAL("a\0b"));
	assert_written("\"a\\u0000b\"");
}

static void half_surrogates_meet_or_are_replaced(void **state)
{
	(void)state;
	assert_string("\xED\xA0\xBD\xED\xB8\x80", "\"😀\"");
	assert_string("\xED\xA0\x80\xED\xB0\x80", "\"\xF0\x90\x80\x80\"");
	assert_string("\xED\xAF\xBF\xED\xBF\xBF", "\"\xF4\x8F\xBF\xBF\"");
	assert_string("a\xED\xA0\xBD", "\"a\uFFFD\"");
	assert_string("\xED\xB8\x80z", "\"\uFFFDz\"");
	assert_string("\xED\xA0\xBD\xED\xA0\xBD\xED\xB8\x80", "\"\uFFFD😀\"");
	assert_string("\xED\xB8\x80\xED\xA0\xBD", "\"\uFFFD\uFFFD\"");
	assert_string("\xED\xA0\xBD\"", "\"\uFFFD\\\"\"");
	assert_string("\xED\x9F\xBF", "\"\xED\x9F\xBF\"");
}

static void broken_utf8_never_gets_out(void **state)
{
	static const char *const texts[] = {
	    "\xFF",	  "a\x80z",	     "\xC3",
	    "\xC3\"",	  "\xE2\x82",	     "\xED",
	    "\xED\xA0",	  "\xED\"",	     "\xED\xC3\"",
	    "\xED\xA0\"", "\xED\xFF\xBF",    "\xC0\x80",
	    "\xF4\x90",	  "\xED\xA0\x80\xED"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_put_string(&out, slice_of(texts[i]));
		if (!text_is_utf8(out.data, out.len))
			fail_msg("text %zu", i);
		assert_non_null(strstr(out.data, "\uFFFD"));
		/* A quote is never swallowed, nor left bare. */
		if (strchr(texts[i], '"'))
			assert_non_null(strstr(out.data, "\\\""));
		assert_int_equal(out.data[out.len - 1], '"');
		buffer_clear(&out);
	}
	assert_string("\xC3z\xFF", "\"\uFFFDz\uFFFD\"");
}

/* Whatever the bytes, what is written can be read, and valid text is the same
 * again. */
static void any_bytes_can_be_read_again(void **state)
{
	(void)state;
	srandom(11);
	for (int round = 0; round < 3000; round++) {
		char bytes[24];
		size_t len = (size_t)random() % sizeof bytes;
		bool is_valid;
		struct json *root;
		struct slice text;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)(random() % 3 ? 0x80 + random() % 128
						       : random() % 128);
		is_valid = text_is_utf8(bytes, len);
		json_put_string(&out, slice_make(bytes, len));
		root =
		    json_parse(buffer_slice(&out), &json_limits_request, NULL);
		assert_non_null(root);
		assert_true(json_string(root, &text));
		if (is_valid)
			assert_true(slice_equal(text, slice_make(bytes, len)));
		json_free(root);
		buffer_clear(&out);
	}
}

static void a_string_can_be_written_in_parts(void **state)
{
	(void)state;
	buffer_append_char(&out, '"');
	json_put_string_part(&out, slice_of("one\n"));
	json_put_string_part(&out, SLICE_NONE);
	json_put_string_part(&out, slice_of("two"));
	buffer_append_char(&out, '"');
	assert_written("\"one\\ntwo\"");
}

static void commas_stand_where_they_are_needed(void **state)
{
	(void)state;
	buffer_append_string(&out, "data: {");
	json_put_string_member(&out, "a", slice_of("x,"));
	json_put_int_member(&out, "b", -5);
	json_put_name(&out, "c");
	buffer_append_char(&out, '[');
	for (int i = 0; i < 3; i++) {
		json_put_comma(&out);
		json_put_int(&out, i);
	}
	buffer_append_char(&out, ']');
	json_put_name(&out, "d");
	buffer_append_char(&out, '{');
	json_put_bool_member(&out, "e", true);
	json_put_bool_member(&out, "f", false);
	buffer_append_string(&out, "}}");
	assert_written("data: {\"a\":\"x,\",\"b\":-5,\"c\":[0,1,2],"
		       "\"d\":{\"e\":true,\"f\":false}}");
}

static void assert_number(double value, const char *expected)
{
	json_put_number(&out, value);
	assert_written(expected);
}

static void numbers_keep_their_digits(void **state)
{
	double third = 1.0 / 3;

	(void)state;
	assert_number(0.7, "0.7");
	assert_number(0, "0");
	assert_number(-2.5, "-2.5");
	assert_number(12345678901.5, "12345678901.5");
	assert_number(1e300, "1e+300");
	assert_number(NAN, "null");
	assert_number(INFINITY, "null");
	assert_number(-INFINITY, "null");
	json_put_number(&out, third);
	assert_true(strtod(out.data, NULL) == third);
	buffer_clear(&out);
	json_put_int(&out, INT64_MIN);
	assert_written("-9223372036854775808");
	json_put_int(&out, INT64_MAX);
	assert_written("9223372036854775807");
}

static void a_full_buffer_says_so(void **state)
{
	struct buffer small;

	(void)state;
	buffer_init(&small, 8);
	json_put_string_member(&small, "name", slice_of("text"));
	assert_true(small.overflowed);
	buffer_fini(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(plain_text_is_written_as_it_is),
	    TEST(what_may_not_stand_there_is_escaped),
	    TEST(half_surrogates_meet_or_are_replaced),
	    TEST(broken_utf8_never_gets_out),
	    TEST(any_bytes_can_be_read_again),
	    TEST(a_string_can_be_written_in_parts),
	    TEST(commas_stand_where_they_are_needed),
	    TEST(numbers_keep_their_digits),
	    TEST(a_full_buffer_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

/* From a copy of its own size, so that reading past the end is seen. */
static bool is_utf8(const char *text, size_t len)
{
	char *copy = memory_alloc(len);
	bool result;

	memcpy(copy, text, len);
	result = text_is_utf8(copy, len);
	memory_free(copy);
	return result;
}

struct bytes {
	const char *text;
	size_t len;
};

#define BYTES(s)                 \
	{                        \
		s, sizeof(s) - 1 \
	}

/* clang-format off */
static const struct bytes valid[] = {
    BYTES(""), BYTES("\0"), BYTES("plain"), BYTES("\x7F"),
    BYTES("\xC2\x80"), BYTES("\xDF\xBF"),
    BYTES("\xE0\xA0\x80"), BYTES("\xEC\xBF\xBF"), BYTES("\xED\x80\x80"),
    BYTES("\xED\x9F\xBF"), BYTES("\xEE\x80\x80"), BYTES("\xEF\xBF\xBF"),
    BYTES("\xF0\x90\x80\x80"), BYTES("\xF1\x80\x80\x80"),
    BYTES("\xF3\xBF\xBF\xBF"), BYTES("\xF4\x80\x80\x80"),
    BYTES("\xF4\x8F\xBF\xBF"),
};

static const struct bytes invalid[] = {
    BYTES("\x80"), BYTES("\xBF"), BYTES("\xC0\x80"), BYTES("\xC1\xBF"),
    BYTES("\xC2"), BYTES("\xC2\x7F"), BYTES("\xC2\xC2"), BYTES("\xDF\xC0"),
    BYTES("\xE0\x80\x80"), BYTES("\xE0\x9F\xBF"), BYTES("\xE0\xA0"),
    BYTES("\xE1\x80"), BYTES("\xE1\x80\x7F"), BYTES("\xE1\x7F\x80"),
    BYTES("\xED\xA0\x80"), BYTES("\xED\xBF\xBF"), BYTES("\xEF\xBF"),
    BYTES("\xF0\x80\x80\x80"), BYTES("\xF0\x8F\xBF\xBF"),
    BYTES("\xF0\x90\x80"), BYTES("\xF1\x80\x80\x7F"), BYTES("\xF1"),
    BYTES("\xF4\x90\x80\x80"), BYTES("\xF4\x80\x80"),
    BYTES("\xF5\x80\x80\x80"), BYTES("\xF8\x88\x80\x80\x80"),
    BYTES("\xFC\x84\x80\x80\x80\x80"), BYTES("\xFE"), BYTES("\xFF"),
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void valid_utf8_is_told_from_invalid(void **state)
{
	(void)state;
	assert_true(text_is_utf8(NULL, 0));
	for (size_t i = 0; i < COUNT(valid); i++)
		if (!is_utf8(valid[i].text, valid[i].len))
			fail_msg("valid %zu", i);
	for (size_t i = 0; i < COUNT(invalid); i++)
		if (is_utf8(invalid[i].text, invalid[i].len))
			fail_msg("invalid %zu", i);
}

/* Eight bytes are looked at in one: at any place in them. */
static void a_bad_byte_is_found_at_any_place(void **state)
{
	char text[40];

	(void)state;
	for (size_t len = 1; len < sizeof text; len++) {
		for (size_t bad = 0; bad < len; bad++) {
			memset(text, 'A', sizeof text);
			assert_true(is_utf8(text, len));
			text[bad] = (char)0xFF;
			assert_false(is_utf8(text, len));
		}
	}
}

static void every_code_point_goes_there_and_back(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 100);
	for (uint32_t c = 0; c <= 0x110000; c += c < 0x3000 ? 1 : 97) {
		bool is_one = c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF);
		const char *at;
		const char *end;

		buffer_clear(&out);
		assert_true(text_utf8_append(&out, c));
		assert_true(text_is_utf8(out.data, out.len));
		at = out.data;
		end = at + out.len;
		assert_int_equal(text_utf8_next(&at, end), is_one ? c : 0xFFFD);
		assert_ptr_equal(at, end);
	}
	buffer_fini(&out);
}

static void broken_bytes_are_read_one_at_a_time(void **state)
{
	const char text[] = "\xE2\x82"
			    "a";
	const char *at = text;
	const char *end = text + 3;

	(void)state;
	assert_int_equal(text_utf8_next(&at, end), 0xFFFD);
	assert_int_equal(text_utf8_next(&at, end), 0xFFFD);
	assert_int_equal(text_utf8_next(&at, end), 'a');
	assert_ptr_equal(at, end);
}

/* The floor, by trying: n is one when what is before it is valid. */
static size_t slow_floor(const char *text, size_t len)
{
	size_t n = len;

	while (n > 0 && !text_is_utf8(text, n))
		n--;
	return n;
}

static void no_character_is_cut_at_the_floor(void **state)
{
	const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z\xF0\x9F"
			    "\x98\x80\xE2\x82\xAC\xC3\xA9";

	(void)state;
	for (size_t len = 0; len < sizeof text; len++)
		assert_int_equal(text_utf8_floor(text, len),
				 slow_floor(text, len));
}

static void the_floor_of_broken_text_is_near(void **state)
{
	(void)state;
	assert_int_equal(text_utf8_floor("", 0), 0);
	assert_int_equal(text_utf8_floor("\x80\x80\x80\x80\x80\x80", 6), 6);
	assert_int_equal(text_utf8_floor("ab\x80", 3), 3);
	assert_int_equal(text_utf8_floor("ab\xFF", 3), 2);
	assert_int_equal(text_utf8_floor("\xE2\x82", 2), 0);
}

static void assert_clean(struct slice text, const char *expected)
{
	struct buffer out;

	buffer_init(&out, 100);
	assert_true(text_utf8_clean(&out, text));
	assert_string_equal(buffer_string(&out), expected);
	buffer_fini(&out);
}

static void cleaned_text_is_valid(void **state)
{
	struct buffer small;

	(void)state;
	assert_clean(SLICE_NONE, "");
	assert_clean(slice_of("good \xE2\x82\xAC"), "good \xE2\x82\xAC");
	assert_clean(slice_of("\xFFone\xC3"), "\xEF\xBF\xBDone\xEF\xBF\xBD");
	assert_clean(slice_of("\xE2\x82\xC3\xA9"),
		     "\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9");
	buffer_init(&small, 4);
	assert_false(text_utf8_clean(&small, slice_of("ab\xFF")));
	buffer_clear(&small);
	assert_false(text_utf8_clean(&small, slice_of("abcde")));
	buffer_fini(&small);
}

static void characters_are_counted(void **state)
{
	const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";

	(void)state;
	assert_int_equal(text_utf8_count(text, sizeof text - 1), 4);
	assert_int_equal(text_utf8_count(NULL, 0), 0);
}

static void case_and_space_are_ascii(void **state)
{
	(void)state;
	assert_true(
	    text_equal_nocase(slice_of("Content-TYPE"), "content-type"));
	assert_false(text_equal_nocase(slice_of("content"), "content-type"));
	assert_false(text_equal_nocase(slice_of("\xC3\x89"), "\xC3\xA9"));
	assert_false(text_equal_nocase(slice_of("["), "{"));
	assert_true(text_equal_nocase(SLICE_NONE, ""));
	assert_true(slice_is(text_trim(slice_of(" \t\r\n\v\fa b\n ")), "a b"));
	assert_int_equal(text_trim(slice_of("  \n")).len, 0);
	assert_int_equal(text_trim(SLICE_NONE).len, 0);
	assert_true(slice_is(text_trim(slice_of("\xC2\xA0")), "\xC2\xA0"));
	assert_true(text_starts_with(slice_of("abc"), "ab"));
	assert_true(text_starts_with(SLICE_NONE, ""));
	assert_false(text_starts_with(slice_of("a"), "ab"));
	assert_false(text_starts_with(slice_of("abc"), "b"));
}

static void assert_decodes(const char *text, bool plus_is_space, bool is_clean,
			   const char *expected)
{
	struct buffer out;

	buffer_init(&out, 100);
	assert_int_equal(
	    text_percent_decode(&out, slice_of(text), plus_is_space), is_clean);
	assert_string_equal(buffer_string(&out), expected);
	buffer_fini(&out);
}

static void percent_escapes_are_decoded(void **state)
{
	struct buffer out;

	(void)state;
	assert_decodes("a%20b%2Bc%2f", false, true, "a b+c/");
	assert_decodes("a+b", false, true, "a+b");
	assert_decodes("a+b%2B", true, true, "a b+");
	assert_decodes("%E2%82%ac", true, true, "\xE2\x82\xAC");
	assert_decodes("%2541", false, true, "%41");
	assert_decodes("", false, true, "");
	assert_decodes("%", false, false, "%");
	assert_decodes("a%4", false, false, "a%4");
	assert_decodes("%4g%41", false, false, "%4gA");
	assert_decodes("%%41", false, false, "%A");
	buffer_init(&out, 2);
	/* The digit behind the end is not its own. */
	assert_false(text_percent_decode(&out, slice_make("%41", 2), false));
	assert_string_equal(buffer_string(&out), "%4");
	buffer_clear(&out);
	assert_false(text_percent_decode(&out, slice_of("abc"), false));
	buffer_clear(&out);
	assert_true(text_percent_decode(&out, slice_of("%00%41"), false));
	assert_int_equal(out.len, 2);
	assert_memory_equal(out.data, "\0A", 2);
	buffer_fini(&out);
}

static void what_is_not_unreserved_is_percent_encoded(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 100);
	assert_true(
	    text_percent_encode(&out, SLICE_LITERAL("aZ09-._~/ &\xE2\0"), "/"));
	assert_string_equal(buffer_string(&out), "aZ09-._~/%20%26%E2%00");
	buffer_clear(&out);
	assert_true(text_percent_encode(&out, slice_of("/"), ""));
	assert_string_equal(buffer_string(&out), "%2F");
	buffer_fini(&out);
}

static void any_bytes_survive_percent_encoding(void **state)
{
	char all[256];
	struct buffer encoded;
	struct buffer decoded;

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	buffer_init(&encoded, 1000);
	buffer_init(&decoded, 1000);
	text_percent_encode(&encoded, slice_make(all, 256), "");
	assert_true(
	    text_percent_decode(&decoded, buffer_slice(&encoded), true));
	assert_int_equal(decoded.len, 256);
	assert_memory_equal(decoded.data, all, 256);
	buffer_fini(&encoded);
	buffer_fini(&decoded);
}

static void only_whole_numbers_are_numbers(void **state)
{
	static const char *const wrong[] = {
	    "",	  "-1",	 "+1", " 1", "1 ", "1.0",
	    "0x", "1e3", "a",  ":",  "/",  "10000000000000000000"};
	uint64_t value = 5;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(text_parse_uint(slice_of(wrong[i]), &value));
	assert_int_equal(value, 5);
	assert_true(text_parse_uint(slice_of("0"), &value));
	assert_int_equal(value, 0);
	assert_true(text_parse_uint(slice_of("007"), &value));
	assert_int_equal(value, 7);
	assert_true(text_parse_uint(slice_of("9999999999999999999"), &value));
	assert_true(value == 9999999999999999999u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(valid_utf8_is_told_from_invalid),
	    cmocka_unit_test(a_bad_byte_is_found_at_any_place),
	    cmocka_unit_test(every_code_point_goes_there_and_back),
	    cmocka_unit_test(broken_bytes_are_read_one_at_a_time),
	    cmocka_unit_test(no_character_is_cut_at_the_floor),
	    cmocka_unit_test(the_floor_of_broken_text_is_near),
	    cmocka_unit_test(cleaned_text_is_valid),
	    cmocka_unit_test(characters_are_counted),
	    cmocka_unit_test(case_and_space_are_ascii),
	    cmocka_unit_test(percent_escapes_are_decoded),
	    cmocka_unit_test(what_is_not_unreserved_is_percent_encoded),
	    cmocka_unit_test(any_bytes_survive_percent_encoding),
	    cmocka_unit_test(only_whole_numbers_are_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

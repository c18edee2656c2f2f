/* SPDX-License-Identifier: ISC */
#include "json_check.h"

/* clang-format off */
static const char *const not_json[] = {
    "[NaN]", "NaN", "[Infinity]", "[-Infinity]", "[nan]", "[True]", "[nulL]",
    "[01]", "[-01]", "[00]", "[1.]", "[1.e3]", "[.5]", "[+1]", "[1e]",
    "[1e+]", "[-]", "[0x10]", "[--1]", "[1-2]", "[1 2]", "['a']", "{'a':1}",
    "{a:1}", "[1,]", "{\"a\":1,}", "[,1]", "{,}", "[1,,2]", "/*c*/[]",
    "[]//c", "[]#c", "[\"\\x\"]", "[\"\\'\"]", "[\"\\u12\"]", "[\"\\u12g4\"]",
    "[\"a\tb\"]", "[\"a\nb\"]", "[\"\001\"]", "\"abc", "[", "{\"a\":",
    "{\"a\"}", "{\"a\" 1}", "{\"a\"::1}", "[1}", "{]", "{\"a\":1]", "]",
    "tru", "truex", "nulll", "[\"a\"1]", "[truefalse]", "[\"a\"\"b\"]", "\\",
    "[\"\\", "[\"\\u", "[1]\v", "\f[1]", "\xEF\xBB\xBF[]",
};
/* clang-format on */

static void what_is_not_rfc_8259_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof not_json / sizeof *not_json; i++)
		assert_refused(not_json[i], "not valid JSON");
}

static void whatever_follows_the_value_is_refused(void **state)
{
	(void)state;
	assert_refused("{} x", "near byte 3");
	assert_refused("{}{}", "near byte 2");
	assert_refused("[] ,", "near byte 3");
	assert_refused("12 13", "not valid JSON");
	json_free(parse("12"));
	json_free(parse(" 12 "));
	json_free(parse("\"x\" \n"));
}

static void no_value_at_all_is_refused(void **state)
{
	(void)state;
	assert_refused("", "empty");
	assert_refused_bytes(SLICE_NONE, "empty");
	assert_refused(" \r\n\t", "empty");
	assert_refused("null", "just null");
	assert_refused(" null ", "just null");
}

static void a_nul_byte_is_refused(void **state)
{
	(void)state;
	assert_refused_bytes(SLICE_LITERAL("[1]\0"), "NUL");
	assert_refused_bytes(SLICE_LITERAL("[\"a\0b\"]"), "NUL");
	assert_refused_bytes(SLICE_LITERAL("\0"), "NUL");
}

static void an_escaped_nul_is_text_but_no_part_of_a_name(void **state)
{
	struct json *root = parse("{\"a\":\"x\\u0000y\",\"b\":1}");
	struct slice text;

	(void)state;
	assert_true(json_string(json_member(root, "a"), &text));
	assert_int_equal(text.len, 3);
	assert_memory_equal(text.data, "x\0y", 3);
	json_free(root);
	assert_refused("{\"query\\u0000x\":1}", "NUL");
	assert_refused("[{\"b\":\"\\u0000\",\"\\u0000\" :1}]", "NUL");
}

static void invalid_utf8_is_refused(void **state)
{
	(void)state;
	assert_refused("[\"\xFF\"]", "UTF-8");
	assert_refused("[\"\xC3\"]", "UTF-8");
	assert_refused("[\"\xED\xA0\x80\"]", "UTF-8");
	assert_refused("[\"\xF4\x90\x80\x80\"]", "UTF-8");
	assert_refused("[\"\xC0\x80\"]", "UTF-8");
	json_free(parse("[\"\xF4\x8F\xBF\xBF\"]"));
}

static char *nested(unsigned depth)
{
	char *text = memory_zalloc(2 * (size_t)depth + 1);

	for (unsigned i = 0; i < depth; i++) {
		text[i] = '[';
		text[2 * depth - 1 - i] = ']';
	}
	return text;
}

static void nesting_ends_at_32(void **state)
{
	char *fits = nested(32);
	char *over = nested(33);

	(void)state;
	json_free(parse(fits));
	assert_refused(over, "deeper than 32");
	memory_free(fits);
	memory_free(over);
	assert_refused("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
		       "\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
		       "\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
		       "\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
		       "\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1",
		       "deeper than 32");
	/* Brackets in strings are text. */
	json_free(parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]"));
}

static void deep_upstream_text_fits_as_deep_as_it_may(void **state)
{
	char *fits = nested(64);
	char *over = nested(65);

	(void)state;
	json_free(parse_lenient(fits));
	assert_null(json_parse(slice_of(over), &json_limits_upstream, NULL));
	memory_free(fits);
	memory_free(over);
}

/* A list of `count` times `value`. */
static char *many(const char *value, unsigned count)
{
	struct buffer out;

	buffer_init(&out, BUFFER_UNLIMITED);
	buffer_append_char(&out, '[');
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			buffer_append_char(&out, ',');
		buffer_append_string(&out, value);
	}
	buffer_append_char(&out, ']');
	return buffer_detach(&out);
}

static void assert_fits(const char *value, unsigned count)
{
	char *fits = many(value, count);
	char *over = many(value, count + 1);

	json_free(parse(fits));
	assert_refused(over, "more than 50000 values");
	memory_free(fits);
	memory_free(over);
}

static void values_are_counted_one_by_one(void **state)
{
	(void)state;
	/* The list is one itself. */
	assert_fits("1", 49999);
	assert_fits("\"\"", 49999);
	assert_fits("null", 49999);
	assert_fits("{}", 49999);
	assert_fits("[ ]", 49999);
	assert_fits("{\"a\":-1.5e3}", 49999 / 2);
	assert_fits("{\"a\" : true , \"b\" : \"c,:{\" }", 49999 / 3);
}

static void values_cannot_hide_from_the_count(void **state)
{
	static const char *const openings[] = {
	    "{'\"':[", "['\"',[", "//\"\n[", "/*\"*/[", "[\\\",[", "[\"\\\","};
	char *list = many("{}", 60000);

	(void)state;
	for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
		struct buffer text;

		buffer_init(&text, BUFFER_UNLIMITED);
		buffer_append_string(&text, openings[i]);
		buffer_append_string(&text, list);
		assert_null(json_parse(buffer_slice(&text),
				       &json_limits_request, NULL));
		buffer_fini(&text);
	}
	memory_free(list);
}

static void assert_quickly_refused(const char *pattern)
{
	const size_t size = 8 << 20;
	const size_t len = strlen(pattern);
	char *text = memory_alloc(size);
	uint64_t start;

	for (size_t i = 0; i < size; i++)
		text[i] = pattern[i % len];
	start = now_us();
	assert_refused_bytes(slice_make(text, size), "JSON");
	/* json-c alone would take seconds; a sanitizer makes all slower. */
	assert_in_range(now_us() - start, 0, 400000);
	memory_free(text);
}

static void eight_megabytes_of_nonsense_are_refused_quickly(void **state)
{
	(void)state;
	assert_quickly_refused("{}");
	assert_quickly_refused("{");
	assert_quickly_refused("[[],");
	assert_quickly_refused("\"");
	assert_quickly_refused("\"\\");
	assert_quickly_refused(":");
	assert_quickly_refused("{\"a\":");
	assert_quickly_refused("-");
	assert_quickly_refused("[\"\\ud800\"],");
}

static void a_key_twice_is_refused_at_any_level(void **state)
{
	(void)state;
	assert_refused("{\"a\":1,\"a\":1}", "same key twice");
	assert_refused("{\"a\":1,\"b\":2,\"a\":null}", "same key twice");
	assert_refused("[{\"x\":[{\"a\":1,\"a\":2}]}]", "same key twice");
	assert_refused("{\"x\":{\"y\":{\"a\":{},\"a\":{}}}}", "same key twice");
	assert_refused("{\"a\":1,\"\\u0061\":2}", "same key twice");
	assert_refused("{\"\":1,\"\":2}", "same key twice");
	/* The members of what was overwritten count no more. */
	assert_refused("{\"a\":{\"b\":1,\"c\":2},\"a\":1}", "same key twice");
	json_free(parse("{\"a\":{\"a\":[{\"a\":\"a:a\"},{\"a\":1}]},\"A\":1}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_rfc_8259_is_refused),
	    cmocka_unit_test(whatever_follows_the_value_is_refused),
	    cmocka_unit_test(no_value_at_all_is_refused),
	    cmocka_unit_test(a_nul_byte_is_refused),
	    cmocka_unit_test(an_escaped_nul_is_text_but_no_part_of_a_name),
	    cmocka_unit_test(invalid_utf8_is_refused),
	    cmocka_unit_test(nesting_ends_at_32),
	    cmocka_unit_test(deep_upstream_text_fits_as_deep_as_it_may),
	    cmocka_unit_test(values_are_counted_one_by_one),
	    cmocka_unit_test(values_cannot_hide_from_the_count),
	    cmocka_unit_test(eight_megabytes_of_nonsense_are_refused_quickly),
	    cmocka_unit_test(a_key_twice_is_refused_at_any_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

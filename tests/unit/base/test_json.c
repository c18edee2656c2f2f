/* SPDX-License-Identifier: ISC */
#include "json_check.h"

static void assert_string(const struct json *value, const char *expected)
{
	struct slice text = SLICE_NONE;

	assert_true(json_string(value, &text));
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(text.data, expected, text.len);
}

static char *print(const struct json *value)
{
	struct buffer out;

	buffer_init(&out, BUFFER_UNLIMITED);
	json_print(&out, value);
	return buffer_detach(&out);
}

static void assert_prints(const struct json *value, const char *expected)
{
	char *text = print(value);

	assert_string_equal(text, expected);
	memory_free(text);
}

static void every_kind_of_value_is_read(void **state)
{
	struct json *root = parse(" {\"s\":\"text\",\"i\":-12,\"d\":0.5,"
				  "\"t\":true,\"f\":false,\"n\":null,"
				  "\"a\":[1,\"x\"],\"o\":{\"k\":1}}\r\n\t ");
	int64_t integer;
	double number;
	bool boolean;

	(void)state;
	assert_int_equal(json_kind(root), JSON_OBJECT);
	assert_int_equal(json_count(root), 8);
	assert_string(json_member(root, "s"), "text");
	assert_true(json_integer(json_member(root, "i"), &integer));
	assert_int_equal(integer, -12);
	assert_true(json_number(json_member(root, "d"), &number));
	assert_true(number == 0.5);
	assert_true(json_number(json_member(root, "i"), &number));
	assert_true(number == -12);
	assert_true(json_boolean(json_member(root, "t"), &boolean));
	assert_true(boolean);
	assert_true(json_boolean(json_member(root, "f"), &boolean));
	assert_false(boolean);
	assert_int_equal(json_kind(json_member(root, "n")), JSON_NULL);
	assert_int_equal(json_count(json_member(root, "a")), 2);
	assert_string(json_item(json_member(root, "a"), 1), "x");
	assert_int_equal(json_count(json_member(root, "o")), 1);
	json_free(root);
}

static void questions_about_nothing_have_empty_answers(void **state)
{
	struct json *root = parse("{\"a\":[1],\"s\":\"x\",\"n\":null}");
	struct json_walk walk;
	struct slice text = SLICE_LITERAL("kept");
	const struct json *value;
	int64_t integer = 7;
	double number = 7;
	bool boolean = true;

	(void)state;
	assert_null(json_member(NULL, "a"));
	assert_null(json_member(json_member(root, "s"), "a"));
	assert_null(json_member(json_member(root, "none"), "a"));
	assert_null(json_item(json_member(root, "a"), 1));
	assert_null(json_item(json_member(root, "a"), SIZE_MAX));
	assert_null(json_item(root, 0));
	assert_int_equal(json_count(NULL), 0);
	assert_int_equal(json_count(json_member(root, "s")), 0);
	assert_int_equal(json_kind(NULL), JSON_NULL);
	assert_false(json_string(json_member(root, "a"), &text));
	assert_false(json_string(NULL, &text));
	assert_false(json_integer(json_member(root, "s"), &integer));
	assert_false(json_number(json_member(root, "n"), &number));
	assert_false(json_boolean(json_member(root, "a"), &boolean));
	assert_true(slice_is(text, "kept"));
	assert_int_equal(integer, 7);
	assert_true(number == 7 && boolean);
	walk = json_walk(json_member(root, "a"));
	assert_false(json_walk_next(&walk, &text, &value));
	walk = json_walk(NULL);
	assert_false(json_walk_next(&walk, &text, &value));
	json_free(NULL);
	json_free(root);
}

static void members_are_walked_in_the_texts_order(void **state)
{
	struct json *root = parse("{\"z\":1,\"a\":null,\"m\":[]}");
	struct json_walk walk = json_walk(root);
	struct slice name;
	const struct json *value;

	(void)state;
	assert_true(json_walk_next(&walk, &name, &value));
	assert_true(slice_is(name, "z"));
	assert_int_equal(json_kind(value), JSON_NUMBER);
	assert_true(json_walk_next(&walk, &name, &value));
	assert_true(slice_is(name, "a"));
	assert_null(value);
	assert_true(json_walk_next(&walk, &name, &value));
	assert_true(slice_is(name, "m"));
	assert_false(json_walk_next(&walk, &name, &value));
	assert_false(json_walk_next(&walk, &name, &value));
	json_free(root);
}

static void many_members_are_walked_in_linear_time(void **state)
{
	struct buffer text;
	struct json *root;
	struct json_walk walk;
	struct slice name;
	const struct json *value;
	uint64_t start;
	int count = 0;

	(void)state;
	buffer_init(&text, BUFFER_UNLIMITED);
	buffer_append_char(&text, '{');
	for (int i = 0; i < 49000; i++)
		buffer_printf(&text, "%s\"k%d\":null", i ? "," : "", i);
	buffer_append_char(&text, '}');
	root = parse(buffer_string(&text));
	walk = json_walk(root);
	start = now_us();
	while (json_walk_next(&walk, &name, &value))
		count++;
	assert_int_equal(count, 49000);
	assert_in_range(now_us() - start, 0, 100000);
	json_free(root);
	buffer_fini(&text);
}

static void the_last_of_two_keys_wins_upstream(void **state)
{
	struct json *root = parse_lenient("{\"a\":1,\"b\":5,\"a\":2}");
	int64_t value = 0;

	(void)state;
	assert_true(json_integer(json_member(root, "a"), &value));
	assert_int_equal(value, 2);
	assert_int_equal(json_count(root), 2);
	json_free(root);
}

static void upstream_text_may_be_loose(void **state)
{
	struct json *root =
	    parse_lenient("{\"logprob\":NaN,\"x\":-Infinity,\"y\":Infinity,"
			  "\"text\":\"a\tb\xFF\",\"z\\u0000\":1}");
	double number;

	(void)state;
	assert_false(json_number(json_member(root, "logprob"), &number));
	assert_false(json_number(json_member(root, "x"), &number));
	assert_int_equal(json_kind(json_member(root, "y")), JSON_NUMBER);
	assert_string(json_member(root, "text"), "a\tb\xFF");
	assert_prints(json_member(root, "logprob"), "null");
	assert_prints(json_member(root, "text"), "\"a\\tb\xEF\xBF\xBD\"");
	json_free(root);
	assert_null(
	    json_parse(SLICE_LITERAL("{'a':1}"), &json_limits_upstream, NULL));
	assert_null(
	    json_parse(SLICE_LITERAL("[1] x"), &json_limits_upstream, NULL));
}

static void lone_halves_of_surrogates_are_marked(void **state)
{
	struct json *root = parse("[\"a\\ud83d\",\"\\uDE00b\",\"\\ud83d"
				  "\\ud83d\\ude00\",\"\\\\ud83d\",\"\\ud83dx\","
				  "\"\\ude00\\ud83d\",\"\\u00e9\\ud7ff\"]");

	(void)state;
	assert_string(json_item(root, 0), "a\xED\xA0\xBD");
	assert_string(json_item(root, 1), "\xED\xB8\x80"
					  "b");
	assert_string(json_item(root, 2), "\xED\xA0\xBD\xF0\x9F\x98\x80");
	assert_string(json_item(root, 3), "\\ud83d");
	assert_string(json_item(root, 4), "\xED\xA0\xBDx");
	assert_string(json_item(root, 5), "\xED\xB8\x80\xED\xA0\xBD");
	assert_string(json_item(root, 6), "\xC3\xA9\xED\x9F\xBF");
	assert_prints(json_item(root, 0), "\"a\xEF\xBF\xBD\"");
	json_free(root);
}

static void whole_pairs_are_characters(void **state)
{
	struct json *root = parse("[\"\\uD83D\\uDE00\",\"\\ud83d\\ude00"
				  "\\udbff\\udfff\"]");

	(void)state;
	assert_string(json_item(root, 0), "😀");
	assert_string(json_item(root, 1), "😀\xF4\x8F\xBF\xBF");
	json_free(root);
}

static void halves_meet_again_when_they_are_written(void **state)
{
	struct json *first = parse_lenient("\"x\\ud83d\"");
	struct json *second = parse_lenient("\"\\ude00y\"");
	struct buffer joined;
	struct buffer out;
	struct slice text;

	(void)state;
	buffer_init(&joined, 100);
	buffer_init(&out, 100);
	json_string(first, &text);
	buffer_append_slice(&joined, text);
	json_string(second, &text);
	buffer_append_slice(&joined, text);
	json_put_string(&out, buffer_slice(&joined));
	assert_string_equal(buffer_string(&out), "\"x😀y\"");
	buffer_fini(&joined);
	buffer_fini(&out);
	json_free(first);
	json_free(second);
}

static void numbers_out_of_range_are_no_numbers(void **state)
{
	static const char *const texts[] = {
	    "1e400", "-1e400", "18446744073709551616",
	    "123456789012345678901234567890", "-9223372036854775809"};
	int64_t integer;
	double number;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct json *root = parse(texts[i]);

		assert_int_equal(json_kind(root), JSON_NUMBER);
		assert_false(json_number(root, &number));
		assert_false(json_integer(root, &integer));
		json_free(root);
	}
}

static void assert_integer(const char *text, bool is_integer, int64_t expected)
{
	struct json *root = parse(text);
	int64_t value = 77;

	if (json_integer(root, &value) != is_integer)
		fail_msg("%s", text);
	assert_int_equal(value, is_integer ? expected : 77);
	json_free(root);
}

static void integers_are_whole_and_fit(void **state)
{
	(void)state;
	assert_integer("3", true, 3);
	assert_integer("3.0", true, 3);
	assert_integer("3e2", true, 300);
	assert_integer("-0", true, 0);
	assert_integer("-4.0", true, -4);
	assert_integer("3.5", false, 0);
	assert_integer("1e15", true, 1000000000000000);
	assert_integer("1e17", false, 0);
	assert_integer("9223372036854775807", true, INT64_MAX);
	assert_integer("9223372036854775808", false, 0);
	assert_integer("-9223372036854775807", true, -INT64_MAX);
}

static void a_value_is_printed_as_json_again(void **state)
{
	const char *text = "{\"a\":[1,-2.50,1e3,true,false,null,[],{}],"
			   "\"b\":{\"c\":\"\\\"\\\\\\n/é😀\"}}";
	struct json *root = parse(text);

	(void)state;
	assert_prints(root, text);
	assert_prints(json_member(root, "none"), "null");
	json_free(root);
}

static void kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(json_kind_name(JSON_NULL), "null");
	assert_string_equal(json_kind_name(JSON_OBJECT), "an object");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_value_is_read),
	    cmocka_unit_test(questions_about_nothing_have_empty_answers),
	    cmocka_unit_test(members_are_walked_in_the_texts_order),
	    cmocka_unit_test(many_members_are_walked_in_linear_time),
	    cmocka_unit_test(the_last_of_two_keys_wins_upstream),
	    cmocka_unit_test(upstream_text_may_be_loose),
	    cmocka_unit_test(lone_halves_of_surrogates_are_marked),
	    cmocka_unit_test(whole_pairs_are_characters),
	    cmocka_unit_test(halves_meet_again_when_they_are_written),
	    cmocka_unit_test(numbers_out_of_range_are_no_numbers),
	    cmocka_unit_test(integers_are_whole_and_fit),
	    cmocka_unit_test(a_value_is_printed_as_json_again),
	    cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ask_check.h"
#include "base/buffer.h"

static void what_is_not_given_is_unset(void **state)
{
	struct ask *ask = ask_check_body("{\"query\":\"Why?\"}");

	(void)state;
	assert_true(isnan(ask->temperature));
	assert_true(isnan(ask->top_p));
	assert_int_equal(ask->max_tokens, 0);
	assert_int_equal(ask->stop_count, 0);
	assert_int_equal(ask->model.len, 0);
	assert_int_equal(ask->turn.len, 0);
	assert_true(ask->wants_context);
	assert_int_equal(ask->context_passages, 0);
	assert_false(ask->wants_no_wait);
}

static void every_field_arrives(void **state)
{
	struct ask *ask = ask_check_body(
	    "{\"query\":\"q\",\"streaming\":true,\"format\":\"simple\","
	    "\"model\":\"openai/gpt\",\"temperature\":0.5,\"top_p\":1,"
	    "\"max_tokens\":100,\"stop\":[\"a\",\"b\"],"
	    "\"context\":{\"passages\":3},\"turn\":\"abcdefghijklmnop\","
	    "\"wait\":0,\"durable\":false,\"tools\":[]}");

	(void)state;
	assert_int_equal(ask_check_form.streaming, STREAMING_YES);
	assert_true(ask_check_form.has_format);
	assert_int_equal(ask_check_form.format, DIALECT_SIMPLE);
	ask_check_text(ask->model, "openai/gpt");
	assert_true(ask->temperature == 0.5);
	assert_true(ask->top_p == 1);
	assert_int_equal(ask->max_tokens, 100);
	assert_int_equal(ask->stop_count, 2);
	ask_check_text(ask->stops[0], "a");
	ask_check_text(ask->stops[1], "b");
	assert_true(ask->wants_context);
	assert_int_equal(ask->context_passages, 3);
	ask_check_text(ask->turn, "abcdefghijklmnop");
	assert_true(ask->wants_no_wait);
}

static void null_is_the_same_as_leaving_a_field_out(void **state)
{
	struct ask *ask = ask_check_body(
	    "{\"query\":\"q\",\"message\":null,\"messages\":null,"
	    "\"streaming\":null,\"format\":null,\"model\":null,"
	    "\"temperature\":null,\"top_p\":null,\"max_tokens\":null,"
	    "\"stop\":null,\"context\":{\"passages\":null},\"turn\":null,"
	    "\"wait\":null,\"durable\":null,\"tools\":null,"
	    "\"session\":null,\"whatever\":null}");

	(void)state;
	ask_check_text(ask->query, "q");
	assert_true(isnan(ask->temperature));
	assert_int_equal(ask->context_passages, 0);
	assert_false(ask->wants_no_wait);
	ask_check_refuses_body("{\"query\":null}", ERROR_BAD_REQUEST,
			       "is missing");
}

static void an_unknown_field_is_refused_by_its_name(void **state)
{
	(void)state;
	ask_check_refuses_body("{\"query\":\"q\",\"session\":\"s\"}",
			       ERROR_UNSUPPORTED_FIELD, "\"session\"");
	ask_check_refuses_body("{\"query\":\"q\",\"tool_choice\":\"auto\"}",
			       ERROR_UNSUPPORTED_FIELD, "\"tool_choice\"");
	ask_check_refuses_body("{\"query\":\"q\",\"Query\":\"q\"}",
			       ERROR_UNSUPPORTED_FIELD, "\"Query\"");
	ask_check_refuses_body("{\"query\":\"q\",\"\":1}",
			       ERROR_UNSUPPORTED_FIELD, "\"\" is");
	ask_check_refuses_body("{\"query\":\"q\",\"durable\":true}",
			       ERROR_UNSUPPORTED_FIELD, "\"durable\"");
	ask_check_refuses_body("{\"query\":\"q\",\"tools\":[{}]}",
			       ERROR_UNSUPPORTED_FIELD, "\"tools\"");
	ask_check_refuses_body("{\"query\":\"q\",\"context\":{\"index\":1}}",
			       ERROR_UNSUPPORTED_FIELD, "\"context.index\"");
	ask_check_refuses_pairs("query=q&session=s", ERROR_UNSUPPORTED_FIELD,
				"\"session\"");
}

static void a_long_name_is_shown_cut_between_characters(void **state)
{
	struct buffer body;

	(void)state;
	buffer_init(&body, BUFFER_UNLIMITED);
	buffer_append_string(&body, "{\"query\":\"q\",\"x");
	for (int i = 0; i < 100; i++)
		buffer_append_string(&body, "\xC3\xA9");
	buffer_append_string(&body, "\":1}");
	ask_check_refuses_body(buffer_string(&body), ERROR_UNSUPPORTED_FIELD,
			       "\xC3\xA9\" is not supported.");
	assert_true(strlen(ask_check_fault.hint) < 90);
	buffer_fini(&body);
}

static void a_wrong_type_is_refused_with_the_field_and_the_type(void **state)
{
	(void)state;
	ask_check_refuses_body("{\"query\":1}", ERROR_BAD_REQUEST,
			       "\"query\" must be a string, not a number.");
	ask_check_refuses_body("{\"message\":[]}", ERROR_BAD_REQUEST,
			       "\"message\"");
	ask_check_refuses_body("{\"messages\":\"x\"}", ERROR_BAD_REQUEST,
			       "\"messages\" must be an array, not a string.");
	ask_check_refuses_body("{\"query\":\"q\",\"streaming\":\"true\"}",
			       ERROR_BAD_REQUEST, "\"streaming\"");
	ask_check_refuses_body(
	    "{\"query\":\"q\",\"streaming\":1}", ERROR_BAD_REQUEST,
	    "\"streaming\" must be true or false, not a number.");
	ask_check_refuses_body("{\"query\":\"q\",\"format\":1}",
			       ERROR_BAD_REQUEST, "\"format\"");
	ask_check_refuses_body("{\"query\":\"q\",\"model\":{}}",
			       ERROR_BAD_REQUEST,
			       "\"model\" must be a string, not an object.");
	ask_check_refuses_body("{\"query\":\"q\",\"temperature\":\"0.5\"}",
			       ERROR_BAD_REQUEST, "\"temperature\"");
	ask_check_refuses_body("{\"query\":\"q\",\"top_p\":true}",
			       ERROR_BAD_REQUEST,
			       "\"top_p\" must be a number, not a boolean.");
	ask_check_refuses_body("{\"query\":\"q\",\"max_tokens\":\"9\"}",
			       ERROR_BAD_REQUEST, "\"max_tokens\"");
	ask_check_refuses_body("{\"query\":\"q\",\"stop\":5}",
			       ERROR_BAD_REQUEST, "\"stop\"");
	ask_check_refuses_body("{\"query\":\"q\",\"stop\":[\"a\",5]}",
			       ERROR_BAD_REQUEST, "not a number");
	ask_check_refuses_body("{\"query\":\"q\",\"stop\":[null]}",
			       ERROR_BAD_REQUEST, "not null");
	ask_check_refuses_body("{\"query\":\"q\",\"context\":\"no\"}",
			       ERROR_BAD_REQUEST, "\"context\"");
	ask_check_refuses_body("{\"query\":\"q\",\"turn\":7}",
			       ERROR_BAD_REQUEST, "\"turn\"");
	ask_check_refuses_body("{\"query\":\"q\",\"wait\":false}",
			       ERROR_BAD_REQUEST, "\"wait\"");
	ask_check_refuses_body("{\"query\":\"q\",\"durable\":0}",
			       ERROR_UNSUPPORTED_FIELD, "\"durable\"");
}

static void the_body_must_be_an_object(void **state)
{
	(void)state;
	ask_check_refuses_body("[]", ERROR_BAD_REQUEST,
			       "must be a JSON object, not an array");
	ask_check_refuses_body("\"q\"", ERROR_BAD_REQUEST, "not a string");
	ask_check_refuses_body("null", ERROR_BAD_REQUEST, "null");
	ask_check_refuses_body("", ERROR_BAD_REQUEST, "empty");
	ask_check_refuses_body(" \n", ERROR_BAD_REQUEST, "empty");
	ask_check_refuses_body("query=q", ERROR_BAD_REQUEST, "not valid JSON");
	ask_check_refuses_body("{\"query\":\"q\"", ERROR_BAD_REQUEST,
			       "not valid JSON");
	ask_check_refuses_body("{\"query\":\"q\"}}", ERROR_BAD_REQUEST,
			       "not valid JSON");
	ask_check_refuses_body("{'query':'q'}", ERROR_BAD_REQUEST,
			       "not valid JSON");
	ask_check_refuses_body("{\"query\":\"a\nb\"}", ERROR_BAD_REQUEST,
			       "control");
}

static void numbers_have_ranges(void **state)
{
	static const char *const wrong[][2] = {
	    {"temperature", "-0.1"},
	    {"temperature", "2.1"},
	    {"temperature", "1e999"},
	    {"top_p", "-1"},
	    {"top_p", "1.01"},
	    {"max_tokens", "0"},
	    {"max_tokens", "-5"},
	    {"max_tokens", "1.5"},
	    {"max_tokens", "1e300"},
	    {"max_tokens", "10000001"},
	    {"max_tokens", "99999999999999999999"},
	    {"wait", "1"},
	    {"wait", "-1"},
	};
	char body[120];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(body, sizeof body, "{\"query\":\"q\",\"%s\":%s}",
			 wrong[i][0], wrong[i][1]);
		ask_check_refuses_body(body, ERROR_BAD_REQUEST, wrong[i][0]);
	}
	ask_check_refuses_body("{\"query\":\"q\",\"context\":{\"passages\":0}}",
			       ERROR_BAD_REQUEST, "context.passages");
	ask_check_refuses_body(
	    "{\"query\":\"q\",\"context\":{\"passages\":51}}",
	    ERROR_BAD_REQUEST, "context.passages");
	assert_true(ask_check_body("{\"query\":\"q\",\"temperature\":2}")
			->temperature == 2);
	assert_int_equal(
	    ask_check_body("{\"query\":\"q\",\"max_tokens\":3.0}")->max_tokens,
	    3);
}

static void texts_have_lengths(void **state)
{
	struct buffer body;

	(void)state;
	buffer_init(&body, BUFFER_UNLIMITED);
	buffer_printf(&body, "{\"query\":\"%064d\"}", 7);
	ask_check_body(buffer_string(&body));
	buffer_clear(&body);
	buffer_printf(&body, "{\"query\":\"%065d\"}", 7);
	ask_check_refuses_body(buffer_string(&body), ERROR_TOO_LARGE,
			       "\"query\" is longer than 64 bytes.");
	buffer_clear(&body);
	buffer_printf(&body, "{\"query\":\"q\",\"model\":\"%0257d\"}", 7);
	ask_check_refuses_body(buffer_string(&body), ERROR_BAD_REQUEST,
			       "\"model\"");
	ask_check_refuses_body("{\"query\":\"q\",\"model\":\"\"}",
			       ERROR_BAD_REQUEST, "\"model\"");
	buffer_clear(&body);
	buffer_printf(&body, "{\"query\":\"q\",\"stop\":\"%0257d\"}", 7);
	ask_check_refuses_body(buffer_string(&body), ERROR_BAD_REQUEST,
			       "\"stop\"");
	ask_check_refuses_body("{\"query\":\"q\",\"stop\":\"\"}",
			       ERROR_BAD_REQUEST, "\"stop\"");
	buffer_fini(&body);
}

static void lists_have_lengths(void **state)
{
	struct buffer body;

	(void)state;
	ask_check_refuses_body(
	    "{\"query\":\"q\",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}",
	    ERROR_BAD_REQUEST, "\"stop\"");
	assert_int_equal(
	    ask_check_body("{\"query\":\"q\",\"stop\":[]}")->stop_count, 0);
	assert_int_equal(
	    ask_check_body("{\"query\":\"q\",\"stop\":\"x\"}")->stop_count, 1);
	buffer_init(&body, BUFFER_UNLIMITED);
	buffer_append_string(&body, "{\"messages\":[");
	for (int i = 0; i < 5; i++)
		buffer_printf(&body, "%s{\"role\":\"user\",\"content\":\"q\"}",
			      i ? "," : "");
	buffer_append_string(&body, "]}");
	ask_check_refuses_body(buffer_string(&body), ERROR_TOO_LARGE,
			       "\"messages\" has more than 4 items.");
	buffer_fini(&body);
}

static void a_key_may_not_be_there_twice(void **state)
{
	(void)state;
	ask_check_refuses_body("{\"query\":\"a\",\"query\":\"b\"}",
			       ERROR_BAD_REQUEST, "twice");
	ask_check_refuses_body("{\"query\":\"a\",\"qu\\u0065ry\":\"b\"}",
			       ERROR_BAD_REQUEST, "twice");
	ask_check_refuses_pairs("query=a&query=b", ERROR_BAD_REQUEST, "twice");
	ask_check_refuses_pairs("query=a&stop=x&stop=y", ERROR_BAD_REQUEST,
				"twice");
}

static void deep_and_crowded_bodies_are_refused(void **state)
{
	struct buffer body;

	(void)state;
	buffer_init(&body, BUFFER_UNLIMITED);
	buffer_append_string(&body, "{\"query\":\"q\",\"tools\":");
	for (int i = 0; i < 100000; i++)
		buffer_append_char(&body, '[');
	ask_check_refuses_body(buffer_string(&body), ERROR_BAD_REQUEST,
			       "deeper than 32");
	buffer_clear(&body);
	buffer_append_string(&body, "{\"tools\":[");
	for (int i = 0; i < 60000; i++)
		buffer_append_string(&body, "{},");
	ask_check_refuses_body(buffer_string(&body), ERROR_BAD_REQUEST,
			       "50000 values");
	buffer_fini(&body);
}

static void a_turn_id_has_two_forms(void **state)
{
	static const char own[] = "t_00000000AAAAAAAAAAAAAAAAAAAAAA";

	(void)state;
	assert_int_equal(strlen(own), 32);
	ask_check_body("{\"query\":\"q\",\"turn\":\"0123456789abcdef\"}");
	ask_check_body("{\"query\":\"q\",\"turn\":\"A-b_c-d_e-f_g-h_\"}");
	ask_check_body("{\"query\":\"q\",\"turn\":"
		       "\"t_00000000AAAAAAAAAAAAAAAAAAAAAA\"}");
	ask_check_refuses_body("{\"query\":\"q\",\"turn\":\"0123456789abcde\"}",
			       ERROR_BAD_REQUEST, "\"turn\"");
	ask_check_refuses_body(
	    "{\"query\":\"q\",\"turn\":\"0123456789abcde.\"}",
	    ERROR_BAD_REQUEST, "\"turn\"");
	ask_check_refuses_body(
	    "{\"query\":\"q\",\"turn\":\"t_3456789abcdefgh\"}",
	    ERROR_BAD_REQUEST, "\"turn\"");
	ask_check_refuses_body(
	    "{\"query\":\"q\",\"turn\":\"0123456789012345678901234567"
	    "8901234567890123456789012345678901234\"}",
	    ERROR_BAD_REQUEST, "\"turn\"");
	ask_check_refuses_body("{\"query\":\"q\",\"turn\":\"\"}",
			       ERROR_BAD_REQUEST, "\"turn\"");
}

static void an_unknown_format_is_refused(void **state)
{
	(void)state;
	ask_check_body("{\"query\":\"q\",\"format\":\"native\"}");
	assert_int_equal(ask_check_form.format, DIALECT_NATIVE);
	ask_check_body("{\"query\":\"q\",\"format\":\"text\"}");
	assert_int_equal(ask_check_form.format, DIALECT_TEXT);
	ask_check_refuses_body("{\"query\":\"q\",\"format\":\"xml\"}",
			       ERROR_BAD_REQUEST, "\"format\"");
	ask_check_refuses_body("{\"query\":\"q\",\"format\":\"\"}",
			       ERROR_BAD_REQUEST, "\"format\"");
}

static void context_is_false_or_options(void **state)
{
	(void)state;
	assert_false(ask_check_body("{\"query\":\"q\",\"context\":false}")
			 ->wants_context);
	assert_true(ask_check_body("{\"query\":\"q\",\"context\":true}")
			->wants_context);
	assert_true(
	    ask_check_body("{\"query\":\"q\",\"context\":{}}")->wants_context);
}

static void a_query_string_has_the_same_names(void **state)
{
	struct ask *ask = ask_check_pairs(
	    "query=q&streaming=true&format=native&model=m&temperature=1.5"
	    "&top_p=0&max_tokens=9&stop=x&context=false"
	    "&turn=abcdefghijklmnop&wait=0&durable=0");

	(void)state;
	assert_int_equal(ask_check_form.streaming, STREAMING_YES);
	assert_int_equal(ask_check_form.format, DIALECT_NATIVE);
	ask_check_text(ask->model, "m");
	assert_true(ask->temperature == 1.5);
	assert_true(ask->top_p == 0);
	assert_int_equal(ask->max_tokens, 9);
	ask_check_text(ask->stops[0], "x");
	assert_false(ask->wants_context);
	ask_check_text(ask->turn, "abcdefghijklmnop");
	assert_true(ask->wants_no_wait);
}

static void plus_and_percent_twenty_are_spaces(void **state)
{
	(void)state;
	ask_check_text(ask_check_pairs("query=a+b%20c%2Bd")->query, "a b c+d");
	ask_check_text(ask_check_pairs("&&que%72y=a=b%26c&")->query, "a=b&c");
	ask_check_text(ask_check_pairs("message=hi")->query, "hi");
	assert_true(ask_check_form.came_as_message);
	ask_check_refuses_pairs("query=100%", ERROR_BAD_REQUEST,
				"percent-encoded");
	ask_check_refuses_pairs("query=%zz", ERROR_BAD_REQUEST,
				"percent-encoded");
	ask_check_refuses_pairs("query=+", ERROR_BAD_REQUEST,
				"\"query\" is empty.");
	ask_check_refuses_pairs("query", ERROR_BAD_REQUEST,
				"\"query\" is empty.");
	ask_check_refuses_pairs("", ERROR_BAD_REQUEST, "is missing");
}

static void digits_stay_a_text_where_a_text_belongs(void **state)
{
	(void)state;
	ask_check_text(ask_check_pairs("query=42")->query, "42");
	ask_check_text(ask_check_pairs("query=true&model=1")->model, "1");
	ask_check_text(ask_check_pairs("query=null")->query, "null");
}

static void switches_in_a_query_string_are_words_or_digits(void **state)
{
	(void)state;
	ask_check_pairs("query=q&streaming=1");
	assert_int_equal(ask_check_form.streaming, STREAMING_YES);
	ask_check_pairs("query=q&streaming=0");
	assert_int_equal(ask_check_form.streaming, STREAMING_NO);
	ask_check_pairs("query=q&streaming=false");
	assert_int_equal(ask_check_form.streaming, STREAMING_NO);
	ask_check_refuses_pairs("query=q&streaming=yes", ERROR_BAD_REQUEST,
				"\"streaming\" must be true or false");
	ask_check_refuses_pairs("query=q&streaming=", ERROR_BAD_REQUEST,
				"\"streaming\"");
	ask_check_refuses_pairs("query=q&streaming", ERROR_BAD_REQUEST,
				"\"streaming\"");
}

static void numbers_in_a_query_string_are_those_of_json(void **state)
{
	static const char *const wrong[] = {
	    "temperature=",
	    "temperature=x",
	    "temperature=.5",
	    "temperature=1-2",
	    "temperature=%2B1",
	    "temperature=1e",
	    "temperature=0x1",
	    "temperature=NaN",
	    "temperature=0000000000000000000000000000000001",
	    "temperature=1,%22model%22:%22m%22"};
	char text[120];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text, "query=q&%s", wrong[i]);
		ask_check_refuses_pairs(text, ERROR_BAD_REQUEST,
					"\"temperature\" must be a number");
	}
	assert_true(ask_check_pairs("query=q&temperature=5e-1")->temperature ==
		    0.5);
}

static void a_posts_query_string_wins_over_its_body(void **state)
{
	(void)state;
	ask_check_body(
	    "{\"query\":\"q\",\"format\":\"text\",\"streaming\":false}");
	assert_true(ask_read_post_query(&ask_check_form,
					slice_of("format=simple&streaming=1"),
					&ask_check_fault));
	assert_int_equal(ask_check_form.format, DIALECT_SIMPLE);
	assert_int_equal(ask_check_form.streaming, STREAMING_YES);
	assert_true(
	    ask_read_post_query(&ask_check_form, SLICE_NONE, &ask_check_fault));
	assert_int_equal(ask_check_form.format, DIALECT_SIMPLE);
}

static void a_posts_query_string_has_but_two_names(void **state)
{
	static const char *const wrong[] = {"query=x",
					    "model=m",
					    "streaming=maybe",
					    "format=xml",
					    "format=text&format=text",
					    "%"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		ask_check_body("{\"query\":\"q\"}");
		assert_false(ask_read_post_query(
		    &ask_check_form, slice_of(wrong[i]), &ask_check_fault));
		/* The ask is still the caller's. */
		assert_non_null(ask_check_form.ask);
	}
	ask_check_body("{\"query\":\"q\"}");
	assert_false(ask_read_post_query(
	    &ask_check_form, slice_of("utm_source=x"), &ask_check_fault));
	assert_int_equal(ask_check_fault.code, ERROR_UNSUPPORTED_FIELD);
	assert_non_null(strstr(ask_check_fault.hint, "\"utm_source\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_given_is_unset),
	    cmocka_unit_test(every_field_arrives),
	    cmocka_unit_test(null_is_the_same_as_leaving_a_field_out),
	    cmocka_unit_test(an_unknown_field_is_refused_by_its_name),
	    cmocka_unit_test(a_long_name_is_shown_cut_between_characters),
	    cmocka_unit_test(
		a_wrong_type_is_refused_with_the_field_and_the_type),
	    cmocka_unit_test(the_body_must_be_an_object),
	    cmocka_unit_test(numbers_have_ranges),
	    cmocka_unit_test(texts_have_lengths),
	    cmocka_unit_test(lists_have_lengths),
	    cmocka_unit_test(a_key_may_not_be_there_twice),
	    cmocka_unit_test(deep_and_crowded_bodies_are_refused),
	    cmocka_unit_test(a_turn_id_has_two_forms),
	    cmocka_unit_test(an_unknown_format_is_refused),
	    cmocka_unit_test(context_is_false_or_options),
	    cmocka_unit_test(a_query_string_has_the_same_names),
	    cmocka_unit_test(plus_and_percent_twenty_are_spaces),
	    cmocka_unit_test(digits_stay_a_text_where_a_text_belongs),
	    cmocka_unit_test(switches_in_a_query_string_are_words_or_digits),
	    cmocka_unit_test(numbers_in_a_query_string_are_those_of_json),
	    cmocka_unit_test(a_posts_query_string_wins_over_its_body),
	    cmocka_unit_test(a_posts_query_string_has_but_two_names),
	};

	return cmocka_run_group_tests(tests, NULL, ask_check_tear_down);
}

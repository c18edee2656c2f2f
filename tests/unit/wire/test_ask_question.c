/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "ask_check.h"

static void a_query_is_the_users_one_message(void **state)
{
	struct ask *ask = ask_check_body("{\"query\":\"Why?\"}");

	(void)state;
	ask_check_text(ask->query, "Why?");
	assert_int_equal(ask->message_count, 1);
	assert_int_equal(ask->messages[0].role, ROLE_USER);
	ask_check_text(ask->messages[0].content, "Why?");
	assert_false(ask_check_form.came_as_message);
	assert_int_equal(ask_check_form.streaming, STREAMING_UNSAID);
	assert_false(ask_check_form.has_format);
}

static void a_message_is_remembered_as_such(void **state)
{
	(void)state;
	ask_check_text(ask_check_body("{\"message\":\"Why?\"}")->query, "Why?");
	assert_true(ask_check_form.came_as_message);
}

static void an_empty_question_is_refused(void **state)
{
	(void)state;
	ask_check_refuses_body("{}", ERROR_BAD_REQUEST, "is missing");
	ask_check_refuses_body("{\"streaming\":true}", ERROR_BAD_REQUEST,
			       "is missing");
	ask_check_refuses_body("{\"query\":\"\"}", ERROR_BAD_REQUEST,
			       "\"query\" is empty.");
	ask_check_refuses_body("{\"query\":\" \\t\\n\"}", ERROR_BAD_REQUEST,
			       "\"query\" is empty.");
	ask_check_refuses_body("{\"message\":\"\"}", ERROR_BAD_REQUEST,
			       "\"message\" is empty.");
	ask_check_refuses_body("{\"messages\":[]}", ERROR_BAD_REQUEST,
			       "\"messages\" is empty.");
	ask_check_refuses_body(
	    "{\"messages\":[{\"role\":\"user\",\"content\":\" \"}]}",
	    ERROR_BAD_REQUEST, "must be the user's question");
}

static void only_one_way_of_asking_is_allowed(void **state)
{
	static const char messages[] =
	    "[{\"role\":\"user\",\"content\":\"q\"}]";
	char body[200];

	(void)state;
	ask_check_refuses_body("{\"query\":\"a\",\"message\":\"b\"}",
			       ERROR_BAD_REQUEST, "one of");
	snprintf(body, sizeof body, "{\"query\":\"a\",\"messages\":%s}",
		 messages);
	ask_check_refuses_body(body, ERROR_BAD_REQUEST, "one of");
	snprintf(body, sizeof body, "{\"messages\":%s,\"message\":\"b\"}",
		 messages);
	ask_check_refuses_body(body, ERROR_BAD_REQUEST, "one of");
}

static void a_history_keeps_its_order_and_roles(void **state)
{
	struct ask *ask = ask_check_body(
	    "{\"messages\":["
	    "{\"role\":\"user\",\"content\":\"one\"},"
	    "{\"content\":\"two\",\"role\":\"assistant\"},"
	    "{\"role\":\"user\",\"content\":\"three\",\"id\":null}"
	    "]}");

	(void)state;
	assert_int_equal(ask->message_count, 3);
	assert_int_equal(ask->messages[0].role, ROLE_USER);
	ask_check_text(ask->messages[0].content, "one");
	assert_int_equal(ask->messages[1].role, ROLE_ASSISTANT);
	ask_check_text(ask->messages[1].content, "two");
	ask_check_text(ask->messages[2].content, "three");
	ask_check_text(ask->query, "three");
	assert_false(ask_check_form.came_as_message);
}

static void the_last_message_must_be_the_users(void **state)
{
	(void)state;
	ask_check_refuses_body(
	    "{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"}]}",
	    ERROR_BAD_REQUEST, "must be the user's question");
}

static void a_system_message_is_the_owners_to_allow(void **state)
{
	static const char body[] =
	    "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
	    "{\"role\":\"user\",\"content\":\"q\"}]}";
	static const struct ask_limits allowing = {64, 4, true};

	(void)state;
	ask_check_refuses_body(body, ERROR_BAD_REQUEST, "messages[0].role");
	assert_true(ask_read_json(&ask_check_form, slice_of(body), &allowing,
				  &ask_check_fault));
	assert_int_equal(ask_check_form.ask->messages[0].role, ROLE_SYSTEM);
}

static void a_message_is_checked_like_an_ask(void **state)
{
	(void)state;
	ask_check_refuses_body("{\"messages\":[\"q\"]}", ERROR_BAD_REQUEST,
			       "\"messages[0]\" must be an object.");
	ask_check_refuses_body("{\"messages\":[{\"content\":\"q\"}]}",
			       ERROR_BAD_REQUEST, "messages[0].role");
	ask_check_refuses_body(
	    "{\"messages\":[{\"role\":\"tool\",\"content\":\"q\"}]}",
	    ERROR_BAD_REQUEST, "messages[0].role");
	ask_check_refuses_body("{\"messages\":[{\"role\":\"user\"}]}",
			       ERROR_BAD_REQUEST, "messages[0].content");
	ask_check_refuses_body(
	    "{\"messages\":[{\"role\":\"user\",\"content\":{}}]}",
	    ERROR_BAD_REQUEST, "messages[0].content");
	ask_check_refuses_body(
	    "{\"messages\":[{\"role\":\"user\",\"content\":\"q\","
	    "\"parts\":[]}]}",
	    ERROR_UNSUPPORTED_FIELD, "\"messages[0].parts\"");
}

static void text_parts_are_joined_and_others_refused(void **state)
{
	(void)state;
	ask_check_text(
	    ask_check_body("{\"messages\":[{\"role\":\"user\",\"content\":["
			   "{\"type\":\"text\",\"text\":\"What \"},"
			   "{\"type\":\"text\",\"text\":\"now?\"}]}]}")
		->query,
	    "What now?");
	ask_check_refuses_body(
	    "{\"messages\":[{\"role\":\"user\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"a\"},"
	    "{\"type\":\"image_url\",\"image_url\":\"u\"}]}]}",
	    ERROR_UNSUPPORTED_FIELD, "\"messages[0].content[1]\" is not text.");
	ask_check_refuses_body("{\"messages\":[{\"role\":\"user\",\"content\":["
			       "{\"type\":\"text\",\"text\":1}]}]}",
			       ERROR_UNSUPPORTED_FIELD, "content[0]");
	ask_check_refuses_body(
	    "{\"messages\":[{\"role\":\"user\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"a\",\"cache\":1}]}]}",
	    ERROR_UNSUPPORTED_FIELD, "\"messages[0].content[0].cache\"");
	ask_check_refuses_body(
	    "{\"messages\":[{\"role\":\"user\",\"content\":[]}]}",
	    ERROR_BAD_REQUEST, "must be the user's question");
}

static void a_nul_never_cuts_a_text_off(void **state)
{
	struct ask *ask = ask_check_body("{\"query\":\"a\\u0000b\"}");

	(void)state;
	assert_int_equal(ask->query.len, 3);
	assert_memory_equal(ask->query.data, "a\0b", 3);
	assert_int_equal(ask_check_pairs("query=a%00b")->query.len, 3);
	ask_check_refuses_body("{\"query\\u0000\":\"a\"}", ERROR_BAD_REQUEST,
			       "NUL");
	ask_check_refuses_pairs("query%00=a", ERROR_BAD_REQUEST, "NUL");
	ask_free(ask_check_form.ask);
	assert_false(ask_read_json(&ask_check_form,
				   SLICE_LITERAL("{\"query\":\"a\0b\"}"),
				   &ask_check_limits, &ask_check_fault));
	assert_null(ask_check_form.ask);
}

static void what_is_not_utf8_is_refused(void **state)
{
	(void)state;
	ask_check_refuses_body("{\"query\":\"\xFF\"}", ERROR_BAD_REQUEST,
			       "UTF-8");
	ask_check_refuses_body("{\"query\":\"\xC3\"}", ERROR_BAD_REQUEST,
			       "UTF-8");
	ask_check_refuses_body("{\"query\":\"\xED\xA0\x80\"}",
			       ERROR_BAD_REQUEST, "UTF-8");
	ask_check_refuses_body("{\"query\":\"\xC0\xAF\"}", ERROR_BAD_REQUEST,
			       "UTF-8");
	ask_check_refuses_pairs("query=%FF", ERROR_BAD_REQUEST, "UTF-8");
	ask_check_refuses_pairs("query=%C3", ERROR_BAD_REQUEST, "UTF-8");
	ask_check_refuses_pairs("%FF=x&query=q", ERROR_BAD_REQUEST, "UTF-8");
	ask_check_text(ask_check_pairs("query=%C3%A9")->query, "\xC3\xA9");
}

static void half_a_character_becomes_the_replacement(void **state)
{
	(void)state;
	ask_check_text(ask_check_body("{\"query\":\"a\\ud83db\"}")->query,
		       "a\xEF\xBF\xBD"
		       "b");
	ask_check_text(ask_check_body("{\"query\":\"\\udc00\"}")->query,
		       "\xEF\xBF\xBD");
	ask_check_text(ask_check_body("{\"query\":\"\\ud83d\\ude00\"}")->query,
		       "\xF0\x9F\x98\x80");
	ask_check_text(ask_check_body("{\"query\":\"\xED\x9F\xBF\"}")->query,
		       "\xED\x9F\xBF");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_query_is_the_users_one_message),
	    cmocka_unit_test(a_message_is_remembered_as_such),
	    cmocka_unit_test(an_empty_question_is_refused),
	    cmocka_unit_test(only_one_way_of_asking_is_allowed),
	    cmocka_unit_test(a_history_keeps_its_order_and_roles),
	    cmocka_unit_test(the_last_message_must_be_the_users),
	    cmocka_unit_test(a_system_message_is_the_owners_to_allow),
	    cmocka_unit_test(a_message_is_checked_like_an_ask),
	    cmocka_unit_test(text_parts_are_joined_and_others_refused),
	    cmocka_unit_test(a_nul_never_cuts_a_text_off),
	    cmocka_unit_test(what_is_not_utf8_is_refused),
	    cmocka_unit_test(half_a_character_becomes_the_replacement),
	};

	return cmocka_run_group_tests(tests, NULL, ask_check_tear_down);
}

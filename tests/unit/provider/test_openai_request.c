/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "provider/openai_request.h"

static unsigned owners_limit; /* the configured max_tokens */

static void expect(const struct ask *ask, const struct openai_habits *habits,
		   const char *expected)
{
	struct buffer out;

	buffer_init(&out, BUFFER_UNLIMITED);
	openai_request_write(&out, ask, SLICE_LITERAL("m"), owners_limit,
			     habits);
	assert_string_equal(buffer_string(&out), expected);
	buffer_fini(&out);
}

static void a_conversation_is_written_in_its_order(void **state)
{
	struct message messages[] = {
	    {ROLE_USER, SLICE_LITERAL("a \"quote\"\n")},
	    {ROLE_ASSISTANT, SLICE_LITERAL("")},
	    {ROLE_SYSTEM, SLICE_LITERAL("more")},
	    {ROLE_USER, SLICE_LITERAL("\xF0\x9F\x98\x80")},
	};
	struct openai_habits habits = {0};
	struct ask *ask = ask_new();

	(void)state;
	ask->system = SLICE_LITERAL("be brief");
	ask->messages = messages;
	ask->message_count = 4;
	expect(ask, &habits,
	       "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
	       "{\"include_usage\":true},\"messages\":["
	       "{\"role\":\"system\",\"content\":\"be brief\"},"
	       "{\"role\":\"user\",\"content\":\"a \\\"quote\\\"\\n\"},"
	       "{\"role\":\"assistant\",\"content\":\"\"},"
	       "{\"role\":\"system\",\"content\":\"more\"},"
	       "{\"role\":\"user\",\"content\":\"\xF0\x9F\x98\x80\"}]}");
	ask_free(ask);
}

static void only_options_that_were_given_are_sent(void **state)
{
	struct openai_habits habits = {.refuses_usage = true};
	struct ask *ask = ask_new();

	(void)state;
	expect(ask, &habits,
	       "{\"model\":\"m\",\"stream\":true,\"messages\":[]}");
	ask->max_tokens = 5;
	ask->temperature = 0;
	ask->top_p = 0.5;
	ask->stops[0] = SLICE_LITERAL("x");
	ask->stops[1] = SLICE_LITERAL("\"");
	ask->stop_count = 2;
	expect(ask, &habits,
	       "{\"model\":\"m\",\"stream\":true,\"messages\":[],"
	       "\"max_tokens\":5,\"temperature\":0,\"top_p\":0.5,"
	       "\"stop\":[\"x\",\"\\\"\"]}");
	ask_free(ask);
}

static void the_lower_limit_of_tokens_holds(void **state)
{
	static const struct {
		int64_t asked;
		unsigned owners;
		const char *sent;
	} cases[] = {
	    {0, 7, ",\"max_tokens\":7"},
	    {5, 7, ",\"max_tokens\":5"},
	    {9, 7, ",\"max_tokens\":7"},
	    {9, 0, ",\"max_tokens\":9"},
	    {0, 0, ""},
	};
	struct openai_habits habits = {.refuses_usage = true};
	struct ask *ask = ask_new();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char expected[200];

		snprintf(expected, sizeof expected,
			 "{\"model\":\"m\",\"stream\":true,\"messages\":[]%s}",
			 cases[i].sent);
		ask->max_tokens = cases[i].asked;
		owners_limit = cases[i].owners;
		expect(ask, &habits, expected);
	}
	owners_limit = 0;
	ask_free(ask);
}

static void each_lesson_is_learned_once(void **state)
{
	struct openai_habits habits = {0};
	struct slice both =
	    SLICE_LITERAL("max_completion_tokens stream_options");

	(void)state;
	assert_true(openai_request_learn(&habits, 400, both));
	assert_true(habits.wants_completion_tokens);
	assert_false(habits.refuses_usage);
	assert_true(openai_request_learn(&habits, 422, both));
	assert_true(habits.refuses_usage);
	assert_false(openai_request_learn(&habits, 400, both));
}

static void other_statuses_teach_nothing(void **state)
{
	static const int statuses[] = {401, 403, 404, 429, 500, 503};
	struct openai_habits habits = {0};

	(void)state;
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		assert_false(openai_request_learn(
		    &habits, statuses[i], SLICE_LITERAL("stream_options")));
}

static void who_has_taken_them_must_name_them(void **state)
{
	struct openai_habits habits = {.takes_usage = true};

	(void)state;
	assert_false(openai_request_learn(&habits, 400, SLICE_NONE));
	assert_true(openai_request_learn(
	    &habits, 400, SLICE_LITERAL("{\"loc\":[\"include_usage\"]}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_conversation_is_written_in_its_order),
	    cmocka_unit_test(only_options_that_were_given_are_sent),
	    cmocka_unit_test(the_lower_limit_of_tokens_holds),
	    cmocka_unit_test(each_lesson_is_learned_once),
	    cmocka_unit_test(other_statuses_teach_nothing),
	    cmocka_unit_test(who_has_taken_them_must_name_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

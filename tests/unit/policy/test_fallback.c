/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "policy/fallback.h"
#include "scripted_provider.h"
#include "transcript.h"

struct fixture {
	struct scripted_provider first;
	struct scripted_provider second;
	struct scripted_provider third;
	struct provider *fallback;
	struct provider_call *call;
	struct ask *ask;
	struct transcript transcript;
};

static struct fixture fixture;

static int set_up(void **state)
{
	struct log_options quiet = {LOG_LEVEL_ERROR, "stderr", "test"};
	struct provider *providers[] = {
	    &fixture.first.base, &fixture.second.base, &fixture.third.base};

	(void)state;
	log_open(&quiet);
	scripted_provider_init(&fixture.first, "one");
	scripted_provider_init(&fixture.second, "two");
	scripted_provider_init(&fixture.third, "three");
	fixture.second.allowed_model = "big";
	fixture.third.allowed_model = "big";
	fixture.fallback = fallback_new(providers, 3);
	fixture.ask = ask_new();
	transcript_init(&fixture.transcript);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture.fallback->ops->free(fixture.fallback);
	ask_free(fixture.ask);
	transcript_fini(&fixture.transcript);
	return 0;
}

static void start(const char *model)
{
	fixture.call = fixture.fallback->ops->start(
	    fixture.fallback, fixture.ask, slice_of(model),
	    &fixture.transcript.sink);
}

static void expect(const char *text, int endings)
{
	assert_string_equal(transcript_take(&fixture.transcript), text);
	assert_int_equal(fixture.transcript.endings, endings);
}

static void the_first_provider_answers_alone(void **state)
{
	(void)state;
	start("");
	scripted_provider_content(&fixture.first, "a");
	scripted_provider_end(&fixture.first);
	expect("content a\nok stop  one/scripted 1/2\n", 1);
	assert_int_equal(fixture.second.starts, 0);
}

static void the_next_is_tried_and_readers_are_told(void **state)
{
	(void)state;
	start("");
	scripted_provider_fail(&fixture.first, ERROR_UPSTREAM_UNAVAILABLE);
	expect("status model failed one: The model's service could not be "
	       "reached.\nstatus model started Trying two\n",
	       0);
	scripted_provider_fail(&fixture.second, ERROR_UPSTREAM_REFUSED);
	expect("status model failed two: The model's service refused the "
	       "request.\nstatus model started Trying three\n",
	       0);
	scripted_provider_content(&fixture.third, "a");
	scripted_provider_end(&fixture.third);
	expect("content a\nok stop  three/scripted 1/2\n", 1);
}

static void when_all_fail_the_last_error_counts(void **state)
{
	(void)state;
	start("");
	scripted_provider_fail(&fixture.first, ERROR_UPSTREAM_OVERLOADED);
	scripted_provider_fail(&fixture.second, ERROR_UPSTREAM_OVERLOADED);
	transcript_take(&fixture.transcript);
	scripted_provider_fail(&fixture.third, ERROR_UPSTREAM_REFUSED);
	expect("upstream_refused\n", 1);
}

static void an_answer_that_began_is_never_begun_again(void **state)
{
	static const enum event_type types[] = {EVENT_CONTENT, EVENT_REASONING,
						EVENT_TOOL_CALL};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct event event = {.type = types[i]};

		start("");
		scripted_provider_emit(&fixture.first, &event);
		transcript_take(&fixture.transcript);
		scripted_provider_fail(&fixture.first,
				       ERROR_UPSTREAM_TRUNCATED);
		expect("upstream_truncated retryable\n", (int)i + 1);
	}
	assert_int_equal(fixture.second.starts, 0);
}

static void a_status_is_not_yet_an_answer(void **state)
{
	struct event event = {.type = EVENT_STATUS};

	(void)state;
	start("");
	event.status.step = STEP_MODEL;
	event.status.description = SLICE_LITERAL("loading");
	scripted_provider_emit(&fixture.first, &event);
	scripted_provider_fail(&fixture.first, ERROR_UPSTREAM_UNAVAILABLE);
	assert_int_equal(fixture.second.starts, 1);
	scripted_provider_end(&fixture.second);
}

static void a_chosen_model_is_asked_of_one_provider_only(void **state)
{
	const struct provider *fallback = fixture.fallback;

	(void)state;
	assert_true(
	    fallback->ops->allows_model(fallback, SLICE_LITERAL("big")));
	assert_false(
	    fallback->ops->allows_model(fallback, SLICE_LITERAL("huge")));
	start("big");
	assert_int_equal(fixture.first.starts, 0);
	assert_string_equal(fixture.second.asked_model, "big");
	scripted_provider_fail(&fixture.second, ERROR_UPSTREAM_UNAVAILABLE);
	expect("upstream_unavailable retryable\n", 1);
	assert_int_equal(fixture.third.starts, 0);
}

static void cancelling_reaches_the_one_that_is_tried(void **state)
{
	(void)state;
	start("");
	scripted_provider_fail(&fixture.first, ERROR_UPSTREAM_UNAVAILABLE);
	transcript_take(&fixture.transcript);
	fixture.fallback->ops->cancel(fixture.call);
	assert_int_equal(fixture.first.cancels, 0);
	assert_int_equal(fixture.second.cancels, 1);
	expect("", 0);
	scripted_provider_fail(&fixture.second, ERROR_CANCELLED);
	expect("cancelled retryable\n", 1);
	assert_int_equal(fixture.third.starts, 0);
}

/* The request was over before it could be cancelled: still no next one. */
static void nothing_is_tried_after_cancelling(void **state)
{
	(void)state;
	start("");
	fixture.fallback->ops->cancel(fixture.call);
	scripted_provider_fail(&fixture.first, ERROR_UPSTREAM_UNAVAILABLE);
	assert_int_equal(fixture.second.starts, 0);
	assert_int_equal(fixture.transcript.endings, 1);
}

static void cancel_now(void *state)
{
	(void)state;
	fixture.fallback->ops->cancel(fixture.call);
}

/* Whether the sink then says that it wants no more, or does not bother. */
static void cancelling_inside_a_status_ends_the_call(void **state)
{
	(void)state;
	for (int bothers = 0; bothers < 2; bothers++) {
		start("");
		fixture.transcript.on_event = cancel_now;
		fixture.transcript.events_left = bothers ? 1 : -1;
		scripted_provider_fail(&fixture.first,
				       ERROR_UPSTREAM_UNAVAILABLE);
		expect("status model failed one: The model's service could "
		       "not be reached.\ncancelled retryable\n",
		       bothers + 1);
	}
	assert_int_equal(fixture.second.starts, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_first_provider_answers_alone),
	    TEST(the_next_is_tried_and_readers_are_told),
	    TEST(when_all_fail_the_last_error_counts),
	    TEST(an_answer_that_began_is_never_begun_again),
	    TEST(a_status_is_not_yet_an_answer),
	    TEST(a_chosen_model_is_asked_of_one_provider_only),
	    TEST(cancelling_reaches_the_one_that_is_tried),
	    TEST(nothing_is_tried_after_cancelling),
	    TEST(cancelling_inside_a_status_ends_the_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_http.h"
#include "fake_loop.h"
#include "provider/openai.h"
#include "transcript.h"

#define KEY	"sk-test-key"
#define TEXT(t) "data: {\"choices\":[{\"delta\":{\"content\":\"" t "\"}}]}\n\n"
#define STOP \
	"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"

static struct loop *loop;
static struct provider *provider;
static struct ask *ask;
static struct transcript transcript;
static struct provider_call *call;

static const struct openai_options defaults = {
    .name = "up",
    .base_url = "http://127.0.0.1:1/v1/",
    .key = KEY,
    .model = "small",
    .models = (const char *const[]){"big"},
    .model_count = 1,
};

static int set_up(void **state)
{
	struct message question = {ROLE_USER, SLICE_LITERAL("Why?")};

	(void)state;
	fake_http_init();
	loop = fake_loop_new();
	transcript_init(&transcript);
	ask = ask_new();
	ask->messages = arena_alloc(&ask->arena, sizeof question);
	ask->messages[0] = question;
	ask->message_count = 1;
	ask->turn_id = SLICE_LITERAL("t_1");
	provider = openai_new(NULL, loop, &defaults, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	provider->ops->free(provider);
	ask_free(ask);
	transcript_fini(&transcript);
	fake_loop_free(loop);
	fake_http_fini();
	return 0;
}

static void start(void)
{
	call =
	    provider->ops->start(provider, ask, SLICE_NONE, &transcript.sink);
}

static void expect(const char *text)
{
	assert_string_equal(transcript_take(&transcript), text);
}

static void answer_whole(void)
{
	fake_http_headers(200);
	fake_http_data(TEXT("a") STOP "data: [DONE]\n\n");
	fake_http_end(HTTP_OK, "");
	expect("content a\nok stop stop up/small -1/-1\n");
}

static void a_request_says_who_and_what(void **state)
{
	(void)state;
	start();
	assert_string_equal(fake_http.url,
			    "http://127.0.0.1:1/v1/chat/completions");
	assert_string_equal(fake_http.header, "X-Client-Request-Id: t_1");
	assert_string_equal(buffer_string(&fake_http.headers),
			    "Content-Type: application/json\n"
			    "Accept: text/event-stream, application/json\n"
			    "Authorization: Bearer " KEY "\n");
	assert_string_equal(
	    buffer_string(&fake_http.body),
	    "{\"model\":\"small\",\"stream\":true,\"stream_options\":"
	    "{\"include_usage\":true},\"messages\":[{\"role\":\"user\","
	    "\"content\":\"Why?\"}]}");
	answer_whole();
}

static void the_address_may_have_a_query_or_be_whole(void **state)
{
	static const char *const cases[][2] = {
	    {"https://h/v1", "https://h/v1/chat/completions"},
	    {"https://h/chat/completions", "https://h/chat/completions"},
	    {"https://h/d/?api-version=1",
	     "https://h/d/chat/completions?api-version=1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct openai_options options = defaults;
		struct provider *other;

		options.base_url = cases[i][0];
		other = openai_new(NULL, loop, &options, NULL);
		other->ops->start(other, ask, SLICE_NONE, &transcript.sink);
		assert_string_equal(fake_http.url, cases[i][1]);
		answer_whole();
		other->ops->free(other);
	}
}

static void a_key_that_is_no_header_is_refused_without_being_shown(void **state)
{
	struct openai_options options = defaults;
	struct fault fault;

	(void)state;
	options.key = "sk-secret\n";
	assert_null(openai_new(NULL, loop, &options, &fault));
	assert_int_equal(fault.code, ERROR_BAD_REQUEST);
	assert_null(strstr(fault.detail, "sk-"));
}

static void text_is_told_as_it_comes(void **state)
{
	(void)state;
	start();
	expect("");
	fake_http_headers(200);
	fake_http_data(TEXT("a") "data: {\"choices\":[{\"del");
	expect("content a\n");
	fake_http_data("ta\":{\"content\":\"b\"}}]}\n\n");
	expect("content b\n");
	fake_http_data(STOP);
	fake_http_end(HTTP_OK, "");
	expect("ok stop stop up/small -1/-1\n");
}

static void models_are_allowed_by_list(void **state)
{
	struct openai_options options = defaults;
	struct provider *any;

	(void)state;
	assert_true(
	    provider->ops->allows_model(provider, SLICE_LITERAL("small")));
	assert_true(
	    provider->ops->allows_model(provider, SLICE_LITERAL("big")));
	assert_false(
	    provider->ops->allows_model(provider, SLICE_LITERAL("bigger")));
	options.models = (const char *const[]){"*"};
	any = openai_new(NULL, loop, &options, NULL);
	assert_true(any->ops->allows_model(any, SLICE_LITERAL("bigger")));
	any->ops->free(any);
}

static void a_chosen_model_is_asked_for(void **state)
{
	(void)state;
	provider->ops->start(provider, ask, SLICE_LITERAL("big"),
			     &transcript.sink);
	assert_non_null(
	    strstr(buffer_string(&fake_http.body), "\"model\":\"big\""));
	fake_http_headers(200);
	fake_http_data(STOP);
	fake_http_end(HTTP_OK, "");
	expect("ok stop stop up/big -1/-1\n");
}

static void a_refusal_is_told_with_its_retry_after(void **state)
{
	(void)state;
	start();
	fake_http.retry_after = "7";
	fake_http_headers(429);
	fake_http_data("{\"error\":{\"message\":\"slow do");
	fake_http_data("wn " KEY "\"}}");
	fake_http_end(HTTP_OK, "");
	expect("upstream_overloaded retryable\n");
	assert_int_equal(transcript.fault.retry_after_ms, 7000);
	assert_string_equal(transcript.fault.detail, "HTTP 429 slow down ***");
	assert_int_equal(fake_http.starts, 1);
}

static void a_refusal_without_end_is_cut(void **state)
{
	char page[1025];

	(void)state;
	start();
	memset(page, 'x', 1024);
	page[1024] = '\0';
	fake_http_headers(500);
	for (int i = 0; i < 65; i++)
		fake_http_data(page);
	assert_int_equal(fake_http.cancels, 1);
	fake_http_end(HTTP_CANCELLED, "");
	expect("upstream_unavailable retryable\n");
}

static void usage_is_withdrawn_from_who_refuses_it(void **state)
{
	(void)state;
	start();
	fake_http_headers(400);
	fake_http_data("{\"error\":\"unknown field\"}");
	fake_http_end(HTTP_OK, "");
	expect("");
	assert_int_equal(fake_http.starts, 2);
	assert_null(strstr(buffer_string(&fake_http.body), "stream_options"));
	answer_whole();
	/* It is remembered. */
	start();
	assert_int_equal(fake_http.starts, 3);
	assert_null(strstr(buffer_string(&fake_http.body), "stream_options"));
	answer_whole();
}

static void a_400_that_means_something_else_is_no_lesson(void **state)
{
	(void)state;
	start();
	fake_http_headers(400);
	fake_http_end(HTTP_OK, "");
	fake_http_headers(400);
	fake_http_data("{\"error\":{\"message\":\"too long\"}}");
	fake_http_end(HTTP_OK, "");
	expect("upstream_refused\n");
	start();
	assert_non_null(
	    strstr(buffer_string(&fake_http.body), "stream_options"));
	answer_whole();
	/* It takes them: a 400 is not asked about again. */
	start();
	fake_http_headers(400);
	fake_http_end(HTTP_OK, "");
	expect("upstream_refused\n");
	assert_int_equal(fake_http.starts, 4);
}

static void the_newer_name_of_max_tokens_is_learned(void **state)
{
	(void)state;
	ask->max_tokens = 9;
	start();
	assert_non_null(
	    strstr(buffer_string(&fake_http.body), "\"max_tokens\":9"));
	fake_http_headers(400);
	fake_http_data("{\"error\":{\"message\":\"'max_tokens' is not "
		       "supported. Use 'max_completion_tokens'.\"}}");
	fake_http_end(HTTP_OK, "");
	assert_non_null(strstr(buffer_string(&fake_http.body),
			       "\"max_completion_tokens\":9"));
	assert_non_null(
	    strstr(buffer_string(&fake_http.body), "stream_options"));
	answer_whole();
}

static void failures_of_the_connection_have_their_codes(void **state)
{
	static const struct {
		enum http_failure failure;
		const char *expected;
	} cases[] = {
	    {HTTP_NAME_UNKNOWN, "upstream_unavailable retryable\n"},
	    {HTTP_CONNECT_FAILED, "upstream_unavailable retryable\n"},
	    {HTTP_TLS_FAILED, "upstream_unavailable retryable\n"},
	    {HTTP_BROKEN, "upstream_unavailable retryable\n"},
	    {HTTP_CONNECT_TIMEOUT, "upstream_connect_timeout retryable\n"},
	    {HTTP_INVALID, "upstream_invalid retryable\n"},
	    {HTTP_INTERNAL, "internal retryable\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		start();
		fake_http_end(cases[i].failure, "why");
		expect(cases[i].expected);
		assert_string_equal(transcript.fault.detail, "why");
	}
}

static void a_connection_that_breaks_truncates_the_answer(void **state)
{
	(void)state;
	start();
	fake_http_headers(200);
	fake_http_data(TEXT("a"));
	fake_http_end(HTTP_BROKEN, "reset");
	expect("content a\nupstream_truncated retryable\n");
	assert_string_equal(transcript.fault.detail, "reset");
}

static void a_connection_may_break_after_the_end(void **state)
{
	(void)state;
	start();
	fake_http_headers(200);
	fake_http_data(TEXT("a") STOP);
	fake_http_end(HTTP_BROKEN, "reset");
	expect("content a\nok stop stop up/small -1/-1\n");
}

static void garbage_closes_the_request_at_once(void **state)
{
	(void)state;
	start();
	fake_http_headers(200);
	fake_http_data("data: garbage\n\n");
	assert_int_equal(fake_http.cancels, 1);
	expect("");
	fake_http_end(HTTP_CANCELLED, "");
	expect("upstream_invalid retryable\n");
}

static void no_token_in_time_is_a_timeout(void **state)
{
	(void)state;
	start();
	fake_http_headers(200);
	/* A comment, a role: signs of life, but no token. */
	fake_loop_advance(loop, 30000);
	fake_http_data(": wait\n\ndata: {\"choices\":[{\"delta\":"
		       "{\"role\":\"assistant\"}}]}\n\n");
	fake_loop_advance(loop, 29999);
	assert_int_equal(fake_http.cancels, 0);
	fake_loop_advance(loop, 1);
	assert_int_equal(fake_http.cancels, 1);
	fake_http_end(HTTP_CANCELLED, "");
	expect("upstream_first_token_timeout retryable\n");
}

static void silence_in_the_middle_is_a_timeout(void **state)
{
	(void)state;
	start();
	fake_loop_advance(loop, 59000);
	fake_http_headers(200);
	fake_http_data(TEXT("a"));
	fake_loop_advance(loop, 20000);
	fake_http_data(": still here\n");
	fake_loop_advance(loop, 29999);
	assert_int_equal(fake_http.cancels, 0);
	fake_loop_advance(loop, 1);
	assert_int_equal(fake_http.cancels, 1);
	fake_http_end(HTTP_CANCELLED, "");
	expect("content a\nupstream_idle_timeout retryable\n");
}

static void silence_after_the_finish_is_an_end(void **state)
{
	(void)state;
	start();
	fake_http_headers(200);
	fake_http_data(TEXT("a") STOP);
	fake_loop_advance(loop, 30000);
	assert_int_equal(fake_http.cancels, 1);
	fake_http_end(HTTP_CANCELLED, "");
	expect("content a\nok stop stop up/small -1/-1\n");
}

static void done_waits_for_the_end_of_the_response_only_shortly(void **state)
{
	(void)state;
	start();
	fake_http_headers(200);
	fake_http_data(TEXT("a") STOP "data: [DONE]\n\n");
	fake_http_data("more\n");
	fake_loop_advance(loop, 249);
	assert_int_equal(fake_http.cancels, 0);
	fake_loop_advance(loop, 1);
	assert_int_equal(fake_http.cancels, 1);
	fake_http_end(HTTP_CANCELLED, "");
	expect("content a\nok stop stop up/small -1/-1\n");
}

static void cancelling_closes_the_request_and_ends_later(void **state)
{
	(void)state;
	start();
	fake_http_headers(200);
	/* Half a character is held back: it must not come out any more. */
	fake_http_data(TEXT("a\\ud83d"));
	provider->ops->cancel(call);
	assert_int_equal(fake_http.cancels, 1);
	expect("content a\n");
	fake_http_end(HTTP_CANCELLED, "");
	expect("cancelled retryable\n");
}

static void a_request_that_ended_before_it_was_cancelled_is_cancelled(
    void **state)
{
	(void)state;
	start();
	fake_http_headers(200);
	fake_http_data(TEXT("a") STOP);
	provider->ops->cancel(call);
	fake_http_end(HTTP_OK, "");
	expect("content a\ncancelled retryable\n");
}

static void cancel_now(void *state)
{
	(void)state;
	provider->ops->cancel(call);
}

static void cancelling_inside_an_event_is_fine(void **state)
{
	(void)state;
	start();
	fake_http_headers(200);
	transcript.on_event = cancel_now;
	transcript.events_left = 1;
	fake_http_data(TEXT("a") TEXT("b"));
	fake_http_end(HTTP_CANCELLED, "");
	expect("content a\ncancelled retryable\n");
	assert_int_equal(transcript.endings, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_request_says_who_and_what),
	    TEST(the_address_may_have_a_query_or_be_whole),
	    TEST(a_key_that_is_no_header_is_refused_without_being_shown),
	    TEST(text_is_told_as_it_comes),
	    TEST(models_are_allowed_by_list),
	    TEST(a_chosen_model_is_asked_for),
	    TEST(a_refusal_is_told_with_its_retry_after),
	    TEST(a_refusal_without_end_is_cut),
	    TEST(usage_is_withdrawn_from_who_refuses_it),
	    TEST(a_400_that_means_something_else_is_no_lesson),
	    TEST(the_newer_name_of_max_tokens_is_learned),
	    TEST(failures_of_the_connection_have_their_codes),
	    TEST(a_connection_that_breaks_truncates_the_answer),
	    TEST(a_connection_may_break_after_the_end),
	    TEST(garbage_closes_the_request_at_once),
	    TEST(no_token_in_time_is_a_timeout),
	    TEST(silence_in_the_middle_is_a_timeout),
	    TEST(silence_after_the_finish_is_an_end),
	    TEST(done_waits_for_the_end_of_the_response_only_shortly),
	    TEST(cancelling_closes_the_request_and_ends_later),
	    TEST(a_request_that_ended_before_it_was_cancelled_is_cancelled),
	    TEST(cancelling_inside_an_event_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

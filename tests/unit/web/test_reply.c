/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "web/reply.h"

static const char *const nobody[] = {NULL};
static const char *const friends[] = {"https://a.example", "https://b.example",
				      NULL};
static const char *const everybody[] = {"*", NULL};

static struct buffer out;
static struct request request;

static int set_up(void **state)
{
	(void)state;
	buffer_init(&out, BUFFER_UNLIMITED);
	memset(&request, 0, sizeof request);
	request.method = SLICE_LITERAL("GET");
	request.request_id = SLICE_LITERAL("r1");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_fini(&out);
	return 0;
}

static const char *put(const struct reply_head *head,
		       const char *const *cors_origins)
{
	buffer_clear(&out);
	reply_put_head(&out, head, &request, cors_origins);
	return buffer_string(&out);
}

static void a_head_is_lines_and_a_blank_one(void **state)
{
	struct reply_head head = {.status = 200,
				  .content_type = "application/json"};

	(void)state;
	assert_string_equal(put(&head, nobody),
			    "Status: 200 OK\r\n"
			    "Content-Type: application/json\r\n"
			    "Cache-Control: no-store\r\n"
			    "X-Content-Type-Options: nosniff\r\n"
			    "X-Request-Id: r1\r\n\r\n");
}

static void a_stream_is_not_to_be_buffered(void **state)
{
	struct reply_head head = {.status = 200,
				  .content_type = "text/event-stream",
				  .is_stream = true,
				  .turn = SLICE_LITERAL("t_x")};

	(void)state;
	assert_string_equal(put(&head, nobody),
			    "Status: 200 OK\r\n"
			    "Content-Type: text/event-stream\r\n"
			    "Cache-Control: no-cache, no-transform\r\n"
			    "X-Accel-Buffering: no\r\n"
			    "X-Content-Type-Options: nosniff\r\n"
			    "X-Request-Id: r1\r\n"
			    "X-Leat-Turn: t_x\r\n\r\n");
}

static void what_is_set_has_a_line(void **state)
{
	struct reply_head head = {.status = 405,
				  .retry_after_ms = 1001,
				  .allow = "GET, OPTIONS",
				  .location = "/ask/",
				  .policy = "default-src 'none'"};

	(void)state;
	assert_string_equal(put(&head, nobody),
			    "Status: 405 Method Not Allowed\r\n"
			    "Cache-Control: no-store\r\n"
			    "X-Content-Type-Options: nosniff\r\n"
			    "X-Request-Id: r1\r\n"
			    "Retry-After: 2\r\n"
			    "Allow: GET, OPTIONS\r\n"
			    "Location: /ask/\r\n"
			    "Content-Security-Policy: default-src 'none'\r\n"
			    "\r\n");
}

static void every_status_that_errors_have_has_a_reason(void **state)
{
	(void)state;
	for (int i = 0; i < ERROR_COUNT; i++) {
		struct reply_head head = {
		    .status = error_http_status((enum error_code)i)};

		if (strstr(put(&head, nobody), " Status\r\n"))
			fail_msg("%d has no reason", head.status);
	}
}

/* The value of X-Request-Id, in out's memory. */
static struct slice request_id(const char *asked)
{
	struct reply_head head = {.status = 204};
	const char *value;

	request.request_id = slice_of(asked);
	value = strstr(put(&head, nobody), "X-Request-Id: ") + 14;
	return slice_make(value, strcspn(value, "\r"));
}

static void a_sound_request_id_is_taken_over(void **state)
{
	static const char longest[] =
	    "0123456789012345678901234567890123456789012345678901234567890123";

	(void)state;
	assert_true(slice_is(request_id("aZ0._-"), "aZ0._-"));
	assert_true(slice_is(request_id(longest), longest));
}

static void another_request_id_is_replaced(void **state)
{
	static const char longer[] =
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "4";
	static const char *const wrong[] = {
	    "", "a b", "a\r\nX: y", "a/b", "\xC3\xA9", "a=b", longer};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct slice id = request_id(wrong[i]);

		assert_int_equal(id.len, 20);
		for (size_t j = 0; j < id.len; j++) {
			char c = text_lower(id.data[j]);

			assert_true((c >= 'a' && c <= 'z') ||
				    (c >= '0' && c <= '9'));
		}
	}
	buffer_clear(&out);
	reply_put_head(&out, &(struct reply_head){.status = 408}, NULL, nobody);
	assert_non_null(strstr(buffer_string(&out), "X-Request-Id: "));
}

static void cors_is_off_until_it_is_configured(void **state)
{
	struct reply_head head = {.status = 200};

	(void)state;
	request.origin = SLICE_LITERAL("https://a.example");
	assert_null(strstr(put(&head, nobody), "Access-Control"));
	assert_null(strstr(put(&head, nobody), "Vary"));
}

static void an_allowed_origin_is_named(void **state)
{
	struct reply_head head = {.status = 200};
	const char *text;

	(void)state;
	request.origin = SLICE_LITERAL("https://b.example");
	text = put(&head, friends);
	assert_non_null(strstr(text, "Access-Control-Allow-Origin: "
				     "https://b.example\r\n"));
	assert_non_null(strstr(text, "Vary: Origin\r\n"));
	assert_non_null(strstr(text, "Access-Control-Expose-Headers: "
				     "X-Leat-Turn"));
	assert_null(strstr(text, "Access-Control-Allow-Methods"));
	assert_null(strstr(text, "Allow-Credentials"));
}

static void another_origin_is_not_named_but_varies(void **state)
{
	struct reply_head head = {.status = 200};
	const char *text;

	(void)state;
	request.origin = SLICE_LITERAL("https://c.example");
	text = put(&head, friends);
	assert_null(strstr(text, "Access-Control"));
	assert_non_null(strstr(text, "Vary: Origin\r\n"));
}

static void a_preflight_learns_methods_and_headers(void **state)
{
	struct reply_head head = {.status = 204};
	const char *text;

	(void)state;
	request.method = SLICE_LITERAL("OPTIONS");
	request.origin = SLICE_LITERAL("https://a.example");
	text = put(&head, friends);
	assert_non_null(strstr(
	    text, "Access-Control-Allow-Methods: GET, POST, DELETE\r\n"));
	assert_non_null(strstr(text, "Last-Event-ID"));
	assert_non_null(strstr(text, "Access-Control-Max-Age: 600\r\n"));
}

static void no_origin_can_add_a_header(void **state)
{
	struct reply_head head = {.status = 200};
	const char *text;

	(void)state;
	request.origin = SLICE_LITERAL("https://a\r\nSet-Cookie: x");
	text = put(&head, everybody);
	assert_null(strstr(text, "Set-Cookie"));
	request.origin = SLICE_LITERAL("null");
	assert_non_null(strstr(put(&head, everybody),
			       "Access-Control-Allow-Origin: null\r\n"));
}

static void origins_are_compared_whole(void **state)
{
	(void)state;
	assert_true(
	    reply_allows_origin(SLICE_LITERAL("HTTPS://A.example"), friends));
	assert_false(reply_allows_origin(
	    SLICE_LITERAL("https://a.example.evil"), friends));
	assert_false(
	    reply_allows_origin(SLICE_LITERAL("http://a.example"), friends));
	assert_false(reply_allows_origin(SLICE_LITERAL("null"), friends));
	assert_true(reply_allows_origin(SLICE_LITERAL("x"), everybody));
	assert_false(reply_allows_origin(SLICE_LITERAL("x"), nobody));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(a_head_is_lines_and_a_blank_one),
	    EACH(a_stream_is_not_to_be_buffered),
	    EACH(what_is_set_has_a_line),
	    EACH(every_status_that_errors_have_has_a_reason),
	    EACH(a_sound_request_id_is_taken_over),
	    EACH(another_request_id_is_replaced),
	    EACH(cors_is_off_until_it_is_configured),
	    EACH(an_allowed_origin_is_named),
	    EACH(another_origin_is_not_named_but_varies),
	    EACH(a_preflight_learns_methods_and_headers),
	    EACH(no_origin_can_add_a_header),
	    EACH(origins_are_compared_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

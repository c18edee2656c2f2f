/* SPDX-License-Identifier: ISC */
/*
 * Requests through libfcgi and back: web/fcgi.c and web/request.c.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_peer.h"
#include "web/fcgi.h"
#include "web/request.h"

enum { BODY_MAX = 100000 };

static struct request *request;
static struct buffer records;
static struct fault fault;

static int set_up(void **state)
{
	(void)state;
	request = request_new();
	buffer_init(&records, BUFFER_UNLIMITED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	request_free(request);
	buffer_fini(&records);
	return 0;
}

static bool decode(const char *const *params, struct slice body)
{
	struct fake_request made = {.params = params, .body = body};

	buffer_clear(&records);
	fake_peer_put_request(&records, &made);
	return request_decode(request, buffer_slice(&records), BODY_MAX,
			      &fault);
}

static int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void parameters_arrive_under_their_names(void **state)
{
	static const char *const params[] = {"REQUEST_METHOD",
					     "POST",
					     "QUERY_STRING",
					     "a=b",
					     "HTTP_ACCEPT",
					     "text/html",
					     "HTTP_LAST_EVENT_ID",
					     "x.1",
					     "HTTP_ORIGIN",
					     "https://a",
					     "HTTP_HOST",
					     "h",
					     "HTTP_X_REQUEST_ID",
					     "r",
					     "REMOTE_ADDR",
					     "1.2.3.4",
					     "HTTP_X_FORWARDED_FOR",
					     "5.6.7.8",
					     "LEAT_MOUNT",
					     "/ask",
					     "SCRIPT_NAME",
					     "/ask",
					     "PATH_INFO",
					     "/chat",
					     "REQUEST_URI",
					     "/ask/chat?a=b",
					     "HTTP_PROXY",
					     "evil",
					     NULL};

	(void)state;
	assert_true(decode(params, SLICE_NONE));
	assert_true(request_is(request, "POST"));
	assert_false(request_is(request, "POS"));
	assert_true(slice_is(request->query_string, "a=b"));
	assert_true(slice_is(request->accept, "text/html"));
	assert_true(slice_is(request->last_event_id, "x.1"));
	assert_true(slice_is(request->origin, "https://a"));
	assert_true(slice_is(request->host, "h"));
	assert_true(slice_is(request->request_id, "r"));
	assert_true(slice_is(request->remote_address, "1.2.3.4"));
	assert_true(slice_is(request->forwarded_for, "5.6.7.8"));
	assert_true(slice_is(request->mount_input.leat_mount, "/ask"));
	assert_true(slice_is(request->mount_input.script_name, "/ask"));
	assert_true(slice_is(request->mount_input.path_info, "/chat"));
	assert_true(
	    slice_is(request->mount_input.request_uri, "/ask/chat?a=b"));
	/* Nothing of a request enters the process's environment. */
	assert_null(getenv("HTTP_PROXY"));
	assert_null(getenv("LEAT_MOUNT"));
}

static void a_programs_environment_is_read_alike(void **state)
{
	char *const environment[] = {
	    (char[]){"PATH=/bin:/usr/bin"},
	    (char[]){"NOT A PAIR"},
	    (char[]){"="},
	    (char[]){"REQUEST_METHOD=GET"},
	    (char[]){"QUERY_STRING=a=b&c=d"},
	    (char[]){"HTTPS=ON"},
	    (char[]){"SERVER_PROTOCOL=HTTP/2.0"},
	    (char[]){"HTTP_VIA=1.1 front"},
	    (char[]){"LEAT_MOUNT="},
	    (char[]){"REDIRECT_LEAT_MOUNT=/ask"},
	    (char[]){"REDIRECT_HTTP_AUTHORIZATION=Bearer x"},
	    NULL};

	(void)state;
	request_set_params(request, environment);
	assert_true(request_is(request, "GET"));
	assert_true(slice_is(request->query_string, "a=b&c=d"));
	assert_true(request_is_https(request));
	assert_true(request_is_forwarded(request));
	assert_true(slice_is(request->protocol, "HTTP/2.0"));
	assert_true(slice_is(request->mount_input.leat_mount, "/ask"));
	assert_true(slice_is(request->authorization, "Bearer x"));
}

static void the_servers_own_word_comes_first(void **state)
{
	static const char *const params[] = {"REDIRECT_HTTP_AUTHORIZATION",
					     "Bearer old",
					     "HTTP_AUTHORIZATION",
					     "Bearer new",
					     "REDIRECT_LEAT_MOUNT",
					     "/old",
					     "LEAT_MOUNT",
					     "/new",
					     "HTTPS",
					     "off",
					     "REQUEST_SCHEME",
					     "http",
					     NULL};

	(void)state;
	assert_true(decode(params, SLICE_NONE));
	assert_true(slice_is(request->authorization, "Bearer new"));
	assert_true(slice_is(request->mount_input.leat_mount, "/new"));
	assert_false(request_is_https(request));
	assert_false(request_is_forwarded(request));
}

static void a_body_arrives_whole(void **state)
{
	static char bytes[BODY_MAX];
	static const char *const params[] = {"CONTENT_LENGTH", "100000", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7);
	assert_true(decode(params, slice_make(bytes, sizeof bytes)));
	assert_int_equal(request->body.len, sizeof bytes);
	assert_memory_equal(request->body.data, bytes, sizeof bytes);
	request_drop_body(request);
	assert_int_equal(request->body.len, 0);
}

static void a_body_without_a_length_is_read_to_its_end(void **state)
{
	static const char *const empty[] = {"CONTENT_LENGTH", "", NULL};

	(void)state;
	assert_true(decode(NULL, SLICE_LITERAL("chunked")));
	assert_true(slice_is(request->body, "chunked"));
	request_drop_body(request);
	assert_true(decode(empty, SLICE_LITERAL("chunked")));
	assert_true(slice_is(request->body, "chunked"));
}

static void no_body_is_none(void **state)
{
	static const char *const zero[] = {"CONTENT_LENGTH", "0", NULL};

	(void)state;
	assert_true(decode(zero, SLICE_NONE));
	assert_int_equal(request->body.len, 0);
	assert_true(decode(NULL, SLICE_NONE));
	assert_int_equal(request->body.len, 0);
}

static void a_body_of_another_length_is_refused(void **state)
{
	static const char *const more[] = {"REQUEST_METHOD", "POST",
					   "CONTENT_LENGTH", "9", NULL};
	static const char *const word[] = {"CONTENT_LENGTH", "x", NULL};
	static const char *const huge[] = {"CONTENT_LENGTH",
					   "99999999999999999999", NULL};

	(void)state;
	assert_false(decode(more, SLICE_LITERAL("body")));
	assert_int_equal(fault.code, ERROR_BAD_REQUEST);
	assert_int_equal(request->body.len, 0);
	/* What is known of it is known all the same. */
	assert_true(request_is(request, "POST"));
	assert_false(decode(word, SLICE_LITERAL("body")));
	assert_false(decode(huge, SLICE_LITERAL("body")));
	assert_int_equal(request->body.len, 0);
}

static void parameters_of_any_length_arrive(void **state)
{
	struct buffer text;
	const char *params[] = {"QUERY_STRING", NULL, "",  "", "EMPTY", "",
				"HTTP_HOST",	"h",  NULL};

	(void)state;
	buffer_init(&text, BUFFER_UNLIMITED);
	for (int i = 0; i < 60000; i++)
		buffer_append_char(&text, 'x');
	params[1] = buffer_string(&text);
	assert_true(decode(params, SLICE_NONE));
	assert_int_equal(request->query_string.len, 60000);
	assert_true(slice_is(request->host, "h"));
	buffer_fini(&text);
}

static void decoding_leaves_no_descriptor_behind(void **state)
{
	static const char *const wrong[] = {"CONTENT_LENGTH", "9", NULL};
	int before = count_descriptors();

	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_true(decode(NULL, SLICE_LITERAL("x")));
		request_drop_body(request);
		assert_false(decode(wrong, SLICE_LITERAL("x")));
		/* Cut off: libfcgi refuses it. */
		assert_false(request_decode(
		    request, slice_make(records.data, 20), BODY_MAX, &fault));
	}
	assert_int_equal(count_descriptors(), before);
}

static void event_streams_are_asked_for_by_name(void **state)
{
	(void)state;
	request->accept = SLICE_LITERAL("text/event-stream");
	assert_true(request_wants_events(request));
	request->accept = SLICE_LITERAL("text/html, Text/Event-Stream;q=1");
	assert_true(request_wants_events(request));
	request->accept = SLICE_LITERAL("*/*");
	assert_false(request_wants_events(request));
	request->accept = SLICE_LITERAL("text/event-strea");
	assert_false(request_wants_events(request));
	request->accept = SLICE_NONE;
	assert_false(request_wants_events(request));
}

static bool is_foreign(const char *origin, const char *host)
{
	request->origin = slice_of(origin);
	request->host = slice_of(host);
	return request_is_foreign(request);
}

static void an_origin_of_another_host_is_foreign(void **state)
{
	(void)state;
	assert_false(is_foreign("", "a.example"));
	assert_false(is_foreign("https://a.example", "a.example"));
	assert_false(is_foreign("http://A.example:8080", "a.example:8080"));
	assert_false(is_foreign("http://[::1]:8080", "[::1]:8080"));
	assert_true(is_foreign("https://b.example", "a.example"));
	assert_true(is_foreign("https://a.example.evil", "a.example"));
	assert_true(is_foreign("http://a.example:81", "a.example:80"));
	assert_true(is_foreign("null", "a.example"));
	assert_true(is_foreign("https://", ""));
	assert_true(is_foreign("https://a.example", ""));
}

static void what_the_browser_itself_calls_same_is_same(void **state)
{
	(void)state;
	request->fetch_site = SLICE_LITERAL("same-origin");
	assert_false(is_foreign("https://front.example", "back.example"));
	request->fetch_site = SLICE_LITERAL("same-site");
	assert_true(is_foreign("https://front.example", "back.example"));
}

static void an_image_of_another_site_is_cross_site_without_an_origin(
    void **state)
{
	(void)state;
	assert_false(request_is_cross_site(request));
	request->fetch_site = SLICE_LITERAL("cross-site");
	assert_false(is_foreign("", "a.example"));
	assert_true(request_is_cross_site(request));
	request->fetch_site = SLICE_LITERAL("none");
	assert_false(request_is_cross_site(request));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(parameters_arrive_under_their_names),
	    EACH(a_programs_environment_is_read_alike),
	    EACH(the_servers_own_word_comes_first),
	    EACH(a_body_arrives_whole),
	    EACH(a_body_without_a_length_is_read_to_its_end),
	    EACH(no_body_is_none),
	    EACH(a_body_of_another_length_is_refused),
	    EACH(parameters_of_any_length_arrive),
	    EACH(decoding_leaves_no_descriptor_behind),
	    EACH(event_streams_are_asked_for_by_name),
	    EACH(an_origin_of_another_host_is_foreign),
	    EACH(what_the_browser_itself_calls_same_is_same),
	    EACH(an_image_of_another_site_is_cross_site_without_an_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

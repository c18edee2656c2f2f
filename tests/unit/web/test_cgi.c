/* SPDX-License-Identifier: ISC */
#include "web/cgi.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web/request.h"
#include "web_world.h"

enum { BODY_MAX = 100000, PARAMS_MAX = 2000, PATIENCE_MS = 60 };

static struct request *request;
static struct fault fault;
static bool is_cut;
static int input[2];

static int set_up(void **state)
{
	request = request_new();
	return web_world_set_up(state) || pipe(input);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int tear_down(void **state)
{
	request_free(request);
	request = NULL;
	close_end(&input[0]);
	close_end(&input[1]);
	return web_world_tear_down(state);
}

static void say(const char *text)
{
	assert_int_equal(write(input[1], text, strlen(text)), strlen(text));
}

/* The method, and up to three more of the environment. */
static bool read_request(const char *method, const char *one, const char *two,
			 const char *three)
{
	struct cgi_input from = {input[0], PARAMS_MAX, BODY_MAX, PATIENCE_MS,
				 false};
	char first[64];
	bool is_ok;
	char *params[5] = {first, (char *)(uintptr_t)one,
			   (char *)(uintptr_t)two, (char *)(uintptr_t)three,
			   NULL};

	snprintf(first, sizeof first, "REQUEST_METHOD=%s", method);
	is_ok = cgi_read(request, params, &from, &fault);
	is_cut = from.is_cut;
	return is_ok;
}

static void expect_body(const char *text)
{
	assert_int_equal(request->body.len, strlen(text));
	assert_memory_equal(request->body.data, text, strlen(text));
	assert_false(is_cut);
}

static void a_get_is_never_waited_for(void **state)
{
	(void)state;
	/* Nobody writes, and nobody closes. */
	assert_true(read_request("GET", "CONTENT_LENGTH=", "QUERY_STRING=a=b",
				 "HTTP_ACCEPT=text/event-stream"));
	expect_body("");
	assert_true(slice_is(request->query_string, "a=b"));
	assert_true(request_wants_events(request));
}

static void a_body_ends_where_its_length_says(void **state)
{
	(void)state;
	say("{\"query\":1}and what comes next");
	assert_true(read_request("POST", "CONTENT_LENGTH=11", NULL, NULL));
	expect_body("{\"query\":1}");
}

static void a_body_of_no_length_ends_with_the_input(void **state)
{
	(void)state;
	say("chunked");
	close_end(&input[1]);
	assert_true(read_request("POST", "HTTP_TRANSFER_ENCODING=chunked",
				 "CONTENT_LENGTH=", NULL));
	expect_body("chunked");
}

static void a_post_without_any_word_of_a_body_may_have_one(void **state)
{
	(void)state;
	say("x");
	close_end(&input[1]);
	assert_true(read_request("POST", NULL, NULL, NULL));
	expect_body("x");
}

static void a_get_may_announce_a_body(void **state)
{
	(void)state;
	say("xy");
	close_end(&input[1]);
	assert_true(
	    read_request("GET", "HTTP_TRANSFER_ENCODING=chunked", NULL, NULL));
	expect_body("xy");
}

static void a_length_of_nothing_is_not_waited_for(void **state)
{
	(void)state;
	assert_true(read_request("POST", "CONTENT_LENGTH=0", NULL, NULL));
	expect_body("");
}

static void an_input_that_ends_early_is_an_error(void **state)
{
	(void)state;
	say("half");
	close_end(&input[1]);
	assert_false(read_request("POST", "CONTENT_LENGTH=8", NULL, NULL));
	assert_int_equal(fault.code, ERROR_BAD_REQUEST);
	assert_true(request_is(request, "POST"));
}

static void an_input_that_stays_silent_is_not_waited_for_for_ever(void **state)
{
	(void)state;
	say("half");
	assert_false(read_request("POST", "CONTENT_LENGTH=8", NULL, NULL));
	assert_int_equal(fault.code, ERROR_REQUEST_TIMEOUT);
	assert_true(is_cut);
}

static void a_length_above_the_limit_is_refused_unread(void **state)
{
	(void)state;
	assert_false(read_request("POST", "CONTENT_LENGTH=100001", NULL, NULL));
	assert_int_equal(fault.code, ERROR_TOO_LARGE);
	assert_true(is_cut);
}

static void a_body_above_the_limit_is_refused(void **state)
{
	static char block[BODY_MAX + 1];
	int file = fileno(tmpfile());

	(void)state;
	assert_int_equal(pwrite(file, block, sizeof block, 0), sizeof block);
	close_end(&input[0]);
	input[0] = dup(file);
	assert_false(read_request("POST", NULL, NULL, NULL));
	assert_int_equal(fault.code, ERROR_TOO_LARGE);
	assert_true(is_cut);
}

static void a_length_that_is_no_number_is_refused(void **state)
{
	(void)state;
	assert_false(read_request("POST", "CONTENT_LENGTH=-1", NULL, NULL));
	assert_int_equal(fault.code, ERROR_BAD_REQUEST);
}

static void an_environment_above_the_limit_is_refused(void **state)
{
	static char large[PARAMS_MAX + 32] = "HTTP_X=";

	(void)state;
	memset(large + 7, 'x', PARAMS_MAX);
	assert_false(read_request("GET", large, NULL, NULL));
	assert_int_equal(fault.code, ERROR_TOO_LARGE);
}

/* Answers go to a pipe or socket; `other` is its other end. */
static void ask(int fd, const char *method, const char *path, const char *query)
{
	char words[4][128];
	char *params[5] = {words[0], words[1], words[2], words[3], NULL};
	struct cgi_input from = {input[0], PARAMS_MAX, BODY_MAX, PATIENCE_MS,
				 false};
	struct request *asked = request_new();

	snprintf(words[0], sizeof words[0], "REQUEST_METHOD=%s", method);
	snprintf(words[1], sizeof words[1], "SCRIPT_NAME=/ask");
	snprintf(words[2], sizeof words[2], "PATH_INFO=%s", path);
	snprintf(words[3], sizeof words[3], "QUERY_STRING=%s", query);
	assert_true(cgi_read(asked, params, &from, &fault));
	cgi_answer(web_world.server, asked, fd, NULL);
	web_world_settle();
}

static const char *take(int fd)
{
	static char text[16384];
	ssize_t len = read(fd, text, sizeof text - 1);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void a_reply_is_written_without_records(void **state)
{
	int ends[2];
	const char *text;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	ask(ends[1], "GET", "/healthz", "");
	text = take(ends[0]);
	assert_memory_equal(text, "Status: 200 OK\r\n", 16);
	assert_string_equal(strstr(text, "\r\n\r\n"),
			    "\r\n\r\n{\"ok\":true}\n");
	/* Closed at its end. */
	assert_int_equal(read(ends[0], input, 1), 0);
	assert_int_equal(server_open_peers(web_world.server), 0);
	close(ends[0]);
}

static void a_stream_comes_frame_by_frame(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	/* mod_cgid does so when it has sent the body: it still reads. */
	assert_int_equal(shutdown(ends[0], SHUT_WR), 0);
	ask(ends[1], "GET", "/chat", "query=q&streaming=1");
	assert_non_null(strstr(take(ends[0]), "\r\n\r\n:\nretry: 2000\nid: "));
	web_world_say("one");
	assert_non_null(strstr(take(ends[0]), "\"content\":\"one\""));
	web_world_say("two");
	assert_non_null(strstr(take(ends[0]), "\"content\":\"two\""));
	web_world_advance(WORLD_HEARTBEAT_MS + 100);
	assert_string_equal(take(ends[0]), ": hb\n");
	web_world_end();
	assert_non_null(strstr(take(ends[0]), "\"type\":\"final\""));
	assert_int_equal(read(ends[0], input, 1), 0);
	close(ends[0]);
}

static void who_no_longer_reads_ends_the_turn(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	ask(ends[1], "GET", "/chat", "query=q&streaming=1");
	assert_int_equal(server_open_peers(web_world.server), 1);
	close(ends[0]);
	web_world_settle();
	assert_int_equal(server_open_peers(web_world.server), 0);
	assert_int_equal(web_world.first.cancels, 1);
	assert_int_equal(web_world_count(METRIC_READERS_LEFT), 1);
}

/* More than the pipe takes waits, and comes when it is read. */
static void a_slow_reader_gets_everything(void **state)
{
	static char block[1000];
	size_t sum = 0;
	int ends[2];
	char part[4096];
	ssize_t len;

	(void)state;
	memset(block, 'x', sizeof block - 1);
	assert_int_equal(pipe(ends), 0);
	ask(ends[1], "GET", "/chat", "query=q&streaming=1");
	for (int i = 0; i < 200; i++)
		web_world_say(block);
	web_world_end();
	assert_int_equal(server_open_peers(web_world.server), 1);
	while ((len = read(ends[0], part, sizeof part)) > 0) {
		for (ssize_t i = 0; i < len; i++)
			sum += part[i] == 'x';
		web_world_settle();
	}
	/* In the content, and in the final event's answer. */
	assert_true(sum >= 2 * 200 * (sizeof block - 1));
	assert_int_equal(server_open_peers(web_world.server), 0);
	close(ends[0]);
}

static void a_refusal_needs_no_server(void **state)
{
	char *params[] = {(char[]){"REQUEST_METHOD=GET"}, NULL};
	int ends[2];
	const char *text;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fault_set_hint(&fault, ERROR_INTERNAL, "A hint.");
	cgi_refuse(params, ends[1], &fault);
	text = take(ends[0]);
	assert_memory_equal(text, "Status: 500 ", 12);
	assert_non_null(strstr(text, "\"code\":\"internal\""));
	assert_non_null(strstr(text, "A hint."));
	close(ends[0]);
	close(ends[1]);
}

/* A pipe that is full, and that nobody empties. */
static void a_refusal_does_not_wait_for_ever(void **state)
{
	char *params[] = {(char[]){"REQUEST_METHOD=GET"}, NULL};
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	while (write(ends[1], "x", 1) == 1)
		continue;
	fault_set_hint(&fault, ERROR_INTERNAL, "A hint.");
	alarm(20);
	cgi_refuse(params, ends[1], &fault);
	alarm(0);
	close(ends[0]);
	close(ends[1]);
}

static void what_still_comes_is_thrown_away(void **state)
{
	(void)state;
	say("much");
	close_end(&input[1]);
	cgi_drain(input[0]);
	assert_int_equal(read(input[0], input, 1), 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(a_get_is_never_waited_for),
	    EACH(a_body_ends_where_its_length_says),
	    EACH(a_body_of_no_length_ends_with_the_input),
	    EACH(a_post_without_any_word_of_a_body_may_have_one),
	    EACH(a_get_may_announce_a_body),
	    EACH(a_length_of_nothing_is_not_waited_for),
	    EACH(an_input_that_ends_early_is_an_error),
	    EACH(an_input_that_stays_silent_is_not_waited_for_for_ever),
	    EACH(a_length_above_the_limit_is_refused_unread),
	    EACH(a_body_above_the_limit_is_refused),
	    EACH(a_length_that_is_no_number_is_refused),
	    EACH(an_environment_above_the_limit_is_refused),
	    EACH(a_reply_is_written_without_records),
	    EACH(a_stream_comes_frame_by_frame),
	    EACH(who_no_longer_reads_ends_the_turn),
	    EACH(a_slow_reader_gets_everything),
	    EACH(a_refusal_needs_no_server),
	    EACH(a_refusal_does_not_wait_for_ever),
	    EACH(what_still_comes_is_thrown_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Selftest: web/route_selftest.c and web/stream_selftest.c.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "web_world.h"

static char folder[64];
static unsigned acquired;

static bool acquire(void *state, uint64_t key, unsigned limit)
{
	(void)state;
	(void)key;
	if (acquired >= limit)
		return false;
	acquired++;
	return true;
}

static void release(void *state, uint64_t key)
{
	(void)state;
	(void)key;
	assert_true(acquired > 0);
	acquired--;
}

static int set_up(void **state)
{
	web_world_set_up(state);
	strcpy(folder, "/tmp/leat-self-XXXXXX");
	assert_non_null(mkdtemp(folder));
	acquired = 0;
	web_world.options.notes_dir = folder;
	web_world.options.process = "pool";
	web_world.options.max_selftests = 2;
	web_world.options.selftest_timeout_ms = 60000;
	web_world.options.max_streams = 50;
	web_world.hooks.address_acquire = acquire;
	web_world.hooks.address_release = release;
	web_world_reopen();
	return 0;
}

static int tear_down(void **state)
{
	DIR *opened;
	struct dirent *entry;

	web_world_tear_down(state);
	assert_int_equal(acquired, 0);
	opened = opendir(folder);
	while ((entry = readdir(opened)))
		unlinkat(dirfd(opened), entry->d_name, 0);
	closedir(opened);
	return rmdir(folder);
}

static struct web_client *stream(const char *query)
{
	return web_world_request(
	    &(struct web_request){.path = "/selftest/stream", .query = query});
}

static unsigned frames(const struct web_client *client)
{
	const char *at = fake_peer_body(&client->peer);
	unsigned count = 0;

	for (; (at = strstr(at, "\"selftest\",\"n\":")); at++)
		count++;
	return count;
}

static void what_arrived_is_shown(void **state)
{
	static const char *const more[] = {"SERVER_SOFTWARE",
					   "nginx/1.22.1",
					   "SERVER_PROTOCOL",
					   "HTTP/1.1",
					   "HTTPS",
					   "on",
					   "CONTENT_TYPE",
					   "text/plain",
					   "HTTP_AUTHORIZATION",
					   "Bearer leat-doctor-1",
					   NULL};
	struct web_client *client = web_world_request(
	    &(struct web_request){.path = "/selftest",
				  .body = "hello",
				  .more = more,
				  .last_event_id = "leat-doctor-2"});

	(void)state;
	web_world_expect_status(client, 200);
	web_world_expect_part(client,
			      "\"server\":\"nginx/1.22.1\","
			      "\"process\":\"pool\",\"mount\":\"/ask\","
			      "\"request\":{\"method\":\"POST\","
			      "\"protocol\":\"HTTP/1.1\",\"https\":true,"
			      "\"content_length\":5,"
			      "\"content_type\":\"text/plain\","
			      "\"authorization\":\"Bearer leat-doctor-1\","
			      "\"last_event_id\":\"leat-doctor-2\","
			      "\"forwarded\":false,\"body_bytes\":5,"
			      "\"body_fnv1a\":\"a430d84680aabd0b\"}");
	web_world_expect_part(client, "\"selftest\":2,\"selftest_ms\":60000}}");
}

static void what_is_a_strangers_is_not_shown(void **state)
{
	static const char *const more[] = {"HTTP_AUTHORIZATION",
					   "Bearer s3cret", NULL};
	struct web_client *client = web_world_request(
	    &(struct web_request){.path = "/selftest",
				  .more = more,
				  .forwarded_for = "192.0.2.77",
				  .last_event_id = "my-own-turn-0001.4"});

	(void)state;
	web_world_expect_part(client, "\"authorization\":\"other\","
				      "\"last_event_id\":\"other\","
				      "\"forwarded\":true");
	assert_null(strstr(fake_peer_body(&client->peer), "s3cret"));
	assert_null(strstr(fake_peer_body(&client->peer), "192.0.2"));
	assert_null(strstr(fake_peer_body(&client->peer), "my-own"));
}

static void what_is_missing_is_null(void **state)
{
	static const char *const more[] = {"CONTENT_LENGTH", "", NULL};
	struct web_client *client = web_world_request(
	    &(struct web_request){.path = "/selftest", .more = more});

	(void)state;
	web_world_expect_part(client, "\"content_type\":null,"
				      "\"authorization\":null,"
				      "\"last_event_id\":null");
	web_world_expect_part(client, "\"body_fnv1a\":\"cbf29ce484222325\"");
}

static void frames_come_at_their_pace(void **state)
{
	struct web_client *client = stream("frames=3&every=100&bytes=300");
	const char *second;

	(void)state;
	web_world_expect_status(client, 200);
	assert_string_equal(web_world_type(client), "text/event-stream");
	web_world_expect_part(client, ":\nretry: 2000\ndata: {\"type\":"
				      "\"selftest\",\"n\":0,\"at_us\":");
	web_world_expect_part(client, "\"id\":\"");
	assert_int_equal(web_world_count(METRIC_STREAMS_OPEN), 1);
	assert_int_equal(frames(client), 1);
	web_world_advance(99);
	assert_int_equal(frames(client), 1);
	web_world_advance(1);
	assert_int_equal(frames(client), 2);
	web_world_advance(100);
	assert_int_equal(frames(client), 3);
	second = strstr(fake_peer_body(&client->peer), "data: {\"type\":"
						       "\"selftest\",\"n\":2");
	assert_int_equal(strlen(second), 300);
	web_world_advance(100);
	web_world_expect_part(client,
			      "xx\"}\n\ndata: {\"type\":\"selftest_end\","
			      "\"frames\":3}\n\n");
	assert_true(client->peer.has_ended);
	assert_int_equal(web_world_count(METRIC_STREAMS_OPEN), 0);
	assert_int_equal(acquired, 0);
}

static void silence_is_silent(void **state)
{
	struct web_client *client = stream("frames=1&silent=20");
	size_t before = client->peer.reply.len;

	(void)state;
	web_world_advance(WORLD_HEARTBEAT_MS * 2);
	web_world_advance(19900 - WORLD_HEARTBEAT_MS * 2);
	assert_int_equal(client->peer.reply.len, before);
	web_world_advance(100);
	assert_int_equal(frames(client), 2);
	assert_true(client->peer.has_ended);
}

static void waiting_has_heartbeats(void **state)
{
	struct web_client *client = stream("frames=1&wait=20");

	(void)state;
	web_world_advance(WORLD_HEARTBEAT_MS + 200);
	web_world_expect_part(client, ": hb\n");
	assert_int_equal(frames(client), 1);
	web_world_advance(20000 - WORLD_HEARTBEAT_MS - 200);
	assert_int_equal(frames(client), 2);
}

static void it_ends_with_its_time(void **state)
{
	struct web_client *client = stream("frames=2000&every=5000");

	(void)state;
	web_world_advance(59000);
	assert_false(client->peer.has_ended);
	web_world_advance(1000);
	web_world_expect_part(client, "\"selftest_end\",\"frames\":11}");
	assert_true(client->peer.has_ended);
	/* Waiting is no longer, either. */
	client = stream("wait=120");
	web_world_advance(60000);
	web_world_expect_part(client, "\"selftest_end\",\"frames\":0}");
}

static void expect_refused(const char *query, const char *what)
{
	struct web_client *client = stream(query);

	web_world_expect_status(client, 400);
	web_world_expect_part(client, what);
	assert_int_equal(acquired, 0);
}

static void what_is_out_of_range_is_named(void **state)
{
	(void)state;
	expect_refused("frames=0", "\\\"frames\\\" must be");
	expect_refused("frames=2001", "\\\"frames\\\" must be");
	expect_refused("every=4", "\\\"every\\\" must be");
	expect_refused("every=5001", "\\\"every\\\" must be");
	expect_refused("bytes=32769", "\\\"bytes\\\" must be");
	expect_refused("silent=121", "\\\"silent\\\" must be");
	expect_refused("wait=-1", "\\\"wait\\\" must be");
	expect_refused("frames=2000&bytes=32768", "times");
	expect_refused("foo=1", "Only frames");
}

static void an_address_has_few_at_a_time(void **state)
{
	struct web_client *client;

	(void)state;
	stream("wait=30");
	stream("wait=30");
	client = stream("wait=30");
	web_world_expect_status(client, 503);
	web_world_expect_part(client, "overloaded");
	assert_string_equal(fake_peer_header(&client->peer, "Retry-After"),
			    "5");
	assert_int_equal(acquired, 2);
}

static void a_worker_has_sixteen_at_a_time(void **state)
{
	(void)state;
	web_world.hooks.address_acquire = NULL;
	web_world_reopen();
	for (int i = 0; i < 16; i++)
		web_world_expect_status(stream("wait=30"), 200);
	web_world_expect_status(stream("wait=30"), 503);
	web_world_advance(40000);
	web_world_expect_status(stream("frames=1"), 200);
}

static void a_selftest_takes_the_place_of_a_stream(void **state)
{
	(void)state;
	web_world.options.max_streams = 1;
	web_world_reopen();
	stream("wait=30");
	web_world_expect_status(web_world_request(&(struct web_request){
				    .body = "{\"query\":\"q\"}"}),
				503);
}

static void ask_left(const struct web_client *client, const char *part)
{
	const char *at = strstr(fake_peer_body(&client->peer), "\"id\":\"");
	struct web_client *asked;
	char query[60];

	snprintf(query, sizeof query, "id=%.32s", at + 6);
	asked = web_world_request(
	    &(struct web_request){.path = "/selftest/left", .query = query});
	web_world_expect_status(asked, 200);
	web_world_expect_part(asked, part);
}

static void who_left_is_known(void **state)
{
	struct web_client *client = stream("frames=40&every=100");

	(void)state;
	web_world_advance(300);
	ask_left(client, "{\"known\":true,\"left\":false}");
	fake_peer_leave(&client->peer);
	web_world_settle();
	web_world_advance(250);
	ask_left(client, "{\"known\":true,\"left\":true,\"noticed_ms_ago\":250,"
			 "\"frames_sent\":3}");
}

static void who_stayed_has_not_left(void **state)
{
	struct web_client *client = stream("frames=2&every=100");

	(void)state;
	web_world_advance(1000);
	assert_true(client->peer.has_ended);
	ask_left(client, "{\"known\":true,\"left\":false,\"frames_sent\":2}");
}

static void ids_are_checked(void **state)
{
	struct web_request request = {.path = "/selftest/left"};

	(void)state;
	web_world_expect_status(web_world_request(&request), 400);
	request.query = "id=../../../../../../../../../../etc";
	web_world_expect_status(web_world_request(&request), 400);
	request.query = "id=0123456789abcdef0123456789abcdef";
	web_world_expect_body(web_world_request(&request),
			      "{\"known\":false,\"left\":false}\n");
	request.path = "/selftest/other";
	web_world_expect_status(web_world_request(&request), 404);
}

static void a_slow_reader_is_not_flooded(void **state)
{
	struct web_client *client = stream("frames=200&every=20&bytes=32768");

	(void)state;
	client->is_slow = true;
	web_world_advance(2000);
	client->is_slow = false;
	web_world_settle();
	assert_false(client->peer.has_ended);
	assert_true(frames(client) < 60);
	for (int i = 0; i < 200; i++)
		web_world_advance(20);
	assert_int_equal(frames(client), 201);
	assert_true(client->peer.has_ended);
}

static void a_drain_ends_it(void **state)
{
	struct web_client *client = stream("wait=50");

	(void)state;
	server_drain(web_world.server, 1000, NULL, NULL);
	web_world_advance(999);
	assert_false(client->peer.has_ended);
	web_world_advance(1);
	web_world_expect_part(client, "\"selftest_end\",\"frames\":0}");
	assert_true(client->peer.has_ended);
}

static void a_cgi_program_that_is_told_to_end_was_left(void **state)
{
	struct web_client *client;
	char query[60];

	(void)state;
	web_world.options.ends_with_reply = true;
	web_world_reopen();
	client = stream("wait=50");
	snprintf(query, sizeof query, "id=%.32s",
		 strstr(fake_peer_body(&client->peer), "\"id\":\"") + 6);
	server_drain(web_world.server, 0, NULL, NULL);
	web_world_advance(1);
	assert_true(client->peer.has_ended);
	/* Another process is asked. */
	web_world_reopen();
	web_world_expect_part(web_world_request(&(struct web_request){
				  .path = "/selftest/left", .query = query}),
			      "{\"known\":true,\"left\":true,");
}

static void it_can_be_switched_off(void **state)
{
	(void)state;
	web_world.options.routes_off[0] = "selftest";
	web_world_reopen();
	web_world_expect_status(stream("frames=1"), 404);
	web_world_expect_status(
	    web_world_request(&(struct web_request){.path = "/selftest"}), 404);
}

static void half_of_the_room_is_kept_for_visitors(void **state)
{
	const struct web_request question = {.body = "{\"query\":\"q\"}",
					     .accept = "text/event-stream"};
	struct web_client *client;

	(void)state;
	web_world.options.max_selftests = 4;
	web_world.options.max_streams = 3;
	web_world.options.max_streams_per_address = 0;
	web_world_reopen();
	client = web_world_request(&(struct web_request){.path = "/selftest"});
	web_world_expect_part(client, "\"selftest\":2,");
	web_world_expect_status(stream("every=5000"), 200);
	web_world_expect_status(stream("every=5000"), 200);
	web_world_expect_status(stream("every=5000"), 503);
	web_world_expect_status(web_world_request(&question), 200);
	web_world_expect_status(web_world_request(&question), 503);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(what_arrived_is_shown),
	    EACH(what_is_a_strangers_is_not_shown),
	    EACH(what_is_missing_is_null),
	    EACH(frames_come_at_their_pace),
	    EACH(silence_is_silent),
	    EACH(waiting_has_heartbeats),
	    EACH(it_ends_with_its_time),
	    EACH(what_is_out_of_range_is_named),
	    EACH(an_address_has_few_at_a_time),
	    EACH(a_worker_has_sixteen_at_a_time),
	    EACH(a_selftest_takes_the_place_of_a_stream),
	    EACH(who_left_is_known),
	    EACH(who_stayed_has_not_left),
	    EACH(ids_are_checked),
	    EACH(a_slow_reader_is_not_flooded),
	    EACH(a_drain_ends_it),
	    EACH(a_cgi_program_that_is_told_to_end_was_left),
	    EACH(it_can_be_switched_off),
	    EACH(half_of_the_room_is_kept_for_visitors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

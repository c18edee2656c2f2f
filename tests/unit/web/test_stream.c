/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "web_world.h"

#define PRELUDE ":\nretry: 2000\n"
#define ASK	"{\"query\":\"q\",\"turn\":\"my-own-turn-0001\"}"
#define ID	"id: my-own-turn-0001."
#define ADMIT                                                              \
	ID "1\ndata: {\"type\":\"status\",\"status\":{\"step\":\"admit\"," \
	   "\"state\":\"done\",\"description\":\"Question received\","     \
	   "\"elapsed_ms\":0}}\n\n"
#define MODEL                                                              \
	ID "2\ndata: {\"type\":\"status\",\"status\":{\"step\":\"model\"," \
	   "\"state\":\"started\",\"description\":\"Writing the answer\"," \
	   "\"elapsed_ms\":0}}\n\n"

static void say_long(size_t len)
{
	char *text = malloc(len + 1);

	memset(text, 'x', len);
	text[len] = '\0';
	web_world_say(text);
	free(text);
}

static size_t count_text(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

static void a_chat_streams_frame_by_frame(void **state)
{
	struct web_client *client = web_world_ask(ASK);

	(void)state;
	web_world_expect_status(client, 200);
	assert_string_equal(fake_peer_header(&client->peer, "Content-Type"),
			    "text/event-stream");
	assert_string_equal(fake_peer_header(&client->peer, "X-Leat-Turn"),
			    "my-own-turn-0001");
	assert_string_equal(
	    fake_peer_header(&client->peer, "X-Accel-Buffering"), "no");
	assert_string_equal(fake_peer_body(&client->peer), PRELUDE ADMIT MODEL);
	/* What one pass brings leaves in one record. */
	assert_int_equal(client->peer.records, 1);
	web_world_say("Be");
	assert_int_equal(client->peer.records, 2);
	web_world_say("cause.");
	assert_int_equal(client->peer.records, 3);
	assert_string_equal(
	    fake_peer_body(&client->peer), PRELUDE ADMIT MODEL ID
	    "3\ndata: {\"type\":\"content\",\"content\":\"Be\"}\n\n" ID
	    "4\ndata: {\"type\":\"content\",\"content\":\"cause.\"}\n\n");
	assert_int_equal(web_world_count(METRIC_STREAMS_OPEN), 1);
	assert_false(client->peer.has_ended);
	web_world_end();
	assert_true(client->peer.has_ended);
	assert_true(client->peer.is_closed);
	assert_non_null(strstr(fake_peer_body(&client->peer),
			       ID "5\ndata: {\"type\":\"final\",\"result\":{"
				  "\"answer\":\"Because.\""));
	assert_int_equal(web_world_count(METRIC_STREAMS_OPEN), 0);
	assert_int_equal(web_world_count(METRIC_READERS_LEFT), 0);
	assert_int_equal(web_world_count(METRIC_FRAMES), 5);
}

static void headers_go_before_anything_is_known(void **state)
{
	struct web_client *client;

	(void)state;
	web_world.chat_parts.retriever = &web_world.retriever.base;
	web_world_reopen();
	client = web_world_ask(ASK);
	assert_true(web_world.retriever.is_pending);
	assert_non_null(strstr(fake_peer_body(&client->peer), PRELUDE ADMIT));
}

static void text_waits_for_its_first_content(void **state)
{
	struct web_client *client =
	    web_world_ask("{\"query\":\"q\",\"format\":\"text\"}");

	(void)state;
	assert_int_equal(client->peer.reply.len, 0);
	web_world_advance(WORLD_HEARTBEAT_MS * 3);
	assert_int_equal(client->peer.reply.len, 0);
	web_world_say("Be");
	assert_string_equal(fake_peer_header(&client->peer, "Content-Type"),
			    "text/plain; charset=utf-8");
	assert_string_equal(fake_peer_body(&client->peer), "Be");
	web_world_end();
	web_world_expect_body(client, "Be");
}

static void a_text_that_fails_at_once_has_a_status(void **state)
{
	struct web_client *client =
	    web_world_ask("{\"query\":\"q\",\"format\":\"text\"}");

	(void)state;
	scripted_provider_fail(&web_world.first,
			       ERROR_UPSTREAM_FIRST_TOKEN_TIMEOUT);
	web_world_settle();
	web_world_expect_status(client, 504);
	web_world_expect_body(client, "[The model took too long to answer.]\n");
}

static void a_slow_reader_gets_what_it_missed_in_larger_frames(void **state)
{
	struct web_client *client = web_world_ask(ASK);
	unsigned calls = 0;

	(void)state;
	client->is_slow = true;
	for (int i = 0; i < 600; i++, calls++)
		say_long(1000);
	/* The model was never held back, and little waits for the socket. */
	assert_int_equal(web_world_count(METRIC_READERS_DROPPED), 0);
	client->is_slow = false;
	web_world_settle();
	web_world_end();
	assert_true(client->peer.has_ended);
	assert_true(count_text(fake_peer_body(&client->peer),
			       "\"type\":\"content\"") < 400);
	/* All of it, once in frames and once in the final. */
	assert_int_equal(
	    count_text(fake_peer_body(&client->peer), "xxxxxxxxxx"),
	    2 * calls * 100);
}

static void a_slow_reader_holds_nobody_else_up(void **state)
{
	struct web_client *slow = web_world_ask(ASK);
	struct web_client *quick = web_world_ask(ASK);

	(void)state;
	slow->is_slow = true;
	for (int i = 0; i < 400; i++)
		say_long(1000);
	assert_int_equal(web_world.first.starts, 1);
	assert_true(quick->peer.reply.len > 400000);
	web_world_end();
	assert_true(quick->peer.has_ended);
	assert_false(slow->peer.has_ended);
	slow->is_slow = false;
	web_world_settle();
	assert_true(slow->peer.has_ended);
}

static void a_reader_that_takes_nothing_is_dropped(void **state)
{
	struct web_client *client = web_world_ask(ASK);

	(void)state;
	client->is_slow = true;
	for (int i = 0; i < 400; i++)
		say_long(1000);
	web_world_advance(WORLD_WRITE_MS - 200);
	assert_int_equal(web_world_count(METRIC_READERS_DROPPED), 0);
	/* One that takes a little is slow, not gone. */
	web_world_take(client, 100000);
	web_world_advance(WORLD_WRITE_MS - 200);
	assert_int_equal(web_world_count(METRIC_READERS_DROPPED), 0);
	assert_int_equal(web_world.first.cancels, 0);
	web_world_advance(400);
	assert_int_equal(web_world_count(METRIC_READERS_DROPPED), 1);
	assert_int_equal(web_world.first.cancels, 1);
}

static void silence_is_filled_with_heartbeats(void **state)
{
	struct web_client *client = web_world_ask(ASK);
	size_t before = client->peer.reply.len;
	const char *news = NULL;

	(void)state;
	web_world_advance(WORLD_HEARTBEAT_MS - 200);
	assert_int_equal(client->peer.reply.len, before);
	web_world_advance(400);
	news = buffer_string(&client->peer.reply) + before;
	assert_string_equal(news, ": hb\n");
	web_world_advance(3 * WORLD_HEARTBEAT_MS);
	news = buffer_string(&client->peer.reply) + before;
	assert_in_range(count_text(news, ": hb\n"), 3, 4);
	assert_int_equal(web_world_count(METRIC_HEARTBEATS),
			 count_text(news, ": hb\n"));
	/* They are the reader's, not the journal's. */
	web_world_end();
	assert_non_null(strstr(fake_peer_body(&client->peer), ID "3\n"));
}

/* Apache shows that a client left at the second write. */
static void heartbeats_come_in_pairs_where_leaving_is_hidden(void **state)
{
	struct web_request request = {.body = ASK,
				      .accept = "text/event-stream",
				      .server_software = "Apache/2.4.71"};
	struct web_client *client = web_world_request(&request);

	(void)state;
	web_world_advance(WORLD_HEARTBEAT_MS + 99);
	assert_int_equal(web_world_count(METRIC_HEARTBEATS), 1);
	web_world_advance(101);
	assert_int_equal(web_world_count(METRIC_HEARTBEATS), 2);
	web_world_advance(WORLD_HEARTBEAT_MS - 200);
	assert_int_equal(web_world_count(METRIC_HEARTBEATS), 2);
	/* The second one of a pair is not sent to who has left. */
	web_world_advance(150);
	assert_int_equal(web_world_count(METRIC_HEARTBEATS), 3);
	web_world_end();
	assert_true(client->peer.has_ended);
	web_world_advance(1000);
	assert_int_equal(web_world_count(METRIC_HEARTBEATS), 3);
}

static void who_hears_something_needs_no_heartbeat(void **state)
{
	(void)state;
	web_world_ask(ASK);
	for (int i = 0; i < 20; i++) {
		web_world_advance(WORLD_HEARTBEAT_MS / 2);
		web_world_say("x");
	}
	assert_int_equal(web_world_count(METRIC_HEARTBEATS), 0);
}

static void leaving_closes_the_upstream_request(void **state)
{
	struct web_client *client = web_world_ask(ASK);

	(void)state;
	web_world_say("x");
	fake_peer_leave(&client->peer);
	web_world_settle();
	assert_int_equal(web_world.first.cancels, 1);
	assert_int_equal(web_world_count(METRIC_READERS_LEFT), 1);
	assert_int_equal(web_world_count(METRIC_STREAMS_OPEN), 0);
}

static void a_half_close_is_leaving(void **state)
{
	struct web_client *client = web_world_ask(ASK);

	(void)state;
	shutdown(client->peer.fd, SHUT_WR);
	web_world_settle();
	assert_int_equal(web_world.first.cancels, 1);
}

static void one_of_two_readers_leaving_stops_nothing(void **state)
{
	struct web_client *first = web_world_ask(ASK);
	struct web_client *second = web_world_ask(ASK);

	(void)state;
	fake_peer_leave(&first->peer);
	web_world_settle();
	assert_int_equal(web_world.first.cancels, 0);
	web_world_say("still");
	web_world_end();
	assert_non_null(
	    strstr(fake_peer_body(&second->peer), "\"answer\":\"still\""));
}

static void without_streaming_there_is_one_object(void **state)
{
	struct web_client *client =
	    web_world_request(&(struct web_request){.body = ASK});

	(void)state;
	web_world_say("Be");
	web_world_advance(WORLD_HEARTBEAT_MS * 2);
	assert_int_equal(client->peer.reply.len, 0);
	web_world_say("cause.");
	web_world_end();
	web_world_expect_status(client, 200);
	assert_string_equal(fake_peer_header(&client->peer, "Content-Type"),
			    "application/json");
	assert_string_equal(fake_peer_header(&client->peer, "X-Leat-Turn"),
			    "my-own-turn-0001");
	web_world_expect_body(
	    client, "{\"answer\":\"Because.\",\"sources\":[],"
		    "\"finish_reason\":\"stop\",\"model\":\"scripted\","
		    "\"provider\":\"one\",\"usage\":{\"input_tokens\":1,"
		    "\"output_tokens\":2,\"estimated\":false},\"timing\":{"
		    "\"first_token_ms\":0,\"total_ms\":2000},"
		    "\"turn\":\"my-own-turn-0001\"}\n");
}

static void without_streaming_an_error_has_its_status(void **state)
{
	struct web_client *client =
	    web_world_request(&(struct web_request){.body = ASK});

	(void)state;
	web_world_say("Half");
	scripted_provider_fail(&web_world.first, ERROR_UPSTREAM_TRUNCATED);
	web_world_settle();
	web_world_expect_status(client, 502);
	web_world_expect_body(
	    client, "{\"type\":\"error\",\"error\":\"The answer was cut off "
		    "before its end.\",\"code\":\"upstream_truncated\","
		    "\"retryable\":true,\"partial\":\"Half\","
		    "\"turn\":\"my-own-turn-0001\"}\n");
}

static void without_streaming_nobody_waits_for_ever(void **state)
{
	struct web_client *client =
	    web_world_request(&(struct web_request){.body = ASK});

	(void)state;
	web_world_advance(WORLD_ANSWER_MS);
	web_world_expect_status(client, 504);
	assert_true(client->peer.has_ended);
	assert_int_equal(web_world.first.cancels, 1);
}

static void a_turn_has_a_limited_number_of_readers(void **state)
{
	struct web_client *last;

	(void)state;
	for (int i = 0; i < 3; i++)
		web_world_ask(ASK);
	last = web_world_request(&(struct web_request){.body = ASK});
	web_world_expect_status(last, 429);
	assert_non_null(
	    strstr(fake_peer_body(&last->peer), "too_many_streams"));
}

static void a_worker_has_a_limited_number_of_streams(void **state)
{
	struct web_client *last;

	(void)state;
	web_world.options.max_streams = 1;
	web_world_reopen();
	web_world_ask(ASK);
	last = web_world_request(&(struct web_request){.body = ASK});
	web_world_expect_status(last, 503);
	assert_non_null(strstr(fake_peer_body(&last->peer), "overloaded"));
	assert_string_equal(fake_peer_header(&last->peer, "Retry-After"), "5");
}

static unsigned acquired;
static uint64_t acquired_key;

static bool acquire(void *state, uint64_t key, unsigned limit)
{
	(void)state;
	if (acquired >= limit)
		return false;
	acquired++;
	acquired_key = key;
	return true;
}

static void release(void *state, uint64_t key)
{
	(void)state;
	assert_true(key == acquired_key);
	acquired--;
}

static void limit_addresses(unsigned limit, const char *proxy)
{
	web_world.options.max_streams_per_address = limit;
	web_world.options.trusted_proxies[0] = proxy;
	web_world.hooks.address_acquire = acquire;
	web_world.hooks.address_release = release;
	acquired = 0;
	web_world_reopen();
}

static void an_address_has_a_limited_number_of_streams(void **state)
{
	struct web_client *first;
	struct web_client *last;

	(void)state;
	limit_addresses(1, NULL);
	first = web_world_ask(ASK);
	assert_int_equal(acquired, 1);
	last = web_world_request(&(struct web_request){.body = ASK});
	web_world_expect_status(last, 429);
	assert_int_equal(acquired, 1);
	fake_peer_leave(&first->peer);
	web_world_settle();
	assert_int_equal(acquired, 0);
}

static void addresses_are_given_back_whatever_happens(void **state)
{
	(void)state;
	limit_addresses(9, NULL);
	web_world_request(&(struct web_request){
	    .body = "{\"query\":\"q\",\"model\":\"three\"}"});
	assert_int_equal(acquired, 0);
	web_world_request(
	    &(struct web_request){.body = "{\"query\":\"q\",\"wait\":0}"});
	assert_int_equal(acquired, 0);
	web_world_end();
	web_world_request(&(struct web_request){.body = ASK});
	assert_int_equal(acquired, 1);
	web_world_end();
	assert_int_equal(acquired, 0);
}

static unsigned streams;

static bool acquire_stream(void *state, unsigned limit)
{
	(void)state;
	if (limit && streams >= limit)
		return false;
	streams++;
	return true;
}

static void release_stream(void *state)
{
	(void)state;
	assert_true(streams > 0);
	streams--;
}

static void all_workers_have_a_limited_number_of_streams(void **state)
{
	struct web_client *first;
	struct web_client *last;

	(void)state;
	streams = 0;
	web_world.options.max_all_streams = 2;
	web_world.hooks.stream_acquire = acquire_stream;
	web_world.hooks.stream_release = release_stream;
	limit_addresses(9, NULL);
	first = web_world_ask(ASK);
	streams++; /* another worker's */
	last = web_world_request(&(struct web_request){.body = ASK});
	web_world_expect_status(last, 503);
	web_world_expect_part(last, "overloaded");
	assert_int_equal(acquired, 1);
	/* An EventSource is sent away for some seconds. */
	last = web_world_request(
	    &(struct web_request){.path = "/chat/my-own-turn-0001/stream",
				  .accept = "text/event-stream"});
	web_world_expect_status(last, 200);
	web_world_expect_part(last, "retry: ");
	assert_true(last->peer.has_ended);
	streams--;
	fake_peer_leave(&first->peer);
	web_world_settle();
	assert_int_equal(streams, 0);
	/* Refused for its address, it holds no place. */
	limit_addresses(0, NULL);
	web_world.options.max_streams_per_address = 1;
	acquired = 1;
	web_world_reopen();
	last = web_world_request(
	    &(struct web_request){.body = "{\"query\":\"q\"}"});
	web_world_expect_status(last, 429);
	assert_int_equal(streams, 0);
}

static uint64_t key_for(const char *remote, const char *forwarded)
{
	struct web_request request = {.body = "{\"query\":\"q\"}",
				      .accept = "text/event-stream",
				      .remote_address = remote,
				      .forwarded_for = forwarded};

	acquired_key = 0;
	web_world_request(&request);
	web_world_end();
	return acquired_key;
}

static void no_header_of_a_client_switches_its_limit_off(void **state)
{
	uint64_t own;

	(void)state;
	limit_addresses(1, NULL);
	own = key_for("203.0.113.1", NULL);
	assert_true(own != 0);
	assert_true(key_for("203.0.113.1", "198.51.100.7") == own);
	/* A proxy on this machine or in its network tells the truth. */
	assert_true(key_for("127.0.0.1", "203.0.113.1") == own);
	assert_true(key_for("10.9.8.7", "1.2.3.4, 203.0.113.1") == own);
	assert_true(key_for("::1", "203.0.113.1, 192.168.0.5") == own);
	assert_true(key_for("unix:", "203.0.113.1") == 0);
	/* Where proxies are listed, only those. */
	limit_addresses(1, "192.0.2.1");
	assert_true(key_for("192.0.2.1", "203.0.113.1") == own);
	assert_true(key_for("127.0.0.1", "203.0.113.1") != own);
}

static void an_ipv6_visitor_is_its_network(void **state)
{
	uint64_t own;

	(void)state;
	limit_addresses(1, NULL);
	own = key_for("2001:db8:1:2::1", NULL);
	assert_true(own != 0);
	assert_true(key_for("2001:db8:1:2:ffff::9", NULL) == own);
	assert_true(key_for("2001:db8:1:3::1", NULL) != own);
}

#define EACH(test)                                              \
	cmocka_unit_test_setup_teardown(test, web_world_set_up, \
					web_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(a_chat_streams_frame_by_frame),
	    EACH(headers_go_before_anything_is_known),
	    EACH(text_waits_for_its_first_content),
	    EACH(a_text_that_fails_at_once_has_a_status),
	    EACH(a_slow_reader_gets_what_it_missed_in_larger_frames),
	    EACH(a_slow_reader_holds_nobody_else_up),
	    EACH(a_reader_that_takes_nothing_is_dropped),
	    EACH(silence_is_filled_with_heartbeats),
	    EACH(heartbeats_come_in_pairs_where_leaving_is_hidden),
	    EACH(who_hears_something_needs_no_heartbeat),
	    EACH(leaving_closes_the_upstream_request),
	    EACH(a_half_close_is_leaving),
	    EACH(one_of_two_readers_leaving_stops_nothing),
	    EACH(without_streaming_there_is_one_object),
	    EACH(without_streaming_an_error_has_its_status),
	    EACH(without_streaming_nobody_waits_for_ever),
	    EACH(a_turn_has_a_limited_number_of_readers),
	    EACH(a_worker_has_a_limited_number_of_streams),
	    EACH(an_address_has_a_limited_number_of_streams),
	    EACH(addresses_are_given_back_whatever_happens),
	    EACH(all_workers_have_a_limited_number_of_streams),
	    EACH(no_header_of_a_client_switches_its_limit_off),
	    EACH(an_ipv6_visitor_is_its_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

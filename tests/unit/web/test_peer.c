/* SPDX-License-Identifier: ISC */
/*
 * The life of a connection: web/peer.c and web/peer_read.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "web_world.h"

static struct buffer bytes;

static int set_up(void **state)
{
	buffer_init(&bytes, BUFFER_UNLIMITED);
	return web_world_set_up(state);
}

static int tear_down(void **state)
{
	buffer_fini(&bytes);
	return web_world_tear_down(state);
}

static const struct web_request health = {.path = "/healthz"};
static const struct web_request kept_health = {.path = "/healthz",
					       .keeps = true};
static const struct web_request question = {.body = "{\"query\":\"q\"}",
					    .accept = "text/event-stream"};

static struct slice all(void)
{
	return buffer_slice(&bytes);
}

static void send_slowly(struct web_client *client, struct slice rest)
{
	for (; rest.len; rest.data++, rest.len--) {
		fake_peer_send(&client->peer, slice_make(rest.data, 1));
		web_world_settle();
	}
}

static void a_request_may_come_byte_by_byte(void **state)
{
	struct web_client *client = web_world_connect();

	(void)state;
	web_world_put(&bytes, &health);
	send_slowly(client, all());
	web_world_expect_status(client, 200);
	web_world_expect_body(client, "{\"ok\":true}\n");
	assert_int_equal(server_open_peers(web_world.server), 0);
}

static void a_peer_may_vanish_at_every_byte(void **state)
{
	unsigned broken = 0;

	(void)state;
	web_world_put(&bytes, &question);
	for (size_t cut = 0; cut <= bytes.len; cut++) {
		struct web_client *client = web_world_connect();

		fake_peer_send(&client->peer, slice_make(bytes.data, cut));
		if (cut % 2)
			web_world_settle();
		fake_peer_leave(&client->peer);
		web_world_settle();
		broken += cut > 0 && cut < bytes.len;
		assert_int_equal(server_open_peers(web_world.server), 0);
		fake_peer_fini(&client->peer);
		web_world.client_count--;
		free(client);
		if (web_world.first.sink)
			scripted_provider_fail(&web_world.first,
					       ERROR_CANCELLED);
		web_world_settle();
		assert_int_equal(chat_open_turns(web_world.chat), 0);
	}
	/* Of the whole request, a turn began at most once. */
	assert_in_range(web_world_count(METRIC_TURNS_STARTED), 0, 1);
	assert_in_range(web_world_count(METRIC_REQUESTS_BROKEN), 1, broken);
}

static void a_reader_may_vanish_at_every_byte_of_the_answer(void **state)
{
	(void)state;
	for (size_t taken = 0; taken < 1500; taken += 37) {
		struct web_client *client = web_world_connect();

		client->is_slow = true;
		web_world_send(client, &question);
		web_world_say("Because.");
		web_world_take(client, taken);
		fake_peer_leave(&client->peer);
		web_world_settle();
		scripted_provider_fail(&web_world.first, ERROR_CANCELLED);
		web_world_settle();
		assert_int_equal(server_open_peers(web_world.server), 0);
		assert_int_equal(chat_open_turns(web_world.chat), 0);
		fake_peer_fini(&client->peer);
		web_world.client_count--;
		free(client);
	}
}

static void a_kept_connection_serves_one_request_after_the_other(void **state)
{
	struct web_client *client = web_world_request(&kept_health);

	(void)state;
	web_world_expect_status(client, 200);
	assert_true(client->peer.has_ended);
	assert_false(client->peer.is_closed);
	for (int i = 0; i < 3; i++) {
		fake_peer_clear(&client->peer);
		web_world_send(client, &kept_health);
		web_world_expect_status(client, 200);
	}
	fake_peer_clear(&client->peer);
	web_world_send(client,
		       &(struct web_request){.body = "{\"query\":\"q\"}",
					     .accept = "text/event-stream",
					     .keeps = true});
	web_world_say("Hi");
	web_world_end();
	assert_non_null(strstr(fake_peer_body(&client->peer), "final"));
	assert_false(client->peer.is_closed);
	/* Idle, it may stay for as long as it likes. */
	web_world_advance(WORLD_REQUEST_MS * 3);
	assert_false(client->peer.is_closed);
	fake_peer_clear(&client->peer);
	web_world_send(client, &health);
	web_world_expect_body(client, "{\"ok\":true}\n");
}

static void a_request_that_waits_behind_another_is_served(void **state)
{
	struct web_client *client = web_world_connect();

	(void)state;
	web_world_put(&bytes,
		      &(struct web_request){.body = "{\"query\":\"q\"}",
					    .accept = "text/event-stream",
					    .keeps = true});
	fake_peer_send(&client->peer, all());
	web_world_settle();
	buffer_clear(&bytes);
	web_world_put(&bytes, &health);
	fake_peer_send(&client->peer, all());
	web_world_settle();
	assert_null(strstr(buffer_string(&client->peer.reply), "\"ok\""));
	/* The next answer comes after the first one's end. */
	scripted_provider_end(&web_world.first);
	fake_loop_settle(web_world.loop);
	client->is_slow = true;
	web_world_settle();
	assert_int_equal(web_world_count(METRIC_REQUESTS), 2);
	assert_int_equal(server_open_peers(web_world.server), 0);
}

static void a_pipelining_flood_is_hung_up_on(void **state)
{
	struct web_client *client = web_world_request(&question);
	char junk[8000];

	(void)state;
	memset(junk, 1, sizeof junk);
	for (int i = 0; i < 20 && !client->peer.is_closed; i++) {
		fake_peer_send(&client->peer, slice_make(junk, sizeof junk));
		web_world_settle();
		if (server_open_peers(web_world.server) == 0)
			break;
	}
	assert_int_equal(server_open_peers(web_world.server), 0);
	assert_int_equal(web_world.first.cancels, 1);
}

static void an_abort_while_streaming_is_leaving(void **state)
{
	struct web_client *client = web_world_request(&question);

	(void)state;
	fake_peer_put(&bytes, FAKE_ABORT, 1, SLICE_NONE);
	fake_peer_send(&client->peer, all());
	web_world_settle();
	assert_int_equal(web_world.first.cancels, 1);
	assert_int_equal(server_open_peers(web_world.server), 0);
}

static void an_abort_before_the_request_is_whole_closes(void **state)
{
	struct web_client *client = web_world_connect();

	(void)state;
	fake_peer_put_begin(&bytes, 1, 1, true);
	fake_peer_put(&bytes, FAKE_ABORT, 1, SLICE_NONE);
	fake_peer_send(&client->peer, all());
	web_world_settle();
	assert_true(client->peer.is_closed);
	assert_int_equal(web_world_count(METRIC_REQUESTS_BROKEN), 1);
}

static void an_oversized_body_is_answered_and_drained(void **state)
{
	struct web_client *client = web_world_connect();
	char part[50000];

	(void)state;
	memset(part, 'x', sizeof part);
	fake_peer_put_begin(&bytes, 1, 1, true);
	fake_peer_put(&bytes, FAKE_PARAMS, 1, SLICE_NONE);
	fake_peer_send(&client->peer, all());
	buffer_clear(&bytes);
	fake_peer_put(&bytes, FAKE_STDIN, 1, slice_make(part, sizeof part));
	for (int i = 0; i < 5; i++) {
		fake_peer_send(&client->peer, all());
		web_world_settle();
	}
	web_world_expect_status(client, 413);
	assert_non_null(strstr(fake_peer_body(&client->peer),
			       "Its body has more than 200000 bytes."));
	assert_true(client->peer.has_ended);
	/* Half closed: our end is over, and theirs is still listened to. */
	assert_true(client->peer.is_half_closed);
	for (int i = 0; i < 10; i++) {
		fake_peer_send(&client->peer, all());
		fake_loop_settle(web_world.loop);
	}
	assert_int_equal(server_open_peers(web_world.server), 1);
	/* But not for ever. */
	web_world_advance(2500);
	assert_int_equal(server_open_peers(web_world.server), 0);
}

static void a_drained_peer_that_leaves_is_gone_at_once(void **state)
{
	struct web_client *client = web_world_connect();
	char part[5000];

	(void)state;
	memset(part, 'x', sizeof part);
	fake_peer_put_begin(&bytes, 1, 1, false);
	fake_peer_put(&bytes, FAKE_PARAMS, 1, slice_make(part, sizeof part));
	fake_peer_send(&client->peer, all());
	web_world_settle();
	web_world_expect_status(client, 413);
	assert_non_null(strstr(fake_peer_body(&client->peer),
			       "Its headers take more than 4000 bytes."));
	assert_int_equal(server_open_peers(web_world.server), 1);
	fake_peer_leave(&client->peer);
	web_world_settle();
	assert_int_equal(server_open_peers(web_world.server), 0);
}

static void nonsense_before_a_request_is_hung_up_on(void **state)
{
	struct web_client *client = web_world_connect();

	(void)state;
	fake_peer_send(&client->peer,
		       SLICE_LITERAL("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
	web_world_settle();
	assert_int_equal(client->peer.reply.len, 0);
	assert_true(client->peer.is_closed);
	assert_int_equal(web_world_count(METRIC_REQUESTS_BROKEN), 1);
}

static void nonsense_inside_a_request_is_400(void **state)
{
	struct web_client *client = web_world_connect();

	(void)state;
	fake_peer_put_begin(&bytes, 1, 1, true);
	fake_peer_put(&bytes, FAKE_PARAMS, 1,
		      SLICE_LITERAL("\x7F\x7F"
				    "ab"));
	fake_peer_put(&bytes, FAKE_PARAMS, 1, SLICE_NONE);
	fake_peer_put(&bytes, FAKE_STDIN, 1, SLICE_NONE);
	fake_peer_send(&client->peer, all());
	web_world_settle();
	web_world_expect_status(client, 400);
	assert_non_null(strstr(fake_peer_body(&client->peer), "bad_request"));
}

static void another_role_is_told_so(void **state)
{
	struct web_client *client = web_world_connect();

	(void)state;
	fake_peer_put_begin(&bytes, 1, 2, false);
	fake_peer_send(&client->peer, all());
	web_world_settle();
	assert_true(client->peer.has_ended);
	assert_int_equal(client->peer.end_status, 3);
	assert_int_equal(client->peer.reply.len, 0);
}

static void a_request_must_be_whole_in_time(void **state)
{
	struct web_client *client = web_world_connect();

	(void)state;
	web_world_put(&bytes, &question);
	fake_peer_send(&client->peer, slice_make(bytes.data, 30));
	web_world_advance(WORLD_REQUEST_MS / 2);
	/* More bytes buy no more time. */
	fake_peer_send(&client->peer, slice_make(bytes.data + 30, 10));
	web_world_advance(WORLD_REQUEST_MS / 2 - 200);
	assert_int_equal(client->peer.reply.len, 0);
	web_world_advance(400);
	web_world_expect_status(client, 408);
	assert_non_null(
	    strstr(fake_peer_body(&client->peer), "request_timeout"));
}

static void a_silent_connection_is_closed_without_a_word(void **state)
{
	struct web_client *client = web_world_connect();

	(void)state;
	web_world_advance(WORLD_REQUEST_MS + 200);
	assert_true(client->peer.is_closed);
	assert_int_equal(client->peer.reply.len, 0);
}

static void a_kept_connections_next_request_has_its_own_time(void **state)
{
	struct web_client *client = web_world_request(&kept_health);

	(void)state;
	web_world_advance(WORLD_REQUEST_MS * 2);
	fake_peer_clear(&client->peer);
	web_world_put(&bytes, &health);
	fake_peer_send(&client->peer, slice_make(bytes.data, 20));
	web_world_advance(WORLD_REQUEST_MS - 200);
	assert_false(client->peer.is_closed);
	web_world_advance(400);
	web_world_expect_status(client, 408);
}

static void who_takes_longest_makes_room_for_others(void **state)
{
	struct web_client *clients[7];
	struct web_client *last;
	char part[50000];

	(void)state;
	memset(part, 'x', sizeof part);
	fake_peer_put_begin(&bytes, 1, 1, true);
	fake_peer_put(&bytes, FAKE_PARAMS, 1, SLICE_NONE);
	for (int i = 0; i < 3; i++)
		fake_peer_put(&bytes, FAKE_STDIN, 1,
			      slice_make(part, sizeof part));
	for (int i = 0; i < 7; i++) {
		clients[i] = web_world_connect();
		fake_peer_send(&clients[i]->peer, all());
		web_world_settle();
	}
	/* The oldest went, the youngest are being read. */
	web_world_expect_status(clients[0], 503);
	web_world_expect_part(clients[0], "overloaded");
	assert_string_equal(fake_peer_header(&clients[0]->peer, "Retry-After"),
			    "1");
	last = clients[6];
	assert_int_equal(last->peer.reply.len, 0);
	assert_false(last->peer.is_closed);
	/* When they have gone, there is room again. */
	for (int i = 0; i < 7; i++)
		fake_peer_leave(&clients[i]->peer);
	web_world_settle();
	last = web_world_connect();
	fake_peer_send(&last->peer, all());
	web_world_settle();
	assert_int_equal(last->peer.reply.len, 0);
}

static void a_kept_connection_gives_back_what_its_request_held(void **state)
{
	struct web_client *client = web_world_connect();
	char part[60000];

	(void)state;
	memset(part, ' ', sizeof part);
	part[0] = '{';
	part[1] = '}';
	part[sizeof part - 1] = '\0';
	web_world_put(&bytes,
		      &(struct web_request){.body = part, .keeps = true});
	for (int i = 0; i < 40; i++) {
		fake_peer_clear(&client->peer);
		fake_peer_send(&client->peer, all());
		web_world_settle();
		web_world_expect_status(client, 400);
	}
	assert_false(client->peer.is_closed);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(a_request_may_come_byte_by_byte),
	    EACH(a_peer_may_vanish_at_every_byte),
	    EACH(a_reader_may_vanish_at_every_byte_of_the_answer),
	    EACH(a_kept_connection_serves_one_request_after_the_other),
	    EACH(a_request_that_waits_behind_another_is_served),
	    EACH(a_pipelining_flood_is_hung_up_on),
	    EACH(an_abort_while_streaming_is_leaving),
	    EACH(an_abort_before_the_request_is_whole_closes),
	    EACH(an_oversized_body_is_answered_and_drained),
	    EACH(a_drained_peer_that_leaves_is_gone_at_once),
	    EACH(nonsense_before_a_request_is_hung_up_on),
	    EACH(nonsense_inside_a_request_is_400),
	    EACH(another_role_is_told_so),
	    EACH(a_request_must_be_whole_in_time),
	    EACH(a_silent_connection_is_closed_without_a_word),
	    EACH(a_kept_connections_next_request_has_its_own_time),
	    EACH(who_takes_longest_makes_room_for_others),
	    EACH(a_kept_connection_gives_back_what_its_request_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

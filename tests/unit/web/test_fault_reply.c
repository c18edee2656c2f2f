/* SPDX-License-Identifier: ISC */
/*
 * What is refused, told to those who can read a status, and to those who
 * cannot.
 */
#include <stdlib.h>
#include <string.h>

#include "web_world.h"

static const struct web_request wrong_source = {.query = "query=q&x=1",
						.accept = "text/event-stream"};

static void a_refusal_is_a_status_and_an_object(void **state)
{
	struct web_client *client = web_world_request(
	    &(struct web_request){.body = "{\"query\":\"q\",\"x\":1}"});

	(void)state;
	web_world_expect_status(client, 400);
	assert_string_equal(fake_peer_header(&client->peer, "Content-Type"),
			    "application/json");
	assert_string_equal(fake_peer_header(&client->peer, "Retry-After"), "");
	web_world_expect_body(
	    client, "{\"type\":\"error\",\"error\":\"The request has a field "
		    "that is not supported. \\\"x\\\" is not supported.\","
		    "\"code\":\"unsupported_field\",\"retryable\":false}\n");
}

static void an_event_source_gets_one_error_event(void **state)
{
	struct web_client *client = web_world_request(&wrong_source);

	(void)state;
	web_world_expect_status(client, 200);
	assert_string_equal(fake_peer_header(&client->peer, "Content-Type"),
			    "text/event-stream");
	web_world_expect_body(
	    client,
	    ":\nid: refused\ndata: {\"type\":\"error\",\"error\":\"The request "
	    "has a field that is not supported. \\\"x\\\" is not "
	    "supported.\",\"code\":\"unsupported_field\","
	    "\"retryable\":false}\n\n");
}

/* It comes back by itself, and asks again until it gets 204. */
static void an_event_source_that_was_refused_stops_asking(void **state)
{
	struct web_request again = wrong_source;
	struct web_client *client;

	(void)state;
	again.last_event_id = "refused";
	client = web_world_request(&again);
	web_world_expect_status(client, 204);
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 0);
}

static void a_post_can_read_a_status_whatever_it_accepts(void **state)
{
	struct web_client *client = web_world_ask("{\"query\":\"q\",\"x\":1}");

	(void)state;
	web_world_expect_status(client, 400);
	assert_string_equal(fake_peer_header(&client->peer, "Content-Type"),
			    "application/json");
}

static void who_should_wait_is_told_how_long(void **state)
{
	struct web_client *client;

	(void)state;
	web_world.chat_options.max_turns = 1;
	web_world_reopen();
	web_world_ask("{\"query\":\"q\"}");
	client = web_world_ask("{\"query\":\"q\"}");
	web_world_expect_status(client, 503);
	assert_string_equal(fake_peer_header(&client->peer, "Retry-After"),
			    "5");
}

static void an_event_source_waits_between_5_and_15_seconds(void **state)
{
	int first = 0;
	bool differs = false;

	(void)state;
	web_world.chat_options.max_turns = 1;
	web_world_reopen();
	web_world_ask("{\"query\":\"q\"}");
	for (int i = 0; i < 10; i++) {
		struct web_client *client =
		    web_world_request(&(struct web_request){
			.query = "query=q", .accept = "text/event-stream"});
		const char *body = fake_peer_body(&client->peer);
		char *end;
		long ms;

		web_world_expect_status(client, 200);
		assert_true(client->peer.has_ended);
		assert_memory_equal(body, ":\nretry: ", 9);
		ms = strtol(body + 9, &end, 10);
		assert_string_equal(end, "\n\n");
		assert_in_range(ms, 5000, 14999);
		differs |= first && first != ms;
		first = (int)ms;
	}
	/* Not all at the same time. */
	assert_true(differs);
}

#define EACH(test)                                              \
	cmocka_unit_test_setup_teardown(test, web_world_set_up, \
					web_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(a_refusal_is_a_status_and_an_object),
	    EACH(an_event_source_gets_one_error_event),
	    EACH(an_event_source_that_was_refused_stops_asking),
	    EACH(a_post_can_read_a_status_whatever_it_accepts),
	    EACH(who_should_wait_is_told_how_long),
	    EACH(an_event_source_waits_between_5_and_15_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

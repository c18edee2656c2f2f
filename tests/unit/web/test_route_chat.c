/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "web_world.h"

#define ID  "my-own-turn-0001"
#define ASK "{\"query\":\"q\",\"turn\":\"" ID "\"}"

/* One ask, from its request to its end, and how it was answered. */
static void expect_answer(const struct web_request *request, const char *type,
			  const char *part)
{
	struct web_client *client = web_world_request(request);

	web_world_say("Hi");
	web_world_end();
	web_world_expect_status(client, 200);
	assert_string_equal(web_world_type(client), type);
	web_world_expect_part(client, part);
	fake_peer_leave(&client->peer);
}

static void the_dialect_is_format_or_what_the_ask_looks_like(void **state)
{
	static const struct {
		struct web_request request;
		const char *type;
		const char *part;
	} cases[] = {
	    {{.body = "{\"query\":\"q\"}", .accept = "text/event-stream"},
	     "text/event-stream",
	     "\"type\":\"final\""},
	    {{.body = "{\"message\":\"q\"}"},
	     "text/event-stream",
	     "data: {\"content\":\"Hi\"}\n\n"},
	    {{.body = "{\"message\":\"q\",\"format\":\"native\"}"},
	     "text/event-stream",
	     "\"type\":\"final\""},
	    {{.body = "{\"query\":\"q\",\"format\":\"simple\"}",
	      .accept = "text/event-stream"},
	     "text/event-stream",
	     "data: [DONE]\n\n"},
	    {{.body = "{\"query\":\"q\",\"format\":\"text\"}"},
	     "text/plain; charset=utf-8",
	     "Hi"},
	    {{.body = "{\"query\":\"q\"}",
	      .query = "format=simple&streaming=1"},
	     "text/event-stream",
	     "data: [DONE]\n\n"},
	    {{.query = "message=q"}, "text/event-stream", "data: [DONE]\n\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect_answer(&cases[i].request, cases[i].type, cases[i].part);
}

static void streaming_is_said_or_seen(void **state)
{
	static const struct {
		struct web_request request;
		bool streams;
	} cases[] = {
	    {{.body = "{\"query\":\"q\"}"}, false},
	    {{.body = "{\"query\":\"q\"}", .accept = "*/*"}, false},
	    {{.body = "{\"query\":\"q\",\"streaming\":true}"}, true},
	    {{.body = "{\"query\":\"q\",\"streaming\":false}",
	      .accept = "text/event-stream"},
	     false},
	    {{.body = "{\"message\":\"q\",\"streaming\":false}"}, false},
	    {{.query = "query=q"}, false},
	    {{.query = "query=q", .accept = "text/event-stream"}, true},
	    {{.query = "query=q&streaming=1"}, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect_answer(&cases[i].request,
			      cases[i].streams ? "text/event-stream"
					       : "application/json",
			      "Hi");
}

static void a_bad_ask_starts_nothing(void **state)
{
	static const struct {
		struct web_request request;
		int status;
	} cases[] = {
	    {{.body = "{"}, 400},
	    {{.method = "POST"}, 400},
	    {{.query = ""}, 400},
	    {{.body = "{\"query\":\"q\",\"x\":1}"}, 400},
	    {{.body = "{\"query\":\"q\"}", .query = "x=1"}, 400},
	    {{.body = "{\"query\":\"q\",\"model\":\"other\"}"}, 404},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		web_world_expect_status(web_world_request(&cases[i].request),
					cases[i].status);
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 0);
	assert_int_equal(web_world_count(METRIC_STREAMS_OPEN), 0);
}

/* Over 64 KiB, a body is parsed on another thread. */
static const char *large_body(void)
{
	static char body[150000];
	int len = snprintf(body, sizeof body, "%s",
			   "{\"messages\":[{\"role\":\"user\",\"content\":\"");

	memset(body + len, 'x', 100000);
	strcpy(body + len + 100000, "\"}]}");
	return body;
}

static void a_large_body_is_parsed_off_the_loop(void **state)
{
	struct web_client *client;

	(void)state;
	fake_loop_hold_jobs(web_world.loop, true);
	client = web_world_ask(large_body());
	assert_int_equal(web_world.first.starts, 0);
	fake_loop_hold_jobs(web_world.loop, false);
	web_world_settle();
	assert_int_equal(web_world.first.starts, 1);
	web_world_say("Hi");
	web_world_expect_part(client, "Hi");
}

static void who_leaves_while_it_is_parsed_has_no_turn(void **state)
{
	struct web_client *client;

	(void)state;
	fake_loop_hold_jobs(web_world.loop, true);
	client = web_world_ask(large_body());
	fake_peer_leave(&client->peer);
	web_world_settle();
	assert_int_equal(server_open_peers(web_world.server), 0);
	fake_loop_hold_jobs(web_world.loop, false);
	web_world_settle();
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 0);
}

static void too_many_large_bodies_are_refused(void **state)
{
	(void)state;
	fake_loop_limit_jobs(web_world.loop, 0);
	web_world_expect_status(web_world_ask(large_body()), 503);
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 0);
}

static void a_reconnect_goes_on_where_it_was(void **state)
{
	struct web_client *client;

	(void)state;
	web_world_ask(ASK);
	web_world_say("a");
	web_world_say("b");
	client = web_world_request(
	    &(struct web_request){.query = "query=q",
				  .accept = "text/event-stream",
				  .last_event_id = ID ".3"});
	web_world_expect_status(client, 200);
	assert_string_equal(fake_peer_body(&client->peer),
			    ":\nretry: 2000\nid: " ID ".4\ndata: "
			    "{\"type\":\"content\",\"content\":\"b\"}\n\n");
	assert_int_equal(web_world.first.starts, 1);
	web_world_end();
	web_world_expect_part(client, "\"answer\":\"ab\"");
}

static struct web_client *reconnect(const char *body, const char *last)
{
	return web_world_request(
	    &(struct web_request){.body = body,
				  .query = body ? NULL : "query=q",
				  .accept = "text/event-stream",
				  .last_event_id = last});
}

static void a_reconnect_never_asks_again(void **state)
{
	struct web_client *client;

	(void)state;
	web_world_ask(ASK);
	web_world_say("a");
	web_world_end();
	client = reconnect(NULL, ID ".3");
	web_world_expect_status(client, 200);
	web_world_expect_part(client, "\"type\":\"final\"");
	web_world_expect_status(reconnect(NULL, ID ".4"), 204);
	web_world_expect_status(reconnect(NULL, ID ".400"), 204);
	web_world_expect_status(reconnect("{\"query\":\"q\"}", ID ".4"), 204);
	web_world_expect_status(reconnect(NULL, "another-turn-001.1"), 204);
	web_world_expect_status(reconnect(NULL, "nonsense"), 204);
	web_world_expect_status(reconnect("{", "nonsense"), 204);
	web_world_advance(WORLD_LINGER_MS);
	web_world_expect_status(reconnect(NULL, ID ".1"), 204);
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 1);
}

static void a_reconnect_keeps_its_dialect(void **state)
{
	struct web_client *client;

	(void)state;
	web_world_ask(ASK);
	web_world_say("a");
	client = web_world_request(
	    &(struct web_request){.query = "message=q",
				  .accept = "text/event-stream",
				  .last_event_id = ID ".2"});
	web_world_expect_part(client, "data: {\"content\":\"a\"}\n\n");
}

static void the_same_id_is_the_same_turn(void **state)
{
	struct web_client *first = web_world_ask(ASK);
	struct web_client *second;

	(void)state;
	web_world_say("a");
	second = web_world_ask(ASK);
	assert_int_equal(web_world.first.starts, 1);
	web_world_expect_part(second, "\"content\":\"a\"");
	web_world_end();
	web_world_expect_part(first, "\"answer\":\"a\"");
	web_world_expect_part(second, "\"answer\":\"a\"");
	web_world_expect_status(web_world_ask(ASK), 204);
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 1);
}

static void one_of_our_ids_that_is_gone_starts_nothing(void **state)
{
	struct web_client *client =
	    web_world_ask("{\"query\":\"q\","
			  "\"turn\":\"t_00000000AAAAAAAAAAAAAAAAAAAAAA\"}");

	(void)state;
	web_world_expect_status(client, 204);
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 0);
}

#define EACH(test)                                              \
	cmocka_unit_test_setup_teardown(test, web_world_set_up, \
					web_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(the_dialect_is_format_or_what_the_ask_looks_like),
	    EACH(streaming_is_said_or_seen),
	    EACH(a_bad_ask_starts_nothing),
	    EACH(a_large_body_is_parsed_off_the_loop),
	    EACH(who_leaves_while_it_is_parsed_has_no_turn),
	    EACH(too_many_large_bodies_are_refused),
	    EACH(a_reconnect_goes_on_where_it_was),
	    EACH(a_reconnect_never_asks_again),
	    EACH(a_reconnect_keeps_its_dialect),
	    EACH(the_same_id_is_the_same_turn),
	    EACH(one_of_our_ids_that_is_gone_starts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "web_world.h"

#define ID  "my-own-turn-0001"
#define ASK "{\"query\":\"q\",\"turn\":\"" ID "\"}"

static struct web_client *get(const char *path, const char *query)
{
	return web_world_request(
	    &(struct web_request){.path = path, .query = query});
}

static void without_waiting_there_is_an_id_to_poll(void **state)
{
	struct web_client *client = web_world_request(&(struct web_request){
	    .body = "{\"query\":\"q\",\"wait\":0,\"turn\":\"" ID "\"}"});

	(void)state;
	web_world_expect_status(client, 202);
	web_world_expect_body(client, "{\"turn\":\"" ID "\"}\n");
	web_world_say("a");
	client = get("/chat/" ID "/stream", "live=long-poll&offset=2");
	web_world_expect_status(client, 200);
	web_world_expect_body(
	    client, "{\"events\":[{\"type\":\"content\",\"content\":\"a\"}],"
		    "\"next\":3,\"ended\":false}\n");
	web_world_end();
	client = get("/chat/" ID "/stream", "live=long-poll&offset=3");
	web_world_expect_part(client, "\"next\":4,\"ended\":true}");
	client = get("/chat/" ID "/stream", "live=long-poll&offset=4");
	web_world_expect_body(client,
			      "{\"events\":[],\"next\":4,\"ended\":true}\n");
}

static void a_poll_waits_for_news(void **state)
{
	struct web_client *client;

	(void)state;
	web_world_request(&(struct web_request){
	    .body = "{\"query\":\"q\",\"wait\":0,\"turn\":\"" ID "\"}"});
	client = get("/chat/" ID "/stream", "live=long-poll&offset=2");
	assert_int_equal(client->peer.reply.len, 0);
	web_world_say("a");
	web_world_expect_part(client, "\"content\":\"a\"");
	client = get("/chat/" ID "/stream", "live=long-poll&offset=3");
	web_world_advance(WORLD_POLL_MS - 100);
	assert_int_equal(client->peer.reply.len, 0);
	web_world_advance(100);
	web_world_expect_body(client,
			      "{\"events\":[],\"next\":3,\"ended\":false}\n");
	client = get("/chat/" ID "/stream", "live=long-poll&offset=3&wait=0");
	web_world_expect_body(client,
			      "{\"events\":[],\"next\":3,\"ended\":false}\n");
	client = get("/chat/" ID "/stream",
		     "live=long-poll&offset=3&wait=18446744073709551");
	web_world_advance(WORLD_POLL_MS - 100);
	assert_int_equal(client->peer.reply.len, 0);
	assert_int_equal(web_world.first.cancels, 0);
}

static void nobody_who_polls_any_more_stops_the_turn(void **state)
{
	(void)state;
	web_world_request(&(struct web_request){
	    .body = "{\"query\":\"q\",\"wait\":0,\"turn\":\"" ID "\"}"});
	web_world_advance(WORLD_LINGER_MS - 100);
	get("/chat/" ID "/stream", "live=long-poll&offset=0");
	web_world_advance(WORLD_LINGER_MS - 100);
	assert_int_equal(web_world.first.cancels, 0);
	web_world_advance(100);
	assert_int_equal(web_world.first.cancels, 1);
}

static void a_stop_ends_the_turn_for_its_readers(void **state)
{
	struct web_client *reader = web_world_ask(ASK);
	struct web_client *client;

	(void)state;
	web_world_say("Half");
	client = web_world_request(
	    &(struct web_request){.method = "DELETE", .path = "/chat/" ID});
	web_world_expect_status(client, 204);
	assert_int_equal(web_world.first.cancels, 1);
	web_world_expect_part(reader, "\"finish_reason\":\"cancelled\"");
	web_world_expect_part(reader, "\"answer\":\"Half\"");
	client = web_world_request(&(struct web_request){
	    .method = "POST", .path = "/chat/" ID "/stop"});
	web_world_expect_status(client, 204);
}

static void an_unknown_turn_is_gone_or_not_found(void **state)
{
	(void)state;
	web_world_expect_status(get("/chat/another-turn-0001/stream", NULL),
				410);
	web_world_expect_status(get("/chat/short/stream", NULL), 404);
	web_world_expect_status(
	    web_world_request(&(struct web_request){
		.method = "DELETE", .path = "/chat/another-turn-0001"}),
	    410);
	web_world_expect_status(web_world_request(&(struct web_request){
				    .path = "/chat/another-turn-0001/stream",
				    .accept = "text/event-stream",
				    .last_event_id = "another-turn-0001.3"}),
				204);
}

static void a_turn_can_be_followed_from_any_place(void **state)
{
	struct web_client *client;

	(void)state;
	web_world_ask(ASK);
	web_world_say("a");
	web_world_say("b");
	client = get("/chat/" ID "/stream", "offset=3");
	web_world_expect_status(client, 200);
	assert_string_equal(web_world_type(client), "text/event-stream");
	assert_null(strstr(fake_peer_body(&client->peer), "\"content\":\"a\""));
	web_world_expect_part(client, "\"content\":\"b\"");
	client = get("/chat/" ID "/stream", "offset=-1&format=simple");
	web_world_expect_part(client, "data: {\"content\":\"ab\"}");
	fake_peer_leave(&client->peer);
	web_world_settle();
	/* What the browser remembers is newer than the address it had. */
	client = web_world_request(
	    &(struct web_request){.path = "/chat/" ID "/stream",
				  .query = "offset=0",
				  .last_event_id = ID ".3"});
	assert_null(strstr(fake_peer_body(&client->peer), "\"content\":\"a\""));
	web_world_expect_part(client, "\"content\":\"b\"");
	web_world_end();
	web_world_expect_status(get("/chat/" ID "/stream", "offset=5"), 204);
}

static void following_takes_only_what_it_knows(void **state)
{
	static const char *const wrong[] = {
	    "offset=x",	 "offset=-2", "offset=99999999999",
	    "wait=soon", "live=yes",  "format=xml",
	    "query=q",	 "offset=%",  "wait=-1"};

	(void)state;
	web_world_ask(ASK);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		web_world_expect_status(get("/chat/" ID "/stream", wrong[i]),
					400);
}

#define EACH(test)                                              \
	cmocka_unit_test_setup_teardown(test, web_world_set_up, \
					web_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(without_waiting_there_is_an_id_to_poll),
	    EACH(a_poll_waits_for_news),
	    EACH(nobody_who_polls_any_more_stops_the_turn),
	    EACH(a_stop_ends_the_turn_for_its_readers),
	    EACH(an_unknown_turn_is_gone_or_not_found),
	    EACH(a_turn_can_be_followed_from_any_place),
	    EACH(following_takes_only_what_it_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "web_world.h"

static int set_up(void **state)
{
	web_world_set_up(state);
	web_world.chat_parts.retriever = &web_world.retriever.base;
	web_world_reopen();
	return 0;
}

static struct web_client *search(const char *query)
{
	return web_world_request(
	    &(struct web_request){.path = "/search", .query = query});
}

static void found_passages_are_listed(void **state)
{
	struct web_client *client = search("q=virtual+hosts&n=2");

	(void)state;
	assert_true(slice_is(web_world.retriever.ask->query, "virtual hosts"));
	assert_int_equal(web_world.retriever.ask->max_passages, 2);
	assert_int_equal(client->peer.reply.len, 0);
	scripted_retriever_find(&web_world.retriever, 2);
	web_world_settle();
	web_world_expect_status(client, 200);
	web_world_expect_body(
	    client, "{\"query\":\"virtual hosts\",\"passages\":["
		    "{\"n\":1,\"title\":\"title 1\",\"heading\":\"\","
		    "\"url\":\"/1\",\"snippet\":\"text 1\",\"score\":1},"
		    "{\"n\":2,\"title\":\"title 2\",\"heading\":\"\","
		    "\"url\":\"/2\",\"snippet\":\"text 2\",\"score\":0.5}"
		    "]}\n");
}

static void nothing_found_is_an_empty_list(void **state)
{
	struct web_client *client = search("q=x");

	(void)state;
	assert_int_equal(web_world.retriever.ask->max_passages, 0);
	scripted_retriever_find(&web_world.retriever, 0);
	web_world_settle();
	web_world_expect_body(client, "{\"query\":\"x\",\"passages\":[]}\n");
}

static void snippets_are_as_long_as_configured(void **state)
{
	struct web_client *client;

	(void)state;
	web_world.chat_options.snippet_bytes = 4;
	web_world_reopen();
	client = search("q=x");
	scripted_retriever_find(&web_world.retriever, 1);
	web_world_settle();
	assert_non_null(
	    strstr(fake_peer_body(&client->peer), "\"snippet\":\"text\""));
}

static void a_question_must_be_there_and_sound(void **state)
{
	static const char *const wrong[] = {
	    "", "q=", "q=+", "n=1", "q=x&n=0", "q=x&n=51", "q=x&n=x", "q=%FF"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		web_world_expect_status(search(wrong[i]), 400);
	assert_int_equal(web_world.retriever.starts, 0);
}

static void a_question_has_a_length(void **state)
{
	char query[1200] = "q=";

	(void)state;
	memset(query + 2, 'x', 1001);
	web_world_expect_status(search(query), 413);
}

static void a_failed_search_is_an_error(void **state)
{
	struct web_client *client = search("q=x");

	(void)state;
	scripted_retriever_fail(&web_world.retriever, ERROR_CONTEXT_FAILED,
				"There is no index.");
	web_world_settle();
	web_world_expect_status(client, 500);
	assert_non_null(
	    strstr(fake_peer_body(&client->peer), "There is no index."));
}

static void who_leaves_stops_the_search(void **state)
{
	struct web_client *client = search("q=x");

	(void)state;
	fake_peer_leave(&client->peer);
	web_world_settle();
	assert_int_equal(web_world.retriever.cancels, 1);
	scripted_retriever_fail(&web_world.retriever, ERROR_CANCELLED, "");
	web_world_settle();
	assert_int_equal(server_open_peers(web_world.server), 0);
}

static void without_documents_there_is_nothing_to_search(void **state)
{
	(void)state;
	web_world.chat_parts.retriever = NULL;
	web_world_reopen();
	web_world_expect_status(search("q=x"), 404);
}

#define EACH(test) \
	cmocka_unit_test_setup_teardown(test, set_up, web_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(found_passages_are_listed),
	    EACH(nothing_found_is_an_empty_list),
	    EACH(snippets_are_as_long_as_configured),
	    EACH(a_question_must_be_there_and_sound),
	    EACH(a_question_has_a_length),
	    EACH(a_failed_search_is_an_error),
	    EACH(who_leaves_stops_the_search),
	    EACH(without_documents_there_is_nothing_to_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

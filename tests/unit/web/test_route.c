/* SPDX-License-Identifier: ISC */
/*
 * Addresses and methods: web/route.c, web/route_info.c.
 */
#include <stdio.h>
#include <string.h>

#include "web_world.h"

static struct web_client *ask_for(const char *method, const char *path)
{
	return web_world_request(
	    &(struct web_request){.method = method, .path = path});
}

static void expect_code(const struct web_client *client, int status,
			const char *code)
{
	web_world_expect_status(client, status);
	if (!strstr(fake_peer_body(&client->peer), code))
		fail_msg("\"%s\" is not in: %s", code,
			 fake_peer_body(&client->peer));
}

static void health_is_always_well(void **state)
{
	(void)state;
	web_world_expect_body(ask_for("GET", "/healthz"), "{\"ok\":true}\n");
}

static void readiness_knows_the_index(void **state)
{
	struct web_client *client = ask_for("GET", "/readyz");

	(void)state;
	web_world_expect_status(client, 200);
	web_world_expect_body(client,
			      "{\"ready\":true,\"context\":{\"missing\":\"no "
			      "index is configured\"}}\n");
	web_world.chat_parts.retriever = &web_world.retriever.base;
	web_world_reopen();
	client = ask_for("GET", "/readyz");
	web_world_expect_body(
	    client, "{\"ready\":true,\"context\":{\"passages\":3214}}\n");
	web_world.retriever.passage_count = -1;
	web_world.retriever.why = "it is broken";
	client = ask_for("GET", "/readyz");
	web_world_expect_status(client, 200);
	web_world_expect_body(client, "{\"ready\":true,\"context\":{"
				      "\"missing\":\"it is broken\"}}\n");
}

static void readiness_says_why_not(void **state)
{
	struct web_client *client = web_world_connect();

	(void)state;
	server_drain(web_world.server, 5000, NULL, NULL);
	web_world_send(client, &(struct web_request){.path = "/readyz"});
	web_world_expect_status(client, 503);
	assert_non_null(strstr(fake_peer_body(&client->peer),
			       "\"ready\":false,\"reason\":\"draining\""));
}

static struct web_client *metrics_for(const char *remote, const char *forwarded)
{
	return web_world_request(
	    &(struct web_request){.path = "/metrics",
				  .remote_address = remote,
				  .forwarded_for = forwarded});
}

static void metrics_are_for_listed_addresses(void **state)
{
	struct web_client *client = metrics_for("127.0.0.1", NULL);

	(void)state;
	web_world_expect_status(client, 200);
	assert_string_equal(fake_peer_header(&client->peer, "Content-Type"),
			    "text/plain; version=0.0.4; charset=utf-8");
	assert_non_null(strstr(fake_peer_body(&client->peer), "leat_requests"));
	expect_code(metrics_for("192.0.2.1", NULL), 403, "forbidden");
	expect_code(metrics_for("unix:", NULL), 403, "forbidden");
}

static void metrics_are_not_for_those_behind_a_proxy(void **state)
{
	(void)state;
	expect_code(metrics_for("127.0.0.1", "203.0.113.9"), 403, "forbidden");
	expect_code(metrics_for("127.0.0.1", "127.0.0.1"), 403, "forbidden");
	web_world.options.trusted_proxies[0] = "127.0.0.1";
	web_world_reopen();
	expect_code(metrics_for("127.0.0.1", "203.0.113.9"), 403, "forbidden");
	web_world_expect_status(metrics_for("127.0.0.1", "127.0.0.2"), 200);
}

static void the_page_has_a_policy_and_a_nonce_of_its_own(void **state)
{
	struct web_client *client = ask_for("GET", "/");
	const char *policy;
	char nonce[23];
	char once[40];

	(void)state;
	web_world_expect_status(client, 200);
	assert_string_equal(fake_peer_header(&client->peer, "Content-Type"),
			    "text/html; charset=utf-8");
	policy = fake_peer_header(&client->peer, "Content-Security-Policy");
	assert_non_null(strstr(policy, "default-src 'none'"));
	assert_null(strstr(policy, "unsafe"));
	snprintf(nonce, sizeof nonce, "%.22s",
		 strstr(policy, "script-src 'nonce-") + 18);
	snprintf(once, sizeof once, "nonce=\"%s\"", nonce);
	assert_non_null(strstr(fake_peer_body(&client->peer), once));
	client = ask_for("GET", "");
	web_world_expect_status(client, 200);
	assert_null(strstr(fake_peer_body(&client->peer), once));
}

static void a_head_has_no_body(void **state)
{
	struct web_client *client = ask_for("HEAD", "/healthz");

	(void)state;
	web_world_expect_status(client, 200);
	assert_string_equal(fake_peer_header(&client->peer, "Content-Type"),
			    "application/json");
	web_world_expect_body(client, "");
	web_world_expect_body(ask_for("HEAD", "/"), "");
	/* It would start a turn. */
	client = ask_for("HEAD", "/chat");
	web_world_expect_status(client, 405);
	web_world_expect_body(client, "");
}

static void unknown_addresses_are_404(void **state)
{
	static const char *const paths[] = {
	    "/nothing",	 "/chatter",   "/Chat",		"/chat/x/stream/y",
	    "/search/x", "/v1/models", "/chat/x/other", "/metrics/x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		expect_code(ask_for("GET", paths[i]), 404, "not_found");
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
	static const char *const cases[][3] = {
	    {"PUT", "/chat", "GET, POST, OPTIONS"},
	    {"get", "/chat", "GET, POST, OPTIONS"},
	    {"GET", "/chat/abcdefghijklmnop", "DELETE, OPTIONS"},
	    {"POST", "/chat/abcdefghijklmnop/stream", "GET, OPTIONS"},
	    {"GET", "/chat/abcdefghijklmnop/stop", "POST, OPTIONS"},
	    {"POST", "/healthz", "GET, HEAD, OPTIONS"},
	    {"DELETE", "/", "GET, HEAD, OPTIONS"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct web_client *client = ask_for(cases[i][0], cases[i][1]);

		expect_code(client, 405, "method_not_allowed");
		assert_string_equal(fake_peer_header(&client->peer, "Allow"),
				    cases[i][2]);
	}
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 0);
}

static void options_are_answered_for_browsers(void **state)
{
	struct web_client *client = ask_for("OPTIONS", "/chat");

	(void)state;
	web_world_expect_status(client, 204);
	assert_string_equal(fake_peer_header(&client->peer, "Allow"),
			    "GET, POST, OPTIONS");
	expect_code(ask_for("OPTIONS", "/nothing"), 404, "not_found");
}

static void a_foreign_page_may_not_ask(void **state)
{
	struct web_request request = {.body = "{\"query\":\"q\"}",
				      .origin = "https://evil.example"};
	struct web_client *client = web_world_request(&request);

	(void)state;
	expect_code(client, 403, "cors_origins");
	assert_string_equal(
	    fake_peer_header(&client->peer, "Access-Control-Allow-Origin"), "");
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 0);
	request.origin = "https://site.example";
	request.accept = "text/event-stream";
	web_world_expect_status(web_world_request(&request), 200);
}

/* Browsers send no Origin with those. */
static void an_image_or_link_of_another_site_starts_no_turn(void **state)
{
	struct web_request request = {.query = "query=q",
				      .fetch_site = "cross-site"};

	(void)state;
	expect_code(web_world_request(&request), 403, "forbidden");
	assert_int_equal(web_world_count(METRIC_TURNS_STARTED), 0);
	request.path = "/";
	web_world_expect_status(web_world_request(&request), 200);
}

static void an_allowed_page_may_ask_and_read(void **state)
{
	struct web_request request = {.body = "{\"query\":\"q\"}",
				      .accept = "text/event-stream",
				      .origin = "https://friend.example"};
	struct web_client *client;

	(void)state;
	web_world.options.cors_origins[0] = "https://friend.example";
	web_world_reopen();
	client = web_world_request(&request);
	web_world_expect_status(client, 200);
	assert_string_equal(
	    fake_peer_header(&client->peer, "Access-Control-Allow-Origin"),
	    "https://friend.example");
	request.method = "OPTIONS";
	request.body = NULL;
	client = web_world_request(&request);
	web_world_expect_status(client, 204);
	assert_string_equal(
	    fake_peer_header(&client->peer, "Access-Control-Allow-Methods"),
	    "GET, POST, DELETE");
}

static void what_is_switched_off_is_not_there(void **state)
{
	(void)state;
	web_world.options.routes_off[0] = "search";
	web_world.options.routes_off[1] = "page";
	web_world_reopen();
	expect_code(ask_for("GET", "/search"), 404, "not_found");
	expect_code(ask_for("GET", "/"), 404, "not_found");
	expect_code(ask_for("OPTIONS", "/"), 404, "not_found");
	web_world_expect_status(ask_for("GET", "/healthz"), 200);
}

static void rejections_are_counted(void **state)
{
	(void)state;
	ask_for("GET", "/nothing");
	ask_for("PUT", "/chat");
	ask_for("GET", "/healthz");
	assert_int_equal(web_world_count(METRIC_REQUESTS), 3);
	assert_int_equal(web_world_count(METRIC_REQUESTS_REJECTED), 2);
}

#define EACH(test)                                              \
	cmocka_unit_test_setup_teardown(test, web_world_set_up, \
					web_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(health_is_always_well),
	    EACH(readiness_knows_the_index),
	    EACH(readiness_says_why_not),
	    EACH(metrics_are_for_listed_addresses),
	    EACH(metrics_are_not_for_those_behind_a_proxy),
	    EACH(the_page_has_a_policy_and_a_nonce_of_its_own),
	    EACH(a_head_has_no_body),
	    EACH(unknown_addresses_are_404),
	    EACH(a_wrong_method_is_told_the_right_ones),
	    EACH(options_are_answered_for_browsers),
	    EACH(a_foreign_page_may_not_ask),
	    EACH(an_image_or_link_of_another_site_starts_no_turn),
	    EACH(an_allowed_page_may_ask_and_read),
	    EACH(what_is_switched_off_is_not_there),
	    EACH(rejections_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

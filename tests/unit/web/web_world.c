/* SPDX-License-Identifier: ISC */
#include "web_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "web/peer.h"

struct web_world web_world;

static void open_server(void)
{
	struct server_parts parts = {.chat = NULL};

	web_world.loop = fake_loop_new();
	web_world.chat_parts.loop = web_world.loop;
	web_world.chat =
	    chat_new(&web_world.chat_options, &web_world.chat_parts);
	parts.loop = web_world.loop;
	parts.chat = web_world.chat;
	parts.metrics = &web_world.metrics;
	parts.self = web_world.chat_parts.self;
	web_world.server =
	    server_new(&web_world.options, &web_world.hooks, &parts);
}

static void close_clients(void)
{
	for (unsigned i = 0; i < web_world.client_count; i++) {
		fake_peer_fini(&web_world.clients[i]->peer);
		free(web_world.clients[i]);
	}
	web_world.client_count = 0;
}

/* Readers leave, turns end, and nothing is left. */
static void close_server(void)
{
	close_clients();
	fake_loop_hold_jobs(web_world.loop, false);
	fake_loop_settle(web_world.loop);
	if (web_world.retriever.is_pending)
		scripted_retriever_fail(&web_world.retriever, ERROR_CANCELLED,
					"");
	chat_interrupt_all(web_world.chat);
	fake_loop_settle(web_world.loop);
	if (web_world.first.sink)
		scripted_provider_fail(&web_world.first, ERROR_CANCELLED);
	if (web_world.other.sink)
		scripted_provider_fail(&web_world.other, ERROR_CANCELLED);
	fake_loop_settle(web_world.loop);
	server_free(web_world.server);
	assert_int_equal(chat_open_turns(web_world.chat), 0);
	assert_int_equal(web_world_count(METRIC_STREAMS_OPEN), 0);
	chat_free(web_world.chat);
	fake_loop_free(web_world.loop);
}

void web_world_reopen(void)
{
	close_server();
	open_server();
}

int web_world_set_up(void **state)
{
	struct log_options quiet = {LOG_LEVEL_ERROR, "stderr", "test"};

	(void)state;
	memset(&web_world, 0, sizeof web_world);
	log_open(&quiet);
	scripted_provider_init(&web_world.first, "one");
	scripted_provider_init(&web_world.other, "two");
	scripted_retriever_init(&web_world.retriever);
	web_world.providers[0] = &web_world.first.base;
	web_world.providers[1] = &web_world.other.base;
	web_world.chat_options =
	    (struct chat_options){.journal = {1 << 20, 100000, 16 << 10},
				  .linger_ms = WORLD_LINGER_MS,
				  .recall_timeout_ms = 1000,
				  .total_timeout_ms = 100000,
				  .max_readers = 3};
	web_world.chat_parts =
	    (struct chat_parts){.metrics = &web_world.metrics,
				.provider = &web_world.first.base,
				.providers = web_world.providers,
				.provider_count = 2,
				.self = {1, 5}};
	web_world.options =
	    (struct server_options){.metrics_allow = {"127.0.0.0/8", NULL},
				    .max_params_bytes = 4000,
				    .max_body_bytes = 200000,
				    .max_held_bytes = 1 << 20,
				    .max_unwritten_bytes = 16 << 10,
				    .request_timeout_ms = WORLD_REQUEST_MS,
				    .heartbeat_ms = WORLD_HEARTBEAT_MS,
				    .write_timeout_ms = WORLD_WRITE_MS,
				    .long_poll_ms = WORLD_POLL_MS,
				    .answer_timeout_ms = WORLD_ANSWER_MS,
				    .max_query_bytes = 1000,
				    .max_messages = 10};
	open_server();
	return 0;
}

int web_world_tear_down(void **state)
{
	(void)state;
	close_server();
	return 0;
}

struct web_client *web_world_connect(void)
{
	struct web_client *client = calloc(1, sizeof *client);
	int fds[2];

	assert_non_null(client);
	assert_true(web_world.client_count < WORLD_CLIENTS_MAX);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	fake_peer_init(&client->peer, fds[0]);
	web_world.clients[web_world.client_count++] = client;
	peer_open(web_world.server, fds[1]);
	return client;
}

static void put(const char **params, const char *name, const char *value)
{
	if (!value)
		return;
	while (*params)
		params += 2;
	params[0] = name;
	params[1] = value;
}

void web_world_put(struct buffer *out, const struct web_request *request)
{
	const char *params[60] = {"LEAT_MOUNT", "/ask", NULL};
	const char *method = request->method;
	char script[500];
	char length[24];
	struct fake_request made = {.keeps = request->keeps,
				    .params = params,
				    .body = slice_of(request->body)};

	if (!method)
		method = request->body ? "POST" : "GET";
	snprintf(script, sizeof script, "/ask%s",
		 request->path ? request->path : "/chat");
	snprintf(length, sizeof length, "%zu", made.body.len);
	put(params, "REQUEST_METHOD", method);
	put(params, "SCRIPT_NAME", script);
	put(params, "QUERY_STRING", request->query ? request->query : "");
	put(params, "CONTENT_LENGTH", length);
	put(params, "HTTP_HOST", "site.example");
	put(params, "REMOTE_ADDR",
	    request->remote_address ? request->remote_address : "192.0.2.1");
	put(params, "HTTP_ACCEPT", request->accept);
	put(params, "HTTP_LAST_EVENT_ID", request->last_event_id);
	put(params, "HTTP_ORIGIN", request->origin);
	put(params, "SERVER_SOFTWARE", request->server_software);
	put(params, "HTTP_SEC_FETCH_SITE", request->fetch_site);
	put(params, "HTTP_X_FORWARDED_FOR", request->forwarded_for);
	for (const char *const *more = request->more; more && *more; more += 2)
		put(params, more[0], more[1]);
	fake_peer_put_request(out, &made);
}

void web_world_send(struct web_client *client,
		    const struct web_request *request)
{
	struct buffer bytes;

	buffer_init(&bytes, BUFFER_UNLIMITED);
	web_world_put(&bytes, request);
	fake_peer_send(&client->peer, buffer_slice(&bytes));
	buffer_fini(&bytes);
	web_world_settle();
}

struct web_client *web_world_request(const struct web_request *request)
{
	struct web_client *client = web_world_connect();

	web_world_send(client, request);
	return client;
}

struct web_client *web_world_ask(const char *body)
{
	struct web_request request = {.body = body,
				      .accept = "text/event-stream"};

	return web_world_request(&request);
}

void web_world_take(struct web_client *client, size_t max)
{
	fake_peer_receive(&client->peer, max);
	fake_loop_settle(web_world.loop);
}

/* Taking makes room, which lets more be sent. */
void web_world_settle(void)
{
	bool is_busy = true;

	while (is_busy) {
		is_busy = false;
		fake_loop_settle(web_world.loop);
		for (unsigned i = 0; i < web_world.client_count; i++) {
			struct fake_peer *peer = &web_world.clients[i]->peer;
			size_t before = peer->reply.len + peer->raw.len;

			if (web_world.clients[i]->is_slow)
				continue;
			fake_peer_receive(peer, SIZE_MAX);
			is_busy |= peer->reply.len + peer->raw.len != before;
		}
	}
}

void web_world_advance(uint64_t ms)
{
	fake_loop_advance(web_world.loop, ms);
	web_world_settle();
}

void web_world_say(const char *text)
{
	scripted_provider_content(&web_world.first, text);
	web_world_settle();
}

void web_world_end(void)
{
	scripted_provider_end(&web_world.first);
	web_world_settle();
}

void web_world_expect_status(const struct web_client *client, int status)
{
	if (fake_peer_status(&client->peer) != status)
		fail_msg("%d is not the status of: %s", status,
			 buffer_string(&client->peer.reply));
}

void web_world_expect_part(const struct web_client *client, const char *part)
{
	if (!strstr(fake_peer_body(&client->peer), part))
		fail_msg("\"%s\" is not in: %s", part,
			 fake_peer_body(&client->peer));
}

const char *web_world_type(const struct web_client *client)
{
	return fake_peer_header(&client->peer, "Content-Type");
}

void web_world_expect_body(const struct web_client *client, const char *body)
{
	assert_string_equal(fake_peer_body(&client->peer), body);
	assert_true(client->peer.has_ended);
	assert_true(client->peer.is_closed);
}

uint64_t web_world_count(enum metric metric)
{
	return web_world.metrics.values[metric];
}

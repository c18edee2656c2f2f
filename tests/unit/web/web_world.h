/* SPDX-License-Identifier: ISC */
/*
 * A server on a loop of virtual time, with a scripted provider and retriever
 * behind it, and web servers that speak FastCGI to it over socket pairs.
 */
#ifndef LEAT_TESTS_WEB_WORLD_H
#define LEAT_TESTS_WEB_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chat/chat.h"
#include "fake_loop.h"
#include "fake_peer.h"
#include "scripted_provider.h"
#include "scripted_retriever.h"
#include "web/server.h"

enum {
	WORLD_CLIENTS_MAX = 24,
	WORLD_HEARTBEAT_MS = 1000,
	WORLD_WRITE_MS = 3000,
	WORLD_REQUEST_MS = 2000,
	WORLD_POLL_MS = 4000,
	WORLD_ANSWER_MS = 6000,
	WORLD_LINGER_MS = 5000
};

struct web_client {
	struct fake_peer peer;
	bool is_slow; /* takes nothing while settling */
};

struct web_world {
	struct loop *loop;
	struct metrics metrics;
	struct scripted_provider first; /* "one": the default */
	struct scripted_provider other; /* "two" */
	struct provider *providers[2];
	struct scripted_retriever retriever;
	struct chat_options chat_options; /* changed before _reopen() */
	struct chat_parts chat_parts;	  /* likewise: no retriever */
	struct server_options options;	  /* likewise */
	struct server_hooks hooks;	  /* likewise */
	struct chat *chat;
	struct server *server;
	struct web_client *clients[WORLD_CLIENTS_MAX];
	unsigned client_count;
};

extern struct web_world web_world;

/* For cmocka; the end fails when something is still open or counted. */
int web_world_set_up(void **state);
int web_world_tear_down(void **state);
void web_world_reopen(void);

struct web_client *web_world_connect(void);
/* NULL fields are not sent; the path is under the mount "/ask". */
struct web_request {
	const char *method; /* NULL: GET, or POST with a body */
	const char *path;   /* NULL: "/chat" */
	const char *query;
	const char *body;
	const char *accept;
	const char *last_event_id;
	const char *origin;
	const char *fetch_site;	     /* Sec-Fetch-Site */
	const char *server_software; /* what the web server calls itself */
	const char *forwarded_for;
	const char *remote_address; /* NULL: 192.0.2.1 */
	const char *const *more;    /* "NAME", "value", …, NULL */
	bool keeps;
};
void web_world_put(struct buffer *out, const struct web_request *request);
/* Sends it, and settles. */
void web_world_send(struct web_client *client,
		    const struct web_request *request);
/* The same on a new connection. */
struct web_client *web_world_request(const struct web_request *request);
/* POST chat for a stream. */
struct web_client *web_world_ask(const char *body);

/* Everything that can happen now happens; slow clients take nothing. */
void web_world_settle(void);
void web_world_advance(uint64_t ms);
void web_world_take(struct web_client *client, size_t max);

void web_world_say(const char *text); /* the default provider */
void web_world_end(void);
void web_world_expect_status(const struct web_client *client, int status);
void web_world_expect_part(const struct web_client *client, const char *part);
const char *web_world_type(const struct web_client *client);
/* The body of a whole reply, after which the connection is closed. */
void web_world_expect_body(const struct web_client *client, const char *body);
uint64_t web_world_count(enum metric metric);

#endif

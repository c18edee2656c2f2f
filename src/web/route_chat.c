/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "base/memory.h"
#include "web/route.h"
#include "web/route_turn.h"
#include "web/server_private.h"
#include "web/stream.h"
#include "web/stream_turn.h"
#include "wire/ask_read.h"

enum { PARSE_ON_LOOP_MAX = 64 * 1024 };

/* A reconnect never starts a turn: 204 tells an EventSource to stop. */
static void resume(struct peer *peer, enum dialect dialect)
{
	struct turn *turn;
	struct slice id;
	uint32_t n;

	if (!ids_read_event(peer->request->last_event_id, &id, &n)) {
		peer_reply_empty(peer, 204);
		return;
	}
	switch (route_turn_find(peer, id, &turn)) {
	case FOUND_HERE:
		route_turn_attach(peer, turn, n, dialect);
		break;
	case FOUND_NOWHERE:
		peer_reply_empty(peer, 204);
		break;
	case FOUND_ELSEWHERE:
		break;
	}
}

static void reply_accepted(struct peer *peer, const struct turn *turn)
{
	struct slice id = turn_id(turn);
	struct reply_head head = {
	    .status = 202, .content_type = "application/json", .turn = id};
	char body[IDS_TURN_MAX + 16];
	int len = snprintf(body, sizeof body, "{\"turn\":\"%.*s\"}\n",
			   (int)id.len, id.data);

	peer_reply(peer, &head, slice_make(body, (size_t)len));
}

static enum dialect dialect_of(const struct ask_form *form)
{
	if (form->has_format)
		return form->format;
	return form->came_as_message ? DIALECT_SIMPLE : DIALECT_NATIVE;
}

static bool wants_stream(const struct peer *peer, const struct ask_form *form)
{
	if (form->streaming != STREAMING_UNSAID)
		return form->streaming == STREAMING_YES;
	return request_wants_events(peer->request) || form->came_as_message ||
	       (form->has_format && form->format == DIALECT_TEXT);
}

/* The turn that the client's own id names, if it is known somewhere; true:
 * the peer has been dealt with. */
static bool join_turn(struct peer *peer, struct ask_form *form)
{
	struct turn_place ignored;
	struct turn *turn;
	enum route_finding finding;

	if (form->ask->turn.len == 0)
		return false;
	finding = route_turn_find(peer, form->ask->turn, &turn);
	if (finding == FOUND_ELSEWHERE) {
		ask_free(form->ask);
		return true;
	}
	if (finding == FOUND_NOWHERE &&
	    ids_read_turn(form->ask->turn, &ignored)) {
		/* One of ours that is gone: it was answered once. */
		ask_free(form->ask);
		peer_reply_empty(peer, 204);
		return true;
	}
	if (finding == FOUND_HERE && turn_is_ended(turn)) {
		ask_free(form->ask);
		peer_reply_empty(peer, 204);
		return true;
	}
	return false;
}

/* A turn that is polled needs a process that stays. */
static bool may_wait(const struct server *server, const struct ask_form *form,
		     struct fault *fault)
{
	if (!server->options.ends_with_reply || !form->ask->wants_no_wait)
		return true;
	return fault_set_hint(
	    fault, ERROR_UNSUPPORTED_FIELD,
	    "\"wait\": leat is a CGI program here, and cannot "
	    "go on without a reader.");
}

static void start_turn(struct peer *peer, struct ask_form *form)
{
	struct server *server = peer->server;
	struct stream_turn options = {
	    .dialect = dialect_of(form),
	    .mode =
		wants_stream(peer, form) ? PEER_MODE_STREAM : PEER_MODE_RESULT,
	    .wait_ms = server->options.answer_timeout_ms};
	bool no_wait = form->ask->wants_no_wait;
	struct fault fault;
	bool attached;

	if (join_turn(peer, form))
		return;
	if (!may_wait(server, form, &fault) || !stream_admit(peer, 1, &fault)) {
		ask_free(form->ask);
		peer_reply_fault(peer, &fault);
		return;
	}
	options.turn = chat_ask(server->chat, form->ask, &attached, &fault);
	if (!options.turn) {
		stream_leave(peer);
		peer_reply_fault(peer, &fault);
	} else if (no_wait) {
		stream_leave(peer);
		turn_linger(options.turn);
		reply_accepted(peer, options.turn);
	} else {
		stream_turn_start(peer, &options);
	}
}

/* What was read, or why it could not be. */
struct parsing {
	struct peer *peer; /* NULL: it left */
	struct slice body;
	struct ask_limits limits;
	struct ask_form form;
	struct fault fault;
	bool is_ok;
};

static void take_parsed(struct peer *peer, struct parsing *parsing)
{
	struct request *request = peer->request;

	if (parsing->is_ok && request_is(request, "POST"))
		parsing->is_ok = ask_read_post_query(
		    &parsing->form, request->query_string, &parsing->fault);
	request_drop_body(request);
	if (request->last_event_id.len) {
		enum dialect dialect = parsing->is_ok
					   ? dialect_of(&parsing->form)
					   : DIALECT_NATIVE;

		ask_free(parsing->form.ask);
		resume(peer, dialect);
	} else if (!parsing->is_ok) {
		ask_free(parsing->form.ask);
		peer_reply_fault(peer, &parsing->fault);
	} else {
		start_turn(peer, &parsing->form);
	}
}

static void parse(void *state)
{
	struct parsing *parsing = state;

	parsing->is_ok = ask_read_json(&parsing->form, parsing->body,
				       &parsing->limits, &parsing->fault);
}

static void on_parsed(void *state)
{
	struct parsing *parsing = state;
	struct peer *peer = parsing->peer;

	memory_free((void *)(uintptr_t)parsing->body.data);
	if (peer) {
		peer->work = NULL;
		peer->on_gone = NULL;
		take_parsed(peer, parsing);
	} else {
		ask_free(parsing->form.ask);
	}
	memory_free(parsing);
}

static void on_gone_while_parsing(struct peer *peer)
{
	((struct parsing *)peer->work)->peer = NULL;
}

static void parse_off_loop(struct peer *peer, const struct ask_limits *limits)
{
	struct parsing *parsing = memory_zalloc(sizeof *parsing);
	struct fault fault;

	parsing->peer = peer;
	parsing->limits = *limits;
	parsing->body = peer->request->body;
	peer->request->body = SLICE_NONE;
	peer->work = parsing;
	peer->on_gone = on_gone_while_parsing;
	if (job_start(peer->server->loop, JOB_PARSE, parse, on_parsed, parsing))
		return;
	peer->work = NULL;
	peer->on_gone = NULL;
	memory_free((void *)(uintptr_t)parsing->body.data);
	memory_free(parsing);
	fault_set(&fault, ERROR_OVERLOADED, "too many large bodies");
	peer_reply_fault(peer, &fault);
}

void route_chat_ask(struct peer *peer, struct slice id)
{
	const struct server_options *options = &peer->server->options;
	struct ask_limits limits = {options->max_query_bytes,
				    options->max_messages,
				    options->allow_system_role};
	struct request *request = peer->request;
	struct parsing parsing = {.peer = peer};

	(void)id;
	if (request_is(request, "POST") &&
	    request->body.len > PARSE_ON_LOOP_MAX) {
		parse_off_loop(peer, &limits);
		return;
	}
	parsing.is_ok =
	    request_is(request, "POST")
		? ask_read_json(&parsing.form, request->body, &limits,
				&parsing.fault)
		: ask_read_query(&parsing.form, request->query_string, &limits,
				 &parsing.fault);
	take_parsed(peer, &parsing);
}

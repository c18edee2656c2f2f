/* SPDX-License-Identifier: ISC */
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "web/route.h"
#include "web/server_private.h"
#include "wire/native.h"
#include "wire/query_string.h"

enum { PASSAGES_MAX = 50, CHARACTERS_MAX = 100000 };

struct searching {
	struct peer *peer; /* NULL: it left */
	struct retriever *retriever;
	struct retrieval *retrieval;
	struct arena arena;
	struct retrieval_ask ask;
};

static void answer(struct peer *peer, const struct searching *searching,
		   const struct retrieval_result *result)
{
	struct buffer body;

	if (!result->is_ok) {
		peer_reply_fault(peer, &result->fault);
		return;
	}
	buffer_init(&body, BUFFER_UNLIMITED);
	native_put_search(&body, searching->ask.query, result,
			  chat_snippet_bytes(peer->server->chat));
	peer_reply_json(peer, 200, buffer_slice(&body));
	buffer_fini(&body);
}

static void on_found(void *state, const struct retrieval_result *result)
{
	struct searching *searching = state;
	struct peer *peer = searching->peer;

	if (peer) {
		peer->work = NULL;
		peer->on_gone = NULL;
		answer(peer, searching, result);
	}
	arena_fini(&searching->arena);
	memory_free(searching);
}

static void on_gone(struct peer *peer)
{
	struct searching *searching = peer->work;

	searching->peer = NULL;
	searching->retriever->ops->cancel(searching->retrieval);
}

/* False and a fault: the query string does not say what to look for. */
static bool read_query(struct peer *peer, struct searching *searching,
		       struct fault *fault)
{
	struct slice query_string = peer->request->query_string;
	size_t max = peer->server->options.max_query_bytes;
	struct buffer value;
	uint64_t count = 0;

	buffer_init(&value, BUFFER_UNLIMITED);
	if (query_string_get(query_string, "n", &value) &&
	    (!text_parse_uint(buffer_slice(&value), &count) || count < 1 ||
	     count > PASSAGES_MAX)) {
		buffer_fini(&value);
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "\"n\" must be between 1 and %d.",
				      PASSAGES_MAX);
	}
	query_string_get(query_string, "q", &value);
	searching->ask.query =
	    arena_copy(&searching->arena, buffer_slice(&value));
	searching->ask.max_passages = (int)count;
	searching->ask.max_characters = CHARACTERS_MAX;
	buffer_fini(&value);
	if (text_trim(searching->ask.query).len == 0)
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "\"q\" is missing or empty.");
	if (searching->ask.query.len > max)
		return fault_set_hint(fault, ERROR_TOO_LARGE,
				      "\"q\" is longer than %zu bytes.", max);
	return true;
}

void route_search(struct peer *peer, struct slice id)
{
	struct retriever *retriever = chat_retriever(peer->server->chat);
	struct searching *searching;
	struct fault fault;

	(void)id;
	if (!retriever) {
		fault_set_hint(&fault, ERROR_NOT_FOUND,
			       "No documents are configured to be searched.");
		peer_reply_fault(peer, &fault);
		return;
	}
	searching = memory_zalloc(sizeof *searching);
	arena_init(&searching->arena);
	if (!read_query(peer, searching, &fault)) {
		arena_fini(&searching->arena);
		memory_free(searching);
		peer_reply_fault(peer, &fault);
		return;
	}
	searching->peer = peer;
	searching->retriever = retriever;
	peer->work = searching;
	peer->on_gone = on_gone;
	searching->retrieval = retriever->ops->start(
	    retriever, &searching->ask, &searching->arena, on_found, searching);
}

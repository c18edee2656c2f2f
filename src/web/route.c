/* SPDX-License-Identifier: ISC */
#include "web/route.h"

#include "web/server_private.h"
#include "wire/query_string.h"

enum method { METHOD_GET = 1, METHOD_POST = 2, METHOD_DELETE = 4 };

/* Segments of an address; "*" stands for any one. A GET takes HEAD too,
 * unless it starts a turn. */
static const struct route {
	const char *first;
	const char *third; /* NULL: there is no third */
	bool has_id;	   /* a second segment */
	bool takes_head;
	unsigned method;
	void (*answer)(struct peer *peer, struct slice id);
} routes[] = {
    {"", NULL, false, true, METHOD_GET, route_page},
    {"chat", NULL, false, false, METHOD_GET | METHOD_POST, route_chat_ask},
    {"chat", NULL, true, false, METHOD_DELETE, route_turn_stop},
    {"chat", "stream", true, false, METHOD_GET, route_turn_stream},
    {"chat", "stop", true, false, METHOD_POST, route_turn_stop},
    {"search", NULL, false, true, METHOD_GET, route_search},
    {"healthz", NULL, false, true, METHOD_GET, route_healthz},
    {"readyz", NULL, false, true, METHOD_GET, route_readyz},
    {"selftest", NULL, false, true, METHOD_GET | METHOD_POST, route_selftest},
    {"selftest", NULL, true, false, METHOD_GET, route_selftest_part},
    {"metrics", NULL, false, true, METHOD_GET, route_metrics},
};

enum { ROUTE_COUNT = sizeof routes / sizeof routes[0], SEGMENTS_MAX = 3 };

struct address {
	struct slice segments[SEGMENTS_MAX];
	size_t count;
};

static bool names_route(struct slice segment)
{
	for (int i = 1; i < ROUTE_COUNT; i++)
		if (slice_is(segment, routes[i].first))
			return true;
	return false;
}

/* False: more segments than any address has. */
static bool split(struct slice tail, struct address *address)
{
	address->count = 0;
	while (tail.len > 0) {
		const char *slash = memchr(tail.data, '/', tail.len);
		size_t len = slash ? (size_t)(slash - tail.data) : tail.len;

		if (address->count == SEGMENTS_MAX)
			return false;
		address->segments[address->count++] =
		    slice_make(tail.data, len);
		len += slash != NULL;
		tail.data += len;
		tail.len -= len;
	}
	return true;
}

static bool matches(const struct route *route, const struct address *address)
{
	size_t count = route->third		 ? 3
		       : route->has_id		 ? 2
		       : route->first[0] != '\0' ? 1
						 : 0;

	if (address->count != count)
		return false;
	if (count > 0 && !slice_is(address->segments[0], route->first))
		return false;
	return count < 3 || slice_is(address->segments[2], route->third);
}

static bool is_off(const struct server *server, const struct route *route)
{
	const char *name = route->first[0] ? route->first : "page";

	for (const char *const *off = server->options.routes_off; *off; off++)
		if (!strcmp(*off, name))
			return true;
	return false;
}

static unsigned method_of(const struct request *request,
			  const struct route *route)
{
	if (request_is(request, "GET") ||
	    (route->takes_head && request_is(request, "HEAD")))
		return METHOD_GET;
	if (request_is(request, "POST"))
		return METHOD_POST;
	return request_is(request, "DELETE") ? METHOD_DELETE : 0;
}

const char *route_allowed_methods(const struct peer *peer)
{
	static char words[64];
	struct address address;
	unsigned methods = 0;
	bool takes_head = false;

	split(peer->request->place.tail, &address);
	for (int i = 0; i < ROUTE_COUNT; i++) {
		if (matches(&routes[i], &address)) {
			methods |= routes[i].method;
			takes_head |= routes[i].takes_head;
		}
	}
	words[0] = '\0';
	if (methods & METHOD_GET)
		strcat(words, takes_head ? "GET, HEAD, " : "GET, ");
	if (methods & METHOD_POST)
		strcat(words, "POST, ");
	if (methods & METHOD_DELETE)
		strcat(words, "DELETE, ");
	strcat(words, "OPTIONS");
	return words;
}

static void answer_options(struct peer *peer)
{
	struct reply_head head = {.status = 204,
				  .allow = route_allowed_methods(peer)};

	peer_reply(peer, &head, SLICE_NONE);
}

/* A page of another site may not make its visitors' browsers ask here: a turn
 * costs money. What takes HEAD only shows something, and links may lead
 * there. */
static bool check_origin(struct peer *peer, const struct route *route)
{
	const struct request *request = peer->request;
	bool is_foreign =
	    request_is_foreign(request) ||
	    (!route->takes_head && request_is_cross_site(request));
	struct fault fault;

	if (!is_foreign ||
	    reply_allows_origin(peer->request->origin,
				peer->server->options.cors_origins))
		return true;
	fault_set_hint(
	    &fault, ERROR_FORBIDDEN,
	    "Pages of another site may not ask here; the owner can allow "
	    "them with cors_origins.");
	peer_reply_fault(peer, &fault);
	return false;
}

void route_request(struct peer *peer)
{
	struct request *request = peer->request;
	struct address address;
	struct fault fault;
	bool exists = false;

	request->mount_input.option = slice_of(peer->server->options.mount);
	fault_set(&fault, ERROR_NOT_FOUND, "no such address");
	if (!mount_resolve(&request->mount_input, &request->arena, names_route,
			   &request->place) ||
	    !split(request->place.tail, &address)) {
		peer_reply_fault(peer, &fault);
		return;
	}
	for (int i = 0; i < ROUTE_COUNT; i++) {
		const struct route *route = &routes[i];

		if (!matches(route, &address) || is_off(peer->server, route))
			continue;
		exists = true;
		if (!(method_of(request, route) & route->method))
			continue;
		if (check_origin(peer, route))
			route->answer(peer, address.count > 1
						? address.segments[1]
						: SLICE_NONE);
		return;
	}
	if (exists && request_is(request, "OPTIONS")) {
		answer_options(peer);
		return;
	}
	if (exists)
		fault_set(&fault, ERROR_METHOD_NOT_ALLOWED, "method");
	peer_reply_fault(peer, &fault);
}

bool route_read_query(const struct peer *peer,
		      bool (*read)(void *state, struct slice name,
				   struct slice value, struct fault *fault),
		      void *state, struct fault *fault)
{
	struct slice rest = peer->request->query_string;
	struct buffer name, value;
	bool is_valid = true;
	bool is_ok = true;

	buffer_init(&name, BUFFER_UNLIMITED);
	buffer_init(&value, BUFFER_UNLIMITED);
	while (is_ok && query_string_next(&rest, &name, &value, &is_valid))
		is_ok = is_valid
			    ? read(state, buffer_slice(&name),
				   buffer_slice(&value), fault)
			    : fault_set_hint(fault, ERROR_BAD_REQUEST,
					     "The query string is broken.");
	buffer_fini(&name);
	buffer_fini(&value);
	return is_ok;
}

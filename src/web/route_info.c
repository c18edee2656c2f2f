/* SPDX-License-Identifier: ISC */
#include "base/json.h"
#include "web/address.h"
#include "web/page.h"
#include "web/route.h"
#include "web/server_private.h"

void route_healthz(struct peer *peer, struct slice id)
{
	(void)id;
	peer_reply_json(peer, 200, SLICE_LITERAL("{\"ok\":true}\n"));
}

static const char *not_ready(const struct server *server)
{
	return server->is_draining ? "draining" : chat_not_ready(server->chat);
}

void route_readyz(struct peer *peer, struct slice id)
{
	struct server *server = peer->server;
	struct retriever *retriever = chat_retriever(server->chat);
	const char *why = not_ready(server);
	const char *why_no_index = "no index is configured";
	long passages = -1;
	struct buffer body;

	(void)id;
	if (retriever)
		passages = retriever->ops->size(retriever, &why_no_index);
	buffer_init(&body, BUFFER_UNLIMITED);
	buffer_append_char(&body, '{');
	json_put_bool_member(&body, "ready", !why);
	if (why)
		json_put_string_member(&body, "reason", slice_of(why));
	json_put_name(&body, "context");
	buffer_append_char(&body, '{');
	if (passages >= 0)
		json_put_int_member(&body, "passages", passages);
	else
		json_put_string_member(&body, "missing",
				       slice_of(why_no_index));
	buffer_append_string(&body, "}}\n");
	peer_reply_json(peer, why ? 503 : 200, buffer_slice(&body));
	buffer_fini(&body);
}

/* Behind a proxy that is not known as one, the address is the proxy's: it
 * would let everybody in that it serves. */
static bool may_see_metrics(const struct server *server,
			    const struct request *request)
{
	const char *const *proxies = server->options.trusted_proxies;

	if (request->forwarded_for.len &&
	    !address_is_listed(request->remote_address, proxies))
		return false;
	return address_is_listed(address_of_client(request->remote_address,
						   request->forwarded_for,
						   proxies),
				 server->options.metrics_allow);
}

void route_metrics(struct peer *peer, struct slice id)
{
	struct server *server = peer->server;
	struct reply_head head = {
	    .status = 200,
	    .content_type = "text/plain; version=0.0.4; charset=utf-8"};
	struct metrics sum;
	struct fault fault;
	struct buffer body;

	(void)id;
	if (!may_see_metrics(server, peer->request)) {
		fault_set_hint(&fault, ERROR_FORBIDDEN,
			       "metrics_allow does not list this address.");
		peer_reply_fault(peer, &fault);
		return;
	}
	metrics_read_cpu(server->metrics);
	sum = *server->metrics;
	if (server->hooks.sum_metrics)
		server->hooks.sum_metrics(server->hooks.state, &sum);
	buffer_init(&body, BUFFER_UNLIMITED);
	metrics_print(&body, &sum);
	peer_reply(peer, &head, buffer_slice(&body));
	buffer_fini(&body);
}

/* Relative addresses in the page work with and without the last slash; the
 * page finds the mount from its own address. */
void route_page(struct peer *peer, struct slice id)
{
	char nonce[PAGE_NONCE_LEN + 1];
	char policy[512];
	struct reply_head head = {.status = 200,
				  .content_type = "text/html; charset=utf-8",
				  .policy = policy};
	struct buffer body;

	(void)id;
	page_make_policy(nonce, policy, sizeof policy);
	buffer_init(&body, BUFFER_UNLIMITED);
	page_put(&body, nonce);
	peer_reply(peer, &head, buffer_slice(&body));
	buffer_fini(&body);
}

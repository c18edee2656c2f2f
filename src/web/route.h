/* SPDX-License-Identifier: ISC */
/*
 * Addresses under the mount, the methods they take, and what answers them.
 * Every function here may end the peer.
 */
#ifndef LEAT_WEB_ROUTE_H
#define LEAT_WEB_ROUTE_H

#include "base/slice.h"
#include "web/peer.h"

void route_request(struct peer *peer);
/* "GET, POST" for the address that the peer asked for. */
const char *route_allowed_methods(const struct peer *peer);
/* Reads the query string of the address that the peer asked for, value by
 * value. False: the fault is read()'s, or says that the string is broken. */
bool route_read_query(const struct peer *peer,
		      bool (*read)(void *state, struct slice name,
				   struct slice value, struct fault *fault),
		      void *state, struct fault *fault);

/* `id` is the second segment of the address; empty where there is none. */
void route_chat_ask(struct peer *peer, struct slice id);
void route_turn_stream(struct peer *peer, struct slice id);
void route_turn_stop(struct peer *peer, struct slice id);
void route_search(struct peer *peer, struct slice id);
void route_healthz(struct peer *peer, struct slice id);
void route_readyz(struct peer *peer, struct slice id);
void route_metrics(struct peer *peer, struct slice id);
void route_selftest(struct peer *peer, struct slice id);
void route_selftest_part(struct peer *peer, struct slice id);
void route_page(struct peer *peer, struct slice id);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Turns that are there already: finding one by its id, wherever it is, and
 * following it.
 */
#ifndef LEAT_WEB_ROUTE_TURN_H
#define LEAT_WEB_ROUTE_TURN_H

#include "web/peer.h"

enum route_finding {
	FOUND_HERE,
	FOUND_NOWHERE,
	FOUND_ELSEWHERE /* the peer has been dealt with */
};

enum route_finding route_turn_find(struct peer *peer, struct slice id,
				   struct turn **turn);
/* Streams what comes after event n; 204 when nothing will. The peer may be
 * gone afterwards. */
void route_turn_attach(struct peer *peer, struct turn *turn, uint32_t after_n,
		       enum dialect dialect);

#endif

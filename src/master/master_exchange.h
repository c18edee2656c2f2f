/* SPDX-License-Identifier: ISC */
/*
 * The exchange: how a request that one worker read reaches the worker that
 * owns its turn, through the master.
 *
 *   sender --FORWARD--> exchange --ADOPT--> owner --TAKEN--> (done)
 *                          |                  | dies, REFUSED
 *                          +--ADOPT (why)-----+--> back to the sender
 *
 * Invariants: one hop; the exchange holds a duplicate of the peer's
 * descriptor until the owner has TAKEN it, which it says before its first
 * reply byte, so that never two processes write one reply. At most
 * CHANNEL_UNTAKEN_MAX requests wait for one owner, and at most
 * MASTER_EXCHANGE_QUEUED of all kinds for one port; nothing here blocks.
 *
 * A port is one worker's channel. It knows nothing of processes: the pool
 * says who joins, who hangs and who is dead, and is told what workers say.
 */
#ifndef LEAT_MASTER_MASTER_EXCHANGE_H
#define LEAT_MASTER_MASTER_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/slice.h"

enum { MASTER_EXCHANGE_QUEUED = 256 };

struct master_exchange;

/* Called from master_exchange_on_poll() and master_exchange_part(). */
struct master_exchange_listener {
	void *state;
	void (*on_ready)(void *state, unsigned slot);
	void (*on_failed)(void *state, unsigned slot, struct slice why);
	/* The worker closed its channel or speaks nonsense. */
	void (*on_lost)(void *state, unsigned slot);
};

struct master_exchange *master_exchange_new(
    unsigned slots, const struct master_exchange_listener *listener);
/* Closes everything that waits. */
void master_exchange_free(struct master_exchange *exchange);

/* A worker's channel; the descriptor is the exchange's from now on. */
void master_exchange_join(struct master_exchange *exchange,
			  struct turn_place place, int fd);
/* The worker is dead: what it still said is read, what it had not taken goes
 * back. Does nothing for an empty port. */
void master_exchange_part(struct master_exchange *exchange, unsigned slot);
/* It misses its ticks: until it has caught up nothing new is sent there. */
void master_exchange_set_stuck(struct master_exchange *exchange, unsigned slot,
			       bool is_stuck);

/* Tells the worker to drain within so long. */
void master_exchange_drain(struct master_exchange *exchange, unsigned slot,
			   unsigned timeout_ms);

/* For poll(2): the port's descriptor (-1: none, or closed by the other end)
 * and the events to wait for. */
int master_exchange_fd(const struct master_exchange *exchange, unsigned slot);
short master_exchange_events(const struct master_exchange *exchange,
			     unsigned slot);
void master_exchange_on_poll(struct master_exchange *exchange, unsigned slot,
			     short events);
/* Something is to be sent again in a few milliseconds. */
bool master_exchange_retries(const struct master_exchange *exchange);
void master_exchange_retry(struct master_exchange *exchange);

/* Requests held for this port: not sent, or not taken yet. */
unsigned master_exchange_held(const struct master_exchange *exchange,
			      unsigned slot);

#endif

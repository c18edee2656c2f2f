/* SPDX-License-Identifier: ISC */
/*
 * The exchange across an execve() of the master: ports and requests on their
 * way, so that none is answered twice or never.
 */
#ifndef LEAT_MASTER_MASTER_EXCHANGE_KEEP_H
#define LEAT_MASTER_MASTER_EXCHANGE_KEEP_H

#include <stdbool.h>

struct master_exchange;
struct master_state;
struct master_state_worker;

/* Fills in what concerns the worker's channel. */
void master_exchange_keep_port(const struct master_exchange *exchange,
			       struct master_state_worker *worker);
/* Adds all requests; bytes that were inline move into a memfd. False (errno):
 * there is no memory for that; nothing is lost. */
bool master_exchange_keep_transfers(struct master_exchange *exchange,
				    struct master_state *state);

/* In the new process; the descriptors are the exchange's again. */
void master_exchange_keep_join(struct master_exchange *exchange,
			       const struct master_state_worker *worker);
/* After all workers have joined. */
void master_exchange_keep_restore(struct master_exchange *exchange,
				  const struct master_state *state);

#endif

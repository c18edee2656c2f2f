/* SPDX-License-Identifier: ISC */
/*
 * The pool across an execve() of the master: generations, workers, and what
 * the exchange holds.
 */
#ifndef LEAT_MASTER_MASTER_POOL_KEEP_H
#define LEAT_MASTER_MASTER_POOL_KEEP_H

#include <stdbool.h>

struct master_pool;
struct master_state;

/* False (errno): there is no memory; nothing has changed. */
bool master_pool_keep_save(struct master_pool *pool,
			   struct master_state *state);
/* In the new process, into an empty pool; descriptors are the pool's. */
void master_pool_keep_restore(struct master_pool *pool,
			      const struct master_state *state);

#endif

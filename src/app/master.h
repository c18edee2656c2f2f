/* SPDX-License-Identifier: ISC */
/*
 * The master of a pool: owns the listening sockets and the shared slots,
 * spawns workers, restarts those that die, kills those that hang, and lets
 * requests change hands (master_exchange.h). Single-threaded; of the
 * libraries only the configuration's is ever initialised here, and a child
 * is always spawned, never forked.
 *
 *   SIGTERM, SIGINT   drain: running answers end, bounded by drain_timeout;
 *                     a second one ends at once
 *   SIGUSR1           logs are reopened, here and in the workers
 *   SIGHUP            ignored, and said so
 */
#ifndef LEAT_APP_MASTER_H
#define LEAT_APP_MASTER_H

struct config;

/* Runs until the pool has ended; returns the exit status. What stops the
 * start is printed. */
int master_run(const struct config *config);

#endif

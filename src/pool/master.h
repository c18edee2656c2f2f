/* SPDX-License-Identifier: ISC */
/*
 * The master of a pool (`leat serve`): opens the sockets and the shared
 * memory, starts workers and watches them, carries requests between them.
 * Single-threaded; signals come through a descriptor.
 *
 *   SIGTERM, SIGINT  drain within drain_timeout, then end; a second one ends
 *                    everything at once
 *   SIGUSR1          reopen the log, here and in the workers
 *   SIGHUP           nothing changes; the log says that a restart is needed
 *
 * If it is killed, its workers go on accepting until another master has put
 * its socket in the place of theirs.
 */
#ifndef LEAT_POOL_MASTER_H
#define LEAT_POOL_MASTER_H

struct config;

/* Runs in the foreground until the pool has ended: 0 after a drain, 1 when
 * it could not be started (the log and standard error say why). */
int master_run(const struct config *config);

#endif

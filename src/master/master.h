/* SPDX-License-Identifier: ISC */
/*
 * The master of a pool (`leat serve`): opens the sockets and the shared
 * memory, starts workers and watches them, carries requests between them.
 * Single-threaded; signals come through a descriptor.
 *
 *   SIGTERM, SIGINT  drain within drain_timeout, then end; a second one ends
 *                    everything at once
 *   SIGUSR1          reopen the log, here and in the workers
 *   SIGHUP, SIGUSR2  reload and upgrade: master_reload.h
 *
 * If it is killed, its workers go on accepting until another master has put
 * its socket in the place of theirs.
 */
#ifndef LEAT_MASTER_MASTER_H
#define LEAT_MASTER_MASTER_H

struct config;

/* Runs in the foreground until the pool has ended: 0 after a drain, 1 when
 * it could not be started (the log and standard error say why). */
int master_run(struct config *config);
/* Before anything else of `leat serve`: when this process is a master that
 * has executed itself, it goes on as one, and the result is its exit status.
 * -1: it is not. */
int master_resume(void);

#endif

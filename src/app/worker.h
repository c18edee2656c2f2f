/* SPDX-License-Identifier: ISC */
/*
 * A worker of a pool: one loop that serves the master's sockets. It is
 * started by the master alone, which tells it by arguments which
 * descriptors it has.
 *
 * Without its master it goes on, until another master has taken the place:
 * then it takes what waits in the backlog and drains.
 */
#ifndef LEAT_APP_WORKER_H
#define LEAT_APP_WORKER_H

/* argv: SLOT INCARNATION CHANNEL-FD SLOTS-FD CONFIG SOCKET... Returns the
 * exit status. */
int worker_run(int argc, char **argv);

#endif

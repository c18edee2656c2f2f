/* SPDX-License-Identifier: ISC */
/*
 * The other half of master_exec.h: the first thing that the new binary does
 * in the old process.
 */
#ifndef LEAT_MASTER_MASTER_ADOPT_H
#define LEAT_MASTER_MASTER_ADOPT_H

#include <stdbool.h>

struct master;
struct master_state;

/* The environment says that this process was a master. False: it was not.
 * `why` is NULL when the state is there and good. */
bool master_adopt_find(struct master_state *state, const char **why);
/* Configuration, log, sockets and shared memory. False: it was said why. */
bool master_adopt_open(struct master *master, struct master_state *state);
/* Into the new pool: the workers, and the generation to be started. */
void master_adopt_workers(struct master *master, struct master_state *state);

#endif

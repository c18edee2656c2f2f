/* SPDX-License-Identifier: ISC */
/*
 * What the files of the master's pool share.
 */
#ifndef LEAT_MASTER_MASTER_POOL_PRIVATE_H
#define LEAT_MASTER_MASTER_POOL_PRIVATE_H

#include <sys/types.h>

#include "master/master_generations.h"
#include "master/master_pool.h"
#include "master/master_watch.h"

enum { WHY_SIZE = 1024 };

/* Numbers that go through master_state: they stay. */
enum worker_state {
	WORKER_NONE,	/* a free slot */
	WORKER_WAITING, /* to be started at due_ms */
	WORKER_STARTING,
	WORKER_RUNNING,
	WORKER_DRAINING
};

struct pool_worker {
	enum worker_state state;
	uint32_t generation;
	pid_t pid; /* 0: none */
	uint64_t started_ms;
	uint64_t due_ms; /* WAITING: when to start it */
	uint64_t end_ms; /* DRAINING: when patience ends; 0: never */
	bool was_ready;
	bool is_blind; /* its ticks go to an older file */
	struct master_watch watch;
};

struct master_pool {
	struct master_pool_options options;
	struct master_exchange *exchange;
	unsigned count;
	struct master_generation current; /* number 0: none has been ready */
	struct master_generation next;	  /* number 0: none is being started */
	uint32_t last_generation;
	uint64_t next_end_ms;	 /* when it must be ready */
	enum master_event event; /* to be told */
	bool is_draining;
	bool was_ready;	    /* some worker of the first has been ready once */
	char why[WHY_SIZE]; /* what a worker last said of its failing */
	bool has_failed;
	struct pool_worker workers[];
};

/* master_pool.c: frees the slot of a worker that is not alive. */
void master_pool_release(struct master_pool *pool, unsigned slot);

/* master_generations.c. A worker of `next` died: is that the end of its
 * generation? */
void master_generations_on_death(struct master_pool *pool, unsigned slot,
				 bool refused, uint64_t now_ms);

#endif

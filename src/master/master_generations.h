/* SPDX-License-Identifier: ISC */
/*
 * Generations of workers: each reload starts one. All workers of a generation
 * run the same binary with the same configuration.
 *
 *   next --all are READY--> current --another is ready--> old: drains
 *     |
 *     +--one refuses, dies three times, 60 s--> drains; current goes on
 *
 * Old ones end within reload_timeout. When a third one becomes old, the oldest
 * has drain_timeout from then on (none if it is idle), and until it is gone no
 * new one begins.
 */
#ifndef LEAT_MASTER_MASTER_GENERATIONS_H
#define LEAT_MASTER_MASTER_GENERATIONS_H

#include <stdbool.h>
#include <stdint.h>

struct master_pool;

/* So many old ones hurry nobody; how long a new one may take to be ready. */
enum { MASTER_GENERATIONS_OLD = 2, MASTER_GENERATIONS_START_MS = 60000 };

struct master_generation {
	uint32_t number;
	unsigned wanted; /* workers */
	int config_fd;	 /* -1: no file, the defaults */
	int exe_fd;	 /* -1: the master's own binary */
};

enum master_event {
	MASTER_EVENT_NONE,
	MASTER_EVENT_SERVES, /* next has become current */
	MASTER_EVENT_FAILED  /* next was given up; master_pool_why() */
};

/* May one more be started? If not, the oldest is hurried: ask again later. */
bool master_generations_make_room(struct master_pool *pool, uint64_t now_ms);
/* Starts one; the descriptors are the pool's. How many workers it gets: all
 * that were wanted, or as many as there is room for. */
unsigned master_generations_begin(struct master_pool *pool,
				  const struct master_generation *generation,
				  uint64_t now_ms);
/* In each pass of the loop. What happened since the last call. */
enum master_event master_generations_check(struct master_pool *pool,
					   uint64_t now_ms);
bool master_generations_is_starting(const struct master_pool *pool);
/* The one that serves; number 0: none yet. */
const struct master_generation *master_generations_current(
    const struct master_pool *pool);
/* A number never used before. */
uint32_t master_generations_new_number(struct master_pool *pool);
/* Living generations older than the current one. */
unsigned master_generations_count_old(const struct master_pool *pool);

#endif

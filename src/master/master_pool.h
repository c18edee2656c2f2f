/* SPDX-License-Identifier: ISC */
/*
 * The workers of a pool: started, watched, started again with back-off, told
 * to drain, reaped. Everything happens inside calls of the master's loop;
 * nothing blocks, time comes in as an argument.
 *
 * Each worker is in one place:
 *
 *   WAITING --due--> STARTING --READY--> RUNNING --drain--> DRAINING
 *      ^                |                   |                  |
 *      +---back-off-----+-------death-------+      death: the slot is free
 *
 * Which workers there are is master_generations.h's.
 */
#ifndef LEAT_MASTER_MASTER_POOL_H
#define LEAT_MASTER_MASTER_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct listen_set;
struct master_pool;
struct pollfd;
struct slots;

struct master_pool_options {
	struct slots *slots;
	const struct listen_set *listeners;
	int first_config_fd; /* of the start; -1: there was no file */
	const char *config_path;
	unsigned drain_timeout_ms;
	unsigned reload_timeout_ms;
};

/* Borrows everything in options. */
struct master_pool *master_pool_new(const struct master_pool_options *options);
/* No worker lives. */
void master_pool_free(struct master_pool *pool);

/* Starts the workers whose time has come. */
void master_pool_start_due(struct master_pool *pool, uint64_t now_ms);
/* Milliseconds until something is to be started or sent again; -1: never. */
int master_pool_wait_ms(const struct master_pool *pool, uint64_t now_ms);
/* Each second: kills who hangs, and who does not drain in time. */
void master_pool_tick(struct master_pool *pool, uint64_t now_ms);
/* A child is dead. False: it was none of the workers. */
bool master_pool_on_exit(struct master_pool *pool, pid_t pid, int status,
			 uint64_t now_ms);

/* Fills one entry per slot; *_on_poll() takes them back. */
void master_pool_fill_poll(const struct master_pool *pool,
			   struct pollfd *entries);
void master_pool_on_poll(struct master_pool *pool,
			 const struct pollfd *entries);

/* Who is still starting is told when it is ready: before that the signal
 * would end it. */
void master_pool_reopen_logs(struct master_pool *pool);
void master_pool_signal(struct master_pool *pool, int signal_number);
/* Nobody is started any more; all are told to drain. */
void master_pool_drain(struct master_pool *pool);

unsigned master_pool_living(const struct master_pool *pool);
/* The pool cannot be started: why. NULL: it can. */
const char *master_pool_failure(const struct master_pool *pool);
/* Why a generation was given up. */
const char *master_pool_why(const struct master_pool *pool);

#endif

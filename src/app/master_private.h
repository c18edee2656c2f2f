/* SPDX-License-Identifier: ISC */
/*
 * What the files of the master share.
 */
#ifndef LEAT_APP_MASTER_PRIVATE_H
#define LEAT_APP_MASTER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/listen.h"
#include "app/master_exchange.h"
#include "app/slots.h"

struct config;

struct master_worker {
	pid_t pid; /* 0: none runs */
	uint64_t spawned_ms;
	uint64_t restart_ms; /* when to try again; 0: not waiting */
	unsigned backoff_ms;
	uint32_t last_tick;
	unsigned missed_ticks;
	bool is_ready;
};

struct master {
	const struct config *config;
	struct listen_set listening;
	struct slots *slots;
	struct master_exchange *exchange;
	struct master_worker workers[SLOTS_MAX];
	unsigned worker_count;
	int signal_fd;
	uint64_t next_tick_ms;
	bool was_ready; /* all workers have been ready once */
	bool is_draining;
	bool is_killing;
	uint64_t kill_ms; /* when what still drains is killed */
	int exit_status;
};

/* Starts the worker of an empty slot. False: it could not be (logged). */
bool master_spawn(struct master *master, unsigned slot);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What a pool needs before its first worker: descriptors enough, the log, the
 * runtime directory, sockets, shared memory, and the text of the
 * configuration, which every worker reads as it was now, however late it is
 * started.
 */
#ifndef LEAT_MASTER_MASTER_START_H
#define LEAT_MASTER_MASTER_START_H

#include <stdbool.h>

#include "pool/listen.h"

struct config;
struct master_generation;
struct slots;

struct master_start {
	struct listen_set listeners;
	struct slots *slots;
	char exe_path[2048]; /* what a reload executes */
	unsigned workers;    /* wanted */
	bool is_loss_told;   /* of a socket's path */
	int first_config_fd; /* of the start; -1: there is no file */
	/* Of the first generation, which takes them over. */
	int config_fd;
	int exe_fd;
};

/* False: it was said why, and nothing is left open. On success the first
 * line of the log says what is served. */
bool master_start_open(struct master_start *start, const struct config *config);
/* Parts of it, for a master that has executed itself. */
void master_start_init(struct master_start *start);
bool master_start_open_log(const struct config *config);
unsigned master_start_count_workers(const struct config *config);
unsigned master_start_room(const struct master_start *start); /* slots */
int master_start_open_exe(void); /* our own binary; -1: not to be had */

void master_start_make_runtime_dir(const struct config *config);
/* Opens sockets anew whose paths have been taken away. */
void master_start_renew_listeners(struct master_start *start,
				  const struct config *config);
/* Says in the log, once, when that happens. */
void master_start_watch_listeners(struct master_start *start);

/* Tells outsiders what serves now: the header of the slots file. */
void master_start_describe(const struct master_start *start,
			   const struct config *config,
			   const struct master_generation *generation);
/* Also removes what stands in the file system and still is ours. */
void master_start_close(struct master_start *start);

#endif

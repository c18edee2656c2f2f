/* SPDX-License-Identifier: ISC */
/*
 * What a pool needs before its first worker: descriptors enough, the log, the
 * runtime directory, sockets, shared memory, and the text of the
 * configuration, which every worker reads as it was now, however late it is
 * started.
 */
#ifndef LEAT_POOL_MASTER_START_H
#define LEAT_POOL_MASTER_START_H

#include <stdbool.h>

#include "pool/listen.h"

struct config;
struct slots;

struct master_start {
	struct listen_set listeners;
	struct slots *slots;
	unsigned workers; /* wanted */
	int config_fd;	  /* -1: there is no file */
};

/* False: it was said why, and nothing is left open. On success the first
 * line of the log says what is served. */
bool master_start_open(struct master_start *start, const struct config *config);
/* Also removes what stands in the file system and still is ours. */
void master_start_close(struct master_start *start);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Starting one worker: `leat worker …` (pool/worker_args.h) from the binary of
 * its generation by descriptor, which also a replaced one still is.
 */
#ifndef LEAT_MASTER_MASTER_SPAWN_H
#define LEAT_MASTER_MASTER_SPAWN_H

#include <sys/types.h>

#include "base/ids.h"

struct listen_set;

struct master_spawn {
	struct turn_place place;
	int channel_fd; /* the worker's end */
	int slots_fd;
	int exe_fd;		 /* the binary; -1: our own */
	int config_fd;		 /* the configuration's text; -1: defaults */
	int first_config_fd;	 /* the one of the start; -1: the same */
	const char *config_path; /* names it in messages; may be NULL */
	const struct listen_set *listeners;
};

/* The process, or -1 with errno set. */
pid_t master_spawn(const struct master_spawn *spawn);

#endif

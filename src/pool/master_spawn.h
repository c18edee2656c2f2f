/* SPDX-License-Identifier: ISC */
/*
 * Starting one worker: `leat worker …` from the master's own inode
 * (/proc/self/exe, which also a replaced binary still is), never a fork
 * without exec. What the worker needs goes by descriptor number in its
 * arguments; every other descriptor is CLOEXEC.
 */
#ifndef LEAT_POOL_MASTER_SPAWN_H
#define LEAT_POOL_MASTER_SPAWN_H

#include <sys/types.h>

#include "base/ids.h"

struct listen_set;

struct master_spawn {
	struct turn_place place;
	int channel_fd; /* the worker's end */
	int slots_fd;
	int config_fd;		 /* the configuration's text; -1: defaults */
	const char *config_path; /* names it in messages; may be NULL */
	const struct listen_set *listeners;
};

/* The process, or -1 with errno set. Signals of the worker: nothing blocked,
 * everything default. */
pid_t master_spawn(const struct master_spawn *spawn);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The arguments of `leat worker`, as master_spawn.c writes them.
 */
#ifndef LEAT_POOL_WORKER_ARGS_H
#define LEAT_POOL_WORKER_ARGS_H

#include <stdbool.h>

#include "base/ids.h"
#include "pool/listen.h"

struct worker_args {
	struct turn_place place;
	int channel_fd;
	int slots_fd;
	int config_fd;		 /* -1: no file, the defaults */
	int first_config_fd;	 /* -1: the pool started with the same one */
	const char *config_path; /* names the configuration; may be NULL */
	const char *listeners[LISTEN_MAX]; /* for listen_parse() */
	unsigned listener_count;
};

/* Strings stay argv's. Every descriptor named becomes CLOEXEC: what a worker
 * starts itself must not hold a listening socket. False: not our master's. */
bool worker_args_read(struct worker_args *args, int argc, char **argv);

#endif

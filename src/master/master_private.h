/* SPDX-License-Identifier: ISC */
/*
 * What the files of the master share.
 */
#ifndef LEAT_MASTER_MASTER_PRIVATE_H
#define LEAT_MASTER_MASTER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "master/master_check.h"
#include "master/master_report.h"
#include "master/master_start.h"

struct config;
struct master_pool;
struct pollfd;

struct master {
	struct config *config;
	struct master_start start;
	struct master_pool *pool;
	struct master_report report;
	struct pollfd *entries;
	int signal_fd;
	bool is_draining;
	uint64_t tick_ms; /* when the next is due */
	uint64_t kill_ms; /* draining: when patience ends */
	/* A reload: wanted, then checked, then done by execve(). */
	bool is_wanted;
	struct master_check check;
	int new_config_fd; /* what is being checked; -1: no file */
	int status;
};

#endif

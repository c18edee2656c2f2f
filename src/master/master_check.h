/* SPDX-License-Identifier: ISC */
/*
 * Before a reload: the binary that would be executed is run as `leat
 * candidate` on the configuration that would be taken up. Whatever is wrong
 * with either (does not execute, lacks a library, crashes, hangs, refuses)
 * shows there, and its words are the operator's explanation.
 */
#ifndef LEAT_MASTER_MASTER_CHECK_H
#define LEAT_MASTER_MASTER_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"

enum { MASTER_CHECK_MS = 10000 };

/* The last line of a candidate that can take over begins so; its version
 * follows. */
#define MASTER_CHECK_GOOD "can take over: leat "

struct master_check_options {
	const char *exe;	 /* absolute path */
	int config_fd;		 /* -1: no file */
	int first_config_fd;	 /* -1: no file */
	const char *config_path; /* NULL: no file */
};

struct master_check {
	pid_t pid; /* 0: none runs */
	int fd;	   /* its words; -1: none */
	uint64_t end_ms;
	bool is_late;
	struct buffer words;
};

void master_check_init(struct master_check *check);
/* False: it cannot be executed; words say why. */
bool master_check_start(struct master_check *check,
			const struct master_check_options *options,
			uint64_t now_ms);
/* Kills it; its exit is nobody's any more. Safe when none runs. */
void master_check_cancel(struct master_check *check);
/* Its words can be read. */
void master_check_on_poll(struct master_check *check);
void master_check_on_time(struct master_check *check, uint64_t now_ms);
/* It is dead. True: it can take over, words are its version. False: words
 * say why not, a line each. Valid until the next start. */
bool master_check_on_exit(struct master_check *check, int status);

#endif

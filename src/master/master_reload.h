/* SPDX-License-Identifier: ISC */
/*
 * Reload and upgrade, which are one operation: whatever the configuration
 * file and the binary's path hold now takes over.
 *
 *   wanted --room, nothing starts--> checking --good--> execve()
 *     ^                                 |                  |
 *     +---------- asked again ----------+--bad: told       +--> new workers
 *
 * Asking again while something runs means: once more, afterwards; however
 * often it was asked.
 */
#ifndef LEAT_MASTER_MASTER_RELOAD_H
#define LEAT_MASTER_MASTER_RELOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct master;

/* Logs are opened anew at once. */
void master_reload_want(struct master *master, const char *signal_name);
/* In each pass of the loop. */
void master_reload_step(struct master *master, uint64_t now_ms);
/* A child is dead. False: it was not the check. When the check was good this
 * does not return, unless execve() fails. */
bool master_reload_on_exit(struct master *master, pid_t pid, int status,
			   uint64_t now_ms);
/* The pool ends: no reload any more. */
void master_reload_cancel(struct master *master);

#endif

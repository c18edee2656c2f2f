/* SPDX-License-Identifier: ISC */
/*
 * The master executes itself: the same process goes on as whatever stands at
 * the path it was started by. What it knows goes with it in a memfd, whose
 * number stands in the environment.
 */
#ifndef LEAT_MASTER_MASTER_EXEC_H
#define LEAT_MASTER_MASTER_EXEC_H

struct master;

#define MASTER_EXEC_VARIABLE "LEAT_MASTER_STATE"

/* Returns only when it failed: errno says why, and everything is as it was. */
void master_exec(struct master *master);

/* The absolute path by which this process was executed; "" if that cannot be
 * told. Before any chdir(). */
void master_exec_find_path(char *out, unsigned size);

#endif

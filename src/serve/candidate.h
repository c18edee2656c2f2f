/* SPDX-License-Identifier: ISC */
/*
 * `leat candidate`, run by a master before a reload (master/master_check.h):
 * could this binary, with this configuration, serve? Everything that a worker
 * puts together is put together once; nothing is served and nobody is asked.
 */
#ifndef LEAT_SERVE_CANDIDATE_H
#define LEAT_SERVE_CANDIDATE_H

#include <stdbool.h>

struct config_memory;

/* Says on standard output why not, or that it can. state_version: what the
 * master would hand over. */
bool candidate_run(const struct config_memory *memory, int state_version);

#endif

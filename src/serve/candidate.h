/* SPDX-License-Identifier: ISC */
/*
 * `leat candidate`, run by a master before a reload: could this binary, with
 * this configuration, serve? Everything that a worker
 * puts together is put together once; nothing is served and nobody is asked.
 */
#ifndef LEAT_SERVE_CANDIDATE_H
#define LEAT_SERVE_CANDIDATE_H

#include <stdbool.h>

struct config_memory;

/* False: standard output says why not. */
bool candidate_run(const struct config_memory *memory);

#endif

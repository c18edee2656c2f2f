/* SPDX-License-Identifier: ISC */
/*
 * A folder of its own for each test: files to index, and the index.
 */
#ifndef LEAT_TESTS_SCRATCH_H
#define LEAT_TESTS_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "context/index_build.h"

/* A new empty folder; the current directory does not change. */
void scratch_open(void);
/* Removes it and everything inside. */
void scratch_close(void);
/* The path of a name inside; good for the next 16 calls. */
const char *scratch_path(const char *name);
/* Writes a file; folders on the way are made. */
void scratch_write(const char *name, const char *text);
void scratch_write_bytes(const char *name, const void *bytes, size_t len);
bool scratch_exists(const char *name);
/* Indexes the folder "site" into "index.db" under https://example.org/. */
bool scratch_build(struct fault *fault);

#endif

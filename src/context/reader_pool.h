/* SPDX-License-Identifier: ISC */
/*
 * Open connections to the index that is published now. Pool threads take one
 * for a search and give it back; when the file changes, those of the old one
 * are closed as they come back. Thread-safe.
 */
#ifndef LEAT_CONTEXT_READER_POOL_H
#define LEAT_CONTEXT_READER_POOL_H

#include <stdbool.h>

#include "base/error.h"
#include "context/index_reader.h"
#include "context/text_analysis.h"

struct reader_pool;

/* One connection, with what else a search needs. */
struct pooled_reader {
	struct index_reader *reader;
	struct text_analysis *analysis;
	unsigned generation;
};

struct reader_pool *reader_pool_new(const char *path);
void reader_pool_free(struct reader_pool *pool); /* all are given back */
/* Looks at the file: true when it is another one than at the last look (or
 * has come or gone). */
bool reader_pool_look(struct reader_pool *pool);
/* NULL and a fault whose hint is a sentence. */
struct pooled_reader *reader_pool_take(struct reader_pool *pool,
				       struct fault *fault);
void reader_pool_give(struct reader_pool *pool, struct pooled_reader *pooled);

#endif

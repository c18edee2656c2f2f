/* SPDX-License-Identifier: ISC */
/*
 * A published index (context/index_format.h), open for reading. It stays the
 * one that was opened, also when another one takes its name. For one thread
 * at a time.
 */
#ifndef LEAT_CONTEXT_INDEX_READER_H
#define LEAT_CONTEXT_INDEX_READER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "context/language.h"
#include "core/ask.h"

enum { INDEX_READER_LANGUAGES_MAX = 4 };

struct index_reader;

struct found_passage {
	int64_t id;
	double score;
};

/* NULL and a context_failed fault, whose hint says what to do. */
struct index_reader *index_reader_open(const char *path, struct fault *fault);
void index_reader_close(struct index_reader *reader); /* NULL is fine */

long index_reader_passages(const struct index_reader *reader);
/* The languages of most of its passages, the most frequent first; at least
 * one ("" when none is known). */
size_t index_reader_languages(const struct index_reader *reader,
			      struct language out[INDEX_READER_LANGUAGES_MAX]);
/* How much a token says: its inverse document frequency, as in BM25. */
double index_reader_idf(struct index_reader *reader, struct slice token);

/* A search: an FTS5 expression whose phrases count as `weights` (the
 * arguments of leat_bm25()) say. Both come from context/query.h and never
 * hold a user's text as it is. */
struct index_search {
	struct slice expression;
	struct slice weights;
	struct found_passage *found; /* room for `limit`; best first */
	size_t limit;
	size_t count; /* how many were found */
};

bool index_reader_search(struct index_reader *reader,
			 struct index_search *search, struct fault *fault);
/* Text, title, heading, url and language, copied to the arena. */
bool index_reader_load(struct index_reader *reader, int64_t id,
		       struct arena *arena, struct passage *out,
		       struct fault *fault);
/* Operations fail soon after *flag was set; NULL: no longer. */
void index_reader_watch(struct index_reader *reader, const atomic_bool *flag);

#endif

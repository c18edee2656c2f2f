/* SPDX-License-Identifier: ISC */
/*
 * leat_bm25(weight…): a ranking function for FTS5 tables of two columns
 * (title, body), to be used as `rank MATCH 'leat_bm25(…)'`.
 *
 * Okapi BM25 with k1 = 1.2, b = 0.75, where each phrase of the MATCH
 * expression brings its own weight (its idf times how much it counts in the
 * question): SQLite's own bm25() has no such weights, and reads every
 * posting list once more to learn the document frequencies that the index
 * keeps in a table anyway. A word in the title counts as TITLE_WEIGHT words,
 * in the length too. The result is negative: best first in ascending order.
 */
#ifndef LEAT_IO_DATABASE_RANK_H
#define LEAT_IO_DATABASE_RANK_H

#include <stdbool.h>

enum { DATABASE_RANK_PHRASES_MAX = 128 };

struct sqlite3;

/* False when this SQLite has no FTS5. */
bool database_rank_register(struct sqlite3 *handle);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * leat_bm25(weight…): a ranking function for FTS5 tables of two columns
 * (title, body), to be used as `rank MATCH 'leat_bm25(…)'`.
 *
 * Okapi BM25 with k1 = 1.2, b = 0.75, where each phrase of the MATCH
 * expression brings its own weight (its idf times how much it counts in the
 * question). SQLite's own bm25() has no such weights, reads every posting
 * list once more to learn the document frequencies that the index keeps in a
 * table anyway, and looks each row's length up in another table, which took
 * most of its time. A word in the title counts as DATABASE_RANK_TITLE words.
 * The result is negative: best first in ascending order.
 */
#ifndef LEAT_IO_DATABASE_RANK_H
#define LEAT_IO_DATABASE_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATABASE_RANK_PHRASES_MAX = 128, DATABASE_RANK_TITLE = 3 };

/* The lengths of all rows in words: title words count as DATABASE_RANK_TITLE
 * each. Two bytes per row, the low one first; row n stands at n - 1. A row
 * without one has the average length. */
struct database_rank_lengths {
	const unsigned char *bytes;
	size_t count;
	double average;
};

struct sqlite3;

/* `lengths` is borrowed and may be filled in later. False when this SQLite
 * has no FTS5. */
bool database_rank_register(struct sqlite3 *handle,
			    struct database_rank_lengths *lengths);

#endif

/* SPDX-License-Identifier: ISC */
#include "io/database_rank.h"

#include <string.h>

#include <sqlite3.h>

#define BM25_K1 1.2
#define BM25_B	0.75

/* The row's length as a share of the average. */
static double read_length(const struct database_rank_lengths *lengths,
			  sqlite3_int64 row)
{
	const unsigned char *at;

	if (row < 1 || (size_t)row > lengths->count || lengths->average <= 0)
		return 1;
	at = lengths->bytes + 2 * (row - 1);
	return (at[0] + 256 * at[1]) / lengths->average;
}

static int count_words(const Fts5ExtensionApi *api, Fts5Context *context,
		       double counts[DATABASE_RANK_PHRASES_MAX])
{
	int instances = 0;
	int rc = api->xInstCount(context, &instances);

	for (int i = 0; rc == SQLITE_OK && i < instances; i++) {
		int phrase, column, offset;

		rc = api->xInst(context, i, &phrase, &column, &offset);
		if (rc == SQLITE_OK && phrase < DATABASE_RANK_PHRASES_MAX)
			counts[phrase] += column == 0 ? DATABASE_RANK_TITLE : 1;
	}
	return rc;
}

static void rank_row(const Fts5ExtensionApi *api, Fts5Context *context,
		     sqlite3_context *result, int value_count,
		     sqlite3_value **values)
{
	double counts[DATABASE_RANK_PHRASES_MAX];
	double norm, score = 0;
	int phrases = api->xPhraseCount(context);
	int rc;

	if (phrases > DATABASE_RANK_PHRASES_MAX)
		phrases = DATABASE_RANK_PHRASES_MAX;
	memset(counts, 0, sizeof(counts));
	rc = count_words(api, context, counts);
	if (rc != SQLITE_OK) {
		sqlite3_result_error_code(result, rc);
		return;
	}
	norm =
	    1 - BM25_B +
	    BM25_B * read_length(api->xUserData(context), api->xRowid(context));
	for (int i = 0; i < phrases && i < value_count; i++) {
		if (counts[i] > 0)
			score += sqlite3_value_double(values[i]) * counts[i] *
				 (BM25_K1 + 1) / (counts[i] + BM25_K1 * norm);
	}
	sqlite3_result_double(result, -score);
}

bool database_rank_register(struct sqlite3 *handle,
			    struct database_rank_lengths *lengths)
{
	sqlite3_stmt *statement;
	fts5_api *api = NULL;

	if (sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement,
			       NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_pointer(statement, 1, (void *)&api, "fts5_api_ptr", NULL);
	sqlite3_step(statement);
	sqlite3_finalize(statement);
	return api && api->iVersion >= 2 &&
	       api->xCreateFunction(api, "leat_bm25", lengths, rank_row,
				    NULL) == SQLITE_OK;
}

/* SPDX-License-Identifier: ISC */
#include "io/database_rank.h"

#include <string.h>

#include <sqlite3.h>

#define BM25_K1 1.2
#define BM25_B	0.75

enum { TITLE_WEIGHT = 3 };

/* What is the same for every row of one query. */
struct averages {
	double length;
};

static int read_averages(const Fts5ExtensionApi *api, Fts5Context *context,
			 struct averages **out)
{
	struct averages *averages = api->xGetAuxdata(context, 0);
	sqlite3_int64 rows = 0, title = 0, body = 0;
	int rc = SQLITE_OK;

	*out = averages;
	if (averages)
		return SQLITE_OK;
	if ((rc = api->xRowCount(context, &rows)) != SQLITE_OK ||
	    (rc = api->xColumnTotalSize(context, 0, &title)) != SQLITE_OK ||
	    (rc = api->xColumnTotalSize(context, 1, &body)) != SQLITE_OK)
		return rc;
	averages = sqlite3_malloc(sizeof(*averages));
	if (!averages)
		return SQLITE_NOMEM;
	averages->length =
	    rows > 0 ? (double)(TITLE_WEIGHT * title + body) / (double)rows : 0;
	if (averages->length < 1)
		averages->length = 1;
	*out = averages;
	return api->xSetAuxdata(context, averages, sqlite3_free);
}

static int read_length(const Fts5ExtensionApi *api, Fts5Context *context,
		       double *length)
{
	int title = 0, body = 0;
	int rc = api->xColumnSize(context, 0, &title);

	if (rc == SQLITE_OK)
		rc = api->xColumnSize(context, 1, &body);
	*length = TITLE_WEIGHT * title + body;
	return rc;
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
			counts[phrase] += column == 0 ? TITLE_WEIGHT : 1;
	}
	return rc;
}

static void rank_row(const Fts5ExtensionApi *api, Fts5Context *context,
		     sqlite3_context *result, int value_count,
		     sqlite3_value **values)
{
	double counts[DATABASE_RANK_PHRASES_MAX];
	struct averages *averages;
	double length, score = 0;
	int phrases = api->xPhraseCount(context);
	int rc;

	if (phrases > DATABASE_RANK_PHRASES_MAX)
		phrases = DATABASE_RANK_PHRASES_MAX;
	memset(counts, 0, sizeof(counts));
	if ((rc = read_averages(api, context, &averages)) != SQLITE_OK ||
	    (rc = read_length(api, context, &length)) != SQLITE_OK ||
	    (rc = count_words(api, context, counts)) != SQLITE_OK) {
		sqlite3_result_error_code(result, rc);
		return;
	}
	for (int i = 0; i < phrases && i < value_count; i++) {
		double norm = 1 - BM25_B + BM25_B * length / averages->length;

		if (counts[i] > 0)
			score += sqlite3_value_double(values[i]) * counts[i] *
				 (BM25_K1 + 1) / (counts[i] + BM25_K1 * norm);
	}
	sqlite3_result_double(result, -score);
}

bool database_rank_register(struct sqlite3 *handle)
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
	       api->xCreateFunction(api, "leat_bm25", NULL, rank_row, NULL) ==
		   SQLITE_OK;
}

/* SPDX-License-Identifier: ISC */
#include "io/database.h"

#include <string.h>

#include <sqlite3.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/database_rank.h"

/* Opcodes of SQLite's machine between two looks at the flag: some 50 us. */
enum { WATCH_EVERY = 1000 };

struct database {
	sqlite3 *handle;
	const atomic_bool *flag;
	enum database_trouble trouble;
	struct database_rank_lengths lengths;
};

struct database_statement {
	struct database *database;
	sqlite3_stmt *handle;
};

static enum database_trouble trouble_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return DATABASE_FINE;
	case SQLITE_FULL:
	case SQLITE_IOERR:
		return DATABASE_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return DATABASE_DAMAGED;
	case SQLITE_INTERRUPT:
	case SQLITE_ABORT:
		return DATABASE_INTERRUPTED;
	default:
		return DATABASE_OTHER;
	}
}

/* SQLite's message may name a path, but never content. */
static bool report(struct database *database, int rc, const char *doing,
		   struct fault *fault)
{
	database->trouble = trouble_of(rc);
	return fault_set(fault, ERROR_CONTEXT_FAILED, "sqlite: %s: %s (%d)",
			 doing, sqlite3_errstr(rc), rc);
}

static int on_progress(void *state)
{
	struct database *database = state;

	return database->flag &&
	       atomic_load_explicit(database->flag, memory_order_relaxed);
}

static struct database *open_file(const char *name, int flags,
				  struct fault *fault)
{
	struct database *database = memory_zalloc(sizeof(*database));
	int rc = sqlite3_open_v2(name, &database->handle,
				 flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
				 NULL);

	if (rc != SQLITE_OK) {
		report(database, rc, "open", fault);
		database_close(database);
		return NULL;
	}
	sqlite3_extended_result_codes(database->handle, 1);
	sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1,
			  (int *)NULL);
	sqlite3_db_config(database->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
			  (int *)NULL);
	if (!database_rank_register(database->handle, &database->lengths)) {
		fault_set(fault, ERROR_CONTEXT_FAILED,
			  "this SQLite was built without FTS5");
		database_close(database);
		return NULL;
	}
	return database;
}

static struct database *open_uri(const char *path, const char *parameters,
				 int flags, struct fault *fault)
{
	struct database *database;
	struct buffer uri;

	buffer_init(&uri, BUFFER_UNLIMITED);
	buffer_append_string(&uri, "file:");
	/* "file://x" would make x the name of a host. */
	if (path[0] == '/')
		buffer_append_string(&uri, "//");
	text_percent_encode(&uri, slice_of(path), "/");
	buffer_append_string(&uri, parameters);
	database = open_file(buffer_string(&uri), flags, fault);
	buffer_fini(&uri);
	return database;
}

struct database *database_create(const char *path, struct fault *fault)
{
	struct database *database =
	    open_uri(path, "?nolock=1",
		     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, fault);

	if (database &&
	    !database_run(
		database,
		"PRAGMA page_size = 4096; PRAGMA journal_mode = OFF;"
		"PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
		"PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768",
		fault)) {
		database_close(database);
		return NULL;
	}
	return database;
}

struct database *database_open_published(const char *path, struct fault *fault)
{
	struct database *database =
	    open_uri(path, "?mode=ro&immutable=1", SQLITE_OPEN_READONLY, fault);

	if (database)
		sqlite3_exec(database->handle,
			     "PRAGMA query_only = 1; PRAGMA cache_size = -4096;"
			     "PRAGMA temp_store = MEMORY",
			     NULL, NULL, NULL);
	return database;
}

bool database_close(struct database *database)
{
	bool is_ok;

	if (!database)
		return true;
	is_ok = sqlite3_close_v2(database->handle) == SQLITE_OK;
	memory_free(database);
	return is_ok;
}

void database_watch(struct database *database, const atomic_bool *flag)
{
	database->flag = flag;
	if (flag)
		sqlite3_progress_handler(database->handle, WATCH_EVERY,
					 on_progress, database);
	else
		sqlite3_progress_handler(database->handle, 0, NULL, NULL);
}

enum database_trouble database_trouble(const struct database *database)
{
	return database->trouble;
}

bool database_run(struct database *database, const char *sql,
		  struct fault *fault)
{
	int rc = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK || report(database, rc, "run", fault);
}

struct database_statement *database_prepare(struct database *database,
					    const char *sql,
					    struct fault *fault)
{
	struct database_statement *statement;
	sqlite3_stmt *handle = NULL;
	int rc = sqlite3_prepare_v3(database->handle, sql, -1,
				    SQLITE_PREPARE_PERSISTENT, &handle, NULL);

	if (rc != SQLITE_OK) {
		report(database, rc, "prepare", fault);
		return NULL;
	}
	statement = memory_zalloc(sizeof(*statement));
	statement->database = database;
	statement->handle = handle;
	return statement;
}

void database_finish(struct database_statement *statement)
{
	if (!statement)
		return;
	sqlite3_finalize(statement->handle);
	memory_free(statement);
}

void database_bind_int(struct database_statement *statement, int parameter,
		       int64_t value)
{
	sqlite3_bind_int64(statement->handle, parameter, value);
}

void database_bind_text(struct database_statement *statement, int parameter,
			struct slice text)
{
	sqlite3_bind_text64(statement->handle, parameter,
			    text.data ? text.data : "", text.len, SQLITE_STATIC,
			    SQLITE_UTF8);
}

void database_bind_blob(struct database_statement *statement, int parameter,
			struct slice bytes)
{
	sqlite3_bind_blob64(statement->handle, parameter,
			    bytes.data ? bytes.data : "", bytes.len,
			    SQLITE_STATIC);
}

enum database_step database_step(struct database_statement *statement,
				 struct fault *fault)
{
	int rc = sqlite3_step(statement->handle);

	if (rc == SQLITE_ROW)
		return DATABASE_ROW;
	if (rc == SQLITE_DONE)
		return DATABASE_DONE;
	report(statement->database, rc, "step", fault);
	return DATABASE_FAILED;
}

void database_reset(struct database_statement *statement)
{
	sqlite3_reset(statement->handle);
	sqlite3_clear_bindings(statement->handle);
}

bool database_step_once(struct database_statement *statement,
			struct fault *fault)
{
	enum database_step step = database_step(statement, fault);

	database_reset(statement);
	return step != DATABASE_FAILED;
}

int64_t database_column_int(struct database_statement *statement, int column)
{
	return sqlite3_column_int64(statement->handle, column);
}

double database_column_real(struct database_statement *statement, int column)
{
	return sqlite3_column_double(statement->handle, column);
}

struct slice database_column_text(struct database_statement *statement,
				  int column)
{
	/* The order matters: _bytes() after _text(). */
	const void *text = sqlite3_column_text(statement->handle, column);
	int len = sqlite3_column_bytes(statement->handle, column);

	return slice_make(text, text ? (size_t)len : 0);
}

struct slice database_column_blob(struct database_statement *statement,
				  int column)
{
	const void *bytes = sqlite3_column_blob(statement->handle, column);
	int len = sqlite3_column_bytes(statement->handle, column);

	return slice_make(bytes, bytes ? (size_t)len : 0);
}

void database_set_lengths(struct database *database, struct slice lengths,
			  double average)
{
	database->lengths.bytes = (const unsigned char *)lengths.data;
	database->lengths.count = lengths.len / 2;
	database->lengths.average = average;
}

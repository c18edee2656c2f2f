/* SPDX-License-Identifier: ISC */
/*
 * SQLite, and the only place that knows it. Two ways to open a file: as a new
 * one that nobody else sees yet (no journal: a build that fails is thrown
 * away as a whole), and as a published one, which is read-only and immutable:
 * who changes it replaces it by rename(2).
 *
 * A database and its statements belong to one thread at a time. Failures are
 * told twice: as a fault, and by database_trouble() for who decides.
 */
#ifndef LEAT_IO_DATABASE_H
#define LEAT_IO_DATABASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

struct database;
struct database_statement;

enum database_step { DATABASE_ROW, DATABASE_DONE, DATABASE_FAILED };

enum database_trouble {
	DATABASE_FINE,
	DATABASE_FULL,	      /* no room, a quota, or an I/O error */
	DATABASE_DAMAGED,     /* not a database, or a broken one */
	DATABASE_INTERRUPTED, /* the flag of database_watch() was set */
	DATABASE_OTHER
};

/* NULL and a fault when the file cannot be opened. database_create() expects
 * an empty or missing file. */
struct database *database_create(const char *path, struct fault *fault);
struct database *database_open_published(const char *path, struct fault *fault);
/* Every statement must be finished before. NULL is fine. False (after
 * database_create()): something could not be written. */
bool database_close(struct database *database);

/* Operations fail soon after *flag became true. The flag is borrowed; NULL:
 * no longer. */
void database_watch(struct database *database, const atomic_bool *flag);
/* What the last failure was; DATABASE_FINE when there was none. */
enum database_trouble database_trouble(const struct database *database);

/* Statements without results; several may stand in one text. */
bool database_run(struct database *database, const char *sql,
		  struct fault *fault);

struct database_statement *database_prepare(struct database *database,
					    const char *sql,
					    struct fault *fault);
void database_finish(struct database_statement *statement); /* NULL is fine */

/* Parameters count from 1. Text is borrowed until the next reset. */
void database_bind_int(struct database_statement *statement, int parameter,
		       int64_t value);
void database_bind_text(struct database_statement *statement, int parameter,
			struct slice text);
void database_bind_blob(struct database_statement *statement, int parameter,
			struct slice bytes);
enum database_step database_step(struct database_statement *statement,
				 struct fault *fault);
/* Ready for the next run; parameters are forgotten. */
void database_reset(struct database_statement *statement);
/* Binds nothing more, takes one step that must end it, and resets. */
bool database_step_once(struct database_statement *statement,
			struct fault *fault);

/* Columns count from 0. Text lives until the next step or reset. */
int64_t database_column_int(struct database_statement *statement, int column);
double database_column_real(struct database_statement *statement, int column);
struct slice database_column_text(struct database_statement *statement,
				  int column);

struct slice database_column_blob(struct database_statement *statement,
				  int column);

/* The lengths of FTS5 rows, for leat_bm25() (io/database_rank.h), which see;
 * borrowed until the database is closed. */
void database_set_lengths(struct database *database, struct slice lengths,
			  double average);

#endif

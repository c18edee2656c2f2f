/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/database.h"

static char folder[64];
static char path[128];

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/leat-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	/* Characters that mean something in a URI. */
	snprintf(path, sizeof(path), "%s/a b?c#d%%e.db", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	rmdir(folder);
	return 0;
}

static void make(const char *sql)
{
	struct database *database = database_create(path, NULL);

	assert_non_null(database);
	assert_true(database_run(database, sql, NULL));
	assert_true(database_close(database));
}

static void what_was_written_is_read(void **state)
{
	struct database_statement *row;
	struct database *database;

	(void)state;
	database = database_create(path, NULL);
	assert_true(database_run(database, "CREATE TABLE t (a, b, c)", NULL));
	row = database_prepare(database, "INSERT INTO t VALUES (?1, ?2, ?3)",
			       NULL);
	database_bind_int(row, 1, 7);
	database_bind_text(row, 2, SLICE_LITERAL("text"));
	database_bind_blob(row, 3, SLICE_LITERAL("\0\1\2"));
	assert_true(database_step_once(row, NULL));
	/* Parameters are forgotten; an empty text is not NULL. */
	database_bind_text(row, 2, SLICE_NONE);
	assert_true(database_step_once(row, NULL));
	database_finish(row);
	assert_true(database_close(database));

	database = database_open_published(path, NULL);
	row = database_prepare(
	    database, "SELECT a, b, c, b IS NULL, a * 1.5 FROM t", NULL);
	assert_int_equal(database_step(row, NULL), DATABASE_ROW);
	assert_int_equal(database_column_int(row, 0), 7);
	assert_true(slice_is(database_column_text(row, 1), "text"));
	assert_int_equal(database_column_blob(row, 2).len, 3);
	assert_true(database_column_real(row, 4) == 10.5);
	assert_int_equal(database_step(row, NULL), DATABASE_ROW);
	assert_int_equal(database_column_int(row, 0), 0);
	assert_int_equal(database_column_int(row, 3), 0);
	assert_int_equal(database_step(row, NULL), DATABASE_DONE);
	database_finish(row);
	assert_true(database_close(database));
}

static void a_published_file_cannot_be_written(void **state)
{
	struct database *database;
	struct fault fault = {0};

	(void)state;
	make("CREATE TABLE t (a)");
	database = database_open_published(path, NULL);
	assert_false(
	    database_run(database, "INSERT INTO t VALUES (1)", &fault));
	assert_int_equal(fault.code, ERROR_CONTEXT_FAILED);
	database_close(database);
}

static void no_other_files_appear(void **state)
{
	(void)state;
	make("BEGIN; CREATE TABLE t (a); INSERT INTO t VALUES (1); COMMIT");
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
}

static void a_file_that_is_none_is_damaged(void **state)
{
	FILE *file = fopen(path, "w");
	struct database *database;
	struct fault fault = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		fputs("no database ", file);
	fclose(file);
	database = database_open_published(path, NULL);
	if (database) {
		assert_null(database_prepare(
		    database, "SELECT * FROM sqlite_schema", &fault));
		assert_int_equal(database_trouble(database), DATABASE_DAMAGED);
	}
	database_close(database);
}

static void a_missing_file_cannot_be_opened(void **state)
{
	struct fault fault = {0};

	(void)state;
	assert_null(database_open_published(path, &fault));
	assert_int_equal(fault.code, ERROR_CONTEXT_FAILED);
	assert_true(database_close(NULL));
}

static void the_flag_interrupts_what_runs(void **state)
{
	static const char endless[] =
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
	    " SELECT count (*) FROM n";
	const atomic_bool flag = true;
	struct database_statement *row;
	struct database *database;

	(void)state;
	make("CREATE TABLE t (a)");
	database = database_open_published(path, NULL);
	database_watch(database, &flag);
	row = database_prepare(database, endless, NULL);
	assert_int_equal(database_step(row, NULL), DATABASE_FAILED);
	assert_int_equal(database_trouble(database), DATABASE_INTERRUPTED);
	database_finish(row);
	database_watch(database, NULL);
	row = database_prepare(database, "SELECT 1", NULL);
	assert_int_equal(database_step(row, NULL), DATABASE_ROW);
	database_finish(row);
	database_close(database);
}

static void wrong_sql_is_a_fault(void **state)
{
	struct database *database = database_create(path, NULL);
	struct fault fault = {0};

	(void)state;
	assert_null(database_prepare(database, "SELECT FROM", &fault));
	assert_int_equal(fault.code, ERROR_CONTEXT_FAILED);
	assert_int_equal(database_trouble(database), DATABASE_OTHER);
	database_finish(NULL);
	database_close(database);
}

static struct database *ranked(void)
{
	make("CREATE VIRTUAL TABLE w USING fts5 (title, body, content = '',"
	     " columnsize = 0);"
	     "INSERT INTO w (rowid, title, body) VALUES (1, 'x', 'rare'),"
	     " (2, 'x', 'rare common'), (3, 'rare', 'x'),"
	     " (4, 'x', 'rare rare'), (5, 'x', 'rare x x x x x x x x x')");
	return database_open_published(path, NULL);
}

static void assert_order(struct database *database, const char *weights,
			 const char *expected)
{
	struct database_statement *row = database_prepare(
	    database,
	    "SELECT group_concat (rowid, '') FROM (SELECT rowid FROM w"
	    " WHERE w MATCH '\"rare\" OR \"common\"' AND rank MATCH ?1"
	    " ORDER BY rank, rowid)",
	    NULL);

	assert_non_null(row);
	database_bind_text(row, 1, slice_of(weights));
	assert_int_equal(database_step(row, NULL), DATABASE_ROW);
	assert_true(slice_is(database_column_text(row, 0), expected));
	database_finish(row);
}

static void ranking_goes_by_weight_title_count_and_length(void **state)
{
	struct database *database = ranked();
	/* As they are: 3 for the title's word, 1 for each of the body's. */
	static const unsigned char lengths[] = {4, 0, 5, 0, 4, 0, 5, 0, 13, 0};

	(void)state;
	database_set_lengths(
	    database, slice_make((const char *)lengths, sizeof(lengths)), 6.2);
	/* In the title, twice, once (short, a little longer, long). */
	assert_order(database, "leat_bm25(100,0)", "34125");
	/* A word that counts much more decides. */
	assert_order(database, "leat_bm25(1,1000)", "23415");
	/* Missing weights are none, and lengths may be missing too. */
	database_set_lengths(database, SLICE_NONE, 0);
	assert_order(database, "leat_bm25(100)", "34125");
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(what_was_written_is_read),
	    TEST(a_published_file_cannot_be_written),
	    TEST(no_other_files_appear),
	    TEST(a_file_that_is_none_is_damaged),
	    TEST(a_missing_file_cannot_be_opened),
	    TEST(the_flag_interrupts_what_runs),
	    TEST(wrong_sql_is_a_fault),
	    TEST(ranking_goes_by_weight_title_count_and_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "context/query.h"
#include "scratch.h"

static struct index_reader *reader;
static struct text_analysis *analysis;

static int set_up(void **state)
{
	(void)state;
	scratch_open();
	scratch_write("site/1.md", "# Ports\n\nThe foo-bar listens on a port. "
				   "It speaks C++ and x:y.\n");
	scratch_write("site/2.md", "# Water\n\nWhat's NEAR and NOT far? "
				   "foo/bar, a.b and v2.4.57.\n");
	scratch_write("site/3.md", "# 安装\n\n如何安装服务器软件。喝水。\n");
	scratch_write("site/4.md", "# الخادم\n\nكيف تثبت الخادم على الجهاز؟\n");
	scratch_write("site/5.md", "# Häfen\n\nWelcher Hafen ist der größte? "
				   "Die Schiffe liegen im Hafen.\n");
	assert_true(scratch_build(NULL));
	reader = index_reader_open(scratch_path("index.db"), NULL);
	assert_non_null(reader);
	analysis = text_analysis_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	text_analysis_free(analysis);
	index_reader_close(reader);
	scratch_close();
	return 0;
}

/* How many passages are found; the search must not fail. *url is that of the
 * best. */
static size_t count_found(struct slice text, char url[100])
{
	struct found_passage found[10];
	struct index_search search = {.found = found, .limit = 10};
	struct buffer expression, weights;
	struct fault fault = {0};
	struct query query;
	size_t count;

	buffer_init(&expression, 1 << 16);
	buffer_init(&weights, 1 << 16);
	query_init(&query, reader, analysis);
	query_add_question(&query, text);
	if (query_write(&query, &expression, &weights)) {
		search.expression = buffer_slice(&expression);
		search.weights = buffer_slice(&weights);
		assert_true(index_reader_search(reader, &search, &fault));
	}
	count = search.count;
	assert_false(expression.overflowed || weights.overflowed);
	if (count > 0 && url) {
		struct arena arena;
		struct passage passage;

		arena_init(&arena);
		assert_true(index_reader_load(reader, found[0].id, &arena,
					      &passage, &fault));
		assert_true(passage.url.len < 100);
		memcpy(url, passage.url.data, passage.url.len);
		url[passage.url.len] = '\0';
		arena_fini(&arena);
	}
	query_fini(&query);
	buffer_fini(&expression);
	buffer_fini(&weights);
	return count;
}

static void assert_found(const char *text, const char *page)
{
	char url[100] = "";

	assert_true(count_found(slice_of(text), url) > 0);
	assert_non_null(strstr(url, page));
}

/* Each of these is an error, an operator or a column in FTS5's syntax. */
static void what_fts5_takes_for_syntax_is_only_words(void **state)
{
	(void)state;
	assert_found("foo-bar", "1.md");
	assert_found("x:y", "1.md");
	assert_found("c++", "1.md");
	assert_found("what's near", "2.md");
	assert_found("NOT far", "2.md");
	assert_found("a.b AND", "2.md");
	assert_found("foo/bar, a.b", "2.md");
	assert_found("NEAR(far near, 5)", "2.md");
	assert_found("(port", "1.md");
	assert_found("port*", "1.md");
	assert_found("^port", "1.md");
	assert_found("title : port", "1.md");
	assert_found("{title body} : port", "1.md");
	assert_found("port\" OR \"1", "1.md");
	assert_found("port'; DROP TABLE words; --", "1.md");
	assert_found("2.4", "2.md");
}

static void without_a_word_nothing_is_found(void **state)
{
	(void)state;
	assert_int_equal(count_found(SLICE_NONE, NULL), 0);
	assert_int_equal(count_found(SLICE_LITERAL("\""), NULL), 0);
	assert_int_equal(count_found(SLICE_LITERAL("\"\"\" * ^ -- ()"), NULL),
			 0);
	assert_int_equal(count_found(SLICE_LITERAL("!!! \n\t ???"), NULL), 0);
	assert_int_equal(count_found(SLICE_LITERAL("\0\0\0"), NULL), 0);
}

static void only_stop_words_are_searched_for_after_all(void **state)
{
	(void)state;
	assert_found("it on", "1.md");
}

static void nuls_separate_words(void **state)
{
	char url[100] = "";

	(void)state;
	assert_true(count_found(SLICE_LITERAL("zzz\0port\0"), url) > 0);
	assert_non_null(strstr(url, "1.md"));
}

static void eight_kilobytes_of_junk_are_searched_for(void **state)
{
	char *junk = memory_alloc(8192);

	(void)state;
	srand(2);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 8192; i++)
			junk[i] = round % 2 ? (char)(rand() % 256)
					    : (char)(' ' + rand() % 95);
		count_found(slice_make(junk, 8192), NULL);
	}
	/* Many different words: the expression is bounded. */
	for (int i = 0; i < 8192; i++)
		junk[i] = i % 5 == 4 ? ' ' : (char)('a' + rand() % 26);
	count_found(slice_make(junk, 8192), NULL);
	memset(junk, '"', 8192);
	assert_int_equal(count_found(slice_make(junk, 8192), NULL), 0);
	memory_free(junk);
}

static void chinese_is_found_by_words_and_single_characters(void **state)
{
	(void)state;
	assert_found("怎么安装软件", "3.md");
	assert_found("水", "3.md");
	assert_found("器", "3.md");
}

static void arabic_and_german_are_found_in_other_forms(void **state)
{
	(void)state;
	assert_found("تثبيت خادم", "4.md");
	assert_found("Schiff im hafen", "5.md");
	assert_found("GROSSTE häfen", "5.md");
}

static double count_of(const struct query *query, const char *token)
{
	for (size_t i = 0; i < query->term_count; i++)
		if (slice_is(query->terms[i].token, token))
			return query->terms[i].count;
	return 0;
}

/* Four languages make the same of "port": that does not count. */
static void a_word_that_stands_twice_counts_twice(void **state)
{
	struct query query;

	(void)state;
	query_init(&query, reader, analysis);
	assert_int_equal(query.language_count, 4);
	query_add_question(&query, SLICE_LITERAL("port port water"));
	assert_true(count_of(&query, "port") == 2);
	assert_true(count_of(&query, "water") == 1);
	assert_int_equal(query.content_words, 3);
	query_fini(&query);
}

static void words_of_the_conversation_count_less_and_add_nothing_twice(
    void **state)
{
	struct query query;

	(void)state;
	query_init(&query, reader, analysis);
	query_add_question(&query, SLICE_LITERAL("port"));
	query_add_context(&query, SLICE_LITERAL("the port of water and wine"),
			  0.5, 1);
	assert_int_equal(query.term_count, 2);
	assert_true(query.terms[0].count == 1);
	assert_true(query.terms[1].count == 0.5);
	query_fini(&query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test(name)
	    TEST(what_fts5_takes_for_syntax_is_only_words),
	    TEST(without_a_word_nothing_is_found),
	    TEST(only_stop_words_are_searched_for_after_all),
	    TEST(nuls_separate_words),
	    TEST(eight_kilobytes_of_junk_are_searched_for),
	    TEST(chinese_is_found_by_words_and_single_characters),
	    TEST(arabic_and_german_are_found_in_other_forms),
	    TEST(a_word_that_stands_twice_counts_twice),
	    TEST(words_of_the_conversation_count_less_and_add_nothing_twice),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

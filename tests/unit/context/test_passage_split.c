/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/text.h"
#include "context/passage_split.h"

/* What came out: all texts with their headings, and each by number. */
struct result {
	struct arena arena;
	struct split_passage passages[4096];
	size_t count;
	size_t stop_after; /* 0: never */
};

static struct document document;
static struct result result;

static int set_up(void **state)
{
	(void)state;
	document_init(&document);
	memset(&result, 0, sizeof(result));
	arena_init(&result.arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	document_fini(&document);
	arena_fini(&result.arena);
	return 0;
}

static void add(enum block_kind kind, int level, const char *text,
		const char *anchor)
{
	struct block block = {.kind = kind,
			      .level = level,
			      .text = slice_of(text),
			      .anchor = slice_of(anchor)};

	document_add(&document, &block);
}

static bool on_passage(void *state, const struct split_passage *passage)
{
	struct split_passage *copy = &result.passages[result.count++];

	(void)state;
	assert_true(result.count <= 4096);
	copy->text = arena_copy(&result.arena, passage->text);
	copy->heading = arena_copy(&result.arena, passage->heading);
	copy->anchor = arena_copy(&result.arena, passage->anchor);
	return result.count != result.stop_after;
}

static void split(void)
{
	assert_true(passage_split_document(&document, on_passage, NULL));
}

static void assert_passage(size_t n, const char *heading, const char *anchor,
			   const char *text)
{
	assert_true(n < result.count);
	assert_string_equal(result.passages[n].heading.data, heading);
	assert_string_equal(result.passages[n].anchor.data, anchor);
	assert_string_equal(result.passages[n].text.data, text);
}

/* `len` characters of sentences of ten. */
static const char *prose(size_t len)
{
	static char texts[8][20001];
	static unsigned next;
	char *text = texts[next++ % 8];

	for (size_t i = 0; i < len; i++)
		text[i] = "Some text. "[i % 11];
	text[len] = '\0';
	return text;
}

static void passages_carry_the_path_of_headings(void **state)
{
	(void)state;
	document_set_title(&document, SLICE_LITERAL("Guide"));
	add(BLOCK_TEXT, 0, prose(300), "");
	add(BLOCK_HEADING, 1, "Guide", "guide");
	add(BLOCK_TEXT, 0, prose(300), "");
	add(BLOCK_HEADING, 2, "Install", "install");
	add(BLOCK_TEXT, 0, prose(400), "");
	add(BLOCK_HEADING, 3, "Debian", "");
	add(BLOCK_TEXT, 0, prose(500), "");
	add(BLOCK_HEADING, 2, "Use", "use");
	add(BLOCK_TEXT, 0, prose(600), "");
	split();
	assert_int_equal(result.count, 5);
	assert_string_equal(result.passages[0].heading.data, "");
	assert_string_equal(result.passages[1].heading.data, "");
	assert_string_equal(result.passages[1].anchor.data, "guide");
	assert_string_equal(result.passages[2].heading.data, "Install");
	/* No anchor of its own: the one above it. */
	assert_string_equal(result.passages[3].heading.data,
			    "Install > Debian");
	assert_string_equal(result.passages[3].anchor.data, "install");
	assert_string_equal(result.passages[4].heading.data, "Use");
}

static void blocks_are_written_so_that_they_can_be_told_apart(void **state)
{
	(void)state;
	add(BLOCK_TEXT, 0, "Do this:", "");
	add(BLOCK_ITEM, 0, "- one", "");
	add(BLOCK_ITEM, 0, "- two", "");
	add(BLOCK_CODE, 0, "if (x)\n\n  y();", "");
	add(BLOCK_ROW, 0, "a | b", "");
	add(BLOCK_ROW, 0, "c | d", "");
	split();
	assert_int_equal(result.count, 1);
	assert_passage(0, "", "",
		       "Do this:\n\n- one\n- two\n\n    if (x)\n\n      y();"
		       "\n\na | b\nc | d");
}

static void a_short_subsection_stays_with_its_section(void **state)
{
	(void)state;
	add(BLOCK_HEADING, 2, "Timeout", "timeout");
	add(BLOCK_TEXT, 0, prose(300), "");
	add(BLOCK_HEADING, 3, "Example", "");
	add(BLOCK_CODE, 0, "timeout 60", "");
	add(BLOCK_HEADING, 2, "Port", "port");
	add(BLOCK_TEXT, 0, "Short, but a section of its own.", "");
	split();
	assert_int_equal(result.count, 2);
	assert_string_equal(result.passages[0].heading.data, "Timeout");
	assert_non_null(strstr(result.passages[0].text.data,
			       "\n\nExample\n\n    timeout 60"));
	assert_passage(1, "Port", "port", "Short, but a section of its own.");
}

static void a_heading_without_text_is_not_lost(void **state)
{
	(void)state;
	add(BLOCK_HEADING, 1, "Only this", "only");
	split();
	assert_int_equal(result.count, 1);
	assert_passage(0, "Only this", "only", "Only this");
}

static void a_long_section_is_split_evenly(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++)
		add(BLOCK_TEXT, 0, prose(200), "");
	split();
	assert_int_equal(result.count, 3);
	for (size_t i = 0; i < result.count; i++)
		assert_in_range(result.passages[i].text.len, 550, 850);
}

static void a_long_paragraph_ends_at_sentences(void **state)
{
	(void)state;
	add(BLOCK_TEXT, 0, prose(5000), "");
	split();
	assert_true(result.count >= 5);
	for (size_t i = 0; i + 1 < result.count; i++) {
		struct slice text = result.passages[i].text;

		assert_in_range(text.len, 500, PASSAGE_MAX);
		assert_int_equal(text.data[text.len - 1], '.');
	}
}

static void an_introduction_moves_on_with_its_list(void **state)
{
	(void)state;
	add(BLOCK_TEXT, 0, prose(700), "");
	add(BLOCK_TEXT, 0, "To turn it on:", "");
	add(BLOCK_CODE, 0, prose(600), "");
	split();
	assert_int_equal(result.count, 2);
	assert_memory_equal(result.passages[1].text.data, "To turn it on:", 14);
}

static void endless_words_are_cut_between_characters(void **state)
{
	struct buffer text;

	(void)state;
	buffer_init(&text, 1 << 20);
	for (int i = 0; i < 5000; i++)
		buffer_append_string(&text, "ü");
	add(BLOCK_TEXT, 0, buffer_string(&text), "");
	split();
	for (size_t i = 0; i < result.count; i++)
		assert_true(text_is_utf8(result.passages[i].text.data,
					 result.passages[i].text.len));
	buffer_fini(&text);
}

static void who_receives_can_end_it(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		add(BLOCK_TEXT, 0, prose(800), "");
	result.stop_after = 3;
	assert_false(passage_split_document(&document, on_passage, NULL));
	assert_int_equal(result.count, 3);
}

static void an_empty_document_has_no_passages(void **state)
{
	(void)state;
	split();
	assert_int_equal(result.count, 0);
}

/* A block of random kind and length whose words are numbered, so that each
 * can be found again. */
static void add_random_block(unsigned *number, struct buffer *expected)
{
	static const int lengths[] = {1, 3, 10, 30, 100, 150, 180, 400};
	enum block_kind kind = (enum block_kind)(rand() % 5);
	int words = lengths[rand() % 8];
	struct buffer text;

	if (kind == BLOCK_HEADING && words > 30)
		words = 4;
	buffer_init(&text, 1 << 20);
	for (int i = 0; i < words; i++) {
		const char *between = rand() % 8 == 0 ? ". " : " ";

		if (kind == BLOCK_CODE && rand() % 6 == 0)
			between = "\n";
		buffer_printf(&text, "%sw%uö", i ? between : "", *number);
		buffer_printf(expected, "w%uö ", (*number)++);
	}
	add(kind, 1 + rand() % 6, buffer_string(&text), "");
	buffer_fini(&text);
}

/* Is the word in a passage's text or, for headings, in its path? */
static bool is_kept(const char *word)
{
	for (size_t i = 0; i < result.count; i++)
		if (strstr(result.passages[i].text.data, word) ||
		    strstr(result.passages[i].heading.data, word))
			return true;
	return false;
}

static void nothing_is_lost_and_nothing_is_too_long(void **state)
{
	(void)state;
	srand(5);
	for (int round = 0; round < 60; round++) {
		unsigned number = 0;
		struct buffer expected;
		char *word;

		tear_down(NULL);
		set_up(NULL);
		buffer_init(&expected, 1 << 20);
		for (int i = rand() % 30; i >= 0; i--)
			add_random_block(&number, &expected);
		split();
		for (size_t i = 0; i < result.count; i++) {
			struct slice text = result.passages[i].text;

			assert_true(text.len > 0);
			assert_true(text_is_utf8(text.data, text.len));
			assert_in_range(text_utf8_count(text.data, text.len), 1,
					PASSAGE_MAX);
		}
		buffer_append_char(&expected, '\0');
		for (word = strtok(expected.data, " "); word;
		     word = strtok(NULL, " "))
			assert_true(is_kept(word));
		buffer_fini(&expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(passages_carry_the_path_of_headings),
	    TEST(blocks_are_written_so_that_they_can_be_told_apart),
	    TEST(a_short_subsection_stays_with_its_section),
	    TEST(a_heading_without_text_is_not_lost),
	    TEST(a_long_section_is_split_evenly),
	    TEST(a_long_paragraph_ends_at_sentences),
	    TEST(an_introduction_moves_on_with_its_list),
	    TEST(endless_words_are_cut_between_characters),
	    TEST(who_receives_can_end_it),
	    TEST(an_empty_document_has_no_passages),
	    TEST(nothing_is_lost_and_nothing_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "context/markdown_reader.h"
#include "context/text_reader.h"
#include "show_document.h"

static struct document document;

static int set_up(void **state)
{
	(void)state;
	document_init(&document);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	document_fini(&document);
	return 0;
}

static void assert_markdown(const char *text, const char *expected)
{
	assert_null(markdown_reader_read(&document, slice_of(text)));
	assert_string_equal(show_document(&document), expected);
}

#ifdef HAVE_MD4C
static void headings_get_the_anchors_that_github_gives(void **state)
{
	(void)state;
	assert_markdown("# Hello, World!\n## C++ & C#\n## _Über_ `x_y`\n"
			"## Same\ntext\n## Same\ntext\n",
			"H1 Hello, World! {hello-world}\nH2 C++ & C# {c--c}\n"
			"H2 Über x_y {über-x_y}\nH2 Same {same}\nP text\n"
			"H2 Same {same-1}\nP text\n");
}

static void blocks_keep_their_form(void **state)
{
	(void)state;
	assert_markdown("One\nparagraph with *stress* and [a link](x.html).\n\n"
			"- first\n- second\n  - inner\n\n    more\n\n"
			"3. three\n4. four\n\n"
			"```c\nint x;\n\n  int y;\n```\n\n"
			"| a | b |\n|---|---|\n| 1 | 2 |\n\nline  \nbreak\n",
			"P One paragraph with stress and a link.\n"
			"L - first\nL - second\nL - inner\nP more\n"
			"L 3. three\nL 4. four\n"
			"C int x;\n\n  int y;\nR a | b\nR 1 | 2\n"
			"P line\nbreak\n");
}

static void an_item_of_code_alone_is_code(void **state)
{
	(void)state;
	assert_markdown("- \n      code\n", "C code\n");
}

static void html_in_it_loses_its_tags(void **state)
{
	(void)state;
	assert_markdown("<p align=center>\n<img src=x alt=y>\nHello\n</p>\n\n"
			"Press <kbd>Enter</kbd>.<!-- no -->\n\n"
			"<script>\nalert(1 < 2)\n</script>\n\n"
			"![picture](x.png) seen\n",
			"P Hello\nP Press Enter.\nP seen\n");
}

static void entities_are_characters(void **state)
{
	(void)state;
	assert_markdown("a &amp; b &#8212; &#x41; &nosuch;\n",
			"P a & b — A &nosuch;\n");
}
#endif

static void front_matter_is_read_and_left_out(void **state)
{
	(void)state;
	assert_markdown("---\ntitle: \"The page\"\nlang: fr\ntags: [a]\n---\n"
			"Le texte.\n",
			"P Le texte.\n");
	assert_int_equal(document.title.len, 8);
	assert_memory_equal(document.title.data, "The page", 8);
	assert_string_equal(document.language.code, "fr");
}

static void a_rule_at_the_beginning_is_no_front_matter(void **state)
{
	(void)state;
	assert_markdown("---\n\ntext\n", "P text\n");
}

static void plain_text_has_paragraphs_items_code_and_headings(void **state)
{
	(void)state;
	text_reader_read(
	    &document,
	    SLICE_LITERAL("Title\n=====\n\nA wrapped\nparagraph.\r\n\r\n"
			  "* one\n* two\n  goes on\n\n1) first\n\n"
			  "Run:\n\n    make\n\n    make install\n\n"
			  "## Marked ##\nunder it\n\nSub\n---\nend"));
	assert_string_equal(
	    show_document(&document),
	    "H1 Title\nP A wrapped paragraph.\nL * one\nL * two goes on\n"
	    "L 1) first\nP Run:\nC     make\n\n    make install\n"
	    "H2 Marked\nP under it\nH2 Sub\nP end\n");
}

static void an_empty_text_has_no_blocks(void **state)
{
	(void)state;
	text_reader_read(&document, SLICE_NONE);
	text_reader_read(&document, SLICE_LITERAL("\n \n\f\n"));
	assert_null(markdown_reader_read(&document, SLICE_NONE));
	assert_int_equal(document.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#ifdef HAVE_MD4C
	    TEST(headings_get_the_anchors_that_github_gives),
	    TEST(blocks_keep_their_form),
	    TEST(an_item_of_code_alone_is_code),
	    TEST(html_in_it_loses_its_tags),
	    TEST(entities_are_characters),
#endif
	    TEST(front_matter_is_read_and_left_out),
	    TEST(a_rule_at_the_beginning_is_no_front_matter),
	    TEST(plain_text_has_paragraphs_items_code_and_headings),
	    TEST(an_empty_text_has_no_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

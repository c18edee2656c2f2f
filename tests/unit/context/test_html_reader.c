/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "context/html_reader.h"
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

static const char *read_page(const char *html)
{
	assert_null(html_reader_read(&document, slice_of(html), NULL));
	document_complete(&document, SLICE_LITERAL("file"));
	return show_document(&document);
}

static void assert_page(const char *html, const char *expected)
{
	assert_string_equal(read_page(html), expected);
}

static void assert_title(const char *expected)
{
	assert_int_equal(document.title.len, strlen(expected));
	assert_memory_equal(document.title.data, expected, strlen(expected));
}

static void paragraphs_and_headings_are_blocks(void **state)
{
	(void)state;
	assert_page("<html lang='de-AT'><title>Der\n Titel</title><body>"
		    "<h1 id=top>Anfang</h1><p>Ein <b>f</b>etter\n   Satz."
		    "<p>Noch einer.<h2>Ende</h2>Schluss.",
		    "H1 Anfang {top}\nP Ein fetter Satz.\nP Noch einer.\n"
		    "H2 Ende\nP Schluss.\n");
	assert_title("Der Titel");
	assert_string_equal(document.language.code, "de");
}

static void what_is_no_text_is_skipped(void **state)
{
	(void)state;
	assert_page("<body><nav>Menu</nav><p>One.<script>if (a < b) x();"
		    "</script><style>p { color: red }</style>"
		    "<noscript>No JavaScript</noscript><template>T</template>"
		    "<svg><text>Drawn</text></svg></p>"
		    "<aside>Beside</aside><p hidden>Gone</p>"
		    "<div aria-hidden=true>Icons</div>"
		    "<div role=navigation><p>More menu</p></div>"
		    "<form><p>Your name</p></form><!-- comment -->"
		    "<p>Two.</p><footer>Legal</footer>",
		    "P One.\nP Two.\n");
}

static void main_is_preferred_to_article_and_article_to_the_page(void **state)
{
	(void)state;
	assert_page("<body><p>Outside.</p><article><p>Article.</p></article>"
		    "<main><h2>In</h2><p>Main.</p></main><p>After.</p>",
		    "H2 In\nP Main.\n");
	tear_down(NULL);
	set_up(NULL);
	assert_page("<p>Outside.<article><p>Article.</article><p>After.",
		    "P Article.\n");
	tear_down(NULL);
	set_up(NULL);
	assert_page("<p>Outside.<div role=main><div><p>Main.</div></div>"
		    "<p>After.",
		    "P Main.\n");
	tear_down(NULL);
	set_up(NULL);
	/* An empty one is none. */
	assert_page("<p>Outside.<main></main>", "P Outside.\n");
}

static void anchors_are_found_where_tools_put_them(void **state)
{
	(void)state;
	assert_page("<h2 id=a>A</h2>x"
		    "<h2><a name=b></a>B <a class=permalink href='#b'>&para;"
		    "</a></h2>x"
		    "<section id=c><h2>C<a class=headerlink href='#c'>#</a>"
		    "</h2>x</section>"
		    "<a id=d></a><h2>D</h2>x"
		    "<div id=e><p>text</p><h2>E</h2>x</div>",
		    "H2 A {a}\nP x\nH2 B {b}\nP x\nH2 C {c}\nP x\n"
		    "H2 D {d}\nP x\nP text\nH2 E\nP x\n");
}

static void lists_code_and_tables_keep_their_form(void **state)
{
	(void)state;
	assert_page("<ul><li>One<li><p>Two</p><ul><li>Inner</ul></ul>"
		    "<ol><li>First<li>Second</ol>"
		    "<pre>  if (a)\n    b();   \n\n</pre>"
		    "<table><tr><th>Name<th>Port<tr><td>web<td><p>80</p>"
		    "<tr><td>Status:<td>on</table>"
		    "<p>a<br>b</p>",
		    "L - One\nL - Two\nL - Inner\nL 1. First\nL 2. Second\n"
		    "C   if (a)\n    b();\nR Name | Port\nR web | 80\n"
		    "R Status: on\nP a\nb\n");
}

static void a_paragraph_of_code_is_a_block_of_code(void **state)
{
	(void)state;
	assert_page("<p><code>make<br>make install</code></p>"
		    "<p>Run <code>make</code> first.",
		    "C make\nmake install\nP Run make first.\n");
}

static void ways_through_the_page_are_not_its_text(void **state)
{
	(void)state;
	assert_page("<p><a href='/'>Home</a> | <a href='/a'>A</a> | "
		    "<a href='/b'>B</a></p>"
		    "<ul><li><a href='#x'>To x</a></ul>"
		    "<ul><li><a href='/shop'>Our shop</a></ul>"
		    "<p>See <a href='#y'>below</a>.",
		    "L - Our shop\nP See below.\n");
}

static void a_page_that_is_all_form_is_still_read(void **state)
{
	(void)state;
	assert_page("<body><form><h1>Old</h1><p>Everything in a form.</form>",
		    "H1 Old\nP Everything in a form.\n");
}

static void the_title_is_the_heading_when_the_title_contains_it(void **state)
{
	(void)state;
	read_page("<title>Caching - Example Site</title><h1>Caching</h1>x");
	assert_title("Caching");
	tear_down(NULL);
	set_up(NULL);
	read_page("<title>Prices</title><h1>Welcome</h1>x");
	assert_title("Prices");
	tear_down(NULL);
	set_up(NULL);
	read_page("<h1>Only a heading</h1>x");
	assert_title("Only a heading");
	tear_down(NULL);
	set_up(NULL);
	read_page("<p>nothing");
	assert_title("file");
}

static void broken_markup_is_read_as_far_as_it_goes(void **state)
{
	(void)state;
	assert_page("<p>A<b>B<i>C</b>D</i><div>E</p></span><table><td>F"
		    "</div><p>G<a href=>H</a",
		    "P ABCD\nP E\nP F\nP GH\n");
}

static void entities_are_characters_and_nothing_expands(void **state)
{
	const char *shown;

	(void)state;
	shown = read_page("<!DOCTYPE html [<!ENTITY a \"aaaaaaaaaa\">"
			  "<!ENTITY b \"&a;&a;&a;&a;\">]>"
			  "<p>&lt;b&gt; &amp; &eacute; &#8217; &b;");
	assert_non_null(strstr(shown, "P <b> & é ’ &b;\n"));
	assert_null(strstr(shown, "aaaaaaaaaaaaaaaaaaaa"));
}

static void endless_nesting_is_refused(void **state)
{
	struct buffer html;

	(void)state;
	buffer_init(&html, 1 << 22);
	for (int i = 0; i < 200000; i++)
		buffer_append_string(&html, "<i><div>");
	assert_non_null(html_reader_read(&document, buffer_slice(&html), NULL));
	buffer_fini(&html);
}

static void a_cancelled_read_ends_early(void **state)
{
	const atomic_bool cancelled = true;

	(void)state;
	html_reader_read(&document, SLICE_LITERAL("<p>text"), &cancelled);
	assert_int_equal(document.count, 0);
}

static const char *const parts[] = {
    "<p>",	"</p>",	  "<ul><li>",	  "</ul>",	 "<table><tr><td>",
    "</table>", "<pre>",  "</pre>",	  "<h1 id='x'>", "</h1>",
    "text ",	"&amp;",  "<a href='#'>", "</a>",	 "<",
    ">",	"<!--",	  "-->",	  "<script>",	 "</script>",
    "é",	"<main>", "</main>",	  "<title>",	 "</title>",
    "<br>",	"\n",	  "<code>",	  "</code>",	 "<![CDATA[",
    "]]>",	"<form>", "</form>",	  "&#0;",	 "&#x110000;",
    "<svg>",	"</svg>"};

/* Whatever comes in: valid UTF-8 goes out, and nothing crashes. */
static void any_page_gives_clean_blocks(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 1000; round++) {
		struct buffer html;

		buffer_init(&html, 1 << 16);
		for (int i = 0; i < 60; i++)
			buffer_append_string(
			    &html, parts[(size_t)rand() %
					 (sizeof(parts) / sizeof(parts[0]))]);
		html_reader_read(&document, buffer_slice(&html), NULL);
		document_complete(&document, SLICE_LITERAL("file"));
		for (size_t i = 0; i < document.count; i++) {
			struct slice text = document.blocks[i].text;

			assert_true(text.len > 0);
			assert_true(text_is_utf8(text.data, text.len));
			assert_null(memchr(text.data, '\0', text.len));
		}
		buffer_fini(&html);
		tear_down(NULL);
		set_up(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(paragraphs_and_headings_are_blocks),
	    TEST(what_is_no_text_is_skipped),
	    TEST(main_is_preferred_to_article_and_article_to_the_page),
	    TEST(anchors_are_found_where_tools_put_them),
	    TEST(lists_code_and_tables_keep_their_form),
	    TEST(a_paragraph_of_code_is_a_block_of_code),
	    TEST(ways_through_the_page_are_not_its_text),
	    TEST(a_page_that_is_all_form_is_still_read),
	    TEST(the_title_is_the_heading_when_the_title_contains_it),
	    TEST(broken_markup_is_read_as_far_as_it_goes),
	    TEST(entities_are_characters_and_nothing_expands),
	    TEST(endless_nesting_is_refused),
	    TEST(a_cancelled_read_ends_early),
	    TEST(any_page_gives_clean_blocks),
	};

	if (!html_reader_is_available())
		return 77; /* built without libxml2: nothing to test */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "context/public_url.h"

static void assert_url(const char *base, const char *path, const char *anchor,
		       const char *expected)
{
	struct buffer out;

	buffer_init(&out, 4096);
	public_url_append(&out, slice_of(base), slice_of(path));
	public_url_append_anchor(&out, slice_of(anchor));
	assert_string_equal(buffer_string(&out), expected);
	buffer_fini(&out);
}

static void a_file_is_its_path_below_the_base(void **state)
{
	(void)state;
	assert_url("https://example.org/docs/", "a/b.html", "",
		   "https://example.org/docs/a/b.html");
	assert_url("https://example.org/docs", "a/b.html", "x",
		   "https://example.org/docs/a/b.html#x");
	assert_url("/", "b.html", "", "/b.html");
}

static void an_index_page_is_its_folder(void **state)
{
	(void)state;
	assert_url("https://example.org/", "a/index.html", "",
		   "https://example.org/a/");
	assert_url("https://example.org/", "index.htm", "top",
		   "https://example.org/#top");
	assert_url("/x", "INDEX.HTML", "", "/x/");
	assert_url("/", "my-index.html", "", "/my-index.html");
	assert_url("/", "index.md", "", "/index.md");
}

static void what_an_address_cannot_hold_is_encoded(void **state)
{
	(void)state;
	assert_url("/", "a b/100%/c#d?e.html", "",
		   "/a%20b/100%25/c%23d%3Fe.html");
	assert_url("/", "ü.html", "große Frage",
		   "/%C3%BC.html#gro%C3%9Fe%20Frage");
	/* File names need not be UTF-8. */
	assert_url("/", "\xFF\"<>.html", "", "/%FF%22%3C%3E.html");
}

static void a_base_is_checked(void **state)
{
	(void)state;
	assert_null(public_url_check_base(SLICE_LITERAL("https://a.org/b/")));
	assert_null(public_url_check_base(SLICE_LITERAL("http://a.org")));
	assert_null(public_url_check_base(SLICE_LITERAL("/docs/")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("//a.org/")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("a.org")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("https://")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("https:///x")));
	assert_non_null(
	    public_url_check_base(SLICE_LITERAL("javascript:alert(1)")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("/a?b")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("/a#b")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("/a b")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("/a\"b")));
	assert_non_null(public_url_check_base(SLICE_LITERAL("/a\nb")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_is_its_path_below_the_base),
	    cmocka_unit_test(an_index_page_is_its_folder),
	    cmocka_unit_test(what_an_address_cannot_hold_is_encoded),
	    cmocka_unit_test(a_base_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

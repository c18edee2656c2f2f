/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "context/file_list.h"
#include "scratch.h"

static struct file_list list;
static struct buffer skipped;

static void on_skipped(void *state, const char *name, const char *reason)
{
	(void)state;
	buffer_printf(&skipped, "%s: %s\n", strrchr(name, '/') + 1, reason);
}

static int set_up(void **state)
{
	(void)state;
	scratch_open();
	file_list_init(&list);
	buffer_init(&skipped, 1 << 16);
	list.on_skipped = on_skipped;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	file_list_fini(&list);
	buffer_fini(&skipped);
	scratch_close();
	return 0;
}

/* The relative names, a space after each. */
static void assert_files(const char *expected)
{
	struct buffer out;

	buffer_init(&out, 1 << 16);
	for (size_t i = 0; i < list.count; i++)
		buffer_printf(&out, "%s ", list.files[i].relative);
	assert_string_equal(buffer_string(&out), expected);
	buffer_fini(&out);
}

static void folders_are_walked_in_order_and_hidden_files_are_not(void **state)
{
	(void)state;
	scratch_write("site/b.html", "x");
	scratch_write("site/a/z.md", "x");
	scratch_write("site/a/a.TXT", "x");
	scratch_write("site/image.png", "x");
	scratch_write("site/.git/config.txt", "x");
	scratch_write("site/.hidden.html", "x");
	assert_true(file_list_add(&list, scratch_path("site"), NULL));
	file_list_complete(&list);
	assert_files("a/a.TXT a/z.md b.html ");
	assert_int_equal(list.files[0].kind, FILE_TEXT);
	assert_int_equal(list.files[1].kind, FILE_MARKDOWN);
	assert_int_equal(list.files[2].kind, FILE_HTML);
	assert_string_equal(buffer_string(&skipped), "");
}

static void links_are_followed_once_and_never_in_circles(void **state)
{
	(void)state;
	scratch_write("site/real/page.html", "x");
	scratch_write("elsewhere/other.html", "x");
	assert_int_equal(symlink("..", scratch_path("site/real/up")), 0);
	assert_int_equal(symlink("real", scratch_path("site/alias")), 0);
	assert_int_equal(symlink("self.html", scratch_path("site/self.html")),
			 0);
	assert_int_equal(symlink("gone.html", scratch_path("site/dead.html")),
			 0);
	assert_int_equal(symlink("../elsewhere", scratch_path("site/linked")),
			 0);
	assert_int_equal(
	    symlink("real/page.html", scratch_path("site/again.html")), 0);
	assert_true(file_list_add(&list, scratch_path("site"), NULL));
	file_list_complete(&list);
	assert_files("real/page.html linked/other.html ");
	assert_string_equal(buffer_string(&skipped),
			    ""
			    "alias: a symbolic link to what was read already\n"
			    "dead.html: a symbolic link to nothing\n"
			    "up: a symbolic link to what was read already\n"
			    "self.html: a symbolic link to itself\n");
}

static void a_root_above_gives_longer_addresses(void **state)
{
	(void)state;
	scratch_write("site/docs/a.html", "x");
	assert_true(file_list_set_root(&list, scratch_path("site"), NULL));
	assert_true(file_list_add(&list, scratch_path("site/docs"), NULL));
	assert_true(
	    file_list_add(&list, scratch_path("site/docs/a.html"), NULL));
	assert_files("docs/a.html ");
}

static void a_file_alone_is_named_by_itself(void **state)
{
	(void)state;
	scratch_write("site/docs/a.html", "x");
	scratch_write("site/docs/a.exe", "x");
	assert_true(
	    file_list_add(&list, scratch_path("site/docs/a.html"), NULL));
	assert_true(
	    file_list_add(&list, scratch_path("site/docs/a.exe"), NULL));
	assert_files("a.html ");
	assert_string_equal(buffer_string(&skipped),
			    "a.exe: not a kind of document that leat reads\n");
}

static void what_is_outside_of_the_root_is_refused(void **state)
{
	struct fault fault = {0};

	(void)state;
	scratch_write("site/a.html", "x");
	scratch_write("site2/b.html", "x");
	assert_true(file_list_set_root(&list, scratch_path("site"), NULL));
	assert_false(file_list_add(&list, scratch_path("site2"), &fault));
	assert_int_equal(fault.code, ERROR_BAD_REQUEST);
	assert_non_null(strstr(fault.hint, "not below the root"));
}

static void what_does_not_exist_is_refused(void **state)
{
	struct fault fault = {0};

	(void)state;
	assert_false(file_list_add(&list, scratch_path("nowhere"), &fault));
	assert_int_equal(fault.code, ERROR_BAD_REQUEST);
	assert_false(
	    file_list_set_root(&list, scratch_path("nowhere"), &fault));
}

static void what_is_no_regular_file_is_skipped(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(scratch_path("site/pipe.html"), 0600), 0);
	assert_true(file_list_add(&list, scratch_path("site"), NULL));
	assert_int_equal(list.count, 0);
	assert_string_equal(buffer_string(&skipped),
			    "pipe.html: not a regular file\n");
}

static void folders_nested_without_end_are_left(void **state)
{
	char name[1024] = "site";

	(void)state;
	for (int i = 0; i < 110; i++) {
		strcat(name, "/d");
		assert_int_equal(mkdir(scratch_path(name), 0700), 0);
	}
	assert_true(file_list_add(&list, scratch_path("site"), NULL));
	assert_non_null(strstr(buffer_string(&skipped), "too deeply"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(folders_are_walked_in_order_and_hidden_files_are_not),
	    TEST(links_are_followed_once_and_never_in_circles),
	    TEST(a_root_above_gives_longer_addresses),
	    TEST(a_file_alone_is_named_by_itself),
	    TEST(what_is_outside_of_the_root_is_refused),
	    TEST(what_does_not_exist_is_refused),
	    TEST(what_is_no_regular_file_is_skipped),
	    TEST(folders_nested_without_end_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

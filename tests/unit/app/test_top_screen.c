/* SPDX-License-Identifier: ISC */
#include "app/top_screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_fits(const char *text, unsigned columns, unsigned rows,
			const char *expected)
{
	struct buffer out;

	buffer_init(&out, BUFFER_UNLIMITED);
	top_screen_fit(&out, slice_of(text), columns, rows);
	assert_string_equal(buffer_string(&out), expected);
	buffer_fini(&out);
}

static void each_line_clears_what_stood_behind_it(void **state)
{
	(void)state;
	assert_fits("one\ntwo\n", 10, 5, "\033[Hone\033[K\r\ntwo\033[K\033[J");
}

static void lines_are_cut_by_characters(void **state)
{
	(void)state;
	assert_fits("a\xc3\xa4"
		    "bc\n",
		    3, 5,
		    "\033[Ha\xc3\xa4"
		    "b\033[K\033[J");
}

static void colours_take_no_room_and_end_behind_the_cut(void **state)
{
	(void)state;
	assert_fits("\033[32mready\033[0m\n", 3, 5,
		    "\033[H\033[32mrea\033[0m\033[K\033[J");
}

static void rows_that_do_not_fit_are_left_out_without_scrolling(void **state)
{
	(void)state;
	assert_fits("1\n2\n3\n", 10, 2, "\033[H1\033[K\r\n2\033[K\033[J");
}

static void a_broken_sequence_is_no_overrun(void **state)
{
	(void)state;
	assert_fits("a\033[3", 5, 5, "\033[Ha\033[3\033[K\033[J");
	assert_fits("\033", 5, 5, "\033[H\033\033[K\033[J");
	assert_fits("", 5, 5, "\033[H\033[J");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_line_clears_what_stood_behind_it),
	    cmocka_unit_test(lines_are_cut_by_characters),
	    cmocka_unit_test(colours_take_no_room_and_end_behind_the_cut),
	    cmocka_unit_test(
		rows_that_do_not_fit_are_left_out_without_scrolling),
	    cmocka_unit_test(a_broken_sequence_is_no_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

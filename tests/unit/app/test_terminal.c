/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/passages.h"
#include "app/terminal.h"

struct screen {
	struct terminal terminal;
	char *text;
	size_t len;
};

static void begin(struct screen *screen)
{
	memset(screen, 0, sizeof(*screen));
	screen->terminal.file = open_memstream(&screen->text, &screen->len);
	screen->terminal.width = 30;
	assert_non_null(screen->terminal.file);
}

static void shows(struct screen *screen, const char *wanted)
{
	fclose(screen->terminal.file);
	assert_string_equal(screen->text, wanted);
	free(screen->text);
}

static void control_characters_of_strangers_are_left_out(void **state)
{
	struct screen screen;

	(void)state;
	begin(&screen);
	terminal_put(&screen.terminal, SLICE_LITERAL("a\033[2Jb\rc\x7f"
						     "d\xc2\x9b"
						     "31me\n\t\xc3\xa9"));
	shows(&screen, "a[2Jbcd31me\n\t\xc3\xa9");
}

static void nothing_at_all_is_fine(void **state)
{
	struct screen screen;

	(void)state;
	begin(&screen);
	terminal_put(&screen.terminal, SLICE_NONE);
	terminal_put_wrapped(&screen.terminal, 4, SLICE_NONE);
	terminal_put_wrapped(&screen.terminal, 4, SLICE_LITERAL(" \n "));
	shows(&screen, "");
}

static void lines_are_wrapped_between_words(void **state)
{
	struct screen screen;

	(void)state;
	begin(&screen);
	terminal_put_wrapped(&screen.terminal, 4,
			     SLICE_LITERAL("one two  three\nfour five six "
					   "averyveryverylongwordthatfitsno"
					   "where end"));
	shows(&screen, "    one two three four five\n"
		       "    six\n"
		       "    averyveryverylongwordthatfitsnowhere\n"
		       "    end\n");
}

static void colour_is_only_for_terminals(void **state)
{
	struct screen screen;

	(void)state;
	begin(&screen);
	terminal_put_styled(&screen.terminal, STYLE_RED, SLICE_LITERAL("a"));
	screen.terminal.has_color = true;
	terminal_put_styled(&screen.terminal, STYLE_RED, SLICE_LITERAL("b"));
	terminal_put_styled(&screen.terminal, STYLE_PLAIN, SLICE_LITERAL("c"));
	shows(&screen, "a\033[31mb\033[0mc");
}

static void a_bar_keeps_the_end_of_long_names(void **state)
{
	struct screen screen;

	(void)state;
	begin(&screen);
	terminal_progress(&screen.terminal, 1, 2, "unseen");
	screen.terminal.is_terminal = true;
	screen.terminal.width = 40;
	terminal_progress(&screen.terminal, 1, 2, "folder/name-\xc3\xa9.html");
	terminal_progress(&screen.terminal, 1, 2, "too soon");
	terminal_progress(&screen.terminal, 2, 2, "");
	terminal_progress_clear(&screen.terminal);
	terminal_progress_clear(&screen.terminal);
	shows(&screen, "\r[##########..........] 1/2 /name-\xc3\xa9.html\033[K"
		       "\r[####################] 2/2 \033[K"
		       "\r\033[K");
}

static void text_can_hang_below_what_stands_on_the_line_already(void **state)
{
	struct screen screen;

	(void)state;
	begin(&screen);
	terminal_put_hanging(&screen.terminal, 14, 4,
			     SLICE_LITERAL("one two three sevenletters"));
	shows(&screen, " one two three\n"
		       "    sevenletters\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(control_characters_of_strangers_are_left_out),
	    cmocka_unit_test(nothing_at_all_is_fine),
	    cmocka_unit_test(lines_are_wrapped_between_words),
	    cmocka_unit_test(
		text_can_hang_below_what_stands_on_the_line_already),
	    cmocka_unit_test(colour_is_only_for_terminals),
	    cmocka_unit_test(a_bar_keeps_the_end_of_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "context/sentences.h"

/* Sentences with "|" between. */
static void assert_sentences(const char *text, const char *expected)
{
	struct slice whole = slice_of(text);
	struct buffer out;

	buffer_init(&out, 4096);
	for (size_t at = 0; at < whole.len;) {
		size_t next = sentences_next(whole, at);

		assert_true(next > at && next <= whole.len);
		if (at > 0)
			buffer_append_char(&out, '|');
		buffer_append(&out, text + at, next - at);
		at = next;
	}
	assert_string_equal(buffer_string(&out), expected);
	buffer_fini(&out);
}

static void a_terminator_a_space_and_a_capital_end_one(void **state)
{
	(void)state;
	assert_sentences("One. Two! Three? Four", "One. |Two! |Three? |Four");
	assert_sentences("He said \"No.\" Then he left.",
			 "He said \"No.\" |Then he left.");
	assert_sentences("See (a.) It works.", "See (a.) |It works.");
	assert_sentences("Wait... What?!  Yes.", "Wait... |What?!  |Yes.");
	assert_sentences("Since 1998. 20 years ago.",
			 "Since 1998. |20 years ago.");
}

static void dots_inside_do_not(void **state)
{
	(void)state;
	assert_sentences("Edit nginx.conf now.", "Edit nginx.conf now.");
	assert_sentences("Version 2.4.57 is out.", "Version 2.4.57 is out.");
	assert_sentences("It was ok. but slow.", "It was ok. but slow.");
	assert_sentences("a.b.c", "a.b.c");
}

static void abbreviations_and_initials_do_not(void **state)
{
	(void)state;
	assert_sentences("Mr. Smith and J. R. Jones met Dr. Who.",
			 "Mr. Smith and J. R. Jones met Dr. Who.");
	assert_sentences("Use e.g. Apache.", "Use e.g. Apache.");
	assert_sentences("1. Open it. 2. Close it.",
			 "1. Open it. |2. Close it.");
}

static void scripts_without_case_or_spaces_end_too(void **state)
{
	(void)state;
	assert_sentences("你好。再见！「好。」走", "你好。|再见！|「好。」|走");
	assert_sentences("هل هذا؟ نعم.", "هل هذا؟ |نعم.");
	assert_sentences("यह है। वह है।", "यह है। |वह है।");
	assert_sentences("Это дом. Вот сад.", "Это дом. |Вот сад.");
}

static void an_empty_line_ends_one_and_a_line_end_does_not(void **state)
{
	(void)state;
	assert_sentences("A title\n\nand text", "A title\n\n|and text");
	assert_sentences("a wrapped\nline", "a wrapped\nline");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_terminator_a_space_and_a_capital_end_one),
	    cmocka_unit_test(dots_inside_do_not),
	    cmocka_unit_test(abbreviations_and_initials_do_not),
	    cmocka_unit_test(scripts_without_case_or_spaces_end_too),
	    cmocka_unit_test(an_empty_line_ends_one_and_a_line_end_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

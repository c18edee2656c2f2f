/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "journal_make.h"
#include "wire/plain.h"

static struct journal *journal;

static int set_up(void **state)
{
	(void)state;
	journal = journal_make_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	journal_unref(journal);
	return 0;
}

static void expect(const char *wanted)
{
	struct journal_place place = {0, 0};
	struct buffer out;

	buffer_init(&out, BUFFER_UNLIMITED);
	dialect_encode(&out, DIALECT_TEXT, journal, &place, 1 << 20);
	assert_string_equal(buffer_string(&out), wanted);
	buffer_fini(&out);
}

static void the_answer_is_its_own_bytes(void **state)
{
	(void)state;
	journal_make_status(journal, "Searching");
	journal_make_content(journal, "\"A\"\r\n");
	journal_make_content(journal, "b\n");
	journal_make_final(journal, FINISH_STOP);
	expect("\"A\"\r\nb\n");
}

static void an_error_is_a_last_sentence_in_brackets(void **state)
{
	(void)state;
	journal_make_content(journal, "Half");
	journal_make_error(journal, ERROR_UPSTREAM_TRUNCATED, "At byte 3.");
	expect("Half\n\n[The answer was cut off before its end. At byte "
	       "3.]\n");
}

static void an_error_without_an_answer_stands_alone(void **state)
{
	(void)state;
	journal_make_error(journal, ERROR_UPSTREAM_UNAVAILABLE, "");
	expect("[The model's service could not be reached.]\n");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(the_answer_is_its_own_bytes),
	    EACH(an_error_is_a_last_sentence_in_brackets),
	    EACH(an_error_without_an_answer_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

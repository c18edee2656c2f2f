/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "journal_make.h"
#include "wire/simple.h"

#define FRAME(n, data) "id: " JOURNAL_MAKE_ID "." n "\ndata: " data "\n\n"

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
	dialect_encode(&out, DIALECT_SIMPLE, journal, &place, 1 << 20);
	assert_string_equal(buffer_string(&out), wanted);
	buffer_fini(&out);
}

static void content_and_done_are_all_that_an_answer_shows(void **state)
{
	(void)state;
	journal_make_status(journal, "Searching");
	journal_make_content(journal, "Hel");
	journal_make_content(journal, "lo");
	journal_make_event(journal,
			   &(struct event){.type = EVENT_REASONING,
					   .text = SLICE_LITERAL("x")});
	journal_make_final(journal, FINISH_STOP);
	expect("id: " JOURNAL_MAKE_ID ".1\n\n" FRAME(
	    "3", "{\"content\":\"Hello\"}") FRAME("5", "[DONE]"));
}

static void only_the_first_status_gives_its_id(void **state)
{
	(void)state;
	journal_make_status(journal, "Question received");
	journal_make_status(journal, "Searching");
	expect("id: " JOURNAL_MAKE_ID ".1\n\n");
}

static void an_error_is_followed_by_done(void **state)
{
	(void)state;
	journal_make_content(journal, "Half");
	journal_make_error(journal, ERROR_UPSTREAM_TRUNCATED, "At byte 3.");
	expect(FRAME("1", "{\"content\":\"Half\"}") FRAME(
	    "2", "{\"type\":\"error\",\"error\":\"The answer was "
		 "cut off before its end. At byte 3.\"}") FRAME("2", "[DONE]"));
}

static void a_tool_call_is_shown(void **state)
{
	struct event event = {.type = EVENT_TOOL_CALL,
			      .tool_call = {.id = SLICE_LITERAL("c"),
					    .name = SLICE_LITERAL("f"),
					    .arguments = SLICE_LITERAL("{}")}};

	(void)state;
	journal_make_event(journal, &event);
	expect(FRAME("1", "{\"type\":\"tool_call\",\"tool_call\":{"
			  "\"index\":0,\"id\":\"c\",\"type\":\"function\","
			  "\"function\":{\"name\":\"f\","
			  "\"arguments\":\"{}\"}}}"));
}

static void an_empty_answer_is_done_at_once(void **state)
{
	(void)state;
	journal_make_final(journal, FINISH_STOP);
	expect(FRAME("1", "[DONE]"));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(content_and_done_are_all_that_an_answer_shows),
	    EACH(only_the_first_status_gives_its_id),
	    EACH(an_error_is_followed_by_done),
	    EACH(a_tool_call_is_shown),
	    EACH(an_empty_answer_is_done_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "core/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The words are what clients see: they may never change. */
static void the_words_of_events_are_those_of_the_interface(void **state)
{
	(void)state;
	assert_string_equal(event_type_name(EVENT_STATUS), "status");
	assert_string_equal(event_type_name(EVENT_CONTENT), "content");
	assert_string_equal(event_type_name(EVENT_REASONING), "reasoning");
	assert_string_equal(event_type_name(EVENT_TOOL_CALL), "tool_call");
	assert_string_equal(event_type_name(EVENT_TOOL_RESULT), "tool_result");
	assert_string_equal(event_type_name(EVENT_FINAL), "final");
	assert_string_equal(event_type_name(EVENT_ERROR), "error");
	assert_string_equal(event_step_name(STEP_ADMIT), "admit");
	assert_string_equal(event_step_name(STEP_CONTEXT), "context");
	assert_string_equal(event_step_name(STEP_MODEL), "model");
	assert_string_equal(event_step_name(STEP_TOOL), "tool");
	assert_string_equal(event_state_name(STATE_STARTED), "started");
	assert_string_equal(event_state_name(STATE_PROGRESS), "progress");
	assert_string_equal(event_state_name(STATE_DONE), "done");
	assert_string_equal(event_state_name(STATE_FAILED), "failed");
	assert_string_equal(event_finish_name(FINISH_STOP), "stop");
	assert_string_equal(event_finish_name(FINISH_LENGTH), "length");
	assert_string_equal(event_finish_name(FINISH_TOOL_CALLS), "tool_calls");
	assert_string_equal(event_finish_name(FINISH_CONTENT_FILTER),
			    "content_filter");
	assert_string_equal(event_finish_name(FINISH_CANCELLED), "cancelled");
	assert_string_equal(event_finish_name(FINISH_OTHER), "other");
}

static void a_stream_ends_with_final_or_error(void **state)
{
	(void)state;
	for (int type = EVENT_STATUS; type <= EVENT_ERROR; type++) {
		struct event event = {.type = (enum event_type)type};

		assert_int_equal(event_is_terminal(&event),
				 type == EVENT_FINAL || type == EVENT_ERROR);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_words_of_events_are_those_of_the_interface),
	    cmocka_unit_test(a_stream_ends_with_final_or_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

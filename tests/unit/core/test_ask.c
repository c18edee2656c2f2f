/* SPDX-License-Identifier: ISC */
#include "core/ask.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_new_ask_wants_context_and_nothing_else(void **state)
{
	struct ask *ask = ask_new();

	(void)state;
	assert_true(ask->wants_context);
	assert_false(ask->wants_no_wait);
	/* Zero is a temperature; not given is something else. */
	assert_true(isnan(ask->temperature));
	assert_true(isnan(ask->top_p));
	assert_int_equal(ask->max_tokens, 0);
	assert_int_equal(ask->message_count, 0);
	assert_int_equal(ask->stop_count, 0);
	assert_int_equal(ask->model.len, 0);
	ask_free(ask);
	ask_free(NULL);
}

static void the_memory_of_an_ask_goes_with_it(void **state)
{
	struct ask *ask = ask_new();

	(void)state;
	ask->messages = arena_alloc(&ask->arena, sizeof *ask->messages);
	ask->messages[0].content =
	    arena_copy(&ask->arena, SLICE_LITERAL("question"));
	ask->message_count = 1;
	/* A leak would be the sanitizer's. */
	ask_free(ask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_ask_wants_context_and_nothing_else),
	    cmocka_unit_test(the_memory_of_an_ask_goes_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

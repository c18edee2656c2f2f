/* SPDX-License-Identifier: ISC */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

static void an_empty_buffer_is_an_empty_string(void **state)
{
	struct buffer buffer;
	char *detached;

	(void)state;
	buffer_init(&buffer, 10);
	assert_string_equal(buffer_string(&buffer), "");
	assert_int_equal(buffer_slice(&buffer).len, 0);
	assert_non_null(buffer_slice(&buffer).data);
	buffer_clear(&buffer);
	buffer_consume(&buffer, 0);
	detached = buffer_detach(&buffer);
	assert_string_equal(detached, "");
	memory_free(detached);
	buffer_fini(&buffer);
	buffer_fini(&buffer);
}

static void what_is_appended_is_there_and_terminated(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, BUFFER_UNLIMITED);
	assert_true(buffer_append(&buffer, "ab", 2));
	assert_true(buffer_append_slice(&buffer, SLICE_NONE));
	assert_true(buffer_append_slice(&buffer, SLICE_LITERAL("c")));
	assert_true(buffer_append_string(&buffer, "de"));
	assert_true(buffer_append_char(&buffer, 'f'));
	assert_true(buffer_append_uint(&buffer, 0));
	assert_true(buffer_append_uint(&buffer, UINT64_MAX));
	assert_true(buffer_printf(&buffer, "%s-%d", "x", 7));
	assert_string_equal(buffer_string(&buffer),
			    "abcdef018446744073709551615x-7");
	assert_int_equal(buffer.len, strlen(buffer.data));
	buffer_fini(&buffer);
}

static void a_buffer_grows_to_its_cap_and_no_further(void **state)
{
	struct buffer buffer;
	char text[300];

	(void)state;
	memset(text, 'A', sizeof text);
	for (size_t cap = 0; cap < sizeof text; cap++) {
		buffer_init(&buffer, cap);
		for (size_t i = 0; i < cap; i++)
			assert_true(buffer_append_char(&buffer, text[i]));
		assert_false(buffer.overflowed);
		assert_false(buffer_append_char(&buffer, text[0]));
		assert_true(buffer.overflowed);
		assert_int_equal(buffer.len, cap);
		assert_int_equal(strlen(buffer_string(&buffer)), cap);
		assert_true(buffer.cap <= cap + 1);
		buffer_fini(&buffer);
	}
}

static void what_does_not_fit_is_not_written_at_all(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 5);
	assert_true(buffer_append_string(&buffer, "abc"));
	assert_false(buffer_append_string(&buffer, "def"));
	assert_string_equal(buffer_string(&buffer), "abc");
	assert_false(buffer_printf(&buffer, "%d", 123));
	assert_string_equal(buffer_string(&buffer), "abc");
	assert_null(buffer_reserve(&buffer, 3));
	/* It stays known although what came later fits. */
	assert_true(buffer_append_string(&buffer, "gh"));
	assert_true(buffer.overflowed);
	buffer_clear(&buffer);
	assert_false(buffer.overflowed);
	assert_string_equal(buffer_string(&buffer), "");
	assert_true(buffer_append_string(&buffer, "12345"));
	buffer_fini(&buffer);
}

static void lengths_beyond_all_memory_do_not_wrap(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, SIZE_MAX);
	assert_true(buffer_append_string(&buffer, "abc"));
	assert_null(buffer_reserve(&buffer, SIZE_MAX));
	assert_null(buffer_reserve(&buffer, SIZE_MAX - 2));
	assert_true(buffer.overflowed);
	assert_string_equal(buffer_string(&buffer), "abc");
	buffer_fini(&buffer);
}

static void reserved_room_is_counted_by_commit(void **state)
{
	struct buffer buffer;
	char *room;

	(void)state;
	buffer_init(&buffer, 1000);
	room = buffer_reserve(&buffer, 500);
	assert_non_null(room);
	memcpy(room, "abcdef", 6);
	buffer_commit(&buffer, 3);
	assert_string_equal(buffer_string(&buffer), "abc");
	assert_ptr_equal(buffer_reserve(&buffer, 1), buffer.data + 3);
	buffer_fini(&buffer);
}

static void consumed_bytes_are_gone_from_the_front(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 6);
	buffer_append_string(&buffer, "abcdef");
	buffer_consume(&buffer, 2);
	assert_string_equal(buffer_string(&buffer), "cdef");
	assert_true(buffer_append_string(&buffer, "gh"));
	buffer_consume(&buffer, 6);
	assert_string_equal(buffer_string(&buffer), "");
	assert_int_equal(buffer.len, 0);
	buffer_fini(&buffer);
}

static void detached_memory_is_the_callers(void **state)
{
	struct buffer buffer;
	char *text;

	(void)state;
	buffer_init(&buffer, 100);
	buffer_append_string(&buffer, "mine");
	text = buffer_detach(&buffer);
	assert_int_equal(buffer.len, 0);
	assert_true(buffer_append_string(&buffer, "next"));
	assert_string_equal(text, "mine");
	assert_string_equal(buffer_string(&buffer), "next");
	assert_int_equal(buffer.max_len, 100);
	memory_free(text);
	buffer_fini(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_buffer_is_an_empty_string),
	    cmocka_unit_test(what_is_appended_is_there_and_terminated),
	    cmocka_unit_test(a_buffer_grows_to_its_cap_and_no_further),
	    cmocka_unit_test(what_does_not_fit_is_not_written_at_all),
	    cmocka_unit_test(lengths_beyond_all_memory_do_not_wrap),
	    cmocka_unit_test(reserved_room_is_counted_by_commit),
	    cmocka_unit_test(consumed_bytes_are_gone_from_the_front),
	    cmocka_unit_test(detached_memory_is_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "base/arena.h"

#include <stdalign.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_zero(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i])
			return false;
	return true;
}

static void memory_is_zeroed_aligned_and_separate(void **state)
{
	struct arena arena;
	char *all[600];

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < 600; i++) {
		all[i] = arena_alloc(&arena, i);
		assert_int_equal((uintptr_t)all[i] % alignof(max_align_t), 0);
		assert_true(is_zero(all[i], i));
		memset(all[i], (int)(i % 255) + 1, i);
	}
	for (size_t i = 0; i < 600; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_equal((unsigned char)all[i][j], i % 255 + 1);
	arena_fini(&arena);
}

static void copies_are_terminated_and_their_own(void **state)
{
	struct arena arena;
	char text[] = "text";
	char *string;
	struct slice copy;

	(void)state;
	arena_init(&arena);
	string = arena_strdup(&arena, text);
	copy = arena_copy(&arena, slice_make(text, 2));
	text[0] = 'X';
	assert_string_equal(string, "text");
	assert_int_equal(copy.len, 2);
	assert_string_equal(copy.data, "te");
	assert_null(arena_strdup(&arena, NULL));
	assert_string_equal(arena_strndup(&arena, NULL, 0), "");
	copy = arena_copy(&arena, SLICE_NONE);
	assert_int_equal(copy.len, 0);
	assert_string_equal(copy.data, "");
	arena_fini(&arena);
}

static void text_is_formatted_at_any_length(void **state)
{
	struct arena arena;
	char *text;

	(void)state;
	arena_init(&arena);
	assert_string_equal(arena_printf(&arena, "%s-%d", "a", 7), "a-7");
	assert_string_equal(arena_printf(&arena, "%s", ""), "");
	text = arena_printf(&arena, "%0100000d", 5);
	assert_int_equal(strlen(text), 100000);
	assert_int_equal(text[99999], '5');
	arena_fini(&arena);
}

static void a_small_arena_is_small(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_int_equal(arena.total_bytes, 0);
	arena_alloc(&arena, 10);
	assert_in_range(arena.total_bytes, 232, 300);
	for (int i = 0; i < 8; i++)
		arena_alloc(&arena, 10);
	assert_in_range(arena.total_bytes, 232, 300);
	arena_fini(&arena);
	assert_int_equal(arena.total_bytes, 0);
}

static void a_large_piece_does_not_waste_the_room_of_small_ones(void **state)
{
	struct arena arena;
	size_t before;
	char *large;

	(void)state;
	arena_init(&arena);
	arena_alloc(&arena, 10);
	large = arena_alloc(&arena, 100000);
	before = arena.total_bytes;
	assert_in_range(before, 100232, 100500);
	memset(large, 1, 100000);
	for (int i = 0; i < 8; i++)
		assert_true(is_zero(arena_alloc(&arena, 10), 10));
	assert_int_equal(arena.total_bytes, before);
	arena_fini(&arena);
}

static void many_allocations_need_few_blocks(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (int i = 0; i < 10000; i++)
		arena_alloc(&arena, 100);
	/* 112 with alignment; at most one block is not full. */
	assert_in_range(arena.total_bytes, 1120000, 1120000 * 11 / 10);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_is_zeroed_aligned_and_separate),
	    cmocka_unit_test(copies_are_terminated_and_their_own),
	    cmocka_unit_test(text_is_formatted_at_any_length),
	    cmocka_unit_test(a_small_arena_is_small),
	    cmocka_unit_test(
		a_large_piece_does_not_waste_the_room_of_small_ones),
	    cmocka_unit_test(many_allocations_need_few_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

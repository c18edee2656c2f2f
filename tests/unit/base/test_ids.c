/* SPDX-License-Identifier: ISC */
#include "base/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_goes_there_and_back(uint16_t slot, uint32_t incarnation)
{
	struct turn_place place = {slot, incarnation};
	struct turn_place read = {1, 1};
	char id[IDS_TURN_LEN + 1];

	ids_make_turn(id, place);
	assert_int_equal(strlen(id), IDS_TURN_LEN);
	assert_memory_equal(id, "t_", 2);
	assert_true(ids_read_turn(slice_of(id), &read));
	assert_int_equal(read.slot, slot);
	assert_int_equal(read.incarnation, incarnation);
	assert_false(ids_is_client_turn(slice_of(id)));
}

static void a_turn_id_names_its_worker(void **state)
{
	(void)state;
	assert_goes_there_and_back(0, 0);
	assert_goes_there_and_back(1, 61);
	assert_goes_there_and_back(61, 62);
	assert_goes_there_and_back(62, 3843);
	assert_goes_there_and_back(3843, UINT32_MAX);
}

static void no_two_ids_are_alike(void **state)
{
	struct turn_place place = {3, 7};
	char ids[100][IDS_TURN_LEN + 1];

	(void)state;
	for (int i = 0; i < 100; i++) {
		ids_make_turn(ids[i], place);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(ids[i], ids[j]);
			assert_memory_equal(ids[i], ids[j], 10);
		}
	}
}

static void random_text_uses_every_letter_and_digit(void **state)
{
	char text[10001];
	unsigned counts[256] = {0};
	unsigned used = 0;

	(void)state;
	ids_random(text, 10000);
	assert_int_equal(strlen(text), 10000);
	for (int i = 0; i < 10000; i++)
		counts[(unsigned char)text[i]]++;
	for (int c = 0; c < 256; c++) {
		if (!counts[c])
			continue;
		used++;
		/* 161 are expected, 12.6 is the standard deviation. */
		assert_in_range(counts[c], 60, 280);
		assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			    (c >= 'a' && c <= 'z'));
	}
	assert_int_equal(used, 62);
	ids_random(text, 0);
	assert_string_equal(text, "");
}

static void other_forms_are_no_turn_ids(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "t_",
	    "t_0000000000000000000000000000",
	    "t_0000000000000000000000000000000",
	    "x_000000000000000000000000000000",
	    "T_000000000000000000000000000000",
	    "t-000000000000000000000000000000",
	    "t_00000000000000000000000000000-",
	    "t_00000000000000000000000000000_",
	    "t_-00000000000000000000000000000",
	    "t_0000000 0000000000000000000000",
	    /* An incarnation beyond 32 bits. */
	    "t_00zzzzzz0000000000000000000000",
	    "t_004gfFC40000000000000000000000",
	};
	struct turn_place place = {5, 6};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (ids_read_turn(slice_of(wrong[i]), &place))
			fail_msg("%s", wrong[i]);
	assert_int_equal(place.slot, 5);
	assert_true(ids_read_turn(slice_of("t_004gfFC30000000000000000000000"),
				  &place));
	assert_true(place.incarnation == UINT32_MAX);
}

static void clients_may_choose_plain_long_ids(void **state)
{
	char longest[66];

	(void)state;
	memset(longest, 'a', sizeof longest - 1);
	longest[65] = 0;
	assert_false(ids_is_client_turn(slice_of(longest)));
	assert_true(ids_is_client_turn(slice_make(longest, 64)));
	assert_true(ids_is_client_turn(slice_make(longest, 16)));
	assert_false(ids_is_client_turn(slice_make(longest, 15)));
	assert_true(ids_is_client_turn(slice_of("A-Za-z0-9_-_-_-_")));
	assert_false(ids_is_client_turn(slice_of("t_aaaaaaaaaaaaaa")));
	assert_false(ids_is_client_turn(slice_of("aaaaaaaaaaaaaaaa.1")));
	assert_false(ids_is_client_turn(slice_of("aaaaaaaaaaaaaaa ")));
	assert_false(ids_is_client_turn(slice_of("aaaaaaaaaaaaaaa\n")));
	assert_false(ids_is_client_turn(slice_of("aaaaaaaaaaaaaaa\xC3\xA9")));
	assert_false(ids_is_client_turn(SLICE_NONE));
}

static void assert_event(const char *id, const char *turn, uint32_t expected)
{
	struct slice found;
	uint32_t n = 0;

	assert_true(ids_read_event(slice_of(id), &found, &n));
	assert_true(slice_is(found, turn));
	assert_true(n == expected);
}

static void an_event_id_names_turn_and_number(void **state)
{
	static const char *const wrong[] = {
	    "",
	    ".",
	    ".1",
	    "1",
	    "aaaaaaaaaaaaaaaa",
	    "aaaaaaaaaaaaaaaa.",
	    "aaaaaaaaaaaaaaaa.x",
	    "aaaaaaaaaaaaaaaa.-1",
	    "aaaaaaaaaaaaaaaa.4294967296",
	    "aaaaaaaaaaaaaaaa.1.2",
	    "aaaaaaaa.1",
	    "t_00.1",
	    "aaaaaaaaaaaaaaaa.99999999999999999999"};
	struct slice turn;
	uint32_t n;

	(void)state;
	assert_event("t_000000000000000000000000000000.12",
		     "t_000000000000000000000000000000", 12);
	assert_event("my-own-turn-id-16.0", "my-own-turn-id-16", 0);
	assert_event("aaaaaaaaaaaaaaaa.4294967295", "aaaaaaaaaaaaaaaa",
		     UINT32_MAX);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (ids_read_event(slice_of(wrong[i]), &turn, &n))
			fail_msg("%s", wrong[i]);
	assert_false(ids_read_event(SLICE_NONE, &turn, &n));
}

/* Every worker must come to the same owner: the values are FNV-1a's own. */
static void hashes_are_the_same_everywhere(void **state)
{
	(void)state;
	assert_true(ids_hash(SLICE_NONE) == 0xcbf29ce484222325u);
	assert_true(ids_hash(slice_of("a")) == 0xaf63dc4c8601ec8cu);
	assert_true(ids_hash(slice_of("foobar")) == 0x85944171f73967e8u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_turn_id_names_its_worker),
	    cmocka_unit_test(no_two_ids_are_alike),
	    cmocka_unit_test(random_text_uses_every_letter_and_digit),
	    cmocka_unit_test(other_forms_are_no_turn_ids),
	    cmocka_unit_test(clients_may_choose_plain_long_ids),
	    cmocka_unit_test(an_event_id_names_turn_and_number),
	    cmocka_unit_test(hashes_are_the_same_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

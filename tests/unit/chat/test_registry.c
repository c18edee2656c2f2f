/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ids.h"
#include "chat/registry.h"
#include "chat/turn.h"

enum { TURNS = 1000, ONE_CHAIN = 1023, CHAIN_MAX = 30 };

static struct registry registry;
static struct turn turns[TURNS];

static const char *name_of(int i)
{
	static char name[32];

	snprintf(name, sizeof name, "a-turn-number-%06d", i);
	return name;
}

static int set_up(void **state)
{
	static const struct journal_limits limits = {100, 10, 10};

	(void)state;
	registry_init(&registry);
	memset(turns, 0, sizeof turns);
	for (int i = 0; i < TURNS; i++)
		turns[i].journal = journal_new(slice_of(name_of(i)), &limits);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < TURNS; i++)
		journal_unref(turns[i].journal);
	registry_fini(&registry);
	return 0;
}

static void what_was_added_is_found_while_it_grows(void **state)
{
	(void)state;
	for (int i = 0; i < TURNS; i++)
		registry_add(&registry, &turns[i]);
	assert_int_equal(registry.count, TURNS);
	assert_true(registry.bucket_count >= TURNS);
	for (int i = 0; i < TURNS; i++)
		assert_ptr_equal(registry_find(&registry, slice_of(name_of(i))),
				 &turns[i]);
	assert_null(registry_find(&registry, slice_of("a-turn-number-")));
}

static void what_was_removed_is_gone_and_the_rest_stays(void **state)
{
	(void)state;
	for (int i = 0; i < TURNS; i++)
		registry_add(&registry, &turns[i]);
	for (int i = 0; i < TURNS; i += 2)
		registry_remove(&registry, &turns[i]);
	assert_int_equal(registry.count, TURNS / 2);
	for (int i = 0; i < TURNS; i++)
		assert_ptr_equal(registry_find(&registry, slice_of(name_of(i))),
				 i % 2 ? &turns[i] : NULL);
}

static unsigned longest_chain(void)
{
	unsigned longest = 0;

	for (size_t i = 0; i < registry.bucket_count; i++) {
		unsigned len = 0;

		for (struct turn *at = registry.buckets[i]; at;
		     at = at->hash_next)
			len++;
		if (len > longest)
			longest = len;
	}
	return longest;
}

static void ids_that_a_client_made_to_collide_are_spread(void **state)
{
	static const struct journal_limits limits = {100, 10, 10};
	int made = 0;

	(void)state;
	for (int i = 0; made < TURNS; i++) {
		struct slice id = slice_of(name_of(i));

		if (ids_hash(id) & ONE_CHAIN)
			continue;
		journal_unref(turns[made].journal);
		turns[made].journal = journal_new(id, &limits);
		registry_add(&registry, &turns[made++]);
	}
	assert_true(longest_chain() < CHAIN_MAX);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(what_was_added_is_found_while_it_grows),
	    EACH(what_was_removed_is_gone_and_the_rest_stays),
	    EACH(ids_that_a_client_made_to_collide_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

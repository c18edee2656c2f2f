/* SPDX-License-Identifier: ISC */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct item {
	int value; /* before the node: the node is not at the start */
	struct list node;
};

/* Checks both directions. */
static void assert_values(const struct list *list, const char *expected)
{
	char seen[32] = "";
	char reversed[32] = "";
	size_t len = 0;
	size_t count = strlen(expected);

	for (struct list *at = list->next; at != list; at = at->next)
		seen[len++] =
		    (char)('0' + LIST_ENTRY(at, struct item, node)->value);
	assert_string_equal(seen, expected);
	for (struct list *at = list->prev; at != list; at = at->prev)
		reversed[--len] =
		    (char)('0' + LIST_ENTRY(at, struct item, node)->value);
	assert_int_equal(len, 0);
	assert_int_equal(strlen(reversed), count);
	assert_string_equal(reversed, expected);
}

static int set_up(void **state)
{
	static struct item items[6];

	for (int i = 0; i < 6; i++) {
		items[i].value = i;
		list_init(&items[i].node);
	}
	*state = items;
	return 0;
}

static void nodes_stand_in_the_order_in_which_they_came(void **state)
{
	struct item *items = *state;
	struct list list;

	list_init(&list);
	assert_true(list_is_empty(&list));
	assert_values(&list, "");
	for (int i = 0; i < 3; i++)
		list_append(&list, &items[i].node);
	assert_false(list_is_empty(&list));
	assert_values(&list, "012");
}

static void a_node_can_be_removed_twice(void **state)
{
	struct item *items = *state;
	struct list list;

	list_init(&list);
	for (int i = 0; i < 4; i++)
		list_append(&list, &items[i].node);
	list_remove(&items[1].node);
	assert_values(&list, "023");
	list_remove(&items[1].node);
	assert_values(&list, "023");
	list_remove(&items[0].node);
	list_remove(&items[3].node);
	assert_values(&list, "2");
	list_remove(&items[2].node);
	assert_true(list_is_empty(&list));
	list_append(&list, &items[1].node);
	assert_values(&list, "1");
}

static void shift_takes_the_first(void **state)
{
	struct item *items = *state;
	struct list list;

	list_init(&list);
	assert_null(list_shift(&list));
	list_append(&list, &items[4].node);
	list_append(&list, &items[2].node);
	assert_ptr_equal(list_shift(&list), &items[4].node);
	assert_true(list_is_empty(&items[4].node));
	assert_values(&list, "2");
	assert_ptr_equal(list_shift(&list), &items[2].node);
	assert_null(list_shift(&list));
}

static void splice_moves_all(void **state)
{
	struct item *items = *state;
	struct list a;
	struct list b;

	list_init(&a);
	list_init(&b);
	list_splice(&a, &b);
	assert_values(&a, "");
	for (int i = 0; i < 6; i++)
		list_append(i < 3 ? &a : &b, &items[i].node);
	list_splice(&a, &b);
	assert_values(&a, "012345");
	assert_values(&b, "");
	list_splice(&b, &a);
	assert_values(&b, "012345");
	assert_true(list_is_empty(&a));
	list_splice(&b, &a);
	assert_values(&b, "012345");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(nodes_stand_in_the_order_in_which_they_came,
				   set_up),
	    cmocka_unit_test_setup(a_node_can_be_removed_twice, set_up),
	    cmocka_unit_test_setup(shift_takes_the_first, set_up),
	    cmocka_unit_test_setup(splice_moves_all, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

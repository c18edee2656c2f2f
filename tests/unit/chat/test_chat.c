/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat_world.h"

#define CLIENT_ID "my-own-turn-0001"

static struct turn *take_as(const char *id, bool *attached)
{
	struct ask *ask = chat_world_make_ask("q");

	ask->turn = arena_copy(&ask->arena, slice_of(id));
	return chat_world_take(ask, attached);
}

static void end_all(void)
{
	fake_loop_settle(world.loop);
	if (world.retriever.is_pending)
		scripted_retriever_find(&world.retriever, 0);
	fake_loop_settle(world.loop);
	if (world.first.sink)
		scripted_provider_end(&world.first);
	if (world.other.sink)
		scripted_provider_end(&world.other);
	fake_loop_settle(world.loop);
}

static void an_id_names_the_worker_and_is_found(void **state)
{
	struct turn *turn = chat_world_ask("q");
	struct turn_place place;

	(void)state;
	assert_true(ids_read_turn(turn_id(turn), &place));
	assert_int_equal(place.slot, 3);
	assert_int_equal(place.incarnation, 77);
	assert_ptr_equal(chat_find(world.chat, turn_id(turn)), turn);
	assert_null(chat_find(world.chat, SLICE_LITERAL(CLIENT_ID)));
	assert_null(chat_find(world.chat, SLICE_NONE));
	end_all();
}

static void a_client_chosen_id_attaches_to_the_same_turn(void **state)
{
	bool attached = true;
	struct turn *turn = take_as(CLIENT_ID, &attached);
	struct journal_reader second = {.journal = NULL};

	(void)state;
	assert_false(attached);
	assert_true(slice_is(turn_id(turn), CLIENT_ID));
	chat_world_read(turn, &world.reader);
	assert_ptr_equal(take_as(CLIENT_ID, &attached), turn);
	assert_true(attached);
	assert_int_equal(chat_open_turns(world.chat), 1);
	assert_int_equal(chat_world_count(METRIC_TURNS_STARTED), 1);
	chat_world_read(turn, &second);
	end_all();
	assert_int_equal(world.first.starts, 1);
	turn_detach(turn, &second);
	/* Ended, it is still the same one. */
	assert_ptr_equal(take_as(CLIENT_ID, &attached), turn);
	assert_true(attached);
	assert_true(turn_is_ended(turn));
}

static void an_ended_turn_is_kept_and_then_forgotten(void **state)
{
	struct turn *turn = take_as(CLIENT_ID, NULL);

	(void)state;
	chat_world_read(turn, &world.reader);
	end_all();
	turn_detach(turn, &world.reader);
	fake_loop_advance(world.loop, WORLD_LINGER_MS - 1);
	assert_non_null(chat_find(world.chat, SLICE_LITERAL(CLIENT_ID)));
	fake_loop_advance(world.loop, 1);
	assert_null(chat_find(world.chat, SLICE_LITERAL(CLIENT_ID)));
}

static void an_ended_turn_with_a_reader_is_not_forgotten(void **state)
{
	struct turn *turn = take_as(CLIENT_ID, NULL);

	(void)state;
	chat_world_read(turn, &world.reader);
	end_all();
	fake_loop_advance(world.loop, WORLD_LINGER_MS * 3);
	assert_ptr_equal(chat_find(world.chat, SLICE_LITERAL(CLIENT_ID)), turn);
	turn_detach(turn, &world.reader);
	fake_loop_advance(world.loop, WORLD_LINGER_MS);
	assert_null(chat_find(world.chat, SLICE_LITERAL(CLIENT_ID)));
}

static void a_polled_turn_outlives_its_readers_for_a_while(void **state)
{
	struct turn *turn = take_as(CLIENT_ID, NULL);

	(void)state;
	turn_linger(turn);
	fake_loop_settle(world.loop);
	fake_loop_advance(world.loop, WORLD_LINGER_MS - 1);
	assert_false(turn_is_ended(turn));
	chat_world_read(turn, &world.reader);
	fake_loop_advance(world.loop, WORLD_LINGER_MS * 2);
	assert_false(turn_is_ended(turn));
	turn_detach(turn, &world.reader);
	fake_loop_advance(world.loop, WORLD_LINGER_MS - 1);
	assert_false(turn_is_ended(turn));
	assert_int_equal(world.first.cancels, 0);
	fake_loop_advance(world.loop, 1);
	assert_true(turn_is_ended(turn));
	chat_world_expect_end(turn, "error cancelled retryable ");
	scripted_provider_fail(&world.first, ERROR_CANCELLED);
	if (world.retriever.is_pending)
		scripted_retriever_fail(&world.retriever, ERROR_CANCELLED, "");
	fake_loop_settle(world.loop);
}

static void a_model_is_chosen_by_name(void **state)
{
	struct ask *ask = chat_world_make_ask("q");
	struct turn *turn;

	(void)state;
	ask->model = SLICE_LITERAL("two");
	ask->wants_context = false;
	turn = chat_world_take(ask, NULL);
	chat_world_read(turn, &world.reader);
	fake_loop_settle(world.loop);
	assert_int_equal(world.first.starts, 0);
	assert_int_equal(world.other.starts, 1);
	end_all();
	assert_non_null(strstr(chat_world_journal(turn), "two/scripted"));
}

static void an_unknown_model_is_refused_before_a_turn_begins(void **state)
{
	struct ask *ask = chat_world_make_ask("q");

	(void)state;
	ask->model = SLICE_LITERAL("three");
	assert_null(chat_world_take(ask, NULL));
	assert_int_equal(world.fault.code, ERROR_MODEL_NOT_FOUND);
	assert_int_equal(chat_world_count(METRIC_TURNS_STARTED), 0);
	assert_int_equal(chat_open_turns(world.chat), 0);
}

static void a_full_worker_says_so(void **state)
{
	struct turn *turns[WORLD_TURNS_MAX];

	(void)state;
	for (int i = 0; i < WORLD_TURNS_MAX; i++)
		turns[i] = chat_world_take(chat_world_make_ask("q"), NULL);
	assert_null(chat_world_take(chat_world_make_ask("q"), NULL));
	assert_int_equal(world.fault.code, ERROR_OVERLOADED);
	for (int i = 0; i < WORLD_TURNS_MAX; i++)
		turn_stop(turns[i]);
	fake_loop_settle(world.loop);
	assert_non_null(chat_world_take(chat_world_make_ask("q"), NULL));
	chat_interrupt_all(world.chat);
	fake_loop_settle(world.loop);
}

static void a_turn_has_so_many_readers_and_no_more(void **state)
{
	struct turn *turn = chat_world_ask("q");
	struct journal_reader readers[3];

	(void)state;
	memset(readers, 0, sizeof readers);
	chat_world_read(turn, &readers[0]);
	chat_world_read(turn, &readers[1]);
	assert_false(turn_attach(turn, &readers[2], 0, world.reader.on_more));
	turn_detach(turn, &readers[0]);
	chat_world_read(turn, &readers[2]);
	end_all();
	journal_detach(&readers[1]);
	journal_detach(&readers[2]);
}

static void interrupting_ends_every_turn(void **state)
{
	struct turn *one = chat_world_ask_provider("q");
	struct ask *ask = chat_world_make_ask("q");
	struct turn *two;
	struct journal_reader second = {.journal = NULL};

	(void)state;
	ask->model = SLICE_LITERAL("two");
	ask->wants_context = false;
	two = chat_world_take(ask, NULL);
	chat_world_read(two, &second);
	fake_loop_settle(world.loop);
	chat_interrupt_all(world.chat);
	fake_loop_settle(world.loop);
	chat_world_expect_end(one, "error interrupted retryable ");
	chat_world_expect_end(two, "error interrupted retryable ");
	assert_int_equal(world.first.cancels, 1);
	assert_int_equal(world.other.cancels, 1);
	end_all();
	journal_detach(&second);
	assert_int_equal(chat_world_count(METRIC_TURNS_ERROR), 2);
}

static void a_reader_may_begin_in_the_middle(void **state)
{
	struct turn *turn = chat_world_ask_provider("q");
	struct journal_reader late = {.journal = NULL};
	struct event event;

	(void)state;
	scripted_provider_content(&world.first, "a");
	scripted_provider_content(&world.first, "b");
	assert_true(turn_attach(turn, &late,
				journal_tail(turn_journal(turn)) - 1,
				world.reader.on_more));
	assert_true(journal_next(turn_journal(turn), &late.place, &event));
	assert_true(slice_is(event.text, "b"));
	end_all();
	journal_detach(&late);
}

/* 64 MiB of ended turns are kept at most, the oldest go first. */
static void ended_turns_are_forgotten_when_they_hold_too_much(void **state)
{
	enum { TURN_BYTES = 9 << 20 };
	char *text = malloc(TURN_BYTES + 1);
	char id[32];

	(void)state;
	memset(text, 'x', TURN_BYTES);
	text[TURN_BYTES] = '\0';
	world.parts.retriever = NULL;
	world.options.journal =
	    (struct journal_limits){1 << 30, 100000, 1 << 20};
	chat_world_reopen();
	for (int i = 0; i < 9; i++) {
		struct turn *turn;

		snprintf(id, sizeof id, "turn-number-%08d", i);
		turn = take_as(id, NULL);
		chat_world_read(turn, &world.reader);
		fake_loop_settle(world.loop);
		scripted_provider_content(&world.first, text);
		scripted_provider_end(&world.first);
		fake_loop_settle(world.loop);
		turn_detach(turn, &world.reader);
	}
	free(text);
	assert_null(
	    chat_find(world.chat, SLICE_LITERAL("turn-number-00000000")));
	assert_non_null(
	    chat_find(world.chat, SLICE_LITERAL("turn-number-00000008")));
}

#define EACH(test)                                               \
	cmocka_unit_test_setup_teardown(test, chat_world_set_up, \
					chat_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(an_id_names_the_worker_and_is_found),
	    EACH(a_client_chosen_id_attaches_to_the_same_turn),
	    EACH(an_ended_turn_is_kept_and_then_forgotten),
	    EACH(an_ended_turn_with_a_reader_is_not_forgotten),
	    EACH(a_polled_turn_outlives_its_readers_for_a_while),
	    EACH(a_model_is_chosen_by_name),
	    EACH(an_unknown_model_is_refused_before_a_turn_begins),
	    EACH(a_full_worker_says_so),
	    EACH(a_turn_has_so_many_readers_and_no_more),
	    EACH(interrupting_ends_every_turn),
	    EACH(a_reader_may_begin_in_the_middle),
	    EACH(ended_turns_are_forgotten_when_they_hold_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

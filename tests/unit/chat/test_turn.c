/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "chat_world.h"

#define ADMITTED  "status admit done 0 Question received\n"
#define SEARCHING "status context started 0 Searching 3,214 passages\n"

static void an_answer_goes_from_admit_to_final(void **state)
{
	struct turn *turn = chat_world_ask("Why?");

	(void)state;
	chat_world_expect(turn, "status admit done 0 Question received\n"
				"status context started 0 Searching 3,214 "
				"passages");
	assert_true(slice_is(world.retriever.ask->query, "Why?"));
	fake_loop_advance(world.loop, 10);
	scripted_retriever_find(&world.retriever, 2);
	fake_loop_settle(world.loop);
	fake_loop_advance(world.loop, 20);
	assert_true(scripted_provider_content(&world.first, "Be"));
	assert_true(scripted_provider_content(&world.first, "cause."));
	fake_loop_advance(world.loop, 5);
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	chat_world_expect(turn, ADMITTED SEARCHING
			  "status context done 10 Found 2 passages\n"
			  "status model started 10 Writing the answer\n"
			  "content Be\ncontent cause.\n"
			  "final stop one/scripted sources=2 first=30 "
			  "total=35");
	assert_true(turn_is_ended(turn));
	assert_int_equal(chat_open_turns(world.chat), 0);
	assert_int_equal(chat_world_count(METRIC_TURNS_COMPLETE), 1);
	assert_int_equal(chat_world_count(METRIC_TURNS_OPEN), 0);
}

static void nothing_happens_before_the_next_pass(void **state)
{
	struct turn *turn = chat_world_take(chat_world_make_ask("q"), NULL);

	(void)state;
	assert_int_equal(journal_tail(turn_journal(turn)), 0);
	turn_stop(turn);
	fake_loop_settle(world.loop);
	/* Stopped before it was admitted: it still ends once. */
	assert_int_equal(journal_tail(turn_journal(turn)), 1);
	assert_int_equal(world.retriever.starts, 0);
}

static void without_a_retriever_the_model_is_asked_at_once(void **state)
{
	struct turn *turn;

	(void)state;
	world.parts.retriever = NULL;
	chat_world_reopen();
	turn = chat_world_ask("q");
	chat_world_expect(turn,
			  ADMITTED "status model started 0 Writing the answer");
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	chat_world_expect_end(
	    turn, "final stop one/scripted sources=0 first=-1 total=0");
}

static void context_false_searches_nothing(void **state)
{
	struct ask *ask = chat_world_make_ask("q");
	struct turn *turn;

	(void)state;
	ask->wants_context = false;
	turn = chat_world_take(ask, NULL);
	chat_world_read(turn, &world.reader);
	fake_loop_settle(world.loop);
	assert_int_equal(world.retriever.starts, 0);
	assert_int_equal(world.first.starts, 1);
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
}

static void the_search_is_told_what_the_ask_wants(void **state)
{
	struct ask *ask = chat_world_make_ask("and on Apache?");
	struct message *messages =
	    arena_alloc(&ask->arena, 3 * sizeof *messages);
	struct turn *turn;

	(void)state;
	memset(messages, 0, 3 * sizeof *messages);
	messages[2] = ask->messages[0];
	ask->messages = messages;
	ask->message_count = 3;
	ask->context_passages = 4;
	turn = chat_world_take(ask, NULL);
	chat_world_read(turn, &world.reader);
	fake_loop_settle(world.loop);
	assert_int_equal(world.retriever.ask->max_passages, 4);
	assert_int_equal(world.retriever.ask->history_count, 2);
	scripted_retriever_find(&world.retriever, 0);
	fake_loop_settle(world.loop);
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	assert_non_null(strstr(chat_world_journal(turn), "Found 0 passages"));
}

static void a_missing_index_is_said_and_done_without(void **state)
{
	struct turn *turn;

	(void)state;
	world.retriever.passage_count = -1;
	world.retriever.why = "there is no index yet.";
	turn = chat_world_ask("q");
	chat_world_expect(turn,
			  ADMITTED "status context failed 0 Answering without "
				   "passages: there is no index yet.\n"
				   "status model started 0 Writing the answer");
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	assert_int_equal(world.retriever.starts, 0);
}

static void a_failed_search_is_said_and_done_without(void **state)
{
	struct turn *turn = chat_world_ask("q");

	(void)state;
	scripted_retriever_fail(&world.retriever, ERROR_CONTEXT_FAILED,
				"Too many searches are running.");
	fake_loop_settle(world.loop);
	chat_world_expect(turn, ADMITTED SEARCHING
			  "status context failed 0 Could not search: Too many "
			  "searches are running.\n"
			  "status model started 0 Writing the answer");
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	assert_int_equal(chat_world_count(METRIC_TURNS_COMPLETE), 1);
}

static void a_failed_search_without_words_has_a_sentence(void **state)
{
	struct turn *turn = chat_world_ask("q");

	(void)state;
	scripted_retriever_fail(&world.retriever, ERROR_CONTEXT_FAILED, "");
	fake_loop_settle(world.loop);
	assert_non_null(
	    strstr(chat_world_journal(turn),
		   "Could not search: The documents could not be searched."));
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
}

static void a_late_search_is_cancelled_and_waited_for(void **state)
{
	struct turn *turn = chat_world_ask("q");

	(void)state;
	fake_loop_advance(world.loop, WORLD_RECALL_MS);
	chat_world_expect(turn, ADMITTED SEARCHING
			  "status context failed 100 Searching took too long; "
			  "answering without passages\n"
			  "status model started 100 Writing the answer");
	assert_int_equal(world.retriever.cancels, 1);
	scripted_provider_content(&world.first, "x");
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	assert_true(turn_is_ended(turn));
	/* Its reader is told, but the ask's memory is still in use. */
	assert_int_equal(chat_open_turns(world.chat), 1);
	assert_int_equal(world.retriever.cancels, 1);
	scripted_retriever_find(&world.retriever, 3);
	fake_loop_settle(world.loop);
	assert_int_equal(chat_open_turns(world.chat), 0);
	chat_world_expect_end(
	    turn, "final stop one/scripted sources=0 first=100 total=100");
}

static void a_late_search_that_reports_in_time_harms_nothing(void **state)
{
	struct turn *turn = chat_world_ask("q");

	(void)state;
	fake_loop_advance(world.loop, WORLD_RECALL_MS);
	scripted_retriever_fail(&world.retriever, ERROR_CANCELLED, "");
	fake_loop_settle(world.loop);
	assert_int_equal(world.first.starts, 1);
	scripted_provider_content(&world.first, "x");
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	assert_int_equal(chat_world_count(METRIC_TURNS_COMPLETE), 1);
	chat_world_expect_end(
	    turn, "final stop one/scripted sources=0 first=100 total=100");
}

static void a_providers_error_is_one_error_event(void **state)
{
	struct turn *turn = chat_world_ask_provider("q");

	(void)state;
	scripted_provider_content(&world.first, "Half");
	scripted_provider_fail(&world.first, ERROR_UPSTREAM_TRUNCATED);
	fake_loop_settle(world.loop);
	chat_world_expect_end(turn, "error upstream_truncated retryable ");
	assert_int_equal(journal_answer_bytes(turn_journal(turn)), 4);
	assert_int_equal(chat_world_count(METRIC_TURNS_ERROR), 1);
	assert_int_equal(chat_open_turns(world.chat), 0);
}

static void a_stop_keeps_what_was_said(void **state)
{
	struct turn *turn = chat_world_ask_provider("q");

	(void)state;
	scripted_provider_content(&world.first, "Half");
	turn_stop(turn);
	turn_stop(turn);
	/* From the wish on, nothing more is taken. */
	assert_false(scripted_provider_content(&world.first, "more"));
	fake_loop_settle(world.loop);
	chat_world_expect_end(
	    turn, "final cancelled one/scripted sources=1 first=0 total=0");
	assert_int_equal(world.first.cancels, 1);
	assert_int_equal(chat_open_turns(world.chat), 1);
	scripted_provider_fail(&world.first, ERROR_CANCELLED);
	fake_loop_settle(world.loop);
	assert_int_equal(chat_open_turns(world.chat), 0);
	assert_int_equal(chat_world_count(METRIC_TURNS_CANCELLED), 1);
	turn_stop(turn);
	fake_loop_settle(world.loop);
	assert_int_equal(journal_answer_bytes(turn_journal(turn)), 4);
}

static void a_stop_names_the_model_that_was_asked(void **state)
{
	struct ask *ask = chat_world_make_ask("q");
	struct turn *turn;

	(void)state;
	world.first.allowed_model = "big";
	ask->model = SLICE_LITERAL("big");
	ask->wants_context = false;
	turn = chat_world_take(ask, NULL);
	chat_world_read(turn, &world.reader);
	fake_loop_settle(world.loop);
	assert_string_equal(world.first.asked_model, "big");
	turn_stop(turn);
	fake_loop_settle(world.loop);
	chat_world_expect_end(
	    turn, "final cancelled one/big sources=0 first=-1 total=0");
	scripted_provider_fail(&world.first, ERROR_CANCELLED);
	fake_loop_settle(world.loop);
}

static void a_stop_ends_a_search_too(void **state)
{
	struct turn *turn = chat_world_ask("q");

	(void)state;
	turn_stop(turn);
	fake_loop_settle(world.loop);
	assert_true(turn_is_ended(turn));
	assert_int_equal(world.retriever.cancels, 1);
	assert_int_equal(chat_open_turns(world.chat), 1);
	scripted_retriever_fail(&world.retriever, ERROR_CANCELLED, "");
	fake_loop_settle(world.loop);
	assert_int_equal(world.first.starts, 0);
	assert_int_equal(chat_open_turns(world.chat), 0);
}

static void the_last_readers_leaving_cancels_the_call(void **state)
{
	struct turn *turn = chat_world_ask_provider("q");
	struct journal_reader second = {.journal = NULL};

	(void)state;
	chat_world_read(turn, &second);
	turn_detach(turn, &world.reader);
	fake_loop_settle(world.loop);
	assert_int_equal(world.first.cancels, 0);
	turn_detach(turn, &second);
	fake_loop_settle(world.loop);
	assert_int_equal(world.first.cancels, 1);
	/* The ask is the provider's until it has reported. */
	assert_int_equal(chat_open_turns(world.chat), 1);
	chat_world_expect_end(turn, "error cancelled retryable ");
	scripted_provider_fail(&world.first, ERROR_CANCELLED);
	fake_loop_settle(world.loop);
	assert_int_equal(chat_open_turns(world.chat), 0);
	assert_int_equal(chat_world_count(METRIC_TURNS_CANCELLED), 1);
}

static void a_reader_that_leaves_before_the_call_saves_it(void **state)
{
	struct turn *turn = chat_world_ask("q");

	(void)state;
	turn_detach(turn, &world.reader);
	fake_loop_settle(world.loop);
	scripted_retriever_find(&world.retriever, 1);
	fake_loop_settle(world.loop);
	assert_int_equal(world.first.starts, 0);
	assert_int_equal(chat_open_turns(world.chat), 0);
}

static void a_deadline_is_an_error_that_keeps_the_text(void **state)
{
	struct turn *turn = chat_world_ask_provider("q");

	(void)state;
	scripted_provider_content(&world.first, "Half");
	fake_loop_advance(world.loop, WORLD_TOTAL_MS - 1);
	assert_false(turn_is_ended(turn));
	fake_loop_advance(world.loop, 1);
	chat_world_expect_end(turn, "error upstream_total_timeout retryable ");
	assert_int_equal(world.first.cancels, 1);
	scripted_provider_fail(&world.first, ERROR_CANCELLED);
	fake_loop_settle(world.loop);
}

static void an_answer_that_grows_too_large_is_cut_with_an_error(void **state)
{
	struct turn *turn = chat_world_ask_provider("q");
	char text[WORLD_ANSWER_MAX + 1];

	(void)state;
	memset(text, 'x', WORLD_ANSWER_MAX);
	text[WORLD_ANSWER_MAX] = '\0';
	assert_true(scripted_provider_content(&world.first, text));
	assert_false(scripted_provider_content(&world.first, "y"));
	fake_loop_settle(world.loop);
	chat_world_expect_end(turn, "error answer_too_large ");
	assert_int_equal(journal_answer_bytes(turn_journal(turn)),
			 WORLD_ANSWER_MAX);
	assert_int_equal(world.first.cancels, 1);
	scripted_provider_fail(&world.first, ERROR_CANCELLED);
	fake_loop_settle(world.loop);
}

static void without_room_for_another_event_no_model_is_called(void **state)
{
	struct turn *turn;

	(void)state;
	world.options.journal.max_events = 2; /* "admit" and the end */
	world.parts.retriever = NULL;
	chat_world_reopen();
	turn = chat_world_ask("q");
	fake_loop_settle(world.loop);
	chat_world_expect_end(turn, "error answer_too_large ");
	assert_int_equal(world.first.starts, 0);
}

static void the_first_reason_to_end_counts(void **state)
{
	struct turn *turn = chat_world_ask_provider("q");

	(void)state;
	turn_stop(turn);
	turn_detach(turn, &world.reader);
	chat_interrupt_all(world.chat);
	scripted_provider_fail(&world.first, ERROR_UPSTREAM_INVALID);
	fake_loop_settle(world.loop);
	assert_non_null(strstr(chat_world_journal(turn), "\nfinal cancelled"));
	assert_int_equal(chat_world_count(METRIC_TURNS_ERROR), 0);
}

static void a_providers_status_is_timed_by_the_turn(void **state)
{
	struct turn *turn = chat_world_ask_provider("q");
	struct event event = {
	    .type = EVENT_STATUS,
	    .status = {.step = STEP_MODEL,
		       .state = STATE_PROGRESS,
		       .progress = -1,
		       .elapsed_ms = 999999,
		       .description = SLICE_LITERAL("Trying two")}};

	(void)state;
	fake_loop_advance(world.loop, 40);
	assert_true(scripted_provider_emit(&world.first, &event));
	chat_world_expect_end(turn, "status model progress 40 Trying two");
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	/* A status is no first token. */
	chat_world_expect_end(
	    turn, "final stop one/scripted sources=1 first=-1 total=40");
}

static void readers_are_told_in_the_pass_in_which_it_happens(void **state)
{
	int before;

	(void)state;
	chat_world_ask_provider("q");
	before = world.mores;
	scripted_provider_content(&world.first, "a");
	assert_int_equal(world.mores, before + 1);
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	assert_int_equal(world.mores, before + 2);
}

static void a_snippet_is_cut_to_what_is_shown(void **state)
{
	struct turn *turn;
	struct journal_place place = {0, 0};
	struct event event;

	(void)state;
	world.options.snippet_bytes = 3;
	chat_world_reopen();
	turn = chat_world_ask_provider("q");
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	while (journal_next(turn_journal(turn), &place, &event))
		continue;
	assert_int_equal(event.final.source_count, 1);
	assert_true(slice_is(event.final.sources[0].text, "tex"));
	assert_true(slice_is(event.final.sources[0].title, "title 1"));
}

#define EACH(test)                                               \
	cmocka_unit_test_setup_teardown(test, chat_world_set_up, \
					chat_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(an_answer_goes_from_admit_to_final),
	    EACH(nothing_happens_before_the_next_pass),
	    EACH(without_a_retriever_the_model_is_asked_at_once),
	    EACH(context_false_searches_nothing),
	    EACH(the_search_is_told_what_the_ask_wants),
	    EACH(a_missing_index_is_said_and_done_without),
	    EACH(a_failed_search_is_said_and_done_without),
	    EACH(a_failed_search_without_words_has_a_sentence),
	    EACH(a_late_search_is_cancelled_and_waited_for),
	    EACH(a_late_search_that_reports_in_time_harms_nothing),
	    EACH(a_providers_error_is_one_error_event),
	    EACH(a_stop_keeps_what_was_said),
	    EACH(a_stop_names_the_model_that_was_asked),
	    EACH(a_stop_ends_a_search_too),
	    EACH(the_last_readers_leaving_cancels_the_call),
	    EACH(a_reader_that_leaves_before_the_call_saves_it),
	    EACH(a_deadline_is_an_error_that_keeps_the_text),
	    EACH(an_answer_that_grows_too_large_is_cut_with_an_error),
	    EACH(without_room_for_another_event_no_model_is_called),
	    EACH(the_first_reason_to_end_counts),
	    EACH(a_providers_status_is_timed_by_the_turn),
	    EACH(readers_are_told_in_the_pass_in_which_it_happens),
	    EACH(a_snippet_is_cut_to_what_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

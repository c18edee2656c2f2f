/* SPDX-License-Identifier: ISC */
#include "core/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "core/ask.h"

static const struct journal_limits roomy = {
    .max_answer_bytes = 1 << 20, .max_events = 1000, .max_event_bytes = 16384};

static struct journal *make(const struct journal_limits *limits)
{
	return journal_new(SLICE_LITERAL("t_turn"), limits);
}

static struct event text_event(enum event_type type, const char *text)
{
	return (struct event){.type = type, .text = slice_of(text)};
}

static bool append_text(struct journal *journal, const char *text)
{
	struct event event = text_event(EVENT_CONTENT, text);

	return journal_append(journal, &event, NULL);
}

static bool append_final(struct journal *journal)
{
	struct event event = {
	    .type = EVENT_FINAL,
	    .final = {.reason = FINISH_STOP, .model = SLICE_LITERAL("m")}};

	return journal_append(journal, &event, NULL);
}

static struct event next(const struct journal *journal,
			 struct journal_place *place)
{
	struct event event;

	assert_true(journal_next(journal, place, &event));
	return event;
}

static void assert_slice(struct slice slice, const char *expected)
{
	assert_int_equal(slice.len, strlen(expected));
	assert_memory_equal(slice.data, expected, slice.len);
}

static void an_empty_journal_has_nothing_to_read(void **state)
{
	struct journal *journal = make(&roomy);
	struct journal_place place = {0, 0};
	struct event event;
	struct buffer answer;

	(void)state;
	buffer_init(&answer, 100);
	assert_false(journal_next(journal, &place, &event));
	assert_int_equal(journal_tail(journal), 0);
	assert_false(journal_is_ended(journal));
	journal_answer(journal, &answer);
	assert_int_equal(answer.len, 0);
	assert_slice(journal_turn_id(journal), "t_turn");
	buffer_fini(&answer);
	journal_unref(journal);

	journal = journal_new(SLICE_NONE, &roomy);
	assert_int_equal(journal_turn_id(journal).len, 0);
	journal_unref(journal);
	journal_unref(NULL);
}

static void events_are_numbered_from_1_in_order(void **state)
{
	struct journal *journal = make(&roomy);
	struct journal_place place = {0, 0};
	struct event event;

	(void)state;
	assert_true(append_text(journal, "one"));
	assert_true(append_text(journal, "two"));
	assert_int_equal(journal_tail(journal), 2);
	event = next(journal, &place);
	assert_int_equal(place.n, 1);
	assert_slice(event.text, "one");
	event = next(journal, &place);
	assert_int_equal(place.n, 2);
	assert_slice(event.text, "two");
	assert_false(journal_next(journal, &place, &event));
	assert_int_equal(place.n, 2);
	journal_unref(journal);
}

static void append_one_of_each(struct journal *journal)
{
	struct event events[] = {
	    {.type = EVENT_STATUS,
	     .branch = 3,
	     .status = {STEP_CONTEXT, STATE_DONE, 100, 42,
			SLICE_LITERAL("Found 6 passages")}},
	    {.type = EVENT_CONTENT, .text = SLICE_LITERAL("text")},
	    {.type = EVENT_REASONING, .text = SLICE_LITERAL("because")},
	    {.type = EVENT_TOOL_CALL,
	     .tool_call = {7, SLICE_LITERAL("id1"), SLICE_LITERAL("look"),
			   SLICE_LITERAL("{\"a\":")}},
	    {.type = EVENT_TOOL_RESULT,
	     .tool_result = {SLICE_LITERAL("id1"), SLICE_NONE,
			     SLICE_LITERAL("found")}},
	    {.type = EVENT_ERROR,
	     .error = {ERROR_CANCELLED, true, 1500, SLICE_LITERAL("hint")}},
	};

	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		assert_true(journal_append(journal, &events[i], NULL));
}

static void every_kind_of_event_is_read_as_it_was_written(void **state)
{
	struct journal *journal = make(&roomy);
	struct journal_place place = {0, 0};
	struct event event;

	(void)state;
	append_one_of_each(journal);
	event = next(journal, &place);
	assert_int_equal(event.type, EVENT_STATUS);
	assert_int_equal(event.branch, 3);
	assert_int_equal(event.status.step, STEP_CONTEXT);
	assert_int_equal(event.status.state, STATE_DONE);
	assert_int_equal(event.status.progress, 100);
	assert_int_equal(event.status.elapsed_ms, 42);
	assert_slice(event.status.description, "Found 6 passages");
	event = next(journal, &place);
	assert_int_equal(event.type, EVENT_CONTENT);
	assert_int_equal(event.branch, 0);
	event = next(journal, &place);
	assert_int_equal(event.type, EVENT_REASONING);
	assert_slice(event.text, "because");
	event = next(journal, &place);
	assert_int_equal(event.type, EVENT_TOOL_CALL);
	assert_int_equal(event.tool_call.index, 7);
	assert_slice(event.tool_call.id, "id1");
	assert_slice(event.tool_call.name, "look");
	assert_slice(event.tool_call.arguments, "{\"a\":");
	event = next(journal, &place);
	assert_int_equal(event.type, EVENT_TOOL_RESULT);
	assert_slice(event.tool_result.name, "");
	assert_slice(event.tool_result.content, "found");
	event = next(journal, &place);
	assert_int_equal(event.type, EVENT_ERROR);
	assert_int_equal(event.error.code, ERROR_CANCELLED);
	assert_true(event.error.is_retryable);
	assert_int_equal(event.error.retry_after_ms, 1500);
	assert_slice(event.error.hint, "hint");
	assert_int_equal(place.n, journal_tail(journal));
	journal_unref(journal);
}

static void what_was_written_is_the_journals_own(void **state)
{
	struct journal *journal = make(&roomy);
	struct journal_place place = {0, 0};
	char *text = memory_strdup("borrowed");
	struct event event = text_event(EVENT_CONTENT, text);

	(void)state;
	journal_append(journal, &event, NULL);
	memset(text, 'x', strlen(text));
	memory_free(text);
	event = next(journal, &place);
	assert_slice(event.text, "borrowed");
	journal_unref(journal);
}

static struct slice word_of(char *words, size_t n)
{
	return slice_make(words + n * 8, 8);
}

static void passages_of_a_final_event_are_copied(void **state)
{
	struct journal *journal = make(&roomy);
	struct journal_place place = {0, 0};
	char words[] = "text  0;url   1;title 2;head  3;lang  4;raw   5;"
		       "model 6;prov  7;";
	struct passage passages[2] = {{.text = word_of(words, 0)},
				      {.url = word_of(words, 1),
				       .title = word_of(words, 2),
				       .heading = word_of(words, 3),
				       .language = word_of(words, 4),
				       .score = 2.5}};
	struct event event = {.type = EVENT_FINAL,
			      .final = {.reason = FINISH_OTHER,
					.reason_raw = word_of(words, 5),
					.model = word_of(words, 6),
					.provider = word_of(words, 7),
					.usage = {812, 96, true},
					.first_token_ms = 310,
					.total_ms = 2140,
					.sources = passages,
					.source_count = 2}};

	(void)state;
	assert_true(journal_append(journal, &event, NULL));
	memset(words, 'x', sizeof words);
	memset(passages, 0, sizeof passages);
	memset(&event, 0, sizeof event);
	event = next(journal, &place);
	assert_int_equal(event.type, EVENT_FINAL);
	assert_slice(event.final.reason_raw, "raw   5;");
	assert_slice(event.final.model, "model 6;");
	assert_slice(event.final.provider, "prov  7;");
	assert_int_equal(event.final.usage.input_tokens, 812);
	assert_true(event.final.usage.is_estimated);
	assert_int_equal(event.final.total_ms, 2140);
	assert_int_equal(event.final.source_count, 2);
	assert_slice(event.final.sources[0].text, "text  0;");
	assert_slice(event.final.sources[0].url, "");
	assert_slice(event.final.sources[1].title, "title 2;");
	assert_slice(event.final.sources[1].heading, "head  3;");
	assert_slice(event.final.sources[1].url, "url   1;");
	assert_slice(event.final.sources[1].language, "lang  4;");
	assert_true(event.final.sources[1].score == 2.5);
	journal_unref(journal);
}

static void nothing_follows_a_terminal_event(void **state)
{
	struct journal *journal = make(&roomy);
	struct fault fault;
	struct event text = text_event(EVENT_CONTENT, "late");

	(void)state;
	assert_true(append_final(journal));
	assert_true(journal_is_ended(journal));
	assert_false(journal_append(journal, &text, &fault));
	assert_int_equal(fault.code, ERROR_INTERNAL);
	assert_false(append_final(journal));
	assert_int_equal(journal_tail(journal), 1);
	journal_unref(journal);
}

static void the_answer_is_its_content_alone(void **state)
{
	struct journal *journal = make(&roomy);
	struct buffer answer;
	struct event thought = text_event(EVENT_REASONING, "hm");

	(void)state;
	buffer_init(&answer, 100);
	append_text(journal, "one ");
	journal_append(journal, &thought, NULL);
	append_text(journal, "two");
	append_final(journal);
	journal_answer(journal, &answer);
	assert_string_equal(buffer_string(&answer), "one two");
	assert_int_equal(journal_answer_bytes(journal), 7);
	buffer_fini(&answer);
	journal_unref(journal);
}

static void content_and_reasoning_share_one_cap(void **state)
{
	struct journal_limits limits = roomy;
	struct journal *journal;
	struct fault fault;
	struct event thought = text_event(EVENT_REASONING, "12345");
	struct event text = text_event(EVENT_CONTENT, "123456");

	(void)state;
	limits.max_answer_bytes = 10;
	journal = make(&limits);
	assert_true(journal_append(journal, &thought, &fault));
	assert_false(journal_append(journal, &text, &fault));
	assert_int_equal(fault.code, ERROR_ANSWER_TOO_LARGE);
	assert_int_equal(journal_tail(journal), 1);
	assert_true(append_text(journal, "67890"));
	assert_false(append_text(journal, "1"));
	assert_true(append_text(journal, ""));
	assert_true(append_final(journal));
	journal_unref(journal);
}

static void the_terminal_event_always_has_a_number_left(void **state)
{
	struct journal_limits limits = roomy;
	struct journal *journal;
	struct fault fault;
	struct event text = text_event(EVENT_CONTENT, "x");

	(void)state;
	limits.max_events = 3;
	journal = make(&limits);
	assert_true(journal_append(journal, &text, &fault));
	assert_true(journal_append(journal, &text, &fault));
	assert_false(journal_append(journal, &text, &fault));
	assert_int_equal(fault.code, ERROR_ANSWER_TOO_LARGE);
	assert_true(append_final(journal));
	assert_int_equal(journal_tail(journal), 3);
	journal_unref(journal);
}

static void pieces_of_a_long_text_count_as_events(void **state)
{
	struct journal_limits limits = roomy;
	struct journal *journal;

	(void)state;
	limits.max_event_bytes = 4;
	limits.max_events = 4;
	journal = make(&limits);
	/* Four pieces of one character of three bytes each. */
	assert_false(append_text(journal, "€€€€"));
	assert_int_equal(journal_tail(journal), 0);
	assert_int_equal(journal_answer_bytes(journal), 0);
	assert_true(append_text(journal, "€"));
	journal_unref(journal);
}

static void descriptions_have_a_cap_of_their_own(void **state)
{
	struct journal_limits limits = roomy;
	struct journal *journal;
	struct event status = {.type = EVENT_STATUS};
	struct fault fault;

	(void)state;
	limits.max_answer_bytes = 10;
	journal = make(&limits);
	status.status.description = SLICE_LITERAL("123456");
	assert_true(append_text(journal, "1234567890"));
	assert_true(journal_append(journal, &status, NULL));
	assert_false(journal_append(journal, &status, &fault));
	assert_int_equal(fault.code, ERROR_ANSWER_TOO_LARGE);
	assert_int_equal(journal_tail(journal), 2);
	assert_true(append_final(journal));
	journal_unref(journal);
}

/* Limits that an operator could set, and that no memory would hold. */
static void records_have_a_cap_whatever_the_limits_say(void **state)
{
	struct journal_limits limits = {SIZE_MAX, UINT32_MAX, 1 << 20};
	struct journal *journal = make(&limits);
	struct event huge = {.type = EVENT_REASONING};
	struct journal_place place = {0, 0};
	struct event event;
	struct fault fault;

	(void)state;
	/* Refused by its length alone: nothing is read there. */
	huge.text = slice_make("", 300 << 20);
	assert_false(journal_append(journal, &huge, &fault));
	assert_int_equal(fault.code, ERROR_ANSWER_TOO_LARGE);
	assert_true(append_final(journal));
	assert_int_equal(next(journal, &place).type, EVENT_FINAL);
	assert_false(journal_next(journal, &place, &event));
	journal_unref(journal);
}

static void assert_split(const char *text, size_t max_event_bytes)
{
	struct journal_limits limits = roomy;
	struct journal *journal;
	struct journal_place place = {0, 0};
	struct event event;
	struct buffer whole;

	limits.max_event_bytes = max_event_bytes;
	journal = make(&limits);
	buffer_init(&whole, 1000);
	assert_true(append_text(journal, text));
	while (journal_next(journal, &place, &event)) {
		assert_int_equal(event.type, EVENT_CONTENT);
		assert_true(event.text.len > 0);
		assert_true(event.text.len <= max_event_bytes ||
			    max_event_bytes < 4);
		assert_true(text_is_utf8(event.text.data, event.text.len));
		buffer_append_slice(&whole, event.text);
	}
	assert_string_equal(buffer_string(&whole), text);
	assert_int_equal(journal_answer_bytes(journal), strlen(text));
	buffer_fini(&whole);
	journal_unref(journal);
}

static void long_texts_are_split_between_characters(void **state)
{
	(void)state;
	for (size_t max = 0; max < 30; max++) {
		assert_split("plain text of some length", max);
		assert_split("zwölf Boxkämpfer jagen Viktor", max);
		assert_split("a€b€€c€€€", max);
		assert_split("😀😀a😀bb😀ccc😀dddd", max);
	}
}

static void broken_text_is_split_somewhere(void **state)
{
	struct journal_limits limits = roomy;
	struct journal *journal;
	char tails[64];
	struct event event = {.type = EVENT_CONTENT,
			      .text = {tails, sizeof tails}};

	(void)state;
	memset(tails, 0x80, sizeof tails);
	limits.max_event_bytes = 5;
	journal = make(&limits);
	assert_true(journal_append(journal, &event, NULL));
	assert_int_equal(journal_answer_bytes(journal), sizeof tails);
	assert_in_range(journal_tail(journal), 13, 32);
	journal_unref(journal);
}

static void an_empty_text_is_one_event(void **state)
{
	struct journal *journal = make(&roomy);
	struct journal_place place = {0, 0};
	struct event none = {.type = EVENT_CONTENT};

	(void)state;
	assert_true(journal_append(journal, &none, NULL));
	assert_int_equal(journal_tail(journal), 1);
	assert_int_equal(next(journal, &place).text.len, 0);
	journal_unref(journal);
}

static void seek_goes_behind_any_event(void **state)
{
	struct journal *journal = make(&roomy);
	struct journal_place walked = {0, 0};
	struct journal_place sought;
	struct event event;

	(void)state;
	append_one_of_each(journal);
	for (uint32_t n = 0; n <= journal_tail(journal); n++) {
		journal_seek(journal, n, &sought);
		assert_int_equal(sought.n, n);
		assert_int_equal(sought.bytes, walked.bytes);
		journal_next(journal, &walked, &event);
	}
	journal_seek(journal, UINT32_MAX, &sought);
	assert_int_equal(sought.n, journal_tail(journal));
	assert_false(journal_next(journal, &sought, &event));
	journal_unref(journal);
}

static void what_a_journal_holds_is_counted(void **state)
{
	struct journal *journal = make(&roomy);
	size_t before = journal_bytes(journal);
	char text[5000];

	(void)state;
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	append_text(journal, text);
	assert_true(journal_bytes(journal) >= before + sizeof text);
	journal_unref(journal);
}

static void a_branch_that_has_no_room_is_refused(void **state)
{
	struct journal *journal = make(&roomy);
	struct event event = {
	    .type = EVENT_CONTENT, .branch = 63, .text = SLICE_LITERAL("a")};
	struct journal_place place = {0, 0};
	struct event back;
	struct fault fault;

	(void)state;
	assert_true(journal_append(journal, &event, &fault));
	event.branch = 64;
	assert_false(journal_append(journal, &event, &fault));
	assert_int_equal(fault.code, ERROR_INTERNAL);
	assert_true(journal_next(journal, &place, &back));
	assert_int_equal(back.branch, 63);
	assert_false(journal_next(journal, &place, &back));
	journal_unref(journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_journal_has_nothing_to_read),
	    cmocka_unit_test(events_are_numbered_from_1_in_order),
	    cmocka_unit_test(every_kind_of_event_is_read_as_it_was_written),
	    cmocka_unit_test(what_was_written_is_the_journals_own),
	    cmocka_unit_test(passages_of_a_final_event_are_copied),
	    cmocka_unit_test(nothing_follows_a_terminal_event),
	    cmocka_unit_test(the_answer_is_its_content_alone),
	    cmocka_unit_test(content_and_reasoning_share_one_cap),
	    cmocka_unit_test(the_terminal_event_always_has_a_number_left),
	    cmocka_unit_test(pieces_of_a_long_text_count_as_events),
	    cmocka_unit_test(descriptions_have_a_cap_of_their_own),
	    cmocka_unit_test(records_have_a_cap_whatever_the_limits_say),
	    cmocka_unit_test(long_texts_are_split_between_characters),
	    cmocka_unit_test(broken_text_is_split_somewhere),
	    cmocka_unit_test(an_empty_text_is_one_event),
	    cmocka_unit_test(seek_goes_behind_any_event),
	    cmocka_unit_test(what_a_journal_holds_is_counted),
	    cmocka_unit_test(a_branch_that_has_no_room_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

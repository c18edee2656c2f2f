/* SPDX-License-Identifier: ISC */
#include "core/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

struct follower {
	struct journal_reader reader;
	int woken;
};

static void on_more(struct journal_reader *reader)
{
	((struct follower *)(void *)reader)->woken++;
}

static void on_more_leave(struct journal_reader *reader)
{
	on_more(reader);
	journal_detach(reader);
}

static void readers_are_woken_by_every_append(void **state)
{
	struct journal *journal = make(&roomy);
	struct follower a = {.woken = 0};
	struct follower b = {.woken = 0};

	(void)state;
	journal_attach(journal, &a.reader, 0, on_more);
	assert_int_equal(a.woken, 0);
	append_text(journal, "one");
	assert_int_equal(a.woken, 1);
	/* There is something to read already. */
	journal_attach(journal, &b.reader, 0, on_more);
	assert_int_equal(b.woken, 1);
	assert_int_equal(journal_reader_count(journal), 2);
	append_final(journal);
	assert_int_equal(a.woken, 2);
	assert_int_equal(b.woken, 2);
	journal_detach(&a.reader);
	journal_detach(&a.reader);
	assert_int_equal(journal_reader_count(journal), 1);
	journal_detach(&b.reader);
	journal_unref(journal);
}

static void a_reader_may_leave_when_it_is_woken(void **state)
{
	struct journal *journal = make(&roomy);
	struct follower a = {.woken = 0};
	struct follower b = {.woken = 0};
	struct follower c = {.woken = 0};

	(void)state;
	journal_attach(journal, &a.reader, 0, on_more);
	journal_attach(journal, &b.reader, 0, on_more_leave);
	journal_attach(journal, &c.reader, 0, on_more);
	append_text(journal, "one");
	append_text(journal, "two");
	assert_int_equal(a.woken, 2);
	assert_int_equal(b.woken, 1);
	assert_int_equal(c.woken, 2);
	assert_null(b.reader.journal);
	journal_detach(&a.reader);
	journal_detach(&c.reader);
	journal_unref(journal);
}

static void a_reader_begins_after_what_it_has_seen(void **state)
{
	struct journal *journal = make(&roomy);
	struct follower reader = {.woken = 0};

	(void)state;
	append_text(journal, "one");
	append_text(journal, "two");
	journal_attach(journal, &reader.reader, 1, on_more);
	assert_int_equal(reader.woken, 1);
	assert_slice(next(journal, &reader.reader.place).text, "two");
	journal_detach(&reader.reader);

	memset(&reader, 0, sizeof reader);
	journal_attach(journal, &reader.reader, 2, on_more);
	assert_int_equal(reader.woken, 0);
	journal_detach(&reader.reader);
	journal_unref(journal);
}

static void a_journal_outlives_its_turn_while_it_is_read(void **state)
{
	struct journal *journal = make(&roomy);
	struct follower reader = {.woken = 0};
	struct event event;

	(void)state;
	journal_attach(journal, &reader.reader, 0, on_more);
	append_text(journal, "kept");
	append_final(journal);
	journal_unref(journal);
	journal = reader.reader.journal;
	assert_slice(next(journal, &reader.reader.place).text, "kept");
	event = next(journal, &reader.reader.place);
	assert_int_equal(event.type, EVENT_FINAL);
	assert_slice(event.final.model, "m");
	journal_detach(&reader.reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(readers_are_woken_by_every_append),
	    cmocka_unit_test(a_reader_may_leave_when_it_is_woken),
	    cmocka_unit_test(a_reader_begins_after_what_it_has_seen),
	    cmocka_unit_test(a_journal_outlives_its_turn_while_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "journal_make.h"
#include "wire/dialect.h"

enum { MERGED_MAX = 16 * 1024, NO_LIMIT = 1 << 30 };

static struct journal *journal;
static struct buffer out;
static struct journal_place place;

static int set_up(void **state)
{
	(void)state;
	journal = journal_make_new();
	buffer_init(&out, BUFFER_UNLIMITED);
	place = (struct journal_place){0, 0};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	journal_unref(journal);
	buffer_fini(&out);
	return 0;
}

static unsigned encode(enum dialect dialect, size_t soft_max)
{
	buffer_clear(&out);
	return dialect_encode(&out, dialect, journal, &place, soft_max);
}

static void expect(const char *wanted)
{
	assert_string_equal(buffer_string(&out), wanted);
}

static void every_dialect_is_found_by_its_name(void **state)
{
	enum dialect found = DIALECT_COUNT;

	(void)state;
	for (int i = 0; i < DIALECT_COUNT; i++) {
		const struct dialect_ops *ops = dialect_ops((enum dialect)i);

		assert_true(dialect_find(slice_of(ops->name), &found));
		assert_int_equal(found, i);
	}
	assert_false(dialect_find(SLICE_LITERAL("nativ"), &found));
	assert_false(dialect_find(SLICE_LITERAL("natives"), &found));
	assert_false(dialect_find(SLICE_LITERAL("Native"), &found));
	assert_false(dialect_find(SLICE_NONE, &found));
}

static void event_streams_begin_with_a_comment_and_a_retry(void **state)
{
	(void)state;
	dialect_put_prelude(&out, DIALECT_NATIVE);
	expect(":\nretry: 2000\n");
	buffer_clear(&out);
	dialect_put_prelude(&out, DIALECT_SIMPLE);
	expect(":\nretry: 2000\n");
	buffer_clear(&out);
	dialect_put_prelude(&out, DIALECT_TEXT);
	expect("");
}

static void only_event_streams_are_typed_as_such(void **state)
{
	(void)state;
	assert_string_equal(dialect_ops(DIALECT_NATIVE)->content_type,
			    "text/event-stream");
	assert_string_equal(dialect_ops(DIALECT_SIMPLE)->content_type,
			    "text/event-stream");
	assert_string_equal(dialect_ops(DIALECT_TEXT)->content_type,
			    "text/plain; charset=utf-8");
	assert_false(dialect_ops(DIALECT_TEXT)->is_event_stream);
}

static void a_heartbeat_is_a_comment_without_a_blank_line(void **state)
{
	(void)state;
	dialect_put_heartbeat(&out);
	expect(": hb\n");
}

static void a_wish_to_come_back_is_a_whole_block(void **state)
{
	(void)state;
	dialect_put_retry(&out, 5123);
	expect("retry: 5123\n\n");
}

static void content_that_comes_alone_goes_alone(void **state)
{
	(void)state;
	journal_make_content(journal, "a");
	assert_int_equal(encode(DIALECT_NATIVE, NO_LIMIT), 1);
	expect("id: " JOURNAL_MAKE_ID ".1\n"
	       "data: {\"type\":\"content\",\"content\":\"a\"}\n\n");
	journal_make_content(journal, "b");
	assert_int_equal(encode(DIALECT_NATIVE, NO_LIMIT), 1);
	expect("id: " JOURNAL_MAKE_ID ".2\n"
	       "data: {\"type\":\"content\",\"content\":\"b\"}\n\n");
	assert_int_equal(encode(DIALECT_NATIVE, NO_LIMIT), 0);
	expect("");
}

static void content_that_waited_is_merged_under_the_last_number(void **state)
{
	(void)state;
	journal_make_content(journal, "a");
	journal_make_content(journal, "\"b\"");
	journal_make_content(journal, "c\n");
	assert_int_equal(encode(DIALECT_NATIVE, NO_LIMIT), 1);
	expect("id: " JOURNAL_MAKE_ID ".3\n"
	       "data: {\"type\":\"content\",\"content\":"
	       "\"a\\\"b\\\"c\\n\"}\n\n");
	assert_int_equal(place.n, 3);
}

static void nothing_is_merged_across_another_event(void **state)
{
	(void)state;
	journal_make_content(journal, "a");
	journal_make_status(journal, "s");
	journal_make_content(journal, "b");
	assert_int_equal(encode(DIALECT_NATIVE, NO_LIMIT), 3);
	assert_non_null(strstr(buffer_string(&out), ".1\n"));
	assert_non_null(strstr(buffer_string(&out), ".2\n"));
	assert_non_null(strstr(buffer_string(&out), ".3\n"));
}

static void nothing_is_merged_across_branches(void **state)
{
	(void)state;
	journal_make_branch(journal, 0, "a");
	journal_make_branch(journal, 2, "b");
	journal_make_branch(journal, 2, "c");
	assert_int_equal(encode(DIALECT_NATIVE, NO_LIMIT), 2);
	expect("id: " JOURNAL_MAKE_ID ".1\n"
	       "data: {\"type\":\"content\",\"content\":\"a\"}\n\n"
	       "id: " JOURNAL_MAKE_ID ".3\n"
	       "data: {\"type\":\"content\",\"branch\":2,"
	       "\"content\":\"bc\"}\n\n");
}

static void put_long(size_t len)
{
	char *text = memory_alloc(len + 1);

	memset(text, 'x', len);
	text[len] = '\0';
	journal_make_content(journal, text);
	memory_free(text);
}

static size_t frame_text(const char *frame)
{
	return strspn(strstr(frame, "\"content\":\"") + 11, "x");
}

static void a_merged_frame_has_at_most_16_kib(void **state)
{
	const char *second;

	(void)state;
	put_long(MERGED_MAX - 1);
	put_long(1);
	put_long(1);
	assert_int_equal(encode(DIALECT_NATIVE, NO_LIMIT), 2);
	second = strstr(buffer_string(&out), "\n\n") + 2;
	assert_int_equal(frame_text(buffer_string(&out)), MERGED_MAX);
	assert_int_equal(frame_text(second), 1);
}

static void a_single_event_of_any_length_is_one_frame(void **state)
{
	(void)state;
	put_long(MERGED_MAX);
	put_long(5);
	assert_int_equal(encode(DIALECT_NATIVE, NO_LIMIT), 2);
	assert_int_equal(frame_text(buffer_string(&out)), MERGED_MAX);
}

static void encoding_stops_after_the_event_that_fills_the_buffer(void **state)
{
	(void)state;
	journal_make_status(journal, "one");
	journal_make_status(journal, "two");
	assert_int_equal(encode(DIALECT_NATIVE, 1), 1);
	assert_int_equal(place.n, 1);
	assert_int_equal(encode(DIALECT_NATIVE, 1), 1);
	assert_int_equal(place.n, 2);
	assert_int_equal(encode(DIALECT_NATIVE, 1), 0);
}

static void what_is_in_the_buffer_counts_and_stays(void **state)
{
	(void)state;
	journal_make_status(journal, "one");
	buffer_append_string(&out, "head");
	assert_int_equal(
	    dialect_encode(&out, DIALECT_NATIVE, journal, &place, 4), 0);
	expect("head");
	assert_int_equal(
	    dialect_encode(&out, DIALECT_NATIVE, journal, &place, 5), 1);
	assert_memory_equal(buffer_string(&out), "headid: ", 8);
}

static void an_event_without_a_place_is_no_frame(void **state)
{
	(void)state;
	journal_make_content(journal, "a");
	journal_make_status(journal, "s");
	assert_int_equal(encode(DIALECT_SIMPLE, NO_LIMIT), 1);
	place = (struct journal_place){0, 0};
	assert_int_equal(encode(DIALECT_TEXT, NO_LIMIT), 1);
	expect("a");
}

/* Bytes of every kind of text through every dialect: one data line per
 * frame, LF only. */
static void no_text_breaks_a_frame(void **state)
{
	static const char nasty[] =
	    "\r\n\ndata: x\r\rid: y\n\xE2\x80\xA8\"\\\x01\x7F end";

	(void)state;
	journal_make_status(journal, nasty);
	journal_make_content(journal, nasty);
	journal_make_event(journal, &(struct event){.type = EVENT_REASONING,
						    .text = slice_of(nasty)});
	journal_make_event(journal,
			   &(struct event){.type = EVENT_TOOL_CALL,
					   .tool_call = {
					       .id = slice_of(nasty),
					       .name = slice_of(nasty),
					       .arguments = slice_of(nasty),
					   }});
	journal_make_event(journal, &(struct event){.type = EVENT_TOOL_RESULT,
						    .tool_result = {
							slice_of(nasty),
							slice_of(nasty),
							slice_of(nasty),
						    }});
	journal_make_error(journal, ERROR_UPSTREAM_INVALID, nasty);
	for (int i = DIALECT_NATIVE; i <= DIALECT_SIMPLE; i++) {
		bool is_simple = i == DIALECT_SIMPLE;
		unsigned frames;
		unsigned lines = 0;

		place = (struct journal_place){0, 0};
		frames = encode((enum dialect)i, NO_LIMIT);
		assert_true(frames > 0);
		assert_null(memchr(out.data, '\r', out.len));
		for (const char *line = out.data; *line;
		     line = strchr(line, '\n') + 1) {
			assert_true(*line == '\n' ||
				    !strncmp(line, "id: ", 4) ||
				    !strncmp(line, "data: ", 6));
			lines++;
		}
		/* [DONE] is a frame of its own after the error's; the first
		 * status is an id without data. */
		assert_int_equal(lines, 3 * (frames + is_simple) - is_simple);
	}
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(every_dialect_is_found_by_its_name),
	    EACH(event_streams_begin_with_a_comment_and_a_retry),
	    EACH(only_event_streams_are_typed_as_such),
	    EACH(a_heartbeat_is_a_comment_without_a_blank_line),
	    EACH(a_wish_to_come_back_is_a_whole_block),
	    EACH(content_that_comes_alone_goes_alone),
	    EACH(content_that_waited_is_merged_under_the_last_number),
	    EACH(nothing_is_merged_across_another_event),
	    EACH(nothing_is_merged_across_branches),
	    EACH(a_merged_frame_has_at_most_16_kib),
	    EACH(a_single_event_of_any_length_is_one_frame),
	    EACH(encoding_stops_after_the_event_that_fills_the_buffer),
	    EACH(what_is_in_the_buffer_counts_and_stays),
	    EACH(an_event_without_a_place_is_no_frame),
	    EACH(no_text_breaks_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

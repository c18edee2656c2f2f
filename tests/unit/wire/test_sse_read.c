/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "wire/sse_read.h"

enum { MAX_EVENT = 1 << 20 };

/* Writes down what a reader tells: "type|data|id;" for an event, "{...};"
 * for a stray line, "(...)" around what only the end brought. */
static void note(struct buffer *out, enum sse_read_status status,
		 const struct sse_event *event)
{
	if (status == SSE_READ_STRAY) {
		buffer_append_slice(out, event->data);
	} else if (status == SSE_READ_TOO_LARGE) {
		buffer_append_string(out, "TOO LARGE");
	} else {
		buffer_append_slice(out, event->type);
		buffer_append_char(out, '|');
		buffer_append_slice(out, event->data);
		buffer_append_char(out, '|');
		buffer_append_slice(out, event->id);
	}
	buffer_append_char(out, ';');
}

/* Each piece is a copy of its own, so that a slice that was kept too long
 * is seen by AddressSanitizer and differs without it. */
static void feed_piece(struct sse_read *reader, struct slice piece,
		       struct buffer *out)
{
	char *copy = memory_strndup(piece.data, piece.len);
	struct slice input = slice_make(copy, piece.len);
	enum sse_read_status status;
	struct sse_event event;

	while ((status = sse_read_next(reader, &input, &event)) !=
	       SSE_READ_MORE) {
		note(out, status, &event);
		if (status == SSE_READ_TOO_LARGE)
			break;
	}
	if (status == SSE_READ_MORE)
		assert_int_equal(input.len, 0);
	memset(copy, '#', piece.len);
	memory_free(copy);
}

static void end_stream(struct sse_read *reader, struct buffer *out)
{
	enum sse_read_status status;
	struct sse_event event;

	while ((status = sse_read_end(reader, &event)) != SSE_READ_MORE) {
		buffer_append_char(out, '(');
		note(out, status, &event);
		buffer_append_char(out, ')');
		if (status == SSE_READ_TOO_LARGE)
			break;
	}
}

/* The transcript of a stream cut after `first` bytes, then every `step`. */
static char *read_cut(struct slice stream, size_t first, size_t step,
		      size_t max_bytes)
{
	struct sse_read reader;
	struct buffer out;
	size_t at = 0;
	size_t n = first;

	sse_read_init(&reader, max_bytes);
	buffer_init(&out, BUFFER_UNLIMITED);
	while (at < stream.len && !reader.is_dead) {
		if (n > stream.len - at)
			n = stream.len - at;
		feed_piece(&reader, slice_make(stream.data + at, n), &out);
		at += n;
		n = step;
	}
	if (!reader.is_dead)
		end_stream(&reader, &out);
	sse_read_fini(&reader);
	return buffer_detach(&out);
}

/* However the stream is cut, it says the same. */
static void expect_slice(struct slice stream, const char *expected)
{
	for (size_t first = 0; first <= stream.len; first++) {
		char *got = read_cut(stream, first, stream.len, MAX_EVENT);

		assert_string_equal(got, expected);
		memory_free(got);
	}
	for (size_t step = 1; step <= 7; step++) {
		char *got = read_cut(stream, step, step, MAX_EVENT);

		assert_string_equal(got, expected);
		memory_free(got);
	}
}

static void expect(const char *stream, const char *expected)
{
	expect_slice(slice_of(stream), expected);
}

static void line_ends_are_lf_cr_and_crlf(void **state)
{
	(void)state;
	expect("data: a\n\ndata: b\n\n", "|a|;|b|;");
	expect("data: a\r\rdata: b\r\r", "|a|;|b|;");
	expect("data: a\r\n\r\ndata: b\r\n\r\n", "|a|;|b|;");
	expect("data: a\n\r\ndata: b\r\n\rdata: c\r\r\n", "|a|;|b|;|c|;");
	expect("data: a\r\n\ndata: b\n\r", "|a|;|b|;");
}

static void a_carriage_return_ends_an_event_without_waiting(void **state)
{
	struct sse_read reader;
	struct sse_event event;
	struct slice input = SLICE_LITERAL("data: a\r\r");

	(void)state;
	sse_read_init(&reader, MAX_EVENT);
	assert_int_equal(sse_read_next(&reader, &input, &event),
			 SSE_READ_EVENT);
	assert_true(slice_is(event.data, "a"));
	sse_read_fini(&reader);
}

static void one_byte_order_mark_is_skipped_at_the_start(void **state)
{
	(void)state;
	expect("\xEF\xBB\xBF"
	       "data: a\n\n",
	       "|a|;");
	expect("\xEF\xBB\xBF\xEF\xBB\xBF"
	       "data: a\n\ndata: b\n\n",
	       "|b|;");
	expect("data: a\n\n\xEF\xBB\xBF"
	       "data: b\n\n",
	       "|a|;");
	expect("\xEF\xBB"
	       "data: a\n\ndata: b\n\n",
	       "|b|;");
	expect("\xEF\xBB\xBF", "");
}

static void one_space_after_the_colon_is_dropped(void **state)
{
	(void)state;
	expect("data:a\n\ndata: a\n\ndata:  a\n\n", "|a|;|a|;| a|;");
	expect("data:\ta\n\n", "|\ta|;");
	expect(" data: a\n\n", "");
	expect("data : a\n\n", "");
}

static void data_lines_are_joined_with_a_line_feed(void **state)
{
	(void)state;
	expect("data: a\ndata: b\ndata:\ndata:c\n\n", "|a\nb\n\nc|;");
	expect("data\ndata\n\n", "|\n|;");
	expect("data: a\n: x\nid: 7\ndata: b\n\n", "|a\nb|7;");
	expect("data: a\ndata: bb\ndata: ccc\r\ndata: \n\n", "|a\nbb\nccc\n|;");
}

static void an_event_without_data_is_no_event(void **state)
{
	(void)state;
	expect("event: ping\n\ndata: a\n\n", "|a|;");
	expect("\n\n\nid: 1\n\nretry: 5\n\n", "");
	expect("data\n\n", "||;");
	expect("data:\n\n", "||;");
}

static void a_type_holds_for_one_event(void **state)
{
	(void)state;
	expect("event: x\ndata: a\n\ndata: b\n\n", "x|a|;|b|;");
	expect("event: x\nevent: y\ndata: a\n\n", "y|a|;");
	expect("event: x\nevent:\ndata: a\n\n", "|a|;");
	expect("data: a\nevent: x\n\n", "x|a|;");
}

static void an_id_holds_until_the_next(void **state)
{
	(void)state;
	expect("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
	       "|a|1;|b|1;|c|;");
	expect_slice(SLICE_LITERAL("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n"),
		     "|a|1;|b|1;");
}

static void comments_and_unknown_fields_are_ignored(void **state)
{
	(void)state;
	expect(": OPENROUTER PROCESSING\n\n:\n\n:\r\ndata: a\n:b\n\n", "|a|;");
	expect("x: y\nDATA: b\ndata: a\ndatax: b\ndat: b\n\n", "|a|;");
	expect("x\n\ndata: a\nx: y\n\n", "|a|;");
}

static void retry_is_digits_only(void **state)
{
	static const struct {
		const char *stream;
		int64_t ms;
	} cases[] = {
	    {"retry: 2000\n", 2000}, {"retry:3000\r", 3000},
	    {"retry: 20 \n", -1},    {"retry: -1\n", -1},
	    {"retry\n", -1},	     {"retry: 7\nretry: x\n", 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sse_read reader;
		struct sse_event event;
		struct slice input = slice_of(cases[i].stream);

		sse_read_init(&reader, MAX_EVENT);
		assert_int_equal(sse_read_next(&reader, &input, &event),
				 SSE_READ_MORE);
		assert_int_equal(reader.retry_ms, cases[i].ms);
		sse_read_fini(&reader);
	}
}

static void an_unterminated_event_is_offered_at_the_end(void **state)
{
	(void)state;
	expect("data: a\n\ndata: b\n", "|a|;(|b|;)");
	expect("data: a", "(|a|;)");
	expect("data: a\nevent: x", "(x|a|;)");
	expect("data: a\n\nevent: x\n", "|a|;");
	expect("data: a\n\ndata", "|a|;(||;)");
	expect(": hb", "");
	expect("", "");
}

static void a_line_that_is_bare_json_is_told_apart(void **state)
{
	(void)state;
	expect("data: a\n\n{\"error\":\"x: y\"}\n",
	       "|a|;{\"error\":\"x: y\"};");
	expect("data: a\n{\"b\"}\ndata: c\n\n", "{\"b\"};|a\nc|;");
	expect("{\"error\":1}", "({\"error\":1};)");
	expect("data: a\n{1}", "({1};)(|a|;)");
}

static void bytes_pass_through_untouched(void **state)
{
	(void)state;
	expect("data: \xF0\x9F\x98\x80 \xC3\n\n", "|\xF0\x9F\x98\x80 \xC3|;");
	expect("data: {\"a\":\"b:c\"}\n\n", "|{\"a\":\"b:c\"}|;");
}

static void an_event_in_one_piece_is_not_copied(void **state)
{
	struct sse_read reader;
	struct sse_event event;
	const char *stream = "event: x\ndata: abc\n\ndata: def\n\n";
	struct slice input = slice_of(stream);

	(void)state;
	sse_read_init(&reader, MAX_EVENT);
	sse_read_next(&reader, &input, &event);
	assert_ptr_equal(event.data.data, stream + 15);
	sse_read_next(&reader, &input, &event);
	assert_ptr_equal(event.data.data, stream + 26);
	assert_null(reader.text.data);
	sse_read_fini(&reader);
}

/* The cap is reached at the same byte however the stream is cut. */
static void the_cap_holds_for_one_event(void **state)
{
	static const struct {
		const char *stream;
		const char *expected;
	} cases[] = {
	    {"data: 89abcdef\n\ndata: 89abcdef\n\n", "|89abcdef|;|89abcdef|;"},
	    {"data: 89abcdefg\n\ndata: a\n\n", "TOO LARGE;"},
	    {"data: abc\ndata: abcd\n\n", "|abc\nabcd|;"},
	    {"data: abc\ndata: abcdefgh\n\n", "TOO LARGE;"},
	    {"data: a\n\nunknown: 9abcdef\n", "|a|;TOO LARGE;"},
	    {": a comment may be long, it is not kept\ndata: a\n\n", "|a|;"},
	    {"event: 456789abcdef\ndata: a\n\n", "TOO LARGE;"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slice stream = slice_of(cases[i].stream);

		for (size_t step = 1; step <= stream.len; step++) {
			char *got = read_cut(stream, step, step, 14);

			assert_string_equal(got, cases[i].expected);
			memory_free(got);
		}
	}
}

static void names_are_capped_too(void **state)
{
	struct buffer stream;
	char *got;

	(void)state;
	buffer_init(&stream, BUFFER_UNLIMITED);
	buffer_append_string(&stream, "id: ");
	for (int i = 0; i <= SSE_READ_NAME_MAX; i++)
		buffer_append_char(&stream, 'x');
	buffer_append_string(&stream, "\ndata: a\n\n");
	got = read_cut(buffer_slice(&stream), 9, 1000, MAX_EVENT);
	assert_string_equal(got, "TOO LARGE;");
	memory_free(got);
	buffer_fini(&stream);
}

static void memory_of_a_large_event_is_given_back(void **state)
{
	struct sse_read reader;
	struct buffer out;

	(void)state;
	sse_read_init(&reader, MAX_EVENT);
	buffer_init(&out, BUFFER_UNLIMITED);
	feed_piece(&reader, SLICE_LITERAL("data: "), &out);
	for (int i = 0; i < 1000; i++)
		feed_piece(&reader, SLICE_LITERAL("0123456789"), &out);
	assert_true(reader.text.cap > 10000);
	feed_piece(&reader, SLICE_LITERAL("\n\n: hb\n"), &out);
	assert_int_equal(reader.text.cap, 0);
	assert_int_equal(out.len, 10003);
	buffer_fini(&out);
	sse_read_fini(&reader);
}

/* An event of 10 MiB fed byte by byte: quadratic work (an hour of it) would
 * not end within the test's time. */
static void a_large_event_takes_linear_time_byte_by_byte(void **state)
{
	static const char chunk[] = "0123456789abcdef";
	struct sse_read reader;
	struct sse_event event;
	struct slice input = SLICE_LITERAL("data: ");
	size_t len = (size_t)10 << 20;

	(void)state;
	sse_read_init(&reader, len + 6);
	sse_read_next(&reader, &input, &event);
	for (size_t i = 0; i < len; i++) {
		input = slice_make(chunk + i % 16, 1);
		assert_int_equal(sse_read_next(&reader, &input, &event),
				 SSE_READ_MORE);
	}
	input = SLICE_LITERAL("\n\n");
	assert_int_equal(sse_read_next(&reader, &input, &event),
			 SSE_READ_EVENT);
	assert_int_equal(event.data.len, len);
	sse_read_fini(&reader);
}

static void carriage_returns_alone_take_linear_time(void **state)
{
	size_t len = (size_t)8 << 20;
	char *stream = memory_alloc(len);
	char *got;

	(void)state;
	for (size_t i = 0; i + 4 <= len; i += 4)
		memcpy(stream + i, "x:y\r", 4);
	got = read_cut(slice_make(stream, len), len, len, len);
	assert_string_equal(got, "");
	memory_free(got);
	memory_free(stream);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Streams made of the format's own pieces, cut at random: cutting never
 * changes what is read, and without a stray CR no byte of data is lost. */
static void random_streams_read_the_same_however_cut(void **state)
{
	static const char *const pieces[] = {
	    "data: a",	"data:",	"data",	    "\n",
	    "\r",	"\r\n",		"\n\n",	    ":",
	    "event: e", "id: 1",	" ",	    "x",
	    "{}",	"\xEF\xBB\xBF", "retry: 1", "data: bb\n\n",
	    "\r\n\r\n"};
	uint32_t seed = 42;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct buffer stream;
		char *whole;
		char *cut;
		uint32_t count = next_random(&seed) % 24;

		buffer_init(&stream, BUFFER_UNLIMITED);
		for (uint32_t i = 0; i < count; i++)
			buffer_append_string(
			    &stream,
			    pieces[next_random(&seed) %
				   (sizeof pieces / sizeof pieces[0])]);
		whole = read_cut(buffer_slice(&stream), stream.len, stream.len,
				 MAX_EVENT);
		cut =
		    read_cut(buffer_slice(&stream), 1 + next_random(&seed) % 5,
			     1 + next_random(&seed) % 5, MAX_EVENT);
		assert_string_equal(whole, cut);
		memory_free(whole);
		memory_free(cut);
		buffer_fini(&stream);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(line_ends_are_lf_cr_and_crlf),
	    cmocka_unit_test(a_carriage_return_ends_an_event_without_waiting),
	    cmocka_unit_test(one_byte_order_mark_is_skipped_at_the_start),
	    cmocka_unit_test(one_space_after_the_colon_is_dropped),
	    cmocka_unit_test(data_lines_are_joined_with_a_line_feed),
	    cmocka_unit_test(an_event_without_data_is_no_event),
	    cmocka_unit_test(a_type_holds_for_one_event),
	    cmocka_unit_test(an_id_holds_until_the_next),
	    cmocka_unit_test(comments_and_unknown_fields_are_ignored),
	    cmocka_unit_test(retry_is_digits_only),
	    cmocka_unit_test(an_unterminated_event_is_offered_at_the_end),
	    cmocka_unit_test(a_line_that_is_bare_json_is_told_apart),
	    cmocka_unit_test(bytes_pass_through_untouched),
	    cmocka_unit_test(an_event_in_one_piece_is_not_copied),
	    cmocka_unit_test(the_cap_holds_for_one_event),
	    cmocka_unit_test(names_are_capped_too),
	    cmocka_unit_test(memory_of_a_large_event_is_given_back),
	    cmocka_unit_test(a_large_event_takes_linear_time_byte_by_byte),
	    cmocka_unit_test(carriage_returns_alone_take_linear_time),
	    cmocka_unit_test(random_streams_read_the_same_however_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

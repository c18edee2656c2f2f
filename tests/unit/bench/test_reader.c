/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hist.h"
#include "mark.h"
#include "reader.h"

#define HEAD                                                     \
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n"
#define MARK_0 "@AAAAAAAAK "
#define MARK_1 "@AABAAAAAU "

#define STATUS	  "data: {\"type\":\"status\",\"status\":{}}\n\n"
#define CONTENT_0 "data: {\"type\":\"content\",\"content\":\"" MARK_0 "\"}\n\n"
#define CONTENT_1 "data: {\"type\":\"content\",\"content\":\"" MARK_1 "\"}\n\n"
#define BOTH \
	"data: {\"type\":\"content\",\"content\":\"" MARK_0 MARK_1 "\"}\n\n"
#define FINAL(answer)                                                       \
	"data: {\"type\":\"final\",\"result\":{\"answer\":\"" answer "\"}}" \
	"\n\n"

static struct reader_tally tally;

/* Chunks of `chunk` bytes, arriving in pieces of `piece` bytes. */
static struct reader read_answer(const char *events, size_t chunk, size_t piece)
{
	struct reader reader = {
	    .tally = &tally, .marks_wanted = 2, .is_native = true};
	static char bytes[65536];
	size_t len = (size_t)sprintf(bytes, "%s", HEAD);
	size_t left = strlen(events);

	memset(&tally, 0, sizeof(tally));
	while (left) {
		size_t take = left < chunk ? left : chunk;

		len += (size_t)sprintf(bytes + len, "%zX\r\n%.*s\r\n", take,
				       (int)take, events);
		events += take;
		left -= take;
	}
	len += (size_t)sprintf(bytes + len, "0\r\n\r\n");
	for (size_t at = 0; at < len; at += piece)
		if (!reader_feed(&reader, bytes + at,
				 len - at < piece ? len - at : piece,
				 5000 + at))
			break;
	reader_fini(&reader);
	return reader;
}

static void a_whole_answer_is_accepted_however_it_is_split(void **state)
{
	const char *events =
	    ": hello\n" STATUS "id: x.1\n" CONTENT_0 CONTENT_1 FINAL(
		MARK_0 MARK_1);

	(void)state;
	for (size_t chunk = 1; chunk < 40; chunk++)
		for (size_t piece = 1; piece < 40; piece++) {
			struct reader reader =
			    read_answer(events, chunk, piece);

			assert_int_equal(reader.failure, READER_OK);
			assert_true(reader.is_whole);
			assert_int_equal(tally.marks, 2);
			assert_true(reader.first_body_ns <=
				    reader.first_status_ns);
			assert_true(reader.first_status_ns <
				    reader.first_content_ns);
		}
}

static void merged_frames_are_two_marks_in_one_event(void **state)
{
	struct reader reader =
	    read_answer(STATUS BOTH FINAL(MARK_0 MARK_1), 100, 70000);

	(void)state;
	assert_int_equal(reader.failure, READER_OK);
	assert_int_equal(tally.marks, 2);
	assert_int_equal(tally.events, 1);
}

static void who_answered_and_how_is_read_from_the_head(void **state)
{
	static const char refused[] = "HTTP/1.1 502 Bad Gateway\r\n\r\n";
	static const char head[] = "HTTP/1.1 200 OK\r\nX-Leat-Turn: t_0b7G\r\n"
				   "Content-Type: text/event-stream\r\n\r\n";
	struct reader reader = {.tally = &tally, .is_native = true};
	struct reader other = {.tally = &tally, .is_native = true};

	(void)state;
	assert_true(reader_feed(&reader, head, sizeof(head) - 1, 1));
	assert_string_equal(reader.turn, "t_0b7G");
	assert_int_equal(reader.status, 200);
	assert_false(reader_feed(&other, refused, sizeof(refused) - 1, 1));
	assert_string_equal(other.turn, "");
	assert_int_equal(other.status, 502);
	reader_fini(&reader);
	reader_fini(&other);
}

static void every_kind_of_broken_answer_has_its_name(void **state)
{
	static const struct {
		const char *events;
		enum reader_failure failure;
	} cases[] = {
	    {STATUS CONTENT_0 FINAL(MARK_0), READER_MISSING},
	    {STATUS BOTH FINAL(MARK_0), READER_MISSING},
	    {STATUS CONTENT_0 CONTENT_1, READER_CUT},
	    {STATUS CONTENT_1 CONTENT_0 FINAL(MARK_0), READER_DISORDER},
	    {STATUS CONTENT_0 CONTENT_0 FINAL(MARK_0), READER_DISORDER},
	    {STATUS BOTH FINAL(MARK_0 MARK_1) CONTENT_0, READER_AFTER_END},
	    {STATUS "data: {\"type\":\"error\",\"error\":\"no\"}\n\n",
	     READER_ERROR},
	    {STATUS BOTH "data: [DONE]\n\n", READER_BAD_HTTP}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader reader = read_answer(cases[i].events, 64, 50);

		assert_int_equal(reader.failure, cases[i].failure);
	}
}

static void a_connection_that_ends_before_the_body_does_is_cut(void **state)
{
	static const char bytes[] = HEAD "400\r\n" BOTH FINAL(MARK_0 MARK_1);
	struct reader reader = {
	    .tally = &tally, .marks_wanted = 2, .is_native = true};

	(void)state;
	memset(&tally, 0, sizeof(tally));
	assert_true(reader_feed(&reader, bytes, sizeof(bytes) - 1, 1));
	reader_end(&reader);
	assert_int_equal(reader.failure, READER_CUT);
	reader_fini(&reader);
}

static void a_refusal_is_not_read_as_a_stream(void **state)
{
	static const char refused[] = "HTTP/1.1 503 Busy\r\n\r\n";
	static const char page[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Type: text/html\r\n\r\n";
	struct reader first = {.tally = &tally};
	struct reader second = {.tally = &tally};

	(void)state;
	assert_false(reader_feed(&first, refused, sizeof(refused) - 1, 1));
	assert_int_equal(first.failure, READER_STATUS);
	assert_false(reader_feed(&second, page, sizeof(page) - 1, 1));
	assert_int_equal(second.failure, READER_BAD_HTTP);
	reader_fini(&first);
	reader_fini(&second);
}

static void the_delay_is_arrival_minus_the_time_in_the_mark(void **state)
{
	struct reader reader =
	    read_answer(STATUS BOTH FINAL(MARK_0 MARK_1), 1000, 70000);

	(void)state;
	assert_int_equal(reader.failure, READER_OK);
	/* Arrived at 5000, sent at 1000 and 2000. */
	assert_int_equal(tally.delay.max_ns, 4000);
	assert_in_range(hist_percentile(&tally.delay, 50), 2970, 3030);
}

static void a_mark_survives_the_wrap_of_its_time(void **state)
{
	uint64_t wrap_ns = (UINT64_C(1) << 36) * 100;
	char mark[MARK_LEN + 2];
	unsigned number;

	(void)state;
	mark_write(mark, 99999, wrap_ns - 5000);
	assert_int_equal(strlen(mark), MARK_LEN + 1);
	assert_true(mark_read(mark, MARK_LEN, &number));
	assert_int_equal(number, 99999);
	assert_int_equal(mark_delay_ns(mark, wrap_ns + 1000), 6000);
	assert_int_equal(mark_delay_ns(mark, wrap_ns - 6000), 0);
	assert_false(mark_read(mark, MARK_LEN - 1, &number));
}

static void percentiles_are_right_to_one_percent_at_any_size(void **state)
{
	static struct hist hist;

	(void)state;
	for (uint64_t value = 1; value < UINT64_C(4000000000000);
	     value = value * 3 + 7) {
		memset(&hist, 0, sizeof(hist));
		hist_add(&hist, value);
		hist_add(&hist, value * 2);
		assert_in_range(hist_percentile(&hist, 50), value * 99 / 100,
				value * 101 / 100 + 1);
		assert_int_equal(hist.max_ns, value * 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_whole_answer_is_accepted_however_it_is_split),
	    cmocka_unit_test(merged_frames_are_two_marks_in_one_event),
	    cmocka_unit_test(every_kind_of_broken_answer_has_its_name),
	    cmocka_unit_test(
		a_connection_that_ends_before_the_body_does_is_cut),
	    cmocka_unit_test(a_refusal_is_not_read_as_a_stream),
	    cmocka_unit_test(the_delay_is_arrival_minus_the_time_in_the_mark),
	    cmocka_unit_test(a_mark_survives_the_wrap_of_its_time),
	    cmocka_unit_test(who_answered_and_how_is_read_from_the_head),
	    cmocka_unit_test(percentiles_are_right_to_one_percent_at_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fake_peer.h"
#include "web/record.h"

static const struct record_limits limits = {1000, 100000};

static const char *const params[] = {"REQUEST_METHOD", "GET", "PATH_INFO",
				     "/chat", NULL};

static struct record_reader reader;
static struct buffer sent;

static int set_up(void **state)
{
	(void)state;
	record_reader_init(&reader);
	buffer_init(&sent, BUFFER_UNLIMITED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	record_reader_fini(&reader);
	buffer_fini(&sent);
	return 0;
}

static enum record_status feed(struct slice bytes)
{
	buffer_append_slice(&reader.bytes, bytes);
	return record_scan(&reader, &limits);
}

/* All that was put into `sent`, which is empty then. */
static enum record_status feed_sent(void)
{
	enum record_status status = feed(buffer_slice(&sent));

	buffer_clear(&sent);
	return status;
}

static void put_plain_request(bool keeps, const char *body)
{
	struct fake_request request = {
	    .id = 7, .keeps = keeps, .params = params, .body = slice_of(body)};

	fake_peer_put_request(&sent, &request);
}

static void a_whole_request_is_complete(void **state)
{
	struct slice got;

	(void)state;
	put_plain_request(true, "body");
	assert_int_equal(feed(buffer_slice(&sent)), RECORD_COMPLETE);
	assert_int_equal(reader.request_id, 7);
	assert_true(reader.keeps_connection);
	assert_int_equal(reader.body_bytes, 4);
	got = record_request(&reader);
	assert_int_equal(got.len, sent.len);
	assert_memory_equal(got.data, sent.data, sent.len);
}

static void a_request_may_be_cut_at_every_byte(void **state)
{
	struct slice got;

	(void)state;
	put_plain_request(false, "body");
	for (size_t cut = 0; cut < sent.len; cut++) {
		record_reader_fini(&reader);
		record_reader_init(&reader);
		assert_int_equal(feed(slice_make(sent.data, cut)), RECORD_MORE);
		assert_int_equal(
		    feed(slice_make(sent.data + cut, sent.len - cut)),
		    RECORD_COMPLETE);
		got = record_request(&reader);
		assert_int_equal(got.len, sent.len);
		assert_memory_equal(got.data, sent.data, sent.len);
	}
	assert_false(reader.keeps_connection);
}

static void a_request_may_come_byte_by_byte(void **state)
{
	(void)state;
	put_plain_request(false, "body");
	for (size_t i = 0; i + 1 < sent.len; i++)
		assert_int_equal(feed(slice_make(sent.data + i, 1)),
				 RECORD_MORE);
	assert_int_equal(feed(slice_make(sent.data + sent.len - 1, 1)),
			 RECORD_COMPLETE);
}

static void padding_is_dropped(void **state)
{
	struct buffer plain;
	struct buffer pair;

	(void)state;
	buffer_init(&plain, BUFFER_UNLIMITED);
	buffer_init(&pair, BUFFER_UNLIMITED);
	fake_peer_put_pair(&pair, "A", SLICE_LITERAL("b"));
	fake_peer_put_begin(&sent, 1, 1, false);
	fake_peer_put_padded(&sent, FAKE_PARAMS, 1, buffer_slice(&pair), 255);
	fake_peer_put_padded(&sent, FAKE_PARAMS, 1, SLICE_NONE, 8);
	fake_peer_put_padded(&sent, FAKE_STDIN, 1, SLICE_LITERAL("x"), 7);
	fake_peer_put_padded(&sent, FAKE_STDIN, 1, SLICE_NONE, 1);
	fake_peer_put_begin(&plain, 1, 1, false);
	fake_peer_put(&plain, FAKE_PARAMS, 1, buffer_slice(&pair));
	fake_peer_put(&plain, FAKE_PARAMS, 1, SLICE_NONE);
	fake_peer_put(&plain, FAKE_STDIN, 1, SLICE_LITERAL("x"));
	fake_peer_put(&plain, FAKE_STDIN, 1, SLICE_NONE);
	for (size_t i = 0; i < sent.len; i++)
		assert_int_equal(feed(slice_make(sent.data + i, 1)),
				 i + 1 < sent.len ? RECORD_MORE
						  : RECORD_COMPLETE);
	assert_int_equal(record_request(&reader).len, plain.len);
	assert_memory_equal(record_request(&reader).data, plain.data,
			    plain.len);
	buffer_fini(&plain);
	buffer_fini(&pair);
}

static void management_and_foreign_records_are_dropped(void **state)
{
	struct buffer pair;
	struct slice got;

	(void)state;
	buffer_init(&pair, BUFFER_UNLIMITED);
	fake_peer_put_pair(&pair, "A", SLICE_LITERAL("b"));
	fake_peer_put(&sent, FAKE_GET_VALUES, 0, SLICE_LITERAL("FCGI_MPXS"));
	fake_peer_put(&sent, FAKE_STDIN, 1, SLICE_LITERAL("early"));
	fake_peer_put_begin(&sent, 1, 1, false);
	fake_peer_put(&sent, FAKE_GET_VALUES, 0, SLICE_LITERAL("x"));
	fake_peer_put_begin(&sent, 2, 1, false);
	fake_peer_put(&sent, FAKE_PARAMS, 1, buffer_slice(&pair));
	fake_peer_put(&sent, FAKE_ABORT, 2, SLICE_NONE);
	fake_peer_put(&sent, FAKE_PARAMS, 1, SLICE_NONE);
	fake_peer_put(&sent, FAKE_STDIN, 3, SLICE_LITERAL("foreign"));
	fake_peer_put(&sent, FAKE_STDIN, 1, SLICE_NONE);
	assert_int_equal(feed_sent(), RECORD_COMPLETE);
	got = record_request(&reader);
	assert_null(memmem(got.data, got.len, "foreign", 7));
	assert_null(memmem(got.data, got.len, "early", 5));
	assert_null(memmem(got.data, got.len, "FCGI_MPXS", 9));
	assert_int_equal(reader.request_id, 1);
	buffer_fini(&pair);
}

static void endless_management_records_are_not_kept(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++) {
		fake_peer_put(&sent, FAKE_GET_VALUES, 0,
			      SLICE_LITERAL("FCGI_MAX_CONNS"));
		assert_int_equal(feed_sent(), RECORD_MORE);
	}
	assert_int_equal(reader.bytes.len, 0);
}

static void large_parameters_are_refused_when_they_pass_the_limit(void **state)
{
	char text[600];

	(void)state;
	memset(text, 'x', sizeof text);
	fake_peer_put_begin(&sent, 1, 1, false);
	fake_peer_put(&sent, FAKE_PARAMS, 1, slice_make(text, sizeof text));
	assert_int_equal(feed_sent(), RECORD_MORE);
	fake_peer_put(&sent, FAKE_PARAMS, 1, slice_make(text, 401));
	assert_int_equal(feed_sent(), RECORD_PARAMS_TOO_LARGE);
}

static void a_body_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
	static char text[60000];

	(void)state;
	fake_peer_put_begin(&sent, 1, 1, false);
	fake_peer_put(&sent, FAKE_PARAMS, 1, SLICE_NONE);
	fake_peer_put(&sent, FAKE_STDIN, 1, slice_make(text, sizeof text));
	fake_peer_put(&sent, FAKE_STDIN, 1, slice_make(text, 40000));
	assert_int_equal(feed_sent(), RECORD_MORE);
	fake_peer_put(&sent, FAKE_STDIN, 1, slice_make(text, 1));
	assert_int_equal(feed_sent(), RECORD_BODY_TOO_LARGE);
}

/* Parameters made by hand, and the status of the request that has them. */
static enum record_status try_params(struct slice content)
{
	record_reader_fini(&reader);
	record_reader_init(&reader);
	buffer_clear(&sent);
	fake_peer_put_begin(&sent, 1, 1, false);
	if (content.len)
		fake_peer_put(&sent, FAKE_PARAMS, 1, content);
	fake_peer_put(&sent, FAKE_PARAMS, 1, SLICE_NONE);
	fake_peer_put(&sent, FAKE_STDIN, 1, SLICE_NONE);
	return feed_sent();
}

static void lengths_that_lie_are_malformed(void **state)
{
	(void)state;
	assert_int_equal(try_params(SLICE_NONE), RECORD_COMPLETE);
	assert_int_equal(try_params(SLICE_LITERAL("\1\1ab")), RECORD_COMPLETE);
	assert_int_equal(try_params(SLICE_LITERAL("\1\0a")), RECORD_COMPLETE);
	assert_int_equal(try_params(SLICE_LITERAL("\0\0")), RECORD_COMPLETE);
	assert_int_equal(try_params(SLICE_LITERAL("\1\x80\0\0\1ab")),
			 RECORD_COMPLETE);
	assert_int_equal(try_params(SLICE_LITERAL("\1")), RECORD_MALFORMED);
	assert_int_equal(try_params(SLICE_LITERAL("\1\2ab")), RECORD_MALFORMED);
	assert_int_equal(try_params(SLICE_LITERAL("\3\0ab")), RECORD_MALFORMED);
	assert_int_equal(try_params(SLICE_LITERAL("\1\1abc")),
			 RECORD_MALFORMED);
	assert_int_equal(try_params(SLICE_LITERAL("\x80\0\0")),
			 RECORD_MALFORMED);
	assert_int_equal(try_params(SLICE_LITERAL("\xFF\xFF\xFF\xFF\1ab")),
			 RECORD_MALFORMED);
	assert_int_equal(
	    try_params(SLICE_LITERAL("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
				     "ab")),
	    RECORD_MALFORMED);
}

static void a_nul_in_a_parameter_is_malformed(void **state)
{
	(void)state;
	assert_int_equal(try_params(SLICE_LITERAL("\2\1a\0b")),
			 RECORD_MALFORMED);
	assert_int_equal(try_params(SLICE_LITERAL("\1\2ab\0")),
			 RECORD_MALFORMED);
}

static void a_pair_may_lie_across_records(void **state)
{
	struct buffer pair;

	(void)state;
	buffer_init(&pair, BUFFER_UNLIMITED);
	fake_peer_put_pair(&pair, "NAME", SLICE_LITERAL("value"));
	fake_peer_put_begin(&sent, 1, 1, false);
	for (size_t i = 0; i < pair.len; i++)
		fake_peer_put(&sent, FAKE_PARAMS, 1,
			      slice_make(pair.data + i, 1));
	fake_peer_put(&sent, FAKE_PARAMS, 1, SLICE_NONE);
	fake_peer_put(&sent, FAKE_STDIN, 1, SLICE_NONE);
	assert_int_equal(feed_sent(), RECORD_COMPLETE);
	buffer_fini(&pair);
}

static void only_responders_are_served(void **state)
{
	(void)state;
	for (unsigned role = 0; role < 5; role++) {
		record_reader_fini(&reader);
		record_reader_init(&reader);
		fake_peer_put_begin(&sent, 9, role, false);
		assert_int_equal(feed_sent(),
				 role == 1 ? RECORD_MORE : RECORD_UNKNOWN_ROLE);
		assert_int_equal(reader.request_id, 9);
	}
}

static void an_abort_ends_the_request(void **state)
{
	(void)state;
	fake_peer_put_begin(&sent, 1, 1, false);
	fake_peer_put(&sent, FAKE_ABORT, 1, SLICE_NONE);
	assert_int_equal(feed_sent(), RECORD_ABORTED);
}

static void an_abort_behind_a_request_is_seen(void **state)
{
	(void)state;
	put_plain_request(false, "");
	feed_sent();
	assert_false(record_aborts(&reader, 7));
	fake_peer_put(&sent, FAKE_ABORT, 7, SLICE_NONE);
	buffer_append(&reader.bytes, sent.data, 7);
	assert_false(record_aborts(&reader, 7));
	buffer_append(&reader.bytes, sent.data + 7, 1);
	assert_true(record_aborts(&reader, 7));
	assert_false(record_aborts(&reader, 6));
}

static void an_abort_of_a_request_that_waited_is_seen(void **state)
{
	(void)state;
	put_plain_request(true, "");
	feed_sent();
	/* The next one comes while the first is being answered. */
	put_plain_request(true, "");
	buffer_append(&reader.bytes, sent.data, sent.len);
	assert_false(record_aborts(&reader, 7));
	record_next(&reader);
	assert_false(record_aborts(&reader, 7));
	assert_int_equal(record_scan(&reader, &limits), RECORD_COMPLETE);
	buffer_clear(&sent);
	fake_peer_put(&sent, FAKE_ABORT, 7, SLICE_NONE);
	buffer_append(&reader.bytes, sent.data, sent.len);
	assert_true(record_aborts(&reader, 7));
}

static void records_out_of_order_are_malformed(void **state)
{
	static const struct {
		enum fake_record records[4];
		unsigned id;
	} wrong[] = {
	    {{FAKE_BEGIN, FAKE_BEGIN}, 1},
	    {{FAKE_BEGIN, FAKE_STDIN}, 1},
	    {{FAKE_BEGIN, FAKE_PARAMS, FAKE_PARAMS}, 1},
	    {{FAKE_BEGIN, FAKE_DATA}, 1},
	    {{FAKE_BEGIN, FAKE_END}, 1},
	    {{FAKE_BEGIN}, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		record_reader_fini(&reader);
		record_reader_init(&reader);
		for (int j = 0; j < 4 && wrong[i].records[j]; j++) {
			if (wrong[i].records[j] == FAKE_BEGIN)
				fake_peer_put_begin(&sent, wrong[i].id, 1,
						    false);
			else
				fake_peer_put(&sent, wrong[i].records[j],
					      wrong[i].id, SLICE_NONE);
		}
		assert_int_equal(feed_sent(), RECORD_MALFORMED);
	}
}

static void another_version_is_malformed(void **state)
{
	(void)state;
	put_plain_request(false, "");
	sent.data[0] = 2;
	assert_int_equal(feed_sent(), RECORD_MALFORMED);
	assert_int_equal(feed(SLICE_LITERAL("GET / HTTP/1.1\r\n\r\n")),
			 RECORD_MALFORMED);
}

static void a_begin_of_another_length_is_malformed(void **state)
{
	(void)state;
	fake_peer_put(&sent, FAKE_BEGIN, 1, SLICE_LITERAL("\0\1\0\0\0\0\0"));
	assert_int_equal(feed_sent(), RECORD_MALFORMED);
}

static void the_next_request_waits_behind_the_first(void **state)
{
	size_t len;

	(void)state;
	put_plain_request(true, "one");
	len = sent.len;
	put_plain_request(true, "two");
	assert_int_equal(feed_sent(), RECORD_COMPLETE);
	assert_int_equal(record_request(&reader).len, len);
	assert_int_equal(reader.bytes.len - reader.kept, len);
	record_next(&reader);
	assert_int_equal(record_scan(&reader, &limits), RECORD_COMPLETE);
	assert_int_equal(record_request(&reader).len, len);
	record_next(&reader);
	assert_int_equal(record_scan(&reader, &limits), RECORD_MORE);
	assert_int_equal(reader.bytes.len, 0);
}

/* Each byte is looked at a bounded number of times: twice the input takes
 * about twice the time, not four times. */
static double seconds_for(size_t count)
{
	struct record_limits large = {1 << 30, 1 << 30};
	struct timespec before;
	struct timespec after;
	enum record_status status;

	record_reader_fini(&reader);
	record_reader_init(&reader);
	fake_peer_put_begin(&reader.bytes, 1, 1, false);
	fake_peer_put(&reader.bytes, FAKE_PARAMS, 1, SLICE_NONE);
	for (size_t i = 0; i < count; i++) {
		fake_peer_put(&reader.bytes, FAKE_STDIN, 1, SLICE_LITERAL("x"));
		fake_peer_put(&reader.bytes, FAKE_GET_VALUES, 0,
			      SLICE_LITERAL("x"));
	}
	fake_peer_put(&reader.bytes, FAKE_STDIN, 1, SLICE_NONE);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	status = record_scan(&reader, &large);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_int_equal(status, RECORD_COMPLETE);
	assert_int_equal(reader.body_bytes, count);
	return (double)(after.tv_sec - before.tv_sec) +
	       (double)(after.tv_nsec - before.tv_nsec) / 1e9;
}

static void reading_takes_linear_time(void **state)
{
	double small = seconds_for(20000);
	double large = seconds_for(400000);

	(void)state;
	/* 20 times as much; quadratic would be 400 times. */
	assert_true(large < 100 * small + 0.05);
}

static void expect_records(const size_t *lengths, size_t count)
{
	const unsigned char *p = (const unsigned char *)sent.data;
	size_t at = 0;
	unsigned char wanted = 0;

	for (size_t i = 0; i < count; i++) {
		assert_true(at + RECORD_HEADER_LEN <= sent.len);
		assert_int_equal(p[at], 1);
		assert_int_equal(p[at + 1], RECORD_STDOUT);
		assert_int_equal(p[at + 2] << 8 | p[at + 3], 0x1234);
		assert_int_equal(p[at + 4] << 8 | p[at + 5], lengths[i]);
		assert_int_equal(p[at + 6], 0);
		at += RECORD_HEADER_LEN;
		for (size_t j = 0; j < lengths[i]; j++)
			assert_int_equal(p[at + j], wanted++);
		at += lengths[i];
	}
	assert_int_equal(at, sent.len);
}

static void write_content(size_t len)
{
	size_t start;

	buffer_clear(&sent);
	start = record_begin(&sent);
	for (size_t i = 0; i < len; i++)
		buffer_append_char(&sent, (char)i);
	record_end(&sent, start, 0x1234);
}

static void content_becomes_records_of_at_most_64_kib(void **state)
{
	static const struct {
		size_t len;
		size_t lengths[4];
		size_t count;
	} cases[] = {
	    {0, {0}, 0},
	    {1, {1}, 1},
	    {65535, {65535}, 1},
	    {65536, {65535, 1}, 2},
	    {131070, {65535, 65535}, 2},
	    {131071, {65535, 65535, 1}, 3},
	    {200000, {65535, 65535, 65535, 3395}, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		write_content(cases[i].len);
		expect_records(cases[i].lengths, cases[i].count);
	}
}

static void a_record_may_follow_others(void **state)
{
	size_t start;

	(void)state;
	buffer_append_string(&sent, "before");
	start = record_begin(&sent);
	buffer_append_string(&sent, "x");
	record_end(&sent, start, 1);
	assert_int_equal(sent.len, 6 + RECORD_HEADER_LEN + 1);
	assert_memory_equal(sent.data, "before\1\6\0\1\0\1\0\0x", 15);
	start = record_begin(&sent);
	record_end(&sent, start, 1);
	assert_int_equal(sent.len, 15);
}

static void an_end_is_an_empty_record_and_the_request_s_end(void **state)
{
	static const char wanted[] = "\1\6\xAB\xCD\0\0\0\0"
				     "\1\3\xAB\xCD\0\x8\0\0"
				     "\0\0\0\0\0\0\0\0";

	(void)state;
	record_put_end(&sent, 0xABCD);
	assert_int_equal(sent.len, sizeof wanted - 1);
	assert_memory_equal(sent.data, wanted, sizeof wanted - 1);
}

static void an_unknown_role_has_its_own_end(void **state)
{
	static const char wanted[] = "\1\3\0\5\0\x8\0\0"
				     "\0\0\0\0\3\0\0\0";

	(void)state;
	record_put_unknown_role(&sent, 5);
	assert_int_equal(sent.len, sizeof wanted - 1);
	assert_memory_equal(sent.data, wanted, sizeof wanted - 1);
}

static void without_a_request_s_number_content_stays_as_it_is(void **state)
{
	char long_content[RECORD_CONTENT_MAX + 10];
	size_t start;

	(void)state;
	memset(long_content, 'x', sizeof long_content);
	buffer_append_string(&sent, "before ");
	start = record_begin(&sent);
	buffer_append_string(&sent, "content");
	record_end(&sent, start, RECORD_NONE);
	record_end(&sent, record_begin(&sent), RECORD_NONE);
	record_put_end(&sent, RECORD_NONE);
	assert_int_equal(sent.len, 14);
	assert_memory_equal(sent.data, "before content", 14);
	start = record_begin(&sent);
	buffer_append(&sent, long_content, sizeof long_content);
	record_end(&sent, start, RECORD_NONE);
	assert_int_equal(sent.len, 14 + sizeof long_content);
	assert_memory_equal(sent.data + 14, long_content, sizeof long_content);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(a_whole_request_is_complete),
	    EACH(a_request_may_be_cut_at_every_byte),
	    EACH(a_request_may_come_byte_by_byte),
	    EACH(padding_is_dropped),
	    EACH(management_and_foreign_records_are_dropped),
	    EACH(endless_management_records_are_not_kept),
	    EACH(large_parameters_are_refused_when_they_pass_the_limit),
	    EACH(a_body_may_be_as_long_as_the_limit_and_no_longer),
	    EACH(lengths_that_lie_are_malformed),
	    EACH(a_nul_in_a_parameter_is_malformed),
	    EACH(a_pair_may_lie_across_records),
	    EACH(only_responders_are_served),
	    EACH(an_abort_ends_the_request),
	    EACH(an_abort_behind_a_request_is_seen),
	    EACH(an_abort_of_a_request_that_waited_is_seen),
	    EACH(records_out_of_order_are_malformed),
	    EACH(another_version_is_malformed),
	    EACH(a_begin_of_another_length_is_malformed),
	    EACH(the_next_request_waits_behind_the_first),
	    EACH(reading_takes_linear_time),
	    EACH(content_becomes_records_of_at_most_64_kib),
	    EACH(a_record_may_follow_others),
	    EACH(an_end_is_an_empty_record_and_the_request_s_end),
	    EACH(an_unknown_role_has_its_own_end),
	    EACH(without_a_request_s_number_content_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

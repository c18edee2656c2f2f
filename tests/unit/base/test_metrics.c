/* SPDX-License-Identifier: ISC */
#include "base/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct buffer out;
static struct metrics metrics;

static int set_up(void **state)
{
	(void)state;
	memset(&metrics, 0, sizeof metrics);
	buffer_init(&out, BUFFER_UNLIMITED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_fini(&out);
	return 0;
}

static void assert_line(const char *line)
{
	char whole[160];

	snprintf(whole, sizeof whole, "\n%s\n", line);
	if (!strstr(out.data, whole))
		fail_msg("no line \"%s\" in:\n%s", line, out.data);
}

static void counters_are_printed_with_their_values(void **state)
{
	(void)state;
	metrics_inc(&metrics, METRIC_REQUESTS);
	metrics_add(&metrics, METRIC_REQUESTS, 41);
	metrics_add(&metrics, METRIC_TURNS_OPEN, 3);
	metrics_add(&metrics, METRIC_TURNS_OPEN, -2);
	metrics_set(&metrics, METRIC_FRAMES, UINT64_MAX);
	metrics_inc(&metrics, METRIC_TURNS_CANCELLED);
	metrics_print(&out, &metrics);
	assert_line("leat_requests_total 42");
	assert_line("leat_turns_open 1");
	assert_line("leat_frames_total 18446744073709551615");
	assert_line("leat_turns_total{outcome=\"cancelled\"} 1");
	assert_line("leat_turns_total{outcome=\"complete\"} 0");
	assert_line("# TYPE leat_turns_open gauge");
	assert_line("# TYPE leat_turns_total counter");
}

/* The name before braces, a space, or the _bucket, _sum and _count of a
 * histogram. */
static size_t family_len(const char *line, const char *family)
{
	size_t len = strlen(family);

	return !strncmp(line, family, len) && strchr(" {_", line[len]) ? len
								       : 0;
}

/* Scrapers refuse a family twice, or samples of another between its own. */
static void every_sample_follows_its_own_family(void **state)
{
	char families[64][64];
	size_t count = 0;
	char *rest;
	size_t samples = 0;

	(void)state;
	metrics_print(&out, &metrics);
	assert_int_equal(out.data[out.len - 1], '\n');
	rest = out.data;
	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		char help[64];
		char type[16];

		if (sscanf(line, "# HELP %63s", help) == 1) {
			for (size_t i = 0; i < count; i++)
				assert_string_not_equal(families[i], help);
			strcpy(families[count++], help);
			line = strsep(&rest, "\n");
			assert_int_equal(
			    sscanf(line, "# TYPE %63s %15s", help, type), 2);
			assert_string_equal(help, families[count - 1]);
			assert_true(!strcmp(type, "counter") ||
				    !strcmp(type, "gauge") ||
				    !strcmp(type, "histogram"));
			continue;
		}
		assert_true(count > 0);
		if (!family_len(line, families[count - 1]))
			fail_msg("%s", line);
		samples++;
	}
	assert_int_equal(samples, METRIC_COUNT + METRICS_BUCKETS + 3);
}

static void first_tokens_fall_into_buckets(void **state)
{
	(void)state;
	metrics_first_token(&metrics, 0);
	metrics_first_token(&metrics, 10);
	metrics_first_token(&metrics, 11);
	metrics_first_token(&metrics, 2500);
	metrics_first_token(&metrics, 60000);
	metrics_first_token(&metrics, 1234567890);
	metrics_print(&out, &metrics);
	assert_line("leat_first_token_seconds_bucket{le=\"0.01\"} 2");
	assert_line("leat_first_token_seconds_bucket{le=\"0.025\"} 3");
	assert_line("leat_first_token_seconds_bucket{le=\"1\"} 3");
	assert_line("leat_first_token_seconds_bucket{le=\"2.5\"} 4");
	assert_line("leat_first_token_seconds_bucket{le=\"30\"} 4");
	assert_line("leat_first_token_seconds_bucket{le=\"60\"} 5");
	assert_line("leat_first_token_seconds_bucket{le=\"+Inf\"} 6");
	/* All digits: a rate of it must not go in steps. */
	assert_line("leat_first_token_seconds_sum 1234630.411");
	assert_line("leat_first_token_seconds_count 6");
}

static void workers_are_summed(void **state)
{
	struct metrics other = {.first_token_sum_ms = 5};

	(void)state;
	metrics_add(&metrics, METRIC_HEARTBEATS, 2);
	metrics_first_token(&metrics, 7);
	metrics_add(&other, METRIC_HEARTBEATS, 3);
	other.first_token_buckets[METRICS_BUCKETS] = 1;
	metrics_sum(&metrics, &other);
	metrics_print(&out, &metrics);
	assert_line("leat_heartbeats_total 5");
	assert_line("leat_first_token_seconds_count 2");
	assert_line("leat_first_token_seconds_sum 0.012");
	assert_int_equal(other.values[METRIC_HEARTBEATS], 3);
}

static void first_tokens_are_found_again_between_their_bounds(void **state)
{
	(void)state;
	assert_int_equal(metrics_first_token_at(&metrics, 50), 0);
	for (int i = 0; i < 90; i++)
		metrics_first_token(&metrics, 200);
	for (int i = 0; i < 10; i++)
		metrics_first_token(&metrics, 2000);
	/* 50 of the 90 between 100 and 250 ms. */
	assert_int_equal(metrics_first_token_at(&metrics, 50), 183);
	assert_int_equal(metrics_first_token_at(&metrics, 90), 250);
	assert_int_equal(metrics_first_token_at(&metrics, 95), 1750);
	metrics_first_token(&metrics, 3600000);
	assert_int_equal(metrics_first_token_at(&metrics, 100), 60000);
}

static void the_cpu_time_is_this_process(void **state)
{
	(void)state;
	metrics_read_cpu(&metrics);
	assert_in_range(metrics.values[METRIC_CPU_USER_US] +
			    metrics.values[METRIC_CPU_SYSTEM_US],
			1, 60000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(counters_are_printed_with_their_values),
	    TEST(every_sample_follows_its_own_family),
	    TEST(first_tokens_fall_into_buckets),
	    TEST(workers_are_summed),
	    TEST(first_tokens_are_found_again_between_their_bounds),
	    TEST(the_cpu_time_is_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

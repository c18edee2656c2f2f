/* SPDX-License-Identifier: ISC */
#include "base/metrics.h"

#include <stdbool.h>
#include <sys/resource.h>

struct metric_row {
	const char *name;
	const char *help;
	bool is_gauge;
};

static const struct metric_row rows[METRIC_COUNT] = {
    [METRIC_REQUESTS] = {"leat_requests_total", "Complete requests read.",
			 false},
    [METRIC_REQUESTS_REJECTED] = {"leat_requests_rejected_total",
				  "Requests answered with a 4xx or 5xx status.",
				  false},
    [METRIC_REQUESTS_BROKEN] =
	{"leat_requests_broken_total",
	 "Connections that ended before a request was complete.", false},
    [METRIC_TURNS_STARTED] = {"leat_turns_started_total", "Turns started.",
			      false},
    [METRIC_TURNS_COMPLETE] = {"leat_turns_total{outcome=\"complete\"}",
			       "Turns ended, by outcome.", false},
    [METRIC_TURNS_ERROR] = {"leat_turns_total{outcome=\"error\"}", "", false},
    [METRIC_TURNS_CANCELLED] = {"leat_turns_total{outcome=\"cancelled\"}", "",
				false},
    [METRIC_TURNS_OPEN] = {"leat_turns_open", "Turns running now.", true},
    [METRIC_STREAMS_OPEN] = {"leat_streams_open", "Readers streaming now.",
			     true},
    [METRIC_READERS_LEFT] = {"leat_readers_left_total",
			     "Readers that left before the end.", false},
    [METRIC_READERS_DROPPED] =
	{"leat_readers_dropped_total",
	 "Readers dropped because they took nothing for write_timeout.", false},
    [METRIC_UPSTREAM_CALLS] = {"leat_upstream_calls_total",
			       "Requests sent to providers.", false},
    [METRIC_UPSTREAM_ABORTED] =
	{"leat_upstream_aborted_total",
	 "Requests to providers closed before their end.", false},
    [METRIC_FRAMES] = {"leat_frames_total", "Frames sent to readers.", false},
    [METRIC_HEARTBEATS] = {"leat_heartbeats_total",
			   "Heartbeats sent to readers.", false},
    [METRIC_HANDOVERS_OUT] =
	{"leat_handovers_total{direction=\"out\"}",
	 "Requests handed to the worker that owns the turn.", false},
    [METRIC_HANDOVERS_IN] = {"leat_handovers_total{direction=\"in\"}", "",
			     false},
    [METRIC_SLOW_PASSES] = {"leat_slow_passes_total",
			    "Passes of the event loop over 50 ms.", false},
    [METRIC_CPU_USER_US] = {"leat_cpu_microseconds_total{mode=\"user\"}",
			    "Processor time of the workers.", false},
    [METRIC_CPU_SYSTEM_US] = {"leat_cpu_microseconds_total{mode=\"system\"}",
			      "", false},
};

static const unsigned bounds_ms[METRICS_BUCKETS] = {
    10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000};

void metrics_set(struct metrics *metrics, enum metric metric, uint64_t value)
{
	metrics->values[metric] = value;
}

void metrics_first_token(struct metrics *metrics, uint64_t ms)
{
	int bucket = 0;

	while (bucket < METRICS_BUCKETS && ms > bounds_ms[bucket])
		bucket++;
	metrics->first_token_buckets[bucket]++;
	metrics->first_token_sum_ms += ms;
}

uint64_t metrics_first_token_at(const struct metrics *metrics, unsigned percent)
{
	uint64_t count = 0, seen = 0, wanted;

	for (int i = 0; i <= METRICS_BUCKETS; i++)
		count += metrics->first_token_buckets[i];
	wanted = (count * percent + 99) / 100;
	for (int i = 0; i < METRICS_BUCKETS && count; i++) {
		uint64_t here = metrics->first_token_buckets[i];
		uint64_t from = i ? bounds_ms[i - 1] : 0;

		if (here && seen + here >= wanted)
			return from +
			       (bounds_ms[i] - from) * (wanted - seen) / here;
		seen += here;
	}
	return count ? bounds_ms[METRICS_BUCKETS - 1] : 0;
}

void metrics_sum(struct metrics *into, const struct metrics *from)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		into->values[i] += from->values[i];
	for (int i = 0; i <= METRICS_BUCKETS; i++)
		into->first_token_buckets[i] += from->first_token_buckets[i];
	into->first_token_sum_ms += from->first_token_sum_ms;
}

static uint64_t timeval_us(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

void metrics_read_cpu(struct metrics *metrics)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return;
	metrics_set(metrics, METRIC_CPU_USER_US, timeval_us(usage.ru_utime));
	metrics_set(metrics, METRIC_CPU_SYSTEM_US, timeval_us(usage.ru_stime));
}

static void print_row(struct buffer *out, const struct metric_row *row,
		      uint64_t value)
{
	int name_len = (int)strcspn(row->name, "{");

	if (row->help[0])
		buffer_printf(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", name_len,
			      row->name, row->help, name_len, row->name,
			      row->is_gauge ? "gauge" : "counter");
	buffer_printf(out, "%s %llu\n", row->name, (unsigned long long)value);
}

void metrics_print(struct buffer *out, const struct metrics *metrics)
{
	static const char name[] = "leat_first_token_seconds";
	unsigned long long count = 0;

	for (int i = 0; i < METRIC_COUNT; i++)
		print_row(out, &rows[i], metrics->values[i]);
	buffer_printf(
	    out,
	    "# HELP %s From the start of a turn to its first content.\n"
	    "# TYPE %s histogram\n",
	    name, name);
	for (int i = 0; i <= METRICS_BUCKETS; i++) {
		count += metrics->first_token_buckets[i];
		if (i < METRICS_BUCKETS)
			buffer_printf(out, "%s_bucket{le=\"%g\"} %llu\n", name,
				      bounds_ms[i] / 1000.0, count);
		else
			buffer_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n",
				      name, count);
	}
	buffer_printf(out, "%s_sum %.3f\n%s_count %llu\n", name,
		      (double)metrics->first_token_sum_ms / 1000.0, name,
		      count);
}

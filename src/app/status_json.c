/* SPDX-License-Identifier: ISC */
#include "app/status_json.h"

#include <math.h>

#include "base/json.h"

static void put_rate(struct buffer *out, const char *name, double value)
{
	json_put_name(out, name);
	if (value < 0)
		buffer_append_string(out, "null");
	else
		json_put_number(out, round(value * 10) / 10);
}

static void put_text(struct buffer *out, const char *name, const char *text)
{
	json_put_string_member(out, name, slice_of(text));
}

static void put_int(struct buffer *out, const char *name, uint64_t value)
{
	json_put_int_member(out, name, (int64_t)value);
}

static void open_object(struct buffer *out, const char *name)
{
	if (name)
		json_put_name(out, name);
	else
		json_put_comma(out);
	buffer_append_char(out, '{');
}

static void put_worker(struct buffer *out, const struct worker_view *worker)
{
	open_object(out, NULL);
	put_int(out, "worker", worker->slot);
	put_int(out, "process", (uint64_t)worker->pid);
	put_int(out, "generation", worker->generation);
	put_text(out, "state", pool_view_worker_name(worker->state));
	put_int(out, "streams", worker->streams);
	put_int(out, "connections", worker->peers);
	put_rate(out, "requests_per_second", worker->request_rate);
	put_rate(out, "frames_per_second", worker->frame_rate);
	put_rate(out, "cpu_percent", worker->cpu_percent);
	put_int(out, "rss_bytes", worker->process.rss_bytes);
	put_int(out, "anonymous_bytes", worker->process.anon_bytes);
	put_int(out, "age_ms", worker->age_ms);
	put_int(out, "deaths_in_a_row", worker->deaths);
	if (worker->state == WORKER_BACKING_OFF)
		put_int(out, "starts_in_ms", worker->wait_ms);
	buffer_append_char(out, '}');
}

static void put_limits(struct buffer *out, const struct slots_about *about)
{
	open_object(out, "limits");
	json_put_bool_member(out, "per_process", about->kind == SLOTS_ALONE);
	put_int(out, "streams", about->streams);
	put_int(out, "streams_per_worker", about->streams_per_worker);
	put_int(out, "streams_per_address", about->streams_per_address);
	buffer_append_char(out, '}');
}

static void put_total(struct buffer *out, const struct metrics *total)
{
	static const struct {
		const char *name;
		enum metric metric;
	} rows[] = {
	    {"requests", METRIC_REQUESTS},
	    {"requests_refused", METRIC_REQUESTS_REJECTED},
	    {"requests_broken", METRIC_REQUESTS_BROKEN},
	    {"answers_started", METRIC_TURNS_STARTED},
	    {"answers_complete", METRIC_TURNS_COMPLETE},
	    {"answers_failed", METRIC_TURNS_ERROR},
	    {"answers_cancelled", METRIC_TURNS_CANCELLED},
	    {"readers_left", METRIC_READERS_LEFT},
	    {"readers_dropped", METRIC_READERS_DROPPED},
	    {"upstream_calls", METRIC_UPSTREAM_CALLS},
	    {"upstream_aborted", METRIC_UPSTREAM_ABORTED},
	    {"frames", METRIC_FRAMES},
	    {"handed_over", METRIC_HANDOVERS_OUT},
	    {"taken_over", METRIC_HANDOVERS_IN},
	    {"slow_passes", METRIC_SLOW_PASSES},
	};

	open_object(out, "total");
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		put_int(out, rows[i].name, total->values[rows[i].metric]);
	put_int(out, "first_token_median_ms",
		metrics_first_token_at(total, 50));
	put_int(out, "first_token_95_ms", metrics_first_token_at(total, 95));
	buffer_append_char(out, '}');
}

static void put_pool(struct buffer *out, const struct pools_entry *entry)
{
	const struct pool_view *view = &entry->view;
	const struct slots_about *about = &view->about;

	put_text(out, "kind", about->kind == SLOTS_ALONE ? "alone" : "pool");
	put_text(out, "state", pool_view_name(view->state));
	put_text(out, "listen", about->listen);
	put_text(out, "config", about->config_path);
	put_text(out, "version", about->version);
	put_int(out, "master", (uint64_t)about->master_pid);
	put_int(out, "generation", about->generation);
	put_int(out, "age_ms", view->age_ms);
	put_int(out, "generation_age_ms", view->generation_age_ms);
	put_int(out, "workers_wanted", about->workers);
	put_int(out, "workers_ready", view->ready);
	put_int(out, "workers_hung", view->hung);
	put_int(out, "streams", view->streams);
	put_int(out, "connections", view->peers);
	put_rate(out, "requests_per_second", view->request_rate);
	put_rate(out, "frames_per_second", view->frame_rate);
	put_limits(out, about);
	put_total(out, &view->total);
	json_put_name(out, "workers");
	buffer_append_char(out, '[');
	for (unsigned i = 0; i < view->count; i++)
		put_worker(out, &view->workers[i]);
	buffer_append_char(out, ']');
}

void status_json_print(struct buffer *out, const struct pools *pools,
		       const char *folder)
{
	buffer_append_char(out, '{');
	json_put_bool_member(out, "ok", pools_status(pools) == 0);
	put_text(out, "runtime_dir", folder);
	if (pools->problem[0])
		put_text(out, "problem", pools->problem);
	json_put_name(out, "pools");
	buffer_append_char(out, '[');
	for (unsigned i = 0; i < pools->count; i++) {
		const struct pools_entry *entry = &pools->entries[i];

		open_object(out, NULL);
		put_text(out, "file", entry->name);
		if (entry->problem[0])
			put_text(out, "problem", entry->problem);
		else
			put_pool(out, entry);
		buffer_append_char(out, '}');
	}
	buffer_append_string(out, "]}\n");
}

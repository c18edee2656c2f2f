/* SPDX-License-Identifier: ISC */
#include "app/status_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 4096, NUMBER_SIZE = 24 };

static const enum terminal_style pool_styles[] = {
    [POOL_RUNNING] = STYLE_GREEN,   [POOL_STARTING] = STYLE_YELLOW,
    [POOL_DEGRADED] = STYLE_YELLOW, [POOL_DRAINING] = STYLE_YELLOW,
    [POOL_ORPHANED] = STYLE_RED,    [POOL_DEAD] = STYLE_RED,
};
static const enum terminal_style worker_styles[] = {
    [WORKER_STARTING] = STYLE_YELLOW, [WORKER_READY] = STYLE_GREEN,
    [WORKER_DRAINING] = STYLE_DIM,    [WORKER_BACKING_OFF] = STYLE_RED,
    [WORKER_HUNG] = STYLE_RED,	      [WORKER_DEAD] = STYLE_RED,
};

static void put(struct terminal *terminal, enum terminal_style style,
		const char *format, ...) __attribute__((format(printf, 3, 4)));

static void put(struct terminal *terminal, enum terminal_style style,
		const char *format, ...)
{
	char text[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	terminal_put_styled(terminal, style, slice_of(text));
}

void status_text_duration(char out[32], uint64_t ms)
{
	uint64_t seconds = ms / 1000;

	if (seconds < 60)
		snprintf(out, 32, "%" PRIu64 " s", seconds);
	else if (seconds < 3600)
		snprintf(out, 32, "%" PRIu64 " min", seconds / 60);
	else if (seconds < 86400)
		snprintf(out, 32, "%" PRIu64 " h %" PRIu64 " min",
			 seconds / 3600, seconds % 3600 / 60);
	else
		snprintf(out, 32, "%" PRIu64 " d %" PRIu64 " h",
			 seconds / 86400, seconds % 86400 / 3600);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

void status_text_explain(char *out, size_t size, const struct pool_view *view)
{
	int master = view->about.master_pid;

	switch (view->state) {
	case POOL_RUNNING:
		snprintf(out, size, "is running");
		break;
	case POOL_STARTING:
		snprintf(out, size, "is starting");
		break;
	case POOL_DEGRADED:
		snprintf(out, size,
			 "is degraded: %u of %u workers serve; the log says "
			 "why",
			 view->ready, view->about.workers);
		break;
	case POOL_DRAINING:
		snprintf(out, size,
			 "is draining: it takes nothing new, and %u stream%s "
			 "run%s to the end",
			 view->streams, plural(view->streams),
			 view->streams == 1 ? "s" : "");
		break;
	case POOL_ORPHANED:
		snprintf(out, size,
			 "has lost its master (process %d); its workers go "
			 "on alone: start leat again, and it takes over",
			 master);
		break;
	default:
		snprintf(out, size,
			 "is not running: its master (process %d) was killed "
			 "and left this file; start leat again",
			 master);
	}
}

static void print_limits(struct terminal *terminal,
			 const struct slots_about *about, const char *where)
{
	const char *separator = "";

	if (!about->streams && !about->streams_per_worker &&
	    !about->streams_per_address)
		return;
	put(terminal, STYLE_PLAIN, "  limits   ");
	if (about->streams) {
		put(terminal, STYLE_PLAIN, "%u streams", about->streams);
		separator = ", ";
	}
	if (about->streams_per_worker) {
		put(terminal, STYLE_PLAIN, "%s%u streams %s", separator,
		    about->streams_per_worker, where);
		separator = ", ";
	}
	if (about->streams_per_address)
		put(terminal, STYLE_PLAIN, "%s%u per client address", separator,
		    about->streams_per_address);
	put(terminal, STYLE_PLAIN, "\n");
}

static void print_who(struct terminal *terminal, const struct pool_view *view)
{
	const struct slots_about *about = &view->about;
	char age[32];

	status_text_duration(age, view->age_ms);
	put(terminal, STYLE_PLAIN, "  master   process %d, leat %s, for %s\n",
	    about->master_pid, about->version, age);
	put(terminal, STYLE_PLAIN, "  config   %s",
	    about->config_path[0] ? about->config_path
				  : "none, every option has its default");
	if (about->generation > 1) {
		status_text_duration(age, view->generation_age_ms);
		put(terminal, STYLE_PLAIN, ", loaded %s ago (generation %u)",
		    age, about->generation);
	}
	put(terminal, STYLE_PLAIN, "\n");
}

static void print_now(struct terminal *terminal, const struct pool_view *view)
{
	uint64_t median = metrics_first_token_at(&view->total, 50);
	uint64_t slow = metrics_first_token_at(&view->total, 95);

	put(terminal, STYLE_PLAIN, "  open     %u stream%s, %u connection%s\n",
	    view->streams, plural(view->streams), view->peers,
	    plural(view->peers));
	print_limits(terminal, &view->about, "per worker");
	if (view->request_rate >= 0)
		put(terminal, STYLE_PLAIN,
		    "  now      %.1f requests/s, %.1f frames/s\n",
		    view->request_rate, view->frame_rate);
	if (median)
		put(terminal, STYLE_PLAIN,
		    "  answers  begin within %" PRIu64
		    " ms (half of them), %" PRIu64 " ms (95 of 100)\n",
		    median, slow);
}

static void print_total(struct terminal *terminal, const struct metrics *total)
{
	const uint64_t *n = total->values;

	put(terminal, STYLE_PLAIN,
	    "  total    %" PRIu64 " request%s, %" PRIu64 " refused, %" PRIu64
	    " broken off, %" PRIu64 " handed over\n",
	    n[METRIC_REQUESTS], plural(n[METRIC_REQUESTS]),
	    n[METRIC_REQUESTS_REJECTED], n[METRIC_REQUESTS_BROKEN],
	    n[METRIC_HANDOVERS_OUT]);
	put(terminal, STYLE_PLAIN,
	    "           %" PRIu64 " answer%s complete, %" PRIu64
	    " failed, %" PRIu64 " cancelled; %" PRIu64 " reader%s left\n",
	    n[METRIC_TURNS_COMPLETE], plural(n[METRIC_TURNS_COMPLETE]),
	    n[METRIC_TURNS_ERROR], n[METRIC_TURNS_CANCELLED],
	    n[METRIC_READERS_LEFT], plural(n[METRIC_READERS_LEFT]));
}

static void put_number(char out[NUMBER_SIZE], double value, const char *unit)
{
	if (value < 0)
		snprintf(out, NUMBER_SIZE, "-");
	else
		snprintf(out, NUMBER_SIZE, "%.1f%s", value, unit);
}

/* Of a column: "45s", "59m", "12h59", "3d4h". */
static void short_age(char out[32], uint64_t ms)
{
	unsigned long long seconds = ms / 1000;

	if (seconds < 60)
		snprintf(out, 32, "%llus", seconds);
	else if (seconds < 3600)
		snprintf(out, 32, "%llum", seconds / 60);
	else if (seconds < 86400)
		snprintf(out, 32, "%lluh%02llu", seconds / 3600,
			 seconds % 3600 / 60);
	else
		snprintf(out, 32, "%llud%lluh", seconds / 86400,
			 seconds % 86400 / 3600);
}

static void print_head(struct terminal *terminal, bool is_alone)
{
	put(terminal, STYLE_BOLD,
	    "%6s %7s %3s %-11s %7s %5s %6s %8s %5s %6s %s\n",
	    is_alone ? "" : "WORKER", "PROCESS", is_alone ? "" : "GEN", "STATE",
	    "STREAMS", "CONNS", "REQ/S", "FRAMES/S", "CPU", "MEMORY", "AGE");
}

static void print_worker(struct terminal *terminal,
			 const struct worker_view *worker, bool is_alone)
{
	char requests[NUMBER_SIZE], frames[NUMBER_SIZE], cpu[NUMBER_SIZE];
	char memory[NUMBER_SIZE], age[32], slot[16], generation[16];

	put_number(requests, worker->request_rate, "");
	put_number(frames, worker->frame_rate, "");
	put_number(cpu, worker->cpu_percent, "%");
	put_number(memory,
		   worker->process.rss_bytes
		       ? (double)worker->process.rss_bytes / 1048576
		       : -1,
		   "M");
	short_age(age, worker->age_ms);
	snprintf(slot, sizeof slot, "%u", worker->slot);
	snprintf(generation, sizeof generation, "%u", worker->generation);
	put(terminal, STYLE_PLAIN, "%6s %7d %3s ", is_alone ? "" : slot,
	    (int)worker->pid, is_alone ? "" : generation);
	put(terminal, worker_styles[worker->state], "%-11s",
	    pool_view_worker_name(worker->state));
	put(terminal, STYLE_PLAIN, " %7u %5u %6s %8s %5s %6s %s",
	    worker->streams, worker->peers, requests, frames, cpu, memory, age);
	if (worker->state == WORKER_BACKING_OFF)
		put(terminal, STYLE_PLAIN,
		    " died %u time%s in a row, again in %" PRIu64 " s",
		    worker->deaths, plural(worker->deaths),
		    (worker->wait_ms + 999) / 1000);
	put(terminal, STYLE_PLAIN, "\n");
}

static void print_pool(struct terminal *terminal,
		       const struct pools_entry *entry)
{
	const struct pool_view *view = &entry->view;
	char words[LINE_SIZE];

	status_text_explain(words, sizeof words, view);
	put(terminal, STYLE_BOLD, "leat on %s ",
	    view->about.listen[0] ? view->about.listen : entry->name);
	put(terminal, pool_styles[view->state], "%s\n", words);
	print_who(terminal, view);
	if (view->state == POOL_DEAD)
		return;
	print_now(terminal, view);
	print_total(terminal, &view->total);
	print_head(terminal, false);
	for (unsigned i = 0; i < view->count; i++)
		print_worker(terminal, &view->workers[i], false);
}

static void print_alone(struct terminal *terminal, const struct pools *pools)
{
	const struct pool_view *first = NULL;
	unsigned count = 0;

	for (unsigned i = 0; i < pools->count; i++) {
		const struct pools_entry *entry = &pools->entries[i];

		if (entry->problem[0] || entry->view.about.kind != SLOTS_ALONE)
			continue;
		if (!first)
			first = &entry->view;
		count++;
	}
	if (!count)
		return;
	put(terminal, STYLE_BOLD, "%u process%s alone, ", count,
	    count == 1 ? "" : "es");
	put(terminal, STYLE_PLAIN,
	    "started by a web server or a process manager\n");
	print_limits(terminal, &first->about, "(each process for itself)");
	print_head(terminal, true);
	for (unsigned i = 0; i < pools->count; i++) {
		const struct pools_entry *entry = &pools->entries[i];

		if (entry->problem[0] || entry->view.about.kind != SLOTS_ALONE)
			continue;
		for (unsigned k = 0; k < entry->view.count; k++)
			print_worker(terminal, &entry->view.workers[k], true);
	}
	put(terminal, STYLE_DIM,
	    "  Not seen here: requests that wait in the web server for a free "
	    "process (mod_fcgid\n  gives each process one request at a time), "
	    "and CGI, where a process lives for one.\n");
}

static void print_nothing(struct terminal *terminal, const char *folder,
			  const char *problem)
{
	char text[LINE_SIZE];

	snprintf(text, sizeof text,
		 "No pool is to be seen in %s%s%s. Is leat running (leat "
		 "serve), is this its runtime_dir, and could it write there? "
		 "Its log says so.",
		 folder, problem[0] ? ": " : "", problem);
	terminal_put_wrapped(terminal, 0, slice_of(text));
}

void status_text_print(struct terminal *terminal, const struct pools *pools,
		       const char *folder)
{
	if (!pools->count)
		print_nothing(terminal, folder, pools->problem);
	for (unsigned i = 0; i < pools->count; i++) {
		const struct pools_entry *entry = &pools->entries[i];

		if (entry->problem[0]) {
			put(terminal, STYLE_RED, "%s/%s: %s\n", folder,
			    entry->name, entry->problem);
			continue;
		}
		if (entry->view.about.kind == SLOTS_ALONE)
			continue;
		print_pool(terminal, entry);
		if (i + 1 < pools->count)
			put(terminal, STYLE_PLAIN, "\n");
	}
	print_alone(terminal, pools);
}

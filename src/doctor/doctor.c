/* SPDX-License-Identifier: ISC */
#include "doctor/doctor.h"

#include <string.h>

#include "doctor/probe.h"

enum { STEPS = 12 };

/* What is under way between the steps. */
struct examination {
	struct probe probe;
	size_t done;
	struct probe_idle *idle;
	struct probe_leaving *silent;
	struct probe_leaving *writing;
};

static bool goes_on(const struct examination *examination)
{
	return examination->probe.visitor.signal_number == 0;
}

static void step(struct examination *examination, const char *what)
{
	const struct doctor_options *options = examination->probe.options;

	if (options->on_step)
		options->on_step(options->state, examination->done, STEPS,
				 what);
	examination->done++;
}

static void look_at_streams(struct examination *examination)
{
	struct probe *probe = &examination->probe;

	step(examination, "frames, one by one");
	probe_stream_plain(probe);
	step(examination, "frames, compressed");
	probe_stream_gzip(probe);
	step(examination, "frames, by HTTP/2");
	probe_stream_http2(probe);
	step(examination, "streams at once");
	if (!probe->options->is_quick)
		probe_stream_together(probe);
}

static void start_waiting(struct examination *examination)
{
	struct probe *probe = &examination->probe;

	step(examination, "leaving");
	if (!probe->options->is_quick || probe->options->idle_s)
		examination->idle = probe_idle_start(probe);
	if (!probe->options->is_quick)
		examination->silent = probe_leaving_start(probe, true);
	examination->writing = probe_leaving_start(probe, false);
}

static void look_at_requests(struct examination *examination)
{
	struct probe *probe = &examination->probe;

	step(examination, "headers");
	probe_request_headers(probe);
	probe_request_origin(probe);
	probe_request_chunked(probe);
	step(examination, "large requests");
	probe_body(probe);
}

/* Patience: a server that sees only its own writes fail needs two of them, for
 * the first one is answered with a reset. That may be two heartbeats. */
static void end_waiting(struct examination *examination)
{
	struct probe *probe = &examination->probe;
	unsigned beat_ms = probe->measures->selftest.heartbeat_ms;

	step(examination, "was leaving noticed");
	probe_leaving_end(examination->writing, 3000);
	step(examination, "silence");
	if (examination->silent)
		probe_leaving_end(examination->silent, 2 * beat_ms + 3000);
	if (examination->idle)
		probe_idle_end(examination->idle);
}

static void examine(struct examination *examination)
{
	struct probe *probe = &examination->probe;
	bool is_whole = !probe->options->is_secrets_only;

	step(examination, "the site");
	probe_reach(probe);
	is_whole = is_whole && probe->measures->is_leat;
	if (is_whole && goes_on(examination)) {
		look_at_streams(examination);
		start_waiting(examination);
		look_at_requests(examination);
	}
	if (probe->measures->reach.status && goes_on(examination)) {
		step(examination, "files that nobody should see");
		probe_secrets(probe);
	}
	if (!is_whole || !examination->writing)
		return;
	end_waiting(examination);
	if (probe->options->long_s && goes_on(examination)) {
		step(examination, "a long stream");
		probe_stream_long(probe);
	}
}

int doctor_examine(const struct doctor_options *options,
		   struct measures *measures)
{
	struct examination examination = {
	    .probe = {.options = options, .measures = measures}};
	int signal_number;

	memset(measures, 0, sizeof(*measures));
	if (!probe_reach_read_url(&examination.probe))
		return -1;
	visitor_init(&examination.probe.visitor, options->ca_file);
	examine(&examination);
	signal_number = examination.probe.visitor.signal_number;
	if (!signal_number && options->on_step)
		options->on_step(options->state, STEPS, STEPS, "");
	visitor_fini(&examination.probe.visitor);
	return signal_number;
}

/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "doctor/probe.h"
#include "wire/sse_read.h"

enum {
	EVENT_MAX = 65536,
	FRAMES_PLAIN = 40,
	FRAMES_SHORT = 20,
	EVERY_MS = 50,
	BYTES = 200,
	SLACK_MS = 10000
};

/* One test stream, being read. */
struct watched {
	struct visit visit;
	struct sse_read reader;
	struct measure_stream *out;
	struct delay_frame *frames;
	size_t bytes;
	char url[MEASURE_URL_SIZE];
};

struct wish {
	unsigned frames;
	unsigned every_ms;
	const char *accept_encoding;
	bool is_http_2;
};

static void take_frame(struct watched *watched, const struct json *root,
		       uint64_t now_us)
{
	struct measure_stream *out = watched->out;
	int64_t written_us = 0;
	struct slice type = SLICE_NONE;

	json_string(json_member(root, "type"), &type);
	if (slice_is(type, "selftest_end")) {
		out->has_end = true;
		return;
	}
	if (!json_integer(json_member(root, "at_us"), &written_us) ||
	    out->received > out->wanted)
		return;
	if (out->received == 0)
		out->first_ms =
		    (double)(now_us - watched->visit.started_us) / 1000;
	watched->frames[out->received++] =
	    (struct delay_frame){(uint64_t)written_us, now_us, watched->bytes};
}

static void on_piece(void *state, struct slice piece, uint64_t now_us)
{
	struct watched *watched = state;
	struct sse_event event;
	enum sse_read_status status;

	watched->bytes += piece.len;
	while ((status = sse_read_next(&watched->reader, &piece, &event)) ==
	       SSE_READ_EVENT) {
		struct json *root =
		    json_parse(event.data, &json_limits_upstream, NULL);

		take_frame(watched, root, now_us);
		json_free(root);
	}
}

static void on_head(void *state, const struct http_response *response)
{
	struct watched *watched = state;
	struct measure_stream *out = watched->out;

	probe_copy_header(response, "Content-Encoding", out->encoding);
	probe_copy_header(response, "Cache-Control", out->cache_control);
	out->has_accel =
	    http_response_header(response, "X-Accel-Buffering").len > 0;
}

static void watched_start(struct watched *watched, struct probe *probe,
			  const struct wish *wish, struct measure_stream *out)
{
	struct visit_options options = {
	    .url = watched->url,
	    .accept_encoding = wish->accept_encoding,
	    .is_http_2 = wish->is_http_2,
	    .is_alone = true,
	    .deadline_ms = wish->frames * wish->every_ms + SLACK_MS,
	    .body_max = EVENT_MAX,
	    .on_piece = on_piece,
	    .on_head = on_head,
	    .state = watched};
	char path[120];

	watched->out = out;
	watched->bytes = 0;
	watched->frames =
	    memory_zalloc((wish->frames + 2) * sizeof(*watched->frames));
	out->wanted = wish->frames;
	snprintf(path, sizeof(path),
		 "selftest/stream?frames=%u&every=%u&bytes=%d", wish->frames,
		 wish->every_ms, BYTES);
	probe_url(probe, path, watched->url);
	sse_read_init(&watched->reader, EVENT_MAX);
	visit_start(&watched->visit, &probe->visitor, &options);
}

/* Waits for its end. */
static void watched_end(struct watched *watched)
{
	struct measure_stream *out = watched->out;

	visit_wait(&watched->visit);
	out->answer = watched->visit.answer;
	/* The first one is on its way while the server still starts. */
	delays_count(&out->delays, watched->frames, out->received);
	sse_read_fini(&watched->reader);
	visit_fini(&watched->visit);
	memory_free(watched->frames);
}

static void watch_one(struct probe *probe, const struct wish *wish,
		      struct measure_stream *out)
{
	struct watched watched;

	watched_start(&watched, probe, wish, out);
	watched_end(&watched);
}

void probe_stream_plain(struct probe *probe)
{
	struct wish wish = {.frames = probe->options->is_quick ? FRAMES_SHORT
							       : FRAMES_PLAIN,
			    .every_ms = EVERY_MS};

	watch_one(probe, &wish, &probe->measures->plain);
}

void probe_stream_gzip(struct probe *probe)
{
	struct wish wish = {.frames = FRAMES_SHORT,
			    .every_ms = EVERY_MS,
			    .accept_encoding = "gzip, br"};

	watch_one(probe, &wish, &probe->measures->gzip);
}

void probe_stream_http2(struct probe *probe)
{
	struct wish wish = {
	    .frames = FRAMES_SHORT, .every_ms = EVERY_MS, .is_http_2 = true};

	if (probe->measures->reach.http >= 20)
		watch_one(probe, &wish, &probe->measures->http2);
}

void probe_stream_together(struct probe *probe)
{
	struct measures *measures = probe->measures;
	struct watched watched[MEASURE_STREAMS_MAX];
	struct wish wish = {.frames = FRAMES_SHORT, .every_ms = EVERY_MS};
	unsigned count = measures->selftest.streams_at_once;

	if (count > MEASURE_STREAMS_MAX)
		count = MEASURE_STREAMS_MAX;
	for (unsigned i = 0; i < count; i++)
		watched_start(&watched[i], probe, &wish,
			      &measures->together[i]);
	for (unsigned i = 0; i < count; i++)
		watched_end(&watched[i]);
	measures->together_count = count;
}

void probe_stream_long(struct probe *probe)
{
	enum { LONG_EVERY_MS = 1000 };
	struct measures *measures = probe->measures;
	struct wish wish = {.frames = probe->options->long_s,
			    .every_ms = LONG_EVERY_MS};

	measures->lasting_s = probe->options->long_s;
	watch_one(probe, &wish, &measures->lasting);
}

/* SPDX-License-Identifier: ISC */
/*
 * Silence and leaving: what takes longer than a step, and so runs beside the
 * other steps.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "doctor/probe.h"
#include "wire/sse_read.h"

enum {
	LEAVE_WITHIN_MS = 4000,
	EVENT_MAX = 65536,
	ID_SIZE = 80,
	ASK_EVERY_MS = 150,
	FRAMES_TO_SEE = 3
};

/* A stream of which only the first frames matter. */
struct peek {
	struct visit visit;
	struct sse_read reader;
	char url[MEASURE_URL_SIZE];
	char id[ID_SIZE];
	unsigned frames;
	unsigned leave_after; /* frames; 0: stay to the end */
	uint64_t first_us;
	uint64_t left_us;
};

static void on_piece(void *state, struct slice piece, uint64_t now_us)
{
	struct peek *peek = state;
	struct sse_event event;

	while (sse_read_next(&peek->reader, &piece, &event) == SSE_READ_EVENT) {
		struct json *root =
		    json_parse(event.data, &json_limits_upstream, NULL);
		struct slice id = SLICE_NONE;
		int64_t written_us;

		if (json_string(json_member(root, "id"), &id))
			snprintf(peek->id, sizeof(peek->id), "%.*s",
				 (int)id.len, id.data);
		if (json_integer(json_member(root, "at_us"), &written_us))
			peek->frames++;
		if (peek->first_us == 0)
			peek->first_us = now_us;
		json_free(root);
		if (peek->leave_after && peek->frames >= peek->leave_after) {
			peek->left_us = now_us;
			visit_cancel(&peek->visit);
			return;
		}
	}
}

static void peek_start(struct peek *peek, struct probe *probe, const char *path,
		       unsigned deadline_ms)
{
	struct visit_options options = {.url = peek->url,
					.is_alone = true,
					.deadline_ms = deadline_ms,
					.body_max = EVENT_MAX,
					.on_piece = on_piece,
					.state = peek};

	probe_url(probe, path, peek->url);
	sse_read_init(&peek->reader, EVENT_MAX);
	visit_start(&peek->visit, &probe->visitor, &options);
}

static void peek_end(struct peek *peek)
{
	visit_wait(&peek->visit);
	sse_read_fini(&peek->reader);
	visit_fini(&peek->visit);
}

/* What the server knows about a stream that was left. */
struct news {
	bool is_answered;
	bool is_known;
	bool has_left;
	double noticed_us; /* by our clock */
	double asked_us;
};

static void ask(struct probe *probe, const char *id, struct news *news)
{
	char url[MEASURE_URL_SIZE];
	char path[120];
	struct visit_options options = {
	    .url = url, .deadline_ms = PROBE_DEADLINE_MS, .body_max = 4096};
	struct visit visit;
	struct json *root;
	int64_t ago_ms = 0;

	memset(news, 0, sizeof(*news));
	snprintf(path, sizeof(path), "selftest/left?id=%s", id);
	probe_url(probe, path, url);
	visit_start(&visit, &probe->visitor, &options);
	visit_wait(&visit);
	root =
	    json_parse(buffer_slice(&visit.body), &json_limits_upstream, NULL);
	news->is_answered = visit.answer.status == 200;
	json_boolean(json_member(root, "known"), &news->is_known);
	json_boolean(json_member(root, "left"), &news->has_left);
	json_integer(json_member(root, "noticed_ms_ago"), &ago_ms);
	/* The server counted about when our question reached it. */
	news->asked_us = (double)visit.started_us + visit.answer.took_ms * 500;
	news->noticed_us = news->asked_us - (double)ago_ms * 1000;
	json_free(root);
	visit_fini(&visit);
}

struct probe_idle {
	struct peek peek;
	struct probe *probe;
};

struct probe_idle *probe_idle_start(struct probe *probe)
{
	struct probe_idle *idle = memory_zalloc(sizeof(*idle));
	struct measure_idle *out = &probe->measures->idle;
	char path[120];

	idle->probe = probe;
	out->silent_s = probe->options->idle_s;
	if (out->silent_s == 0)
		out->silent_s =
		    probe->measures->selftest.heartbeat_ms / 1000 + 2;
	if (out->silent_s > DOCTOR_IDLE_MAX_S)
		out->silent_s = DOCTOR_IDLE_MAX_S;
	snprintf(path, sizeof(path),
		 "selftest/stream?frames=1&every=5&bytes=0&silent=%u",
		 out->silent_s);
	peek_start(&idle->peek, probe, path, out->silent_s * 1000 + 5000);
	return idle;
}

/* When it was cut, in the server's eyes: a web server may keep us waiting for
 * longer than it waited itself. */
static double find_cut_ms(struct probe_idle *idle)
{
	struct peek *peek = &idle->peek;
	double first_us = (double)peek->first_us;
	struct news news;

	if (peek->first_us == 0)
		return peek->visit.answer.took_ms;
	ask(idle->probe, peek->id, &news);
	if (news.has_left && news.noticed_us > first_us)
		return (news.noticed_us - first_us) / 1000;
	return peek->visit.answer.took_ms -
	       (first_us - (double)peek->visit.started_us) / 1000;
}

void probe_idle_end(struct probe_idle *idle)
{
	struct peek *peek = &idle->peek;
	struct measure_idle *out = &idle->probe->measures->idle;

	visit_wait(&peek->visit);
	out->status = peek->visit.answer.status;
	/* The first frame, and the one after the silence. */
	out->has_survived = peek->frames >= 2;
	if (!out->has_survived)
		out->cut_ms = find_cut_ms(idle);
	out->is_done = idle->probe->visitor.signal_number == 0;
	peek_end(peek);
	memory_free(idle);
}

struct probe_leaving {
	struct peek peek;
	struct probe *probe;
	struct measure_leaving *out;
	bool is_over;
};

struct probe_leaving *probe_leaving_start(struct probe *probe, bool is_silent)
{
	struct probe_leaving *leaving = memory_zalloc(sizeof(*leaving));

	leaving->probe = probe;
	leaving->out = is_silent ? &probe->measures->leaving_silent
				 : &probe->measures->leaving_writing;
	leaving->peek.leave_after = is_silent ? 1 : FRAMES_TO_SEE;
	peek_start(&leaving->peek, probe,
		   is_silent ? "selftest/stream?frames=1&wait=60"
			     : "selftest/stream?frames=70&every=100",
		   LEAVE_WITHIN_MS);
	visit_wait(&leaving->peek.visit);
	return leaving;
}

static void ask_again(struct probe_leaving *leaving)
{
	struct measure_leaving *out = leaving->out;
	double left_us = (double)leaving->peek.left_us;
	struct news news;

	ask(leaving->probe, leaving->peek.id, &news);
	out->is_known = news.is_known;
	out->has_noticed = news.has_left;
	out->waited_ms = (news.asked_us - left_us) / 1000;
	out->noticed_ms =
	    news.noticed_us > left_us ? (news.noticed_us - left_us) / 1000 : 0;
	leaving->is_over =
	    news.is_answered && (news.has_left || !news.is_known);
}

void probe_leaving_end(struct probe_leaving *leaving, unsigned patience_ms)
{
	struct visitor *visitor = &leaving->probe->visitor;

	while (leaving->peek.left_us && !leaving->is_over &&
	       !visitor->signal_number) {
		ask_again(leaving);
		if (leaving->is_over ||
		    leaving->out->waited_ms > (double)patience_ms)
			break;
		visitor_pause(visitor, ASK_EVERY_MS);
	}
	leaving->out->is_done =
	    leaving->peek.left_us > 0 && !visitor->signal_number;
	peek_end(&leaving->peek);
	memory_free(leaving);
}

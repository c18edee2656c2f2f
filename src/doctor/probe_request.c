/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "base/json.h"
#include "base/memory.h"
#include "doctor/probe.h"

enum {
	RANDOM_LEN = 20,
	SMALL_BODY = 3000,
	CHUNKED_BODY = 40000,
	FIRST_BODY = 100000,
	ANSWER_MAX = 16384,
	STEP_BYTES = 1024,
	SEARCH_MS = 8000,
	/* What one upload may take. */
	UPLOAD_MS = 6000
};

/* Letters that no compressor and no filter has an opinion about. */
static char *make_body(size_t len)
{
	char *body = memory_alloc(len + 1);
	uint32_t state = 0x6c656174;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		body[i] = (char)('a' + (state >> 24) % 26);
	}
	return body;
}

/* What selftest says that it got. */
struct echo {
	struct measure_answer answer;
	int64_t body_bytes;
	char body_hash[MEASURE_TEXT_SIZE];
	char authorization[MEASURE_TEXT_SIZE];
	char last_event_id[MEASURE_TEXT_SIZE];
};

static void read_echo(struct echo *echo, struct slice text)
{
	struct json *root = json_parse(text, &json_limits_upstream, NULL);
	const struct json *request = json_member(root, "request");

	echo->body_bytes = -1;
	json_integer(json_member(request, "body_bytes"), &echo->body_bytes);
	probe_copy_string(request, "body_fnv1a", echo->body_hash);
	probe_copy_string(request, "authorization", echo->authorization);
	probe_copy_string(request, "last_event_id", echo->last_event_id);
	json_free(root);
}

/* POSTs `len` letters; true when they arrived as they were. */
static bool post(struct probe *probe, struct visit_options *options, size_t len,
		 struct echo *echo)
{
	char url[MEASURE_URL_SIZE];
	char hash[MEASURE_TEXT_SIZE];
	struct visit visit;

	probe_url(probe, "selftest", url);
	memset(echo, 0, sizeof(*echo));
	options->url = url;
	options->body = make_body(len);
	options->body_len = len;
	options->body_max = ANSWER_MAX;
	snprintf(hash, sizeof(hash), "%016llx",
		 (unsigned long long)ids_hash(slice_make(options->body, len)));
	visit_start(&visit, &probe->visitor, options);
	visit_wait(&visit);
	echo->answer = visit.answer;
	if (visit.answer.status == 200)
		read_echo(echo, buffer_slice(&visit.body));
	visit_fini(&visit);
	return echo->body_bytes == (int64_t)len &&
	       !strcmp(echo->body_hash, hash);
}

void probe_request_headers(struct probe *probe)
{
	struct measure_request *out = &probe->measures->request;
	char word[RANDOM_LEN + 1];
	char authorization[80];
	char last_event_id[80];
	struct visit_options options = {.headers = {authorization,
						    last_event_id,
						    "Content-Type: text/plain"},
					.deadline_ms = PROBE_DEADLINE_MS};
	struct echo echo;

	ids_random(word, RANDOM_LEN);
	word[RANDOM_LEN] = '\0';
	snprintf(authorization, sizeof(authorization),
		 "Authorization: Bearer leat-doctor-%s", word);
	snprintf(last_event_id, sizeof(last_event_id),
		 "Last-Event-ID: leat-doctor-%s", word);
	out->is_body_whole = post(probe, &options, SMALL_BODY, &echo);
	out->answer = echo.answer;
	out->has_authorization =
	    !strcmp(echo.authorization, strchr(authorization, ' ') + 1);
	out->has_other_authorization =
	    echo.authorization[0] && !out->has_authorization;
	out->has_last_event_id =
	    !strcmp(echo.last_event_id, strchr(last_event_id, ' ') + 1);
}

/* As a browser does for a page of this site. */
void probe_request_origin(struct probe *probe)
{
	char origin[MEASURE_URL_SIZE + 16];
	struct visit_options options = {.headers = {origin},
					.deadline_ms = PROBE_DEADLINE_MS};
	struct echo echo;

	snprintf(origin, sizeof(origin), "Origin: %s", probe->measures->site);
	post(probe, &options, 0, &echo);
	probe->measures->origin = echo.answer;
}

void probe_request_chunked(struct probe *probe)
{
	struct visit_options options = {
	    .headers = {"Transfer-Encoding: chunked",
			"Content-Type: text/plain"},
	    .is_chunked = true,
	    .deadline_ms = PROBE_DEADLINE_MS};
	struct measures *measures = probe->measures;
	struct echo echo;

	measures->is_chunked_whole = post(probe, &options, CHUNKED_BODY, &echo);
	measures->chunked = echo.answer;
}

static bool post_size(struct probe *probe, uint64_t size, struct echo *echo)
{
	struct visit_options options = {.headers = {"Content-Type: text/plain"},
					.deadline_ms = 3 * UPLOAD_MS};

	return post(probe, &options, (size_t)size, echo);
}

/* Halves the distance between what goes and what does not. */
static void search_limit(struct probe *probe, struct measure_body *body,
			 const struct echo *first)
{
	uint64_t started_us = visitor_now_us();

	body->refused = first->answer;
	while (body->smallest - body->largest > STEP_BYTES &&
	       !probe->visitor.signal_number) {
		uint64_t size = (body->smallest + body->largest) / 2;
		struct echo echo;

		if (visitor_now_us() - started_us > SEARCH_MS * 1000ull) {
			body->is_cut_short = true;
			return;
		}
		if (size > STEP_BYTES)
			size -= size % STEP_BYTES;
		if (size <= body->largest)
			return;
		if (post_size(probe, size, &echo)) {
			body->largest = size;
		} else {
			body->smallest = size;
			body->refused = echo.answer;
		}
	}
}

void probe_body(struct probe *probe)
{
	struct measure_body *body = &probe->measures->body;
	uint64_t max = probe->measures->selftest.body_max;
	uint64_t first = max < FIRST_BODY ? max : FIRST_BODY;
	struct echo echo;

	if (max == 0)
		return;
	body->smallest = first;
	if (post_size(probe, first, &echo)) {
		double whole_ms =
		    echo.answer.took_ms * (double)max / (double)first;

		body->largest = first;
		body->smallest = 0;
		if (first < max && whole_ms < UPLOAD_MS) {
			body->smallest = max;
			if (post_size(probe, max, &echo)) {
				body->largest = max;
				body->smallest = 0;
			}
		}
	}
	if (body->smallest)
		search_limit(probe, body, &echo);
	if (body->largest == max && !probe->options->is_quick) {
		post_size(probe, max + 1, &echo);
		body->beyond = echo.answer;
	}
	body->is_done = probe->visitor.signal_number == 0;
}

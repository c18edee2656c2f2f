/* SPDX-License-Identifier: ISC */
#include "web/route.h"

#include <config.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "web/selftest_note.h"
#include "web/server_private.h"
#include "web/stream_selftest.h"
#include "wire/query_string.h"

enum { VALUES_COUNT = 5, TOTAL_BYTES_MAX = 8 << 20 };

/* Only what `leat doctor` itself has sent comes back: this address shows
 * nobody a header that a proxy added. */
static void put_probe(struct buffer *out, const char *name, struct slice value,
		      const char *prefix)
{
	if (value.len == 0) {
		json_put_name(out, name);
		buffer_append_string(out, "null");
	} else if (text_starts_with(value, prefix)) {
		json_put_string_member(out, name, value);
	} else {
		json_put_string_member(out, name, SLICE_LITERAL("other"));
	}
}

static void put_content_length(struct buffer *out, struct slice text)
{
	uint64_t length;

	json_put_name(out, "content_length");
	if (text_parse_uint(text, &length))
		json_put_int(out, (int64_t)length);
	else
		buffer_append_string(out, "null");
}

static void put_request(struct buffer *out, const struct request *request)
{
	char hash[17];

	snprintf(hash, sizeof hash, "%016llx",
		 (unsigned long long)ids_hash(request->body));
	json_put_name(out, "request");
	buffer_append_char(out, '{');
	json_put_string_member(out, "method", request->method);
	json_put_string_member(out, "protocol", request->protocol);
	json_put_bool_member(out, "https", request_is_https(request));
	put_content_length(out, request->content_length);
	if (request->content_type.len)
		json_put_string_member(out, "content_type",
				       request->content_type);
	else
		put_probe(out, "content_type", SLICE_NONE, "");
	put_probe(out, "authorization", request->authorization,
		  "Bearer leat-doctor-");
	put_probe(out, "last_event_id", request->last_event_id, "leat-doctor-");
	json_put_bool_member(out, "forwarded", request_is_forwarded(request));
	json_put_int_member(out, "body_bytes", (int64_t)request->body.len);
	json_put_string_member(out, "body_fnv1a", slice_of(hash));
	buffer_append_char(out, '}');
}

/* Of this process, which shares those of all with others. */
static unsigned max_streams(const struct server_options *options)
{
	unsigned all = options->max_all_streams;

	return all > 0 && all < options->max_streams ? all
						     : options->max_streams;
}

static unsigned max_selftests(const struct server_options *options)
{
	unsigned room = max_streams(options);

	room -= room / STREAM_SELFTEST_SHARE;
	return room < options->max_selftests ? room : options->max_selftests;
}

static void put_limits(struct buffer *out, const struct server_options *options)
{
	json_put_name(out, "limits");
	buffer_append_char(out, '{');
	json_put_int_member(out, "body", (int64_t)options->max_body_bytes);
	json_put_int_member(out, "heartbeat_ms", options->heartbeat_ms);
	json_put_int_member(out, "request_timeout_ms",
			    options->request_timeout_ms);
	json_put_int_member(out, "streams", max_streams(options));
	json_put_int_member(out, "streams_per_address",
			    options->max_streams_per_address);
	json_put_int_member(out, "selftest", max_selftests(options));
	json_put_int_member(out, "selftest_ms", options->selftest_timeout_ms);
	buffer_append_char(out, '}');
}

void route_selftest(struct peer *peer, struct slice id)
{
	const struct server_options *options = &peer->server->options;
	const struct request *request = peer->request;
	struct buffer body;

	(void)id;
	buffer_init(&body, BUFFER_UNLIMITED);
	buffer_append_char(&body, '{');
	json_put_string_member(&body, "leat", SLICE_LITERAL(PACKAGE_VERSION));
	json_put_string_member(&body, "server", request->server_software);
	json_put_string_member(
	    &body, "process",
	    slice_of(options->process ? options->process : "alone"));
	json_put_string_member(&body, "mount", request->place.mount);
	put_request(&body, request);
	put_limits(&body, options);
	buffer_append_string(&body, "}\n");
	peer_reply_json(peer, 200, buffer_slice(&body));
	buffer_fini(&body);
}

/* The numbers of a GET selftest/stream. */
struct plan_value {
	const char *name;
	uint64_t min;
	uint64_t max;
	uint64_t value;
};

static bool read_value(void *state, struct slice name, struct slice text,
		       struct fault *fault)
{
	struct plan_value *values = state;

	for (int i = 0; i < VALUES_COUNT; i++) {
		struct plan_value *value = &values[i];

		if (!slice_is(name, value->name))
			continue;
		if (text_parse_uint(text, &value->value) &&
		    value->value >= value->min && value->value <= value->max)
			return true;
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "\"%s\" must be a number from %u to %u.",
				      value->name, (unsigned)value->min,
				      (unsigned)value->max);
	}
	return fault_set_hint(
	    fault, ERROR_UNSUPPORTED_FIELD,
	    "Only frames, every, bytes, silent and wait are supported.");
}

static bool read_plan(const struct peer *peer, struct stream_selftest *plan,
		      struct fault *fault)
{
	struct plan_value values[VALUES_COUNT] = {{"frames", 1, 2000, 40},
						  {"every", 5, 5000, 50},
						  {"bytes", 0, 32768, 200},
						  {"silent", 0, 120, 0},
						  {"wait", 0, 120, 0}};
	bool is_ok = route_read_query(peer, read_value, values, fault);

	if (is_ok && values[0].value * values[2].value > TOTAL_BYTES_MAX)
		is_ok = fault_set_hint(
		    fault, ERROR_BAD_REQUEST,
		    "\"frames\" times \"bytes\" must be at most %d.",
		    TOTAL_BYTES_MAX);
	*plan = (struct stream_selftest){
	    .frames = (unsigned)values[0].value,
	    .every_ms = (unsigned)values[1].value,
	    .frame_bytes = (unsigned)values[2].value,
	    .silent_ms = (unsigned)values[3].value * 1000,
	    .wait_ms = (unsigned)values[4].value * 1000};
	return is_ok;
}

static void answer_stream(struct peer *peer)
{
	struct stream_selftest plan;
	struct fault fault;

	if (read_plan(peer, &plan, &fault))
		stream_selftest_start(peer, &plan);
	else
		peer_reply_fault(peer, &fault);
}

static void put_news(struct buffer *out, const struct selftest_news *news,
		     uint64_t now_ms)
{
	uint64_t ago = now_ms > news->at_ms ? now_ms - news->at_ms : 0;

	json_put_bool_member(out, "left", news->end == SELFTEST_LEFT);
	if (news->end == SELFTEST_LEFT)
		json_put_int_member(out, "noticed_ms_ago", (int64_t)ago);
	if (news->end != SELFTEST_RUNS)
		json_put_int_member(out, "frames_sent", news->frames);
}

static void answer_left(struct peer *peer)
{
	const char *folder = peer->server->options.notes_dir;
	struct selftest_news news;
	struct buffer id, body;
	struct fault fault;
	bool is_known;

	buffer_init(&id, BUFFER_UNLIMITED);
	buffer_init(&body, BUFFER_UNLIMITED);
	if (query_string_get(peer->request->query_string, "id", &id) &&
	    selftest_note_is_id(buffer_slice(&id))) {
		is_known = selftest_note_read(folder, buffer_slice(&id), &news);
		buffer_append_char(&body, '{');
		json_put_bool_member(&body, "known", is_known);
		if (is_known)
			put_news(&body, &news, loop_now_ms(peer->server->loop));
		else
			json_put_bool_member(&body, "left", false);
		buffer_append_string(&body, "}\n");
		peer_reply_json(peer, 200, buffer_slice(&body));
	} else {
		fault_set_hint(&fault, ERROR_BAD_REQUEST,
			       "\"id\" must be the id of a selftest stream.");
		peer_reply_fault(peer, &fault);
	}
	buffer_fini(&id);
	buffer_fini(&body);
}

void route_selftest_part(struct peer *peer, struct slice id)
{
	struct fault fault;

	if (slice_is(id, "stream")) {
		answer_stream(peer);
	} else if (slice_is(id, "left")) {
		answer_left(peer);
	} else {
		fault_set(&fault, ERROR_NOT_FOUND, "no such part");
		peer_reply_fault(peer, &fault);
	}
}

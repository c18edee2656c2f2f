/* SPDX-License-Identifier: ISC */
#include "provider/openai.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/http.h"
#include "io/loop.h"
#include "provider/openai_decode.h"
#include "provider/openai_error.h"
#include "provider/openai_request.h"
#include "provider/refusal.h"

enum {
	CONNECT_MS = 5000,
	FIRST_TOKEN_MS = 60000,
	IDLE_MS = 30000,
	/* [DONE] came: how long the end of the response may take, so that
	 * its connection can be used again. */
	GRACE_MS = 250,
	REFUSAL_BYTES_MAX = 64 << 10,
	SECRETS_BYTES = 1024, /* to begin with */
	SECRET_MIN = 8
};

struct openai {
	struct provider base;
	struct http_client *client;
	struct loop *loop;
	char *name;
	char *model;
	char *url;
	struct buffer secrets; /* never logged; refusal_set_detail() */
	char *ca_file;
	char **models;
	size_t model_count;
	struct http_headers *headers;
	unsigned connect_ms;
	unsigned first_token_ms;
	unsigned idle_ms;
	unsigned max_tokens;
	size_t max_event_bytes;
	struct openai_habits habits;
};

/* Where a call stands is in its request (NULL: none, the call is at its
 * end), in the decoder, and in these facts. */
struct openai_call {
	struct openai *openai;
	const struct ask *ask;
	const struct provider_sink *sink;
	char *model;
	struct http_request *request;
	struct openai_decode decode;
	struct openai_habits habits;
	struct buffer refusal; /* the body of a response that is not 2xx */
	struct timer timer;
	uint64_t started_ms;
	uint64_t heard_ms; /* when the last byte came */
	int status;
	int retry_after_ms;
	bool is_cancelled;
	enum error_code timeout; /* why we gave it up; ERROR_NONE: we did not */
};

static void send_request(struct openai_call *call);

static uint64_t now_ms(const struct openai_call *call)
{
	return loop_now_ms(call->openai->loop);
}

static void call_free(struct openai_call *call)
{
	timer_stop(&call->timer);
	openai_decode_fini(&call->decode);
	buffer_fini(&call->refusal);
	memory_free(call->model);
	memory_free(call);
}

/* The one end of every call. */
static void finish(struct openai_call *call, const struct fault *fault)
{
	const struct openai_decode *decode = &call->decode;
	const struct provider_sink *sink = call->sink;
	struct provider_ending ending = {
	    .is_ok = fault == NULL,
	    .reason = decode->reason,
	    .reason_raw = slice_of(decode->reason_raw),
	    .model = slice_of(decode->model[0] ? decode->model : call->model),
	    .provider = slice_of(call->openai->name),
	    .usage = decode->usage,
	};

	if (fault)
		ending.fault = *fault;
	timer_stop(&call->timer);
	sink->on_end(sink->state, &ending);
	call_free(call);
}

/* The timer is not moved for each byte: it looks when it fires how long the
 * silence has been, and waits for the rest. */
static void on_timer(void *state)
{
	struct openai_call *call = state;
	const struct openai *openai = call->openai;
	const struct openai_decode *decode = &call->decode;
	uint64_t due_ms;

	if (decode->state == OPENAI_DECODE_DONE)
		due_ms = call->heard_ms + GRACE_MS;
	else if (decode->has_begun || decode->has_finish)
		due_ms = call->heard_ms + openai->idle_ms;
	else
		due_ms = call->started_ms + openai->first_token_ms;
	if (due_ms > now_ms(call)) {
		timer_start(&call->timer, due_ms - now_ms(call));
		return;
	}
	/* Its on_done ends the call. */
	call->timeout = decode->has_begun || decode->has_finish
			    ? ERROR_UPSTREAM_IDLE_TIMEOUT
			    : ERROR_UPSTREAM_FIRST_TOKEN_TIMEOUT;
	http_request_cancel(call->request);
}

static void on_headers(void *state, const struct http_response *response)
{
	struct openai_call *call = state;

	call->heard_ms = now_ms(call);
	call->status = response->status;
	if (response->status < 300)
		return;
	call->retry_after_ms = refusal_retry_after(
	    http_response_header(response, "retry-after-ms"),
	    http_response_header(response, "retry-after"),
	    clock_wall_ms(loop_clock(call->openai->loop)));
}

static void on_data(void *state, struct slice data)
{
	struct openai_call *call = state;
	bool had_begun = call->decode.has_begun;

	call->heard_ms = now_ms(call);
	if (call->status >= 300) {
		if (!buffer_append_slice(&call->refusal, data))
			http_request_cancel(call->request);
		return;
	}
	if (call->decode.state == OPENAI_DECODE_DONE)
		return;
	if (!openai_decode_feed(&call->decode, data) &&
	    call->decode.state != OPENAI_DECODE_DONE) {
		http_request_cancel(call->request);
		return;
	}
	if (call->decode.state == OPENAI_DECODE_DONE)
		timer_start(&call->timer, GRACE_MS);
	else if (call->decode.has_begun && !had_begun)
		timer_start(&call->timer, call->openai->idle_ms);
}

static enum error_code code_of(enum http_failure failure)
{
	switch (failure) {
	case HTTP_CONNECT_TIMEOUT:
		return ERROR_UPSTREAM_CONNECT_TIMEOUT;
	case HTTP_INVALID:
		return ERROR_UPSTREAM_INVALID;
	case HTTP_INTERNAL:
		return ERROR_INTERNAL;
	case HTTP_OK:
	case HTTP_CANCELLED:
	case HTTP_NAME_UNKNOWN:
	case HTTP_CONNECT_FAILED:
	case HTTP_TLS_FAILED:
	case HTTP_BROKEN:
		break;
	}
	return ERROR_UPSTREAM_UNAVAILABLE;
}

static void end_refused(struct openai_call *call)
{
	struct slice body = buffer_slice(&call->refusal);
	struct fault fault;

	if (openai_request_learn(&call->habits, call->status, body)) {
		buffer_clear(&call->refusal);
		send_request(call);
		return;
	}
	openai_error_refusal(&fault, call->status, body,
			     buffer_slice(&call->openai->secrets));
	fault.retry_after_ms = call->retry_after_ms;
	finish(call, &fault);
}

static void end_answered(struct openai_call *call,
			 const struct http_result *result)
{
	struct openai_decode *decode = &call->decode;
	struct fault fault;

	if (openai_decode_end(decode)) {
		call->habits.takes_usage = !call->habits.refuses_usage;
		call->openai->habits = call->habits;
		finish(call, NULL);
		return;
	}
	if (decode->state == OPENAI_DECODE_STOPPED)
		fault_set(&fault, ERROR_CANCELLED, "nobody takes the answer");
	else if (result->failure == HTTP_INVALID)
		fault_set(&fault, ERROR_UPSTREAM_INVALID, "%s", result->detail);
	else if (decode->fault->code == ERROR_UPSTREAM_TRUNCATED &&
		 result->failure != HTTP_OK)
		fault_set(&fault, ERROR_UPSTREAM_TRUNCATED, "%s",
			  result->detail);
	else
		fault = *decode->fault;
	finish(call, &fault);
}

static void on_done(void *state, const struct http_result *result)
{
	struct openai_call *call = state;
	const struct openai_decode *decode = &call->decode;
	bool is_complete =
	    decode->has_finish || decode->state == OPENAI_DECODE_DONE;
	struct fault fault;

	call->request = NULL;
	if (call->is_cancelled) {
		fault_set(&fault, ERROR_CANCELLED, "cancelled");
		finish(call, &fault);
	} else if (call->timeout != ERROR_NONE && !is_complete) {
		fault_set(&fault, call->timeout, "nothing came for %llu ms",
			  (unsigned long long)(now_ms(call) - call->heard_ms));
		finish(call, &fault);
	} else if (call->status >= 300) {
		end_refused(call);
	} else if (call->status == 0) {
		fault_set(&fault, code_of(result->failure), "%s",
			  result->detail);
		finish(call, &fault);
	} else {
		end_answered(call, result);
	}
}

static void send_request(struct openai_call *call)
{
	const struct openai *openai = call->openai;
	struct slice turn = call->ask->turn_id;
	struct http_request_options options = {
	    .url = openai->url,
	    .headers = openai->headers,
	    .connect_timeout_ms = openai->connect_ms,
	    .ca_file = openai->ca_file,
	    .sink = {on_headers, on_data, on_done, call},
	};
	struct buffer body;
	char header[128];

	if (turn.len && turn.len < 80) {
		snprintf(header, sizeof header, "X-Client-Request-Id: %.*s",
			 (int)turn.len, turn.data);
		options.header = header;
	}
	/* Bounded by the ask, whose size was checked when it was read. */
	buffer_init(&body, BUFFER_UNLIMITED);
	openai_request_write(&body, call->ask, slice_of(call->model),
			     openai->max_tokens, &call->habits);
	options.body_len = body.len;
	options.body = buffer_detach(&body);
	call->status = 0;
	call->request = http_request_start(openai->client, &options);
}

static struct provider_call *openai_start(struct provider *provider,
					  const struct ask *ask,
					  struct slice model,
					  const struct provider_sink *sink)
{
	struct openai *openai = (struct openai *)provider;
	struct openai_call *call = memory_zalloc(sizeof *call);

	call->openai = openai;
	call->ask = ask;
	call->sink = sink;
	call->model = model.len ? memory_strndup(model.data, model.len)
				: memory_strdup(openai->model);
	call->habits = openai->habits;
	call->started_ms = now_ms(call);
	call->heard_ms = call->started_ms;
	openai_decode_init(&call->decode, sink, buffer_slice(&openai->secrets));
	if (openai->max_event_bytes)
		openai_decode_limit(&call->decode, openai->max_event_bytes);
	buffer_init(&call->refusal, REFUSAL_BYTES_MAX);
	timer_init(&call->timer, openai->loop, on_timer, call);
	timer_start(&call->timer, openai->first_token_ms);
	send_request(call);
	return (struct provider_call *)call;
}

static void openai_cancel(struct provider_call *provider_call)
{
	struct openai_call *call = (struct openai_call *)provider_call;

	call->is_cancelled = true;
	if (call->request)
		http_request_cancel(call->request);
}

static bool openai_allows_model(const struct provider *provider,
				struct slice model)
{
	const struct openai *openai = (const struct openai *)provider;

	if (model.len == 0 || slice_is(model, openai->model))
		return true;
	for (size_t i = 0; i < openai->model_count; i++) {
		if (strcmp(openai->models[i], "*") == 0 ||
		    slice_is(model, openai->models[i]))
			return true;
	}
	return false;
}

static void openai_free(struct provider *provider)
{
	struct openai *openai = (struct openai *)provider;

	if (openai->secrets.data)
		explicit_bzero(openai->secrets.data, openai->secrets.cap);
	for (size_t i = 0; i < openai->model_count; i++)
		memory_free(openai->models[i]);
	memory_free(openai->models);
	http_headers_free(openai->headers);
	buffer_fini(&openai->secrets);
	memory_free(openai->ca_file);
	memory_free(openai->url);
	memory_free(openai->model);
	memory_free(openai->name);
	memory_free(openai);
}

static const struct provider_ops openai_ops = {
    .start = openai_start,
    .cancel = openai_cancel,
    .allows_model = openai_allows_model,
    .free = openai_free,
};

/* "/chat/completions" behind the base, before its query (Azure has one). */
static char *make_url(const char *base_url)
{
	static const char path[] = "/chat/completions";
	size_t len = strcspn(base_url, "?");
	const char *query = base_url + len;
	struct buffer url;

	while (len && base_url[len - 1] == '/')
		len--;
	buffer_init(&url, BUFFER_UNLIMITED);
	buffer_append(&url, base_url, len);
	if (len < sizeof path - 1 || memcmp(base_url + len - (sizeof path - 1),
					    path, sizeof path - 1) != 0)
		buffer_append_string(&url, path);
	buffer_append_string(&url, query);
	return buffer_detach(&url);
}

/* A header's value may be a key as well ("api-key: ..."), alone or behind a
 * word such as Bearer; short words are none. */
static void keep_secrets(struct openai *openai,
			 const struct openai_options *options)
{
	struct buffer *out = &openai->secrets;

	buffer_reserve(out, SECRETS_BYTES);
	if (options->key)
		buffer_append_string(out, options->key);
	for (size_t i = 0; i < options->header_count; i++) {
		const char *word = options->headers[i].value;

		for (; *word; word += strspn(word, " \t")) {
			size_t len = strcspn(word, " \t");

			if (len >= SECRET_MIN) {
				buffer_append_char(out, '\n');
				buffer_append(out, word, len);
			}
			word += len;
		}
	}
}

static bool add_key(struct openai *openai, const char *key)
{
	size_t size = strlen(key) + sizeof "Bearer ";
	char *value = memory_alloc(size);
	bool is_ok;

	snprintf(value, size, "Bearer %s", key);
	is_ok = http_headers_add(openai->headers, "Authorization", value);
	explicit_bzero(value, size);
	memory_free(value);
	return is_ok;
}

static bool add_headers(struct openai *openai,
			const struct openai_options *options,
			struct fault *fault)
{
	openai->headers = http_headers_new();
	http_headers_add(openai->headers, "Content-Type", "application/json");
	http_headers_add(openai->headers, "Accept",
			 "text/event-stream, application/json");
	for (size_t i = 0; i < options->header_count; i++) {
		const struct openai_header *header = &options->headers[i];

		if (!http_headers_add(openai->headers, header->name,
				      header->value))
			return fault_set(
			    fault, ERROR_BAD_REQUEST,
			    "provider %s: header %zu cannot be sent",
			    openai->name, i + 1);
	}
	if (options->key && *options->key && !add_key(openai, options->key))
		return fault_set(
		    fault, ERROR_BAD_REQUEST,
		    "provider %s: the key holds a control character",
		    openai->name);
	return true;
}

struct provider *openai_new(struct http_client *client, struct loop *loop,
			    const struct openai_options *options,
			    struct fault *fault)
{
	struct openai *openai = memory_zalloc(sizeof *openai);

	openai->base.ops = &openai_ops;
	openai->client = client;
	openai->loop = loop;
	openai->name = memory_strdup(options->name);
	openai->model = memory_strdup(options->model ? options->model : "");
	openai->url = make_url(options->base_url);
	openai->ca_file = memory_strdup(options->ca_file);
	buffer_init(&openai->secrets, BUFFER_UNLIMITED);
	keep_secrets(openai, options);
	openai->model_count = options->model_count;
	openai->models =
	    memory_zalloc((options->model_count + 1) * sizeof *openai->models);
	for (size_t i = 0; i < options->model_count; i++)
		openai->models[i] = memory_strdup(options->models[i]);
	openai->connect_ms = options->connect_timeout_ms
				 ? options->connect_timeout_ms
				 : CONNECT_MS;
	openai->first_token_ms = options->first_token_timeout_ms
				     ? options->first_token_timeout_ms
				     : FIRST_TOKEN_MS;
	openai->idle_ms =
	    options->idle_timeout_ms ? options->idle_timeout_ms : IDLE_MS;
	openai->max_tokens = options->max_tokens;
	openai->max_event_bytes = options->max_event_bytes;
	openai->base.name = openai->name;
	openai->base.model = openai->model;
	if (!add_headers(openai, options, fault)) {
		openai_free(&openai->base);
		return NULL;
	}
	return &openai->base;
}

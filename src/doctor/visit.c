/* SPDX-License-Identifier: ISC */
#include "doctor/visit.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

enum { CONNECT_TIMEOUT_MS = 8000, CODE_BODY_MAX = 4096 };

static void copy_header(const struct http_response *response, const char *name,
			char *out, size_t size)
{
	struct slice value = http_response_header(response, name);

	snprintf(out, size, "%.*s", (int)value.len,
		 value.len ? value.data : "");
}

static void on_headers(void *state, const struct http_response *response)
{
	struct visit *visit = state;
	struct measure_answer *answer = &visit->answer;

	answer->status = response->status;
	answer->http = response->version;
	answer->head_ms = (double)(visitor_now_us() - visit->started_us) / 1000;
	copy_header(response, "Content-Type", answer->type,
		    sizeof(answer->type));
	copy_header(response, "Location", answer->location,
		    sizeof(answer->location));
	if (visit->options.on_head)
		visit->options.on_head(visit->options.state, response);
}

static void on_data(void *state, struct slice data)
{
	struct visit *visit = state;
	size_t room = visit->options.body_max - visit->body.len;

	if (visit->options.on_piece && visit->answer.status == 200) {
		visit->options.on_piece(visit->options.state, data,
					visitor_now_us());
		return;
	}
	buffer_append(&visit->body, data.data,
		      data.len < room ? data.len : room);
	if (visit->body.len == visit->options.body_max) {
		visit->is_full = true;
		http_request_cancel(visit->request);
	}
}

/* leat's own refusals have a code. */
static void read_code(struct visit *visit)
{
	struct json *root;
	struct slice code;

	if (visit->answer.status < 400 || visit->body.len > CODE_BODY_MAX)
		return;
	root =
	    json_parse(buffer_slice(&visit->body), &json_limits_upstream, NULL);
	if (json_string(json_member(root, "code"), &code))
		snprintf(visit->answer.code, sizeof(visit->answer.code), "%.*s",
			 (int)code.len, code.data);
	json_free(root);
}

static void finish(struct visit *visit, enum http_failure failure,
		   const char *detail)
{
	struct measure_answer *answer = &visit->answer;

	timer_stop(&visit->timer);
	list_remove(&visit->node);
	visit->request = NULL;
	visit->is_open = false;
	answer->is_done = true;
	answer->failure = failure;
	answer->took_ms = (double)(visitor_now_us() - visit->started_us) / 1000;
	snprintf(answer->detail, sizeof(answer->detail), "%s", detail);
	read_code(visit);
	loop_stop(visit->visitor->loop);
}

static void on_done(void *state, const struct http_result *result)
{
	struct visit *visit = state;

	finish(visit, visit->is_full ? HTTP_OK : result->failure,
	       result->detail);
}

static void on_late(void *state)
{
	struct visit *visit = state;

	visit->answer.is_late = true;
	visit_cancel(visit);
}

static void add_headers(struct visit *visit)
{
	visit->headers = http_headers_new();
	for (size_t i = 0; i < 3 && visit->options.headers[i]; i++) {
		const char *line = visit->options.headers[i];
		size_t len = strcspn(line, ":");
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)len, line);
		line += len + (line[len] == ':');
		http_headers_add(visit->headers, name,
				 line + strspn(line, " "));
	}
}

static void ask(struct visit *visit)
{
	const struct visit_options *options = &visit->options;
	struct http_request_options request = {
	    .url = options->url,
	    .headers = visit->headers,
	    .body = options->body,
	    .body_len = options->body_len,
	    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	    .ca_file = visit->visitor->ca_file,
	    .accept_encoding = options->accept_encoding,
	    .is_chunked = options->is_chunked,
	    .is_http_1_1 = !options->is_http_2,
	    .is_alone = options->is_alone || options->is_http_2,
	    .sink = {on_headers, on_data, on_done, visit},
	};

	visit->options.body = NULL;
	visit->request = http_request_start(visit->visitor->client, &request);
}

void visit_start(struct visit *visit, struct visitor *visitor,
		 const struct visit_options *options)
{
	memset(visit, 0, sizeof(*visit));
	visit->visitor = visitor;
	visit->options = *options;
	visit->started_us = visitor_now_us();
	buffer_init(&visit->body, options->body_max);
	timer_init(&visit->timer, visitor->loop, on_late, visit);
	list_init(&visit->node);
	add_headers(visit);
	if (visitor->signal_number) {
		memory_free(visit->options.body);
		finish(visit, HTTP_CANCELLED, "");
		return;
	}
	visitor->requests++;
	visit->is_open = true;
	list_append(&visitor->open, &visit->node);
	timer_start(&visit->timer, options->deadline_ms);
	ask(visit);
}

void visit_wait(struct visit *visit)
{
	while (visit->is_open)
		loop_run(visit->visitor->loop);
}

void visit_cancel(struct visit *visit)
{
	if (visit->is_open && visit->request)
		http_request_cancel(visit->request);
}

void visit_fini(struct visit *visit)
{
	visit_cancel(visit);
	visit_wait(visit);
	http_headers_free(visit->headers);
	buffer_fini(&visit->body);
	memset(visit, 0, sizeof(*visit));
}
